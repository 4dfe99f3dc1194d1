//! What a return says of the account that it comes from: one that is closed is closed here, and any other is questioned. Each follows once,
//! however often it is looked at.

use crate::back::How;
use crate::batch;
use crate::message::bank::Bearing;
use crate::store;
use crate::store::back::Recorded;
use crate::store::ids::OpenIds;
use crate::store::payment::Outcome;
use kernel::merkle::Encoder;
use kernel::{Actor, Blind, Env, Error, Id, Once, Scope, StoreError, Timestamp, Writer};
use registry::RowRefusal;
use registry::commands::{ChangeAccounts, ChangeAnswer, ReportSuspicion, Suspected, SuspectedPayout};
use registry::designation::Designation;
use registry::proposal::Unexpected;
use registry::queries::closing;
use registry::resolve;
use registry::suspicion::{Reason, Source};

/// What became of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    /// It is closed.
    Closed,
    /// Somebody at the paying authority is to look at it.
    Questioned,
}

/// The payment that came back, as it was when it went on.
struct Went {
    suspected: SuspectedPayout,
    payee: Blind,
    designation: Id<Designation>,
}

/// Does what follows for the account that money came back from; nothing where it went to none of the payee's, or nothing is said of it.
pub(super) fn account(writer: &mut Writer, row: &Recorded, now: Timestamp) -> Result<Option<Followed>, Error> {
    let bearing = row.back.reason.bearing();
    let says_nothing = matches!(bearing, Bearing::Recalled | Bearing::Nothing) || row.back.how == How::Recall;
    if says_nothing {
        return Ok(None);
    }
    let Some(went) = writer.read(|scope| went(scope, row))? else { return Ok(None) };
    if bearing == Bearing::Closed {
        match close(writer, row, &went, now)? {
            Some(ChangeAnswer::Done | ChangeAnswer::Unchanged) => return Ok(Some(Followed::Closed)),
            // By now it is another account, or none.
            Some(ChangeAnswer::Refused(RowRefusal::ExpectsMismatch | RowRefusal::NothingThere)) => return Ok(None),
            _ => {}
        }
    }
    question(writer, row, went, now)?;
    Ok(Some(Followed::Questioned))
}

fn went(scope: &Scope<'_>, row: &Recorded) -> Result<Option<Went>, Error> {
    let (id, number) = (row.back.batch, row.back.number);
    let batch = store::batch::find(scope, id)?;
    let batch = batch.ok_or_else(|| StoreError::broken("money_back", "batch", id.number()))?;
    let (mut payee, mut last) = (None, None);
    store::payment::each_of(scope.tx, id, number..number + 1, |payment| {
        payee = payment.payee;
        last = Some(payment.outcome).filter(Outcome::goes_on);
        Ok(())
    })?;
    store::payment::each_change_of(scope.tx, id, number..number + 1, row.stage, |change| {
        last = Some(change.outcome).filter(Outcome::goes_on).or(last);
        Ok(())
    })?;
    let Some((payee, designation)) = payee.zip(last.and_then(|outcome| outcome.designation)) else { return Ok(None) };
    let suspected = SuspectedPayout {
        batch: batch::name(id),
        end_to_end_id: OpenIds::default().read(scope, id, number)?.end_to_end_id.to_owned(),
        payer: batch.owner,
        payee: Some(payee),
        account: Some(resolve::account_of(scope, designation)?),
    };
    Ok(Some(Went { suspected, payee, designation }))
}

fn once(row: &Recorded, what: &str) -> Option<Once> {
    Some(Once::by(Encoder::default().start(what).bytes(row.back.key.as_bytes()).leaf()))
}

/// Closes the account, as its bank would; none where nobody has the payee's number.
fn close(writer: &mut Writer, row: &Recorded, went: &Went, now: Timestamp) -> Result<Option<ChangeAnswer>, Error> {
    let Some((channel, change)) = writer.read(|scope| closing(scope, &went.payee, went.designation))? else {
        return Ok(None);
    };
    let (actor, env) = (Actor::console(), Env::sample(now, &mut writer.secrets)?);
    let once = once(row, "return.close");
    let request = ChangeAccounts::new(actor.clone(), channel, vec![change], Unexpected::Refuse, once)?;
    let given = [(request, &actor, &env)];
    let mut answers = writer.execute_group(|group| group.execute_jointly(&given))?;
    let answer = answers.pop().transpose().map_err(Error::Refused)?;
    Ok(answer.and_then(|mut answers| answers.pop()))
}

/// Reports the account to whoever answers for the payer's suspicions.
fn question(writer: &mut Writer, row: &Recorded, went: Went, now: Timestamp) -> Result<(), Error> {
    let reason = row.back.reason;
    let actor = Actor::console();
    let command = ReportSuspicion {
        actor: actor.clone(),
        from: Source::Review,
        suspected: Suspected::Payout(Some(went.suspected)),
        reason: if reason.bearing() == Bearing::Fraud { Reason::Mule } else { Reason::Other },
        text: format!("{} ({})", reason.sentence(), reason.code()),
        once: once(row, "return.question"),
    };
    let env = Env::sample(now, &mut writer.secrets)?;
    writer.execute(&command, &actor, &env)?;
    Ok(())
}
