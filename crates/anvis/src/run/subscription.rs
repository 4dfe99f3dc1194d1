//! Subscriptions, as operators look after them; and who is told what becomes of a payee's account.

use super::Session;
use crate::cli::Subscription;
use crate::console::Answer;
use eid::client::{ClientRefusal, Registration};
use eid::queries as clients;
use kernel::{Error, Id};
use registry::commands::{
    Client, EndSubscriptions, Followed, ListSubscribers, ListedSubscribers, Subscribe, Subscribed, SubscriberView,
};
use registry::payee::PayeeId;
use registry::queries::{self, SubscriptionView};
use registry::subscription::{self, SubscriptionRefusal};
use serde_json::json;
use std::fmt::Write;

impl Session {
    pub(super) fn subscription(&mut self, command: Subscription) -> Result<Answer, Error> {
        match command {
            Subscription::Add { client, purpose, until, payee, account, reference } => {
                let client = self.registered(&client)?;
                let payer = client.party.payer().map(str::to_owned);
                let client = Client { actor: client.actor(), payer };
                let followed = vec![Followed { payee, account, reference }];
                let vault = self.writer.store.vault().clone();
                let request = Subscribe::new(&vault, client, purpose, until, followed, None)?;
                let (env, actor) = (self.env()?, self.actor.clone());
                let given = [(request, &actor, &env)];
                let mut answers = self.writer.execute_group(|group| group.execute_jointly(&given))?;
                let subscribed = answers.pop().transpose()?.unwrap_or_default();
                let text = subscribed.iter().map(begun).collect::<String>();
                Ok(Answer::done(text, &json!({ "subscriptions": subscribed })))
            }
            Subscription::List { client, after, limit } => {
                let name = self.registered(&client)?.actor();
                let after = after.map(|text| Id::<subscription::Subscription>::parse_name(&text));
                let after = after.map(|id| id.ok_or(SubscriptionRefusal::Unknown)).transpose()?;
                let (now, actor) = (self.env()?.now, &self.actor);
                let page = self.writer.read(|scope| {
                    queries::subscriptions(scope, actor, name.name(), after.map(Id::number), usize::from(limit), now)
                })?;
                let mut text = String::new();
                for SubscriptionView { id, purpose, until, .. } in &page.rows {
                    let _ = writeln!(text, "{id}  {purpose}  until {until}");
                }
                let next = page.next.map(|last| Id::<subscription::Subscription>::new(last).name());
                text.push_str(&match &next {
                    Some(next) => format!("There are more: --after {next}"),
                    None => "These are the last.".to_owned(),
                });
                Ok(Answer::done(text, &json!({ "subscriptions": page.rows, "next": next })))
            }
            Subscription::End { client, ids } => {
                let name = self.registered(&client)?.actor();
                let command = EndSubscriptions { client: name.name().to_owned(), subscriptions: ids };
                let env = self.env()?;
                let ended = self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done(format!("Ended {ended}."), &json!({ "ended": ended })))
            }
        }
    }

    /// Who is told what becomes of a payee's account.
    pub(super) fn subscribers(&mut self, payee: PayeeId) -> Result<Answer, Error> {
        let env = self.env()?;
        let command = ListSubscribers { actor: self.actor.clone(), payee };
        let listed = self.writer.execute(&command, &self.actor, &env)?;
        Ok(Answer::done(text(&listed), &listed))
    }

    fn registered(&mut self, name: &str) -> Result<Registration, Error> {
        let found = self.writer.read(|scope| clients::client(scope, name))?;
        Ok(found.filter(|client| !client.is_ended).ok_or(ClientRefusal::Unknown)?.registration)
    }
}

fn begun(Subscribed { id, answer }: &Subscribed) -> String {
    let changed = answer.changed_days_ago.map(|days| format!(", changed {days} days ago")).unwrap_or_default();
    let by = answer.last_change_channel.as_ref().map(|channel| format!(" by {channel}")).unwrap_or_default();
    let waits = if answer.pending_change { "; a change waits" } else { "" };
    format!("{id}: {}{changed}{by}{waits}", answer.state.name())
}

fn text(ListedSubscribers { subscribers, .. }: &ListedSubscribers) -> String {
    let mut text = String::new();
    for SubscriberView { subscription, client, purpose, since, until, ended } in subscribers {
        let ended = ended.as_ref().map(|ended| format!(", ended {ended}")).unwrap_or_default();
        let _ = writeln!(text, "{subscription}  {client}  {purpose}  from {since} until {until}{ended}");
    }
    if subscribers.is_empty() {
        text.push_str("Nobody is told what becomes of this account.");
    }
    text
}
