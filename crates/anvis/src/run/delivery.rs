use super::Session;
use crate::cli;
use crate::console::Answer;
use edge::delivery::Deliveries;
use eid::client::ClientRefusal;
use kernel::{Error, journal};
use registry::commands::{AddDelivery, EndDelivery};
use registry::delivery::{Delivery, DeliveryRefusal, Endpoint, Place, Terms, Url, What};
use registry::progress::{Failed, Progress};
use registry::queries;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

impl Session {
    pub(super) fn delivery(&mut self, command: cli::Delivery) -> Result<Answer, Error> {
        match command {
            cli::Delivery::Add { name, what, bank, client, url, ca, cert, key, folder, from_beginning } => {
                let whose = self.receiver(what, bank, client)?;
                let place = match (url, folder) {
                    (Some(url), _) => {
                        let (ca, identity) = (ca.map(absolute), cert.map(absolute).zip(key.map(absolute)));
                        Place::Server(Endpoint { url: Url::parse(&url)?, ca, identity })
                    }
                    (None, folder) => {
                        let folder = folder.map(absolute).unwrap_or_default();
                        super::outside(&self.data, &folder)?;
                        Place::Folder(folder)
                    }
                };
                let terms = Terms { name, what, whose, place };
                let command = AddDelivery { terms, from_the_beginning: from_beginning };
                let env = self.env()?;
                self.writer.execute(&command, &self.actor, &env)?;
                // What goes to a server is signed.
                if matches!(command.terms.place, Place::Server(_)) {
                    self.require_signing_key()?;
                }
                Ok(Answer::done("Registered the delivery.", &terms_json(&command.terms)))
            }
            cli::Delivery::End { name } => {
                let env = self.env()?;
                let command = EndDelivery { name };
                let is_new = self.writer.execute(&command, &self.actor, &env)?;
                let text = if is_new { "Ended the delivery." } else { "The delivery was ended before." };
                Ok(Answer::done(text, &json!({ "delivery": command.name, "changed": is_new })))
            }
            cli::Delivery::List => self.deliveries(),
            cli::Delivery::Run => {
                // Whoever may not read how far they are may not give them either.
                self.deliveries()?;
                self.once(Deliveries::start, async |deliveries| deliveries.round().await)?;
                self.deliveries()
            }
        }
    }

    /// For whom it is: a client is known by who keeps them.
    fn receiver(&mut self, what: What, bank: Option<String>, client: Option<String>) -> Result<String, Error> {
        if what.is_clients() != client.is_some() {
            return Err(DeliveryRefusal::Whose.into());
        }
        let Some(name) = client else { return Ok(bank.unwrap_or_default()) };
        let known = self.writer.read(|scope| eid::queries::client(scope, &name))?;
        match known.filter(|client| !client.is_ended) {
            None => Err(ClientRefusal::Unknown.into()),
            Some(_) => Ok(name),
        }
    }

    fn deliveries(&mut self) -> Result<Answer, Error> {
        let actor = &self.actor;
        let all = self.writer.read(|scope| queries::deliveries(scope, actor))?;
        let mut text = String::new();
        for (delivery, progress) in &all {
            text.push_str(&listed(delivery, progress));
        }
        if all.is_empty() {
            text.push_str("No delivery is registered.");
        }
        let all: Vec<Value> = all.iter().map(|(delivery, progress)| delivery_json(delivery, progress)).collect();
        Ok(Answer::done(text, &json!({ "deliveries": all })))
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn listed(delivery: &Delivery, progress: &Progress) -> String {
    let Delivery { is_ended, terms: Terms { name, what, whose, place }, .. } = delivery;
    let state = if *is_ended { ", ended" } else { "" };
    // What became of questions, `anvis ownership list` says.
    if *what == What::Ownership {
        return format!("{name}: {} of {whose} to {place}{state}\n", what.name());
    }
    let mut text = format!(
        "{name}: {} of {whose} to {place}{state}; {} taken in {}, up to entry {}\n",
        what.name(),
        progress.items,
        progress.parcels,
        journal::entry_of(progress.position),
    );
    if let Some(moment) = progress.last_success {
        let _ = writeln!(text, "  last taken {moment}");
    }
    if let Some(Failed { at, code, status }) = &progress.last_failure {
        let status = status.map(|status| format!(" {status}")).unwrap_or_default();
        let _ = writeln!(text, "  last failure {at}: {code}{status}");
    }
    if progress.failures > 0 && !is_ended {
        let _ = writeln!(text, "  failed {} times in a row; next try {}", progress.failures, progress.next_try);
    }
    text
}

fn delivery_json(delivery: &Delivery, progress: &Progress) -> Value {
    let mut json = terms_json(&delivery.terms);
    let failed = progress.last_failure.as_ref();
    let more = json!({
        "ended": delivery.is_ended,
        "entry": journal::entry_of(progress.position),
        "parcels": progress.parcels,
        "items": progress.items,
        "failures": progress.failures,
        "last_success": progress.last_success.map(|moment| moment.to_string()),
        "last_failure": failed.map(|failed| failed.at.to_string()),
        "last_code": failed.map(|failed| &failed.code),
        "last_status": failed.and_then(|failed| failed.status),
        "next_try": (progress.failures > 0).then(|| progress.next_try.to_string()),
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        json[name] = value.clone();
    }
    json
}

fn terms_json(Terms { name, what, whose, place }: &Terms) -> Value {
    let shown = |path: &PathBuf| path.display().to_string();
    let mut json = json!({ "delivery": name, "what": what.name() });
    json[if what.is_clients() { "client" } else { "bank" }] = whose.as_str().into();
    match place {
        Place::Folder(folder) => json["folder"] = shown(folder).into(),
        Place::Server(Endpoint { url, ca, identity }) => {
            json["url"] = url.as_str().into();
            json["ca"] = ca.as_ref().map(shown).into();
            json["cert"] = identity.as_ref().map(|(certificate, _)| shown(certificate)).into();
            json["key"] = identity.as_ref().map(|(_, key)| shown(key)).into();
        }
    }
    json
}
