//! What is done for somebody whose account may have been taken by a thief.

use super::Session;
use super::client::{read, require_free};
use super::letters::sender;
use super::payout::{trace_json, trace_text};
use crate::cli::{self, Victim};
use crate::console::Answer;
use eid::key::PublicKey;
use kernel::{Env, Error, Id, StoreError, files};
use letter::Language;
use payout::case::Case;
use payout::commands::{
    AskDisclosure, CaseRecall, CaseTrace, CloseVictimCase, ClosedCase, Opened, Opening, Recalled, Reverting, case_of,
    close_case, open_case, recall_for_case, revert_case, show_case, trace_case,
};
use payout::queries::{self, AskedView, CaseView};
use registry::commands::Standing;
use registry::suspicion::Source;
use serde_json::json;
use services::cases::{self, BundleRefusal, Checked, Wanted};
use std::fmt::Write;
use std::path::Path;

impl Session {
    pub(super) fn victim(&mut self, command: Victim) -> Result<Answer, Error> {
        let (env, is_synthetic, officer) = (self.env()?, self.writer.store.is_synthetic(), self.actor.clone());
        match command {
            Victim::Freeze { payee, since, from, reason } => {
                let from = from.unwrap_or(Source::Review);
                let wanted = Opening { payee, since, from, why: &reason, is_synthetic };
                let opened = open_case(&mut self.writer, &wanted, &officer, &env)?;
                Ok(Answer::done(opened_text(&opened), &opened))
            }
            Victim::Revert { case, reason } => {
                let wanted = Reverting { case: &case, why: &reason, is_synthetic };
                let standings = revert_case(&mut self.writer, &wanted, &officer, &env)?;
                let text: String = standings.iter().map(standing_line).collect();
                Ok(Answer::done(text, &json!({ "designations": standings })))
            }
            Victim::Trace(cli::CaseTrace { case, limit, after }) => {
                let wanted = CaseTrace { case: &case, after, limit: usize::from(limit), is_synthetic };
                let page = trace_case(&mut self.writer, &wanted, &officer, &env)?;
                Ok(Answer::done(trace_text(&page), &trace_json(&page)))
            }
            Victim::Recall { case, reason } => {
                let wanted = CaseRecall { case: &case, why: &reason, is_synthetic };
                let recalled = recall_for_case(&mut self.writer, &wanted, &officer, &env)?;
                Ok(Answer::done(recalled_text(&recalled), &recalled))
            }
            Victim::Close { case, finding, reason, mark_until } => {
                let wanted = CloseVictimCase { case: &case, finding, why: &reason, mark_until, is_synthetic };
                let closed = close_case(&mut self.writer, &wanted, &officer, &env)?;
                Ok(Answer::done(closed_text(&closed), &closed))
            }
            Victim::List { payee, limit } => {
                let (cases, next) = match payee {
                    Some(payee) => {
                        let found = case_of(&mut self.writer, payee, &officer, &env, is_synthetic)?;
                        (found.into_iter().collect(), None)
                    }
                    None => self.writer.read(|scope| queries::cases(scope, &officer, None, usize::from(limit)))?,
                };
                let mut text: String = cases.iter().map(case_line).collect();
                match next {
                    Some(_) => text.push_str("There are more: say a larger --limit.\n"),
                    None if cases.is_empty() => text.push_str("No case.\n"),
                    None => {}
                }
                Ok(Answer::done(text, &json!({ "cases": cases })))
            }
            Victim::Show { case } => {
                let shown = show_case(&mut self.writer, &case, &officer, &env, is_synthetic)?;
                let mut text = case_line(&shown.view);
                let _ = writeln!(text, "  {}", shown.why);
                for account in &shown.accounts {
                    let _ = writeln!(text, "  account {}, {}", account.account, account.state);
                }
                for act in &shown.acts {
                    let about = act.about.as_deref().unwrap_or_default();
                    let why = act.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
                    let _ = writeln!(text, "  {}  {} {about} by {}{why}", act.at, act.act, act.by);
                }
                Ok(Answer::done(text, &shown))
            }
            Victim::Disclose { case, to, law } => {
                let command =
                    AskDisclosure { case: case.clone(), to: to.clone(), law, officer: officer.clone(), is_synthetic };
                self.writer.execute(&command, &officer, &env)?;
                let asked = self.writer.read(|scope| queries::asked_of(scope, &officer, &case, &to))?;
                let AskedView { to, at, .. } = &asked;
                let text = format!(
                    "Asked for. Another officer gives it: 'anvis victim bundle {case} --to {to} --asked {at} --out DIR'."
                );
                Ok(Answer::done(text, &json!({ "case": case, "to": to, "asked": at })))
            }
            Victim::Bundle { case, to, asked, out, sender, english } => {
                let sender_file = sender.as_deref();
                let language = if english { Language::English } else { Language::Danish };
                let wanted = Wanted { case: &case, to, asked, sender: None, language, is_synthetic };
                self.give_bundle(wanted, &out, sender_file, &env)
            }
            Victim::Check { folder, .. } => self.check_bundle(&folder),
        }
    }
}

impl Session {
    /// What is given is on record before it lies anywhere. Of a run that was cut off, nothing lies there: then it is asked for anew.
    fn give_bundle(
        &mut self,
        wanted: Wanted<'_>,
        out: &Path,
        sender_file: Option<&Path>,
        env: &Env,
    ) -> Result<Answer, Error> {
        super::outside(&self.data, out)?;
        // What is given to another of the same case has the same names.
        let name = Id::<Case>::parse_name(wanted.case).map_or_else(String::new, |case| case.name());
        cases::file_names(&name).iter().try_for_each(|file| require_free(&out.join(file)))?;
        std::fs::create_dir_all(out).map_err(Error::io(format!("{} could not be made", out.display())))?;
        let wanted = Wanted { sender: sender(&self.writer.store, sender_file)?, ..wanted };
        let bundle = cases::bundle(&mut self.writer, &wanted, &self.actor, env)?;
        let (mut text, mut paths) = (format!("Given to {}:\n", bundle.to), Vec::new());
        for file in &bundle.files {
            let path = out.join(&file.name);
            files::write_private(&path, &file.bytes)?;
            let _ = writeln!(text, "  {}", path.display());
            paths.push(path);
        }
        Ok(Answer::done(text, &json!({ "case": bundle.case, "to": bundle.to, "files": paths })))
    }

    fn check_bundle(&mut self, folder: &Path) -> Result<Answer, Error> {
        let keys = self.writer.read(eid::queries::signing_keys)?;
        checked(folder, keys.iter().map(|key| &key.public))
    }
}

/// Checks a bundle by the keys of a file, without a store.
pub fn check(folder: &Path, keys: &Path) -> Result<Answer, Error> {
    let keys = PublicKey::read_all(&read(keys)?)?;
    checked(folder, &keys)
}

fn checked<'k>(folder: &Path, keys: impl IntoIterator<Item = &'k PublicKey>) -> Result<Answer, Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io(format!("{} could not be read", folder.display())))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut seals: Vec<_> = paths.filter(|path| path.extension().is_some_and(|kind| kind == "jws")).collect();
    let (Some(seal), true) = (seals.pop(), seals.is_empty()) else { return Err(BundleRefusal::Incomplete.into()) };
    let seal = String::from_utf8(read(&seal)?).map_err(|error| StoreError::new("the seal is no text", error))?;
    match cases::check(&seal, |name| std::fs::read(folder.join(name)).ok(), keys) {
        Ok(Checked { case, to, given, kid }) => {
            let text = format!("Case {case}, given to {to} at {given}, is as it was sealed by the key {kid}.");
            let json = json!({ "sealed": true, "case": case, "to": to, "given": given, "kid": kid });
            Ok(Answer::done(text, &json))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn opened_text(Opened { id, accounts, reported, unreported }: &Opened) -> String {
    let mut text = format!("Case {id} is open. What has not left waits.\n");
    for account in &accounts.frozen {
        let _ = writeln!(text, "  {account}  frozen by this");
    }
    for account in &accounts.already {
        let _ = writeln!(text, "  {account}  was frozen before: whoever froze it unfreezes it");
    }
    if accounts.frozen.is_empty() && accounts.already.is_empty() {
        text.push_str("  no account is in force\n");
    }
    for report in reported {
        let _ = writeln!(text, "  the receiving account is reported as {report}");
    }
    if *unreported > 0 {
        let _ = writeln!(text, "  {unreported} more were designated since then: report them one by one");
    }
    text
}

fn standing_line(standing: &Standing) -> String {
    let Standing { id, state, waits_for, in_force_from } = standing;
    let mut text = format!("{id}: {state}");
    if let Some(waits) = waits_for {
        let _ = write!(text, ", waits for {waits}");
    }
    if let Some(from) = in_force_from {
        let _ = write!(text, ", from {from}");
    }
    text + "\n"
}

fn recalled_text(Recalled { messages, left }: &Recalled) -> String {
    let mut text = String::new();
    for sent in messages {
        let _ =
            writeln!(text, "{}  {} payments of {}, asked of {}", sent.recall, sent.payments.len(), sent.payer, sent.to);
    }
    for payment in left {
        let _ = writeln!(text, "{} {}: {} [{}]", payment.batch, payment.number, payment.text, payment.code);
    }
    text
}

fn closed_text(ClosedCase { waits_for, reports, motions, designations, unfrozen }: &ClosedCase) -> String {
    if waits_for.is_some() {
        return "Another officer has to say the same: until then nothing is undone.".to_owned();
    }
    let mut text = "Closed.\n".to_owned();
    for report in reports {
        let _ = writeln!(text, "  report {report} is closed with it");
    }
    for motion in motions {
        let _ = writeln!(text, "  mark {}: {}", motion.id, motion.state);
    }
    for standing in designations {
        let _ = write!(text, "  account {}", standing_line(standing));
    }
    if *unfrozen > 0 {
        let _ = writeln!(text, "  {unfrozen} accounts are paid to again");
    }
    text
}

fn case_line(case: &CaseView) -> String {
    let CaseView { id, state, finding, opened, opened_by, since, disclosures_asked, .. } = case;
    let mut text = format!("{id}  {state}");
    if let Some(finding) = finding {
        let _ = write!(text, " ({finding})");
    }
    let _ = write!(text, "  opened {opened} by {opened_by}, in doubt since {since}");
    for AskedView { to, at, by } in disclosures_asked {
        let _ = write!(text, ", to be given to {to} as {by} asked at {at}");
    }
    text + "\n"
}
