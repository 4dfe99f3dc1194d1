//! What a file has used so far, of end-to-end ids or of payees, in 12 to 16 bytes a payment.

use kernel::Blind;

const SLOT_BYTES: usize = 12;
/// Three slots in four are used when the file has as many payments as it says.
const SPARE: usize = 3;

/// A set of 96-bit digests in an open table. The digests are keyed, so nobody can choose ids that collide; by chance two of a
/// hundred million do so once in 10^13 files.
pub(crate) struct Seen {
    slots: Vec<[u8; SLOT_BYTES]>,
    free: usize,
    count: u64,
}

impl Seen {
    /// Room for a file that declares `payments`, and cannot have more than `payments_max`.
    pub(crate) fn new(payments: u64, payments_max: u64) -> Self {
        let expected = usize::try_from(payments.min(payments_max)).unwrap_or(usize::MAX);
        Self { slots: vec![[0; SLOT_BYTES]; expected + expected / SPARE + 1], free: expected, count: 0 }
    }

    /// How many different ones were seen.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Whether it was not seen before; `None` when the file has more payments than it declared, and so is refused anyway.
    pub(crate) fn insert(&mut self, id: &Blind) -> Option<bool> {
        let mut digest = [0; SLOT_BYTES];
        digest.copy_from_slice(&id.as_bytes()[..SLOT_BYTES]);
        // An all-zero digest stands for an empty slot.
        digest[SLOT_BYTES - 1] |= 1;
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        let mut at = (u64::from_le_bytes(head) % self.slots.len() as u64) as usize;
        loop {
            if self.slots[at] == digest {
                return Some(false);
            }
            if self.slots[at] == [0; SLOT_BYTES] {
                if self.free == 0 {
                    return None;
                }
                self.free -= 1;
                self.count += 1;
                self.slots[at] = digest;
                return Some(true);
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn id(number: u16) -> Blind {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_le_bytes());
        Blind::from_bytes(bytes)
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(ids in proptest::collection::vec(0u16..50, 0..80)) {
            let distinct: BTreeSet<_> = ids.iter().collect();
            let mut seen = Seen::new(distinct.len() as u64, u64::MAX);
            let mut model = BTreeSet::new();
            for number in &ids {
                prop_assert_eq!(seen.insert(&id(*number)), Some(model.insert(*number)));
            }
            prop_assert_eq!(seen.count(), distinct.len() as u64);
            prop_assert_eq!(seen.insert(&id(1000)), None, "no room for more than was declared");
        }
    }
}
