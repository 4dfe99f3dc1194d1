//! Proposals, what was done about them, and what each waits for.

use crate::designation::{Action, Channel, Designation};
use crate::life::{Act, ActKind, Evidence, NEVER, Waits};
use crate::proposal::{Asked, Proposal, SpecificPurpose};
use crate::store;
use crate::store::designation::read_grounds;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Authenticator, Blind, Domain, Error, Id, Row, Scope, Statement, Timestamp, Tx, Value, Vault, statements};
use std::ops::Range;

statements! {
    INSERT = "proposal.insert":
        "INSERT INTO proposal (id, entry, at, payee, purpose, channel_key, replaces, is_first, names_replaced, reason,
                               consent, asked)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    FIND = "proposal.find":
        "SELECT id, entry, at, payee, purpose, channel_key, replaces, is_first, names_replaced, reason, consent, asked
         FROM proposal WHERE id = $1";
    RANGE = "proposal.range":
        "SELECT id, entry, at, payee, purpose, channel_key, replaces, is_first, names_replaced, reason, consent, asked
         FROM proposal WHERE entry >= $1 AND entry < $2 ORDER BY entry, id";
    PLACES = "proposal.places":
        "SELECT entry, id FROM proposal WHERE (entry, id) > ($1, $2) ORDER BY entry, id LIMIT $3";
    PROPOSED_AT = "proposal.proposed_at":
        "SELECT entry, id, payee FROM proposal WHERE entry = $1 ORDER BY id LIMIT $2 OFFSET $3";
    PROPOSED_AFTER = "proposal.proposed_after":
        "SELECT entry, id, payee FROM proposal WHERE entry > $1 ORDER BY entry, id LIMIT $2";
    ENDED_AFTER = "proposal_act.ended_after":
        "SELECT a.id, p.id, p.payee FROM proposal_act a JOIN proposal p ON p.id = a.proposal
         WHERE a.id > $1 AND a.kind >= $2 ORDER BY a.id LIMIT $3";
    LASTED = "proposal.lasted":
        "SELECT p.entry, a.id FROM proposal p LEFT JOIN proposal_act a ON a.proposal = p.id AND a.kind >= $1
         WHERE p.id = $2 ORDER BY a.id LIMIT 1";
    ANY_BUT = "proposal.any_but": "SELECT id FROM proposal WHERE channel_key <> $1 LIMIT 1";
    COUNT = "proposal.count": "SELECT COUNT(*) FROM proposal";
    INSERT_ACT = "proposal_act.insert":
        "INSERT INTO proposal_act (id, proposal, kind, at, act) VALUES ($1, $2, $3, $4, $5)";
    ACTS = "proposal_act.of_proposal":
        "SELECT id, proposal, kind, at, act FROM proposal_act WHERE proposal = $1 ORDER BY id LIMIT 1000";
    ACT_RANGE = "proposal_act.range":
        "SELECT id, proposal, kind, at, act FROM proposal_act WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ACTS = "proposal_act.count": "SELECT COUNT(*) FROM proposal_act";
    INSERT_NOW = "proposal_now.insert":
        "INSERT INTO proposal_now (proposal, payee, waits, due, look) VALUES ($1, $2, $3, $4, $5)";
    SET_NOW = "proposal_now.update": "UPDATE proposal_now SET waits = $1, due = $2, look = $3 WHERE proposal = $4";
    NOW = "proposal_now.find": "SELECT waits, due FROM proposal_now WHERE proposal = $1";
    LOOK_AGAIN = "proposal_now.look_again": "UPDATE proposal_now SET look = $1 WHERE waits > 0";
    LOOK_AGAIN_AT = "proposal_now.look_again_at": "UPDATE proposal_now SET look = $1 WHERE payee = $2 AND waits > 0";
    PUT_OFF = "proposal_now.put_off": "UPDATE proposal_now SET look = $1 WHERE proposal = $2";
    DUE = "proposal_now.due":
        "SELECT proposal, waits FROM proposal_now WHERE look <= $1 ORDER BY look, proposal LIMIT $2";
    OF_PAYEE = "proposal_now.of_payee":
        "SELECT proposal FROM proposal_now WHERE payee = $1 AND waits > 0 ORDER BY proposal LIMIT 1000";
    SPECIFIC_OF_PAYEE = "proposal_now.specific_of_payee":
        "SELECT p.id, p.asked, n.waits, n.due FROM proposal_now n JOIN proposal p ON p.id = n.proposal
         WHERE n.payee = $1 AND n.waits > 0 AND p.purpose IS NOT NULL ORDER BY p.id LIMIT 1000";
    PENDING = "proposal.pending":
        "SELECT p.id, p.asked, n.waits, n.due FROM proposal p JOIN proposal_now n ON n.proposal = p.id WHERE p.id = $1";
    NEW_OF = "proposal.new_of": "SELECT payee FROM proposal WHERE entry >= $1 ORDER BY entry, id";
    DONE_ABOUT = "proposal_act.done_about":
        "SELECT n.payee FROM proposal_act a JOIN proposal_now n ON n.proposal = a.proposal WHERE a.id >= $1 ORDER BY a.id";
    NTH_NEWEST = "proposal_now.nth_newest":
        "SELECT proposal FROM proposal_now WHERE payee = $1 ORDER BY proposal DESC LIMIT 1 OFFSET $2";
    WAITING = "proposal_now.waiting":
        "SELECT proposal FROM proposal_now WHERE waits > 0 AND proposal > $1 ORDER BY proposal LIMIT $2";
    WAITING_FOR = "proposal_now.waiting_for":
        "SELECT proposal FROM proposal_now WHERE waits = $1 AND proposal > $2 ORDER BY proposal LIMIT $3";
    WAITING_OF_CHANNEL = "proposal_now.waiting_of_channel":
        "SELECT p.id FROM proposal p JOIN proposal_now n ON n.proposal = p.id
         WHERE p.channel_key = $1 AND p.id > $2 AND n.waits > 0 ORDER BY p.id LIMIT $3";
    LINKS = "proposal.links":
        "SELECT p.id, p.payee, p.purpose, n.payee, n.waits, n.due
         FROM proposal p LEFT JOIN proposal_now n ON n.proposal = p.id
         WHERE p.entry >= $1 AND p.entry < $2 ORDER BY p.entry, p.id";
    ENDED = "proposal_act.ended":
        "SELECT proposal, kind FROM proposal_act WHERE id >= $1 AND id < $2 AND kind >= $3 ORDER BY id";
    COUNT_NOW = "proposal_now.count": "SELECT COUNT(*) FROM proposal_now";
}

const ASKED_COLUMN: &str = "proposal.asked";
const ACT_COLUMN: &str = "proposal_act.act";

/// The blind index of who asks by a channel.
fn channel_key(vault: &Vault, channel: &Channel) -> Blind {
    vault.blind(Domain("channel"), &channel.name())
}

/// For what a proposal waits, and until when.
pub(crate) type Noted = (Waits, Timestamp);

/// Adds proposals with what each waits for and when it is due, each entry's in the order of their ids; the rows of each entry.
pub(crate) fn insert_many(scope: &Scope<'_>, new: &[(Entry, &Proposal, Option<Noted>)]) -> Result<Vec<Rows>, Error> {
    let mut encoder = Encoder::default();
    let (mut rows, mut sealed) = (Vec::new(), Vec::with_capacity(new.len()));
    for of_entry in new.chunk_by(|(one, ..), (other, ..)| one == other) {
        let mut tree = Tree::default();
        for (_, proposal, ..) in of_entry {
            let (key, asked) = (channel_key(scope.vault, &proposal.asked.channel), proposal.asked.to_text());
            sealed.push((key, scope.vault.seal(ASKED_COLUMN, proposal.id, asked.as_bytes())?));
            tree.push(leaf(&mut encoder, proposal, &key, asked.as_bytes()));
        }
        rows.push(Rows::of(ProposalTable.name(), &tree));
    }
    scope.tx.run_many(
        &INSERT,
        new.iter().zip(&sealed).map(|((entry, proposal, ..), (key, asked))| {
            [
                proposal.id.into(),
                entry.number().into(),
                proposal.at.into(),
                (&proposal.payee).into(),
                proposal.purpose.as_ref().into(),
                key.into(),
                proposal.replaces.into(),
                proposal.is_first.into(),
                proposal.names_replaced.into(),
                proposal.grounds.map(|grounds| grounds.reason.code()).into(),
                proposal.grounds.map(|grounds| grounds.consent.code()).into(),
                asked.into(),
            ]
        }),
    )?;
    scope.tx.run_many(
        &INSERT_NOW,
        new.iter().map(|(_, proposal, waits)| {
            let (code, due) = noted(*waits);
            [proposal.id.into(), (&proposal.payee).into(), code.into(), due.into(), due.into()]
        }),
    )?;
    Ok(rows)
}

/// A proposal and what was done about it.
pub(crate) struct Found {
    pub(crate) proposal: Proposal,
    pub(crate) evidence: Evidence,
}

fn open_asked(scope: &Scope<'_>, row: &Row<'_>, id: Id<Proposal>, column: usize) -> Result<Asked, Error> {
    let opened = scope.vault.open(ASKED_COLUMN, id, row.bytes(column)?)?;
    let asked = std::str::from_utf8(&opened).ok().and_then(Asked::from_text);
    Ok(asked.ok_or_else(|| row.broken(column))?)
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Proposal, Blind, i64), Error> {
    let id: Id<Proposal> = Id::new(row.int(0)?);
    let asked = open_asked(scope, row, id, 11)?;
    let proposal = Proposal {
        id,
        at: Timestamp::from_micros(row.int(2)?),
        payee: Blind::from_bytes(row.array(3)?),
        purpose: row.optional_bytes(4)?.map(|_| row.array(4)).transpose()?.map(Blind::from_bytes),
        replaces: row.optional_int(6)?.map(Id::<Designation>::new),
        is_first: row.bool(7)?,
        names_replaced: row.bool(8)?,
        grounds: read_grounds(row, 9)?,
        asked,
    };
    Ok((proposal, Blind::from_bytes(row.array(5)?), row.int(1)?))
}

/// A proposal with all that was done about it.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Proposal>) -> Result<Option<Found>, Error> {
    let Some((proposal, ..)) = scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))? else {
        return Ok(None);
    };
    let mut acts = Vec::new();
    scope.tx.each(&ACTS, &[id.into()], |row| {
        acts.push(read_act(scope, row)?);
        Ok(())
    })?;
    let contests = store::contest::of(scope.tx, &proposal.payee)?;
    Ok(Some(Found { proposal, evidence: Evidence::of(acts).within(contests) }))
}

/// Where the proposals stand in the journal that were recorded after a place, at most so many: their entries and ids.
pub(crate) fn places(tx: &Tx<'_>, after: (i64, i64), limit: i64) -> Result<Vec<(i64, i64)>, Error> {
    let mut found = Vec::new();
    tx.each(&PLACES, &[after.0.into(), after.1.into(), limit.into()], |row| {
        found.push((row.int(0)?, row.int(1)?));
        Ok(())
    })?;
    Ok(found)
}

/// What was proposed after a place, at most so many: each at a place of its own within its entry, whose it is.
pub(crate) fn proposed_after(tx: &Tx<'_>, place: i64, limit: usize) -> Result<Vec<(i64, Id<Proposal>, Blind)>, Error> {
    let (entry, limit) = (journal::entry_of(place), i64::try_from(limit).unwrap_or(i64::MAX));
    let mut found: Vec<(i64, Id<Proposal>, Blind)> = Vec::new();
    let next_place = place + 1;
    let mut next = next_place;
    let mut add = |row: &Row<'_>| {
        let first = journal::first_row_of(row.int(0)?);
        let place = next.max(first);
        next = place + 1;
        found.push((place, Id::new(row.int(1)?), Blind::from_bytes(row.array(2)?)));
        Ok(())
    };
    // So many of the entry's come before.
    let passed = next_place - journal::first_row_of(entry);
    tx.each(&PROPOSED_AT, &[entry.into(), limit.into(), passed.into()], &mut add)?;
    tx.each(&PROPOSED_AFTER, &[entry.into(), limit.into()], &mut add)?;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// How a proposal's act ended it, after a place, at most so many: the act's place, the proposal, and whose it is.
pub(crate) fn ended_after(tx: &Tx<'_>, place: i64, limit: usize) -> Result<Vec<(i64, Id<Proposal>, Blind)>, Error> {
    let mut found = Vec::new();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.each(&ENDED_AFTER, &[place.into(), ActKind::Cancelled.code().into(), limit.into()], |row| {
        found.push((row.int(0)?, Id::new(row.int(1)?), Blind::from_bytes(row.array(2)?)));
        Ok(())
    })?;
    Ok(found)
}

/// A proposal, unless the entry that recorded it ended it, so that it never waited.
pub(crate) fn find_waiting(scope: &Scope<'_>, id: Id<Proposal>) -> Result<Option<Proposal>, Error> {
    let has_waited = scope.tx.one(&LASTED, &[ActKind::Cancelled.code().into(), id.into()], |row| {
        let entry = row.int(0)?;
        Ok(row.optional_int(1)?.is_none_or(|ended| journal::entry_of(ended) != entry))
    })?;
    if has_waited { scope.tx.one(&FIND, &[id.into()], |row| Ok(read(scope, row)?.0)).map(Some) } else { Ok(None) }
}

/// The newest proposal about a payee but for so many newer ones.
pub(crate) fn newest_but(tx: &Tx<'_>, payee: &Blind, newer: i64) -> Result<Option<Id<Proposal>>, Error> {
    tx.optional(&NTH_NEWEST, &[payee.into(), newer.into()], |row| Ok(Id::new(row.int(0)?)))
}

/// Whether anybody but those of one channel has ever proposed anything.
pub(crate) fn is_any_but(scope: &Scope<'_>, channel: &Channel) -> Result<bool, Error> {
    let key = channel_key(scope.vault, channel);
    Ok(scope.tx.optional(&ANY_BUT, &[(&key).into()], |row| row.int(0))?.is_some())
}

/// Proposals of these ids, each with all that was done about it.
pub(crate) fn find_many(
    scope: &Scope<'_>,
    ids: impl Iterator<Item = i64> + Clone,
    mut found: impl FnMut(&Found),
) -> Result<(), Error> {
    let (mut proposals, mut acts) = (Vec::new(), Vec::new());
    scope.tx.look_up(&FIND, ids.clone().map(Value::from), |at, row| {
        proposals.push((at, read(scope, row)?.0));
        Ok(())
    })?;
    scope.tx.look_up(&ACTS, ids.map(Value::from), |at, row| {
        acts.push((at, read_act(scope, row)?));
        Ok(())
    })?;
    let mut acts = acts.into_iter().peekable();
    for (at, proposal) in proposals {
        let mut of_proposal = Vec::new();
        while let Some((_, act)) = acts.next_if(|(of, _)| *of == at) {
            of_proposal.push(act);
        }
        found(&Found { proposal, evidence: Evidence::of(of_proposal) });
    }
    Ok(())
}

fn read_act(scope: &Scope<'_>, row: &Row<'_>) -> Result<Act, Error> {
    let opened = scope.vault.open(ACT_COLUMN, Id::<Act>::new(row.int(0)?), row.bytes(4)?)?;
    let text = std::str::from_utf8(&opened).map_err(|_| row.broken(4))?;
    let mut parts = text.splitn(3, '\n');
    let (Some(by), Some(authenticator), Some(detail)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(row.broken(4).into());
    };
    let authenticator = Some(authenticator).filter(|printed| !printed.is_empty());
    let authenticator = authenticator.map(|printed| Authenticator::parse(printed).ok_or_else(|| row.broken(4)));
    Ok(Act {
        authenticator: authenticator.transpose()?,
        kind: ActKind::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        at: Timestamp::from_micros(row.int(3)?),
        by: by.to_owned(),
        detail: detail.to_owned(),
    })
}

/// As it is sealed: by whom, by which authenticator, and more of it.
fn act_text(act: &Act) -> String {
    let authenticator = act.authenticator.as_ref().map_or_else(String::new, Authenticator::to_string);
    format!("{}\n{authenticator}\n{}", act.by, act.detail)
}

/// Adds an act to a proposal, and to the tree of what its entry records.
pub(crate) fn add_act(
    scope: &Scope<'_>,
    id: Id<Act>,
    proposal: &Proposal,
    act: &Act,
    tree: &mut Tree,
) -> Result<(), Error> {
    let text = act_text(act);
    let sealed = scope.vault.seal(ACT_COLUMN, id, text.as_bytes())?;
    let values = [id.into(), proposal.id.into(), act.kind.code().into(), act.at.into(), (&sealed).into()];
    scope.tx.run(&INSERT_ACT, &values)?;
    tree.push(act_leaf(&mut Encoder::default(), id, proposal.id, act.kind, act.at, text.as_bytes()));
    Ok(())
}

/// What an entry says of the acts that it records.
pub(crate) fn acts(tree: &Tree) -> Rows {
    Rows::of(ActTable.name(), tree)
}

/// What is noted of what a proposal waits for.
fn noted(waits: Option<(Waits, Timestamp)>) -> (i64, Timestamp) {
    waits.map_or((0, NEVER), |(waits, due)| (waits.code(), due))
}

/// Notes what a proposal waits for; `None` when it has ended.
pub(crate) fn set_now(tx: &Tx<'_>, proposal: &Proposal, waits: Option<(Waits, Timestamp)>) -> Result<(), Error> {
    let (code, due) = noted(waits);
    tx.run(&SET_NOW, &[code.into(), due.into(), due.into(), proposal.id.into()])?;
    if proposal.purpose.is_some() {
        return Ok(());
    }
    match waits {
        None => store::payee::clear_pending(tx, &proposal.payee, proposal.id),
        Some(_) => Ok(()),
    }
}

/// By the code of what a proposal waits for; 0 for nothing any more, as of one that is not there.
pub(crate) fn waits_code(tx: &Tx<'_>, proposal: Id<Proposal>) -> Result<i64, Error> {
    Ok(tx.optional(&NOW, &[proposal.into()], |row| row.int(0))?.unwrap_or(0))
}

/// Until when a proposal counts as one that waits, of what is noted of it; none of one that has ended. What waits for a person has lapsed
/// when it is due; what waits for time takes effect then, what waits for a bank or for contested accounts goes on, and all wait until they did.
fn counts_until(row: &Row<'_>, waits: usize) -> Result<Option<Timestamp>, Error> {
    let unlapsing = [Waits::Time(NEVER), Waits::Ownership, Waits::Unfreezing].map(Waits::code);
    Ok(match row.int(waits)? {
        0 => None,
        code if unlapsing.contains(&code) => Some(NEVER),
        _ => Some(Timestamp::from_micros(row.int(waits + 1)?)),
    })
}

/// Until when proposals count as ones that wait, by their sorted ids; `found` gets the place of each that does.
pub(crate) fn pending_until(
    tx: &Tx<'_>,
    ids: impl IntoIterator<Item = Id<Proposal>>,
    mut found: impl FnMut(usize, Timestamp),
) -> Result<(), Error> {
    tx.look_up(&NOW, ids.into_iter().map(Into::into), |at, row| {
        if let Some(until) = counts_until(row, 0)? {
            found(at, until);
        }
        Ok(())
    })
}

/// What proposals ask to be done, and until when they count as ones that wait, by their sorted ids; `found` gets the place of each that
/// does.
pub(crate) fn pending(
    scope: &Scope<'_>,
    ids: impl IntoIterator<Item = Id<Proposal>>,
    mut found: impl FnMut(usize, Action, Timestamp),
) -> Result<(), Error> {
    scope.tx.look_up(&PENDING, ids.into_iter().map(Into::into), |at, row| {
        if let Some(until) = counts_until(row, 2)? {
            found(at, open_asked(scope, row, Id::new(row.int(0)?), 1)?.action, until);
        }
        Ok(())
    })
}

/// The payees about whom something was proposed since the journal had so many entries, or done about what was.
pub(crate) fn changed_since(
    tx: &Tx<'_>,
    entries: i64,
    mut changed: impl FnMut(Blind) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&NEW_OF, &[entries.into()], |row| changed(Blind::from_bytes(row.array(0)?)))?;
    let first = journal::first_row_of(entries);
    tx.each(&DONE_ABOUT, &[first.into()], |row| changed(Blind::from_bytes(row.array(0)?)))
}

/// The same of the specific accounts of payees, by their sorted keys; `found` gets the place of each payee, for what, what is asked to be
/// done, and until when.
pub(crate) fn specifics_pending_until<'k>(
    scope: &Scope<'_>,
    payees: impl IntoIterator<Item = &'k Blind>,
    mut found: impl FnMut(usize, SpecificPurpose, Action, Timestamp),
) -> Result<(), Error> {
    scope.tx.look_up(&SPECIFIC_OF_PAYEE, payees.into_iter().map(Into::into), |at, row| {
        let asked = open_asked(scope, row, Id::new(row.int(0)?), 1)?;
        if let Some((purpose, until)) = asked.specific.zip(counts_until(row, 2)?) {
            found(at, purpose, asked.action, until);
        }
        Ok(())
    })
}

/// Lets all proposals that wait, or those of one payee, be looked at anew by a moment: what is demanded of them, or known, has changed.
pub(crate) fn look_again(tx: &Tx<'_>, payee: Option<&Blind>, at: Timestamp) -> Result<(), Error> {
    match payee {
        None => tx.run(&LOOK_AGAIN, &[at.into()]),
        Some(payee) => tx.run(&LOOK_AGAIN_AT, &[at.into(), payee.into()]),
    }
    .map(|_| ())
}

/// Lets a proposal not be looked at before a moment.
pub(crate) fn put_off(tx: &Tx<'_>, id: Id<Proposal>, until: Timestamp) -> Result<(), Error> {
    tx.run(&PUT_OFF, &[until.into(), id.into()]).map(|_| ())
}

/// What is to be looked at by a moment, the longest due first; and what each waits for, as it was last looked at.
pub(crate) fn due(tx: &Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<(Id<Proposal>, i64)>, Error> {
    let mut found = Vec::new();
    tx.each(&DUE, &[now.into(), limit.into()], |row| {
        found.push((Id::new(row.int(0)?), row.int(1)?));
        Ok(())
    })?;
    Ok(found)
}

fn ids(tx: &Tx<'_>, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Id<Proposal>>, Error> {
    let mut found = Vec::new();
    tx.each(statement, values, |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// The proposals of payees that have not ended, whichever account they are for.
pub(crate) fn waiting_of<'k>(
    tx: &Tx<'_>,
    payees: impl IntoIterator<Item = &'k Blind>,
) -> Result<Vec<Id<Proposal>>, Error> {
    let mut found = Vec::new();
    tx.look_up(&OF_PAYEE, payees.into_iter().map(Into::into), |_, row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// The proposals that wait, of all or of one channel, or for one thing; the oldest first, after a place.
pub(crate) fn waiting(
    scope: &Scope<'_>,
    of: Waiting<'_>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Id<Proposal>>, Error> {
    let after = after.unwrap_or(0);
    match of {
        Waiting::All => ids(scope.tx, &WAITING, &[after.into(), limit.into()]),
        Waiting::For(waits) => ids(scope.tx, &WAITING_FOR, &[waits.code().into(), after.into(), limit.into()]),
        Waiting::Channel(channel) => {
            let key = channel_key(scope.vault, channel);
            ids(scope.tx, &WAITING_OF_CHANNEL, &[(&key).into(), after.into(), limit.into()])
        }
    }
}

/// Which proposals are meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waiting<'w> {
    /// All.
    All,
    /// Those that wait for this.
    For(Waits),
    /// Those of this channel.
    Channel(&'w Channel),
}

/// What ties a proposal to what is noted of it.
pub(crate) struct Link {
    pub(crate) id: i64,
    pub(crate) payee: Blind,
    pub(crate) is_default: bool,
    /// Whether it is noted as one that waits; none where nothing is noted, or of somebody else.
    pub(crate) waits: Option<bool>,
}

/// The links of all proposals, in the order in which they were recorded.
pub(crate) fn links(tx: &Tx<'_>, mut visit: impl FnMut(&Link) -> Result<(), Error>) -> Result<(), Error> {
    tx.each(&LINKS, &[0.into(), journal::ENTRIES_MAX.into()], |row| {
        let payee = Blind::from_bytes(row.array(1)?);
        let is_same = row.optional_bytes(3)?.is_some_and(|noted| noted == payee.as_bytes().as_slice());
        let waits = match (row.optional_int(4)?, row.optional_int(5)?) {
            (Some(0), Some(due)) if is_same && due == NEVER.micros() => Some(false),
            (Some(waits), Some(_)) if is_same && waits > 0 => Some(true),
            _ => None,
        };
        visit(&Link { id: row.int(0)?, payee, is_default: row.optional_bytes(2)?.is_none(), waits })
    })
}

/// The proposals that have ended.
pub(crate) fn ended(tx: &Tx<'_>, mut visit: impl FnMut(i64) -> Result<(), Error>) -> Result<(), Error> {
    let [from, to] = journal::row_range(0..journal::ENTRIES_MAX);
    tx.each(&ENDED, &[from, to, ActKind::Cancelled.code().into()], |row| visit(row.int(0)?))
}

/// How many proposals something is noted of.
pub(crate) fn count_noted(scope: &Scope<'_>) -> Result<u64, Error> {
    journal::count_rows(scope, &COUNT_NOW)
}

fn leaf(encoder: &mut Encoder, proposal: &Proposal, channel_key: &Blind, asked: &[u8]) -> Hash {
    encoder
        .start(ProposalTable.name())
        .int(proposal.id.number())
        .int(proposal.at.micros())
        .bytes(proposal.payee.as_bytes())
        .bytes(proposal.purpose.as_ref().map_or(&[], |purpose| purpose.as_bytes()))
        .bytes(channel_key.as_bytes())
        .optional_int(proposal.replaces.map(Id::number))
        .int(i64::from(proposal.is_first))
        .int(i64::from(proposal.names_replaced))
        .optional_int(proposal.grounds.map(|grounds| grounds.reason.code()))
        .optional_int(proposal.grounds.map(|grounds| grounds.consent.code()))
        .bytes(asked)
        .leaf()
}

fn act_leaf(
    encoder: &mut Encoder,
    id: Id<Act>,
    proposal: Id<Proposal>,
    kind: ActKind,
    at: Timestamp,
    text: &[u8],
) -> Hash {
    encoder
        .start(ActTable.name())
        .int(id.number())
        .int(proposal.number())
        .int(kind.code())
        .int(at.micros())
        .bytes(text)
        .leaf()
}

pub(crate) struct ProposalTable;

impl Table for ProposalTable {
    fn name(&self) -> &'static str {
        "proposal"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let (proposal, channel_key, entry) = read(scope, row)?;
            visit(entry, leaf(&mut encoder, &proposal, &channel_key, proposal.asked.to_text().as_bytes()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct ActTable;

impl Table for ActTable {
    fn name(&self) -> &'static str {
        "proposal_act"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&ACT_RANGE, &journal::row_range(entries), |row| {
            let (id, act) = (Id::new(row.int(0)?), read_act(scope, row)?);
            let text = act_text(&act);
            let leaf = act_leaf(&mut encoder, id, Id::new(row.int(1)?), act.kind, act.at, text.as_bytes());
            visit(journal::entry_of(id.number()), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ACTS)
    }
}
