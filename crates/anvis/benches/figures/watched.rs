//! Routing while accounts of many payees are watched, against routing without, in one run.

use crate::lives::people;
use crate::{Bench, Options, ROUTINGS, Run, control, figure, now, timed};
use denmark::Cvr;
use kernel::{Actor, Env, Secrets, Writer};
use registry::account::DesignatedAccount;
use registry::commands::{AddPayer, SetControls, fold_holders, watch_accounts};
use registry::control_change::ControlChange;
use registry::designation::Channel;
use registry::import::{Accounts, Source, run};
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::watch::Watched;
use sim::nation::PUBLIC_PAYER;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::time::Duration;

/// Accounts that are watched, and whose they are; and accounts with too many payees.
const WATCHED: (usize, usize) = (10_000, 5);
const OVER: (usize, usize) = (100, 12);
const LIMITS: [&str; 3] = ["payees_3_days=10", "payees_30_days=12", "payees_6_months=20"];

impl Bench<'_> {
    /// The file is kept in both, as a payer's is whose bank fetches its files: what that costs is no control's.
    pub(crate) fn watched(&self) {
        println!();
        let mut writer = self.store().writer(Secrets::from_system()).expect("a writer");
        control(&mut writer, "2015");
        let agreement = Agreement {
            name: PUBLIC_PAYER.to_owned(),
            cvr: Cvr::parse("13748136").expect("lawful"),
            kind: PayerKind::Public,
            no_account: NoAccount::Reject,
            bank: Some("Bench bank".to_owned()),
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

        let change = ControlChange::new(Some("2015"), &LIMITS.map(str::to_owned)).expect("controls");
        let set = SetControls { change, is_synthetic: true };
        writer.execute(&set, &Actor::console(), &Env::new(now(), 2)).expect("the controls");
        let (_, took) = timed(|| watch_accounts(&mut writer, now()).expect("the accounts"));
        println!("{:<58} {:>8.2} s", "going through all accounts, once a day", took.as_secs_f64());
        let (watched, cold) = timed(|| Watched::recall(&mut writer, now()).expect("what is watched"));
        let (_, warm) = timed(|| Watched::recall(&mut writer, now()).expect("what is watched"));
        println!("{:<58} {:>8.1} ms, and {:.3} ms again", "reading what is watched", millis(cold), millis(warm));
        self.look_up(&watched);
        let with = self.middle("payout route, 10,000 accounts watched, 100 held", 200);
        println!(
            "{:<58} {:>8.0} %   (goal 85 %)",
            "of the speed without",
            100.0 * without.as_secs_f64() / with.as_secs_f64()
        );
        control(&mut writer, "2015");
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
        let took = runs[ROUTINGS / 2].took;
        figure(what, self.options.payments, took);
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

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
