//! What the messages that are written have in common: parties, agents, accounts, reasons.

use denmark::{Decimal, Iban, Money};
use jiff::Timestamp;

use super::super::complete::Agent;
use super::super::write::Writer;
use super::reason::RecallReason;

/// Whoever is named in a message: a payer, or whoever runs the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party<'a> {
    /// `Nm`, as far as it is up to 140 characters.
    pub name: &'a str,
    /// `Id/OrgId/Othr`: the CVR number, with scheme `COID` and issuer `CVR`.
    pub cvr: Option<&'a str>,
}

const NAME_LENGTH_MAX: usize = 140;
const SENTENCE_LENGTH_MAX: usize = 105;

impl Party<'_> {
    /// The children of an element for a party.
    pub(super) fn write(&self, w: &mut Writer) {
        w.bounded("Nm", self.name, NAME_LENGTH_MAX);
        if let Some(cvr) = self.cvr {
            w.node("Id", |w| {
                w.node("OrgId", |w| {
                    w.node("Othr", |w| {
                        w.id("Id", cvr);
                        w.nested(&["SchmeNm", "Cd"], "COID");
                        w.text("Issr", "CVR");
                    });
                });
            });
        }
    }

    /// The same, where it could be a bank too.
    pub(super) fn write_choice(&self, w: &mut Writer, name: &str) {
        w.node(name, |w| w.node("Pty", |w| self.write(w)));
    }
}

/// The children of an element for a bank.
pub(super) fn agent(w: &mut Writer, agent: Agent<'_>) {
    w.node("FinInstnId", |w| match agent {
        Agent::Bic(bic) => w.text("BICFI", bic),
        Agent::Member(number) => w.node("ClrSysMmbId", |w| w.id("MmbId", number)),
    });
}

/// The children of an element for an account.
pub(super) fn account(w: &mut Writer, iban: Iban) {
    w.nested(&["Id", "IBAN"], iban.as_str());
}

/// How much all of it is.
pub(super) fn sum(amounts: impl Iterator<Item = Money>) -> Option<Decimal> {
    amounts.map(|money| money.decimal()).try_fold(Decimal::ZERO, Decimal::checked_add)
}

/// `CtrlSum`: what is too long for the schema is left out, for it is optional everywhere.
pub(super) fn control_sum(w: &mut Writer, amounts: impl Iterator<Item = Money>) {
    if let Some(sum) = sum(amounts).map(|sum| sum.to_string())
        && Decimal::parse_control_sum(&sum).is_ok()
    {
        w.text("CtrlSum", &sum);
    }
}

/// From whom to whom a request goes, and the case that it opens: by its id the answer is known.
pub(super) fn assignment(
    w: &mut Writer,
    id: &str,
    created: Timestamp,
    from: impl Fn(&mut Writer, &str),
    to: Agent<'_>,
) {
    w.node("Assgnmt", |w| {
        w.id("Id", id);
        from(w, "Assgnr");
        w.node("Assgne", |w| w.node("Agt", |w| agent(w, to)));
        w.moment("CreDtTm", created);
    });
    w.node("Case", |w| {
        w.id("Id", id);
        from(w, "Cretr");
    });
}

/// Why a payment is asked back.
pub(super) fn recall_reason(w: &mut Writer, reason: RecallReason, sentences: &[&str]) {
    w.node("CxlRsnInf", |w| {
        w.nested(&["Rsn", "Cd"], reason.code());
        for sentence in sentences {
            w.bounded("AddtlInf", sentence, SENTENCE_LENGTH_MAX);
        }
    });
}
