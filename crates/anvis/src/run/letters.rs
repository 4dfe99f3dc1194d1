//! Letters: drawn, made, handed over, come back.

use super::Session;
use super::designation::stands;
use crate::cli::{Letters, PrintRun};
use crate::console::Answer;
use kernel::{Error, Refuse, Store, StoreError, files};
use letter::{Language, Manifest, Sender};
use registry::commands::{FollowLetter, LetterFate};
use registry::life::Waits;
use registry::queries;
use serde::Deserialize;
use serde_json::json;
use services::letters::{Drawn, draw};
use std::path::Path;

/// Where those letters lie of which nobody but the post may see the address.
const PROTECTED: &str = "protected";

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

    /// Makes letters one by one: each is drawn, then on record, then in place. One that was cut off between is made anew, with
    /// another code.
    fn print(&mut self, run: &PrintRun) -> Result<Answer, Error> {
        super::outside(&self.data, &run.to)?;
        if run.sender.is_none() {
            self.writer.store.require_synthetic("letters without --sender")?;
        }
        let sender = sender(&self.writer.store, run.sender.as_deref())?.ok_or(SenderRefusal)?;
        let language = if run.english { Language::English } else { Language::Danish };
        let now = self.env()?.now;
        let ids: Vec<String> = match &run.only {
            Some(id) => vec![id.clone()],
            None => {
                let waiting = self.waiting(Some(Waits::Letter), usize::from(run.limit), now)?;
                waiting.into_iter().map(|view| view.standing.id).collect()
            }
        };
        make_folder(&run.to)?;
        let (mut manifest, mut made, mut left) = (Manifest::new(), Vec::new(), Vec::new());
        for id in ids {
            match self.make(&id, &sender, language, run, &mut manifest) {
                Ok(number) => made.push(number),
                // Whoever has no address stops nobody else's letter.
                Err(Error::Refused(refusal)) if run.only.is_none() => {
                    left.push(json!({ "id": id, "code": refusal.code }))
                }
                Err(error) => return Err(error),
            }
        }
        let name = format!("{}-{}", now.to_jiff().strftime("%Y%m%dT%H%M%SZ"), Manifest::FILE);
        if !made.is_empty() {
            files::write_private_alone(&run.to.join(&name), manifest.as_str().as_bytes())?;
        }
        let mut text = format!("Made {} letters in {}.", made.len(), run.to.display());
        if !left.is_empty() {
            text.push_str(&format!(" {} could not be made.", left.len()));
        }
        let manifest = if made.is_empty() { None } else { Some(name) };
        Ok(Answer::done(text, &json!({ "letters": made, "manifest": manifest, "left": left })))
    }

    fn make(
        &mut self,
        id: &str,
        sender: &Sender,
        language: Language,
        run: &PrintRun,
        manifest: &mut Manifest,
    ) -> Result<String, Error> {
        let to = &run.to;
        let (env, actor) = (self.env()?, self.actor.clone());
        let facts = self.writer.read(|scope| queries::letter(scope, &actor, id, env.now))?;
        facts.require_wanted(run.only.is_some())?;
        let drawn = draw(facts, sender, language, actor, &mut self.writer.secrets)?;
        let Drawn { number, postage, is_protected, sheets, make } = drawn;
        if is_protected {
            make_folder(&to.join(PROTECTED))?;
        }
        let mut parts = Vec::new();
        for (sheet, pdf) in &sheets {
            let path = to.join(letter::path(&number, *sheet, is_protected));
            let part = path.with_extension("pdf.part");
            files::write_private_alone(&part, pdf)?;
            parts.push((part, path));
        }
        if let Err(error) = self.writer.execute(&make, &self.actor, &env) {
            // What was drawn counts for nothing, and its code is nobody's to see.
            parts.iter().for_each(|(part, _)| drop(std::fs::remove_file(part)));
            return Err(error);
        }
        for (part, path) in &parts {
            files::rename(part, path)?;
        }
        for (sheet, pdf) in &sheets {
            manifest.add(&number, *sheet, postage, is_protected, pdf);
        }
        Ok(number.as_str().to_owned())
    }
}

/// Who writes: as a file says it; in a store of synthetic people somebody who is nobody, else none.
pub(super) fn sender(store: &Store, file: Option<&Path>) -> Result<Option<Sender>, Error> {
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

/// Makes a folder that its owner alone can look into.
fn make_folder(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| StoreError::new(format!("{} could not be made", path.display()), error).into())
}
