//! Registers and ends caseworkers. The kernel keeps who they are, and the registry what they may decide about.

use crate::caseworker::{Caseworker, CaseworkerRefusal, Remit};
use crate::payer::{Payer, PayerKind, PayerRefusal};
use crate::purpose::BenefitKind;
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Officer, Operation, PublicKey, Refusal, Role, Scope, Taken};
use serde_json::json;
use std::collections::BTreeSet;

/// Registers a caseworker, or says of one who is registered what they may decide about from now on.
pub struct AddCaseworker {
    /// The name they will act under.
    pub name: String,
    /// The key they will prove it with.
    pub key: PublicKey,
    /// The authority, by its name as a payer.
    pub authority: String,
    /// The kinds of benefit that they are held to; none: all.
    pub benefits: BTreeSet<BenefitKind>,
    /// Whether people come before them in person.
    pub in_person: bool,
}

/// What is registered of the name, the key and the authority.
pub struct CaseworkerState {
    taken: Taken,
    registered: Option<Caseworker>,
    authority: Payer,
}

/// A version of a caseworker's registration.
pub struct CaseworkerChange {
    /// Who they are, where that is new.
    officer: Option<Officer>,
    former: Option<Caseworker>,
    remit: Remit,
}

impl AddCaseworker {
    fn officer(&self) -> Officer {
        Officer { role: Role::Caseworker, name: self.name.clone(), key: self.key }
    }
}

impl Command for AddCaseworker {
    const OPERATION: Operation = policy::ADD_CASEWORKER;
    type State = CaseworkerState;
    type Change = CaseworkerChange;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<CaseworkerState, Error> {
        Ok(CaseworkerState {
            taken: self.officer().taken(scope)?,
            registered: store::caseworker::find(scope, &self.name)?,
            authority: store::payer::find_by_name(scope, &self.authority)?.ok_or(PayerRefusal::Unknown)?,
        })
    }

    fn decide(&self, state: CaseworkerState, _: &Env) -> Result<Decision<CaseworkerChange, ()>, Refusal> {
        let CaseworkerState { taken, registered, authority } = state;
        let officer = self.officer();
        let is_new = officer.is_new(&taken)?;
        if authority.agreement.kind != PayerKind::Public {
            return Err(CaseworkerRefusal::Authority.into());
        }
        let (name, in_person) = (self.name.clone(), self.in_person);
        let remit = Remit { name, authority: authority.id, benefits: self.benefits.clone(), in_person };
        remit.check()?;
        match &registered {
            Some(caseworker) if caseworker.is_ended => return Err(CaseworkerRefusal::Ended.into()),
            Some(caseworker) if caseworker.remit == remit => return Ok(Decision::unchanged(())),
            _ => {}
        }
        let kinds: Vec<&str> = remit.benefits.iter().map(BenefitKind::as_str).collect();
        let facts = json!({
            "name": self.name, "authority": self.authority, "benefits": kinds, "in_person": in_person, "is_new": is_new,
        });
        let change = CaseworkerChange { officer: is_new.then_some(officer), former: registered, remit };
        Ok(Decision::of(vec![change], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[CaseworkerChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for CaseworkerChange { officer, former, remit } in changes {
            if let Some(officer) = officer {
                rows.push(officer.insert(scope, entry)?);
            }
            rows.push(store::caseworker::insert(scope, entry, former.as_ref(), remit, false)?);
        }
        Ok(rows)
    }
}

/// Ends a caseworker: they act no more, and neither name nor key is used again.
pub struct EndCaseworker {
    /// Their name.
    pub name: String,
}

impl Command for EndCaseworker {
    const OPERATION: Operation = policy::END_CASEWORKER;
    type State = Caseworker;
    type Change = Caseworker;
    /// Whether they had not been ended before.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<Caseworker, Error> {
        Ok(store::caseworker::find(scope, &self.name)?.ok_or(CaseworkerRefusal::Unknown)?)
    }

    fn decide(&self, caseworker: Caseworker, _: &Env) -> Result<Decision<Caseworker, bool>, Refusal> {
        if caseworker.is_ended {
            return Ok(Decision::unchanged(false));
        }
        Ok(Decision::of(vec![caseworker], json!({ "name": self.name }), true))
    }

    fn save(&self, scope: &Scope<'_>, ended: &[Caseworker], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |caseworker: &Caseworker| {
            store::caseworker::insert(scope, entry, Some(caseworker), &caseworker.remit, true)
        };
        ended.iter().map(end).collect()
    }
}
