//! What banks and the operator ask to be done with accounts on a day: lawful things, and others.

use crate::model::Payee;
use crate::world::{Expected, Joined, Row, World, operator};
use denmark::{AccountNumber, Currency, DanishAccount};
use kernel::{Actor, Error};
use registry::account::DesignatedAccount;
use registry::designation::{Channel, Standing, State};
use registry::import::Accounts;
use sim::nation::{AccountKind, AccountState, Bank, PUBLIC_PAYER_BENEFITS};
use std::collections::{BTreeMap, BTreeSet};

/// On a day, each kind of act is done for one payee in so many, and for one at least.
const PAYEES_PER_ACT: u64 = 250;
/// Of the times when somebody could be unfrozen.
const LEFT_FROZEN_PER_MILLION: u64 = 500_000;
const EUROS_PER_MILLION: u64 = 150_000;
/// Of the files that are sent.
const REPEATED_PER_MILLION: u64 = 50_000;

/// What is asked for.
#[derive(Clone, Copy)]
enum Act {
    /// Another bank's account takes the place of the one in force.
    Change,
    /// The first account of a payee who had none.
    First,
    /// A new one after the last was closed.
    Reopen,
    Close,
    /// Closed, and another one opened by the same bank, in one file.
    Renew,
    BankFreezes,
    BankUnfreezes,
    OperatorFreezes,
    OperatorUnfreezes,
    /// An account for one payer's benefit.
    Specific,
    CloseSpecific,
    FreezeSpecific,
    /// A foreign account, which the operator designates.
    GoAbroad,
    /// What is so already.
    Repeat,
    /// A bank would put a third bank's account in place.
    StealFor,
    /// A bank would close another bank's account.
    StealFrom,
    ExpectWrongly,
    ExpectNothing,
    ReplaceFrozen,
    /// A bank would lift what the operator froze.
    LiftOperators,
    UnfreezeNothing,
    ForTheDead,
    ForNobody,
    SpecificByBank,
    Malformed,
}

const ACTS: [Act; 25] = [
    Act::Change,
    Act::First,
    Act::Reopen,
    Act::Close,
    Act::Renew,
    Act::BankFreezes,
    Act::BankUnfreezes,
    Act::OperatorFreezes,
    Act::OperatorUnfreezes,
    Act::Specific,
    Act::CloseSpecific,
    Act::FreezeSpecific,
    Act::GoAbroad,
    Act::Repeat,
    Act::StealFor,
    Act::StealFrom,
    Act::ExpectWrongly,
    Act::ExpectNothing,
    Act::ReplaceFrozen,
    Act::LiftOperators,
    Act::UnfreezeNothing,
    Act::ForTheDead,
    Act::ForNobody,
    Act::SpecificByBank,
    Act::Malformed,
];

/// The files of the day, by who sends them.
#[derive(Default)]
struct Files(BTreeMap<String, (Option<Bank>, Vec<Row>)>);

impl Files {
    /// The operator is no bank. A bank gives grounds for what it designates.
    fn add(&mut self, bank: Option<Bank>, mut text: String, expected: Expected) {
        if bank.is_some() && (text.starts_with("register,") || text.starts_with("change,")) {
            text.push_str(",user_request,netbank");
        }
        let sender = bank.map_or("", |bank| bank.name);
        self.0.entry(sender.to_owned()).or_insert((bank, Vec::new())).1.push(Row { text, expected });
    }
}

/// A row for a default account.
fn row(action: &str, payee: &str, account: Option<&DesignatedAccount>, expects: &str) -> String {
    row_for(action, payee, account, expects, ["", ""])
}

fn row_for(
    action: &str,
    payee: &str,
    account: Option<&DesignatedAccount>,
    expects: &str,
    [payer, benefit]: [&str; 2],
) -> String {
    let (account, bic, currency) = match account {
        None => (String::new(), "", ""),
        Some(DesignatedAccount::Domestic { account, currency }) => {
            (account.to_text(), "", if *currency == Currency::DKK { "" } else { currency.as_str() })
        }
        Some(DesignatedAccount::Foreign { iban, bic }) => (iban.as_str().to_owned(), bic.as_str(), ""),
    };
    format!("{action},{payee},{account},{bic},{expects},{currency},{payer},{benefit}")
}

impl World {
    /// The files of all banks and of the operator.
    ///
    /// # Errors
    /// The store's, or a row did not become what it must.
    pub fn hear_from_banks(&mut self) -> Result<(), Error> {
        let mut files = Files::default();
        // Each payee is met once a day, so that it does not matter whose file is read first.
        let mut met = BTreeSet::new();
        for joined in std::mem::take(&mut self.joined) {
            met.insert(joined.payee);
            self.bring_accounts(&joined, &mut files);
        }
        let count = if self.day == 0 { 0 } else { self.model.payees.len() as u64 / PAYEES_PER_ACT + 1 };
        for _ in 0..count {
            // Otherwise what is lifted would always be lifted before somebody else tries to.
            for act in self.shuffled(ACTS) {
                // Where there is nobody for it, it is not done.
                let _ = self.act(act, &mut met, &mut files);
            }
        }
        let vault = self.writer.store.vault().clone();
        for (number, (bank, mut rows)) in files.0.into_values().enumerate() {
            // A file is known by its content: this line keeps a day's apart from all others.
            let end = format!("the end of day {}", self.day + 1);
            rows.push(Row { text: end, expected: Expected::Refused("row.malformed") });
            let (channel, actor) = match bank {
                Some(bank) => (Channel::Bank(bank.name.to_owned()), Actor::console()),
                None => (Channel::Operator, operator()),
            };
            let source = Accounts { channel, by: actor.name().to_owned(), vault: vault.clone() };
            let name = format!("accounts-{number:03}.csv");
            self.import(&name, &source, &actor, &rows)?;
            if self.chance.happens(REPEATED_PER_MILLION) {
                self.send_rows(&name, &source, &actor, &rows)?;
                self.count("files", "of_rows_repeated", 1);
            }
        }
        Ok(())
    }

    fn shuffled<T: Copy, const N: usize>(&mut self, mut list: [T; N]) -> [T; N] {
        for last in (1..N).rev() {
            list.swap(last, self.chance.below(last as u64 + 1) as usize);
        }
        list
    }

    /// What somebody brings who came today, as the nation was made.
    fn bring_accounts(&mut self, joined: &Joined, files: &mut Files) {
        let at = joined.payee;
        let payee = self.model.payees[at].id.reveal();
        match joined.account {
            AccountKind::None => {}
            AccountKind::Foreign { iban, bic } => {
                let account = DesignatedAccount::Foreign { iban, bic };
                files.add(None, row("register", &payee, Some(&account), "none"), Expected::Changed);
                self.set(at, account, State::InForce);
            }
            AccountKind::Domestic { account, state, .. } => {
                let bank = *self.nation.bank_of(&account);
                let account = DesignatedAccount::Domestic { account, currency: Currency::DKK };
                files.add(Some(bank), row("register", &payee, Some(&account), "none"), Expected::Changed);
                let (then, state) = match state {
                    AccountState::InForce => (None, State::InForce),
                    AccountState::Closed => (Some("close"), State::Closed),
                    AccountState::Frozen => (Some("freeze"), State::FrozenByBank),
                };
                if let Some(action) = then {
                    files.add(Some(bank), row(action, &payee, None, ""), Expected::Changed);
                }
                self.set(at, account, state);
            }
        }
        if let Some(specific) = joined.specific {
            let account = DesignatedAccount::Domestic { account: specific.account, currency: Currency::DKK };
            let purpose = [self.model.payers[0].name.as_str(), specific.benefit];
            let text = row_for("register", &payee, Some(&account), "none", purpose);
            files.add(None, text, Expected::Changed);
            let standing = Standing { state: State::InForce, account };
            self.model.payees[at].specific.insert((0, specific.benefit), standing);
        }
    }

    fn set(&mut self, at: usize, account: DesignatedAccount, state: State) {
        self.model.payees[at].default = Some(Standing { state, account });
    }

    /// Does one act, where there is somebody for it.
    fn act(&mut self, act: Act, met: &mut BTreeSet<usize>, files: &mut Files) -> Option<()> {
        match act {
            Act::Change | Act::First | Act::Reopen | Act::GoAbroad => self.designate(act, met, files),
            Act::Close
            | Act::Renew
            | Act::BankFreezes
            | Act::BankUnfreezes
            | Act::OperatorFreezes
            | Act::OperatorUnfreezes => self.end_or_freeze(act, met, files),
            Act::Specific | Act::CloseSpecific | Act::FreezeSpecific => self.act_on_specific(act, met, files),
            _ => self.do_wrong(act, met, files),
        }
    }

    fn designate(&mut self, act: Act, met: &mut BTreeSet<usize>, files: &mut Files) -> Option<()> {
        let wanted = match act {
            Act::First => None,
            Act::Reopen => Some(State::Closed),
            _ => Some(State::InForce),
        };
        let at = self.find(met, |payee| payee.is_living() && payee.state() == wanted)?;
        let (bank, account) = match act {
            Act::GoAbroad => (None, self.foreign_account()?),
            _ => {
                let bank = self.any_bank();
                (Some(bank), self.new_account(&bank))
            }
        };
        let payee = &self.model.payees[at];
        let (id, standing) = (payee.id.reveal(), payee.default);
        let (action, expects) = match standing.filter(|standing| standing.state == State::InForce) {
            Some(standing) if standing.account == account => return None,
            Some(standing) => ("change", self.name_of(&standing.account)),
            None => ("register", if self.chance.happens(500_000) { "none".to_owned() } else { String::new() }),
        };
        files.add(bank, row(action, &id, Some(&account), &expects), Expected::Changed);
        self.set(at, account, State::InForce);
        Some(())
    }

    fn end_or_freeze(&mut self, act: Act, met: &mut BTreeSet<usize>, files: &mut Files) -> Option<()> {
        let (action, by_bank, from, to): (_, _, &[State], _) = match act {
            Act::Close | Act::Renew => ("close", true, &[State::InForce], State::Closed),
            Act::BankFreezes => ("freeze", true, &[State::InForce], State::FrozenByBank),
            Act::BankUnfreezes => ("unfreeze", true, &[State::FrozenByBank], State::InForce),
            Act::OperatorFreezes => ("freeze", false, &[State::InForce, State::FrozenByBank], State::Frozen),
            _ => ("unfreeze", false, &[State::Frozen, State::FrozenByBank], State::InForce),
        };
        if action == "unfreeze" && self.chance.happens(LEFT_FROZEN_PER_MILLION) {
            return None;
        }
        let renews = matches!(act, Act::Renew);
        let at = self.find(met, |payee| {
            (payee.is_living() || !renews)
                && payee.default.is_some_and(|standing| {
                    from.contains(&standing.state) && (!by_bank || domestic(&standing.account).is_some())
                })
        })?;
        let payee = &self.model.payees[at];
        let (id, account) = (payee.id.reveal(), payee.default?.account);
        let bank = if by_bank { Some(*self.nation.bank_of(&domestic(&account)?)) } else { None };
        let named = self.chance.happens(500_000).then_some(&account);
        files.add(bank, row(action, &id, named, ""), Expected::Changed);
        self.set(at, account, to);
        if let (true, Some(bank)) = (renews, bank) {
            let account = self.new_account(&bank);
            files.add(Some(bank), row("register", &id, Some(&account), "none"), Expected::Changed);
            self.set(at, account, State::InForce);
        }
        Some(())
    }

    fn act_on_specific(&mut self, act: Act, met: &mut BTreeSet<usize>, files: &mut Files) -> Option<()> {
        let payer = self.chance.below(self.model.payers.len() as u64) as usize;
        let benefit = self.chance.pick(&PUBLIC_PAYER_BENEFITS);
        let (action, at, purpose, state) = match act {
            Act::Specific => {
                let is_free = |payee: &Payee| !payee.specific.contains_key(&(payer, benefit));
                let at = self.find(met, |payee| payee.is_living() && is_free(payee))?;
                ("register", at, (payer, benefit), State::InForce)
            }
            _ => {
                let in_force = |payee: &Payee| {
                    let mut specifics = payee.specific.iter();
                    specifics.find(|(_, standing)| standing.state == State::InForce).map(|(purpose, _)| *purpose)
                };
                let at = self.find(met, |payee| in_force(payee).is_some())?;
                let purpose = in_force(&self.model.payees[at])?;
                let closes = matches!(act, Act::CloseSpecific);
                let (action, state) = if closes { ("close", State::Closed) } else { ("freeze", State::Frozen) };
                (action, at, purpose, state)
            }
        };
        let account = match self.model.payees[at].specific.get(&purpose) {
            Some(standing) => standing.account,
            None => {
                let bank = self.any_bank();
                self.new_account(&bank)
            }
        };
        let id = self.model.payees[at].id.reveal();
        let payer = self.model.payers[purpose.0].name.clone();
        files.add(None, row_for(action, &id, Some(&account), "", [&payer, purpose.1]), Expected::Changed);
        self.model.payees[at].specific.insert(purpose, Standing { state, account });
        Some(())
    }

    /// What changes nothing: because it is so already, or because it is refused.
    fn do_wrong(&mut self, act: Act, met: &mut BTreeSet<usize>, files: &mut Files) -> Option<()> {
        let is_domestic = |payee: &Payee| payee.default.is_some_and(|standing| domestic(&standing.account).is_some());
        let at = match act {
            Act::ForNobody | Act::Malformed => None,
            _ => Some(self.find(met, |payee| match act {
                Act::Repeat | Act::StealFrom => {
                    payee.is_living() && payee.state() == Some(State::InForce) && is_domestic(payee)
                }
                Act::ReplaceFrozen => {
                    payee.is_living() && payee.state().is_some_and(State::is_frozen) && is_domestic(payee)
                }
                Act::LiftOperators => payee.state() == Some(State::Frozen) && is_domestic(payee),
                Act::UnfreezeNothing => payee.default.is_none(),
                Act::ForTheDead => !payee.is_living(),
                Act::SpecificByBank => payee.is_living(),
                _ => payee.is_living() && payee.state() == Some(State::InForce),
            })?),
        };
        let payee = match at {
            Some(at) => self.model.payees[at].id.reveal(),
            None => format!("cpr:{}", self.nation.unregistered_cpr(self.chance.next()).digits()),
        };
        let current = at.and_then(|at| self.model.payees[at].default).map(|standing| standing.account);
        let own_bank = current.and_then(|account| domestic(&account)).map(|account| *self.nation.bank_of(&account));
        let bank = self.any_bank();
        let other = self.other_bank(&bank);
        let new = self.new_account(&bank);
        let expects = current.map(|account| self.name_of(&account)).unwrap_or_default();
        let (sender, text, expected) = match act {
            Act::Repeat => (own_bank?, row("register", &payee, current.as_ref(), ""), Expected::Unchanged),
            Act::StealFor => {
                (other, row("change", &payee, Some(&new), &expects), Expected::Refused("designation.other_bank"))
            }
            Act::StealFrom => {
                let thief = self.other_bank(&own_bank?);
                (thief, row("close", &payee, None, ""), Expected::Refused("designation.none"))
            }
            Act::ExpectWrongly => {
                (bank, row("change", &payee, Some(&new), "none"), Expected::Refused("designation.expects_mismatch"))
            }
            Act::ExpectNothing => {
                (bank, row("register", &payee, Some(&new), ""), Expected::Refused("designation.expects_missing"))
            }
            Act::ReplaceFrozen => {
                (bank, row("change", &payee, Some(&new), &expects), Expected::Refused("designation.frozen"))
            }
            Act::LiftOperators => {
                (own_bank?, row("unfreeze", &payee, None, ""), Expected::Refused("designation.frozen"))
            }
            Act::UnfreezeNothing => (bank, row("unfreeze", &payee, None, ""), Expected::Refused("designation.none")),
            Act::ForTheDead => (bank, row("register", &payee, Some(&new), ""), Expected::Refused("payee.dead")),
            Act::ForNobody => (bank, row("register", &payee, Some(&new), "none"), Expected::Refused("payee.unknown")),
            Act::SpecificByBank => {
                let purpose = [self.model.payers[0].name.as_str(), PUBLIC_PAYER_BENEFITS[0]];
                let text = row_for("register", &payee, Some(&new), "", purpose);
                (bank, text, Expected::Refused("designation.specific"))
            }
            _ => {
                let (text, code) = self.chance.pick(&[
                    ("grab,cpr:6101701234,0040-1,,,,,", "designation.action"),
                    ("register,6101701234,0040-1,,,,,", "payee.malformed"),
                    ("register,cpr:6101701234,0040-,,,,,", "account.malformed"),
                    ("register,cpr:6101701234,0040-1,,,kroner,,", "account.currency"),
                    ("register,cpr:6101701234,0040-1,,,,,NKSBOS", "designation.purpose"),
                ]);
                (bank, text.to_owned(), Expected::Refused(code))
            }
        };
        files.add(Some(sender), text, expected);
        Some(())
    }

    fn any_bank(&mut self) -> Bank {
        self.chance.pick(self.nation.banks())
    }

    /// Another than this one.
    fn other_bank(&mut self, bank: &Bank) -> Bank {
        let others: Vec<Bank> = self.nation.banks().iter().filter(|other| *other != bank).copied().collect();
        self.chance.pick(&others)
    }

    /// A new account with a bank, mostly in kroner.
    pub fn new_account(&mut self, bank: &Bank) -> DesignatedAccount {
        let regs: Vec<_> = bank.regs().collect();
        let reg = self.chance.pick(&regs);
        let number = format!("{:010}", self.chance.below(10_000_000_000));
        let number = AccountNumber::parse(&number).expect("ten digits are an account number");
        let is_in_euros = self.chance.happens(EUROS_PER_MILLION);
        let currency = if is_in_euros { Currency::parse("EUR").expect("it is one") } else { Currency::DKK };
        DesignatedAccount::Domestic { account: DanishAccount { reg, number }, currency }
    }

    /// A foreign account, such as somebody in the nation has.
    fn foreign_account(&mut self) -> Option<DesignatedAccount> {
        let people = self.nation.plan().people;
        let first = self.chance.below(people.max(1));
        let mut accounts = (0..people).map(|step| self.nation.person((first + step) % people).account);
        accounts.find_map(|account| match account {
            AccountKind::Foreign { iban, bic } => Some(DesignatedAccount::Foreign { iban, bic }),
            AccountKind::None | AccountKind::Domestic { .. } => None,
        })
    }

    /// One of the ways to say which account is believed to be in force.
    fn name_of(&mut self, account: &DesignatedAccount) -> String {
        let way = self.chance.below(3);
        match account {
            DesignatedAccount::Domestic { account, .. } => {
                let bank = self.nation.bank_of(account);
                match (way, bank.bic) {
                    (0, Some(bic)) => bic.as_str().to_owned(),
                    (1, _) => account.reg.to_string(),
                    _ => account.iban(bank.country).as_str().to_owned(),
                }
            }
            DesignatedAccount::Foreign { bic, .. } if way == 0 => bic.as_str().to_owned(),
            DesignatedAccount::Foreign { iban, .. } => iban.as_str().to_owned(),
        }
    }
}

/// The account, of a domestic one.
fn domestic(account: &DesignatedAccount) -> Option<DanishAccount> {
    match account {
        DesignatedAccount::Domestic { account, .. } => Some(*account),
        DesignatedAccount::Foreign { .. } => None,
    }
}
