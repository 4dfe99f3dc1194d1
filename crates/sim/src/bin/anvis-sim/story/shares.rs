//! Shares of a hundred that a story assumes of people and banks. Each can be assumed otherwise.

use std::fmt;

/// What a share is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Of things that somebody is told of and did not do, those that they react to: so many do elsewhere.
    OwnerReacts,
    /// Of designations whose evidence is forged, those that a second caseworker sees through. Ours: nobody has counted them.
    ColleagueSees,
    /// Of a thief's changes that an officer looks at, those that the officer sees through. Ours, likewise.
    OfficerSees,
    /// Of what a mule's account got, what is there still when it is asked back: of Pix (Brazil) less than this.
    MoneyLeft,
}

impl Share {
    /// Every one, with what is assumed unless somebody says otherwise.
    const ALL: [(Self, u64); 4] =
        [(Self::OwnerReacts, 22), (Self::ColleagueSees, 25), (Self::OfficerSees, 80), (Self::MoneyLeft, 7)];

    const fn name(self) -> &'static str {
        match self {
            Self::OwnerReacts => "owner_reacts",
            Self::ColleagueSees => "colleague_sees",
            Self::OfficerSees => "officer_sees",
            Self::MoneyLeft => "money_left",
        }
    }
}

/// A share that is assumed otherwise: `officer_sees=50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Otherwise {
    share: Share,
    per_cent: u64,
}

impl Otherwise {
    /// Reads one; or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names = || Share::ALL.map(|(share, _)| share.name()).join(", ");
        let (name, per_cent) = text.split_once('=').unwrap_or((text, ""));
        let share = Share::ALL.into_iter().map(|(share, _)| share).find(|share| share.name() == name);
        let share = share.ok_or_else(|| format!("shares are {}", names()))?;
        let per_cent = per_cent.parse().ok().filter(|per_cent| *per_cent <= 100);
        Ok(Self { share, per_cent: per_cent.ok_or_else(|| format!("{name} is a share of a hundred"))? })
    }
}

impl fmt::Display for Otherwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.share.name(), self.per_cent)
    }
}

/// What a story assumes.
#[derive(Clone, Copy)]
pub struct Shares([u64; Share::ALL.len()]);

impl Shares {
    /// What is assumed, but for what is said otherwise; what is said last counts.
    pub fn with(otherwise: &[Otherwise]) -> Self {
        let mut shares = Self(Share::ALL.map(|(_, per_cent)| per_cent));
        for Otherwise { share, per_cent } in otherwise {
            shares.0[*share as usize] = *per_cent;
        }
        shares
    }

    /// So many of a hundred.
    pub const fn of(&self, share: Share) -> u64 {
        self.0[share as usize]
    }

    /// Each by name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Share::ALL.into_iter().zip(self.0).map(|((share, _), per_cent)| (share.name(), per_cent))
    }
}
