//! Marks of accounts: proposed by one and approved by another, appealed by the owner, and decided about by a third.

use super::motion::Subject;
use super::tell_contacts::note;
use crate::account::{self, DesignatedAccount};
use crate::mark::{self, Act, AppealAct, Known, MARKS_MAX, Mark, MarkChange, MarkRefusal, require_appealable};
use crate::motion::{Kind, Motion};
use crate::notice::NoticeKind;
use crate::own::Voice;
use crate::payee::PayeeId;
use crate::payer_word::PayerWord;
use crate::store::mark::{CameBy, NewVersion};
use crate::suspicion::State as Reported;
use crate::telling::{self, Telling};
use crate::{officer, own, policy, queries, store};
use denmark::calendar::copenhagen_date;
use denmark::{Account, Currency};
use jiff::civil::Date;
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Assurance, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Role, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// As many of those who have the account are told of what becomes of its mark, at most.
const TOLD_MAX: usize = 1000;

impl Subject for MarkChange {
    const KIND: Kind = Kind::Mark;
    const PROPOSE: Operation = policy::PROPOSE_MARK;
    const APPROVE: Operation = policy::APPROVE_MARK;
    const REFUSE: Operation = policy::REFUSE_MARK;
    const WITHDRAW: Operation = policy::WITHDRAW_MARK;
    type State = Known;

    fn load(&self, scope: &Scope<'_>) -> Result<Known, Error> {
        let mark = match self {
            Self::End { mark } => *mark,
            Self::Set { suspicion, .. } => {
                let found = store::suspicion::find(scope, *suspicion)?;
                let reported_by = found.as_ref().map(|found| found.suspicion.report.by.clone());
                let report = found.map(|found| {
                    let suspicion = found.suspicion;
                    (Reported::of(&found.acts), suspicion.reason, suspicion.report.account)
                });
                let account = report.as_ref().and_then(|(.., account)| *account);
                let newest = match account {
                    Some(account) => store::mark::of_account(scope, &account::key(&account, scope.vault))?,
                    None => None,
                };
                // On the day of the newest entry as many stand as today, or more.
                let today = day_of(journal::next(scope.tx, Timestamp::from_micros(0))?.at);
                let is_full = store::mark::count_standing(scope.tx, today, MARKS_MAX)? >= MARKS_MAX;
                return Ok(Known { report, reported_by, newest, is_full });
            }
        };
        Ok(Known { report: None, reported_by: None, newest: store::mark::by_motion(scope, mark)?, is_full: false })
    }

    fn base(known: &Known) -> Option<i64> {
        known.newest.as_ref().map(|newest| newest.version.number())
    }

    fn decide(&self, known: &Known, now: Timestamp) -> Result<(), Refusal> {
        self.check(known, day_of(now))
    }

    fn party(known: &Known) -> Option<&str> {
        known.reported_by.as_deref()
    }

    fn insert(
        &self,
        scope: &Scope<'_>,
        entry: Entry,
        motion: Option<Id<Motion>>,
        known: &Known,
    ) -> Result<Vec<Rows>, Error> {
        let motion = motion.ok_or(MarkRefusal::Unknown)?;
        let standing = known.newest.as_ref().filter(|newest| newest.stands(day_of(entry.at)));
        let new = match (self, &known.report, standing) {
            (Self::Set { suspicion, until }, Some((_, reason, Some(account))), standing) => NewVersion {
                id: standing.map_or(motion, |standing| standing.id),
                motion: Some(motion),
                is_ended: false,
                until: *until,
                reason: *reason,
                suspicion: *suspicion,
                account,
            },
            (Self::End { .. }, _, Some(standing)) => NewVersion::ending(standing, Some(motion)),
            _ => return Err(MarkRefusal::Unknown.into()),
        };
        let kind = if new.is_ended { NoticeKind::MarkLifted } else { NoticeKind::AccountMarked };
        let mut rows = vec![store::mark::insert(scope, entry, &new)?];
        let payees = having(scope, new.account)?;
        rows.extend(tell(scope, entry, kind, (new.account, new.until), payees)?);
        tell_payers(scope, entry, &new)?;
        Ok(rows)
    }

    fn write(&self) -> String {
        self.to_text()
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

fn day_of(moment: Timestamp) -> Date {
    copenhagen_date(moment.to_jiff())
}

/// Those who have an account and are told what becomes of its mark.
fn having(scope: &Scope<'_>, account: &Account) -> Result<BTreeSet<Blind>, Error> {
    let key = account::key(account, scope.vault);
    let mut payees = BTreeSet::new();
    queries::each_payee_at(scope, &[key], |payee| {
        if payees.len() < TOLD_MAX {
            payees.insert(payee);
        }
        Ok(())
    })?;
    Ok(payees)
}

/// Tells payees what becomes of the mark of an account, which ends on a day.
fn tell(
    scope: &Scope<'_>,
    entry: Entry,
    kind: NoticeKind,
    (account, until): (&Account, Date),
    payees: BTreeSet<Blind>,
) -> Result<Option<Rows>, Error> {
    // It is masked: its currency is of no matter. Of one abroad the bank would have to be known.
    let told = match account {
        Account::Danish(account) => Some(DesignatedAccount::Domestic { account: *account, currency: Currency::DKK }),
        Account::Foreign(_) => None,
    };
    let ends = (kind != NoticeKind::MarkLifted).then(|| Timestamp::from(denmark::calendar::end_of(until)));
    let telling = |(payee, number)| Telling { account: told, in_force_from: ends, ..Telling::own(payee, number, kind) };
    let tellings = queries::numbers(scope, payees)?.into_iter().map(telling).collect();
    Ok(telling::tell(scope, &[(entry, tellings)])?.into_iter().flatten().next())
}

/// Notes for those payers to whom its report went that an account was marked; of one that is marked no more, all of its reports.
fn tell_payers(scope: &Scope<'_>, entry: Entry, new: &NewVersion<'_>) -> Result<(), Error> {
    let (word, reports) = match new.is_ended {
        false => (PayerWord::Marked, vec![new.suspicion]),
        true => (PayerWord::MarkLifted, store::mark::reports(scope.tx, new.id)?),
    };
    let mut told = Vec::with_capacity(reports.len());
    for report in reports {
        told.extend(store::suspicion::find(scope, report)?.map(|found| found.suspicion));
    }
    note(scope, entry, told.iter().map(|suspicion| (suspicion, word)))
}

/// Where a mark stands, as whoever did something about it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkAnswer {
    /// Its name.
    pub id: String,
    /// `in_force`, `ended`.
    pub state: String,
    /// The last day on which it stands, or would have.
    pub until: String,
    /// What became of the appeal: `appealed`, `upheld`, `lifted`.
    pub appeal: String,
}

impl MarkAnswer {
    fn of(mark: &Mark, appeal: AppealAct) -> Self {
        let state = if appeal == AppealAct::Lifted { "ended" } else { "in_force" };
        Self {
            id: mark.id.name(),
            state: state.to_owned(),
            until: mark.until.to_string(),
            appeal: appeal.name().to_owned(),
        }
    }
}

/// A mark, and what was done about it.
pub struct Appealed {
    mark: Mark,
    /// Of whoever appeals, all that was done about their appeals; of whoever decides, the appeals that wait and can be meant: two at most.
    acts: Vec<Act>,
    /// How many appeals there were.
    appeals: usize,
    /// Whose appeal it is, and whether the account is or was theirs; of a citizen, how far they speak for them.
    payee: Option<Blind>,
    voice: Voice,
    has_account: bool,
    /// Who had a part in the mark.
    marked_by: BTreeSet<String>,
}

fn find(scope: &Scope<'_>, name: &str) -> Result<Mark, Error> {
    let mark = match Id::<Motion>::parse_name(name) {
        Some(id) => store::mark::by_motion(scope, id)?,
        None => None,
    };
    Ok(mark.ok_or(MarkRefusal::Unknown)?)
}

/// What was done about a mark by its owner, or about their appeal; and the mark.
pub struct AppealChange(Mark, Act);

/// Appeals against a mark: whoever has the account, or somebody in office before whom its owner stands.
pub struct AppealMark {
    /// The mark, by name.
    pub mark: String,
    /// Who: the same that gives the command.
    pub actor: Actor,
    /// For whom: a citizen for themselves, or a company that they sign for; somebody in office for a payee who has or had the account,
    /// and without for somebody else whose it is, as the text says.
    pub payee: Option<PayeeId>,
    /// Why it is not right, in 1 to 500 characters on one line; and whose account it is, where somebody in office writes it.
    pub text: String,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl Command for AppealMark {
    const OPERATION: Operation = policy::APPEAL_MARK;
    type State = Appealed;
    type Change = AppealChange;
    type Output = MarkAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<Appealed, Error> {
        queries::require_in_person(scope, &self.actor)?;
        let mark = find(scope, &self.mark)?;
        let payee = self.payee.map(|payee| payee.key(scope.vault)).or_else(|| self.actor.payee().copied());
        let (mut voice, mut has_account) = (Voice::None, false);
        if let Some(payee) = payee {
            voice = queries::voice(scope, &self.actor, &payee)?;
            has_account = queries::accounts_of(scope, &payee)?.contains(&mark.account);
        }
        let acts = store::mark::acts_of(scope, mark.id, payee.as_ref())?;
        let appeals = store::mark::last_number(scope.tx, mark.id)?;
        Ok(Appealed { mark, acts, appeals, payee, voice, has_account, marked_by: BTreeSet::new() })
    }

    fn decide(&self, state: Appealed, env: &Env) -> Result<Decision<AppealChange, MarkAnswer>, Refusal> {
        let Appealed { mark, acts, appeals, payee, voice, has_account, .. } = state;
        if self.actor.role() == Role::Citizen {
            own::require_self(&self.actor, voice, Assurance::Substantial)?;
        } else {
            officer::require_named(&self.actor, self.is_synthetic).map_err(MarkRefusal::from)?;
        }
        // What is on others' accounts is as if it were not there.
        if payee.is_some() && !has_account {
            return Err(MarkRefusal::Unknown.into());
        }
        officer::require_why(&self.text).map_err(MarkRefusal::from)?;
        require_appealable(&mark, &acts, payee.as_ref(), day_of(env.now))?;
        Ok(decided(mark, (AppealAct::Appealed, appeals + 1, payee), (&self.actor, &self.text), env))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AppealChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

/// Decides about one payee's appeal: somebody else than who proposed the mark, approved or prolonged it, and than who wrote the appeal.
pub struct DecideAppeal {
    /// The mark, by name.
    pub mark: String,
    /// Which appeal against it, by its number, where several wait.
    pub appeal: Option<usize>,
    /// Whether the mark goes.
    pub lifts: bool,
    /// Why, in 1 to 500 characters on one line.
    pub why: String,
    /// Who decides: the same that gives the command.
    pub officer: Actor,
    /// As in [`AppealMark`].
    pub is_synthetic: bool,
}

impl Command for DecideAppeal {
    const OPERATION: Operation = policy::DECIDE_APPEAL;
    type State = Appealed;
    type Change = AppealChange;
    type Output = MarkAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<Appealed, Error> {
        let mark = find(scope, &self.mark)?;
        let acts = store::mark::waiting(scope, mark.id, self.appeal, 2)?;
        let mut marked_by = BTreeSet::new();
        let mut reports = BTreeSet::from([mark.suspicion.number()]);
        for CameBy { entry, motion } in store::mark::versions(scope.tx, mark.id)? {
            marked_by.insert(journal::read(scope, entry)?.actor);
            if let Some(found) = motion.map(|motion| store::motion::find(scope, motion)).transpose()?.flatten() {
                marked_by.insert(journal::read(scope, found.entry)?.actor);
                if let Some(MarkChange::Set { suspicion, .. }) = MarkChange::from_text(&found.motion.content) {
                    reports.insert(suspicion.number());
                }
            }
        }
        // Who reported the account, and who agreed to that, had a part in it as well.
        for report in reports {
            if let Some(found) = store::suspicion::find(scope, Id::new(report))? {
                marked_by.insert(found.suspicion.report.by);
                marked_by.extend(found.acts.into_iter().map(|act| act.by));
            }
        }
        let (payee, voice, has_account) = (None, Voice::None, false);
        Ok(Appealed { mark, acts, appeals: 0, payee, voice, has_account, marked_by })
    }

    fn decide(&self, state: Appealed, env: &Env) -> Result<Decision<AppealChange, MarkAnswer>, Refusal> {
        let Appealed { mark, acts, marked_by, .. } = state;
        if !mark.stands(day_of(env.now)) {
            return Err(MarkRefusal::Ended.into());
        }
        let appeal = mark::decided(&acts)?;
        officer::require_other(&appeal.by, &self.officer, self.is_synthetic).map_err(MarkRefusal::from)?;
        if marked_by.contains(self.officer.name()) {
            return Err(MarkRefusal::Own.into());
        }
        officer::require_why(&self.why).map_err(MarkRefusal::from)?;
        let kind = if self.lifts { AppealAct::Lifted } else { AppealAct::Upheld };
        Ok(decided(mark, (kind, appeal.number, appeal.payee), (&self.officer, &self.why), env))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AppealChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

fn decided(
    mark: Mark,
    (kind, number, payee): (AppealAct, usize, Option<Blind>),
    (by, why): (&Actor, &str),
    env: &Env,
) -> Decision<AppealChange, MarkAnswer> {
    let act = Act { number, kind, payee, at: env.now, by: by.name().to_owned(), why: why.to_owned() };
    let answer = MarkAnswer::of(&mark, kind);
    let facts = serde_json::json!({ "mark": answer.id, "appeal": answer.appeal });
    Decision::of(vec![AppealChange(mark, act)], facts, answer)
}

fn save(scope: &Scope<'_>, changes: &[AppealChange], entry: Entry) -> Result<Vec<Rows>, Error> {
    let mut rows = Vec::new();
    for AppealChange(mark, act) in changes {
        rows.push(store::mark::add_act(scope, entry, mark.id, act)?);
        let kind = match act.kind {
            AppealAct::Appealed => NoticeKind::MarkAppealed,
            AppealAct::Upheld => NoticeKind::MarkUpheld,
            AppealAct::Lifted => NoticeKind::MarkLifted,
        };
        if act.kind == AppealAct::Lifted {
            let end = NewVersion::ending(mark, None);
            rows.push(store::mark::insert(scope, entry, &end)?);
            tell_payers(scope, entry, &end)?;
        }
        // Whoever has a few logins would bury with their appeals what others are to read. What is nobody's by itself concerns all.
        let mut payees = BTreeSet::from_iter(act.payee);
        if act.kind == AppealAct::Lifted || payees.is_empty() {
            payees.extend(having(scope, &mark.account)?);
        }
        rows.extend(tell(scope, entry, kind, (&mark.account, mark.until), payees)?);
    }
    Ok(rows)
}
