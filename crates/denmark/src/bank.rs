use crate::{Bic, Country, RegNumber};
use std::collections::BTreeMap;

/// The bank behind a registration number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bank {
    /// As the bank calls itself.
    pub name: String,
    /// `None` where the bank has none of its own.
    pub bic: Option<Bic>,
    /// Says which of an account's three IBANs is the one to print.
    pub country: Country,
}

/// Which bank each registration number belongs to. Filled by the caller, from the banks' published list or a simulated
/// one.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct BankDirectory {
    banks: BTreeMap<RegNumber, Bank>,
}

impl BankDirectory {
    /// An empty directory.
    pub fn new() -> BankDirectory {
        BankDirectory::default()
    }

    /// Puts a bank behind a registration number, and returns the one that was there.
    pub fn insert(&mut self, reg: RegNumber, bank: Bank) -> Option<Bank> {
        self.banks.insert(reg, bank)
    }

    /// `None` where no bank has the number: nothing can be paid to an account there.
    pub fn get(&self, reg: RegNumber) -> Option<&Bank> {
        self.banks.get(&reg)
    }

    /// How many registration numbers are known.
    pub fn len(&self) -> usize {
        self.banks.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.banks.is_empty()
    }

    /// All of them, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (RegNumber, &Bank)> {
        self.banks.iter().map(|(&reg, bank)| (reg, bank))
    }
}

impl FromIterator<(RegNumber, Bank)> for BankDirectory {
    fn from_iter<I: IntoIterator<Item = (RegNumber, Bank)>>(banks: I) -> BankDirectory {
        BankDirectory { banks: banks.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_replaces_and_lists_in_order() {
        let reg = |value| RegNumber::new(value).unwrap();
        let bank = |name: &str| Bank { name: name.to_owned(), bic: None, country: Country::Denmark };

        let mut directory = BankDirectory::new();
        assert!(directory.is_empty());
        assert_eq!(directory.insert(reg(9000), bank("North")), None);
        assert_eq!(directory.insert(reg(40), bank("South")), None);
        assert_eq!(directory.insert(reg(9000), bank("East")), Some(bank("North")));

        assert_eq!(directory.get(reg(9000)), Some(&bank("East")));
        assert_eq!(directory.get(reg(1)), None);
        assert_eq!(directory.len(), 2);
        let listed: Vec<_> = directory.iter().map(|(reg, bank)| (reg.value(), bank.name.as_str())).collect();
        assert_eq!(listed, [(40, "South"), (9000, "East")]);
    }
}
