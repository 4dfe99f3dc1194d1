use super::Session;
use super::motion::motion_line;
use crate::cli::{Outcome, Review};
use crate::console::Answer;
use kernel::Error;
use registry::collector;
use registry::commands::{
    Draw, DrawReviews, Drawn, LeaveAlone, ListReviewPayees, ReviewPayee, ReviewPayees, SuspectAccount, find_collecting,
    reviewed_account,
};
use registry::queries::{self, Payees, ReviewMotion, ReviewShown, ReviewView};
use serde::Serialize;
use serde_json::json;

/// As many reviews are read at a time.
const PAGE_ROWS: usize = 1000;

#[derive(Serialize)]
struct Listed {
    reviews: Vec<ReviewView>,
    motions: Vec<ReviewMotion>,
}

impl Session {
    pub(super) fn review(&mut self, command: Review) -> Result<Answer, Error> {
        match command {
            Review::List { all } => self.list_reviews(!all),
            Review::Show { id } => {
                let (now, actor) = (self.env()?.now, &self.actor);
                let shown = self.writer.read(|scope| queries::review(scope, actor, &id, now))?;
                Ok(Answer::done(shown_text(&shown), &shown))
            }
            Review::Payees { id } => {
                let env = self.env()?;
                let command = ListReviewPayees { review: id, actor: self.actor.clone(), now: env.now };
                let found = self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done(payees_text(&found), &found))
            }
            Review::Decide { id, outcome: Outcome::Suspicious, reason, .. } => {
                let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
                let officer = self.actor.clone();
                let command = SuspectAccount { review: id.to_uppercase(), why: reason, officer, is_synthetic };
                let changed = self.writer.execute(&command, &self.actor, &env)?;
                let text = if changed { "Found it suspicious." } else { "It was found suspicious before." };
                Ok(Answer::done(text, &json!({ "id": command.review, "state": "suspicious", "changed": changed })))
            }
            Review::Decide { id, outcome: Outcome::Collector, until, cvr, name, reason } => {
                let (Some(review_by), Some(cvr), Some(name)) = (until, cvr, name) else { return Err(unsaid()) };
                let actor = &self.actor;
                let account = self.writer.read(|scope| reviewed_account(scope, actor, &id))?;
                self.propose(collector::Collector { cvr, account, name, review_by }, reason)
            }
            Review::Decide { id, outcome: Outcome::LeftAlone, until, reason, .. } => {
                let Some(until) = until else { return Err(unsaid()) };
                self.propose(LeaveAlone::new(&id, until)?, reason)
            }
            Review::Approve { id } => self.approve::<LeaveAlone>(id),
            Review::Refuse { id, reason } => self.refuse::<LeaveAlone>(id, reason),
            Review::Withdraw { id } => self.withdraw::<LeaveAlone>(id),
            Review::Draw { seed, count, over } => {
                self.count_payees()?;
                let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
                let (officer, count) = (self.actor.clone(), usize::from(count));
                let draw = self.writer.read(|scope| Draw::find(scope, &officer, seed, count, over, env.now))?;
                let drawn = self.writer.execute(&DrawReviews { draw, officer, is_synthetic }, &self.actor, &env)?;
                Ok(Answer::done(drawn_text(&drawn), &drawn))
            }
        }
    }

    /// Reviews and what is proposed about them, after those were opened that are due.
    fn list_reviews(&mut self, open_only: bool) -> Result<Answer, Error> {
        self.count_payees()?;
        let now = self.env()?.now;
        find_collecting(&mut self.writer, &self.actor, now)?;
        let actor = &self.actor;
        let listed = self.writer.read(|scope| {
            let (mut reviews, mut after) = (Vec::new(), None);
            loop {
                let page = queries::reviews(scope, actor, open_only, after, PAGE_ROWS, now)?;
                reviews.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            Ok(Listed { reviews, motions: queries::review_motions(scope, actor, now)? })
        })?;
        Ok(Answer::done(list_text(&listed), &listed))
    }
}

/// The command line asks for it.
fn unsaid() -> Error {
    kernel::StoreError::plain("the command line lets nobody leave that out").into()
}

fn payees(Payees { days_3, days_30, months_6 }: &Payees) -> String {
    format!("{days_3} in 3 days, {days_30} in 30 days, {months_6} in 6 months")
}

fn review_text(review: &ReviewView) -> String {
    let ReviewView { id, state, account, cause, opened, opened_by, held, until, .. } = review;
    let mut text = format!("{id}  {state}  {account}  {cause}, opened {opened} by {opened_by}\n");
    text.push_str(&format!(
        "  payees: {}; paid: {}; payments held: {held}\n",
        payees(&review.payees),
        payees(&review.paid)
    ));
    if let (Some(decided), Some(by), Some(why)) = (&review.decided, &review.decided_by, &review.why) {
        let until = until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
        text.push_str(&format!("  {state}{until}, decided {decided} by {by}: {why}\n"));
    }
    text
}

fn motion_text(ReviewMotion { motion, review, left_alone_until }: &ReviewMotion) -> String {
    format!("{}  to leave the account of {review} alone until {left_alone_until}\n", motion_line(motion))
}

fn list_text(Listed { reviews, motions }: &Listed) -> String {
    let mut text: String = reviews.iter().map(review_text).collect();
    if reviews.is_empty() {
        text.push_str("No account is to be looked at.\n");
    }
    text.extend(motions.iter().map(motion_text));
    text
}

fn shown_text(ReviewShown { review, payees_now, paid_now, motions }: &ReviewShown) -> String {
    let mut text = review_text(review);
    text.push_str(&format!("  now payees: {}; paid: {}\n", payees(payees_now), payees(paid_now)));
    text.extend(motions.iter().map(motion_text));
    text
}

fn payees_text(ReviewPayees { payees, more, .. }: &ReviewPayees) -> String {
    let mut text = String::new();
    for ReviewPayee { payee, left, paid } in payees {
        let left = left.as_ref().map(|left| format!(", left {left}")).unwrap_or_default();
        let paid = paid.as_ref().map(|paid| format!(", paid {paid}")).unwrap_or_default();
        text.push_str(&format!("{payee}{left}{paid}\n"));
    }
    text.push_str(if *more { "There are more." } else { "These are all." });
    text
}

fn drawn_text(Drawn { seed, over, among, drawn }: &Drawn) -> String {
    let mut text = String::new();
    for account in drawn {
        let was = if account.opened { "" } else { "  open before" };
        text.push_str(&format!("{}  {}  {} payees{was}\n", account.review, account.account, account.payees));
    }
    text.push_str(&format!("Drawn by '{seed}' among {among} accounts with more than {over} payees."));
    text
}
