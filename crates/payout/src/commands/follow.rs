//! What a return says of the account that it comes from: one that is closed is closed here, and any other is questioned. Each follows once,
//! however often it is looked at.

use crate::back::MoneyBack;
use crate::batch;
use crate::message::bank::Bearing;
use crate::message::named_account;
use crate::payment::State;
use crate::store;
use crate::store::back::Recorded;
use crate::store::ids::{Ids, OpenIds};
use crate::store::payment::Outcome;
use denmark::Account;
use kernel::journal::ENTRIES_MAX;
use kernel::merkle::Encoder;
use kernel::{Actor, Blind, Env, Error, Id, Once, Scope, StoreError, Timestamp, Writer};
use registry::RowRefusal;
use registry::commands::{ChangeAccounts, ChangeAnswer, ReportSuspicion, Suspected, SuspectedPayout};
use registry::designation::Designation;
use registry::payer::Payer;
use registry::proposal::Unexpected;
use registry::purpose::{self, BenefitKind};
use registry::queries::{Closing, closing};
use registry::resolve::{self, Query, Resolution};
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
    /// Whether the account's own bank brings the return, or the agency.
    is_said_by_its_bank: bool,
}

/// Returns of which what was left undone is done at a time.
const RESTS_MAX: i64 = 100;

/// Does what follows for the account that money came back from; nothing where it went to none of the payee's, or nothing is said of it.
pub(super) fn account(
    writer: &mut Writer,
    id: Id<MoneyBack>,
    row: &Recorded,
    now: Timestamp,
) -> Result<Option<Followed>, Error> {
    if !row.back.is_followed() {
        return Ok(None);
    }
    let followed = match writer.read(|scope| went(scope, row, now))? {
        Some(went) => follow(writer, row, went, now)?,
        None => None,
    };
    writer.connection.stage(|tx| store::arrived::delete_unfollowed(tx, id))?;
    Ok(followed)
}

/// Does what was left undone, if whoever booked a return was cut off; of how many it cannot be done.
pub(super) fn rest(writer: &mut Writer, now: Timestamp) -> Result<usize, Error> {
    let rows = writer.read(|scope| {
        let keys = store::arrived::unfollowed(scope.tx, RESTS_MAX)?;
        let rows = keys.iter().map(|key| store::back::find_with_id(scope, key));
        rows.filter_map(Result::transpose).collect::<Result<Vec<_>, Error>>()
    })?;
    let mut refused = 0;
    for (id, row) in &rows {
        match account(writer, *id, row, now) {
            Ok(_) => {}
            Err(Error::Refused(_) | Error::Conflict(_)) => refused += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

fn follow(writer: &mut Writer, row: &Recorded, went: Went, now: Timestamp) -> Result<Option<Followed>, Error> {
    // What another bank says of an account is for people to look at.
    if row.back.reason.bearing() == Bearing::Closed && went.is_said_by_its_bank {
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

fn went(scope: &Scope<'_>, row: &Recorded, now: Timestamp) -> Result<Option<Went>, Error> {
    let (id, number) = (row.back.batch, row.back.number);
    let batch = store::batch::find(scope, id)?;
    let batch = batch.ok_or_else(|| StoreError::broken("money_back", "batch", id.number()))?;
    let (mut payee, mut last) = (None, None);
    store::payment::each_of(scope.tx, id, number..number + 1, |payment| {
        payee = payment.payee;
        last = Some(payment.outcome).filter(Outcome::goes_on);
        Ok(())
    })?;
    // By the stage itself it may lie in the waiting account.
    store::payment::each_change_of(scope.tx, id, number..number + 1, row.stage - 1, |change| {
        last = Some(change.outcome).filter(Outcome::goes_on).or(last);
        Ok(())
    })?;
    let mut ids = OpenIds::default();
    let ids = ids.read(scope, id, number)?;
    let own = match last {
        Some(Outcome { state: State::Passed, .. }) => registered(scope, batch.owner, &ids, now)?,
        last => payee.zip(last.and_then(|outcome| outcome.designation)),
    };
    let Some((payee, designation)) = own else { return Ok(None) };
    let account = resolve::account_of(scope, designation)?;
    // A person may have said of which payment it is, though it went elsewhere: then nobody has said anything of this account.
    let is_it = row
        .back
        .said
        .account
        .as_deref()
        .and_then(|said| Account::parse(said).ok())
        .is_some_and(|said| account.is(&said));
    if !is_it {
        return Ok(None);
    }
    let banks = resolve::banks_at(scope.tx, ENTRIES_MAX)?;
    let its_bank = account.reg().and_then(|reg| banks.get(reg)).map(|bank| bank.name.as_str());
    let suspected = SuspectedPayout {
        batch: batch::name(id),
        end_to_end_id: ids.end_to_end_id.to_owned(),
        payer: batch.owner,
        payee: Some(payee),
        account: Some(account),
    };
    let is_said_by_its_bank = row.back.said.bank.as_deref().is_none_or(|bank| its_bank == Some(bank));
    Ok(Some(Went { suspected, payee, designation, is_said_by_its_bank }))
}

/// The payee whom a file names by number beside an account, and by which designation the registry has it for them, if it does.
fn registered(
    scope: &Scope<'_>,
    payer: Id<Payer>,
    ids: &Ids<'_>,
    now: Timestamp,
) -> Result<Option<(Blind, Id<Designation>)>, Error> {
    let Some((payee, account)) = ids.named().zip(ids.account.and_then(named_account)) else { return Ok(None) };
    let purpose = ids.benefit.and_then(BenefitKind::parse).map(|kind| purpose::key(scope.vault, payer, &kind));
    let mut found = None;
    resolve::resolve_many(scope, &[Query { payee, purpose }], now, |_, resolution| {
        if let Resolution::Account(in_force) = resolution {
            found = Some(in_force).filter(|in_force| in_force.account.is(&account));
        }
        Ok(())
    })?;
    Ok(found.map(|in_force| (payee, in_force.designation)))
}

fn once(row: &Recorded, what: &str) -> Option<Once> {
    Some(Once::by(Encoder::default().start(what).bytes(row.back.key.as_bytes()).leaf()))
}

/// Closes the account, as its bank would; none where nobody has the payee's number.
fn close(writer: &mut Writer, row: &Recorded, went: &Went, now: Timestamp) -> Result<Option<ChangeAnswer>, Error> {
    let Some(Closing { channel, row: change }) = writer.read(|scope| closing(scope, &went.payee, went.designation))?
    else {
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
