//! Asks accounts' banks whose they are: which questions there are, who asks them, and what became of each. That is written beside the
//! journal, because nobody is answered by it; what a bank answers is told like all that is done about a proposal.

use super::TellOwnership;
use crate::delivery::{Delivery, Endpoint, Place};
use crate::life::Waits;
use crate::ownership::{Inquiry, InquiryRefusal, InquiryState, Ownership};
use crate::payee::PayeeId;
use crate::progress::{Failure, Hold};
use crate::proposal::{Proposal, ProposalRefusal};
use crate::store::inquiry::Noted;
use crate::store::proposal::Found;
use crate::{officer, policy, queries, store};
use denmark::{Bank, Iban};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, StoreError, Timestamp, Writer};
use serde_json::json;
use std::collections::BTreeSet;

/// As many questions at a time are asked anew.
pub const INQUIRIES_RETRIED_MAX: usize = 1_000;
/// As many at a time are found that were not asked yet, or are asked no more.
const BEGUN_MAX: usize = 1_000;

/// Whose an account is, as it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipQuestion {
    /// Of which proposal.
    pub proposal: Id<Proposal>,
    /// Our name for it: the proposal's, and how often an operator has had it asked anew.
    pub name: String,
    /// The bank.
    pub bank: String,
    /// The account.
    pub account: Iban,
    /// Whose it is said to be: banks know their customers by that number.
    pub payee: PayeeId,
    /// Where it is asked.
    pub endpoint: Endpoint,
}

/// A question that was taken: of which proposal, how often an operator has had it asked anew, and what is asked; or why that cannot be said.
pub type TakenInquiry = (Id<Proposal>, i64, Result<OwnershipQuestion, Error>);

/// What became of one question.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Of which proposal.
    pub proposal: Id<Proposal>,
    /// How often an operator had had it asked anew.
    pub round: i64,
    /// What the bank says; or why it said nothing, and after how many seconds it wants to be asked again.
    pub result: Result<Ownership, (Failure, Option<i64>)>,
}

/// What there is to be asked.
#[derive(Clone, Debug, Default)]
pub struct ToAsk {
    /// Where something is due.
    pub places: Vec<Id<Delivery>>,
    /// What waits for its bank and cannot be read, because the store is damaged: it keeps no other waiting.
    pub unreadable: Vec<Id<Proposal>>,
}

/// One process that asks.
#[derive(Clone, Copy, Debug)]
pub struct Inquirer {
    /// The process, by a number that it drew.
    pub holder: Id<Hold>,
}

/// Where the bank of a proposal's account is asked, if it can be.
fn asking(scope: &Scope<'_>, proposal: &Proposal) -> Result<Option<Delivery>, Error> {
    match bank_of(scope, proposal)? {
        Some(bank) => store::delivery::asking(scope, &bank.name),
        None => Ok(None),
    }
}

fn bank_of(scope: &Scope<'_>, proposal: &Proposal) -> Result<Option<Bank>, Error> {
    let Some(reg) = proposal.asked.account.as_ref().and_then(crate::account::DesignatedAccount::reg) else {
        return Ok(None);
    };
    Ok(store::bank::directory_of(scope.tx, &BTreeSet::from([reg]))?.get(reg).cloned())
}

impl Inquirer {
    /// Notes what waits for a bank that was not asked yet, ends what would be answered too late; and says where something is due.
    ///
    /// # Errors
    /// The store's.
    pub fn begin(self, writer: &mut Writer, now: Timestamp) -> Result<ToAsk, Error> {
        let (new, unreadable, over) = writer.read(|scope| {
            let (mut new, mut unreadable) = (Vec::new(), Vec::new());
            for id in store::inquiry::unasked(scope.tx, BEGUN_MAX)? {
                let Some(found) = Error::unless_damaged(store::proposal::find(scope, id))? else {
                    unreadable.push(id);
                    continue;
                };
                let Some(Found { proposal, evidence }) = found else { continue };
                let until = evidence.answer_until(&proposal);
                // Whose bank cannot be asked any more goes on by itself, like what has waited long enough.
                if let Some(place) = asking(scope, &proposal)?.filter(|_| now < until) {
                    let inquiry = Inquiry::new(now, until);
                    new.push(Noted { proposal: id, delivery: place.id, inquiry });
                }
            }
            Ok((new, unreadable, store::inquiry::over(scope.tx, now, BEGUN_MAX)?))
        })?;
        if !new.is_empty() || !over.is_empty() {
            writer.connection.stage(|tx| {
                for noted in &new {
                    let former = store::inquiry::find(tx, noted.proposal)?;
                    // Another process may have been first.
                    if former.is_none_or(|former| former.inquiry.state == InquiryState::Dropped) {
                        store::inquiry::set(tx, noted)?;
                    }
                }
                for id in &over {
                    let Some(noted) = store::inquiry::find(tx, *id)? else { continue };
                    if noted.inquiry.state == InquiryState::Waiting && noted.inquiry.until <= now {
                        let is_over = store::proposal::waits_code(tx, *id)? == 0;
                        let state = if is_over { InquiryState::Dropped } else { InquiryState::GivenUp };
                        store::inquiry::set(tx, &Noted { inquiry: noted.inquiry.ended(state, now), ..noted })?;
                    }
                }
                Ok(())
            })?;
        }
        let places = writer.read(|scope| store::inquiry::places(scope.tx, now))?;
        Ok(ToAsk { places, unreadable })
    }

    /// Takes questions that are due at a place, at most `limit` of those that are due longest. Other processes leave them alone until
    /// [`HELD_SECONDS`](crate::progress::HELD_SECONDS) are over. What nobody wants to know any more is dropped.
    ///
    /// # Errors
    /// The store's.
    pub fn take(
        self,
        writer: &mut Writer,
        place: Id<Delivery>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenInquiry>, Error> {
        if writer.read(|scope| store::inquiry::due(scope.tx, place, now, 1))?.is_empty() {
            return Ok(Vec::new());
        }
        let taken = writer.connection.stage(|tx| {
            let mut taken = Vec::new();
            for id in store::inquiry::due(tx, place, now, limit)? {
                let Some(noted) = store::inquiry::find(tx, id)? else { continue };
                let waits = store::proposal::waits_code(tx, id)?;
                let is_wanted = waits == Waits::Ownership.code() || (waits > 0 && noted.inquiry.round > 0);
                let next = if is_wanted {
                    noted.inquiry.taken(self.holder, now)
                } else {
                    Some(noted.inquiry.ended(InquiryState::Dropped, now))
                };
                let Some(inquiry) = next else { continue };
                let round = inquiry.round;
                store::inquiry::set(tx, &Noted { inquiry, ..noted })?;
                taken.extend(is_wanted.then_some((id, round)));
            }
            Ok(taken)
        })?;
        writer.read(|scope| {
            // One that cannot be read keeps no other waiting.
            Ok(taken.into_iter().map(|(id, round)| (id, round, question(scope, id, round))).collect())
        })
    }

    /// What became of questions that were taken: what a bank says is told its proposal, a failure is noted. Where each question stands
    /// now, if this process had a say in it.
    ///
    /// # Errors
    /// The store's.
    pub fn tell(
        self,
        writer: &mut Writer,
        asked: &[(String, Asked)],
        now: Timestamp,
    ) -> Result<Vec<Option<InquiryState>>, Error> {
        let mut became = Vec::with_capacity(asked.len());
        for (bank, Asked { proposal, result, .. }) in asked {
            became.push(match *result {
                Ok(answer) => {
                    let env = Env::sample(now, &mut writer.secrets)?;
                    let told = TellOwnership { proposal: *proposal, bank: bank.clone(), answer };
                    match writer.execute(&told, &Actor::console(), &env) {
                        Ok(_) => Ok(InquiryState::Answered),
                        // It ended meanwhile.
                        Err(Error::Refused(_)) => Ok(InquiryState::Dropped),
                        // What became of the others is told all the same.
                        Err(Error::Store(error)) if error.is_damage() => {
                            Err((Failure::Ours(Error::from(error).code()), None, chance(writer)?))
                        }
                        Err(error) => return Err(error),
                    }
                }
                Err((failure, after)) => Err((failure, after, chance(writer)?)),
            });
        }
        writer.connection.stage(|tx| {
            let mut states = Vec::with_capacity(asked.len());
            for ((_, Asked { proposal, round, .. }), became) in asked.iter().zip(&became) {
                // What comes of an earlier round is evidence, and ends no later one.
                let noted = store::inquiry::find(tx, *proposal)?.filter(|noted| noted.inquiry.round == *round);
                let next = noted.and_then(|noted| {
                    let inquiry = match *became {
                        Ok(state) => Some(noted.inquiry.ended(state, now)),
                        Err((failure, after, chance)) => noted.inquiry.failed(self.holder, failure, after, now, chance),
                    };
                    Some(Noted { inquiry: inquiry?, proposal: noted.proposal, delivery: noted.delivery })
                });
                states.push(next.as_ref().map(|next| next.inquiry.state));
                next.iter().try_for_each(|next| store::inquiry::set(tx, next))?;
            }
            Ok(states)
        })
    }

    /// Asks all that is due of whoever `answer` stands for, which knows at once; how many it answered.
    ///
    /// # Errors
    /// The store's.
    pub fn ask(
        self,
        writer: &mut Writer,
        now: Timestamp,
        answer: &mut dyn FnMut(&OwnershipQuestion) -> Ownership,
    ) -> Result<u64, Error> {
        let mut answered = 0;
        loop {
            let mut asked = Vec::new();
            for place in self.begin(writer, now)?.places {
                for (proposal, round, question) in self.take(writer, place, now, BEGUN_MAX)? {
                    let (bank, result) = match question {
                        Ok(question) => (question.bank.clone(), Ok(answer(&question))),
                        // It is asked again later, as where no bank answers.
                        Err(error) => (String::new(), Err((Failure::Ours(error.code()), None))),
                    };
                    asked.push((bank, Asked { proposal, round, result }));
                }
            }
            if asked.is_empty() {
                return Ok(answered);
            }
            answered += asked.iter().filter(|(_, asked)| asked.result.is_ok()).count() as u64;
            self.tell(writer, &asked, now)?;
        }
    }
}

/// Keeps apart those that fail together.
fn chance(writer: &mut Writer) -> Result<u32, Error> {
    Ok(u32::from_be_bytes(writer.secrets.bytes()?))
}

/// The question about a proposal.
fn question(scope: &Scope<'_>, id: Id<Proposal>, round: i64) -> Result<OwnershipQuestion, Error> {
    let Found { proposal, .. } = store::proposal::find(scope, id)?.ok_or(ProposalRefusal::Unknown)?;
    // Where its bank is asked today, which can be another place than when it was noted.
    let (delivery, bank) = (asking(scope, &proposal)?, bank_of(scope, &proposal)?);
    let (Some(Delivery { terms, .. }), Some(account), Some(bank)) = (delivery, proposal.asked.account, bank) else {
        return Err(InquiryRefusal::Nobody.into());
    };
    let Place::Server(endpoint) = terms.place else {
        return Err(StoreError::plain("a folder is registered where a bank is to be asked").into());
    };
    let banks = account.reg().map(|reg| (reg, bank.clone())).into_iter().collect();
    Ok(OwnershipQuestion {
        proposal: id,
        name: format!("{}-{round}", id.name()),
        bank: bank.name,
        account: account.iban(&banks),
        payee: proposal.asked.payee,
        endpoint,
    })
}

/// Has banks asked anew: about one proposal that waits, whatever its bank said or did not say; or about all that were given up.
pub struct RetryInquiries {
    /// Which proposal, by its name; else all that were given up, the oldest [`INQUIRIES_RETRIED_MAX`] of them.
    pub proposal: Option<String>,
    /// Why.
    pub why: String,
}

impl Command for RetryInquiries {
    const OPERATION: Operation = policy::RETRY_INQUIRIES;
    type State = Vec<Meant>;
    type Change = Retried;
    /// How many.
    type Output = usize;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let of = |found: Found, inquiry: Option<Inquiry>| {
            let place = asking(scope, &found.proposal)?;
            Ok::<_, Error>(Meant { found, place, inquiry })
        };
        if let Some(name) = &self.proposal {
            let found = queries::find_proposal(scope, name)?;
            let inquiry = store::inquiry::find(scope.tx, found.proposal.id)?.map(|noted| noted.inquiry);
            return Ok(vec![of(found, inquiry)?]);
        }
        let mut all = Vec::new();
        for noted in store::inquiry::in_state(scope.tx, InquiryState::GivenUp, INQUIRIES_RETRIED_MAX)? {
            // One that cannot be read stays given up.
            if let Some(Some(found)) = Error::unless_damaged(store::proposal::find(scope, noted.proposal))? {
                all.push(of(found, Some(noted.inquiry))?);
            }
        }
        Ok(all)
    }

    fn decide(&self, found: Self::State, env: &Env) -> Result<Decision<Retried, usize>, Refusal> {
        officer::require_why(&self.why)?;
        let mut changes = Vec::with_capacity(found.len());
        for Meant { found: Found { proposal, evidence }, place, inquiry } in found {
            if evidence.ended().is_some() {
                return Err(ProposalRefusal::Ended.into());
            }
            let Some(place) = place else {
                // Of all that were given up, those whose banks cannot be asked any more stay so.
                if self.proposal.is_some() { return Err(InquiryRefusal::Nobody.into()) } else { continue }
            };
            let inquiry = inquiry.unwrap_or_else(|| Inquiry::new(env.now, env.now)).again(env.now);
            changes.push(Retried(Noted { proposal: proposal.id, delivery: place.id, inquiry }));
        }
        if changes.is_empty() {
            return Ok(Decision::unchanged(0));
        }
        let count = changes.len();
        let facts = json!({ "proposal": self.proposal, "count": count, "why": self.why });
        Ok(Decision::of(changes, facts, count))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Retried], _: Entry) -> Result<Vec<Rows>, Error> {
        for Retried(noted) in changes {
            store::inquiry::set(scope.tx, noted)?;
        }
        Ok(vec![])
    }
}

/// A proposal that is meant.
pub struct Meant {
    found: Found,
    /// Where its bank is asked.
    place: Option<Delivery>,
    /// What became of the question.
    inquiry: Option<Inquiry>,
}

/// A question that is asked anew.
pub struct Retried(Noted);
