//! What the demo's people get: letters as they are printed, and notices as they are sent, all of them as files.

use crate::run::{once, sender};
use denmark::Cvr;
use edge::notices::{DigitalPost, Email, MailFrom, MailPlace, Notices, Sms, Transports};
use kernel::{Actor, Env, Error, StoreError, Timestamp, Writer};
use letter::{Language, Line};
use registry::commands::{FollowLetter, LetterFate};
use registry::delivery::Place;
use registry::notice::StopToken;
use registry::notice_text::StopUrl;
use registry::queries;
use serde_json::Value;
use services::letters::{Drawn, draw};
use std::path::Path;
use std::sync::Arc;

const STOP_URL: &str = "https://anvis.example/stop";
const TOKEN_CHARS: usize = 26;
/// Whom messages of Digital Post and e-mails come from.
const SENDER_CVR: &str = "34051178";
const SENDER_EMAIL: &str = "no-reply@anvis.example";

fn plain(text: impl Into<String>) -> Error {
    StoreError::plain(text).into()
}

/// Sends the notices that are due to a folder; how many.
pub fn send_notices(writer: &Writer, now: Timestamp, folder: &Path) -> Result<u64, Error> {
    let place = || Place::Folder(folder.to_owned());
    let cvr = Cvr::parse(SENDER_CVR).map_err(|error| plain(error.to_string()))?;
    let transports = Transports {
        digital_post: Some(DigitalPost { place: place(), sender: cvr }),
        sms: Some(Sms { place: place(), token: None }),
        email: MailFrom::parse(SENDER_EMAIL).map(|from| Email { place: MailPlace::Folder(folder.to_owned()), from }),
        stop_url: StopUrl::parse(STOP_URL),
    };
    let start = |means| Notices::start(means, transports);
    let round = once(writer.store.clone(), Arc::new(move || now), start, async |notices| notices.round().await)?;
    if round.failed + round.given_up > 0 {
        return Err(plain("a notice could not be put in its folder"));
    }
    Ok(round.done)
}

/// Prints the letter of a proposal, as an officer does; its name in the folder.
pub fn print(writer: &mut Writer, proposal: &str, officer: &Actor, env: &Env, folder: &Path) -> Result<String, Error> {
    let sender = sender(&writer.store, None)?.ok_or_else(|| plain("nobody sends letters"))?;
    let facts = writer.read(|scope| queries::letter(scope, officer, proposal, env.now))?;
    let Drawn { number, postage, is_protected, sheets, make } =
        draw(facts, &sender, Language::English, officer.clone(), &mut writer.secrets)?;
    writer.execute(&make, officer, env)?;
    let mut named = String::new();
    for (sheet, pdf) in &sheets {
        named = Line::of(&number, *sheet, postage, is_protected, pdf).path();
        let path = folder.join("letters").join(&named);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = made.and_then(|()| std::fs::write(&path, pdf));
        written.map_err(Error::io(format!("{} could not be written", path.display())))?;
    }
    let posted = FollowLetter { proposal: proposal.to_owned(), fate: LetterFate::HandedOver, actor: officer.clone() };
    writer.execute(&posted, officer, &env.at(env.now))?;
    Ok(format!("letters/{named}"))
}

/// The link of the newest message to a telephone that has one, as whoever gets it reads it.
pub fn stop_link(folder: &Path) -> Result<StopToken, Error> {
    let cannot = || Error::io("the notices cannot be read");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot())? {
        names.push(entry.map_err(cannot())?.path());
    }
    names.sort();
    let mut token = None;
    for path in names.iter().filter(|path| path.to_string_lossy().ends_with(".sms.json")) {
        let message: Value = serde_json::from_slice(&std::fs::read(path).map_err(cannot())?)
            .map_err(|error| plain(error.to_string()))?;
        let text = message["text"].as_str().unwrap_or_default();
        let link = text.split_once(STOP_URL).and_then(|(_, rest)| rest.get(1..=TOKEN_CHARS));
        token = link.and_then(StopToken::parse).or(token);
    }
    token.ok_or_else(|| plain("no message to a telephone has a link"))
}
