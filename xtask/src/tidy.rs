//! `cargo xtask tidy`: what no compiler checks.

use crate::run::{program, root};

/// A longer file is two files.
const LINES_MAX: usize = 700;
/// What has no place in a finished file, put together so that this file has none of it.
const BANNED: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "finish it, or write an issue"),
    (concat!("FIX", "ME"), "mend it, or write an issue"),
    (concat!("#[al", "low("), "say #[expect(…, reason = \"…\")]"),
    (concat!("thread::", "sleep"), "wait for an event"),
];

/// Looks through every file that git knows.
pub fn run() -> Result<(), String> {
    let listed = program("git", &["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"]).output();
    let listed = listed.ok_or("git could not list the files")?;
    let mut faults = Vec::new();
    let mut files = 0;
    for name in listed.lines() {
        // A file that was removed and not yet committed is listed still.
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        files += 1;
        let lines = text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{name}: {lines} lines, and {LINES_MAX} are the most"));
        }
        for (at, line) in text.lines().enumerate() {
            for (banned, instead) in BANNED.iter().filter(|(banned, _)| line.contains(banned)) {
                faults.push(format!("{name}:{}: {banned}: {instead}", at + 1));
            }
        }
    }
    if faults.is_empty() {
        println!("{files} files are tidy");
        return Ok(());
    }
    Err(faults.join("\n"))
}
