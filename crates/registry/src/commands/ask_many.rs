//! Questions about many payees: each request has one entry in the journal, each payee one row in the log, and both are durable
//! before the answers leave.

use crate::allowance::{self, Allowances, InUse};
use crate::ask::{AnswerClass, Ask, Asker};
use crate::bucket::{Limits, PAYEES_MAX};
use crate::known::{Knowledge, Wanted};
use crate::legal_purpose::LegalPurpose;
use crate::payee::PayeeId;
use crate::payer::{Payer, PayerRefusal};
use crate::purpose::BenefitKind;
use crate::store;
use crate::store::look_up::LookUpRow;
use denmark::BankDirectory;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Decided, Decision, Env, Error, Id, Joint, Operation, Refusal, Refuse, Scope, Vault};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Why a request was refused as a whole.
#[derive(Debug, PartialEq, Eq)]
pub enum AskRefusal {
    /// No payee, or more than one request may be about.
    Count(usize),
    /// The client's role has no such purpose.
    Purpose,
    /// A kind of benefit, from a client that pays for no payer.
    Benefit,
}

impl Refuse for AskRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Count(_) => "look_up.count",
            Self::Purpose => "look_up.purpose",
            Self::Benefit => "look_up.benefit",
        }
    }
}

impl fmt::Display for AskRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(most) => write!(f, "a request for this purpose is about 1 to {most} payees"),
            Self::Purpose => f.write_str("clients in this role do not ask for this legal purpose"),
            Self::Benefit => f.write_str("only a client that pays for a payer asks about a kind of benefit"),
        }
    }
}

/// Who asks.
pub struct Client {
    /// The client: the same that gives the command.
    pub actor: Actor,
    /// The name of the payer that it pays for.
    pub payer: Option<String>,
}

/// A question about one payee.
pub struct Question<Asked> {
    /// The payee.
    pub payee: PayeeId,
    /// The kind of benefit that the client would pay, where an account of its own may be for it.
    pub benefit: Option<BenefitKind>,
    /// What is asked beside that.
    pub asked: Asked,
}

/// One request: questions of one sort, for one legal purpose, 1 to as many as [`Limits`] say. Requests of many clients are answered together in
/// one transaction.
pub struct AskMany<K: Ask> {
    client: Client,
    purpose: LegalPurpose,
    questions: Vec<(Blind, Option<BenefitKind>, K::Asked)>,
    /// What was learnt before, and how many entries the journal had then.
    before: Option<(Learnt, u64)>,
}

impl<K: Ask> AskMany<K> {
    /// Makes the request. The blind indexes are computed here, so that whoever writes to the store need not.
    ///
    /// # Errors
    /// [`AskRefusal::Count`].
    pub fn new(
        vault: &Vault,
        client: Client,
        purpose: LegalPurpose,
        questions: Vec<Question<K::Asked>>,
    ) -> Result<Self, AskRefusal> {
        if !(1..=PAYEES_MAX).contains(&questions.len()) {
            let limits = Limits::of(client.actor.role(), purpose);
            return Err(AskRefusal::Count(limits.map_or(PAYEES_MAX, Limits::payees_max)));
        }
        let blind = |Question { payee, benefit, asked }: Question<K::Asked>| (payee.key(vault), benefit, asked);
        Ok(Self { client, purpose, questions: questions.into_iter().map(blind).collect(), before: None })
    }

    /// Learns now what is known of the payees, from a snapshot: whoever writes to the store need not then, and writes no more than
    /// the log. The answers are those of this moment, and the entry says which it was.
    ///
    /// # Errors
    /// The store's.
    pub fn look_before(&mut self, scope: &Scope<'_>) -> Result<(), Error> {
        let learnt = Learnt::load(scope, &[&*self])?;
        self.before = Some((learnt, kernel::journal::size_and_root(scope.tx)?.0));
        Ok(())
    }

    /// Who asks.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// For which legal purpose.
    pub(super) const fn purpose(&self) -> LegalPurpose {
        self.purpose
    }

    /// Who is asked about, in their order, and what.
    pub(super) fn asked(&self) -> impl Iterator<Item = (Blind, &K::Asked)> {
        self.questions.iter().map(|(payee, _, asked)| (*payee, asked))
    }

    /// The payer that the client pays for.
    ///
    /// # Errors
    /// `payer.unknown`, `payer.other_kind`.
    pub(super) fn payer(&self, state: &AskState) -> Result<Option<Id<Payer>>, Refusal> {
        let Some(name) = &self.client.payer else { return Ok(None) };
        let learnt = self.before.as_ref().map_or(&state.learnt, |(learnt, _)| learnt);
        let payer = learnt.payers.get(name).and_then(Option::as_ref).ok_or(PayerRefusal::Unknown)?;
        payer.require_kind_of(self.client.actor.role())?;
        Ok(Some(payer.id))
    }
}

/// What is known of everybody whom several requests ask about.
struct Learnt {
    knowledge: Knowledge,
    banks: BankDirectory,
    payers: BTreeMap<String, Option<Payer>>,
}

impl Learnt {
    fn load<K: Ask>(scope: &Scope<'_>, requests: &[&AskMany<K>]) -> Result<Self, Error> {
        let mut payers = BTreeMap::new();
        for name in requests.iter().filter_map(|request| request.client.payer.as_ref()) {
            if !payers.contains_key(name) {
                payers.insert(name.clone(), store::payer::find_by_name(scope, name)?);
            }
        }
        let wanted: Vec<Wanted> = requests
            .iter()
            .flat_map(|request| {
                let pays = request.client.payer.is_some();
                let concerns = move |benefit| pays && K::concerns_specific(benefit);
                request.questions.iter().map(move |(payee, benefit, _)| (*payee, concerns(benefit.as_ref())))
            })
            .collect();
        let knowledge = Knowledge::load(scope, wanted, K::TELLS_ACCOUNTS)?;
        let banks = if K::TELLS_ACCOUNTS {
            let accounts = knowledge.held().filter_map(|held| held.newest.standing.account.reg());
            store::bank::directory_of(scope.tx, &accounts.collect::<BTreeSet<_>>())?
        } else {
            BankDirectory::new()
        };
        Ok(Self { knowledge, banks, payers })
    }
}

/// What is known, and what the clients may still ask.
pub struct AskState {
    learnt: Learnt,
    allowances: Allowances,
}

/// What one request leaves behind.
pub struct LoggedAnswers {
    answers: Vec<AnswerClass>,
    used: InUse,
}

impl<K: Ask> Joint for AskMany<K> {
    const OPERATION: Operation = K::OPERATION;
    const READS_JOURNAL: bool = false;
    type State = AskState;
    type Change = LoggedAnswers;
    /// One answer for each question, in their order.
    type Output = Vec<K::Answer>;

    fn load(scope: &Scope<'_>, requests: &[&Self]) -> Result<AskState, Error> {
        let clients = requests.iter().map(|request| request.client.actor.name());
        let allowances = Allowances::load(scope.tx, clients)?;
        let open: Vec<&Self> = requests.iter().copied().filter(|request| request.before.is_none()).collect();
        Ok(AskState { learnt: Learnt::load(scope, &open)?, allowances })
    }

    fn decide(&self, state: &mut AskState, env: &Env) -> Result<Decision<LoggedAnswers, Vec<K::Answer>>, Refusal> {
        let Self { client, purpose, questions, before } = self;
        let learnt = before.as_ref().map_or(&state.learnt, |(learnt, _)| learnt);
        let role = client.actor.role();
        let limits = Limits::of(role, *purpose).ok_or(AskRefusal::Purpose)?;
        if questions.len() > limits.payees_max() {
            return Err(AskRefusal::Count(limits.payees_max()).into());
        }
        if client.payer.is_none() && questions.iter().any(|(_, benefit, _)| benefit.is_some()) {
            return Err(AskRefusal::Benefit.into());
        }
        let payer = self.payer(state)?;
        let mut used = state.allowances.get(client.actor.name(), *purpose, limits, env.now);
        used.bucket.admit(limits, questions.len())?;

        let asker = Asker { role, payer, banks: &learnt.banks, now: env.now };
        let (answers, told): (Vec<AnswerClass>, Vec<K::Answer>) = questions
            .iter()
            .map(|(payee, benefit, asked)| K::answer(&asker, learnt.knowledge.get(payee), benefit.as_ref(), asked))
            .unzip();

        let mut counts = BTreeMap::new();
        for answer in &answers {
            *counts.entry(*answer).or_insert(0_u64) += 1;
        }
        let misses: u64 = counts.iter().filter(|(answer, _)| answer.is_miss()).map(|(_, count)| count).sum();
        used.bucket = used.bucket.charged(answers.len() as u64 - misses, misses);
        state.allowances.put(client.actor.name(), *purpose, used);
        let counts: BTreeMap<&str, u64> = counts.into_iter().map(|(answer, count)| (answer.name(), count)).collect();
        let mut facts = serde_json::json!({ "purpose": purpose.name(), "payees": answers.len(), "answers": counts });
        if let Some((_, entries)) = before {
            facts["as_of"] = (*entries).into();
        }
        Ok(Decision::of(vec![LoggedAnswers { answers, used }], facts, told))
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        let asked = decided
            .iter()
            .flat_map(|Decided { command, entry, changes }| changes.iter().map(|answers| (*command, *entry, answers)));
        Ok(save_answers(scope, asked)?.into_iter().map(|rows| vec![rows]).collect())
    }
}

/// Logs what was answered to requests, and takes what that costs; the rows of each.
pub(super) fn save_answers<'a, K: Ask + 'a>(
    scope: &Scope<'_>,
    asked: impl Iterator<Item = (&'a AskMany<K>, Entry, &'a LoggedAnswers)>,
) -> Result<Vec<Rows>, Error> {
    let mut rows = Vec::new();
    let mut buckets = BTreeMap::new();
    for (AskMany { client, purpose, questions, .. }, entry, LoggedAnswers { answers, used }) in asked {
        buckets.insert((client.actor.name(), *purpose), *used);
        for (at, ((payee, ..), answer)) in questions.iter().zip(answers).enumerate() {
            rows.push(LookUpRow {
                id: entry.row(at)?,
                payee: *payee,
                client: client.actor.name(),
                purpose: *purpose,
                kind: K::KIND,
                answer: *answer,
            });
        }
    }
    allowance::save(scope.tx, &buckets)?;
    store::look_up::insert_many(scope.tx, &rows)
}
