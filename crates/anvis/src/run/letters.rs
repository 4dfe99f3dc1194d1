//! Letters, with codes and without: drawn, made, handed over, come back.

use super::designation::stands;
use super::print_run::{Leftover, Run};
use super::{Session, sftp};
use crate::cli::{Letters, PrintRun, Printer};
use crate::console::Answer;
use kernel::{Error, Id, Refuse, Role, Store, StoreError, Timestamp};
use letter::{Language, Line, Sender};
use registry::commands::{Carrier, FollowLetter, LetterFate, Tried};
use registry::life::Waits;
use registry::notice::{Medium, Notice};
use registry::notice_progress::UNWRITABLE;
use registry::notice_text::{StopUrl, render};
use registry::progress::{Failure, Hold};
use registry::proposal::ProposalRefusal;
use registry::queries;
use registry::register_event::Addressee;
use serde::Deserialize;
use serde_json::json;
use services::letters::{Drawn, draw, draw_notice};
use std::path::Path;

/// Where the links of letters lead that nobody gets.
const NOBODYS_URL: &str = "https://anvis.example/stop";

impl Session {
    pub(super) fn letters(&mut self, command: Letters) -> Result<Answer, Error> {
        match command {
            Letters::List { limit } => {
                let (limit, now) = (usize::from(limit), self.env()?.now);
                let mut proposals = self.waiting(Some(Waits::Letter), limit, now)?;
                proposals.extend(self.waiting(Some(Waits::Code), limit - proposals.len(), now)?);
                let text: String = proposals
                    .iter()
                    .map(|view| {
                        let waits_for = view.standing.waits_for.as_deref().unwrap_or("-");
                        format!("{}  waits for its {waits_for}\n", view.standing.id)
                    })
                    .collect();
                let text = if text.is_empty() {
                    "No letters are to be made, and none is on its way.".to_owned()
                } else {
                    text
                };
                Ok(Answer::done(text, &json!({ "letters": proposals })))
            }
            Letters::Print(run) => self.print(&run),
            Letters::Posted { ids } => {
                let mut standings = Vec::new();
                for proposal in ids {
                    standings.push(self.follow(proposal, LetterFate::HandedOver)?);
                }
                let text = format!("{} letters are noted as handed over.", standings.len());
                Ok(Answer::done(text, &json!({ "letters": standings })))
            }
            Letters::Returned { id } => Ok(stands(self.follow(id, LetterFate::Returned)?)),
        }
    }

    fn follow(&mut self, proposal: String, fate: LetterFate) -> Result<registry::commands::Standing, Error> {
        let (env, actor) = (self.env()?, self.actor.clone());
        self.writer.execute(&FollowLetter { proposal, fate, actor }, &self.actor, &env)
    }

    /// Makes letters one by one: each is drawn, then on record, then in place. What a run that was cut off left is finished first.
    fn print(&mut self, asked: &PrintRun) -> Result<Answer, Error> {
        let spool = || asked.ssh.spool.clone().unwrap_or_else(|| super::beside(&self.data, "-letters"));
        let (folder, server) = match &asked.to {
            Printer::Folder(folder) => (folder.clone(), None),
            Printer::Server(server) => (spool(), Some(server)),
        };
        super::outside(&self.data, &folder)?;
        if asked.sender.is_none() {
            self.writer.store.require_synthetic("letters without --sender")?;
        }
        // Whoever sits there may be anybody, and counts as each: no officer could do anything about these proposals afterwards.
        if self.actor.role() == Role::Console {
            self.writer.store.require_synthetic("letters printed by nobody in particular, without --as")?;
        }
        let sender = sender(&self.writer.store, asked.sender.as_deref())?.ok_or(SenderRefusal)?;
        let language = if asked.english { Language::English } else { Language::Danish };
        let now = self.env()?.now;
        let (mut run, leftovers) = Run::begin(&folder, &now.to_jiff().strftime("%Y%m%dT%H%M%SZ").to_string())?;
        // Only now: what another run in the folder was at, it has made.
        let mut ids: Vec<(String, bool)> = match &asked.only {
            Some(id) => vec![(id.clone(), true)],
            None => {
                let waiting = self.waiting(Some(Waits::Letter), usize::from(asked.limit), now)?;
                waiting.into_iter().map(|view| (view.standing.id, false)).collect()
            }
        };
        let mut made = Made::default();
        for leftover in leftovers {
            ids.extend(self.finish(leftover, &mut run, &mut made, now)?.map(|id| (id, true)));
        }
        for (id, is_anew) in ids {
            match self.make(&id, is_anew, &sender, language, &mut run) {
                Ok(number) => made.letters.push(number),
                // Whoever has no address stops nobody else's letter.
                Err(Error::Refused(refusal)) if asked.only.is_none() => {
                    made.left.push(json!({ "id": id, "code": refusal.code }))
                }
                Err(error @ Error::Refused(_)) => {
                    run.end()?;
                    return Err(error);
                }
                // Where it stands is not known. The next run finds out, and finishes this one.
                Err(error) => return Err(error),
            }
        }
        if asked.only.is_none() {
            self.make_notices(asked, &sender, &mut run, &mut made)?;
        }
        let manifest = run.end()?;
        let mut text = format!("Made {} letters in {}.", made.letters.len(), folder.display());
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                text.push_str(&format!(" {count} {what}."));
            }
        };
        say(made.finished, "of them a former run had left unfinished");
        say(made.notices.len(), "notices were made as letters");
        say(made.left.len(), "could not be made");
        let handed_over = server.map(|server| sftp::hand_over(&folder, server, &asked.ssh)).transpose()?;
        if let Some((server, count)) = server.zip(handed_over) {
            text.push_str(&format!(" {count} manifests and their files were handed to {}.", server.host));
        }
        let Made { letters, notices, left, .. } = made;
        Ok(Answer::done(
            text,
            &json!({ "letters": letters, "notices": notices, "manifest": manifest, "left": left, "handed_over": handed_over }),
        ))
    }

    /// Finishes what a run left; the name of the proposal whose letter counts and is not there, so that it must be made anew.
    fn finish(
        &mut self,
        leftover: Leftover,
        run: &mut Run,
        made: &mut Made,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let number = leftover.number().as_str().to_owned();
        if leftover.is_notice() {
            // One that is in place was sent, whether or not that was noted. Another is made again.
            if run.finish(leftover, true)? {
                self.sent(&number, now)?;
                made.notices.push(number);
            }
            return Ok(None);
        }
        let actor = &self.actor;
        let counts = self.writer.read(|scope| queries::letter_counts(scope, actor, &number, now))?;
        if run.finish(leftover, counts)? {
            made.finished += 1;
            made.letters.push(number);
            return Ok(None);
        }
        Ok(counts.then_some(number))
    }

    fn make(
        &mut self,
        id: &str,
        is_anew: bool,
        sender: &Sender,
        language: Language,
        run: &mut Run,
    ) -> Result<String, Error> {
        let (env, actor) = (self.env()?, self.actor.clone());
        let facts = self.writer.read(|scope| queries::letter(scope, &actor, id, env.now))?;
        facts.require_wanted(is_anew)?;
        let drawn = draw(facts, sender, language, actor, &mut self.writer.secrets)?;
        let lines = lines(&drawn);
        run.lay(&lines, &drawn.sheets)?;
        if let Err(error) = self.writer.execute(&drawn.make, &self.actor, &env) {
            // What was drawn counts for nothing, and its code is nobody's to see. Whether it does is not known of what broke down.
            if let Error::Refused(_) = error {
                run.drop(&lines)?;
            }
            return Err(error);
        }
        run.name(lines)?;
        Ok(drawn.number.as_str().to_owned())
    }

    /// Makes the notices that go by letter. Each is in place before it is noted as sent, as by any other medium.
    fn make_notices(&mut self, asked: &PrintRun, sender: &Sender, run: &mut Run, made: &mut Made) -> Result<(), Error> {
        let synthetic = || self.writer.store.is_synthetic().then(|| StopUrl::parse(NOBODYS_URL)).flatten();
        let Some(stop_url) = asked.stop_url.clone().or_else(synthetic) else { return Ok(()) };
        let carrier = self.carrier()?;
        for _ in 0..asked.limit {
            let now = self.env()?.now;
            // One at a time: what is taken is held for two minutes, and a run may be cut off.
            let Some((id, notice)) = carrier.take(&mut self.writer, Medium::Letter, now, 1)?.pop() else { break };
            // One that cannot be read or written keeps no other waiting.
            let addressed = notice.and_then(|notice| self.addressed(notice));
            let drawn = addressed.and_then(|addressed| self.draw_notice(addressed, &stop_url, sender, now));
            let result = match drawn {
                Ok(drawn) => {
                    let lines = lines(&drawn);
                    run.lay(&lines, &drawn.sheets)?;
                    run.name(lines)?;
                    made.notices.push(id.name());
                    Ok(())
                }
                Err(error) => {
                    made.left.push(json!({ "id": id.name(), "code": error.code() }));
                    Err((Failure::Ours(UNWRITABLE), None))
                }
            };
            carrier.tell(&mut self.writer, &[Tried { notice: id, result }], now)?;
        }
        Ok(())
    }

    /// A notice, and to whom it goes.
    fn addressed(&mut self, notice: Notice) -> Result<(Notice, Addressee), Error> {
        let (actor, payee) = (&self.actor, &notice.new.payee);
        let addressee = self.writer.read(|scope| queries::addressee(scope, actor, payee))?;
        Ok((notice, addressee.ok_or(ProposalRefusal::Address)?))
    }

    fn draw_notice(
        &mut self,
        (notice, addressee): (Notice, Addressee),
        stop_url: &StopUrl,
        sender: &Sender,
        now: Timestamp,
    ) -> Result<Drawn<()>, Error> {
        let text = render(&notice.new, stop_url).ok_or_else(|| StoreError::plain("a notice has no words"))?;
        draw_notice(&notice, (text, &addressee), sender, now, &mut self.writer.secrets)
    }

    fn sent(&mut self, notice: &str, now: Timestamp) -> Result<(), Error> {
        let carrier = self.carrier()?;
        let tried = Id::parse_name(notice).map(|notice| Tried { notice, result: Ok(()) });
        carrier.tell(&mut self.writer, tried.as_slice(), now).map(drop)
    }

    fn carrier(&mut self) -> Result<Carrier, Error> {
        Ok(Carrier { holder: Hold::drawn(self.writer.secrets.bytes()?) })
    }
}

/// What a run came to.
#[derive(Default)]
struct Made {
    letters: Vec<String>,
    /// How many of them a former run had begun.
    finished: usize,
    notices: Vec<String>,
    left: Vec<serde_json::Value>,
}

fn lines<Make>(drawn: &Drawn<Make>) -> Vec<Line> {
    let Drawn { number, postage, is_protected, sheets, .. } = drawn;
    sheets.iter().map(|(sheet, pdf)| Line::of(number, *sheet, *postage, *is_protected, pdf)).collect()
}

/// Who writes: as a file says it; in a store of synthetic people somebody who is nobody, else none.
pub fn sender(store: &Store, file: Option<&Path>) -> Result<Option<Sender>, Error> {
    let Some(file) = file else {
        let lines = vec!["Postboks 1".to_owned(), "1000 København K".to_owned()];
        let (url, telephone) = ("anvis.example".to_owned(), "70 00 00 00".to_owned());
        let nobody = Sender { name: "Anvis".to_owned(), lines, url, telephone };
        return Ok(store.is_synthetic().then_some(nobody));
    };
    let bytes =
        std::fs::read(file).map_err(|error| StoreError::new(format!("{} could not be read", file.display()), error))?;
    let Written { name, lines, url, telephone } = serde_json::from_slice(&bytes).map_err(|_| SenderRefusal)?;
    Ok(Some(Sender { name, lines, url, telephone }))
}

/// Who writes, as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    lines: Vec<String>,
    url: String,
    telephone: String,
}

/// A file that does not say who writes.
#[derive(Debug)]
struct SenderRefusal;

impl Refuse for SenderRefusal {
    fn code(&self) -> &'static str {
        "letter.sender"
    }
}

impl std::fmt::Display for SenderRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file that says who writes is JSON with name, lines, url and telephone")
    }
}
