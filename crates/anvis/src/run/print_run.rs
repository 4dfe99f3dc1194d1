//! A print run in its folder. What is about to be put there is first written down in a manifest that has no name yet. So whatever a
//! run that was cut off left behind is known, and the next one finishes it: what counts gets its name, and all else goes.

use kernel::{Error, StoreError, files};
use letter::{Line, Manifest, Number, Sheet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where those letters lie of which nobody but the post may see the address.
pub(super) const PROTECTED: &str = "protected";
const UNNAMED: &str = ".part";
/// What is written to take the place of what has no name.
const UNNAMED_TWICE: &str = ".part.part";

/// A run that is being made. Another one in the same folder waits until it has ended.
pub(super) struct Run {
    folder: PathBuf,
    /// The manifest's name.
    name: String,
    /// All that the manifest will have: what was put in place.
    lines: Vec<Line>,
    unnamed: Option<File>,
    _lock: File,
}

/// A letter that a run left unfinished, by its lines.
pub(super) struct Leftover(Vec<Line>);

impl Leftover {
    pub(super) fn number(&self) -> &Number {
        &self.0[0].number
    }

    /// Whether it is a letter without a code.
    pub(super) fn is_notice(&self) -> bool {
        self.0.iter().any(|line| line.sheet == Sheet::Notice)
    }
}

impl Run {
    /// Begins a run at a moment, which names it; and what former ones left in the folder.
    pub(super) fn begin(folder: &Path, moment: &str) -> Result<(Self, Vec<Leftover>), Error> {
        make_folder(folder)?;
        let lock = files::lock_folder_of(&folder.join(Manifest::FILE))?;
        let is_free = |name: &String| !folder.join(name).exists() && !folder.join(unnamed(name)).exists();
        let mut names = (1..).map(|at| match at {
            1 => format!("{moment}-{}", Manifest::FILE),
            at => format!("{moment}-{at}-{}", Manifest::FILE),
        });
        let name = names.find(is_free).unwrap_or_default();
        let mut run = Self { folder: folder.to_owned(), name, lines: Vec::new(), unnamed: None, _lock: lock };
        let left = run.take_over()?;
        Ok((run, left))
    }

    /// Writes down in this run's manifest what stands in those that never got their names, before they go.
    fn take_over(&mut self) -> Result<Vec<Leftover>, Error> {
        let former = manifests(&self.folder, UNNAMED)?;
        let mut left: Vec<Leftover> = Vec::new();
        for name in &former {
            let path = self.folder.join(name);
            let text =
                std::fs::read_to_string(&path).map_err(Error::io(format!("{} could not be read", path.display())))?;
            for line in Manifest::lines(&text) {
                let Some(Leftover(lines)) = left.iter_mut().find(|left| *left.number() == line.number) else {
                    left.push(Leftover(vec![line]));
                    continue;
                };
                // What was drawn again took the place of what was drawn before.
                match lines.iter_mut().find(|known| known.sheet == line.sheet) {
                    Some(known) => *known = line,
                    None => lines.push(line),
                }
            }
        }
        self.write_down(&left.iter().flat_map(|left| left.0.clone()).collect::<Vec<_>>())?;
        let ended = manifests(&self.folder, UNNAMED_TWICE)?;
        former.iter().chain(&ended).try_for_each(|name| remove(&self.folder.join(name)))?;
        Ok(left)
    }

    /// Writes lines down before their files are there.
    fn write_down(&mut self, lines: &[Line]) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.folder.join(unnamed(&self.name));
        let cannot = || Error::io(format!("{} could not be written", path.display()));
        let (mut file, mut text) = match self.unnamed.take() {
            Some(file) => (file, String::new()),
            None => {
                let made = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path);
                (made.map_err(cannot())?, Manifest::new().as_str().to_owned())
            }
        };
        let head = Manifest::new().as_str().len();
        text.push_str(&manifest(lines).as_str()[head..]);
        file.write_all(text.as_bytes()).map_err(cannot())?;
        files::sync(&file, &path)?;
        self.unnamed = Some(file);
        Ok(())
    }

    /// Puts a letter's sheets beside their places. They get their names by [`Run::name`] once the letter is on record.
    pub(super) fn lay(&mut self, lines: &[Line], sheets: &[(Sheet, Vec<u8>)]) -> Result<(), Error> {
        if lines.iter().any(|line| line.is_protected) {
            make_folder(&self.folder.join(PROTECTED))?;
        }
        self.write_down(lines)?;
        lines.iter().zip(sheets).try_for_each(|(line, (_, pdf))| files::write_private(&self.part(line), pdf))
    }

    /// Gives a letter's files their names.
    pub(super) fn name(&mut self, lines: Vec<Line>) -> Result<(), Error> {
        lines.iter().try_for_each(|line| files::rename(&self.part(line), &self.folder.join(line.path())))?;
        self.lines.extend(lines);
        Ok(())
    }

    /// Takes away all that is there of a letter: its code counts for nothing, and is nobody's to see.
    pub(super) fn drop(&self, lines: &[Line]) -> Result<(), Error> {
        let suffixes = ["pdf", "pdf.part", "pdf.part.part"];
        let paths = lines.iter().map(|line| self.folder.join(line.path()));
        let all = paths.flat_map(|path| suffixes.map(|suffix| path.with_extension(suffix)));
        all.into_iter().try_for_each(|path| remove(&path))
    }

    /// Gives what is left of a letter its place, if it counts and is whole; whether it has.
    pub(super) fn finish(&mut self, Leftover(lines): Leftover, counts: bool) -> Result<bool, Error> {
        let lies = |path: &Path, line: &Line| std::fs::read(path).is_ok_and(|content| line.is_of(&content));
        let found: Option<Vec<_>> = lines
            .iter()
            .map(|line| {
                let (part, path) = (self.part(line), self.folder.join(line.path()));
                if lies(&part, line) { Some(Some((part, path))) } else { lies(&path, line).then_some(None) }
            })
            .collect();
        let Some(found) = found.filter(|_| counts) else {
            self.drop(&lines)?;
            return Ok(false);
        };
        found.iter().flatten().try_for_each(|(part, path)| files::rename(part, path))?;
        self.lines.extend(lines);
        Ok(true)
    }

    /// Ends the run: its manifest gets its name, if there is anything in it.
    pub(super) fn end(self) -> Result<Option<String>, Error> {
        let part = self.folder.join(unnamed(&self.name));
        if self.lines.is_empty() {
            remove(&part)?;
            return Ok(None);
        }
        files::write_private(&part, manifest(&self.lines).as_str().as_bytes())?;
        files::rename(&part, &self.folder.join(&self.name))?;
        Ok(Some(self.name))
    }

    fn part(&self, line: &Line) -> PathBuf {
        self.folder.join(line.path()).with_extension("pdf.part")
    }
}

fn unnamed(name: &str) -> String {
    format!("{name}{UNNAMED}")
}

fn manifest(lines: &[Line]) -> Manifest {
    let mut manifest = Manifest::new();
    lines.iter().for_each(|line| manifest.add(line));
    manifest
}

/// The manifests of a folder whose names have this after them, in order: those that runs have made. A name is written into what another
/// program is told, so that one that is not ours stays where it is.
pub(super) fn manifests(folder: &Path, suffix: &str) -> Result<Vec<String>, Error> {
    let cannot = || Error::io(format!("{} could not be read", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot())? {
        let name = entry.map_err(cannot())?.file_name();
        let Some(name) = name.to_str() else { continue };
        let run = name.strip_suffix(&format!("-{}{suffix}", Manifest::FILE));
        if run.is_some_and(|run| run.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes a file that need not be there.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::new(format!("{} could not be removed", path.display()), error).into())
        }
        _ => Ok(()),
    }
}

/// Makes a folder that its owner alone can look into.
fn make_folder(path: &Path) -> Result<(), Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| StoreError::new(format!("{} could not be made", path.display()), error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_run_has_made_stay_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, is_ours: bool| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            let expected = if is_ours { vec![name.to_owned()] } else { vec![] };
            assert_eq!(manifests(folder.path(), "").unwrap(), expected, "{name:?}");
            remove(&path).unwrap();
        };
        check("20261126T230100Z-manifest.csv", true);
        check("20261126T230100Z-2-manifest.csv", true);
        // What another program would be told with them.
        check("a\n!touch b-manifest.csv", false);
        check("a\r!touch b-manifest.csv", false);
        check("a b-manifest.csv", false);
        check("a;b-manifest.csv", false);
        check("a\\b-manifest.csv", false);
        check("\"a-manifest.csv", false);
        check("*-manifest.csv", false);
        check("a.b-manifest.csv", false);
        check("å-manifest.csv", false);
        // What is something else.
        check("manifest.csv", false);
        check("20261126T230100Z-manifest.csv.part", false);
        check("20261126T230100Z-manifest.csv.handed-over", false);
        check("20261126T230100Z.csv", false);
        std::fs::write(folder.path().join("1-manifest.csv.part"), "").unwrap();
        assert_eq!(manifests(folder.path(), UNNAMED).unwrap(), ["1-manifest.csv.part"]);
    }
}
