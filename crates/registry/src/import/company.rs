//! The mirror of the company register.

use super::Source;
use super::population::{RegisterChange, RegisterState, Registered, check_date, save};
use crate::payee::{PayeeId, RegisterStatus};
use crate::policy;
use crate::row_refusal::RowRefusal;
use denmark::Cvr;
use kernel::journal::{Entry, Rows};
use kernel::{Env, Error, Operation, Scope, Vault};

/// A file of companies: `cvr,name,status,status_date`.
pub struct Companies {
    /// What gives the blind indexes.
    pub vault: Vault,
}

impl Source for Companies {
    const OPERATION: Operation = policy::IMPORT_COMPANIES;
    const HEADER: &'static [&'static str] = &["cvr", "name", "status", "status_date"];
    type Row = Registered;
    type State = RegisterState;
    type Change = RegisterChange;

    fn sender(&self) -> String {
        "company".to_owned()
    }

    fn read(&self, fields: &[&str]) -> Result<Registered, RowRefusal> {
        let [cvr, name, status, status_date] = fields else { return Err(RowRefusal::Malformed) };
        let cvr = Cvr::parse(cvr).map_err(|_| RowRefusal::Payee)?;
        if name.is_empty() {
            return Err(RowRefusal::Empty);
        }
        let status = RegisterStatus::of_company(status).ok_or(RowRefusal::Status)?;
        check_date(status_date)?;
        Registered::new(PayeeId::Cvr(cvr).key(&self.vault), status, fields)
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&Registered]) -> Result<RegisterState, Error> {
        RegisterState::load(scope, rows)
    }

    fn decide(
        &self,
        state: &mut RegisterState,
        row: &Registered,
        _: &Env,
    ) -> Result<Option<RegisterChange>, RowRefusal> {
        Ok(state.decide(row))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[RegisterChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
