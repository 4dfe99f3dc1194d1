//! What is missing is installed, where the machine is Debian's or Ubuntu's and this runs as root.

use crate::run::program;
use std::path::Path;

/// Whether this runs as root.
pub fn is_root() -> bool {
    program("id", &["-u"]).output().is_some_and(|id| id.trim() == "0")
}

/// Installs a package, and says whether this is a machine on which that can be done.
pub fn install(package: &str) -> Result<bool, String> {
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Ok(false);
    }
    let install = || {
        program("apt-get", &["install", "-y", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive")
    };
    // A fresh machine has no list of packages yet.
    if install().succeed().is_err() {
        program("apt-get", &["update"]).succeed()?;
        install().succeed()?;
    }
    Ok(true)
}
