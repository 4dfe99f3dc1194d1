//! Which controls somebody wants to be set to what; the others stay as they are. Pure.

use crate::controls::{Control, Controls, ControlsRefusal};

/// Lines `name=figure`, each of which a control can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlChange(Vec<String>);

impl ControlChange {
    /// All controls as a named set has them, or those that are in force; and beyond that, or instead, what `changes` say.
    ///
    /// # Errors
    /// No set or control has that name, or a control cannot be that.
    pub fn new(set: Option<&str>, changes: &[String]) -> Result<Self, ControlsRefusal> {
        let set = set.map(|name| Controls::named(name).ok_or(ControlsRefusal::Unknown)).transpose()?;
        let text = set.map(|set| set.to_text()).unwrap_or_default();
        let change = Self(text.lines().map(str::to_owned).chain(changes.iter().cloned()).collect());
        change.over(&Controls::NONE).map(|_| change)
    }

    /// What it makes of the controls that are in force.
    ///
    /// # Errors
    /// A control cannot be that: never of a change that was made here.
    pub fn over(&self, in_force: &Controls) -> Result<Controls, ControlsRefusal> {
        let mut controls = *in_force;
        self.0.iter().try_for_each(|line| controls.set(line)).map(|()| controls)
    }

    /// As it is sealed.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.join("\n")
    }

    /// Reads what [`ControlChange::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::new(None, &text.lines().map(str::to_owned).collect::<Vec<_>>()).ok()
    }
}

/// The names of the shipped sets that these controls are: several, where years were alike.
#[must_use]
pub fn equals(controls: &Controls) -> Vec<&'static str> {
    Controls::SETS.into_iter().filter(|name| Controls::named(name).as_ref() == Some(controls)).collect()
}

/// The controls in which two sets differ.
pub fn differing<'c>(one: &'c Controls, other: &'c Controls) -> impl Iterator<Item = Control> + use<'c> {
    Control::all().filter(|control| one.get(*control) != other.get(*control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Refuse;

    #[test]
    fn a_change_is_laid_over_what_holds() {
        let check = |set: Option<&str>, changes: &[&str], over: &str, expected: Result<&[&str], &str>| {
            let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
            let made = ControlChange::new(set, &changes);
            if let Ok(change) = &made {
                assert_eq!(ControlChange::from_text(&change.to_text()).as_ref(), Some(change));
            }
            let over = Controls::named(over).unwrap();
            let after = made.and_then(|change| change.over(&over));
            let differ = after.as_ref().map(|after| {
                differing(&over, after).map(|control| format!("{}={}", control.name(), after.shown(control))).collect()
            });
            let expected = expected.map(|lines| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
            assert_eq!(differ.map_err(Refuse::code), expected, "{set:?} {changes:?}");
        };
        check(None, &[], "anvis", Ok(&[]));
        check(Some("anvis"), &[], "anvis", Ok(&[]));
        check(None, &["round_trip=14"], "anvis", Ok(&["round_trip=14"]));
        check(None, &["round_trip=14", "round_trip=21"], "anvis", Ok(&["round_trip=21"]));
        check(
            Some("2021"),
            &["approver_default=off"],
            "2015",
            Ok(&["letter_self_service=always", "letter_caseworker=on", "approver_specific=on"]),
        );
        check(Some("2016"), &[], "anvis", Err("controls.unknown"));
        check(None, &["letters=on"], "anvis", Err("controls.unknown"));
        check(Some("2021"), &["wait_bank_first=6"], "anvis", Err("controls.figure"));
    }

    /// The table of `docs/controls.md` says what the code does, of every control, in their order.
    #[test]
    fn the_sets_are_written_down_as_they_are() {
        let page = include_str!("../../../docs/controls.md");
        let header = format!("| control | what it does | source | {} |", Controls::SETS.join(" | "));
        let (_, table) = page.split_once(&header).expect("the table begins with the names of the sets");
        let rows: Vec<Vec<&str>> = table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), Control::COUNT);
        for (row, control) in rows.iter().zip(Control::all()) {
            let figures = Controls::SETS.map(|name| Controls::named(name).unwrap().shown(control));
            let [name, does, source, written @ ..] = row.as_slice() else { panic!("{row:?}") };
            assert_eq!(
                (*name, *does, written),
                (&*format!("`{}`", control.name()), control.does(), &figures.each_ref().map(String::as_str)[..])
            );
            assert!(!source.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_set_is_known_by_its_names() {
        assert_eq!(equals(&Controls::anvis()), ["anvis"]);
        assert_eq!(equals(&Controls::NONE), ["2015", "2017", "2020"]);
        let mut other = Controls::anvis();
        other.set("round_trip=14").unwrap();
        assert!(equals(&other).is_empty());
        assert_eq!(ControlChange::from_text("round_trip=14\nletters=on"), None);
    }
}
