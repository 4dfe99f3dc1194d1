//! For whom a client may come, and what is left to it then: electronic identity holds the names, and the registry knows who they are.

use eid::client::{Client, Party};
use kernel::{Actor, Error, Refuse, Role, Scope, journal};
use registry::payer::PayerKind;
use registry::register_event::Register;
use registry::resolve;
use std::fmt;

/// Why a client cannot come for somebody, or what is left to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyRefusal {
    /// Nobody is registered under that name.
    Payer,
    /// The payer is registered as the other kind.
    PayerKind,
    /// The bank directory has no bank of that name.
    Bank,
    /// No register of that name is mirrored.
    Register,
    /// The payer has a system of its own.
    HasSystem,
}

impl Refuse for PartyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Payer => "client.payer_unknown",
            Self::PayerKind => "client.payer_kind",
            Self::Bank => "client.bank_unknown",
            Self::Register => "client.register_unknown",
            Self::HasSystem => "batch.payers",
        }
    }
}

impl fmt::Display for PartyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Payer => "no payer is registered under that name; register it first with 'anvis payer add'",
            Self::PayerKind => {
                "the payer's agreement is of the other kind: public and private payers see different things"
            }
            Self::Bank => "the bank directory has no bank of that name",
            Self::Register => "the registers are population and companies",
            Self::HasSystem => {
                "the payer has a system of its own: that lets its files go, or a caseworker of the payer does"
            }
        })
    }
}

/// Refuses an officer of the agency who would let go a batch of a payer that has a system of its own to do so. To stop one is always theirs.
///
/// # Errors
/// [`PartyRefusal::HasSystem`]; there is no such batch; or the store's.
pub fn require_lets_go(scope: &Scope<'_>, batch: &str, actor: &Actor) -> Result<(), Error> {
    if actor.role() != Role::Operator {
        return Ok(());
    }
    let payer = payout::queries::payer_of_batch(scope, batch)?;
    let is_its = |client: &Client| match &client.registration.party {
        Party::PublicPayer(name) | Party::PrivatePayer(name) => !client.is_ended && *name == payer,
        _ => false,
    };
    let clients = eid::queries::clients(scope, &Actor::console())?;
    if clients.iter().any(is_its) { Err(PartyRefusal::HasSystem.into()) } else { Ok(()) }
}

/// Refuses a party that the registry does not know, or knows as something else.
///
/// # Errors
/// [`PartyRefusal`], or the store's.
pub fn require_party(scope: &Scope<'_>, party: &Party) -> Result<(), Error> {
    let payer = |name: &str, kind: PayerKind| {
        let payer = resolve::payer_by_name(scope, name)?.ok_or(PartyRefusal::Payer)?;
        if payer.agreement.kind == kind { Ok(()) } else { Err(PartyRefusal::PayerKind.into()) }
    };
    match party {
        Party::PublicPayer(name) => payer(name, PayerKind::Public),
        Party::PrivatePayer(name) => payer(name, PayerKind::Private),
        Party::Bank(name) => {
            let banks = resolve::banks_at(scope.tx, journal::ENTRIES_MAX)?;
            if banks.iter().any(|(_, bank)| bank.name == *name) { Ok(()) } else { Err(PartyRefusal::Bank.into()) }
        }
        Party::RegisterFeed(name) if !Register::ALL.iter().any(|register| register.name() == name) => {
            Err(PartyRefusal::Register.into())
        }
        Party::Authority | Party::RegisterFeed(_) => Ok(()),
    }
}
