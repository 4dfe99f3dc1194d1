//! Reviews of accounts with many payees: opened, drawn, decided.

use super::motion::Subject;
use super::shared_accounts::masked;
use super::watch_accounts::{account, longest, paid, payees, watch, watch_accounts};
use crate::account::DesignatedAccount;
use crate::collecting::{Figures, Limits, Window};
use crate::controls::Control;
use crate::motion::{Kind, Motion, MotionRefusal};
use crate::review::{self, Cause, DRAWN_MAX, Decided, Outcome, Review};
use crate::suspicion::{Reason, Report, Source, Subject as Suspected, Suspicion};
use crate::watch::Level;
use crate::{officer, policy, queries, store};
use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, Timestamp, Writer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Accounts that are over a limit and are looked through at a time.
const PAGE_ROWS: usize = 1000;
/// Reviews that are opened by one entry.
const OPENED_MAX: usize = 100;
/// Nobody asks more exactly how many payees an account has.
pub(crate) const PAYEES_COUNTED_MAX: u64 = 10_001;
/// With more payees than this an account can be drawn, where no control says otherwise (the report's § 2.2.2).
const DRAWN_OVER: u16 = 100;

/// An account, and whose it is.
#[derive(Clone, Debug)]
pub struct Counted {
    key: Blind,
    account: DesignatedAccount,
    cause: Cause,
    payees: Figures,
    paid: Figures,
}

impl Counted {
    fn load(
        scope: &Scope<'_>,
        key: Blind,
        account: DesignatedAccount,
        cause: Cause,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let payees = payees(scope, &key, now, PAYEES_COUNTED_MAX)?;
        Ok(Self { key, account, cause, payees, paid: paid(scope, &key, now)? })
    }

    fn review(&self, env: &Env, ordinal: usize) -> Review {
        let Self { key, account, cause, payees, paid } = *self;
        let id = Id::new(env.id::<Review>().number() + ordinal as i64);
        Review { id, entry: 0, key, account, cause, payees, paid }
    }
}

/// Accounts over a limit of which nobody has decided anything that holds, and nobody is to look at yet; at most `limit`.
fn unreviewed(scope: &Scope<'_>, now: Timestamp, limit: usize) -> Result<Vec<Counted>, Error> {
    let controls = store::controls::in_force(scope.tx)?;
    if store::watch::pass(scope.tx)?.is_some_and(|(_, with)| with != Limits::of(&controls).to_text()) {
        // Which accounts are over a limit says what was: all are gone through first.
        return Ok(vec![]);
    }
    let today = copenhagen_date(now.to_jiff());
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let rows = store::watch::over(scope, after.as_ref(), PAGE_ROWS)?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = Some(last.key);
        for row in rows {
            let (Level::Over(window) | Level::Outgrown(window)) = row.level else { continue };
            let is_outgrown = matches!(row.level, Level::Outgrown(_));
            let decided = store::review::decided_of(scope.tx, &row.key)?.map(|decided| decided.outcome);
            let collector = match controls.has(Control::CollectorRegister) {
                true => store::collector::approved_until(scope, &row.key)?,
                false => None,
            };
            let is_limit_on = controls.has(window.control());
            if is_limit_on
                && review::is_to_be_opened(decided, is_outgrown, collector, today)
                && store::review::open_of(scope.tx, &row.key)?.is_none()
            {
                found.push(Counted::load(scope, row.key, row.account, Cause::Over(window), now)?);
            }
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
}

/// Whether any account is to be reviewed that is not.
///
/// # Errors
/// The store's.
pub fn has_unreviewed(scope: &Scope<'_>, now: Timestamp) -> Result<bool, Error> {
    Ok(!unreviewed(scope, now, 1)?.is_empty())
}

/// Finds accounts with too many payees, among all accounts once a day, and opens reviews of them; how many.
///
/// Also before time takes payees from them, however long nobody looked: what waits because of an account waits for whoever looks at it.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn find_collecting(writer: &mut Writer, actor: &Actor, now: Timestamp) -> Result<usize, Error> {
    policy::OPEN_REVIEWS.require(actor)?;
    let opened = open_reviews(writer, actor, now)?;
    if watch_accounts(writer, now)? { Ok(opened + open_reviews(writer, actor, now)?) } else { Ok(opened) }
}

fn open_reviews(writer: &mut Writer, actor: &Actor, now: Timestamp) -> Result<usize, Error> {
    let mut opened = 0;
    // What changes nothing is not begun: this is asked each second.
    while writer.read(|scope| has_unreviewed(scope, now))? {
        let env = Env::sample(now, &mut writer.secrets)?;
        let more = writer.execute(&OpenReviews { now }, actor, &env)?.opened;
        if more == 0 {
            // Another process was first.
            break;
        }
        opened += more;
    }
    Ok(opened)
}

/// Opens a review of each account that has more payees than a limit, unless it was decided that it may have them.
pub struct OpenReviews {
    /// The present moment.
    pub now: Timestamp,
}

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// How many.
    pub opened: usize,
    /// Whether there may be more.
    pub more: bool,
}

impl Command for OpenReviews {
    const OPERATION: Operation = policy::OPEN_REVIEWS;
    type State = Vec<Counted>;
    type Change = Review;
    type Output = Opened;

    fn load(&self, scope: &Scope<'_>) -> Result<Vec<Counted>, Error> {
        unreviewed(scope, self.now, OPENED_MAX)
    }

    fn decide(&self, found: Vec<Counted>, env: &Env) -> Result<Decision<Review, Opened>, Refusal> {
        let opened = Opened { opened: found.len(), more: found.len() == OPENED_MAX };
        if found.is_empty() {
            return Ok(Decision::unchanged(opened));
        }
        let reviews: Vec<Review> = found.iter().enumerate().map(|(at, found)| found.review(env, at)).collect();
        let names: Vec<String> = reviews.iter().map(|review| review.id.name()).collect();
        Ok(Decision::of(reviews, serde_json::json!({ "reviews": names }), opened))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Review], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![store::review::insert_many(scope, entry, changes)?])
    }
}

/// Accounts that were drawn, and are not on record yet.
pub struct Draw {
    seed: String,
    over: u16,
    among: usize,
    drawn: Vec<Counted>,
}

impl Draw {
    /// Draws accounts among those that have more payees at present than `over`, or than the control says; at most `count`, and
    /// [`DRAWN_MAX`]. It reads every account once: not for a transaction that others wait for.
    ///
    /// # Errors
    /// `review.seed`, the policy's refusal; or the store's.
    pub fn find(
        scope: &Scope<'_>,
        actor: &Actor,
        seed: String,
        count: usize,
        over: Option<u16>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        policy::DRAW_REVIEWS.require(actor)?;
        review::require_seed(&seed)?;
        let control = store::controls::in_force(scope.tx)?.get(Control::PayeesPerAccount);
        let over = over.unwrap_or(if control > 0 { control } else { DRAWN_OVER });
        let mut accounts = store::holder::with_many(scope.tx, u64::from(over) + 1)?;
        let among = accounts.len();
        accounts.sort_by_cached_key(|account| review::rank(&seed, account));
        accounts.truncate(count.min(DRAWN_MAX));
        let mut drawn = Vec::with_capacity(accounts.len());
        for key in accounts {
            let Some(account) = account(scope, &key)? else { continue };
            drawn.push(Counted::load(scope, key, account, Cause::Drawn, now)?);
        }
        Ok(Self { seed, over, among, drawn })
    }
}

/// Puts a draw on record, and opens reviews of what was drawn.
pub struct DrawReviews {
    /// The draw.
    pub draw: Draw,
    /// Who draws: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

/// One account that was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnAccount {
    /// The review.
    pub review: String,
    /// Whether it was opened by this: otherwise it was open.
    pub opened: bool,
    /// The account, masked.
    pub account: String,
    /// Whose account it was within the longest window.
    pub payees: u64,
}

/// What was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// With what it begins.
    pub seed: String,
    /// Among accounts with more payees than this.
    pub over: u16,
    /// Among how many.
    pub among: usize,
    /// In the order in which they were drawn.
    pub drawn: Vec<DrawnAccount>,
}

impl Command for DrawReviews {
    const OPERATION: Operation = policy::DRAW_REVIEWS;
    /// The review of each account that is open.
    type State = Vec<Option<Id<Review>>>;
    type Change = Review;
    type Output = Drawn;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        self.draw.drawn.iter().map(|drawn| store::review::open_of(scope.tx, &drawn.key)).collect()
    }

    fn decide(&self, open: Self::State, env: &Env) -> Result<Decision<Review, Drawn>, Refusal> {
        officer::require_named(&self.officer, self.is_synthetic).map_err(MotionRefusal::from)?;
        let (mut reviews, mut shown) = (Vec::new(), Vec::new());
        for (drawn, open) in self.draw.drawn.iter().zip(open) {
            let review = drawn.review(env, reviews.len());
            shown.push(DrawnAccount {
                review: open.unwrap_or(review.id).name(),
                opened: open.is_none(),
                account: masked(&drawn.account),
                payees: drawn.payees.of(Window::LONGEST),
            });
            if open.is_none() {
                reviews.push(review);
            }
        }
        let Draw { seed, over, among, .. } = &self.draw;
        let names: Vec<&str> = shown.iter().map(|shown| shown.review.as_str()).collect();
        let facts = serde_json::json!({ "seed": seed, "over": over, "among": among, "reviews": names });
        let drawn = Drawn { seed: seed.clone(), over: *over, among: *among, drawn: shown };
        Ok(Decision::of(reviews, facts, drawn))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Review], entry: Entry) -> Result<Vec<Rows>, Error> {
        if changes.is_empty() { Ok(vec![]) } else { Ok(vec![store::review::insert_many(scope, entry, changes)?]) }
    }
}

/// That a reviewed account is to be left alone: a couple's, a family's, a home's. As payments go on by it, it takes two officers.
#[derive(Clone, Copy, Debug)]
pub struct LeaveAlone {
    /// The review.
    pub review: Id<Review>,
    /// The last day on which it is left alone.
    pub until: Date,
}

impl LeaveAlone {
    /// Of the review of this name.
    ///
    /// # Errors
    /// `review.unknown`.
    pub fn new(review: &str, until: Date) -> Result<Self, review::ReviewRefusal> {
        let review = Id::parse_name(review).ok_or(review::ReviewRefusal::Unknown)?;
        Ok(Self { review, until })
    }
}

/// A review, and what was decided last about its account.
pub struct ReviewStanding {
    review: Review,
    decided: Option<Decided>,
}

impl ReviewStanding {
    fn load(scope: &Scope<'_>, id: Id<Review>) -> Result<Self, Error> {
        let review = store::review::find(scope, id)?.ok_or(review::ReviewRefusal::Unknown)?;
        let decided = store::review::decided_of(scope.tx, &review.key)?;
        Ok(Self { review, decided })
    }

    /// Whether this very thing was decided by this review already.
    fn is(&self, outcome: Outcome) -> bool {
        self.decided.is_some_and(|decided| decided.review == self.review.id && decided.outcome == outcome)
    }
}

impl Subject for LeaveAlone {
    const KIND: Kind = Kind::Review;
    const PROPOSE: Operation = policy::PROPOSE_REVIEW;
    const APPROVE: Operation = policy::APPROVE_REVIEW;
    const REFUSE: Operation = policy::REFUSE_REVIEW;
    const WITHDRAW: Operation = policy::WITHDRAW_REVIEW;
    type State = ReviewStanding;

    fn load(&self, scope: &Scope<'_>) -> Result<ReviewStanding, Error> {
        ReviewStanding::load(scope, self.review)
    }

    fn base(state: &ReviewStanding) -> Option<i64> {
        state.decided.map(|decided| decided.id.number())
    }

    fn decide(&self, state: &ReviewStanding, now: Timestamp) -> Result<(), Refusal> {
        review::require_until(self.until, copenhagen_date(now.to_jiff()))?;
        if state.is(Outcome::LeftAlone(self.until)) { Err(MotionRefusal::Nothing.into()) } else { Ok(()) }
    }

    fn insert(
        &self,
        scope: &Scope<'_>,
        entry: Entry,
        motion: Option<Id<Motion>>,
        state: &ReviewStanding,
    ) -> Result<Vec<Rows>, Error> {
        let motion = motion.map(|motion| store::motion::find(scope, motion)).transpose()?.flatten();
        let why = motion.map_or_else(String::new, |found| found.motion.reason);
        let (review, outcome) = (&state.review, Outcome::LeftAlone(self.until));
        // Officers leave those alone because of whom it was opened, however long they took to look.
        let payees = longest(scope, &review.key, entry.at)?.max(review.payees.of(Window::LONGEST));
        let rows = vec![store::review::decide(scope, entry, review, (outcome, Some(payees)), &why)?];
        watch(scope, &BTreeMap::from([(review.key, review.account)]), entry.at)?;
        Ok(rows)
    }

    fn write(&self) -> String {
        format!("{}\n{}", self.review.name(), self.until)
    }

    fn read(text: &str) -> Option<Self> {
        let (review, until) = text.split_once('\n')?;
        Some(Self { review: Id::parse_name(review)?, until: until.parse().ok()? })
    }
}

/// Finds that a reviewed account looks like one to which somebody else's money goes: a report of a suspicion comes of it. One officer
/// may, as payments to it go on waiting.
pub struct SuspectAccount {
    /// The review, by name.
    pub review: String,
    /// Why.
    pub why: String,
    /// Who finds it: the same that gives the command.
    pub officer: Actor,
    /// As in [`DrawReviews`].
    pub is_synthetic: bool,
}

impl Command for SuspectAccount {
    const OPERATION: Operation = policy::SUSPECT_REVIEW;
    type State = ReviewStanding;
    type Change = (Review, Suspicion);
    /// Whether it was not found before.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<ReviewStanding, Error> {
        let id = Id::parse_name(&self.review).ok_or(review::ReviewRefusal::Unknown)?;
        ReviewStanding::load(scope, id)
    }

    fn decide(&self, state: ReviewStanding, env: &Env) -> Result<Decision<(Review, Suspicion), bool>, Refusal> {
        officer::require_named(&self.officer, self.is_synthetic).map_err(MotionRefusal::from)?;
        officer::require_why(&self.why).map_err(MotionRefusal::from)?;
        if state.is(Outcome::Suspicious) {
            return Ok(Decision::unchanged(false));
        }
        let report = Report {
            from: Source::Review,
            by: self.officer.name().to_owned(),
            subject: Suspected::Account,
            account: Some(state.review.account.account()),
            contact: None,
            text: self.why.clone(),
        };
        let suspicion = Suspicion { id: env.id(), at: env.now, payer: None, payee: None, reason: Reason::Mule, report };
        let facts = serde_json::json!({
            "review": state.review.id.name(),
            "outcome": Outcome::Suspicious.name(),
            "suspicion": suspicion.id.name(),
        });
        Ok(Decision::of(vec![(state.review, suspicion)], facts, true))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for (review, suspicion) in changes {
            rows.push(store::review::decide(scope, entry, review, (Outcome::Suspicious, None), &self.why)?);
            rows.push(store::suspicion::insert(scope, entry, suspicion)?);
        }
        Ok(rows)
    }
}

/// The account of a review, for whoever proposes its owner as a lawful collector: nobody else is shown more of it than its end.
///
/// # Errors
/// `review.unknown`, the policy's refusal; or the store's.
pub fn reviewed_account(scope: &Scope<'_>, actor: &Actor, review: &str) -> Result<denmark::Account, Error> {
    policy::PROPOSE_COLLECTOR.require(actor)?;
    Ok(queries::find_review(scope, review)?.account.account())
}

/// Who opened a review, and when.
pub(crate) fn opened(scope: &Scope<'_>, review: &Review) -> Result<journal::Account, Error> {
    journal::read(scope, review.entry)
}
