use super::Session;
use crate::cli::Payee;
use crate::console::Answer;
use kernel::Error;
use registry::commands::{ListWithoutAccount, WithoutAccountPage};

impl Session {
    pub(super) fn payee(&mut self, command: Payee) -> Result<Answer, Error> {
        let Payee::WithoutAccount { limit, after, remind } = command;
        let env = self.env()?;
        let command = ListWithoutAccount { actor: self.actor.clone(), after, limit: usize::from(limit), remind };
        let page = self.writer.execute(&command, &self.actor, &env)?;
        Ok(Answer::done(text(&page), &page))
    }
}

fn text(WithoutAccountPage { payees, reminded, next }: &WithoutAccountPage) -> String {
    let mut text = String::new();
    for payee in payees {
        let reminded = payee.reminded.as_ref().map(|moment| format!(", reminded {moment}")).unwrap_or_default();
        text.push_str(&format!("{}  {}{reminded}\n", payee.payee, payee.state));
    }
    if *reminded > 0 {
        text.push_str(&format!("{reminded} of them are to be reminded.\n"));
    }
    text.push_str(&match next {
        Some(next) => format!("There may be more: --after {next}"),
        None => "These are the last.".to_owned(),
    });
    text
}
