//! The bulk channel: banks and the operator designate, close, freeze and unfreeze accounts.

use super::counted::Counted;
use super::marks::Marks;
use super::new::{AccountChange, NewProposal, NewRow};
use super::open::Open;
use super::promotion::Promotable;
use super::row::{AccountRow, Specific, Written};
use super::{ImportRefusal, Link, Source};
use crate::account::DesignatedAccount;
use crate::commands::FOLDED_AT_ONCE_MAX;
use crate::contest::Contests;
use crate::controls::{Control, Controls};
use crate::designation::{self, Action, Channel, ChannelKind, Designation, Expects, Request, Standing, State, Undone};
use crate::life::{self, Act, ActKind, Evidence, State as LifeState};
use crate::lock::Lock;
use crate::notice::NoticeKind;
use crate::payee::{PayeeId, RegisterStatus};
use crate::proposal::{self, Asked, Holder, LegalGround, Proposal, SpecificPurpose, Unexpected};
use crate::purpose::{self, BenefitKind, Purpose};
use crate::queries::{self, Wanted};
use crate::row_refusal::RowRefusal;
use crate::signals::Facts;
use crate::store::proposal::Found;
use crate::telling::Telling;
use crate::{policy, store};
use denmark::BankDirectory;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Authenticator, Blind, Env, Error, Id, Operation, Scope, Timestamp, Tx, Vault};
use std::collections::{BTreeMap, BTreeSet};

/// A file of changes: `action,payee,account,bic,expects,currency,payer,benefit,reason,consent,holder`. Who does not say whose the
/// accounts are leaves out the last column, and who gives no grounds either the last three.
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
    /// Those among them that can be asked whose an account is that a row designates.
    asked_banks: BTreeSet<String>,
    /// What the specific accounts are for; none where the payer is not registered.
    purposes: BTreeMap<(String, BenefitKind), Option<Purpose>>,
    payees: BTreeMap<Blind, RegisterStatus>,
    pub(super) histories: BTreeMap<History, (Link<Designation>, Standing)>,
    /// The proposals for these accounts that have not ended.
    pub(super) open: BTreeMap<History, Open>,
    /// What is known of accounts that are asked for in the place of others.
    pub(super) facts: BTreeMap<History, Vec<(DesignatedAccount, Facts)>>,
    /// What payees have forbidden.
    locks: BTreeMap<Blind, Lock>,
    /// When accounts were contested, of those payees whose are.
    contests: BTreeMap<Blind, Contests>,
    pub(super) controls: Controls,
    /// How many payees the accounts have; none where nobody asks, or so many rows came at once that it is looked at afterwards.
    pub(super) counted: Option<Counted>,
    /// The marks of the accounts that rows would leave in force.
    pub(super) marks: Marks,
    /// What may take the place of a default account that is closed.
    promotable: Promotable,
    /// What is to be reverted.
    pub(super) undone: BTreeMap<History, Undone>,
    /// The specific accounts that stand and are locked.
    locked: BTreeSet<History>,
    /// Whether nobody but the operator has proposed anything yet: the registry is being loaded.
    is_loading: bool,
    changes: usize,
    proposals: i64,
}

/// What somebody says of the account that they ask for, beside the account.
pub(crate) struct Terms {
    pub(crate) holder: Holder,
    pub(crate) ground: Option<LegalGround>,
    /// Whether the payee can neither change nor delete it.
    pub(crate) is_locked: bool,
    /// The payee's signature.
    pub(crate) signed: Option<String>,
    /// By which authenticator a citizen is logged in.
    pub(crate) authenticator: Option<Authenticator>,
    /// Why, of what heals.
    pub(crate) why: Option<String>,
}

impl Terms {
    /// Nothing but who says it.
    pub(crate) fn by(actor: &Actor) -> Self {
        let authenticator = actor.login().map(|login| login.authenticator);
        Self { authenticator, ..Self::of(Holder::Unknown) }
    }

    /// Nothing but whose it is.
    pub(crate) const fn of(holder: Holder) -> Self {
        Self { holder, ground: None, is_locked: false, signed: None, authenticator: None, why: None }
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
    const HEADER: &'static [&'static str] = &[
        "action", "payee", "account", "bic", "expects", "currency", "payer", "benefit", "reason", "consent", "holder",
    ];
    const MAY_LACK: &'static [usize] = &[1, 3];
    type Row = AccountRow;
    type State = AccountState;
    type Change = AccountChange;

    fn sender(&self) -> String {
        self.channel.name()
    }

    fn read(&self, fields: &[&str]) -> Result<AccountRow, RowRefusal> {
        let (&[action, payee, account, bic, expects, currency, payer, benefit], grounds) =
            fields.split_first_chunk().ok_or(RowRefusal::Malformed)?;
        let (reason, consent, holder) = match *grounds {
            [] => ("", "", ""),
            [reason, consent] => (reason, consent, ""),
            [reason, consent, holder] => (reason, consent, holder),
            _ => return Err(RowRefusal::Malformed),
        };
        let written = Written { action, payee, account, bic, expects, currency, payer, benefit };
        let is_banks = matches!(self.channel, Channel::Bank(_));
        AccountRow::read_from_file(&self.vault, &written, reason, consent, is_banks)?.held_by(holder)
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<AccountState, Error> {
        if !sender_is_known(scope.tx, &self.channel)? {
            return Err(ImportRefusal::BankUnknown.into());
        }
        let state = AccountState::load(scope, rows)?;
        // Who loads a registry does not wait for that: its accounts are counted afterwards.
        if rows.len() > FOLDED_AT_ONCE_MAX && state.is_loading { Ok(state) } else { state.counting(scope, rows) }
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

/// What is put back of what stood before. An account is not contested again of which nobody says so any more.
fn stood(scope: &Scope<'_>, payee: &Blind, before: Designation) -> Result<Standing, Error> {
    let contests = store::contest::of(scope.tx, payee)?;
    queries::uncontested(scope, before, |at| contests.is_let_go(at))
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
            let wanted = queries::wanted(scope, &state.controls, found.proposal.asked.account.as_ref())?;
            let facts = queries::proposal_facts(scope, &state.controls, &found, wanted, signatories.as_ref())?;
            let Found { proposal, evidence } = found;
            state.open.insert((proposal.payee, proposal.purpose), Open { proposal, evidence, facts });
        }
        for row in rows.iter().filter(|row| row.action == Action::Designate) {
            let history = (row.key, state.purpose_key(row));
            let Some(account) = row.account.filter(|_| state.histories.contains_key(&history)) else { continue };
            let facts = queries::account_facts(scope, &row.key, &account, history.1.as_ref())?;
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
            asked_banks: BTreeSet::new(),
            purposes: BTreeMap::new(),
            payees: BTreeMap::new(),
            histories: BTreeMap::new(),
            open: BTreeMap::new(),
            facts: BTreeMap::new(),
            locks: BTreeMap::new(),
            contests: BTreeMap::new(),
            controls: store::controls::in_force(scope.tx)?,
            counted: None,
            marks: Marks::default(),
            promotable: Promotable::default(),
            undone: BTreeMap::new(),
            locked: BTreeSet::new(),
            is_loading: false,
            changes: 0,
            proposals: 0,
        };
        let (mut pending, mut contested) = (Vec::new(), Vec::new());
        store::payee::find_many(scope, keys.iter().copied(), |index, found| {
            state.payees.insert(*keys[index], found.status);
            if let Some(newest) = found.designation {
                state.histories.insert((*keys[index], None), (Link::Stored(newest.id), newest.standing));
            }
            pending.extend(found.pending.map(|_| *keys[index]));
            contested.extend(found.is_contested.then_some(*keys[index]));
            Ok(())
        })?;
        for payee in contested {
            state.contests.insert(payee, store::contest::of(scope.tx, &payee)?);
        }
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
                let standing = (Link::Stored(newest.id), newest.standing);
                state.histories.insert((*payees[index], newest.purpose), standing);
            }
            Ok(())
        })?;
        state.look_back(scope, rows)?;
        state.marks = Marks::load(scope, rows.iter().filter_map(|row| state.leaves(row)))?;
        if state.controls.has(Control::PromoteSpecific) {
            let closed = rows.iter().filter(|row| row.action == Action::Close && row.specific.is_none());
            state.promotable = Promotable::load(scope, closed.map(|row| row.key).collect())?;
        }
        let named = rows.iter().filter_map(|row| row.account);
        let standing = state.histories.values().map(|(_, standing)| standing.account);
        let before = state.undone.values().filter_map(|undone| undone.before).map(|standing| standing.account);
        let regs = named.chain(standing).chain(before).filter_map(|account| account.reg()).collect();
        state.banks = store::bank::directory_of(scope.tx, &regs)?;
        let designated = rows.iter().filter_map(|row| row.designates());
        state.asked_banks = queries::asked_banks(scope, &state.controls, &state.banks, designated)?;
        Ok((state, pending))
    }

    /// What the histories tell of rows that need more of them than their newest rows.
    fn look_back(&mut self, scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<(), Error> {
        for row in rows {
            let history = (row.key, self.purpose_key(row));
            let newest = match self.histories.get(&history) {
                Some((Link::Stored(newest), _)) => Some(*newest),
                _ => None,
            };
            match (row.action, newest) {
                (Action::Revert, Some(newest)) => {
                    let newest = store::designation::find(scope, newest)?;
                    let undone =
                        row.reverts.map(|reverts| queries::undone(scope, newest, reverts)).transpose()?.flatten();
                    let stands = undone.is_some();
                    let before = undone.and_then(|undone| undone.change.before);
                    let before = before.map(|before| stood(scope, &row.key, before)).transpose()?;
                    self.undone.insert(history, Undone { stands, before });
                }
                (Action::Designate | Action::Close, newest) if history.1.is_some() => {
                    let is_locked = newest.map(|_| queries::is_specific_locked(scope, &row.key, history.1.as_ref()));
                    if is_locked.transpose()?.flatten() == Some(true) {
                        self.locked.insert(history);
                    }
                }
                _ => {}
            }
        }
        let is_first = |row: &&AccountRow| {
            row.action == Action::Designate && !self.histories.contains_key(&(row.key, self.purpose_key(row)))
        };
        self.is_loading = rows.iter().any(is_first) && !store::proposal::is_any_but(scope, &Channel::Operator)?;
        Ok(())
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
        let (facts, terms) = (self.facts_of(row), Terms::of(row.holder(asker.channel)));
        let Some(weighed) = self.weigh(asker, row, &terms, &facts, env)? else {
            return Ok(None);
        };
        Ok(Some(match weighed.state {
            LifeState::Waiting(_) => {
                let lapsed = self.room_for(&weighed.proposal, env.now).map_err(|_| RowRefusal::Waiting)?;
                let (new, _) = self.propose(asker.channel, row, Weighed { lapsed, ..weighed });
                self.proposals += 1;
                let (proposal, evidence) = (new.proposal.clone(), self.evidence_of(row));
                self.open.insert((row.key, proposal.purpose), Open { proposal, evidence, facts });
                AccountChange::Waits(Box::new(new))
            }
            _ => {
                let holder = weighed.proposal.asked.stated_holder();
                let new = self.take(asker.channel, row, weighed.purpose, weighed.standing, None, env.now);
                AccountChange::Takes(NewRow { holder, ..new })
            }
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
        // What a bank puts in the place of what was there it gives grounds for, unless a person is to look at it.
        let is_banks = matches!(asker.channel, Channel::Bank(_));
        if is_banks && is_designation && newest.is_some() && row.may_replace && row.grounds.is_none() {
            return Err(RowRefusal::ReasonMissing);
        }
        let Terms { holder, ground, is_locked, signed, authenticator, why } = terms;
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
                authenticator: *authenticator,
                action: row.action,
                account: Some(standing.account).filter(|_| standing.state != State::Closed),
                reverts: row.reverts,
                why: why.clone(),
                specific: purpose.as_ref().map(|purpose| SpecificPurpose {
                    payer: purpose.payer,
                    benefit: purpose.benefit.clone(),
                    is_locked: *is_locked,
                }),
                holder: *holder,
                ground: ground.clone(),
            },
        };
        let facts = &Facts { is_loading: self.is_loading, ..*facts };
        proposal::banned(&proposal, facts, &self.controls)?;
        let mut evidence = self.evidence_of(row);
        if let Some(signature) = signed {
            let act = Act::new(ActKind::Signed, env.now, asker.by, signature);
            evidence.add(Act { authenticator: *authenticator, ..act });
        }
        // What a bank or the operator closes or freezes is so at once: it sends no money anywhere else.
        let waits = !matches!(row.action, Action::Close | Action::Freeze)
            || matches!(asker.channel, Channel::SelfService | Channel::Caseworker(_));
        let state =
            if waits { life::state(&proposal, &evidence, facts, &self.controls, env.now) } else { LifeState::Due };
        // Nobody alone puts another account in the place of one that is frozen.
        if is_designation && state == LifeState::Due && live.is_some_and(|(_, live)| live.state.is_frozen()) {
            return Err(RowRefusal::Frozen);
        }
        let replaces = newest.map_or(Link::None, |(newest, _)| newest);
        Ok(Some(Weighed { proposal, evidence, purpose, standing, replaces, state, lapsed: None }))
    }

    /// What is known of the payee whatever is asked for.
    fn evidence_of(&self, row: &AccountRow) -> Evidence {
        Evidence::default().within(self.contests.get(&row.key).cloned().unwrap_or_default())
    }

    /// What a proposal comes to that was weighed: itself, and the row of the history if nothing is demanded of it.
    pub(crate) fn propose(
        &mut self,
        channel: &Channel,
        row: &AccountRow,
        weighed: Weighed,
    ) -> (NewProposal, Option<NewRow>) {
        let Weighed { proposal, evidence, purpose, standing, replaces, state, lapsed } = weighed;
        let waits = state.waits().map(|waits| (waits, life::due(&proposal, &evidence, waits, proposal.at)));
        let (id, at) = (proposal.id, proposal.at);
        let new_payee = if waits.is_some() { self.meet(row) } else { None };
        let holder = proposal.asked.stated_holder();
        let takes =
            waits.is_none().then(|| NewRow { holder, ..self.take(channel, row, purpose, standing, Some(id), at) });
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

    /// The account that a row designates, and whether its bank can be asked whose it is.
    pub(crate) fn wanted<'r>(&self, row: &'r AccountRow) -> Option<Wanted<'r>> {
        let account = row.designates()?;
        let bank = account.reg().and_then(|reg| self.banks.get(reg));
        Some(Wanted { account, is_bank_asked: bank.is_some_and(|bank| self.asked_banks.contains(&bank.name)) })
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
        follows: bool,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Option<NewRow>, RowRefusal> {
        let channel = &proposal.asked.channel;
        let purpose = self.purpose_of(row)?;
        let Some(standing) = self.judge_asked(proposal, row, follows)? else { return Ok(None) };
        proposal::banned(proposal, facts, &self.controls)?;
        let holder = proposal.asked.stated_holder();
        Ok(Some(NewRow { holder, ..self.take(channel, row, purpose, standing, Some(proposal.id), now) }))
    }

    /// What the rule says now of what was proposed before.
    pub(crate) fn judge_asked(
        &self,
        proposal: &Proposal,
        row: &AccountRow,
        follows: bool,
    ) -> Result<Option<Standing>, RowRefusal> {
        let purpose = self.purpose_of(row)?;
        let standing = self.judge(&proposal.asked.channel, row, purpose.as_ref(), row.expects)?;
        if standing.is_some() && !follows {
            return Err(RowRefusal::ExpectsMismatch);
        }
        Ok(standing)
    }

    /// The newest row of a row's history.
    pub(crate) fn newest(&self, row: &AccountRow) -> Option<(Id<Designation>, Standing)> {
        match self.histories.get(&(row.key, self.purpose_key(row))) {
            Some((Link::Stored(newest), standing)) => Some((*newest, *standing)),
            _ => None,
        }
    }

    /// What takes effect now: the next row of the history.
    pub(super) fn take(
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
            (Some(former), State::InForce) if former.state.is_frozen() => Some(NoticeKind::AccountUnfrozen),
            (Some(former), State::Contested) if !former.state.is_frozen() => Some(NoticeKind::AccountFrozen),
            // Whoever is given their first account may not be who asked for it.
            (None, State::InForce) if !self.is_loading => Some(NoticeKind::ChangeInForce),
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
            // Contested accounts are told of whatever the controls, and so is their end.
            is_always: former.is_some_and(|former| former.state == State::Contested),
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
            holder: None,
            telling,
            then: None,
        };
        if new.purpose.is_none()
            && standing.state == State::Closed
            && former.is_some_and(|former| former.state != State::Closed)
        {
            new.then = self.promote(row, channel, now).map(Box::new);
        }
        new
    }

    /// What takes the place of a default account that is closed.
    fn promote(&mut self, row: &AccountRow, channel: ChannelKind, now: Timestamp) -> Option<NewRow> {
        let is_living = self.payees.get(&row.key).is_some_and(|status| status.is_living());
        let histories = &self.histories;
        let stands = |purpose: &Blind| histories.get(&(row.key, Some(*purpose))).map(|(_, standing)| *standing);
        let account = self.promotable.of(&row.key, now, stands).filter(|_| is_living)?;
        let standing = Standing { state: State::InForce, account };
        self.histories.insert((row.key, None), (Link::Pending(self.changes), standing));
        self.changes += 1;
        let telling = Telling {
            account: Some(account),
            channel: Some(channel),
            ..Telling::own(row.key, row.payee, NoticeKind::ChangeInForce)
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
            holder: None,
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
        let history = (row.key, purpose.map(|purpose| purpose.key));
        let request = Request {
            channel,
            action: row.action,
            account: row.account,
            says_currency: row.says_currency,
            expects,
            specific: purpose.map(|_| designation::Specific {
                is_locked: self.locked.contains(&history),
                is_loading: self.is_loading,
            }),
            grounds: row.grounds,
            undone: self.undone.get(&history).copied(),
        };
        // What the payee has forbidden is an account in the place of theirs; what protects it is not.
        let is_locked = self.locks.get(&row.key).is_some_and(|lock| lock.forbids(channel.kind()));
        if is_locked && row.action == Action::Designate {
            return Err(RowRefusal::Locked);
        }
        let current = self.histories.get(&history);
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
