//! What payers' contacts are to be told of suspicion reports, and what of it was told.

use crate::payer_word::{Noted, PERIOD_SECONDS, PayerWord};
use crate::suspicion::Suspicion;
use kernel::journal::Entry;
use kernel::{Error, Id, Timestamp, Tx, statements};

statements! {
    INSERT = "payer_word.insert":
        "INSERT INTO payer_word (id, payer, word, suspicion, due) VALUES ($1, $2, $3, $4, $5)";
    DUE = "payer_word.due":
        "SELECT w.id, w.payer, w.word, w.suspicion FROM payer_word w
         WHERE w.told IS NULL AND w.due <= $1
           AND NOT EXISTS (SELECT t.id FROM payer_word t WHERE t.payer = w.payer AND t.word = w.word AND t.told > $2)
         ORDER BY w.due, w.id LIMIT $3";
    TELL = "payer_word.tell": "UPDATE payer_word SET told = $1 WHERE id = $2";
    TOLD = "payer_word.told":
        "SELECT told FROM payer_word WHERE suspicion = $1 AND word = $2 AND told IS NOT NULL ORDER BY id LIMIT 1";
    FORGET = "payer_word.forget": "DELETE FROM payer_word WHERE suspicion = $1 AND told IS NULL";
}

/// Notes what is to be told. The rows of an entry are numbered by their places here.
pub(crate) fn insert_many(tx: &Tx<'_>, entry: Entry, noted: &[Noted]) -> Result<(), Error> {
    let row = |noted: &Noted| {
        let Noted { id, payer, word, suspicion } = *noted;
        [id.into(), payer.into(), word.code().into(), suspicion.into(), word.due(entry.at).into()]
    };
    tx.run_many(&INSERT, noted.iter().map(row))
}

/// What is to be told by a moment, the oldest first: not of whoever was told something like it of late.
pub(crate) fn due(tx: &Tx<'_>, now: Timestamp, limit: usize) -> Result<Vec<Noted>, Error> {
    let mut found = Vec::new();
    tx.each(&DUE, &[now.into(), now.minus_seconds(PERIOD_SECONDS).into(), (limit as i64).into()], |row| {
        let word = PayerWord::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?;
        found.push(Noted {
            id: Id::new(row.int(0)?),
            payer: Id::new(row.int(1)?),
            word,
            suspicion: Id::new(row.int(3)?),
        });
        Ok(())
    })?;
    Ok(found)
}

/// It was told.
pub(crate) fn tell<'n>(tx: &Tx<'_>, at: Timestamp, noted: impl Iterator<Item = &'n Noted>) -> Result<(), Error> {
    tx.run_many(&TELL, noted.map(|noted| [at.into(), noted.id.into()]))
}

/// When it was told that a report waits.
pub(crate) fn told(tx: &Tx<'_>, suspicion: Id<Suspicion>) -> Result<Option<Timestamp>, Error> {
    let values = [suspicion.into(), PayerWord::Routed.code().into()];
    tx.optional(&TOLD, &values, |row| Ok(Timestamp::from_micros(row.int(0)?)))
}

/// What of a report was not told yet need not be told any more.
pub(crate) fn forget(tx: &Tx<'_>, suspicion: Id<Suspicion>) -> Result<(), Error> {
    tx.run(&FORGET, &[suspicion.into()])?;
    Ok(())
}
