//! The services of this binary, put together: their tables, what verifies them.

use kernel::journal::{self, Head, Table};
use kernel::{Error, Migration, Operation, Scope, Statement};

/// The migrations of every service, in the order of their dependence.
pub fn migrations() -> impl Iterator<Item = &'static Migration> {
    [kernel::MIGRATIONS, registry::MIGRATIONS, payout::MIGRATIONS].into_iter().flatten()
}

/// The statements of every service.
#[cfg_attr(not(test), expect(dead_code, reason = "prepared by a test"))]
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [kernel::STATEMENTS, registry::STATEMENTS, payout::STATEMENTS].into_iter().flatten().copied().flatten().copied()
}

/// Who may do what, of every service.
pub fn policy() -> impl Iterator<Item = &'static Operation> {
    [kernel::policy::POLICY, registry::policy::POLICY, payout::policy::POLICY].into_iter().flatten()
}

/// Verifies the journal and holds every table against it.
///
/// # Errors
/// What does not agree.
pub fn verify(scope: &Scope<'_>, expected: Option<Head>, progress: &mut dyn FnMut(u64)) -> Result<Head, Error> {
    let tables: Vec<&dyn Table> =
        [kernel::TABLES, registry::TABLES, payout::TABLES].into_iter().flatten().copied().collect();
    let head = journal::verify(scope, &tables, expected, progress)?;
    registry::verify_directory(scope)?;
    Ok(head)
}
