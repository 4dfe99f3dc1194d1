//! The bank directory.

use denmark::{Bank, BankDirectory, Bic, Country, RegNumber};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Row, Scope, Tx, statements};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

statements! {
    INSERT = "bank.insert": "INSERT INTO bank (id, reg, name, bic, country) VALUES ($1, $2, $3, $4, $5)";
    RANGE = "bank.range":
        "SELECT id, reg, name, bic, country FROM bank WHERE id >= $1 AND id < $2 ORDER BY id";
    OF_REG = "bank.of_reg": "SELECT id, reg, name, bic, country FROM bank WHERE reg = $1";
    FIND_NAME = "bank.find_name":
        "SELECT b.id FROM bank b
         WHERE b.name = $1 AND NOT EXISTS (SELECT n.id FROM bank n WHERE n.reg = b.reg AND n.id > b.id) LIMIT 1";
    COUNT = "bank.count": "SELECT COUNT(*) FROM bank";
}

/// The directory as it was known when the journal had `entries` entries. Later versions of a number take the place of earlier.
pub(crate) fn directory_at(tx: &Tx<'_>, entries: i64) -> Result<BankDirectory, Error> {
    let mut directory = BankDirectory::new();
    tx.each(&RANGE, &journal::row_range(0..entries), |row| {
        let (reg, bank) = read(row)?;
        directory.insert(reg, bank);
        Ok(())
    })?;
    Ok(directory)
}

/// The directory as it stands.
pub(crate) fn directory(tx: &Tx<'_>) -> Result<BankDirectory, Error> {
    directory_at(tx, journal::ENTRIES_MAX)
}

/// What the directory says of some registration numbers, as it stands.
pub(crate) fn directory_of(tx: &Tx<'_>, regs: &BTreeSet<RegNumber>) -> Result<BankDirectory, Error> {
    // A look-up gives the rows of a number in no particular order.
    let mut latest: BTreeMap<RegNumber, (i64, Bank)> = BTreeMap::new();
    tx.look_up(&OF_REG, regs.iter().map(|reg| i64::from(reg.value()).into()), |_, row| {
        let (id, (reg, bank)) = (row.int(0)?, read(row)?);
        if latest.get(&reg).is_none_or(|(latest, _)| *latest < id) {
            latest.insert(reg, (id, bank));
        }
        Ok(())
    })?;
    let mut directory = BankDirectory::new();
    latest.into_iter().for_each(|(reg, (_, bank))| {
        directory.insert(reg, bank);
    });
    Ok(directory)
}

/// Whether any registration number is a bank's of this name, as the directory stands.
pub(crate) fn has_name(tx: &Tx<'_>, name: &str) -> Result<bool, Error> {
    Ok(tx.optional(&FIND_NAME, &[name.into()], |row| row.int(0))?.is_some())
}

fn read(row: &Row<'_>) -> Result<(RegNumber, Bank), Error> {
    let reg = u16::try_from(row.int(1)?).ok().and_then(RegNumber::new).ok_or_else(|| row.broken(1))?;
    let bic = row.optional_text(3)?.map(Bic::parse).transpose().map_err(|_| row.broken(3))?;
    let country = Country::parse(row.text(4)?).map_err(|_| row.broken(4))?;
    Ok((reg, Bank { name: row.text(2)?.to_owned(), bic, country }))
}

pub(crate) fn insert(scope: &Scope<'_>, entry: Entry, banks: &[(RegNumber, Bank)]) -> Result<Rows, Error> {
    let mut tree = Tree::default();
    for (ordinal, (reg, bank)) in banks.iter().enumerate() {
        let id = entry.row::<Bank>(ordinal)?;
        tree.push(leaf(id.number(), *reg, bank));
        scope.tx.run(
            &INSERT,
            &[
                id.into(),
                i64::from(reg.value()).into(),
                (&bank.name).into(),
                bank.bic.as_ref().map(Bic::as_str).into(),
                bank.country.code().into(),
            ],
        )?;
    }
    Ok(Rows::of(BankTable.name(), &tree))
}

fn leaf(id: i64, reg: RegNumber, bank: &Bank) -> Hash {
    Encoder::default()
        .start(BankTable.name())
        .int(id)
        .int(i64::from(reg.value()))
        .text(&bank.name)
        .text(bank.bic.as_ref().map_or("", Bic::as_str))
        .text(bank.country.code())
        .leaf()
}

pub(crate) struct BankTable;

impl Table for BankTable {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (id, (reg, bank)) = (row.int(0)?, read(row)?);
            visit(journal::entry_of(id), leaf(id, reg, &bank))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
