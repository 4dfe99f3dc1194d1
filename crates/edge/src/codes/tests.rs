use super::console_only::CONSOLE_ONLY;
use super::*;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn each_code_stands_once_and_is_said_in_both_languages() {
    let mut seen = BTreeSet::new();
    for Row { code, status, english, danish } in CODES {
        assert!(seen.insert(*code), "{code} stands twice");
        assert!((400..600).contains(status), "{code}");
        assert!(
            !english.ends_with('.') && !english.is_empty() && !danish.ends_with('.') && !danish.is_empty(),
            "{code}"
        );
        assert!(*code == FAILURE || english != danish, "{code}");
    }
    assert!(CONSOLE_ONLY.iter().all(|code| !seen.contains(code)));
}

/// Reads the codes out of the sources: what a refusal answers as its code, and what a failure is given as one.
#[test]
fn every_code_of_every_crate_has_its_row() {
    let mut codes = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for folder in std::fs::read_dir(crates).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.ends_with("sim") {
            collect(&folder.join("src"), &mut codes);
        }
    }
    assert!(codes.len() > 60, "only {} codes were found", codes.len());
    for code in &codes {
        // The token endpoint tells of them in the words of its own standard.
        let is_oauth = eid::token::oauth_error(code) != "server_error";
        let known = is_oauth || CODES.iter().any(|row| row.code == code) || CONSOLE_ONLY.contains(&code.as_str());
        assert!(known, "{code} has no row: give it a status and a title in both languages");
    }
}

fn collect(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            for body in text.split("fn code(&self)").skip(1) {
                let body = body.split("\n    }").next().unwrap();
                // Where the code is that of another refusal, it is found there; else a table of all stands in the same file.
                let has_table = !body.contains('"') && !body.contains(".code()");
                codes.extend(literals(if has_table { text } else { body }));
            }
            for rest in text.split("with_code(").skip(1).chain(text.split("Problem::of(").skip(1)) {
                codes.extend(literals(rest.split(')').next().unwrap()));
            }
        }
    }
}

fn literals(text: &str) -> impl Iterator<Item = String> {
    let is_code = |text: &&str| {
        text.contains('.')
            && text.split('.').all(|word| !word.is_empty() && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_')))
    };
    text.split('"').skip(1).step_by(2).filter(is_code).map(str::to_owned)
}
