use super::{Session, beside, environment};
use crate::cli::File;
use crate::console::{Answer, Progress, Unit, grouped};
use kernel::{Actor, Env, Error, StoreError, Timestamp, Writer, files};
use registry::import::{Counts, Reject, Source};
use std::fmt::Write;
use std::path::Path;

const HEADING: &str = "line,code,text\n";

impl Session {
    /// Imports a file and lists the rows that were refused.
    pub(super) fn import(&mut self, source: &impl Source, file: &File) -> Result<Answer, Error> {
        let rejects = file.rejects.clone().unwrap_or_else(|| beside(&file.file, ".rejects.csv"));
        let counts = import(&mut self.writer, source, &file.file, &rejects, &self.actor, self.now)?;
        let Counts { rows, changed, unchanged, rejected } = counts;
        let mut text = format!(
            "{} rows: {} changed something, {} were known already, {} were refused.",
            grouped(rows),
            grouped(changed),
            grouped(unchanged),
            grouped(rejected)
        );
        if rejected > 0 {
            text.push_str(&format!("\nThe refused rows are listed in {}.", rejects.display()));
        }
        Ok(Answer::done(text, &counts))
    }
}

/// Imports one file; refused rows go to `rejects`, which is there only when there are any.
pub fn import(
    writer: &mut Writer,
    source: &impl Source,
    file: &Path,
    rejects: &Path,
    actor: &Actor,
    now: Timestamp,
) -> Result<Counts, Error> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let opened = std::fs::File::open(file).map_err(Error::io(format!("{} could not be opened", file.display())))?;
    let env: Env = environment(now, &mut writer.secrets)?;
    let progress = Progress::new(&name, 0, Unit::Rows);
    let (counts, rejected) =
        registry::import::run(writer, source, opened, actor, &mut || env, &mut |rows| progress.at(rows))?;
    write_rejects(rejects, &rejected)?;
    Ok(counts)
}

fn write_rejects(path: &Path, rejects: &[Reject]) -> Result<(), Error> {
    if rejects.is_empty() {
        // A former run's list would mislead; anything else that lies there is not ours to remove.
        let is_a_list = std::fs::read(path).is_ok_and(|content| content.starts_with(HEADING.as_bytes()));
        return match if is_a_list { std::fs::remove_file(path) } else { Ok(()) } {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::new(format!("{} could not be removed", path.display()), error).into())
            }
            _ => Ok(()),
        };
    }
    let mut text = String::from(HEADING);
    for (line, refusal) in rejects {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line},{},{}", refusal.code(), refusal.text());
    }
    files::write_private(path, text.as_bytes())
}
