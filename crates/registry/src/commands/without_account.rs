//! Lists who must have an account and has none, and reminds them of it. It is about people, so it is entered in the journal and logged
//! before it is shown.

use crate::ask::{AnswerClass, AskKind};
use crate::duty;
use crate::legal_purpose::LegalPurpose;
use crate::notice::NoticeKind;
use crate::payee::PayeeId;
use crate::store::look_up::LookUpRow;
use crate::telling::{self, Telling};
use crate::{policy, queries, store};
use denmark::calendar::copenhagen_date;
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

/// Rows of the directory that are read for one page.
pub const ROWS_READ_MAX: usize = 4096;
/// Payees of one page.
pub const PAYEES_MAX: usize = 1000;

/// Asks for the next payees who must have an account and have none, in the order of the directory.
pub struct ListWithoutAccount {
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// Where the page before ended.
    pub after: Option<Blind>,
    /// At most so many, and [`PAYEES_MAX`].
    pub limit: usize,
    /// Whether those are reminded who have not been lately.
    pub remind: bool,
}

/// One who must have an account and has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithoutAccount {
    /// Who.
    pub payee: String,
    /// `none`, `closed`, `frozen`.
    pub state: String,
    /// When they were last reminded.
    pub reminded: Option<String>,
}

/// A page of them. There can be none on it while there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithoutAccountPage {
    /// Who.
    pub payees: Vec<WithoutAccount>,
    /// How many of them are reminded by this.
    pub reminded: usize,
    /// Where the next page goes on; none after the last.
    pub next: Option<String>,
}

/// A row of the directory, and who it is if they lack an account.
pub struct Looked {
    key: Blind,
    lacking: Option<Lacking>,
}

struct Lacking {
    payee: PayeeId,
    why: AnswerClass,
    reminded: Option<Timestamp>,
}

/// What is known of one who is on the page.
pub struct Listed {
    payee: Blind,
    number: PayeeId,
    why: AnswerClass,
    is_to_be_reminded: bool,
}

impl Command for ListWithoutAccount {
    const OPERATION: Operation = policy::LIST_WITHOUT_ACCOUNT;
    type State = Vec<Looked>;
    type Change = Listed;
    type Output = WithoutAccountPage;

    fn load(&self, scope: &Scope<'_>) -> Result<Vec<Looked>, Error> {
        let after = self.after.as_ref().map(|after| after.as_bytes().as_slice()).unwrap_or_default();
        let rows = store::payee::states(scope.tx, after, ROWS_READ_MAX as i64)?;
        let lacks = |row: &store::payee::StateRow| duty::lacks(row.status, row.default);
        let keys: Vec<Blind> = rows.iter().filter(|row| lacks(row).is_some()).map(|row| row.key).collect();
        let mut numbers = queries::numbers(scope, keys.iter().copied().collect())?;
        let (mut reminded, mut newest) = (vec![None; keys.len()], Vec::new());
        store::reminder::newest(scope.tx, &keys, |at, id| {
            newest.push((journal::entry_of(id.number()), at));
            Ok(())
        })?;
        newest.sort_unstable();
        journal::moments(scope.tx, newest.iter().map(|(entry, _)| *entry), |at, moment| {
            reminded[newest[at].1] = Some(moment);
            Ok(())
        })?;
        let mut reminded = reminded.into_iter();
        let look = |row: store::payee::StateRow| {
            let lacking = match lacks(&row) {
                None => None,
                Some(why) => {
                    let payee = numbers.remove(&row.key);
                    let payee = payee.ok_or_else(|| StoreError::broken("payee", "register_row", row.key))?;
                    Some(Lacking { payee, why, reminded: reminded.next().flatten() })
                }
            };
            Ok(Looked { key: row.key, lacking })
        };
        rows.into_iter().map(look).collect()
    }

    fn decide(&self, rows: Vec<Looked>, env: &Env) -> Result<Decision<Listed, WithoutAccountPage>, Refusal> {
        let (today, limit) = (copenhagen_date(env.now.to_jiff()), self.limit.min(PAYEES_MAX));
        let has_more = rows.len() == ROWS_READ_MAX;
        let (mut payees, mut listed, mut reached) = (Vec::new(), Vec::new(), None);
        let mut is_cut = false;
        for Looked { key, lacking } in rows {
            let lacking = lacking.filter(|lacking| duty::must_have(&lacking.payee, today));
            if lacking.is_some() && payees.len() == limit {
                is_cut = true;
                break;
            }
            reached = Some(key);
            if let Some(Lacking { payee, why, reminded }) = lacking {
                let is_to_be_reminded = self.remind && duty::is_to_be_reminded(why, reminded, env.now);
                let reminded = if is_to_be_reminded { Some(env.now) } else { reminded };
                listed.push(Listed { payee: key, number: payee, why, is_to_be_reminded });
                payees.push(WithoutAccount {
                    payee: payee.reveal(),
                    state: why.name().to_owned(),
                    reminded: reminded.map(|moment| moment.to_string()),
                });
            }
        }
        let reminded = listed.iter().filter(|listed| listed.is_to_be_reminded).count();
        let next = reached.filter(|_| is_cut || has_more).map(|key| duty::write_place(&key));
        let page = WithoutAccountPage { payees, reminded, next };
        if listed.is_empty() {
            return Ok(Decision::unchanged(page));
        }
        let facts = serde_json::json!({ "payees": listed.len(), "reminded": reminded });
        Ok(Decision::of(listed, facts, page))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Listed], entry: Entry) -> Result<Vec<Rows>, Error> {
        let (client, purpose) = (self.actor.role().name(), LegalPurpose::Operation);
        let log = |(at, listed): (usize, &Listed)| {
            let (id, kind) = (entry.row(at)?, AskKind::WithoutAccount);
            Ok(LookUpRow { id, payee: listed.payee, client, purpose, kind, answer: listed.why })
        };
        let log = changes.iter().enumerate().map(log).collect::<Result<Vec<_>, Error>>()?;
        let mut rows = store::look_up::insert_many(scope.tx, &log)?;
        let reminded = || changes.iter().filter(|listed| listed.is_to_be_reminded);
        let noted: Vec<_> = reminded().map(|listed| (listed.payee, listed.why)).collect();
        if !noted.is_empty() {
            rows.push(store::reminder::insert_many(scope.tx, entry, &noted)?);
            let telling = |listed: &Listed| Telling::own(listed.payee, listed.number, NoticeKind::ReminderNoAccount);
            let told = reminded().map(telling).collect();
            rows.extend(telling::tell(scope, &[(entry, told)])?.into_iter().flatten());
        }
        Ok(rows)
    }
}
