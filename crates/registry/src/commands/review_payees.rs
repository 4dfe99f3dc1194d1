//! Whose an account is that is reviewed: for whoever has to tell a family from a thief. It is about people, so it is entered in the journal
//! and logged before it is shown.

use crate::ask::{AnswerClass, AskKind};
use crate::collecting::Window;
use crate::legal_purpose::LegalPurpose;
use crate::payee::PayeeId;
use crate::review::Review;
use crate::store::look_up::LookUpRow;
use crate::{policy, queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

/// Payees that are shown at most.
pub const REVIEW_PAYEES_MAX: i64 = 100;

/// Asks whose an account is, and was within six months.
pub struct ListReviewPayees {
    /// The review, by name.
    pub review: String,
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// The present moment.
    pub now: Timestamp,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPayee {
    /// Who.
    pub payee: String,
    /// When they left the account; none of those whose it is.
    pub left: Option<String>,
    /// On which day they were paid to it last, as far as that was noted.
    pub paid: Option<String>,
}

/// All of them, as far as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPayees {
    /// The review.
    pub review: String,
    /// Who.
    pub payees: Vec<ReviewPayee>,
    /// Whether there are more.
    pub more: bool,
}

/// What is known of one.
pub struct Found {
    key: Blind,
    payee: PayeeId,
    has_it: bool,
    left: Option<Timestamp>,
    paid: Option<jiff::civil::Date>,
}

impl Command for ListReviewPayees {
    const OPERATION: Operation = policy::LIST_REVIEW_PAYEES;
    type State = (Review, Vec<Found>);
    type Change = Found;
    type Output = ReviewPayees;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let review = queries::find_review(scope, &self.review)?;
        let since = Window::LONGEST.since(self.now);
        let who = store::pointing::who(scope.tx, &review.key, since, REVIEW_PAYEES_MAX + 1)?;
        let holders = store::holder::payees(scope.tx, &[review.key])?.into_iter().flatten().collect::<Vec<_>>();
        let left = store::pointing::leavers(scope.tx, &review.key, since)?;
        let paid = store::paid::paid(scope.tx, &review.key)?;
        let mut numbers = queries::numbers(scope, who.iter().copied().collect())?;
        let found = |key: Blind| {
            let payee = numbers.remove(&key).ok_or_else(|| StoreError::broken("payee", "register_row", key))?;
            let has_it = holders.binary_search(&key).is_ok();
            Ok(Found { key, payee, has_it, left: left.get(&key).copied(), paid: paid.get(&key).copied() })
        };
        let found = who.into_iter().map(found).collect::<Result<Vec<_>, Error>>()?;
        Ok((review, found))
    }

    fn decide(&self, (review, mut found): Self::State, _: &Env) -> Result<Decision<Found, ReviewPayees>, Refusal> {
        let limit = usize::try_from(REVIEW_PAYEES_MAX).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let shown = |found: &Found| ReviewPayee {
            payee: found.payee.reveal(),
            left: found.left.filter(|_| !found.has_it).map(|left| left.to_string()),
            paid: found.paid.map(|paid| paid.to_string()),
        };
        let name = review.id.name();
        let facts = serde_json::json!({ "review": name, "payees": found.len() });
        let payees = found.iter().map(shown).collect();
        Ok(Decision::of(found, facts, ReviewPayees { review: name, payees, more }))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Found], entry: Entry) -> Result<Vec<Rows>, Error> {
        let (client, purpose, kind) = (self.actor.role().name(), LegalPurpose::Operation, AskKind::Review);
        let log = |(at, found): (usize, &Found)| {
            let answer = if found.has_it { AnswerClass::Match } else { AnswerClass::NoMatch };
            Ok(LookUpRow { id: entry.row(at)?, payee: found.key, client, purpose, kind, answer })
        };
        let log = changes.iter().enumerate().map(log).collect::<Result<Vec<_>, Error>>()?;
        store::look_up::insert_many(scope.tx, &log)
    }
}
