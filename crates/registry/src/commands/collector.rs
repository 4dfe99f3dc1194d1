//! The register of lawful collectors.

use super::motion::Subject;
use crate::collector::{Collector, CollectorRefusal, Known, Registered, reminded_until};
use crate::motion::{Kind, Motion, MotionRefusal};
use crate::notice::NoticeKind;
use crate::payee::PayeeId;
use crate::telling::{self, Telling};
use crate::{account, officer, policy, store};
use denmark::Account;
use denmark::calendar::{copenhagen_date, end_of};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, Timestamp};
use std::collections::BTreeSet;

impl Subject for Collector {
    const KIND: Kind = Kind::Collector;
    const PROPOSE: Operation = policy::PROPOSE_COLLECTOR;
    const APPROVE: Operation = policy::APPROVE_COLLECTOR;
    const REFUSE: Operation = policy::REFUSE_COLLECTOR;
    const WITHDRAW: Operation = policy::WITHDRAW_COLLECTOR;
    type State = Known;

    fn load(&self, scope: &Scope<'_>) -> Result<Known, Error> {
        let mut company = None;
        let key = PayeeId::Cvr(self.cvr).key(scope.vault);
        store::payee::find_many(scope, [&key], |_, payee| {
            company = Some(payee.status);
            Ok(())
        })?;
        let is_bank_known = match &self.account {
            Account::Foreign(_) => true,
            Account::Danish(account) => {
                store::bank::directory_of(scope.tx, &BTreeSet::from([account.reg]))?.get(account.reg).is_some()
            }
        };
        let holder = store::collector::holder(scope, &account::key(&self.account, scope.vault))?;
        Ok(Known { company, is_bank_known, holder })
    }

    fn base(known: &Known) -> Option<i64> {
        known.holder.as_ref().map(|holder| holder.version.number())
    }

    fn decide(&self, known: &Known, now: Timestamp) -> Result<(), Refusal> {
        self.check(known, copenhagen_date(now.to_jiff()))
    }

    fn insert(
        &self,
        scope: &Scope<'_>,
        entry: Entry,
        motion: Option<Id<Motion>>,
        known: &Known,
    ) -> Result<Vec<Rows>, Error> {
        let renewed = known.standing().map(|holder| holder.id);
        match renewed.or(motion) {
            Some(id) => Ok(vec![store::collector::insert(scope, entry, id, motion, self)?]),
            None => Err(CollectorRefusal::Unknown.into()),
        }
    }

    fn write(&self) -> String {
        self.to_text()
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

/// Takes a collector out of the register: one person may, as more is looked at then and not less.
pub struct EndCollector {
    /// Its name: that of a motion by which it came or was renewed.
    pub id: String,
    /// Who ends it: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl Command for EndCollector {
    const OPERATION: Operation = policy::END_COLLECTOR;
    type State = Registered;
    type Change = Registered;
    /// The name that it is known by, and whether it had not been ended before.
    type Output = (String, bool);

    fn load(&self, scope: &Scope<'_>) -> Result<Registered, Error> {
        let found = match Id::<Motion>::parse_name(&self.id) {
            Some(id) => store::collector::by_motion(scope, id)?,
            None => None,
        };
        found.ok_or_else(|| CollectorRefusal::Unknown.into())
    }

    fn decide(&self, found: Registered, _: &Env) -> Result<Decision<Registered, (String, bool)>, Refusal> {
        officer::require_named(&self.officer, self.is_synthetic).map_err(MotionRefusal::from)?;
        let name = found.id.name();
        if found.is_ended {
            return Ok(Decision::unchanged((name, false)));
        }
        let facts = serde_json::json!({ "collector": name });
        Ok(Decision::of(vec![found], facts, (name, true)))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Registered], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |found: &Registered| store::collector::insert(scope, entry, found.id, None, &found.collector);
        changes.iter().map(end).collect()
    }
}

/// Reminds collectors who are to be looked at again soon, once before each review: by whatever way the company is told of its own account.
pub struct RemindCollectors {
    /// The present moment.
    pub now: Timestamp,
}

/// Collectors that are reminded by one entry.
const REMINDED_MAX: i64 = 100;

/// Whether any collector is to be reminded.
///
/// # Errors
/// The store's.
pub fn has_to_remind(scope: &Scope<'_>, now: Timestamp) -> Result<bool, Error> {
    Ok(!to_remind(scope, now, 1)?.is_empty())
}

fn to_remind(scope: &Scope<'_>, now: Timestamp, limit: i64) -> Result<Vec<Registered>, Error> {
    let today = copenhagen_date(now.to_jiff());
    store::collector::to_remind(scope, today, reminded_until(today), limit)
}

impl Command for RemindCollectors {
    const OPERATION: Operation = policy::REMIND_COLLECTORS;
    type State = Vec<Registered>;
    type Change = Registered;
    /// How many were reminded.
    type Output = usize;

    fn load(&self, scope: &Scope<'_>) -> Result<Vec<Registered>, Error> {
        to_remind(scope, self.now, REMINDED_MAX)
    }

    fn decide(&self, found: Vec<Registered>, _: &Env) -> Result<Decision<Registered, usize>, Refusal> {
        let reminded = found.len();
        if found.is_empty() {
            return Ok(Decision::unchanged(0));
        }
        let names: Vec<String> = found.iter().map(|found| found.id.name()).collect();
        Ok(Decision::of(found, serde_json::json!({ "collectors": names }), reminded))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Registered], entry: Entry) -> Result<Vec<Rows>, Error> {
        let versions: Vec<_> = changes.iter().map(|found| found.version).collect();
        let mut rows = vec![store::collector::remind_many(scope, entry, &versions)?];
        let telling = |found: &Registered| {
            let company = PayeeId::Cvr(found.collector.cvr);
            let ends = Some(Timestamp::from(end_of(found.collector.review_by)));
            Telling {
                in_force_from: ends,
                ..Telling::own(company.key(scope.vault), company, NoticeKind::ReminderCollector)
            }
        };
        let told = changes.iter().map(telling).collect();
        rows.extend(telling::tell(scope, &[(entry, told)])?.into_iter().flatten());
        Ok(rows)
    }
}
