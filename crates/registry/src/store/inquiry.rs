//! What became of the questions to banks whose an account is. A counter, and not the journal's: what a bank answered is an act.

use crate::delivery::Delivery;
use crate::life::Waits;
use crate::ownership::{Inquiry, InquiryState};
use crate::progress::Failed;
use crate::proposal::Proposal;
use kernel::{Error, Id, Row, Statement, Timestamp, Tx, Value, statements};

statements! {
    INSERT = "inquiry.insert":
        "INSERT INTO inquiry (proposal, delivery, state, at, until, tries, round, holder, last_failure, last_code, last_status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SET = "inquiry.update":
        "UPDATE inquiry SET delivery = $1, state = $2, at = $3, until = $4, tries = $5, round = $6, holder = $7,
             last_failure = $8, last_code = $9, last_status = $10
         WHERE proposal = $11";
    FIND = "inquiry.find":
        "SELECT proposal, delivery, state, at, until, tries, round, holder, last_failure, last_code, last_status
         FROM inquiry WHERE proposal = $1";
    UNASKED = "inquiry.unasked":
        "SELECT n.proposal FROM proposal_now n LEFT JOIN inquiry i ON i.proposal = n.proposal
         WHERE n.waits = $1 AND (i.state IS NULL OR i.state = $2) ORDER BY n.proposal LIMIT $3";
    PLACES = "inquiry.places":
        "SELECT DISTINCT delivery FROM inquiry WHERE state = $1 AND at <= $2 ORDER BY delivery LIMIT 1000";
    DUE = "inquiry.due":
        "SELECT proposal FROM inquiry WHERE state = $1 AND delivery = $2 AND at <= $3 ORDER BY at, proposal LIMIT $4";
    OVER = "inquiry.over":
        "SELECT proposal FROM inquiry WHERE state = $1 AND until <= $2 ORDER BY until, proposal LIMIT $3";
    IN_STATE = "inquiry.in_state":
        "SELECT i.proposal, i.delivery, i.state, i.at, i.until, i.tries, i.round, i.holder, i.last_failure, i.last_code,
             i.last_status
         FROM inquiry i JOIN proposal_now n ON n.proposal = i.proposal
         WHERE i.state = $1 AND n.waits > 0 ORDER BY i.proposal LIMIT $2";
    COUNT = "inquiry.count":
        "SELECT COUNT(*) FROM inquiry i JOIN proposal_now n ON n.proposal = i.proposal
         WHERE i.state = $1 AND n.waits > 0";
}

/// A question, of which proposal it is, and where it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) proposal: Id<Proposal>,
    pub(crate) delivery: Id<Delivery>,
    pub(crate) inquiry: Inquiry,
}

fn read(row: &Row<'_>) -> Result<Noted, Error> {
    let moment = Timestamp::from_micros;
    let failure = row.optional_int(8)?.zip(row.optional_text(9)?);
    let status = row.optional_int(10)?;
    let inquiry = Inquiry {
        state: InquiryState::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        at: moment(row.int(3)?),
        until: moment(row.int(4)?),
        tries: row.int(5)?,
        round: row.int(6)?,
        holder: Id::new(row.int(7)?),
        last_failure: failure.map(|(at, code)| Failed { at: moment(at), code: code.to_owned(), status }),
    };
    Ok(Noted { proposal: Id::new(row.int(0)?), delivery: Id::new(row.int(1)?), inquiry })
}

/// What became of the question about a proposal.
pub(crate) fn find(tx: &Tx<'_>, proposal: Id<Proposal>) -> Result<Option<Noted>, Error> {
    tx.optional(&FIND, &[proposal.into()], read)
}

/// Notes a question, or what has become of one.
pub(crate) fn set(tx: &Tx<'_>, noted: &Noted) -> Result<(), Error> {
    let Noted { proposal, delivery, inquiry } = noted;
    let [state, at, until, tries, round, holder, failure, code, status] = columns(inquiry);
    let of = (*proposal).into();
    let place = (*delivery).into();
    if find(tx, *proposal)?.is_none() {
        tx.run(&INSERT, &[of, place, state, at, until, tries, round, holder, failure, code, status])?;
    } else {
        tx.run(&SET, &[place, state, at, until, tries, round, holder, failure, code, status, of])?;
    }
    Ok(())
}

fn columns(inquiry: &Inquiry) -> [Value<'_>; 9] {
    let failure = inquiry.last_failure.as_ref();
    [
        inquiry.state.code().into(),
        inquiry.at.into(),
        inquiry.until.into(),
        inquiry.tries.into(),
        inquiry.round.into(),
        inquiry.holder.into(),
        failure.map(|failure| failure.at).into(),
        failure.map(|failure| &failure.code).into(),
        failure.and_then(|failure| failure.status).into(),
    ]
}

/// The proposals that wait for their bank without its being asked, the oldest first.
pub(crate) fn unasked(tx: &Tx<'_>, limit: usize) -> Result<Vec<Id<Proposal>>, Error> {
    ids(tx, &UNASKED, &[Waits::Ownership.code().into(), InquiryState::Dropped.code().into(), (limit as i64).into()])
}

/// Where something is due to be asked.
pub(crate) fn places(tx: &Tx<'_>, now: Timestamp) -> Result<Vec<Id<Delivery>>, Error> {
    ids(tx, &PLACES, &[InquiryState::Waiting.code().into(), now.into()])
}

/// What is due at a place, the longest due first.
pub(crate) fn due(
    tx: &Tx<'_>,
    delivery: Id<Delivery>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Id<Proposal>>, Error> {
    ids(tx, &DUE, &[InquiryState::Waiting.code().into(), delivery.into(), now.into(), (limit as i64).into()])
}

/// What waits for an answer that would come too late now.
pub(crate) fn over(tx: &Tx<'_>, now: Timestamp, limit: usize) -> Result<Vec<Id<Proposal>>, Error> {
    ids(tx, &OVER, &[InquiryState::Waiting.code().into(), now.into(), (limit as i64).into()])
}

fn ids<T>(tx: &Tx<'_>, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Id<T>>, Error> {
    let mut found = Vec::new();
    tx.each(statement, values, |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// The questions that stand somewhere, of proposals that wait, the oldest first.
pub(crate) fn in_state(tx: &Tx<'_>, state: InquiryState, limit: usize) -> Result<Vec<Noted>, Error> {
    let mut found = Vec::new();
    tx.each(&IN_STATE, &[state.code().into(), (limit as i64).into()], |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// How many stand somewhere, of proposals that wait.
pub(crate) fn count(tx: &Tx<'_>, state: InquiryState) -> Result<i64, Error> {
    tx.one(&COUNT, &[state.code().into()], |row| row.int(0))
}
