//! Routing while accounts of many payees are watched, some are marked, and payments wait, against routing without, in one run.

use crate::lives::people;
use crate::{Bench, Options, ROUTINGS, Run, control, figure, now, timed};
use denmark::calendar::copenhagen_date;
use denmark::{Account, Cvr};
use jiff::ToSpan;
use kernel::{Actor, Command, Env, Id, Secrets, Timestamp, Writer};
use registry::account::DesignatedAccount;
use registry::commands::{
    AcknowledgeSuspicion, AddPayer, Approve, CloseSuspicion, Propose, ReportSuspicion, SetControls, Suspected,
    fold_holders, watch_accounts,
};
use registry::control_change::ControlChange;
use registry::designation::Channel;
use registry::import::{Accounts, Source as _, run};
use registry::mark::MarkChange;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::suspicion::{Finding, Reason, Source};
use registry::watch::Watched;
use sim::nation::{Nation, PUBLIC_PAYER, Plan};
use std::collections::HashSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::marker::PhantomData;
use std::time::Duration;

/// Accounts that are watched, and whose they are; and accounts with too many payees.
const WATCHED: (usize, usize) = (10_000, 5);
const OVER: (usize, usize) = (100, 12);
/// Accounts that are marked.
const MARKED: usize = 100;
/// Limits, and what payments wait for beside them.
const CONTROLS: [&str; 5] =
    ["payees_3_days=10", "payees_30_days=12", "payees_6_months=20", "hold_pending=always", "hold_after_change=3"];

impl Bench<'_> {
    /// The file is kept in both, as a payer's is whose bank fetches its files: what that costs is no control's.
    pub(crate) fn watched(&self) {
        println!();
        let mut writer = self.store().writer(Secrets::from_system()).expect("a writer");
        control(&mut writer, "2015");
        let nation = Nation::new(Plan { seed: 1, people: 1_000, companies: 0 }).expect("a lawful plan");
        let bank = nation.banks().first().expect("every nation has banks");
        let agreement = Agreement {
            name: PUBLIC_PAYER.to_owned(),
            cvr: Cvr::parse("13748136").expect("lawful"),
            kind: PayerKind::Public,
            no_account: NoAccount::Reject,
            bank: Some(bank.name.to_owned()),
            terms: registry::terms::Terms::default(),
        };
        writer.execute(&AddPayer { agreement }, &Actor::console(), &Env::new(now(), 1)).expect("a payer");
        self.share(&mut writer);
        let (folded, took) = timed(|| {
            let mut folds = 0_u64;
            while fold_holders(&mut writer).expect("the accounts' payees") {
                folds += 1;
            }
            folds
        });
        println!("{:<58} {:>8.2} s  ({folded} transactions)", "counting accounts' payees", took.as_secs_f64());
        let without = self.middle("payout route, its input kept, nothing watched", 100);

        let change = ControlChange::new(Some("2015"), &CONTROLS.map(str::to_owned)).expect("controls");
        let set = SetControls { change, is_synthetic: true };
        writer.execute(&set, &Actor::console(), &Env::new(now(), 2)).expect("the controls");
        let (_, took) = timed(|| watch_accounts(&mut writer, now()).expect("the accounts"));
        println!("{:<58} {:>8.2} s", "going through all accounts, once a day", took.as_secs_f64());
        let (_, took) = timed(|| self.mark(&mut writer));
        println!("{:<58} {:>8.2} s", format!("marking {MARKED} accounts"), took.as_secs_f64());
        let (watched, cold) = timed(|| Watched::recall(&mut writer, now()).expect("what is watched"));
        let (_, warm) = timed(|| Watched::recall(&mut writer, now()).expect("what is watched"));
        println!("{:<58} {:>8.1} ms, and {:.3} ms again", "reading what is watched", millis(cold), millis(warm));
        self.look_up(&watched);
        let with = self.middle("payout route, with limits, marks and holds", 200);
        control(&mut writer, "2015");
        let again = self.middle("payout route, without them again", 300);
        for (what, without) in [("before", without), ("after", again)] {
            println!(
                "{:<58} {:>8.0} %   (goal 85 %)",
                format!("of the speed without, measured {what}"),
                100.0 * without.as_secs_f64() / with.as_secs_f64()
            );
        }
    }

    /// Two agree that an account is a mule's, and two others mark it, again and again.
    fn mark(&self, writer: &mut Writer) {
        let Options { changes, lives, waiting, folder, .. } = self.options;
        let others = people(&folder.join("import.csv")).skip(changes + 2 * lives + waiting);
        let mut marked = HashSet::new();
        // Some share an account, which is marked once.
        let accounts = others.filter(|row| marked.insert(row[2].clone())).take(MARKED);
        let [rita, sven, anna, bo] = ["rita", "sven", "anna", "bo"].map(Actor::operator);
        let until = copenhagen_date(now().to_jiff()).saturating_add(90.days());
        let mut officers = Officers { writer, commands: 10 };
        for row in accounts {
            let (account, officer) = (Account::parse(&row[2]).expect("an account"), sven.clone());
            let (suspected, reason) = (Suspected::Account(account), Reason::Mule);
            let (from, text) = (Source::Police, "A mule's".to_owned());
            let report = ReportSuspicion { actor: rita.clone(), from, suspected, reason, text, once: None };
            let suspicion = officers.give(&report, &rita).id;
            let look = AcknowledgeSuspicion { suspicion: suspicion.clone(), officer, is_synthetic: false };
            officers.give(&look, &sven);
            let (finding, why, officer) = (Finding::Confirmed, "It is".to_owned(), sven.clone());
            let close = CloseSuspicion { suspicion: suspicion.clone(), finding, why, officer, is_synthetic: false };
            officers.give(&close, &sven);
            let suspicion = Id::parse_name(&suspicion).expect("its name");
            let (subject, reason) = (MarkChange::Set { suspicion, until }, "so".to_owned());
            let propose = Propose { subject, reason, officer: anna.clone(), is_synthetic: false };
            let (motion, officer) = (officers.give(&propose, &anna).id, bo.clone());
            let approve = Approve::<MarkChange> { motion, officer, is_synthetic: false, about: PhantomData };
            officers.give(&approve, &bo);
        }
    }

    /// Gives the same account to some people at a time.
    fn share(&self, writer: &mut Writer) {
        let Options { changes, lives, waiting, folder, .. } = self.options;
        // Whom the other parts have left alone.
        let mut rows = people(&folder.join("import.csv")).skip(changes + 2 * lives + waiting);
        let path = folder.join("shared.csv");
        let mut out = BufWriter::new(File::create(&path).unwrap());
        writeln!(out, "{}", Accounts::HEADER[..8].join(",")).unwrap();
        for (accounts, payees) in [WATCHED, OVER] {
            for _ in 0..accounts {
                let some: Vec<[String; 8]> = rows.by_ref().take(payees).collect();
                let account = some.first().expect("a nation that is large enough")[2].clone();
                for mut row in some {
                    row[2].clone_from(&account);
                    writeln!(out, "{}", row.join(",")).unwrap();
                }
            }
        }
        out.into_inner().unwrap().sync_all().unwrap();
        let vault = writer.store.vault().clone();
        let source = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault };
        let env = Env::new(now(), 3);
        let file = File::open(&path).unwrap();
        let (counts, _) = run(writer, &source, file, &Actor::console(), &mut || env, &mut |_| {}).expect("the changes");
        let expected = WATCHED.0 * WATCHED.1 + OVER.0 * OVER.1;
        assert!(counts.changed * 10 > expected as u64 * 9, "{} of {expected} accounts are shared", counts.changed);
    }

    fn middle(&self, what: &str, at: usize) -> Duration {
        let mut runs: Vec<Run> = (0..ROUTINGS).map(|run| self.route(at + run)).collect();
        runs.sort_unstable_by_key(|run| run.took);
        let Run { took, held, .. } = runs[ROUTINGS / 2];
        figure(what, self.options.payments, took);
        println!("{:<58} {held:>8}", "of which wait");
        took
    }

    /// What it takes to ask, of accounts that nobody watches.
    fn look_up(&self, watched: &Watched) {
        let people = people(&self.options.folder.join("import.csv")).take(100_000);
        let accounts: Vec<_> =
            people.filter_map(|row| DesignatedAccount::from_text(&format!("{} DKK", row[2]))).collect();
        let (found, took) = timed(|| accounts.iter().filter(|account| black_box(watched.is_watched(account))).count());
        let nanos = took.as_secs_f64() * 1e9 / accounts.len() as f64;
        println!("{:<58} {nanos:>8.0} ns  ({found} of {} are watched)", "asking about an account", accounts.len());
    }
}

struct Officers<'w> {
    writer: &'w mut Writer,
    commands: u32,
}

impl Officers<'_> {
    fn give<C: Command>(&mut self, command: &C, actor: &Actor) -> C::Output {
        self.commands += 1;
        let at = Timestamp::from_micros(now().micros() + i64::from(self.commands));
        self.writer.execute(command, actor, &Env::new(at, self.commands)).expect("an officer's act")
    }
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
