//! The bank directory.

use super::Source;
use crate::policy;
use crate::row_refusal::RowRefusal;
use crate::store::bank;
use denmark::{Bank, BankDirectory, Bic, Country, RegNumber};
use kernel::journal::{Entry, Rows};
use kernel::{Env, Error, Operation, Scope};

const NAME_CHARS_MAX: usize = 140;

/// A file of registration numbers: `reg,bank,bic,country`. A number that the file leaves out stays as it is.
pub struct Banks;

impl Source for Banks {
    const OPERATION: Operation = policy::IMPORT_BANKS;
    const HEADER: &'static [&'static str] = &["reg", "bank", "bic", "country"];
    type Row = (RegNumber, Bank);
    type State = BankDirectory;
    type Change = (RegNumber, Bank);

    fn sender(&self) -> String {
        "bank".to_owned()
    }

    fn read(&self, fields: &[&str]) -> Result<Self::Row, RowRefusal> {
        let [reg, name, bic, country] = fields else { return Err(RowRefusal::Malformed) };
        let reg = RegNumber::parse(reg).map_err(|_| RowRefusal::Reg)?;
        if name.is_empty() {
            return Err(RowRefusal::Empty);
        }
        if name.chars().count() > NAME_CHARS_MAX {
            return Err(RowRefusal::TooLong);
        }
        let bic = if bic.is_empty() { None } else { Some(Bic::parse(bic).map_err(|_| RowRefusal::Bic)?) };
        let country = Country::parse(country).map_err(|_| RowRefusal::Country)?;
        Ok((reg, Bank { name: (*name).to_owned(), bic, country }))
    }

    fn load(&self, scope: &Scope<'_>, _: &[&Self::Row]) -> Result<BankDirectory, Error> {
        bank::directory(scope.tx)
    }

    fn decide(
        &self,
        directory: &mut BankDirectory,
        (reg, bank): &Self::Row,
        _: &Env,
    ) -> Result<Option<Self::Change>, RowRefusal> {
        if directory.get(*reg) == Some(bank) {
            return Ok(None);
        }
        directory.insert(*reg, bank.clone());
        Ok(Some((*reg, bank.clone())))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![bank::insert(scope, entry, changes)?])
    }
}
