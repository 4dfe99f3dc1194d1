//! The payers' own texts of payments, sealed some thousand payments at a time: in AES-GCM-SIV every message has a key of its
//! own, and deriving one for each payment costs more than sealing it.

use crate::batch::Batch;
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree, from_hex};
use kernel::{Blind, Error, Id, Scope, StoreError, Tx, Value, Vault, statements};
use std::ops::Range;
use zeroize::Zeroizing;

statements! {
    INSERT = "payment_ids.insert": "INSERT INTO payment_ids (batch, first, sealed) VALUES ($1, $2, $3)";
    FIND = "payment_ids.find":
        "SELECT first, sealed FROM payment_ids WHERE batch = $1 AND first <= $2 ORDER BY first DESC LIMIT 1";
    RANGE = "payment_ids.range":
        "SELECT b.entry, i.batch, i.first, i.sealed FROM batch b JOIN payment_ids i ON i.batch = b.id
         WHERE b.entry >= $1 AND b.entry < $2 ORDER BY b.entry, i.first";
    COUNT = "payment_ids.count": "SELECT COUNT(*) FROM payment_ids WHERE batch NOT IN (SELECT batch FROM staging)";
}

const SEALED_COLUMN: &str = "payment_ids.sealed";
/// Between the texts of a payment, and after the last of them. No XML text can hold either.
const TEXT_END: u8 = 0;
const PAYMENT_END: u8 = 1;

/// The payer's own texts of a payment.
#[derive(Debug)]
pub(crate) struct Ids<'i> {
    pub(crate) end_to_end_id: &'i str,
    pub(crate) instruction_id: Option<&'i str>,
    pub(crate) benefit: Option<&'i str>,
    /// The currency that reaches the payee, where it is not the amount's own.
    pub(crate) transfer_currency: Option<&'i str>,
    /// The account, where the file names that.
    pub(crate) account: Option<&'i str>,
    /// Who is paid then: a blind index, as hexadecimal digits.
    pub(crate) creditor: Option<&'i str>,
    /// Those of its block, where it is the first of it, or of those that are sealed together.
    pub(crate) block: Option<BlockIds<'i>>,
}

/// The payer's own texts of a block of payments: by them its bank knows the payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockIds<'i> {
    pub(crate) payment_info_id: &'i str,
    /// As it is written in a file; none where the file said none.
    pub(crate) execution_date: Option<&'i str>,
    /// Which bank is to make the payments: its BIC, or else its member number.
    pub(crate) debtor_agent: Option<&'i str>,
}

impl<'i> Ids<'i> {
    /// Appends them to those of the payments before; where they stand.
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) -> Range<usize> {
        let from = out.len();
        out.extend_from_slice(self.end_to_end_id.as_bytes());
        for text in [self.instruction_id, self.benefit, self.transfer_currency, self.account, self.creditor] {
            out.push(TEXT_END);
            out.extend_from_slice(text.unwrap_or_default().as_bytes());
        }
        if let Some(block) = &self.block {
            for text in [Some(block.payment_info_id), block.execution_date, block.debtor_agent] {
                out.push(TEXT_END);
                out.extend_from_slice(text.unwrap_or_default().as_bytes());
            }
        }
        let end = out.len();
        out.push(PAYMENT_END);
        from..end
    }

    pub(crate) fn from_bytes(bytes: &'i [u8]) -> Option<Self> {
        let mut texts = std::str::from_utf8(bytes).ok()?.split(char::from(TEXT_END));
        let end_to_end_id = texts.next()?;
        let mut optional = || texts.next().map(|text| Some(text).filter(|text| !text.is_empty()));
        let [instruction_id, benefit] = [optional()?, optional()?];
        let [transfer_currency, account, creditor] = [optional()?, optional()?, optional()?];
        let block = match optional() {
            None => None,
            Some(payment_info_id) => Some(BlockIds {
                payment_info_id: payment_info_id.unwrap_or_default(),
                execution_date: optional()?,
                debtor_agent: optional()?,
            }),
        };
        Some(Self { end_to_end_id, instruction_id, benefit, transfer_currency, account, creditor, block })
    }

    /// Who is paid, where the file names the account.
    pub(crate) fn named(&self) -> Option<Blind> {
        from_hex(self.creditor?).map(Blind::from_bytes)
    }
}

/// Texts of payments in a row, sealed.
pub(crate) struct SealedIds {
    /// The number of the first of the payments.
    first: i64,
    sealed: Vec<u8>,
    /// Over the texts in clear.
    pub(crate) leaf: Hash,
}

impl SealedIds {
    /// Seals what [`Ids::append_to`] put together; any thread can.
    pub(crate) fn seal(vault: &Vault, batch: Id<Batch>, first: i64, texts: &[u8]) -> Result<Self, Error> {
        let sealed = vault.seal(SEALED_COLUMN, (batch.number(), first), texts)?;
        Ok(Self { first, sealed, leaf: leaf(batch, first, texts) })
    }
}

pub(crate) fn insert_many(tx: &Tx<'_>, batch: Id<Batch>, pieces: &[SealedIds]) -> Result<(), Error> {
    tx.run_many(
        &INSERT,
        pieces.iter().map(|piece| [batch.into(), Value::Int(piece.first), Value::Bytes(&piece.sealed)]),
    )
}

/// Opens texts as payments go by in their order; what was opened last is kept.
#[derive(Default)]
pub(crate) struct OpenIds {
    batch: Option<Id<Batch>>,
    first: i64,
    texts: Zeroizing<Vec<u8>>,
    payments: Vec<Range<usize>>,
}

impl OpenIds {
    /// The texts of one payment, as [`Ids::from_bytes`] reads them.
    ///
    /// # Errors
    /// They are not there or cannot be opened: the store is damaged.
    pub(crate) fn of(&mut self, scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<&[u8], Error> {
        if self.batch != Some(batch) || self.place(number).is_none() {
            self.open(scope, batch, number)?;
        }
        let place = self.place(number).ok_or_else(|| StoreError::broken("payment_ids", "sealed", number))?;
        Ok(&self.texts[place])
    }

    /// The same, read.
    pub(crate) fn read(&mut self, scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<Ids<'_>, Error> {
        let broken = || StoreError::broken("payment_ids", "sealed", number);
        Ids::from_bytes(self.of(scope, batch, number)?).ok_or_else(|| broken().into())
    }

    /// Those of a payment's block.
    pub(crate) fn block_of(&mut self, scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<BlockIds<'_>, Error> {
        self.of(scope, batch, number)?;
        let broken = || StoreError::broken("payment_ids", "sealed", number);
        let upto = usize::try_from(number - self.first).unwrap_or_default();
        let before = self.payments.iter().take(upto + 1).rev();
        let block = before.filter_map(|place| Ids::from_bytes(&self.texts[place.clone()])).find_map(|ids| ids.block);
        block.ok_or_else(|| broken().into())
    }

    fn place(&self, number: i64) -> Option<Range<usize>> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.payments.get(at).cloned()
    }

    fn open(&mut self, scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<(), Error> {
        *self = Self::default();
        let found = scope.tx.optional(&FIND, &[batch.into(), number.into()], |row| {
            let first = row.int(0)?;
            Ok((first, scope.vault.open(SEALED_COLUMN, (batch.number(), first), row.bytes(1)?)?))
        })?;
        if let Some((first, texts)) = found {
            let mut from = 0;
            for (end, _) in texts.iter().enumerate().filter(|(_, byte)| **byte == PAYMENT_END) {
                self.payments.push(from..end);
                from = end + 1;
            }
            (self.batch, self.first, self.texts) = (Some(batch), first, texts);
        }
        Ok(())
    }
}

fn leaf(batch: Id<Batch>, first: i64, texts: &[u8]) -> Hash {
    Encoder::default().start(IdsTable.name()).int(batch.number()).int(first).bytes(texts).leaf()
}

pub(crate) fn claim(tree: &Tree) -> Rows {
    Rows::of(IdsTable.name(), tree)
}

pub(crate) struct IdsTable;

impl Table for IdsTable {
    fn name(&self) -> &'static str {
        "payment_ids"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let (batch, first) = (Id::new(row.int(1)?), row.int(2)?);
            let texts = scope.vault.open(SEALED_COLUMN, (batch.number(), first), row.bytes(3)?)?;
            visit(row.int(0)?, leaf(batch, first, &texts))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::merkle::to_hex;

    #[test]
    fn what_is_appended_is_read_again() {
        let check = |ids: [Option<&str>; 6], block: Option<BlockIds<'_>>| {
            let [end_to_end_id, instruction_id, benefit, transfer_currency, account, creditor] = ids;
            let end_to_end_id = end_to_end_id.unwrap_or_default();
            let mut out = b"before".to_vec();
            let ids = Ids { end_to_end_id, instruction_id, benefit, transfer_currency, account, creditor, block };
            let place = ids.append_to(&mut out);
            assert_eq!(out.split_off(place.end), [PAYMENT_END]);
            let read = Ids::from_bytes(&out[place]).unwrap();
            assert_eq!(
                [Some(read.end_to_end_id), read.instruction_id, read.benefit, read.transfer_currency, read.account],
                [Some(end_to_end_id), instruction_id, benefit, transfer_currency, account]
            );
            assert_eq!(
                (read.creditor, read.named().map(|named| to_hex(named.as_bytes()))),
                (creditor, creditor.map(str::to_owned))
            );
            assert_eq!(read.block, block);
        };
        let block = BlockIds { payment_info_id: "B-1", execution_date: Some("2026-11-27"), debtor_agent: None };
        let named = Some("000102030405060708090a0b0c0d0eff");
        check([Some("E-1"), None, None, None, None, None], None);
        check([Some("E-1"), Some("I-1"), None, Some("EUR"), None, None], Some(block));
        check([Some("E-1"), None, None, None, Some("0040-77"), named], None);
        check(
            [Some("Ærø"), None, Some("NKSBOS"), None, None, None],
            Some(BlockIds { debtor_agent: Some("EKSBDK22"), ..block }),
        );
        check(
            [Some("E-1"), None, None, None, Some("0040-77"), named],
            Some(BlockIds { execution_date: None, ..block }),
        );
        assert!(Ids::from_bytes(b"E-1\0I-1").is_none(), "two texts of six");
        assert!(Ids::from_bytes(b"E-1\0\0\0\0\0\0B-1").is_none(), "one text of a block of three");
    }
}
