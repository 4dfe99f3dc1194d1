//! The mirror of the company register.

use super::Source;
use super::mirror::{self, RegisterChange, RegisterState};
use crate::policy;
use crate::register_event::{Register, Registered};
use crate::row_refusal::RowRefusal;
use kernel::journal::{Entry, Rows};
use kernel::{Env, Error, Operation, Scope, Vault};

/// A file of companies: `cvr,name,status,status_date,address,postcode,city,country,signatories`, the last five all or none.
pub struct Companies {
    /// What gives the blind indexes.
    pub vault: Vault,
}

impl Source for Companies {
    const OPERATION: Operation = policy::IMPORT_COMPANIES;
    const HEADER: &'static [&'static str] =
        &["cvr", "name", "status", "status_date", "address", "postcode", "city", "country", "signatories"];
    const MAY_LACK: &'static [usize] = &[Register::Companies.may_lack()];
    type Row = Registered;
    type State = RegisterState;
    type Change = RegisterChange;

    fn sender(&self) -> String {
        "company".to_owned()
    }

    fn read(&self, fields: &[&str]) -> Result<Registered, RowRefusal> {
        Registered::whole(Register::Companies, &self.vault, fields)
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&Registered]) -> Result<RegisterState, Error> {
        RegisterState::load(scope, rows.iter().copied())
    }

    fn decide(
        &self,
        state: &mut RegisterState,
        row: &Registered,
        env: &Env,
    ) -> Result<Option<RegisterChange>, RowRefusal> {
        Ok(state.decide(row, env)?.change())
    }

    fn save(&self, scope: &Scope<'_>, changes: &[RegisterChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        mirror::save(scope, &[(entry, changes)])
    }
}
