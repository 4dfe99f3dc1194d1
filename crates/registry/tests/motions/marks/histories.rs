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
    Appeal(usize),
    Decide(usize, bool),
    Wait(i64),
}

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
        1 => who().prop_map(Act::Appeal),
        1 => (who(), any::<bool>()).prop_map(|(who, lifts)| Act::Decide(who, lifts)),
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
        // The mark: its id, who set it, until which day, whether it was ended, and who has appealed last without an answer.
        let mut mark: Option<(String, Vec<usize>, i64, bool)> = None;
        let (mut appealed_by, mut appeals, mut versions) = (None, 0, 0);
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
                                (appealed_by, appeals) = (None, 0);
                                grounds.clear();
                            }
                            None => mark.as_mut().unwrap().3 = true,
                        }
                        grounds.extend(report);
                    }
                }
                Act::Appeal(who) => {
                    let Some((id, ..)) = mark.clone() else { continue };
                    let expected = match () {
                        () if !stands => Err("mark.ended"),
                        () if appealed_by.is_some() || appeals >= registry::mark::APPEALS_MAX => Err("mark.appealed"),
                        () => Ok(()),
                    };
                    prop_assert_eq!(town.appeal(&id, &operator(OFFICERS[who])).map(|_| ()), expected);
                    if expected.is_ok() {
                        (appealed_by, appeals) = (Some(who), appeals + 1);
                    }
                }
                Act::Decide(who, lifts) => {
                    let Some((id, marked_by, ..)) = mark.clone() else { continue };
                    let expected = match appealed_by {
                        _ if !stands => Err("mark.ended"),
                        None => Err("mark.not_appealed"),
                        Some(by) if by == who || marked_by.contains(&who) => Err("mark.own"),
                        Some(_) if grounds.iter().any(|report| reports[*report].parts.contains(&who)) => Err("mark.own"),
                        Some(_) => Ok(()),
                    };
                    prop_assert_eq!(town.decide(&id, lifts, OFFICERS[who]).map(|_| ()), expected);
                    appealed_by = appealed_by.filter(|_| expected.is_err());
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
