//! What is done with a chunk of a payment file, on any thread: read, decide, complete, seal.

use crate::batch::Batch;
use crate::judge::{Asked, Judge, account_key, named_payee};
use crate::message::{
    Agent, BlockHead, Chunk, Entry, Fault, Part, Payee, PayeeNumber, Payment, Status, named_account, parse_payment,
    write_entry, write_payment, write_removed,
};
use crate::payment::{Decided, News, State, Verdict, check_date, needs_account, paid_currency, refused_by_itself};
use crate::reason::Reason;
use crate::store::held::HeldPayment;
use crate::store::ids::{BlockIds, Ids, SealedIds};
use crate::store::payment::{Outcome, PaymentRow, each_change_of, each_of, leaf};
use denmark::{Account, BankDirectory, Currency, Decimal, Money};
use jiff::civil::Date;
use kernel::merkle::{Encoder, Hash, to_hex};
use kernel::{Blind, Domain, Error, Id, Lent, Scope, Timestamp, Tx, Vault};
use registry::account::{self, DesignatedAccount};
use registry::payee::PayeeId;
use registry::payer::{NoAccount, Payer, PayerKind};
use registry::purpose::{self, BenefitKind};
use registry::resolve;
use registry::watch::{Notes, Whom};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Why the work stopped.
pub(crate) enum Stop {
    /// The file is to be refused.
    Fault(Fault),
    /// Something failed.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What is ruled for one payment in the files that are being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    /// Whether it stands in the completed file, and how.
    pub(crate) completion: Completion,
    /// What is recorded, and reported.
    pub(crate) outcome: Outcome,
    /// The blind index of the account that it goes to, or would, where it is noted who is paid to that.
    noted: Option<Blind>,
}

/// A ruling, and where it comes from.
#[derive(Clone, Copy, Debug)]
struct Ruled {
    ruling: Ruling,
    /// Whether it was made in this run, or at the stage that is written again.
    is_ruled: bool,
    /// Whether it is not as it was recorded before.
    is_new: bool,
    /// Whether it was recorded as waiting because of its account.
    has_waited: bool,
}

/// How a payment stands in the completed file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Completion {
    /// With this account.
    With(DesignatedAccount),
    /// As it came.
    AsItCame,
    /// Not at all.
    TakenOut,
}

impl Ruling {
    pub(crate) fn of(decided: Decided) -> Self {
        let Decided { verdict, news, noted, .. } = decided;
        let (state, reason, designation) = verdict.recorded();
        let completion = match verdict {
            Verdict::Route(_, account) => Completion::With(account),
            Verdict::Pass => Completion::AsItCame,
            Verdict::Hold(_) | Verdict::Reject(_) => Completion::TakenOut,
        };
        Self { completion, outcome: Outcome { state, reason, designation, news }, noted }
    }

    /// Notes what it comes to for an account that is watched.
    pub(crate) fn note(&self, whom: Option<Whom>, notes: &mut Notes) {
        let Some((account, whom)) = self.noted.zip(whom) else { return };
        match self.outcome {
            Outcome { state: State::Routed | State::Passed, .. } => notes.pays(account, whom),
            Outcome { state: State::Held, reason: Some(Reason::Collecting), .. } => notes.holds(account, whom),
            _ => {}
        }
    }
}

/// Chunks that one snapshot serves. Holding it makes look-ups fast; renewing it lets the store fold its log in during a very
/// large file. That snapshots differ does no harm: what changed since the first is decided again when the batch becomes real.
const CHUNKS_PER_SNAPSHOT: u64 = 64;

/// Everything that a thread needs to know of the batch.
pub(crate) struct Setting {
    pub(crate) vault: Vault,
    pub(crate) batch: Id<Batch>,
    pub(crate) payer: Payer,
    pub(crate) banks: BankDirectory,
    /// The date in Denmark on which the file came in. None when dates have been judged before.
    pub(crate) today: Option<Date>,
    pub(crate) rule: Rule,
    /// Whether rows are to be recorded: then ids are sealed and leaves made.
    pub(crate) records: bool,
    /// What is written of it.
    pub(crate) writes: Writes,
}

/// Which files are written of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writes {
    pub(crate) completed: bool,
    pub(crate) status: bool,
}

impl Writes {
    pub(crate) const BOTH: Self = Self { completed: true, status: true };
    pub(crate) const NONE: Self = Self { completed: false, status: false };
}

/// How payments are ruled.
#[derive(Clone)]
pub(crate) enum Rule {
    /// By what the file says and the registry holds now.
    Fresh { judge: Arc<Judge> },
    /// As was recorded up to a stage: the files of that stage are written again.
    Recorded { stage: i64 },
    /// What is held is decided by what the registry holds now, and let go.
    Release { judge: Arc<Judge>, stage: i64 },
}

impl Rule {
    /// Whether it is counted whom a file names beside accounts that are not watched.
    fn follows(&self) -> bool {
        match self {
            Self::Fresh { judge } | Self::Release { judge, .. } => judge.watched.are_limited(),
            Self::Recorded { .. } => false,
        }
    }

    /// Whether a payment was ever tried again.
    fn was_tried(&self, number: i64) -> bool {
        match self {
            Self::Fresh { judge } | Self::Release { judge, .. } => judge.gate.was_tried(number),
            Self::Recorded { .. } => false,
        }
    }

    /// When payments are decided by it, if they are.
    fn decided_at(&self) -> Option<Timestamp> {
        match self {
            Self::Fresh { judge } | Self::Release { judge, .. } => Some(judge.now),
            Self::Recorded { .. } => None,
        }
    }
}

/// One payment, done.
pub(crate) struct Worked {
    pub(crate) row: PaymentRow,
    pub(crate) leaf: Hash,
    pub(crate) ruling: Ruling,
    /// As it enters control sums.
    pub(crate) amount: Option<Decimal>,
    /// Whether the payment was ruled in this run; the others are only reported.
    pub(crate) is_ruled: bool,
    /// Whether it is not as it was recorded before.
    pub(crate) is_new: bool,
    /// Who is paid, where the file names the account; and that account, if it is counted who is.
    named: Option<Blind>,
    followed: Option<Account>,
    has_waited: bool,
    /// In the chunk's bytes.
    pub(crate) part: Range<usize>,
    /// Where the element begins in the part.
    pub(crate) start: usize,
    /// In [`Done::completed`], [`Done::status`], [`Done::ids`].
    pub(crate) completed: Range<usize>,
    pub(crate) status: Range<usize>,
    pub(crate) ids: Range<usize>,
}

impl Worked {
    /// Notes what it comes to for an account that is watched.
    pub(crate) fn note(&self, notes: &mut Notes) {
        self.ruling.note(Whom::of(self.row.payee, self.named), notes);
        if let (State::Passed, Some(account), Some(payee)) = (self.row.outcome.state, self.followed, self.named) {
            // Who waited because of the account was counted then, and has been looked at.
            notes.names(account, payee, Some(self.row.number).filter(|_| !self.has_waited));
        }
    }
}

/// One chunk, done.
pub(crate) struct Done {
    pub(crate) chunk: Chunk,
    pub(crate) payments: Vec<Worked>,
    pub(crate) completed: Vec<u8>,
    pub(crate) status: Vec<u8>,
    pub(crate) ids: Vec<u8>,
    pub(crate) sealed_ids: Option<SealedIds>,
    /// The sealed input, where it is kept.
    pub(crate) sealed_input: Option<Vec<u8>>,
    /// Of those of its payments that wait for a reason of their own, what is to be known to decide them anew.
    pub(crate) held: Vec<HeldPayment>,
}

impl Done {
    /// The chunk, and the buffers for the next one.
    pub(crate) fn recycle(self) -> (Chunk, Buffers) {
        let Self { chunk, mut payments, mut completed, mut status, mut ids, .. } = self;
        payments.clear();
        for buffer in [&mut completed, &mut status, &mut ids] {
            buffer.clear();
        }
        (chunk, Buffers { payments, completed, status, ids })
    }
}

/// The buffers of a chunk that was done, for the next one.
#[derive(Default)]
pub(crate) struct Buffers {
    pub(crate) payments: Vec<Worked>,
    pub(crate) completed: Vec<u8>,
    pub(crate) status: Vec<u8>,
    pub(crate) ids: Vec<u8>,
}

/// A payment with what was found out about it before anything was looked up.
struct Candidate<'c> {
    payment: Payment<'c>,
    part: Range<usize>,
    start: usize,
    needs_account: bool,
    refused: Option<Reason>,
    payee: Option<Blind>,
    block: &'c BlockHead,
}

impl Candidate<'_> {
    /// The kind of benefit: the payment's own precedes its block's.
    fn benefit(&self) -> Option<BenefitKind> {
        if let Some(category) = self.payment.category.as_deref() {
            // Even one that is no kind we know: then it is the default account's.
            return BenefitKind::parse(category);
        }
        let in_remittance = || self.payment.first_remittance.as_deref().and_then(BenefitKind::in_remittance);
        in_remittance().or_else(|| self.block.benefit.as_deref().and_then(BenefitKind::parse))
    }
}

/// One thread with its own connection.
pub(crate) struct Worker {
    setting: Arc<Setting>,
    connection: Lent,
    /// Whether a snapshot is held between chunks. Whoever waits between them must not: the store could not fold its log in.
    holds_snapshot: bool,
    /// The blind indexes of the purposes met so far: a file has few.
    purposes: BTreeMap<BenefitKind, Blind>,
    chunks: u64,
}

impl Worker {
    pub(crate) fn new(setting: Arc<Setting>, connection: Lent, holds_snapshot: bool) -> Self {
        Self { setting, connection, holds_snapshot, purposes: BTreeMap::new(), chunks: 0 }
    }

    /// Does one chunk.
    pub(crate) fn work(&mut self, chunk: Chunk, buffers: Buffers) -> Result<Done, Stop> {
        if self.holds_snapshot && self.chunks.is_multiple_of(CHUNKS_PER_SNAPSHOT) {
            self.connection.hold_snapshot()?;
        }
        self.chunks += 1;
        let Buffers { mut payments, mut completed, mut status, mut ids } = buffers;
        let candidates = self.read(&chunk)?;
        let mut held = Vec::new();
        let rulings = self.rule(chunk.first_payment, &candidates)?;
        let mut encoder = Encoder::default();
        let mut block = None;
        let Setting { vault, batch, payer, records, writes, rule, .. } = &*self.setting;
        let (decided_at, follows) = (rule.decided_at(), rule.follows());
        for (at, (candidate, Ruled { ruling, is_ruled, is_new, has_waited })) in
            candidates.iter().zip(rulings).enumerate()
        {
            let Candidate { payment, part, start, payee, .. } = candidate;
            let number = (chunk.first_payment + at as u64) as i64;
            let completed_from = completed.len();
            if writes.completed {
                self.complete(&mut completed, &chunk.bytes[part.clone()], payment, *start, &ruling.completion);
            }
            let status_from = status.len();
            let end_to_end_id = payment.end_to_end_id.as_ref();
            let instruction_id = payment.instruction_id.as_deref();
            if writes.status {
                report(&mut status, payer, end_to_end_id, instruction_id, &ruling.outcome);
            }
            let benefit = candidate.benefit();
            let lies_since = decided_at.filter(|_| ruling.outcome.state == State::Waiting);
            if is_ruled && ruling.outcome.is_looked_at_again(rule.was_tried(number)) {
                let purpose = benefit.as_ref().map(|kind| purpose::key(vault, payer.id, kind));
                let account = account_key(vault, payment.account.as_deref());
                let (payee, currency) = (*payee, paid_currency(payment));
                held.push(HeldPayment { number, payee, purpose, currency, account, lies_since });
            }
            let benefit = benefit.as_ref().map(BenefitKind::as_str);
            let transfer_currency = payment.transfer_currency.as_ref().map(Currency::as_str);
            let is_first = block.replace(candidate.block.index) != Some(candidate.block.index);
            let date = candidate.block.execution_date.value.ok().filter(|_| is_first).map(|date| date.to_string());
            let block = is_first.then(|| BlockIds {
                payment_info_id: &candidate.block.payment_info_id,
                execution_date: date.as_deref(),
                debtor_agent: candidate.block.debtor_agent.as_deref(),
            });
            let account = payment.account.as_deref();
            let named = if *records || is_ruled { named_payee(vault, payment) } else { None };
            let creditor = named.map(|payee| to_hex(payee.as_bytes()));
            let creditor = creditor.as_deref();
            let ids_of = Ids { end_to_end_id, instruction_id, benefit, transfer_currency, account, creditor, block };
            let ids_at = ids_of.append_to(&mut ids);
            let row = PaymentRow {
                number,
                payee: *payee,
                end_to_end: if *records { end_to_end_key(vault, end_to_end_id) } else { Blind::default() },
                money: payment.money.ok(),
                outcome: ruling.outcome,
            };
            let leaf = if *records { leaf(&mut encoder, *batch, &row, &ids[ids_at.clone()]) } else { Hash::default() };
            payments.push(Worked {
                row,
                leaf,
                ruling,
                amount: payment.amount.ok(),
                is_ruled,
                is_new,
                named,
                followed: account.filter(|_| is_new && follows).and_then(named_account),
                has_waited,
                part: part.clone(),
                start: *start,
                completed: completed_from..completed.len(),
                status: status_from..status.len(),
                ids: ids_at,
            });
        }
        drop(candidates);
        let sealed_ids = (*records && !payments.is_empty())
            .then(|| SealedIds::seal(vault, *batch, chunk.first_payment as i64, &ids))
            .transpose()?;
        Ok(Done { chunk, payments, completed, status, ids, sealed_ids, sealed_input: None, held })
    }

    fn read<'c>(&self, chunk: &'c Chunk) -> Result<Vec<Candidate<'c>>, Stop> {
        let mut candidates = Vec::with_capacity(chunk.payments as usize);
        let mut block = chunk.block.as_ref();
        let mut date = self.date_fault(block);
        for part in &chunk.parts {
            match part {
                Part::BlockHead { head, .. } => {
                    block = Some(head);
                    date = self.date_fault(block);
                }
                Part::Payment { span, start } => {
                    let Some(block) = block else { continue };
                    let part = &chunk.bytes[span.clone()];
                    let payment = parse_payment(part, *start, chunk.offset + span.start as u64, &block.context)
                        .map_err(Stop::Fault)?;
                    let needs_account = needs_account(&payment, block.is_cheque);
                    let payee = match &payment.payee {
                        Payee::Named(number) if needs_account => Some(payee_id(number).key(&self.setting.vault)),
                        _ => None,
                    };
                    let refused = refused_by_itself(&payment, needs_account, date);
                    candidates.push(Candidate {
                        part: span.clone(),
                        start: *start,
                        needs_account,
                        refused,
                        payee,
                        block,
                        payment,
                    });
                }
                Part::FileHead { .. } | Part::BlockTail { .. } | Part::FileTail { .. } => {}
            }
        }
        Ok(candidates)
    }

    fn date_fault(&self, block: Option<&Arc<BlockHead>>) -> Option<Reason> {
        check_date(block?.execution_date.value, self.setting.today?)
    }
}

impl Worker {
    /// What is ruled for each payment.
    fn rule(&mut self, first: u64, candidates: &[Candidate<'_>]) -> Result<Vec<Ruled>, Error> {
        match self.setting.rule.clone() {
            Rule::Fresh { judge } => {
                let decided = self.decide(first, candidates, &judge, |_| true)?;
                let ruled =
                    |decided| Ruled { ruling: Ruling::of(decided), is_ruled: true, is_new: true, has_waited: false };
                Ok(decided.into_iter().map(ruled).collect())
            }
            Rule::Recorded { stage } => self.recall(first, candidates.len(), stage),
            Rule::Release { judge, stage } => {
                let recorded = self.recall(first, candidates.len(), stage)?;
                let is_held =
                    |index: usize| recorded.get(index).is_some_and(|ruled| ruled.ruling.outcome.state == State::Held);
                let decided = self.decide(first, candidates, &judge, is_held)?;
                let rulings = recorded.iter().zip(decided).enumerate().map(
                    |(index, (Ruled { ruling: recorded, .. }, decided))| {
                        if is_held(index) {
                            let ruling = Ruling::of(decided);
                            let has_waited = recorded.outcome.reason == Some(Reason::Collecting);
                            Ruled { ruling, is_ruled: true, is_new: ruling.outcome != recorded.outcome, has_waited }
                        } else {
                            let ruling = Ruling { completion: Completion::TakenOut, ..*recorded };
                            Ruled { ruling, is_ruled: false, is_new: false, has_waited: false }
                        }
                    },
                );
                Ok(rulings.collect())
            }
        }
    }

    /// Decides the payments that are `wanted` by what the registry holds now.
    fn decide(
        &mut self,
        first: u64,
        candidates: &[Candidate<'_>],
        judge: &Judge,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Vec<Decided>, Error> {
        let rejected = |reason| Decided::of(Verdict::Reject(reason));
        let mut all = Vec::with_capacity(candidates.len());
        let (mut asked, mut places) = (Asked::default(), Vec::new());
        for (index, candidate) in candidates.iter().enumerate() {
            let number = (first + index as u64) as i64;
            let decided = match (candidate.refused, candidate.payee) {
                (Some(reason), _) => rejected(reason),
                (None, Some(payee)) => {
                    if wanted(index) {
                        let purpose = candidate.benefit().map(|kind| self.purpose(kind));
                        let currency = paid_currency(&candidate.payment);
                        let payee = Some(payee);
                        asked.push(&HeldPayment { number, payee, purpose, currency, account: None, lies_since: None });
                        places.push(index);
                    }
                    // Until the answer is there.
                    rejected(Reason::NotInRegister)
                }
                (None, None) if candidate.needs_account => rejected(Reason::Identification),
                (None, None) => judge.rule_passed(number, candidate.payment.account.as_deref()),
            };
            all.push(decided);
        }
        let Self { setting, connection, .. } = self;
        connection.read(|tx| {
            let scope = Scope { tx, vault: &setting.vault };
            judge.judge(&scope, &asked, |at, decided| all[places[at]] = decided)
        })?;
        Ok(all)
    }

    fn purpose(&mut self, kind: BenefitKind) -> Blind {
        let Setting { vault, payer, .. } = &*self.setting;
        *self.purposes.entry(kind).or_insert_with_key(|kind| purpose::key(vault, payer.id, kind))
    }

    /// What was recorded of the payments up to a stage, so that this stage's files come out as they did.
    fn recall(&mut self, first: u64, count: usize, stage: i64) -> Result<Vec<Ruled>, Error> {
        let Setting { vault, batch, payer, .. } = &*self.setting;
        self.connection.read(|tx| {
            let scope = Scope { tx, vault };
            recorded(tx, *batch, first as i64, count, stage)?
                .into_iter()
                .map(|Recorded { outcome, of_stage, .. }| {
                    let is_of_this = of_stage == stage;
                    let completion = match (outcome.state, outcome.designation, &payer.agreement.no_account) {
                        _ if !is_of_this => Completion::TakenOut,
                        (State::Routed, Some(designation), _) => {
                            Completion::With(resolve::account_of(&scope, designation)?)
                        }
                        (State::Waiting, _, NoAccount::PayTo(account)) => Completion::With(*account),
                        (State::Passed, ..) => Completion::AsItCame,
                        _ => Completion::TakenOut,
                    };
                    Ok(Ruled {
                        ruling: Ruling { completion, outcome, noted: None },
                        is_ruled: is_of_this,
                        is_new: false,
                        has_waited: false,
                    })
                })
                .collect()
        })
    }

    fn complete(&self, out: &mut Vec<u8>, part: &[u8], payment: &Payment<'_>, start: usize, completion: &Completion) {
        match completion {
            Completion::AsItCame => write_payment(out, part, payment, None),
            Completion::TakenOut => write_removed(out, part, start),
            Completion::With(account) => {
                let iban = account.iban(&self.setting.banks);
                match account.agent(&self.setting.banks) {
                    account::Agent::Bic(bic) => {
                        write_payment(out, part, payment, Some((Agent::Bic(bic.as_str()), iban.as_str())));
                    }
                    account::Agent::Member(reg) => {
                        write_payment(out, part, payment, Some((Agent::Member(&reg.to_string()), iban.as_str())));
                    }
                }
            }
        }
    }
}

/// What was recorded of a payment up to a stage.
pub(crate) struct Recorded {
    pub(crate) outcome: Outcome,
    /// The stage that this is from.
    pub(crate) of_stage: i64,
    pub(crate) money: Option<Money>,
}

impl Recorded {
    /// Whether it stands in the completed file of a stage.
    pub(crate) fn goes_on_at(&self, stage: i64) -> bool {
        self.of_stage == stage && self.outcome.goes_on()
    }
}

/// What was recorded up to a stage of `count` payments in a row, in their order.
pub(crate) fn recorded(
    tx: &Tx<'_>,
    batch: Id<Batch>,
    first: i64,
    count: usize,
    stage: i64,
) -> Result<Vec<Recorded>, Error> {
    let numbers = first..first.saturating_add(count as i64);
    let mut found = Vec::with_capacity(count);
    each_of(tx, batch, numbers.clone(), |row| {
        found.push(Recorded { outcome: row.outcome, of_stage: 0, money: row.money });
        Ok(())
    })?;
    each_change_of(tx, batch, numbers.clone(), stage, |change| {
        if let Some(found) = found.get_mut((change.number - numbers.start) as usize) {
            (found.outcome, found.of_stage) = (change.outcome, change.stage);
        }
        Ok(())
    })?;
    Ok(found)
}

pub(crate) fn payee_id(number: &PayeeNumber) -> PayeeId {
    match *number {
        PayeeNumber::Cpr(number) => PayeeId::Cpr(number),
        PayeeNumber::Cvr(number) => PayeeId::Cvr(number),
        PayeeNumber::Se(number) => PayeeId::Se(number),
        PayeeNumber::P(number) => PayeeId::P(number),
    }
}

/// The blind index of an end-to-end id: for telling that it was used before in its file, and for finding a payment by it.
pub(crate) fn end_to_end_key(vault: &Vault, end_to_end_id: &str) -> Blind {
    vault.blind(Domain("payment.end_to_end"), end_to_end_id)
}

/// Whether a payer is told of this payment by itself: a private payer learns only what could not be paid.
pub(crate) const fn is_told(outcome: &Outcome, kind: PayerKind) -> bool {
    match kind {
        PayerKind::Public => true,
        PayerKind::Private => !outcome.goes_on(),
    }
}

/// Appends what the status report says of a payment, if anything. What passed through is the bank's to report.
pub(crate) fn report(
    out: &mut Vec<u8>,
    payer: &Payer,
    end_to_end_id: &str,
    instruction_id: Option<&str>,
    outcome: &Outcome,
) {
    let status = match outcome.state {
        _ if !is_told(outcome, payer.agreement.kind) => return,
        State::Routed | State::Waiting => Status::Accepted,
        State::Passed => return,
        State::Held => Status::Pending,
        State::Rejected | State::Cancelled | State::Returned => Status::Rejected,
    };
    let kind = payer.agreement.kind;
    let reason = outcome.reason.map(|reason| reason.told(kind)).map(|reason| (reason.status_code(), reason.sentence()));
    // A private payer is told of no account that is not one that it names.
    let news = outcome.news.filter(|_| kind == PayerKind::Public);
    let more: Vec<String> = news.into_iter().flat_map(News::sentences).collect();
    write_entry(out, &Entry { instruction_id, end_to_end_id, status, reason, more: &more });
}
