//! Banks that do not exist. They are the same in every nation; the seed only says who has an account where.

use crate::chance::Draws;
use denmark::{Bic, Country, RegNumber};

/// Registration numbers of the first bank begin here.
const REG_FIRST: u16 = 1000;
/// Each bank has so many registration numbers to itself, of which it uses every seventh.
const REGS_PER_BANK: u16 = 140;
const REG_STEP: u16 = 7;
/// ISO 9362 keeps codes that end in zero for tests: they are no bank's.
const TEST_LOCATION: &str = "20";

/// A bank of the nation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bank {
    index: u16,
    /// As the bank directory calls it.
    pub name: &'static str,
    /// `None` where payments name it by registration number.
    pub bic: Option<Bic>,
    /// Where it is at home.
    pub country: Country,
    regs: u16,
}

impl Bank {
    /// Its registration numbers.
    pub fn regs(&self) -> impl Iterator<Item = RegNumber> + use<> {
        let bank = *self;
        (0..bank.regs).map(move |branch| bank.reg(branch))
    }

    fn reg(&self, branch: u16) -> RegNumber {
        RegNumber::new(REG_FIRST + self.index * REGS_PER_BANK + branch * REG_STEP)
            .expect("a test goes through all of them")
    }

    pub(super) fn reg_at(&self, draw: u64) -> RegNumber {
        self.reg((draw % u64::from(self.regs)) as u16)
    }

    /// Where the bank is in [`Banks::all`].
    pub(super) fn index(&self) -> usize {
        usize::from(self.index)
    }
}

/// All banks, and how likely somebody is to be a customer of each.
pub(super) struct Banks {
    all: Vec<Bank>,
    /// For each Danish bank, the weights up to and with its own.
    danish_weights: Vec<u64>,
}

impl Banks {
    pub(super) fn new() -> Banks {
        let all: Vec<Bank> = TABLE
            .iter()
            .zip(0..)
            .map(|(&(country, name, letters), index)| Bank {
                index,
                name,
                bic: letters.map(|letters| {
                    let text = format!("{letters}{}{TEST_LOCATION}", country.code());
                    Bic::parse(&text).expect("four letters, a country and digits")
                }),
                country,
                // The large banks stand first and have the most branches.
                regs: (20 - index.min(17)).max(3),
            })
            .collect();
        let danish_weights = (0..all.iter().filter(|bank| bank.country == Country::Denmark).count() as u64)
            .scan(0, |sum, index| {
                *sum += 40 + 2000 / (index + 2);
                Some(*sum)
            })
            .collect();
        Banks { all, danish_weights }
    }

    pub(super) fn all(&self) -> &[Bank] {
        &self.all
    }

    /// The largest bank.
    pub(super) fn first(&self) -> &Bank {
        &self.all[0]
    }

    /// The bank of somebody who lives there.
    pub(super) fn pick(&self, draws: &mut Draws, country: Country) -> Bank {
        let danish = self.danish_weights.len();
        match country {
            Country::Denmark => {
                let weight = draws.below(self.danish_weights.last().copied().unwrap_or(1));
                self.all[self.danish_weights.partition_point(|&sum| sum <= weight)]
            }
            Country::FaroeIslands => draws.pick(&self.all[danish..danish + FAROESE]),
            Country::Greenland => draws.pick(&self.all[danish + FAROESE..]),
        }
    }

    /// The bank behind a registration number of the nation.
    pub(super) fn of(&self, reg: RegNumber) -> &Bank {
        &self.all[usize::from((reg.value() - REG_FIRST) / REGS_PER_BANK)]
    }
}

const FAROESE: usize = 2;
const DK: Country = Country::Denmark;

/// The Danish ones stand first, then the Faroese, then the Greenlandic.
const TABLE: &[(Country, &str, Option<&str>)] = &[
    (DK, "Havbanken", Some("HAVB")),
    (DK, "Klitbanken", Some("KLIT")),
    (DK, "Lyngbanken", Some("LYNB")),
    (DK, "Bøgebanken", Some("BOGB")),
    (DK, "Fjordlysbanken", Some("FJLB")),
    (DK, "Hedebo Sparekasse", Some("HDBS")),
    (DK, "Åbrinkens Bank", Some("ABRI")),
    (DK, "Kornbanken", Some("KRNB")),
    (DK, "Egeløkke Bank", Some("EGLB")),
    (DK, "Vildrosebanken", Some("VLDR")),
    (DK, "Mosebanken", Some("MSEB")),
    (DK, "Strandengsbanken", Some("STRB")),
    (DK, "Rugmarkens Sparekasse", None),
    (DK, "Tangbanken", Some("TNGB")),
    (DK, "Birkebo Bank", Some("BKBO")),
    (DK, "Solsortebanken", Some("SLSB")),
    (DK, "Viberup Sparekasse", Some("VBRS")),
    (DK, "Lærkebanken", Some("LRKB")),
    (DK, "Ravklumpbanken", Some("RAVK")),
    (DK, "Skumringsbanken", Some("SKRB")),
    (DK, "Polarlysbanken", Some("PLYB")),
    (DK, "Sommervindbanken", Some("SMVB")),
    (DK, "Tre Søers Andelskasse", None),
    (DK, "Kildespringets Bank", Some("KSPB")),
    (DK, "Bækbanken", Some("BKKB")),
    (DK, "Møllehjulsbanken", Some("MHJB")),
    (DK, "Kirsebærbanken", Some("KRSB")),
    (DK, "Hyldebanken", Some("HYLB")),
    (DK, "Tjørnebanken", Some("TJRB")),
    (DK, "Enebærbanken", Some("ENBB")),
    (DK, "Pilebanken", Some("PLEB")),
    (DK, "Asketræets Bank", Some("ASKT")),
    (DK, "Elmebanken", Some("ELMB")),
    (DK, "Lindebladsbanken", Some("LNDB")),
    (DK, "Ahornbanken", Some("AHRN")),
    (DK, "Fyrreskovsbanken", Some("FYRS")),
    (DK, "Granlybanken", Some("GRNL")),
    (DK, "Hasselbanken", Some("HSLB")),
    (DK, "Kastanjebanken", Some("KSTJ")),
    (DK, "Slåenbanken", Some("SLAA")),
    (DK, "Brombærbanken", Some("BRMB")),
    (DK, "Tyttebærbanken", Some("TYTB")),
    (DK, "Multebærbanken", Some("MLTB")),
    (DK, "Blåklokkebanken", Some("BLKB")),
    (DK, "Anemonebanken", Some("ANMB")),
    (DK, "Firkløverbanken", Some("FRKB")),
    (DK, "Valmuebanken", Some("VLMB")),
    (DK, "Kornblomstbanken", Some("KBLB")),
    (DK, "Hvedebrødsbanken", Some("HVBB")),
    (DK, "Bygaksbanken", Some("BYGA")),
    (DK, "Havregrynsbanken", Some("HVGB")),
    (DK, "Sneglehusbanken", Some("SNGB")),
    (DK, "Muslingebanken", Some("MUSB")),
    (DK, "Søstjernebanken", Some("SOSB")),
    (DK, "Tejstebanken", Some("TJSB")),
    (DK, "Ternebanken", None),
    (DK, "Vandmølle Sparekasse", Some("VMLS")),
    (Country::FaroeIslands, "Tjaldursbankin", Some("TJAL")),
    (Country::FaroeIslands, "Súlubankin", None),
    (Country::Greenland, "Sermeq Bank", Some("SRMQ")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn banks_do_not_share_names_codes_or_numbers() {
        let banks = Banks::new();
        assert_eq!(banks.all().len(), 60);
        let names: BTreeSet<&str> = banks.all().iter().map(|bank| bank.name).collect();
        assert_eq!(names.len(), 60);
        let codes: Vec<Bic> = banks.all().iter().filter_map(|bank| bank.bic).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        let mut regs = BTreeSet::new();
        for bank in banks.all() {
            assert!(bank.regs().count() >= 3, "{}", bank.name);
            for reg in bank.regs() {
                assert!(regs.insert(reg), "{reg}");
                assert_eq!(banks.of(reg), bank);
            }
        }
    }

    #[test]
    fn everyone_finds_a_bank_of_their_country() {
        let banks = Banks::new();
        let mut draws = crate::chance::Keys::new(1).next().draws(0);
        for country in [Country::Denmark, Country::FaroeIslands, Country::Greenland] {
            let picked: BTreeSet<usize> = (0..50_000)
                .map(|_| {
                    let bank = banks.pick(&mut draws, country);
                    assert_eq!(bank.country, country);
                    bank.index()
                })
                .collect();
            assert_eq!(picked.len(), banks.all().iter().filter(|bank| bank.country == country).count());
        }
    }
}
