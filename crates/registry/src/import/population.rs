//! The mirror of the population register.

use super::Source;
use super::mirror::{self, RegisterChange, RegisterState};
use crate::policy;
use crate::register_event::{Register, Registered};
use crate::row_refusal::RowRefusal;
use denmark::Cpr;
use kernel::journal::{Entry, Rows};
use kernel::{Env, Error, Operation, Scope, Vault};

/// A file of people: `cpr,name,address,postcode,city,country,status,status_date,protected`.
pub struct Population {
    /// What gives the blind indexes.
    pub vault: Vault,
    /// Replacement numbers never occur in the register; a file that holds one is not the register's.
    pub refuse_replacement_numbers: bool,
}

impl Source for Population {
    const OPERATION: Operation = policy::IMPORT_POPULATION;
    const HEADER: &'static [&'static str] =
        &["cpr", "name", "address", "postcode", "city", "country", "status", "status_date", "protected"];
    type Row = Registered;
    type State = RegisterState;
    type Change = RegisterChange;

    fn sender(&self) -> String {
        if self.refuse_replacement_numbers { "population, register numbers only" } else { "population" }.to_owned()
    }

    fn read(&self, fields: &[&str]) -> Result<Registered, RowRefusal> {
        let is_replacement = |number: &str| Cpr::parse(number).is_ok_and(|cpr| cpr.is_replacement());
        if self.refuse_replacement_numbers && fields.first().is_some_and(|number| is_replacement(number)) {
            return Err(RowRefusal::ReplacementNumber);
        }
        Registered::whole(Register::Population, &self.vault, fields)
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
