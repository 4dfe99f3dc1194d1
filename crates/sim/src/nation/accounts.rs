//! The files that tell of accounts: each bank's of its own, the operator's of foreign and specific ones.

use super::registers::Lines;
use super::{AccountKind, AccountState, Bank, Nation, PUBLIC_PAYER};
use denmark::{Country, DanishAccount};
use std::io::{self, Write};

const HEADER: &str = "action,payee,account,bic,expects,currency,payer,benefit";

/// Who sends a file of accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountSource {
    /// A bank, which may tell of its own registration numbers only.
    Bank(Bank),
    /// The registry's operator.
    Operator,
}

impl AccountSource {
    /// The bank's name as in the bank directory, or `operator`.
    pub const fn name(&self) -> &'static str {
        match self {
            AccountSource::Bank(bank) => bank.name,
            AccountSource::Operator => "operator",
        }
    }
}

/// What a source has sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Who.
    pub source: AccountSource,
    /// The header is none.
    pub rows: u64,
}

/// Where a row goes, before the bank is known by more than its account.
enum Sender<'a> {
    BankOf(&'a DanishAccount),
    Operator,
}

impl Nation {
    /// Who sends files of accounts: every bank, and last the operator.
    pub fn account_files(&self) -> Vec<AccountSource> {
        let banks = self.banks().iter().copied().map(AccountSource::Bank);
        banks.chain([AccountSource::Operator]).collect()
    }

    /// Everyone's accounts, `action,payee,account,bic,expects,currency,payer,benefit`, as one file that only the
    /// operator may send. [`PUBLIC_PAYER`] must be registered before it is read. Returns the number of rows.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_all_accounts(&self, out: &mut impl Write) -> io::Result<u64> {
        let mut lines = Lines::new(out);
        lines.text(HEADER).end_line()?;
        let mut rows = 0;
        self.each_account_row(&mut |_, row| {
            rows += 1;
            lines.text(row).end_line()
        })?;
        lines.finish()?;
        Ok(rows)
    }

    /// The same rows, each in the file of who may send it, in one pass. `open` is called once for each of
    /// [`Nation::account_files`], in that order.
    ///
    /// # Errors
    /// Opening or writing fails.
    pub fn write_accounts_by_source<W: Write>(
        &self,
        mut open: impl FnMut(&AccountSource) -> io::Result<W>,
    ) -> io::Result<Vec<Sent>> {
        let mut files = Vec::new();
        for source in self.account_files() {
            let mut lines = Lines::new(open(&source)?);
            lines.text(HEADER).end_line()?;
            files.push((Sent { source, rows: 0 }, lines));
        }
        let operator = files.len() - 1;
        self.each_account_row(&mut |sender, row| {
            let (sent, lines) = &mut files[match sender {
                Sender::BankOf(account) => self.bank_of(account).index(),
                Sender::Operator => operator,
            }];
            sent.rows += 1;
            lines.text(row).end_line()
        })?;
        files.into_iter().map(|(sent, lines)| lines.finish().map(|()| sent)).collect()
    }

    fn each_account_row(&self, row: &mut impl FnMut(Sender<'_>, &str) -> io::Result<()>) -> io::Result<()> {
        let mut text = String::new();
        for index in 0..self.plan.people {
            let person = self.person(index);
            let payee = ["cpr:", person.cpr.digits()];
            self.account_rows(&mut text, payee, &person.account, "", row)?;
            if let Some(specific) = person.specific {
                self.start_row(&mut text, "register", payee, &specific.account);
                text.extend([",,none,,", PUBLIC_PAYER, ",", specific.benefit]);
                row(Sender::Operator, &text)?;
            }
        }
        for index in 0..self.plan.companies {
            let company = self.company(index);
            // Spelt out, where people's rows leave it empty: both are kroner.
            self.account_rows(&mut text, ["cvr:", company.cvr.digits()], &company.account, "DKK", row)?;
            if let Some(unit) = company.se {
                self.register_row(&mut text, ["se:", unit.number.digits()], &unit.account, "DKK", row)?;
            }
            if let Some(unit) = company.production_unit {
                self.register_row(&mut text, ["p:", unit.number.digits()], &unit.account, "DKK", row)?;
            }
        }
        Ok(())
    }

    /// What is told of a default account: that it was registered, and what became of it.
    fn account_rows(
        &self,
        text: &mut String,
        payee: [&str; 2],
        account: &AccountKind,
        currency: &str,
        row: &mut impl FnMut(Sender<'_>, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        match account {
            AccountKind::None => Ok(()),
            AccountKind::Foreign { iban, bic } => {
                text.clear();
                text.extend(["register,", payee[0], payee[1], ",", iban.as_str(), ",", bic.as_str(), ",none,,,"]);
                row(Sender::Operator, text)
            }
            AccountKind::Domestic { account, state, .. } => {
                self.register_row(text, payee, account, currency, row)?;
                let action = match state {
                    AccountState::InForce => return Ok(()),
                    AccountState::Closed => "close",
                    AccountState::Frozen => "freeze",
                };
                self.start_row(text, action, payee, account);
                text.extend([",,,", currency, ",,"]);
                row(Sender::BankOf(account), text)
            }
        }
    }

    fn register_row(
        &self,
        text: &mut String,
        payee: [&str; 2],
        account: &DanishAccount,
        currency: &str,
        row: &mut impl FnMut(Sender<'_>, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        self.start_row(text, "register", payee, account);
        text.extend([",,none,", currency, ",,"]);
        row(Sender::BankOf(account), text)
    }

    /// Action, payee and account. Faroese and Greenlandic banks write IBANs, the others registration and account number.
    fn start_row(&self, text: &mut String, action: &str, payee: [&str; 2], account: &DanishAccount) {
        text.clear();
        text.extend([action, ",", payee[0], payee[1], ","]);
        match self.bank_of(account).country {
            Country::Denmark => text.push_str(&account.to_text()),
            country => text.push_str(account.iban(country).as_str()),
        }
    }
}
