//! Subscribes a client to what becomes of payees' accounts, ends that, and shows a payee who is told of theirs.

use super::ask_many::{AskMany, AskRefusal, AskState, Client, LoggedAnswers, Question, save_answers};
use super::look_up::log;
use crate::ask::{AnswerClass, AskKind, Follow, FollowAnswer};
use crate::legal_purpose::{Following, LegalPurpose};
use crate::own::{self, Voice};
use crate::payee::PayeeId;
use crate::payer::Payer;
use crate::store::subscription::Found;
use crate::subscription::{ENDED_MAX, Reference, Sees, Subscription, SubscriptionRefusal, latest};
use crate::{policy, queries, store};
use denmark::Account;
use kernel::journal::{Entry, Rows};
use kernel::{
    Actor, Assurance, Command, Decided, Decision, Env, Error, Id, Joint, Once, Operation, Refusal, Role, Scope,
    Timestamp, Vault,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Subscriptions about one payee that are shown at most.
const SHOWN_MAX: usize = 1000;

/// A payee whom the client is about to pay, or to lend to.
pub struct Followed {
    /// Who.
    pub payee: PayeeId,
    /// The account that it would pay to, of a client that may not know which it is.
    pub account: Option<Account>,
    /// What it calls what it plans.
    pub reference: Reference,
}

/// One request of a client to be told what becomes of payees' accounts. It is a look-up, answered, logged and paid for as one, that
/// lasts.
pub struct Subscribe {
    asking: AskMany<Follow>,
    said: Vec<(PayeeId, Reference)>,
    until: Timestamp,
    once: Option<Once>,
}

impl Subscribe {
    /// Makes the request. Known again by `once`, it gives the same answers, and subscribes nobody twice.
    ///
    /// # Errors
    /// [`AskRefusal::Count`].
    pub fn new(
        vault: &Vault,
        client: Client,
        purpose: LegalPurpose,
        until: Timestamp,
        payees: Vec<Followed>,
        once: Option<Once>,
    ) -> Result<Self, AskRefusal> {
        let (mut said, mut questions) = (Vec::with_capacity(payees.len()), Vec::with_capacity(payees.len()));
        for Followed { payee, account, reference } in payees {
            said.push((payee, reference));
            questions.push(Question { payee, benefit: None, asked: account });
        }
        Ok(Self { asking: AskMany::new(vault, client, purpose, questions)?, said, until, once })
    }
}

/// One payee's part of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// The subscription's name.
    pub id: String,
    /// What a look-up tells now.
    pub answer: FollowAnswer,
}

/// What one request leaves behind.
pub struct Subscriptions {
    logged: LoggedAnswers,
    /// The id of the first; the others' follow it.
    first: Id<Subscription>,
    sees: Sees,
    payer: Option<Id<Payer>>,
}

impl Subscriptions {
    fn id(&self, at: usize) -> Id<Subscription> {
        Id::new(self.first.number() + at as i64)
    }
}

impl Joint for Subscribe {
    const OPERATION: Operation = policy::SUBSCRIBE;
    const READS_JOURNAL: bool = false;
    type State = AskState;
    type Change = Subscriptions;
    /// One for each payee, in their order.
    type Output = Vec<Subscribed>;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(scope: &Scope<'_>, requests: &[&Self]) -> Result<AskState, Error> {
        AskMany::load(scope, &requests.iter().map(|request| &request.asking).collect::<Vec<_>>())
    }

    fn decide(&self, state: &mut AskState, env: &Env) -> Result<Decision<Subscriptions, Vec<Subscribed>>, Refusal> {
        let Following { days, sees } =
            self.asking.purpose().following(self.asking.client().actor.role()).ok_or(SubscriptionRefusal::Purpose)?;
        if self.until <= env.now || self.until > latest(env.now, days) {
            return Err(SubscriptionRefusal::Until(days).into());
        }
        if self.asking.asked().any(|(_, account)| account.is_some() != (sees == Sees::Payable)) {
            return Err(SubscriptionRefusal::Account(sees).into());
        }
        let Decision { changes, facts, output } = self.asking.decide(state, env)?;
        let (payer, first) = (self.asking.payer(state)?, env.id());
        let changes: Vec<Subscriptions> =
            changes.into_iter().map(|logged| Subscriptions { logged, first, sees, payer }).collect();
        let answers = output
            .into_iter()
            .enumerate()
            .flat_map(|(at, answer)| changes.first().map(|made| Subscribed { id: made.id(at).name(), answer }))
            .collect();
        let mut facts = facts.unwrap_or_default();
        facts["client"] = self.asking.client().actor.name().into();
        facts["until"] = self.until.to_string().into();
        Ok(Decision::of(changes, facts, answers))
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        let asked = decided.iter().flat_map(|Decided { command, entry, changes }| {
            changes.iter().map(|made| (&command.asking, *entry, &made.logged))
        });
        let logged = save_answers(scope, asked)?;
        let mut new = Vec::new();
        for Decided { command, entry, changes } in decided {
            for made in changes {
                let asked = command.asking.asked().zip(&command.said).enumerate();
                new.extend(asked.map(|(at, ((payee, _), (number, reference)))| {
                    let subscription = Subscription {
                        id: made.id(at),
                        payee,
                        client: command.asking.client().actor.name().to_owned(),
                        purpose: command.asking.purpose(),
                        sees: made.sees,
                        payer: made.payer,
                        until: command.until,
                        number: *number,
                        reference: reference.clone(),
                    };
                    (*entry, subscription)
                }));
            }
        }
        let rows = store::subscription::insert_many(scope, &new)?;
        Ok(logged.into_iter().zip(rows).map(|(logged, rows)| vec![logged, rows]).collect())
    }
}

/// Ends subscriptions of one client before their time: nothing is told of them any more.
pub struct EndSubscriptions {
    /// The client, as the journal names it: the same that gives the command, or on whose behalf it is given.
    pub client: String,
    /// Which, by name.
    pub subscriptions: Vec<String>,
}

impl Command for EndSubscriptions {
    const OPERATION: Operation = policy::END_SUBSCRIPTION;
    /// Those that were not ended yet, in the order of their ids.
    type State = Vec<Subscription>;
    type Change = Vec<Id<Subscription>>;
    /// How many lasted until now.
    type Output = usize;

    fn load(&self, scope: &Scope<'_>) -> Result<Vec<Subscription>, Error> {
        if !(1..=ENDED_MAX).contains(&self.subscriptions.len()) {
            return Err(SubscriptionRefusal::Count.into());
        }
        let named: Option<Vec<Id<Subscription>>> = self.subscriptions.iter().map(|name| Id::parse_name(name)).collect();
        let mut ids = named.ok_or(SubscriptionRefusal::Unknown)?;
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::with_capacity(ids.len());
        store::subscription::find_many(scope, &ids, |_, one| found.push(one))?;
        if found.len() < ids.len() || found.iter().any(|one| one.subscription.client != self.client) {
            return Err(SubscriptionRefusal::Unknown.into());
        }
        let open = found.into_iter().filter(|one| one.ended.is_none()).map(|one| one.subscription);
        let mut open: Vec<Subscription> = open.collect();
        open.sort_unstable_by_key(|one| one.id);
        Ok(open)
    }

    fn decide(&self, open: Vec<Subscription>, env: &Env) -> Result<Decision<Self::Change, usize>, Refusal> {
        // What has run out is told for some days still, unless it is ended.
        let ids: Vec<Id<Subscription>> = open.iter().filter(|one| one.is_told(env.now)).map(|one| one.id).collect();
        if ids.is_empty() {
            return Ok(Decision::unchanged(0));
        }
        let ended = ids.len();
        let facts = json!({ "client": self.client, "ended": ended });
        Ok(Decision::of(vec![ids], facts, ended))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        changes.iter().map(|ids| store::subscription::end_many(scope.tx, entry, ids)).collect()
    }
}

/// Asks who is told what becomes of a payee's account.
pub struct ListSubscribers {
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// Whose.
    pub payee: PayeeId,
}

/// Who is told what becomes of a payee's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedSubscribers {
    /// Whose.
    pub payee: String,
    /// Everyone who is told, or was, the newest first.
    pub subscribers: Vec<SubscriberView>,
}

/// One who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriberView {
    /// The subscription's name.
    pub subscription: String,
    /// Who, as the journal names them.
    pub client: String,
    /// For which legal purpose.
    pub purpose: String,
    /// Since when.
    pub since: String,
    /// Until when at most.
    pub until: String,
    /// When it was ended before that.
    pub ended: Option<String>,
}

impl Command for ListSubscribers {
    const OPERATION: Operation = policy::LIST_SUBSCRIBERS;
    /// How far whoever asks speaks for the payee, and who is told; each with the moments at which that was recorded, and ended.
    type State = (Voice, Vec<(Subscription, Timestamp, Option<Timestamp>)>);
    type Change = AnswerClass;
    type Output = ListedSubscribers;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let payee = self.payee.key(scope.vault);
        let voice = queries::voice(scope, &self.actor, &payee)?;
        let mut found = Vec::new();
        store::subscription::of_payee(scope, &payee, |one| found.push(one))?;
        found.truncate(SHOWN_MAX);
        let entries = found.iter().flat_map(|one| [Some(one.entry), one.ended]).flatten();
        let recorded = queries::moments(scope, entries)?;
        let told = found.into_iter().filter_map(|Found { subscription, entry, ended }| {
            let at = |entry: i64| recorded.get(&entry).copied();
            Some((subscription, at(entry)?, ended.and_then(at)))
        });
        Ok((voice, told.collect()))
    }

    fn decide(&self, (voice, told): Self::State, env: &Env) -> Result<Decision<AnswerClass, Self::Output>, Refusal> {
        own::require_self(&self.actor, voice, Assurance::Substantial)?;
        let is_own = self.actor.role() == Role::Citizen;
        let lasts = told.iter().any(|(subscription, _, ended)| ended.is_none() && subscription.covers(env.now));
        // In a word: whether anybody is told now.
        let answer = if lasts { AnswerClass::InForce } else { AnswerClass::None };
        let view = |(subscription, since, ended): &(Subscription, Timestamp, Option<Timestamp>)| SubscriberView {
            subscription: subscription.id.name(),
            client: subscription.client.clone(),
            purpose: subscription.purpose.name().to_owned(),
            since: since.to_string(),
            until: subscription.until.to_string(),
            ended: ended.map(|ended| ended.to_string()),
        };
        let listed = ListedSubscribers { payee: self.payee.reveal(), subscribers: told.iter().map(view).collect() };
        let logged = if is_own { vec![] } else { vec![answer] };
        Ok(Decision::of(logged, json!({ "payee": self.payee.reveal() }), listed))
    }

    fn save(&self, scope: &Scope<'_>, answers: &[AnswerClass], entry: Entry) -> Result<Vec<Rows>, Error> {
        if answers.is_empty() {
            return Ok(vec![]);
        }
        log(scope, entry, &self.actor, self.payee.key(scope.vault), AskKind::Subscribers, answers)
    }
}
