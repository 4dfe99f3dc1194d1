//! Proposals: what somebody asks to be designated, and who may ask for it. Pure.

use crate::account::DesignatedAccount;
use crate::controls::{Control, Controls};
use crate::designation::{Action, Channel, Designation};
use crate::grounds::Grounds;
use crate::officer::{Silent, Unfit};
use crate::payee::PayeeId;
use crate::payer::Payer;
use crate::purpose::BenefitKind;
use crate::signals::Facts;
use kernel::{Authenticator, Blind, Id, Refuse, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What becomes of a change that does not say which account it takes the place of, where another one is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unexpected {
    /// It is refused: `designation.expects_missing`.
    Refuse,
    /// It waits for an officer.
    Hold,
}

/// Whose account it is, as whoever proposes it says (NK-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The payee's own.
    Own,
    /// The payee's and somebody else's.
    Joint,
    /// Somebody else's.
    ThirdParty,
    /// Nobody said.
    Unknown,
}

impl Holder {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Own, "own"), (Self::Joint, "joint"), (Self::ThirdParty, "third_party"), (Self::Unknown, "unknown")];

    /// As commands and answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.iter().find(|(holder, _)| holder.code() == code).map(|(holder, _)| *holder)
    }

    /// Reads what [`Holder::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(holder, _)| *holder)
    }
}

/// What a specific account is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecificPurpose {
    /// The authority that pays.
    pub payer: Id<Payer>,
    /// The kind of benefit.
    pub benefit: BenefitKind,
    /// Whether the payee can neither change nor delete it.
    pub is_locked: bool,
}

/// What was asked for, by whom and why. It is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose account is to be changed.
    pub payee: PayeeId,
    /// By which channel it came.
    pub channel: Channel,
    /// Who proposed it, as the journal names them.
    pub by: String,
    /// By which authenticator a citizen was logged in.
    pub authenticator: Option<Authenticator>,
    /// What is to be done.
    pub action: Action,
    /// With which account; none where none is in force afterwards.
    pub account: Option<DesignatedAccount>,
    /// The change that is to be reverted.
    pub reverts: Option<ChangeId>,
    /// Why, of what heals: an account that is unfrozen, a change that is reverted.
    pub why: Option<String>,
    /// For what, unless it is the default account.
    pub specific: Option<SpecificPurpose>,
    /// Whose account it is said to be.
    pub holder: Holder,
    /// On which law a caseworker stands, and which evidence is on file.
    pub ground: Option<LegalGround>,
}

/// Which change of an account: its proposal, or the row that it made where it came by none, as a bank's own mostly do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeId {
    /// It was proposed.
    Proposed(Id<Proposal>),
    /// It was in force as it came.
    Recorded(Id<Designation>),
}

impl ChangeId {
    /// The proposal, if it was one.
    #[must_use]
    pub const fn proposal(self) -> Option<Id<Proposal>> {
        match self {
            Self::Proposed(proposal) => Some(proposal),
            Self::Recorded(_) => None,
        }
    }

    const fn row(self) -> Option<Id<Designation>> {
        match self {
            Self::Proposed(_) => None,
            Self::Recorded(row) => Some(row),
        }
    }
}

/// What a caseworker acts upon (NK-07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalGround {
    /// The paragraph.
    pub law: String,
    /// Where the evidence is: the authority's own reference.
    pub evidence: String,
}

/// As it is written down before it is sealed.
#[derive(Serialize, Deserialize)]
struct Written {
    payee: String,
    channel: String,
    by: String,
    authenticator: Option<String>,
    action: String,
    account: Option<String>,
    reverts: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reverts_row: Option<i64>,
    why: Option<String>,
    specific: Option<(i64, String, bool)>,
    holder: Holder,
    ground: Option<LegalGround>,
}

impl Asked {
    /// Whose account it is said to be, of one that is designated; none where nobody said.
    #[must_use]
    pub fn stated_holder(&self) -> Option<Holder> {
        Some(self.holder).filter(|holder| self.action == Action::Designate && *holder != Holder::Unknown)
    }

    /// As it is sealed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { payee, channel, by, authenticator, action, account, reverts, why, specific, holder, ground } = self;
        let specific = specific.as_ref().map(|of| (of.payer.number(), of.benefit.as_str().to_owned(), of.is_locked));
        let written = Written {
            payee: payee.reveal(),
            channel: channel.name(),
            by: by.clone(),
            authenticator: authenticator.as_ref().map(Authenticator::to_string),
            action: action.name().to_owned(),
            account: account.as_ref().map(DesignatedAccount::to_text),
            reverts: reverts.and_then(ChangeId::proposal).map(Id::number),
            reverts_row: reverts.and_then(ChangeId::row).map(Id::number),
            why: why.clone(),
            specific,
            holder: *holder,
            ground: ground.clone(),
        };
        serde_json::to_string(&written).expect("texts and numbers are JSON")
    }

    /// Reads what [`Asked::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let Written { payee, channel, by, authenticator, action, account, why, specific, holder, ground, .. } = written;
        let authenticator = match authenticator {
            None => None,
            Some(printed) => Some(Authenticator::parse(&printed)?),
        };
        let row = written.reverts_row.map(|row| ChangeId::Recorded(Id::new(row)));
        let reverts = written.reverts.map(|proposal| ChangeId::Proposed(Id::new(proposal))).or(row);
        let action = Action::from_name(&action)?;
        let account = match account {
            None => None,
            Some(account) => Some(DesignatedAccount::from_text(&account)?),
        };
        let specific = match specific {
            None => None,
            Some((payer, benefit, is_locked)) => {
                Some(SpecificPurpose { payer: Id::new(payer), benefit: BenefitKind::parse(&benefit)?, is_locked })
            }
        };
        let (payee, channel) = (PayeeId::parse(&payee)?, Channel::parse(&channel)?);
        Some(Self { payee, channel, by, authenticator, action, account, reverts, why, specific, holder, ground })
    }
}

/// What somebody asked to be designated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: Id<Self>,
    /// When it was recorded.
    pub at: Timestamp,
    /// The blind index of the payee.
    pub payee: Blind,
    /// The payer and benefit of a specific account; none for the default account.
    pub purpose: Option<Blind>,
    /// The newest row of the account's history when it was asked for, and expected to be when it takes effect.
    pub replaces: Option<Id<Designation>>,
    /// Whether there had never been an account until then: after one that was closed, the next is not the first.
    pub is_first: bool,
    /// Whether it named the account that it replaces.
    pub names_replaced: bool,
    /// What a bank gave as its grounds.
    pub grounds: Option<Grounds>,
    /// What was asked for.
    pub asked: Asked,
}

/// Why something about a proposal was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalRefusal {
    /// There is none of that name; or it is another's, which is told alike.
    Unknown,
    /// It waits no more.
    Ended,
    /// It does not wait for this.
    NotThis,
    /// Who proposed it, or has approved it before, does not approve it.
    Own,
    /// An officer takes back what another has proposed.
    NotOwn,
    /// Whoever decides has no name, or whoever proposed it.
    Officer,
    /// Whoever decides does not say why.
    Why,
    /// The code is not the letter's.
    Code,
    /// A specific account is designated by a caseworker of the authority that pays.
    Authority,
    /// The specific account is locked: the payee can neither change nor delete it.
    SpecificLocked,
    /// The legal ground or the evidence is missing.
    Ground,
    /// The assurance of the login is too low for this.
    Assurance,
    /// The login is too old for this.
    LoginAge,
    /// The authenticator of the login is the one that asked for it, or not known to have stood before.
    Authenticator,
    /// The change has not taken effect.
    NotInForce,
    /// Too much was done about it already.
    TooMuch,
    /// Too many were proposed of late.
    TooOften,
    /// No register has an address for a letter.
    Address,
    /// Somebody proposes for somebody else without being entitled to.
    Entitled,
    /// What a letter says is not so any more.
    Outdated,
    /// A letter was made already, and nobody said that it is to be made anew.
    OnItsWay,
}

impl ProposalRefusal {
    const ALL: [(Self, &'static str, &'static str); 21] = [
        (Self::Unknown, "proposal.unknown", "there is no proposal of that name"),
        (
            Self::Ended,
            "proposal.ended",
            "the proposal waits no more: it took effect, was cancelled or refused, or it has expired",
        ),
        (Self::NotThis, "proposal.not_this", "the proposal does not wait for that"),
        (Self::Own, "proposal.own", "who proposed a designation, or has decided about it before, does not approve it"),
        (
            Self::NotOwn,
            "proposal.not_own",
            "whoever proposed it takes it back: an officer refuses it and says why, the payee stops it",
        ),
        (
            Self::Officer,
            "proposal.officer",
            "a proposal is made and decided by people with a name and a key: say --as and --key",
        ),
        (Self::Why, "proposal.why", "say why, in 1 to 500 characters on one line"),
        (Self::Code, "activation.code", "the code is not the one in the newest letter"),
        (
            Self::Authority,
            "designation.authority",
            "a specific account is designated and approved by caseworkers of the authority that pays it",
        ),
        (
            Self::SpecificLocked,
            "designation.specific_locked",
            "the authority has locked this account: the payee can neither change nor delete it",
        ),
        (
            Self::Ground,
            "designation.ground",
            "an officer says on which law the designation stands, and where the evidence is, each in 1 to 500 characters; a payee neither",
        ),
        (Self::Assurance, "actor.assurance", "this needs a login of higher assurance"),
        (Self::LoginAge, "actor.login_age", "the login was too long ago to sign with: log in again"),
        (
            Self::Authenticator,
            "actor.authenticator",
            "this needs another authenticator than the one that asked for it, and none that changed lately",
        ),
        (Self::NotInForce, "proposal.not_in_force", "only a change that took effect can be reverted"),
        (
            Self::TooMuch,
            "proposal.too_much",
            "too much was done about this proposal already: cancel it, and propose anew",
        ),
        (
            Self::TooOften,
            "change.too_often",
            "too many changes were proposed in the last day: wait, or see a caseworker",
        ),
        (Self::Address, "letter.address", "no register has an address that a letter could go to"),
        (
            Self::Entitled,
            "designation.entitled",
            "this account is proposed by its payee, by whoever may sign for the company, or by a caseworker with a ground",
        ),
        (Self::Outdated, "letter.outdated", "what the letter says is not so any more: make it anew"),
        (
            Self::OnItsWay,
            "letter.on_its_way",
            "a letter is on its way, and its code would be void: say that it is to be made anew",
        ),
    ];
}

/// What is not allowed to anybody while a ban is in force (NK-21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ban {
    /// No account is changed.
    Change,
    /// An account is one payee's only.
    Shared,
    /// An account is the payee's own.
    ThirdParty,
}

/// What a ban looks at of an account that is designated.
#[derive(Clone, Copy, Debug)]
pub struct Designated {
    /// Whether it is the payee's first one.
    pub is_first: bool,
    /// Whether it is another payee's too.
    pub is_shared: bool,
    /// Whose it is said to be.
    pub holder: Holder,
}

impl Ban {
    /// Every ban, with its control.
    pub const ALL: [(Self, Control); 3] = [
        (Self::Change, Control::BanChange),
        (Self::Shared, Control::BanShared),
        (Self::ThirdParty, Control::BanThirdParty),
    ];

    /// Whether it is about such an account.
    #[must_use]
    pub fn concerns(self, account: Designated) -> bool {
        match self {
            Self::Change => !account.is_first,
            Self::Shared => account.is_shared,
            Self::ThirdParty => account.holder != Holder::Own,
        }
    }
}

/// Refuses an account that a ban is about. A ban keeps nobody from closing one.
///
/// # Errors
/// The ban.
pub fn banned(proposal: &Proposal, facts: &Facts, controls: &Controls) -> Result<(), Ban> {
    if proposal.asked.action != Action::Designate {
        return Ok(());
    }
    let (is_first, holder) = (proposal.is_first, proposal.asked.holder);
    let account = Designated { is_first, is_shared: facts.payees > 0, holder };
    match Ban::ALL.into_iter().find(|(ban, control)| controls.has(*control) && ban.concerns(account)) {
        Some((ban, _)) => Err(ban),
        None => Ok(()),
    }
}

impl From<Unfit> for ProposalRefusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Nameless => Self::Officer,
            Unfit::Own => Self::Own,
        }
    }
}

impl From<Silent> for ProposalRefusal {
    fn from(_: Silent) -> Self {
        Self::Why
    }
}

impl Refuse for ProposalRefusal {
    fn code(&self) -> &'static str {
        Self::ALL[*self as usize].1
    }
}

impl fmt::Display for ProposalRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL[*self as usize].2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_stands_at_its_own_place() {
        for (at, (refusal, ..)) in ProposalRefusal::ALL.iter().enumerate() {
            assert_eq!(*refusal as usize, at);
        }
    }
}
