//! A file that comes bit by bit and is never there as a whole: it is cut where lines end, and what is cut off is decided and
//! saved while the rest is on its way.
//!
//! Where it is cut depends on its content alone, and each piece is known by all that came up to its end. So a repeat of a file
//! that was cut off takes up where it stopped, as with a file that is there.

use super::csv::Lines;
use super::{Chunk, Counts, ImportRefusal, Reject, Source, answered, read_rows};
use kernel::merkle::Hash;
use kernel::{Actor, Env, Error, Writer};
use sha2::{Digest, Sha256};
use std::io::BufReader;

/// Lines that are decided and saved together. Fewer than of a file at hand, so that others need not wait long.
const PIECE_LINES: usize = kernel::failpoint::chunk(1 << 14, 4);
/// The most that is kept of a file at once.
const PIECE_BYTES: usize = 2 << 20;

/// Whole lines of a file.
pub struct Piece {
    content: Vec<u8>,
    lines_before: u64,
    /// Of everything up to its end.
    digest: Hash,
}

/// Cuts a file into pieces.
#[derive(Default)]
pub struct Pieces {
    came: Vec<u8>,
    /// How much of what came was looked at, how many lines end there, and where the last of them does.
    seen: usize,
    lines: usize,
    end: usize,
    lines_before: u64,
    digest: Sha256,
    has_ended: bool,
    is_done: bool,
}

impl Pieces {
    /// Takes what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.came.extend_from_slice(bytes);
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Whether nothing more comes.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The next piece, when all of it has come; of what has ended, all that is left.
    ///
    /// # Errors
    /// [`ImportRefusal::Endless`].
    pub fn cut(&mut self) -> Result<Option<Piece>, ImportRefusal> {
        let looked_at = self.came.len().min(PIECE_BYTES);
        while self.seen < looked_at && self.lines < PIECE_LINES {
            match self.came[self.seen..looked_at].iter().position(|byte| *byte == b'\n') {
                None => self.seen = looked_at,
                Some(at) => {
                    self.seen += at + 1;
                    (self.lines, self.end) = (self.lines + 1, self.seen);
                }
            }
        }
        if self.lines < PIECE_LINES && self.seen < PIECE_BYTES {
            if !self.has_ended || self.is_done {
                return Ok(None);
            }
            self.is_done = true;
            // Of an empty file there is a piece, which lacks the header.
            let is_left = !self.came.is_empty() || self.lines_before == 0;
            return Ok(is_left.then(|| self.cut_at(self.came.len())));
        }
        if self.end == 0 {
            return Err(ImportRefusal::Endless);
        }
        Ok(Some(self.cut_at(self.end)))
    }

    fn cut_at(&mut self, at: usize) -> Piece {
        let rest = self.came.split_off(at);
        let content = std::mem::replace(&mut self.came, rest);
        self.digest.update(&content);
        let piece = Piece { content, lines_before: self.lines_before, digest: self.digest.clone().finalize().into() };
        self.lines_before += self.lines as u64;
        (self.seen, self.lines, self.end) = (0, 0, 0);
        piece
    }
}

/// Decides and saves a piece. The same piece of the same file gives its first answer, and changes nothing twice.
///
/// # Errors
/// The first piece has not the header of this kind of file, or the store failed; the pieces before it stand.
pub fn take<S: Source>(
    writer: &mut Writer,
    source: &S,
    piece: &Piece,
    actor: &Actor,
    env: &Env,
) -> Result<(Counts, Vec<Reject>), Error> {
    let mut lines = Lines::after(piece.lines_before, BufReader::new(piece.content.as_slice()));
    if piece.lines_before == 0 && !lines.header_is(S::HEADER, S::MAY_LACK)? {
        return Err(ImportRefusal::Header(S::HEADER).into());
    }
    let rows = read_rows(source, &mut lines, PIECE_LINES)?;
    let Some((first_line, _)) = rows.first() else { return Ok((Counts::default(), vec![])) };
    let chunk = Chunk { source, file: &piece.digest, first_line: *first_line, rows };
    Ok(answered(writer.execute(&chunk, actor, env)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a file is cut into when it comes in bits of these sizes.
    fn cut(file: &[u8], sizes: &[usize]) -> Result<Vec<(Vec<u8>, u64, Hash)>, ImportRefusal> {
        let (mut pieces, mut found, mut rest) = (Pieces::default(), Vec::new(), file);
        for size in sizes.iter().cycle() {
            let (bit, others) = rest.split_at((*size).min(rest.len()));
            rest = others;
            pieces.push(bit);
            while let Some(piece) = pieces.cut()? {
                found.push(piece);
            }
            if rest.is_empty() {
                break;
            }
        }
        pieces.end();
        while let Some(piece) = pieces.cut()? {
            found.push(piece);
        }
        Ok(found.into_iter().map(|piece| (piece.content, piece.lines_before, piece.digest)).collect())
    }

    #[test]
    fn a_piece_has_so_many_lines_or_bytes() {
        let check = |file: &[u8], expected: &[usize]| {
            let pieces = cut(file, &[file.len().max(1)]).unwrap();
            let lengths: Vec<usize> = pieces.iter().map(|(content, ..)| content.len()).collect();
            assert_eq!(lengths, expected);
            assert_eq!(pieces.iter().flat_map(|(content, ..)| content).copied().collect::<Vec<u8>>(), file);
        };
        check(b"", &[0]);
        check(b"a", &[1]);
        check(&b"a\n".repeat(PIECE_LINES), &[2 * PIECE_LINES]);
        check(&b"a\n".repeat(PIECE_LINES + 1), &[2 * PIECE_LINES, 2]);
        let line = [b"x".repeat(PIECE_BYTES / 2 - 1), b"\n".to_vec()].concat();
        check(&line.repeat(3), &[PIECE_BYTES, PIECE_BYTES / 2]);
        let longer = [b"x", line.as_slice()].concat();
        check(&longer.repeat(2), &[PIECE_BYTES / 2 + 1, PIECE_BYTES / 2 + 1]);
        assert_eq!(cut(&b"x".repeat(PIECE_BYTES), &[1000]), Err(ImportRefusal::Endless));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn how_a_file_comes_makes_no_difference(
            lines in proptest::collection::vec(0_usize..2000, 0..4000),
            sizes in proptest::collection::vec(1_usize..300_000, 1..5),
        ) {
            let file: Vec<u8> = lines.iter().flat_map(|length| [vec![b'x'; *length], vec![b'\n']].concat()).collect();
            prop_assert_eq!(cut(&file, &sizes), cut(&file, &[file.len().max(1)]));
        }
    }
}
