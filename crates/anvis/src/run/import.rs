use super::{Session, beside};
use crate::cli::{File, RegisterFile};
use crate::console::{Answer, Progress, Unit, grouped};
use kernel::{Actor, Env, Error, Refuse, Timestamp, Writer, files};
use registry::import::{AsOf, Counts, Reject, Source};
use registry::register_event::Registered;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const HEADING: &str = "line,code,text\n";

impl Session {
    /// Imports a register's file.
    pub(super) fn import_register(
        &mut self,
        source: impl Source<Row = Registered>,
        RegisterFile { file, as_of }: &RegisterFile,
    ) -> Result<Answer, Error> {
        match *as_of {
            None => self.import(&source, file),
            Some(moment) => self.import(&AsOf { source, moment }, file),
        }
    }

    /// Imports a file and lists the rows that were refused.
    pub(super) fn import(&mut self, source: &impl Source, file: &File) -> Result<Answer, Error> {
        let rejects = file.rejects.clone().unwrap_or_else(|| beside(&file.file, ".rejects.csv"));
        super::outside(&self.data, &rejects)?;
        let clock = || self.claimed.unwrap_or_else(super::system_clock);
        let counts = import(&mut self.writer, source, &file.file, &rejects, &self.actor, &clock)?;
        let Counts { rows, changed, held, unchanged, rejected } = counts;
        let mut text = format!(
            "{} rows: {} changed something, {} were known already, {} were refused.",
            grouped(rows),
            grouped(changed),
            grouped(unchanged),
            grouped(rejected)
        );
        if held > 0 {
            text.push_str(&format!("\n{} are proposed and wait: anvis designation list.", grouped(held)));
        }
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
    clock: &dyn Fn() -> Timestamp,
) -> Result<Counts, Error> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let opened = std::fs::File::open(file).map_err(Error::io(format!("{} could not be opened", file.display())))?;
    prepare(rejects)?;
    // Rows get no ids of chance.
    let mut env = || Env::new(clock(), 0);
    let progress = Progress::new(&name, 0, Unit::Rows);
    let (counts, rejected) =
        registry::import::run(writer, source, opened, actor, &mut env, &mut |rows| progress.at(rows))?;
    write_rejects(rejects, &rejected)?;
    Ok(counts)
}

/// Makes sure, before a row is applied, that the refused ones can be listed: nothing else lies there, and it can be written.
fn prepare(path: &Path) -> Result<(), Error> {
    let is_ours = match std::fs::read(path) {
        Ok(content) => content.starts_with(HEADING.as_bytes()),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if !is_ours {
        return Err(RejectsTaken(path.to_owned()).into());
    }
    files::write_private_alone(path, HEADING.as_bytes())
}

/// Something else lies where the refused rows were to be listed.
struct RejectsTaken(PathBuf);

impl Refuse for RejectsTaken {
    fn code(&self) -> &'static str {
        "import.rejects_taken"
    }
}

impl std::fmt::Display for RejectsTaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not a list of refused rows; name another file for them", self.0.display())
    }
}

fn write_rejects(path: &Path, rejects: &[Reject]) -> Result<(), Error> {
    if rejects.is_empty() {
        return match std::fs::remove_file(path) {
            // Another process that imports the same file may have been first.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(format!("{} could not be removed", path.display()))(error))
            }
            _ => Ok(()),
        };
    }
    let mut text = String::from(HEADING);
    for (line, refusal) in rejects {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line},{},{}", refusal.code(), refusal);
    }
    files::write_private_alone(path, text.as_bytes())
}
