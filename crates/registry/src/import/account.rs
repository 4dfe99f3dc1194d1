//! The bulk channel: banks and the operator designate, close, freeze and unfreeze accounts.

use super::counted::Counted;
use super::open::Open;
use super::promotion::Promotable;
use super::row::{AccountRow, Specific, Written};
use super::{ImportRefusal, Link, Source};
use crate::account::DesignatedAccount;
use crate::commands::FOLDED_AT_ONCE_MAX;
use crate::controls::{Control, Controls};
use crate::designation::{self, Action, Channel, ChannelKind, Designation, Expects, Request, Standing, State};
use crate::grounds::Grounds;
use crate::life::{self, Act, ActKind, Evidence, State as LifeState, Waits};
use crate::lock::Lock;
use crate::notice::NoticeKind;
use crate::payee::{PayeeId, RegisterStatus};
use crate::policy;
use crate::proposal::{self, Asked, Holder, LegalGround, Ownership, Proposal, SpecificPurpose, Unexpected};
use crate::purpose::{self, BenefitKind, Purpose};
use crate::row_refusal::RowRefusal;
use crate::signals::Facts;
use crate::store::proposal::Found;
use crate::telling::Telling;
use crate::{queries, store};
use denmark::BankDirectory;
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Env, Error, Id, Operation, Scope, Timestamp, Tx, Vault};
use std::collections::{BTreeMap, BTreeSet};

/// A file of changes: `action,payee,account,bic,expects,currency,payer,benefit`.
pub struct Accounts {
    /// By which channel it comes.
    pub channel: Channel,
    /// Who sends it, as the journal names them.
    pub by: String,
    /// What gives the blind indexes.
    pub vault: Vault,
}

/// Which account of a payee's: the default one, or one for a purpose.
pub(super) type History = (Blind, Option<Blind>);

/// What is known of the payees of several changes, and what those before have decided.
pub struct AccountState {
    /// Of the accounts that are named or stand.
    banks: BankDirectory,
    /// What the specific accounts are for; none where the payer is not registered.
    purposes: BTreeMap<(String, BenefitKind), Option<Purpose>>,
    payees: BTreeMap<Blind, RegisterStatus>,
    histories: BTreeMap<History, (Link<Designation>, Standing)>,
    /// Their newest rows, as they were stored.
    newest: BTreeMap<History, Designation>,
    /// The proposals for these accounts that have not ended.
    pub(super) open: BTreeMap<History, Open>,
    /// What is known of accounts that are asked for in the place of others.
    pub(super) facts: BTreeMap<History, Vec<(DesignatedAccount, Facts)>>,
    /// What payees have forbidden.
    locks: BTreeMap<Blind, Lock>,
    pub(super) controls: Controls,
    /// How many payees the accounts have; none where nobody asks, or so many rows came at once that it is looked at afterwards.
    pub(super) counted: Option<Counted>,
    /// What may take the place of a default account that is closed.
    promotable: Promotable,
    changes: usize,
    proposals: i64,
}

/// What one row makes of its payee's account.
#[expect(clippy::large_enum_variant, reason = "of the many that a bulk file makes, almost all are the large one")]
pub enum AccountChange {
    /// It takes effect at once.
    Takes(NewRow),
    /// It is proposed, and waits.
    Waits(Box<NewProposal>),
}

impl AccountChange {
    /// What the payee is told of it. Of a first account, which takes nothing away, nothing.
    pub(super) fn tellings(&self) -> Vec<Telling> {
        match self {
            Self::Takes(row) => row.tellings().collect(),
            Self::Waits(new) => {
                let lapsed = new.lapsed().map(|lapsed| Telling::of(lapsed, NoticeKind::ChangeExpired, None));
                lapsed.into_iter().chain(new.telling()).collect()
            }
        }
    }
}

/// A row to be added to one payee's history.
pub struct NewRow {
    pub(super) payee: Blind,
    pub(super) purpose: Option<Purpose>,
    pub(super) previous: Link<Designation>,
    pub(super) standing: Standing,
    pub(super) channel: ChannelKind,
    pub(super) grounds: Option<Grounds>,
    /// The payee is known by this account alone, and was not before: an SE or P number.
    pub(super) new_payee: Option<PayeeId>,
    /// The proposal that it comes of.
    pub(super) proposal: Option<Id<Proposal>>,
    /// What the payee is told of it, where no proposal tells it.
    pub(super) telling: Option<Telling>,
    /// What follows it at once in the same history: a specific account that takes the place of what is closed.
    pub(super) then: Option<Box<NewRow>>,
}

impl NewRow {
    /// All that the payee is told of it.
    pub(crate) fn tellings(&self) -> impl Iterator<Item = Telling> {
        [self.telling.clone(), self.then_telling()].into_iter().flatten()
    }

    /// What the payee is told of what follows it.
    pub(crate) fn then_telling(&self) -> Option<Telling> {
        self.then.as_ref().and_then(|then| then.telling.clone())
    }
}

/// A change that is to wait.
pub struct NewProposal {
    /// What it comes after is not known before it is saved.
    pub(super) proposal: Proposal,
    pub(super) replaces: Link<Designation>,
    /// For what and until when; none where it took effect at once.
    pub(super) waits: Option<(Waits, Timestamp)>,
    /// The payee is known by this proposal alone, and was not before: an SE or P number.
    pub(super) new_payee: Option<PayeeId>,
    /// The proposal before it, which nobody ended in time: this one ends it.
    pub(super) lapsed: Option<Proposal>,
}

/// What somebody says of the account that they ask for, beside the account.
pub(crate) struct Terms {
    pub(crate) holder: Holder,
    pub(crate) ownership: Ownership,
    pub(crate) ground: Option<LegalGround>,
    /// Whether the payee can neither change nor delete it.
    pub(crate) is_locked: bool,
    /// The payee's signature.
    pub(crate) signed: Option<String>,
}

impl Terms {
    /// Nothing but whose it is.
    pub(crate) const fn of(holder: Holder) -> Self {
        Self { holder, ownership: Ownership::NotPossible, ground: None, is_locked: false, signed: None }
    }
}

/// What somebody asks for, and where it stands.
pub(crate) struct Weighed {
    pub(crate) proposal: Proposal,
    pub(crate) evidence: Evidence,
    purpose: Option<Purpose>,
    standing: Standing,
    replaces: Link<Designation>,
    pub(crate) state: LifeState,
    /// What [`AccountState::room_for`] found.
    pub(crate) lapsed: Option<Proposal>,
}

impl NewProposal {
    /// What is proposed.
    pub(crate) const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// What the payee is told of it.
    pub(crate) fn telling(&self) -> Option<Telling> {
        let from = match self.waits? {
            (Waits::Time(from), _) => Some(from),
            _ => None,
        };
        Some(Telling::of(&self.proposal, NoticeKind::ChangeProposed, from))
    }

    /// For what it waits, and until when.
    pub(crate) const fn waits(&self) -> Option<(Waits, Timestamp)> {
        self.waits
    }

    /// The proposal before it that it ends.
    pub(crate) const fn lapsed(&self) -> Option<&Proposal> {
        self.lapsed.as_ref()
    }
}

/// Who asks for changes, and what becomes of one that does not say what it replaces.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) channel: &'a Channel,
    /// As the journal names them.
    pub(crate) by: &'a str,
    pub(crate) unexpected: Unexpected,
}

impl Source for Accounts {
    const OPERATION: Operation = policy::IMPORT_ACCOUNTS;
    const HEADER: &'static [&'static str] =
        &["action", "payee", "account", "bic", "expects", "currency", "payer", "benefit"];
    type Row = AccountRow;
    type State = AccountState;
    type Change = AccountChange;

    fn sender(&self) -> String {
        self.channel.name()
    }

    fn read(&self, fields: &[&str]) -> Result<AccountRow, RowRefusal> {
        let &[action, payee, account, bic, expects, currency, payer, benefit] = fields else {
            return Err(RowRefusal::Malformed);
        };
        AccountRow::read(&self.vault, &Written { action, payee, account, bic, expects, currency, payer, benefit })
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<AccountState, Error> {
        if !sender_is_known(scope.tx, &self.channel)? {
            return Err(ImportRefusal::BankUnknown.into());
        }
        let state = AccountState::load(scope, rows)?;
        if rows.len() > FOLDED_AT_ONCE_MAX { Ok(state) } else { state.counting(scope, rows) }
    }

    fn decide(
        &self,
        state: &mut AccountState,
        row: &AccountRow,
        env: &Env,
    ) -> Result<Option<AccountChange>, RowRefusal> {
        let (channel, by) = (&self.channel, &self.by);
        state.decide(Asker { channel, by, unexpected: Unexpected::Refuse }, row, env)
    }

    fn waits(change: &AccountChange) -> bool {
        matches!(change, AccountChange::Waits(_))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(super::save_accounts(scope, &[(entry, changes)])?.into_iter().flatten().collect())
    }
}

/// Whether the bank directory, as it stands, names the bank that sends.
pub(crate) fn sender_is_known(tx: &Tx<'_>, channel: &Channel) -> Result<bool, Error> {
    match channel {
        Channel::Bank(name) => store::bank::has_name(tx, name),
        Channel::Operator | Channel::SelfService | Channel::Caseworker(_) => Ok(true),
    }
}

impl AccountState {
    /// Looks up what the rows are about, for whoever asks for something.
    pub(crate) fn load(scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<Self, Error> {
        let (mut state, pending) = Self::look_up(scope, rows)?;
        let specific = rows.iter().filter(|row| row.specific.is_some()).map(|row| row.key);
        let payees: BTreeSet<Blind> = pending.into_iter().chain(specific).collect();
        for id in store::proposal::waiting_of(scope.tx, &payees)? {
            let Some(found) = store::proposal::find(scope, id)? else { continue };
            let signatories = queries::signing(scope, &found.proposal)?;
            let newest = queries::newest(scope, &found.proposal.payee, found.proposal.purpose.as_ref())?;
            let facts = queries::proposal_facts(scope, &state.controls, &found, newest, signatories.as_ref())?;
            let Found { proposal, evidence } = found;
            state.open.insert((proposal.payee, proposal.purpose), Open { proposal, evidence, facts });
        }
        for row in rows.iter().filter(|row| row.action == Action::Designate) {
            let history = (row.key, state.purpose_key(row));
            let newest = state.newest.get(&history).copied();
            let Some((account, newest)) = row.account.zip(newest) else { continue };
            let facts = queries::account_facts(scope, Some(newest), &account)?;
            state.facts.entry(history).or_default().push((account, facts));
        }
        Ok(state)
    }

    /// The same for what was asked for already.
    pub(crate) fn load_asked(scope: &Scope<'_>, row: &AccountRow) -> Result<Self, Error> {
        Ok(Self::look_up(scope, &[row])?.0)
    }

    /// What the rows are about, and of whom the directory notes that a proposal waits.
    fn look_up(scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<(Self, Vec<Blind>), Error> {
        let mut keys: Vec<&Blind> = rows.iter().map(|row| &row.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut state = Self {
            banks: BankDirectory::new(),
            purposes: BTreeMap::new(),
            payees: BTreeMap::new(),
            histories: BTreeMap::new(),
            newest: BTreeMap::new(),
            open: BTreeMap::new(),
            facts: BTreeMap::new(),
            locks: BTreeMap::new(),
            controls: store::controls::in_force(scope.tx)?,
            counted: None,
            promotable: Promotable::default(),
            changes: 0,
            proposals: 0,
        };
        let mut pending = Vec::new();
        store::payee::find_many(scope, keys.iter().copied(), |index, found| {
            state.payees.insert(*keys[index], found.status);
            if let Some(newest) = found.designation {
                state.newest.insert((*keys[index], None), newest);
            }
            pending.extend(found.pending.map(|_| *keys[index]));
            Ok(())
        })?;
        if state.controls.has(Control::OwnersLock) {
            let locks = &mut state.locks;
            store::lock::of_many(scope, keys.iter().copied(), |index, lock| {
                locks.insert(*keys[index], lock);
            })?;
        }
        let mut wanted = BTreeSet::new();
        for row in rows {
            let Some(specific) = &row.specific else { continue };
            if let Specific::Named(payer, benefit) = specific
                && !state.purposes.contains_key(&(payer.clone(), benefit.clone()))
            {
                let purpose = store::payer::find_by_name(scope, payer)?.map(|payer| Purpose {
                    key: purpose::key(scope.vault, payer.id, benefit),
                    payer: payer.id,
                    benefit: benefit.clone(),
                });
                state.purposes.insert((payer.clone(), benefit.clone()), purpose);
            }
            if let Ok(Some(Purpose { key, .. })) = state.purpose_of(row) {
                wanted.insert((row.key, key));
            }
        }
        let mut payees: Vec<&Blind> = wanted.iter().map(|(payee, _)| payee).collect();
        payees.dedup();
        store::designation::find_specifics(scope, payees.iter().copied(), |index, newest| {
            if newest.purpose.is_some_and(|purpose| wanted.contains(&(*payees[index], purpose))) {
                state.newest.insert((*payees[index], newest.purpose), newest);
            }
            Ok(())
        })?;
        let stored = |newest: &Designation| (Link::Stored(newest.id), newest.standing);
        state.histories = state.newest.iter().map(|(history, newest)| (*history, stored(newest))).collect();
        if state.controls.has(Control::PromoteSpecific) {
            let closed = rows.iter().filter(|row| row.action == Action::Close && row.specific.is_none());
            state.promotable = Promotable::load(scope, closed.map(|row| row.key).collect())?;
        }
        let named = rows.iter().filter_map(|row| row.account);
        let standing = state.histories.values().map(|(_, standing)| standing.account);
        let regs = named.chain(standing).filter_map(|account| account.reg()).collect();
        state.banks = store::bank::directory_of(scope.tx, &regs)?;
        Ok((state, pending))
    }

    /// The same, with how many payees the accounts have that the rows designate.
    pub(crate) fn counting(mut self, scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<Self, Error> {
        self.counted = Some(Counted::load(scope, rows, &self.controls)?);
        Ok(self)
    }

    /// Decides one row, after those before it: whether it holds at once, or is proposed and waits. `None`: all is so already.
    pub(crate) fn decide(
        &mut self,
        asker: Asker<'_>,
        row: &AccountRow,
        env: &Env,
    ) -> Result<Option<AccountChange>, RowRefusal> {
        // A bank answers for its customer; who loads a file has not been told whose an account is.
        let holder = if matches!(asker.channel, Channel::Bank(_)) { Holder::Own } else { Holder::Unknown };
        let facts = self.facts_of(row);
        let Some(weighed) = self.weigh(asker, row, &Terms::of(holder), &facts, env)? else {
            return Ok(None);
        };
        Ok(Some(match weighed.state {
            LifeState::Waiting(_) => {
                let lapsed = self.room_for(&weighed.proposal, env.now)?;
                let (new, _) = self.propose(asker.channel, row, Weighed { lapsed, ..weighed });
                self.proposals += 1;
                let (proposal, evidence) = (new.proposal.clone(), Evidence::default());
                self.open.insert((row.key, proposal.purpose), Open { proposal, evidence, facts });
                AccountChange::Waits(Box::new(new))
            }
            _ => AccountChange::Takes(self.take(asker.channel, row, weighed.purpose, weighed.standing, None, env.now)),
        }))
    }

    /// What somebody asks for, held against the rule, and where it would stand as a proposal. `None`: all is so already.
    pub(crate) fn weigh(
        &self,
        asker: Asker<'_>,
        row: &AccountRow,
        terms: &Terms,
        facts: &Facts,
        env: &Env,
    ) -> Result<Option<Weighed>, RowRefusal> {
        let purpose = self.purpose_of(row)?;
        let newest = self.histories.get(&(row.key, purpose.as_ref().map(|purpose| purpose.key))).copied();
        let live = newest.filter(|(_, standing)| standing.state != State::Closed);
        let is_designation = row.action == Action::Designate;
        // Where nobody demands that it is named, or a person looks at what did not name it, what is in force is what is meant.
        let may_omit = asker.unexpected == Unexpected::Hold || !self.controls.has(Control::NamesReplaced);
        let meant =
            live.filter(|_| may_omit && is_designation).map(|(_, live)| Expects::Account(live.account.account()));
        let expects = row.expects.or(meant);
        let Some(standing) = self.judge(asker.channel, row, purpose.as_ref(), expects)? else { return Ok(None) };
        let Terms { holder, ownership, ground, is_locked, signed } = terms;
        let proposal = Proposal {
            id: Id::new(env.id::<Proposal>().number() + self.proposals),
            at: env.now,
            payee: row.key,
            purpose: purpose.as_ref().map(|purpose| purpose.key),
            replaces: None,
            // After one that was closed it is not the first: closing and opening would be a way around what is demanded of a change.
            is_first: newest.is_none(),
            names_replaced: live.is_none() || row.expects.is_some() && row.may_replace,
            grounds: row.grounds,
            asked: Asked {
                payee: row.payee,
                channel: asker.channel.clone(),
                by: asker.by.to_owned(),
                account: Some(standing.account).filter(|_| is_designation),
                specific: purpose.as_ref().map(|purpose| SpecificPurpose {
                    payer: purpose.payer,
                    benefit: purpose.benefit.clone(),
                    is_locked: *is_locked,
                }),
                holder: *holder,
                ownership: *ownership,
                ground: ground.clone(),
            },
        };
        proposal::banned(&proposal, facts, &self.controls)?;
        let mut evidence = Evidence::default();
        if let Some(signature) = signed {
            let (at, by, detail) = (env.now, asker.by.to_owned(), signature.clone());
            evidence.add(Act { kind: ActKind::Signed, at, by, detail });
        }
        // Only an account that is designated has to wait. What a bank or the operator closes, freezes or unfreezes is so at once: it
        // sends no money anywhere else.
        let waits = is_designation || matches!(asker.channel, Channel::SelfService | Channel::Caseworker(_));
        let state =
            if waits { life::state(&proposal, &evidence, facts, &self.controls, env.now) } else { LifeState::Due };
        let replaces = newest.map_or(Link::None, |(newest, _)| newest);
        Ok(Some(Weighed { proposal, evidence, purpose, standing, replaces, state, lapsed: None }))
    }

    /// What a proposal comes to that was weighed: itself, and the row of the history if nothing is demanded of it.
    pub(crate) fn propose(
        &mut self,
        channel: &Channel,
        row: &AccountRow,
        weighed: Weighed,
    ) -> (NewProposal, Option<NewRow>) {
        let Weighed { proposal, evidence, purpose, standing, replaces, state, lapsed } = weighed;
        let waits = state.waits().map(|waits| (waits, life::due(&proposal, &evidence, waits)));
        let (id, at) = (proposal.id, proposal.at);
        let new_payee = if waits.is_some() { self.meet(row) } else { None };
        let takes = waits.is_none().then(|| self.take(channel, row, purpose, standing, Some(id), at));
        (NewProposal { proposal, replaces, waits, new_payee, lapsed }, takes)
    }

    /// Somebody is known from now on, if they can be by an account alone and were not before.
    fn meet(&mut self, row: &AccountRow) -> Option<PayeeId> {
        let status = self.status(row).unwrap_or(RegisterStatus::Unlisted);
        let is_new = self.payees.insert(row.key, status).is_none();
        Some(row.payee).filter(|payee| is_new && !payee.has_register())
    }

    /// The same by its blind index, if it is for something that is known.
    pub(crate) fn purpose_key(&self, row: &AccountRow) -> Option<Blind> {
        self.purpose_of(row).ok().flatten().map(|purpose| purpose.key)
    }

    /// The newest row, as it was stored, of the history that a row is about.
    pub(crate) fn newest(&self, row: &AccountRow) -> Option<Designation> {
        self.newest.get(&(row.key, self.purpose_key(row))).copied()
    }

    /// The banks of the accounts that are asked for and in force.
    pub(crate) const fn banks(&self) -> &BankDirectory {
        &self.banks
    }

    /// What is demanded of changes.
    pub(crate) const fn controls(&self) -> &Controls {
        &self.controls
    }

    /// Decides again what was proposed, now that nothing is demanded of it any more. `None`: all is so already.
    pub(crate) fn take_effect(
        &mut self,
        proposal: &Proposal,
        row: &AccountRow,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Option<NewRow>, RowRefusal> {
        let channel = &proposal.asked.channel;
        let purpose = self.purpose_of(row)?;
        let newest = self.histories.get(&(row.key, purpose.as_ref().map(|purpose| purpose.key)));
        // An account that came back is not what was in force when this was asked for: somebody has decided about it since.
        let follows = match (newest, proposal.replaces) {
            (Some((Link::Stored(newest), _)), Some(replaces)) => *newest == replaces,
            (None, None) => true,
            _ => false,
        };
        let Some(standing) = self.judge(channel, row, purpose.as_ref(), row.expects)? else { return Ok(None) };
        if !follows {
            return Err(RowRefusal::ExpectsMismatch);
        }
        proposal::banned(proposal, facts, &self.controls)?;
        Ok(Some(self.take(channel, row, purpose, standing, Some(proposal.id), now)))
    }

    /// Freezes the account that came of a proposal, if it is in force yet.
    pub(crate) fn freeze(
        &mut self,
        proposal: &Proposal,
        row: &AccountRow,
        now: Timestamp,
    ) -> Result<Option<NewRow>, RowRefusal> {
        let purpose = self.purpose_of(row)?;
        let newest = self.histories.get(&(row.key, purpose.as_ref().map(|purpose| purpose.key)));
        let in_force = newest
            .map(|(_, standing)| *standing)
            .filter(|standing| standing.state == State::InForce && Some(standing.account) == proposal.asked.account);
        let Some(Standing { account, .. }) = in_force else { return Ok(None) };
        let standing = Standing { state: State::Frozen, account };
        Ok(Some(self.take(&proposal.asked.channel, row, purpose, standing, Some(proposal.id), now)))
    }

    /// What takes effect now: the next row of the history.
    fn take(
        &mut self,
        channel: &Channel,
        row: &AccountRow,
        purpose: Option<Purpose>,
        standing: Standing,
        proposal: Option<Id<Proposal>>,
        now: Timestamp,
    ) -> NewRow {
        let history = (row.key, purpose.as_ref().map(|purpose| purpose.key));
        let former = self.histories.insert(history, (Link::Pending(self.changes), standing));
        let previous = former.map_or(Link::None, |(newest, _)| newest);
        let former = former.map(|(_, standing)| standing);
        // Whoever asks for the former account after this one asks for what was just left.
        if let Some(former) = former.filter(|former| former.state != State::Closed) {
            let left =
                if former.account == standing.account && standing.state != State::Closed { None } else { Some(now) };
            let known = self.facts.entry(history).or_default();
            let of_it = known.iter().rfind(|(account, _)| account.is(&former.account.account()));
            let facts = Facts { left, ..of_it.map_or_else(Facts::default, |(_, facts)| *facts) };
            known.push((former.account, facts));
        }
        if let Some(counted) = self.counted.as_mut().filter(|_| standing.state == State::InForce) {
            counted.takes(&standing.account, row.key);
        }
        let new_payee = self.meet(row);
        self.changes += 1;
        let (channel, grounds) = (channel.kind(), row.grounds);
        let kind = match (former, standing.state) {
            (Some(former), State::Closed) if former.state != State::Closed => Some(NoticeKind::AccountClosed),
            (Some(former), State::InForce) if former.account != standing.account || former.state == State::Closed => {
                Some(NoticeKind::ChangeInForce)
            }
            _ => None,
        };
        let telling = kind.filter(|_| proposal.is_none()).map(|kind| Telling {
            payee: row.key,
            number: row.payee,
            kind,
            account: Some(standing.account),
            channel: Some(channel),
            in_force_from: None,
            proposal: None,
        });
        let mut new = NewRow {
            payee: row.key,
            purpose,
            previous,
            standing,
            channel,
            grounds,
            new_payee,
            proposal,
            telling,
            then: None,
        };
        if new.purpose.is_none()
            && standing.state == State::Closed
            && former.is_some_and(|former| former.state != State::Closed)
        {
            new.then = self.promote(row, channel).map(Box::new);
        }
        new
    }

    /// What takes the place of a default account that is closed.
    fn promote(&mut self, row: &AccountRow, channel: ChannelKind) -> Option<NewRow> {
        let is_living = self.payees.get(&row.key).is_some_and(|status| status.is_living());
        let histories = &self.histories;
        let now = |purpose: &Blind| histories.get(&(row.key, Some(*purpose))).map(|(_, standing)| *standing);
        let account = self.promotable.of(&row.key, now).filter(|_| is_living)?;
        let standing = Standing { state: State::InForce, account };
        self.histories.insert((row.key, None), (Link::Pending(self.changes), standing));
        self.changes += 1;
        let telling = Telling {
            payee: row.key,
            number: row.payee,
            kind: NoticeKind::ChangeInForce,
            account: Some(account),
            channel: Some(channel),
            in_force_from: None,
            proposal: None,
        };
        Some(NewRow {
            payee: row.key,
            purpose: None,
            previous: Link::None,
            standing,
            channel,
            grounds: None,
            new_payee: None,
            proposal: None,
            telling: Some(telling),
            then: None,
        })
    }

    /// What the rule says of a row.
    fn judge(
        &self,
        channel: &Channel,
        row: &AccountRow,
        purpose: Option<&Purpose>,
        expects: Option<Expects>,
    ) -> Result<Option<Standing>, RowRefusal> {
        if let (Some(bic), Some(account)) = (row.bic, row.account)
            && account.bic(&self.banks) != Some(bic)
        {
            return Err(RowRefusal::AccountBic);
        }
        let request = Request {
            channel,
            action: row.action,
            account: row.account,
            says_currency: row.says_currency,
            expects,
            is_specific: purpose.is_some(),
            grounds: row.grounds,
        };
        // What the payee has forbidden is an account in the place of theirs; what protects it is not.
        let is_locked = self.locks.get(&row.key).is_some_and(|lock| lock.forbids(channel.kind()));
        if is_locked && row.action == Action::Designate {
            return Err(RowRefusal::Locked);
        }
        let current = self.histories.get(&(row.key, purpose.map(|purpose| purpose.key)));
        designation::decide(&request, self.status(row), current.map(|(_, standing)| standing), &self.banks)
    }

    /// What a row's specific account is for.
    pub(crate) fn purpose_of(&self, row: &AccountRow) -> Result<Option<Purpose>, RowRefusal> {
        match &row.specific {
            None => Ok(None),
            Some(Specific::Known(purpose)) => Ok(Some(purpose.clone())),
            Some(Specific::Named(payer, benefit)) => {
                let purpose = self.purposes.get(&(payer.clone(), benefit.clone())).cloned().flatten();
                purpose.map(Some).ok_or(RowRefusal::PayerUnknown)
            }
        }
    }

    fn status(&self, row: &AccountRow) -> Option<RegisterStatus> {
        let known = self.payees.get(&row.key).copied();
        known.or((!row.payee.has_register()).then_some(RegisterStatus::Unlisted))
    }
}
