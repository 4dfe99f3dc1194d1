//! Takes what banks answer to recalls (camt.029), and books the money that comes back.

use super::answered::{Case, Cases, shares};
use super::back::Books;
use super::{record, require_bank};
use crate::back::{BankSaid, Booked, How, MoneyBack};
use crate::message::bank::{Answer, ReadError, Reason, RecallStatus, ReturnReason, read_answers};
use crate::message::{AmountFault, bank::Amount};
use crate::queries::{BackOf, Opening, back_of};
use crate::recall::{AnswerRecord, Heard, Recall, Stands};
use crate::store;
use crate::store::recall_answer::Answered;
use crate::stray_answer::{Mismatch, StrayAnswer};
use crate::{batch, policy};
use denmark::Money;
use kernel::journal::{Entry, Rows};
use kernel::{
    Actor, Command, Decision, Env, Error, Id, Operation, Refusal, Refuse, Scope, StoreError, Timestamp, Writer,
};
use registry::payer::Agreement;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

/// What became of a message of answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswersTaken {
    /// How many answers there are in it.
    pub answers: usize,
    /// Those that were taken before.
    pub known: usize,
    /// What is new: of each payment, what was answered and where it stands now.
    pub taken: Vec<AnswerTaken>,
    /// Those that are about nothing that is known here.
    pub unmatched: Vec<Unmatched>,
    /// How many of these were put on the work list now.
    pub listed: usize,
    /// By which stages of which batches money was booked, now or before.
    pub stages: BTreeSet<(String, i64)>,
    /// The payers' reports that were written.
    pub reports: Vec<PathBuf>,
}

/// What was answered about one payment, and where it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTaken {
    /// The recall, by name.
    pub recall: String,
    /// The payer's id of the payment.
    pub end_to_end_id: String,
    /// `accepted`, `refused`, `partial`, `pending` or `other`.
    pub status: String,
    /// Where it stands.
    pub standing: String,
    /// What was booked as come back by it: a decimal number.
    pub booked: Option<String>,
    /// In which currency.
    pub currency: String,
    /// Whether a bank had said otherwise before. The last word holds; what is booked stays.
    pub contradicts: bool,
}

/// An answer that is about nothing that is known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmatched {
    /// The line of the file that it stands in, from 1.
    pub line: u64,
    /// Why, in a word.
    pub code: String,
    /// The same in a sentence.
    pub text: String,
}

/// A file that is no message of answers.
struct NoMessage(String);

impl Refuse for NoMessage {
    fn code(&self) -> &'static str {
        "recall.file"
    }
}

impl fmt::Display for NoMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn cannot(error: ReadError) -> Error {
    match error {
        ReadError::Read(error) => Error::io("the message could not be read")(error),
        fault @ ReadError::Fault { .. } => NoMessage(fault.to_string()).into(),
    }
}

/// Takes a message of answers. It is read to its end first: one that is not whole changes nothing. With a bank's name, only the recalls
/// that this bank fetches are known to it. What is about nothing that is known goes to the work list. The payers' reports go to `out`; without,
/// whoever wants them fetches them.
///
/// # Errors
/// `bank.unknown`; `recall.file`: it is no camt.029.001.09; `recall.too_many`; the policy's refusal, or the store's.
pub fn answer_recalls<R: Read + Seek>(
    writer: &mut Writer,
    mut source: R,
    bank: Option<&str>,
    out: Option<&Path>,
    (actor, env): (&Actor, &Env),
) -> Result<AnswersTaken, Error> {
    policy::ANSWER_RECALLS.require(actor)?;
    let read_first = read_answers(&mut source).map_err(cannot)?;
    let shares = writer.read(|scope| {
        require_bank(scope, bank)?;
        shares(scope, read_first, cannot)
    })?;
    source.rewind().map_err(Error::io("the message could not be read again"))?;
    let mut answers = read_answers(io::BufReader::new(source)).map_err(cannot)?;
    let mut taken = AnswersTaken::default();
    for share in shares {
        let some: Result<Vec<Answer>, ReadError> = answers.by_ref().take(share).collect();
        let some = some.map_err(cannot)?;
        let take = TakeAnswers { answers: &some, first: taken.answers, bank, by: actor.name() };
        let of_these = writer.execute(&take, actor, env)?;
        taken.answers += of_these.answers;
        taken.known += of_these.known;
        taken.taken.extend(of_these.taken);
        taken.unmatched.extend(of_these.unmatched);
        taken.listed += of_these.listed;
        taken.stages.extend(of_these.stages);
    }
    for (name, stage) in &taken.stages {
        if let (Some(out), Some(batch)) = (out, batch::parse_name(name)) {
            taken.reports.extend(record::write_files(writer, batch, *stage, out)?);
        }
    }
    Ok(taken)
}

struct TakeAnswers<'a> {
    answers: &'a [Answer],
    /// How many there are before these in their message.
    first: usize,
    bank: Option<&'a str>,
    by: &'a str,
}

/// An answer about one payment, ready to be recorded.
struct Ready {
    answered: Answered,
    end_to_end_id: String,
    money: Money,
    is_known: bool,
    /// The stage by which it was booked before, if it was.
    stage: Option<i64>,
    /// To be booked, but for how much.
    back: MoneyBack,
}

/// What is known of a recalled payment, and then what was decided before.
struct Known {
    heard: Vec<Heard>,
    /// How much of it came back before and since it was asked for.
    back: BackOf,
}

/// An answer that is about nothing, and whether it is on the work list, or was.
struct NotOurs {
    stray: StrayAnswer,
    is_known: bool,
}

struct Loaded {
    /// Of each answer those that it is about.
    ready: Vec<Result<Vec<Ready>, NotOurs>>,
    known: BTreeMap<(Id<Recall>, i64), Known>,
    books: Books,
}

/// What is to be saved.
struct Taken {
    answered: Vec<Answered>,
    strays: Vec<StrayAnswer>,
    booking: super::back::Booking,
}

impl Command for TakeAnswers<'_> {
    const OPERATION: Operation = policy::ANSWER_RECALLS;
    const READS_JOURNAL: bool = false;
    type State = Loaded;
    type Change = Taken;
    type Output = AnswersTaken;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        let mut cases = Cases::new(scope, self.bank.map(|bank| Agreement::bank_key(scope.vault, bank)));
        let mut ready = Vec::with_capacity(self.answers.len());
        for (at, answer) in (self.first..).zip(self.answers) {
            let matched = match cases.of(answer)? {
                None => Err(Mismatch::Case),
                Some(case) => self.ready(scope, answer, case)?,
            };
            ready.push(match matched {
                Ok(ready) => Ok(ready),
                Err(why) => {
                    let stray = StrayAnswer::of((answer, at), self.bank, self.record(answer), why, scope.vault);
                    let is_known = store::stray::is_known(scope.tx, &stray.key)?;
                    Err(NotOurs { stray, is_known })
                }
            });
        }
        let mut known = BTreeMap::new();
        for one in ready.iter_mut().flatten().flatten() {
            one.is_known = store::recall_answer::is_known(scope.tx, &one.back.key)?;
            if one.is_known {
                one.stage = store::back::find(scope, &one.back.key)?.map(|booked| booked.stage);
            }
            let Answered { recall, number, .. } = one.answered;
            if let (std::collections::btree_map::Entry::Vacant(place), Some(asked)) =
                (known.entry((recall, number)), cases.known(recall))
            {
                let heard = store::recall_answer::heard_of(scope.tx, recall, number)?;
                place.insert(Known { heard, back: back_of(scope, asked, number)? });
            }
        }
        let backs = ready.iter().flatten().flatten().map(|one| &one.back);
        let books = Books::load(scope, backs)?;
        Ok(Loaded { ready, known, books })
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Taken, AnswersTaken>, Refusal> {
        let Loaded { ready, mut known, mut books } = loaded;
        let mut output = AnswersTaken { answers: self.answers.len(), ..AnswersTaken::default() };
        let (mut answered, mut strays, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for ready in ready {
            let ready = match ready {
                Ok(ready) => ready,
                Err(NotOurs { stray, is_known }) => {
                    let (code, text) = (stray.why.code().to_owned(), stray.why.sentence().to_owned());
                    output.unmatched.push(Unmatched { line: stray.line, code, text });
                    if !is_known && seen.insert(stray.key) {
                        strays.push(stray);
                    }
                    continue;
                }
            };
            let mut is_new = false;
            for one in ready {
                let Ready { answered: answer, end_to_end_id, money, is_known, stage, mut back } = one;
                output.stages.extend(stage.map(|stage| (batch::name(back.batch), stage)));
                let place = (answer.recall, answer.number);
                let Some(of_it) = known.get_mut(&place) else { continue };
                if is_known || !seen.insert(back.key) {
                    continue;
                }
                is_new = true;
                let asked = money.minor.saturating_sub(of_it.back.before);
                let was = Stands::of(asked, &of_it.heard, of_it.back.since);
                of_it.heard.push(answer.heard);
                let stands = Stands::of(asked, &of_it.heard, of_it.back.since);
                // Only the bank's last word moves money, and only what is not back yet.
                back.amount = match stands.expected {
                    Some(expected) if answer.heard.is_final() => expected - of_it.back.since,
                    _ => 0,
                };
                let is_booked =
                    back.amount > 0 && matches!(books.book(&back, env.now), Ok(Booked::Whole | Booked::Part));
                if is_booked {
                    of_it.back.since += back.amount;
                }
                let stands = Stands::of(asked, &of_it.heard, of_it.back.since);
                output.taken.push(AnswerTaken {
                    recall: answer.recall.name(),
                    end_to_end_id,
                    status: answer.heard.status.name().to_owned(),
                    standing: stands.standing.name().to_owned(),
                    booked: is_booked.then(|| Money { minor: back.amount, ..money }.decimal().to_string()),
                    currency: money.currency.to_string(),
                    contradicts: stands.is_contradicted && !was.is_contradicted,
                });
                answered.push(answer);
            }
            output.known += usize::from(!is_new);
        }
        if answered.is_empty() && strays.is_empty() {
            return Ok(Decision::unchanged(output));
        }
        output.listed = strays.len();
        let booking = books.booking();
        output.stages.extend(booking.stages().map(|(batch, stage)| (batch::name(batch), stage)));
        let facts = serde_json::json!({
            "answers": output.answers,
            "taken": answered.len(),
            "known": output.known,
            "unmatched": output.unmatched.len(),
            "listed": output.listed,
            "booked": booking.len(),
        });
        Ok(Decision::of(vec![Taken { answered, strays, booking }], facts, output))
    }

    fn save(&self, scope: &Scope<'_>, taken: &[Taken], entry: Entry) -> Result<Vec<Rows>, Error> {
        let [Taken { answered, strays, booking }] = taken else {
            return Err(StoreError::plain("answers are taken together").into());
        };
        let mut rows = Vec::new();
        if !answered.is_empty() {
            rows.push(store::recall_answer::insert_many(scope, answered, entry)?);
        }
        if !strays.is_empty() {
            rows.push(store::stray::insert_many(scope, strays, entry)?);
        }
        rows.extend(booking.save(scope, entry)?);
        Ok(rows)
    }
}

impl TakeAnswers<'_> {
    /// What an answer says of each payment that it is about, or why it is about nothing.
    fn ready(
        &self,
        scope: &Scope<'_>,
        answer: &Answer,
        case: &mut Case,
    ) -> Result<Result<Vec<Ready>, Mismatch>, Error> {
        let payments = case.meant(scope, answer)?;
        if payments.is_empty() {
            return Ok(Err(Mismatch::Payment));
        }
        let recall = case.recall();
        let of_several = (payments.len() > 1).then(|| payments.iter().map(|payment| payment.money.minor).sum::<i64>());
        let ready = payments.iter().map(|payment| {
            let heard = heard(answer, payment, of_several)?;
            let answered = Answered {
                recall: recall.id,
                number: payment.number,
                heard,
                at: Timestamp::from_micros(0),
                record: self.record(answer),
            };
            let key = answered.key(scope.vault);
            let said = BankSaid {
                message_id: answer.assignment_id.clone(),
                reference: answer.answer_id.clone(),
                settled: answer.comes_back_on.map(|date| date.to_string()),
                bank: self.bank.map(str::to_owned),
                ..BankSaid::default()
            };
            let (batch, number) = (recall.batch, payment.number);
            let (how, reason) = (How::Recall, ReturnReason::RECALLED);
            let back = MoneyBack { key, batch, number, amount: 0, how, reason, said };
            let (end_to_end_id, money) = (payment.end_to_end_id.clone(), payment.money);
            Ok(Ready { answered, end_to_end_id, money, is_known: false, stage: None, back })
        });
        Ok(ready.collect())
    }

    fn record(&self, answer: &Answer) -> AnswerRecord {
        let reasons = answer.reasons.iter().map(|Reason { code, proprietary, texts }| {
            let text = Some(texts.join(" ")).filter(|text| !text.is_empty());
            (code.clone().or_else(|| proprietary.clone()), text)
        });
        AnswerRecord {
            by: self.by.to_owned(),
            assignment_id: answer.assignment_id.clone(),
            answer_id: answer.answer_id.clone(),
            status: answer.status_code.clone(),
            reasons: reasons.collect(),
            on: answer.comes_back_on.map(|date| date.to_string()),
        }
    }
}

/// What was answered about a payment that an answer is about; with what all come to, where it is about several together.
fn heard(answer: &Answer, payment: &Opening, of_several: Option<i64>) -> Result<Heard, Mismatch> {
    let is_same = |amount: Amount| amount.is_ok_and(|money| money == payment.money);
    if of_several.is_none() && answer.original.is_some_and(|paid| !is_same(paid)) {
        return Err(Mismatch::Amount);
    }
    let status = answer.status;
    let amount = match answer.comes_back {
        None => None,
        Some(Err(AmountFault::Zero)) => Some(0),
        Some(Err(AmountFault::Invalid)) => return Err(Mismatch::Amount),
        Some(Ok(money)) if money.currency != payment.money.currency => return Err(Mismatch::Amount),
        Some(Ok(money)) => Some(money.minor),
    };
    match (amount, of_several) {
        (Some(amount), None) if amount > payment.money.minor => Err(Mismatch::Amount),
        (Some(_), None) => Ok(Heard { status, amount }),
        // Of several payments together it is known what comes back of each only where all does.
        (Some(amount), Some(all)) if amount != all => {
            let status = if status == RecallStatus::Accepted { RecallStatus::Partial } else { status };
            Ok(Heard { status, amount: None })
        }
        _ => Ok(Heard { status, amount: None }),
    }
}
