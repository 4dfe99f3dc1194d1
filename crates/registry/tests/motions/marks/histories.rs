//! Random histories of reports, marks and appeals, against whoever writes everything down.

use super::*;
use proptest::prelude::*;

/// What somebody does about the account.
#[derive(Clone, Debug)]
enum Act {
    Report(usize),
    Acknowledge(usize, prop::sample::Index),
    Close(usize, prop::sample::Index, Finding),
    Mark(usize, prop::sample::Index, i64),
    End(usize),
    Approve(usize, prop::sample::Index),
    /// By whom, and for which of those who have it, or somebody else.
    Appeal(usize, Option<usize>),
    Decide(usize, Option<prop::sample::Index>, bool),
    Wait(i64),
}

const OWNERS: [&str; 2] = [BO, CARL];
const OFFICERS: [&str; 4] = ["anna", "bo", "cilla", "dora"];

fn act() -> impl Strategy<Value = Act> {
    let (who, which) = (|| 0..OFFICERS.len(), any::<prop::sample::Index>);
    let finding =
        prop_oneof![3 => Just(Finding::Confirmed), 1 => Just(Finding::Unfounded), 1 => Just(Finding::Misunderstanding)];
    prop_oneof![
        2 => who().prop_map(Act::Report),
        3 => (who(), which()).prop_map(|(who, which)| Act::Acknowledge(who, which)),
        3 => (who(), which(), finding).prop_map(|(who, which, finding)| Act::Close(who, which, finding)),
        4 => (who(), which(), -1_i64..200).prop_map(|(who, which, days)| Act::Mark(who, which, days)),
        1 => who().prop_map(Act::End),
        5 => (who(), which()).prop_map(|(who, which)| Act::Approve(who, which)),
        2 => (who(), prop::option::of(0..OWNERS.len())).prop_map(|(who, of)| Act::Appeal(who, of)),
        2 => (who(), prop::option::of(which()), any::<bool>()).prop_map(|(who, which, lifts)| Act::Decide(who, which, lifts)),
        1 => (1..40_i64).prop_map(Act::Wait),
    ]
}

/// A report as it is believed to be.
struct Believed {
    id: String,
    by: usize,
    acknowledged: bool,
    finding: Option<Finding>,
    /// Who had a part in it: who made it, and who answered.
    parts: Vec<usize>,
}

/// What is proposed: until when the account is to be marked, or that the mark ends.
struct Proposed {
    id: String,
    by: usize,
    until: Option<i64>,
    /// On the ground of which report.
    report: Option<usize>,
    /// How many versions there were.
    base: usize,
    at: i64,
    is_ended: bool,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Payments are held on exactly the days on which a mark stands; and none stands without a report that another than who made it has
    /// agreed to, and two people.
    #[test]
    fn no_mark_without_an_agreed_report_and_two_people(acts in proptest::collection::vec(act(), 1..60)) {
        let mut town = Town::new();
        let day_of = |now: i64| (now - NOW) / DAY;
        let date_of = |day: i64| TODAY.saturating_add(jiff::Span::new().days(day));
        let mut reports: Vec<Believed> = Vec::new();
        let mut motions: Vec<Proposed> = Vec::new();
        // The mark: its id, who set it, until which day, and whether it was ended.
        let mut mark: Option<(String, Vec<usize>, i64, bool)> = None;
        // Every appeal: who wrote it, whose it is, and whether it waits.
        let (mut appeals, mut versions) = (Vec::<(usize, Option<usize>, bool)>::new(), 0);
        // On the ground of which reports it was set and prolonged.
        let mut grounds: Vec<usize> = Vec::new();
        for act in acts {
            let today = day_of(town.0.now + 1000);
            let stands = mark.as_ref().is_some_and(|(.., until, is_ended)| !is_ended && today <= *until);
            match act {
                Act::Wait(days) => town.0.now += days * DAY,
                Act::Report(who) => {
                    let reporter = (operator(OFFICERS[who]), Source::Review);
                    let id = town.report(reporter, Suspected::Account(account(MULE))).unwrap();
                    reports.push(Believed { id, by: who, acknowledged: false, finding: None, parts: vec![who] });
                }
                Act::Acknowledge(who, which) => {
                    let Some(at) = (!reports.is_empty()).then(|| which.index(reports.len())) else { continue };
                    let expected = match &reports[at] {
                        report if report.by == who => Err("suspicion.own"),
                        report if report.acknowledged => Err("suspicion.state"),
                        _ => Ok(()),
                    };
                    let told = town.acknowledge(&reports[at].id.clone(), &operator(OFFICERS[who]));
                    prop_assert_eq!(told.map(|_| ()), expected);
                    reports[at].acknowledged |= expected.is_ok();
                    reports[at].parts.extend(expected.is_ok().then_some(who));
                }
                Act::Close(who, which, finding) => {
                    let Some(at) = (!reports.is_empty()).then(|| which.index(reports.len())) else { continue };
                    let expected = match &reports[at] {
                        report if report.by == who => Err("suspicion.own"),
                        report if !report.acknowledged || report.finding.is_some() => Err("suspicion.state"),
                        _ => Ok(finding.outcome().to_owned()),
                    };
                    let told = town.close(&reports[at].id.clone(), finding, &operator(OFFICERS[who]));
                    prop_assert_eq!(&told, &expected);
                    if told.is_ok() {
                        reports[at].finding = Some(finding);
                        reports[at].parts.push(who);
                    }
                }
                Act::Mark(who, which, days) => {
                    let Some(at) = (!reports.is_empty()).then(|| which.index(reports.len())) else { continue };
                    let until = today + days;
                    let last = date_of(today).saturating_add(jiff::Span::new().months(6));
                    let expected = match reports[at].finding {
                        Some(Finding::Confirmed) if days < 0 || date_of(until) > last => Err("mark.until"),
                        Some(Finding::Confirmed) if stands && mark.as_ref().is_some_and(|mark| mark.2 == until) => {
                            Err("motion.nothing")
                        }
                        Some(Finding::Confirmed) => Ok(()),
                        _ => Err("mark.not_agreed"),
                    };
                    let told = town.mark(&reports[at].id.clone(), date_of(until), OFFICERS[who]);
                    prop_assert_eq!(told.as_ref().map(|_| ()).map_err(|code| *code), expected);
                    if let Ok(id) = told {
                        let (report, at) = (Some(at), town.0.now);
                        let until = Some(until);
                        motions.push(Proposed { id, by: who, until, report, base: versions, at, is_ended: false });
                    }
                }
                Act::End(who) => {
                    let Some((id, ..)) = mark.clone() else { continue };
                    let told = town.propose(MarkChange::End { mark: kernel::Id::parse_name(&id).unwrap() }, OFFICERS[who]);
                    prop_assert_eq!(told.as_ref().map(|_| ()).map_err(|code| *code), if stands { Ok(()) } else { Err("motion.nothing") });
                    if let Ok(id) = told {
                        let at = town.0.now;
                        let (until, report) = (None, None);
                        motions.push(Proposed { id, by: who, until, report, base: versions, at, is_ended: false });
                    }
                }
                Act::Approve(who, which) => {
                    let Some(at) = (!motions.is_empty()).then(|| which.index(motions.len())) else { continue };
                    let motion = &mut motions[at];
                    let waits = !motion.is_ended && town.0.now + 1000 < motion.at + registry::motion::WAITS_DAYS * DAY;
                    let expected = match motion.until {
                        _ if !waits => Err("motion.ended"),
                        _ if motion.by == who => Err("motion.own"),
                        _ if motion.report.is_some_and(|report| reports[report].by == who) => Err("motion.own"),
                        _ if motion.base != versions => Err("motion.outdated"),
                        Some(until) if until < today => Err("mark.until"),
                        None if !stands => Err("motion.nothing"),
                        _ => Ok(()),
                    };
                    let told = town.approve(&motion.id.clone(), OFFICERS[who]);
                    prop_assert_eq!(told.map(|_| ()), expected);
                    if expected.is_ok() {
                        motion.is_ended = true;
                        versions += 1;
                        let report = motion.report;
                        match motion.until {
                            Some(until) if stands => {
                                let mark = mark.as_mut().unwrap();
                                mark.1.extend([motion.by, who]);
                                mark.2 = until;
                            }
                            Some(until) => {
                                mark = Some((motion.id.clone(), vec![motion.by, who], until, false));
                                appeals.clear();
                                grounds.clear();
                            }
                            None => mark.as_mut().unwrap().3 = true,
                        }
                        grounds.extend(report);
                    }
                }
                Act::Appeal(who, of) => {
                    let Some((id, ..)) = mark.clone() else { continue };
                    let theirs = || appeals.iter().filter(|(_, whose, _)| *whose == of);
                    let expected = match () {
                        () if !stands => Err("mark.ended"),
                        () if theirs().any(|(.., waits)| *waits) => Err("mark.appealed"),
                        () if theirs().count() >= registry::mark::APPEALS_MAX => Err("mark.appealed"),
                        () => Ok(()),
                    };
                    let told = town.appeal_for(&id, &operator(OFFICERS[who]), of.map(|of| OWNERS[of]));
                    prop_assert_eq!(told.map(|_| ()), expected);
                    appeals.extend(expected.is_ok().then_some((who, of, true)));
                }
                Act::Decide(who, which, lifts) => {
                    let Some((id, marked_by, ..)) = mark.clone() else { continue };
                    let number = which.map(|which| which.index(appeals.len() + 1));
                    let waits: Vec<usize> = (0..appeals.len()).filter(|at| appeals[*at].2).collect();
                    let meant: Vec<usize> =
                        waits.into_iter().filter(|at| number.is_none_or(|number| number == at + 1)).collect();
                    let expected = match meant[..] {
                        _ if !stands => Err("mark.ended"),
                        [] => Err("mark.not_appealed"),
                        [at] if appeals[at].0 == who || marked_by.contains(&who) => Err("mark.own"),
                        [_] if grounds.iter().any(|report| reports[*report].parts.contains(&who)) => Err("mark.own"),
                        [at] => Ok(at),
                        _ => Err("mark.which"),
                    };
                    let told = town.decide_about(&id, number, lifts, OFFICERS[who]);
                    prop_assert_eq!(told.map(|_| ()), expected.map(|_| ()));
                    if let Ok(at) = expected {
                        appeals[at].2 = false;
                    }
                    if expected.is_ok() && lifts {
                        versions += 1;
                        mark.as_mut().unwrap().3 = true;
                    }
                }
            }
            let today = day_of(town.0.now);
            let until = mark.as_ref().filter(|mark| !mark.3).map(|mark| mark.2);
            for day in [today, today + 30, today + 250] {
                let is_held = until.is_some_and(|until| day <= until);
                prop_assert_eq!(town.held(date_of(day)).len(), usize::from(is_held), "{} {:?}", day, until);
            }
            if until.is_some() {
                prop_assert!(reports.iter().any(|report| report.finding == Some(Finding::Confirmed)));
                prop_assert!(mark.as_ref().is_some_and(|mark| mark.1.chunks(2).all(|two| two[0] != two[1])));
            }
        }
        town.0.verify();
    }
}
