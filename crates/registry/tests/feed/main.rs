//! Banks read what concerns them, from a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../import/place.rs"]
#[expect(dead_code, reason = "the tests of imports need all of it")]
mod place;

use denmark::{BankDirectory, Cvr};
use kernel::{Actor, Env, Refuse, Role, Timestamp};
use place::Place;
use proptest::prelude::*;
use registry::account::DesignatedAccount;
use registry::commands::AddPayer;
use registry::designation::Channel;
use registry::import::{Banks, Companies, Population, Source};
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::queries::{BankMessage, FEED_ROWS_MAX, Feed, FeedBounds, feed, feed_end};
use std::collections::{BTreeMap, BTreeSet};

const PAYEES: [&str; 5] = ["cpr:6101701234", "cvr:13748136", "p:1000000001", "p:1000000002", "se:32080808"];
/// The first letter says whose it is.
const ACCOUNTS: [(char, &str); 7] = [
    ('N', "0040-0000000001"),
    ('N', "0040-0000000002"),
    ('N', "0041-0000000001"),
    ('S', "1020-0000000001"),
    ('S', "1020-0000000002"),
    ('E', "2000-0000000001"),
    ('-', "DE89370400440532013000"),
];
const BANKS: [(char, &str); 3] = [('N', "North"), ('S', "South"), ('E', "East")];

fn settled() -> Place {
    let mut place = Place::new();
    place.import(&Banks, b"reg,bank,bic,country\n2000,East,,DK\n");
    let vault = place.writer.store.vault().clone();
    let (population, companies) =
        (Population { vault: vault.clone(), refuse_replacement_numbers: false }, Companies { vault });
    let row = |header: &[&str], row: &str| format!("{}\n{row}\n", header.join(",")).into_bytes();
    place.import(&population, &row(Population::HEADER, "6101701234,Anna,,,,,active,,"));
    place.import(&companies, &row(Companies::HEADER, "13748136,One,active,"));
    let agreement = Agreement {
        name: "Payer".to_owned(),
        cvr: Cvr::parse("25992180").unwrap(),
        kind: PayerKind::Public,
        no_account: NoAccount::Reject,
        bank: None,
        terms: registry::terms::Terms::default(),
    };
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    place.writer.execute(&AddPayer { agreement }, &Actor::console(), &env).unwrap();
    place
}

fn bank() -> Actor {
    Actor::client(Role::Bank, "system")
}

fn page(place: &mut Place, bank_name: &str, after: Option<i64>, messages: usize, rows: usize) -> Feed {
    place.writer.read(|scope| feed(scope, &bank(), bank_name, after, FeedBounds { messages, rows })).unwrap()
}

/// All of a bank's messages, by pages of these bounds.
fn all(place: &mut Place, bank: &str, messages: usize, rows: usize) -> Vec<BankMessage> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = page(place, bank, after, messages, rows);
        assert!(page.messages.len() <= messages, "{page:?}");
        // It always comes to an end.
        let goes_on = Some(page.reached) > after;
        assert!(goes_on || (page.messages.is_empty() && !page.has_more), "{page:?} after {after:?}");
        found.extend(page.messages);
        after = Some(page.reached);
        if !page.has_more {
            return found;
        }
    }
}

fn iban(account: &str) -> String {
    let rest = if account.starts_with('D') { "COBADEFFXXX" } else { "DKK" };
    DesignatedAccount::from_text(&format!("{account} {rest}")).unwrap().iban(&BankDirectory::new()).as_str().to_owned()
}

/// What somebody wants of one payee's account, by number.
#[derive(Clone, Debug)]
struct Act {
    payee: usize,
    is_specific: bool,
    action: u8,
    account: usize,
    by_bank: bool,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0..PAYEES.len(), prop::bool::weighted(0.2), 0..6u8, 0..ACCOUNTS.len(), any::<bool>());
    let act = act.prop_map(|(payee, is_specific, action, account, by_bank)| Act {
        payee,
        is_specific,
        action,
        account,
        by_bank: by_bank && !is_specific,
    });
    prop::collection::vec(act, 1..40)
}

/// What the test believes to be in force, and what each bank must have been told.
#[derive(Default)]
struct Model {
    /// The account and whether it is frozen.
    live: BTreeMap<(usize, bool), (usize, bool)>,
    told: BTreeMap<char, Vec<String>>,
    /// Who had a specific account: the operator loads the first, and changes none.
    had: BTreeSet<usize>,
}

impl Model {
    /// The row that asks for it, if that is something that can be done now; and what it makes of what is in force.
    fn act(&mut self, act: &Act) -> Option<(Channel, String)> {
        let key = (act.payee, act.is_specific);
        let current = self.live.get(&key).copied();
        let (word, account) = match (act.action, current) {
            (0..=2, _) if act.is_specific && !self.had.insert(act.payee) => return None,
            (0..=2, None) => ("register", act.account),
            (0..=2, Some((account, false))) if account != act.account => ("change", act.account),
            (3, Some((account, false))) => ("close", account),
            (4, Some((account, false))) => ("freeze", account),
            (_, Some((account, true))) => ("unfreeze", account),
            _ => return None,
        };
        let whose = |account: usize| ACCOUNTS[account].0;
        let name = BANKS.iter().find(|(letter, _)| *letter == whose(account)).map(|(_, name)| *name);
        // What the operator froze would stay the operator's: freezing and unfreezing are one's own here.
        let is_plain = matches!(word, "register" | "change" | "close");
        let channel = match name.filter(|_| act.by_bank && is_plain) {
            Some(name) => Channel::Bank(name.to_owned()),
            None => Channel::Operator,
        };
        let mut tell = |to: char, event: &str, account: usize, replaces: Option<usize>| {
            let kind = channel.kind().name();
            let replaces = replaces.map(|account| iban(ACCOUNTS[account].1)).unwrap_or_default();
            let (payee, account) = (PAYEES[act.payee], iban(ACCOUNTS[account].1));
            let line = format!("{event} {account} {replaces} {payee} {} {kind}", act.is_specific);
            self.told.entry(to).or_default().push(line);
        };
        match (word, current) {
            ("register", _) => tell(whose(account), "registered", account, None),
            ("change", Some((former, _))) if whose(former) == whose(account) => {
                tell(whose(account), "changed", account, Some(former));
            }
            ("change", Some((former, _))) => {
                tell(whose(account), "changed_to_you", account, None);
                tell(whose(former), "changed_from_you", former, None);
            }
            ("close", _) => tell(whose(account), "closed", account, None),
            ("freeze", _) => tell(whose(account), "frozen", account, None),
            _ => tell(whose(account), "unfrozen", account, None),
        }
        match word {
            "close" => self.live.remove(&key),
            "freeze" => self.live.insert(key, (account, true)),
            _ => self.live.insert(key, (account, false)),
        };
        let (named, expects, bic) = match word {
            "register" | "change" => {
                let expects = current.map_or("none", |(account, _)| ACCOUNTS[account].1);
                let bic = if whose(account) == '-' { "COBADEFFXXX" } else { "" };
                (ACCOUNTS[account].1, expects, bic)
            }
            _ => ("", "", ""),
        };
        let specific = if act.is_specific { "Payer,NKSBOS" } else { "," };
        Some((channel, format!("{word},{},{named},{bic},{expects},,{specific}", PAYEES[act.payee])))
    }
}

fn line(message: &BankMessage) -> String {
    let BankMessage { event, account, replaces, payee, is_specific, channel, .. } = message;
    let (replaces, payee) = (replaces.as_deref().unwrap_or_default(), payee.as_deref().unwrap_or("?"));
    format!("{event} {account} {replaces} {payee} {is_specific} {channel}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_bank_reads_what_concerns_it_in_order_and_nothing_else(
        acts in acts(),
        messages in 1..5usize,
        rows in 1..9usize,
        together in 1..6usize,
    ) {
        let mut place = settled();
        let mut model = Model::default();
        let asked: Vec<(Channel, String)> = acts.iter().filter_map(|act| model.act(act)).collect();
        let same = |one: &(Channel, String), other: &(Channel, String)| one.0 == other.0;
        for (number, run) in asked.chunk_by(same).flat_map(|run| run.chunks(together)).enumerate() {
            // The same file twice is one file: a row that is refused makes each another.
            let wrong = format!("wrong,{number},,,,,,");
            let rows: Vec<String> = run.iter().map(|(_, row)| row.clone()).chain([wrong]).collect();
            let (counts, rejects) = place.accounts(&run[0].0, &rows);
            let codes: Vec<&str> = rejects.iter().map(|(_, refusal)| refusal.code()).collect();
            prop_assert_eq!((counts.changed, codes), (run.len() as u64, vec!["designation.action"]), "{:?}", rows);
        }
        for (letter, name) in BANKS {
            let told = all(&mut place, name, messages, rows);
            let lines: Vec<String> = told.iter().map(line).collect();
            prop_assert_eq!(&lines, &model.told.remove(&letter).unwrap_or_default(), "{}", name);
            prop_assert!(told.is_sorted_by(|one, next| one.id < next.id), "ids are in the order of time: {:?}", told);
            let text = serde_json::to_string(&told).unwrap();
            for (_, others) in ACCOUNTS.iter().filter(|(whose, _)| *whose != letter) {
                prop_assert!(!text.contains(&iban(others)), "{} is told {}", name, others);
            }
            // The same again from anywhere, with the same ids.
            prop_assert_eq!(&all(&mut place, name, 1_000, FEED_ROWS_MAX), &told);
        }
        prop_assert_eq!(all(&mut place, "Nobody", messages, rows), vec![]);
        place.verify();
    }
}

#[test]
fn whoever_begins_at_the_end_reads_what_comes_then() {
    let mut place = settled();
    let operator = Channel::Operator;
    let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
    let end = |place: &mut Place| place.writer.read(|scope| feed_end(scope, &bank())).unwrap();
    assert_eq!(end(&mut place), 0);
    place.accounts(&operator, &rows(&["register,p:1000000001,0040-1,,,,,", "register,p:1000000002,1020-2,,,,,"]));
    let begin = end(&mut place);
    let page = |place: &mut Place, after| page(place, "North", Some(after), 10, 10);
    let empty = page(&mut place, begin);
    assert_eq!(empty, Feed { messages: vec![], reached: begin, has_more: false });
    place.accounts(&operator, &rows(&["change,p:1000000001,1020-1,,0040,,,", "freeze,p:1000000002,,,,,,"]));
    let news = page(&mut place, begin);
    assert_eq!(news.messages.iter().map(|message| message.event).collect::<Vec<_>>(), ["changed_from_you"]);
    assert_eq!(news.messages[0].recorded, news.messages[0].from);
    assert!(news.reached > begin && !news.has_more, "what concerns others was passed, too: {news:?}");
}

/// The numbers of accounts can change hands: whoever has them now is told.
#[test]
fn the_bank_directory_says_whose_an_account_is() {
    let mut place = settled();
    place.accounts(&Channel::Operator, &["register,p:1000000001,0041-1,,,,,".to_owned()]);
    assert_eq!(all(&mut place, "North", 10, 10).len(), 1);
    place.import(&Banks, b"reg,bank,bic,country\n0041,East,,DK\n");
    assert_eq!(all(&mut place, "North", 10, 10), vec![]);
    assert_eq!(all(&mut place, "East", 10, 10).len(), 1);
}

#[test]
fn only_banks_and_the_console_read_it() {
    let mut place = settled();
    let mut read = |actor: &Actor| {
        let bounds = FeedBounds { messages: 1, rows: 1 };
        place.writer.read(|scope| feed(scope, actor, "North", None, bounds)).map_err(|error| error.code())
    };
    assert!(read(&bank()).is_ok() && read(&Actor::console()).is_ok());
    for role in [Role::PublicPayer, Role::PrivatePayer, Role::Authority, Role::RegisterFeed] {
        assert_eq!(read(&Actor::client(role, "system")), Err("policy.not_allowed"));
    }
}
