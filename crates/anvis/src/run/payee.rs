use super::Session;
use crate::cli::Payee;
use crate::console::Answer;
use kernel::Error;
use registry::commands::{
    ListWithoutAccount, SharedAccount, SharedAccounts, SharedShown, ShowShared, WithoutAccountPage,
};

impl Session {
    pub(super) fn payee(&mut self, command: Payee) -> Result<Answer, Error> {
        let (limit, after, remind) = match command {
            Payee::Subscriptions { payee } => return self.subscribers(payee),
            Payee::WithoutAccount { limit, after, remind } => (limit, after, remind),
        };
        let env = self.env()?;
        let command = ListWithoutAccount { actor: self.actor.clone(), after, limit: usize::from(limit), remind };
        let page = self.writer.execute(&command, &self.actor, &env)?;
        Ok(Answer::done(text(&page), &page))
    }

    /// The accounts with many payees, as counted now.
    pub(super) fn shared(&mut self, over: Option<u16>, limit: usize) -> Result<Answer, Error> {
        self.count_payees()?;
        let (env, actor) = (self.env()?, &self.actor);
        let found = self.writer.read(|scope| SharedAccounts::find(scope, actor, over, limit))?;
        let shown = self.writer.execute(&ShowShared { found }, actor, &env)?;
        Ok(Answer::done(shared_text(&shown), &shown))
    }
}

fn shared_text(SharedShown { over, accounts, more }: &SharedShown) -> String {
    let mut text = String::new();
    for SharedAccount { account, payees, collector } in accounts {
        let collector = collector.as_ref().map(|state| format!("  collector, {state}")).unwrap_or_default();
        text.push_str(&format!("{payees:>9}  {account}{collector}\n"));
    }
    text.push_str(&match (accounts.len(), more) {
        (0, _) => format!("No account has more than {over} payees."),
        (_, true) => "There are more: --limit N shows up to 1000.".to_owned(),
        (_, false) => format!("These are all with more than {over} payees."),
    });
    text
}

fn text(WithoutAccountPage { payees, reminded, next }: &WithoutAccountPage) -> String {
    let mut text = String::new();
    for payee in payees {
        let reminded = payee.reminded.as_ref().map(|moment| format!(", reminded {moment}")).unwrap_or_default();
        text.push_str(&format!("{}  {}{reminded}\n", payee.payee, payee.state));
    }
    if *reminded > 0 {
        text.push_str(&format!("{reminded} of them are reminded.\n"));
    }
    text.push_str(&match next {
        Some(next) => format!("There may be more: --after {next}"),
        None => "These are the last.".to_owned(),
    });
    text
}
