//! The Merkle tree of RFC 6962 §2.1, built by appending.

use sha2::{Digest, Sha256};

/// A SHA-256 digest: a leaf, a node, or a root.
pub type Hash = [u8; 32];

/// The hash of one leaf: `SHA-256(0x00 || data)`.
#[must_use]
pub fn leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that grows. Only its right edge is kept: the roots of the full subtrees, widest first, at most one for each bit of
/// the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// Takes up where [`Tree::peaks`] left off; `None` if the peaks cannot belong to a tree of that size.
    #[must_use]
    pub fn resume(size: u64, peaks: &[u8]) -> Option<Self> {
        let (peaks, rest) = peaks.as_chunks::<32>();
        (rest.is_empty() && peaks.len() == size.count_ones() as usize).then(|| Self { size, peaks: peaks.to_vec() })
    }

    /// How many leaves it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The right edge, for [`Tree::resume`].
    #[must_use]
    pub fn peaks(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// Appends a leaf, given by its [`leaf`] hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut top = leaf;
        // One carry for each trailing one bit of the size, as in binary addition.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                top = node(&left, &top);
            }
        }
        self.peaks.push(top);
        self.size += 1;
    }

    /// The root; of an empty tree, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        match self.peaks.split_last() {
            None => Sha256::digest([]).into(),
            Some((last, wider)) => wider.iter().rev().fold(*last, |right, left| node(left, &right)),
        }
    }
}

/// Writes a hash as people and files see it.
#[must_use]
pub fn to_hex(hash: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four_bits: u8| char::from(DIGITS[usize::from(four_bits)]);
    hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads what [`to_hex`] wrote.
#[must_use]
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Parsing alone would take a sign for a digit.
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Builds the canonical bytes of a row or an entry: every field with its length, so that no two rows read alike.
#[derive(Default)]
pub struct Encoder(Vec<u8>);

impl Encoder {
    /// Starts the next row; the buffer is used again.
    pub fn start(&mut self, table: &str) -> &mut Self {
        self.0.clear();
        self.bytes(table.as_bytes())
    }

    /// A whole number.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A whole number that may be absent.
    pub fn optional_int(&mut self, value: Option<i64>) -> &mut Self {
        self.0.push(u8::from(value.is_some()));
        self.int(value.unwrap_or_default())
    }

    /// A run of bytes.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.int(value.len() as i64);
        self.0.extend_from_slice(value);
        self
    }

    /// A text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    /// The [`leaf`] hash of what was written since [`Encoder::start`].
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of RFC 6962 §2.1, word for word: split at the largest power of two below the size.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            many => {
                let split = many.len().next_power_of_two() / 2;
                node(&by_definition(&many[..split]), &by_definition(&many[split..]))
            }
        }
    }

    #[test]
    fn roots_of_published_vectors() {
        // The roots of the first eight trees over these inputs are published with the reference implementation of RFC 6962.
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Tree::default();
        for (input, root) in inputs.iter().zip(roots) {
            tree.push(leaf(input));
            assert_eq!(to_hex(&tree.root()), root, "size {}", tree.size());
        }
    }

    proptest! {
        #[test]
        fn appending_agrees_with_the_definition(size in 0usize..200, pause in 0usize..200) {
            let leaves: Vec<Hash> = (0..size).map(|at| leaf(&at.to_be_bytes())).collect();
            let mut tree = Tree::default();
            for (at, leaf) in leaves.iter().enumerate() {
                if at == pause {
                    tree = Tree::resume(tree.size(), &tree.peaks()).expect("its own edge");
                }
                tree.push(*leaf);
            }
            prop_assert_eq!(tree.root(), by_definition(&leaves));
            prop_assert_eq!(tree.size(), size as u64);
        }

        #[test]
        fn hex_round_trip(bytes: [u8; 32]) {
            prop_assert_eq!(from_hex::<32>(&to_hex(&bytes)), Some(bytes));
        }

        #[test]
        fn hex_is_digits_alone(text in "[0-9a-fA-F+ -]{4}") {
            let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            prop_assert_eq!(from_hex::<2>(&text).is_some(), is_hex);
        }
    }
}
