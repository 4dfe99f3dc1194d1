//! Where a payment is found by whom it goes to, and by its end-to-end id, among hundreds of millions. Pure.
//!
//! A batch's payments are taken 2^16 in a row: a slice. Each payment leaves two marks in its slice, one for its payee and one for its
//! end-to-end id: 16 bits of the blind index, and the payment's place in the slice. A slice's marks lie in buckets, by the first bits
//! of the blind index, some 128 in each. Whoever seeks reads the one bucket of each slice in which a mark would lie, and looks at
//! the payments whose marks are like what is sought; one in some hundred slices has such a one by chance.
//!
//! So a payment costs 8 bytes and a small part of a row, where a row for each of its two marks would cost as much as the payment itself.

use crate::batch::Batch;
use kernel::{Blind, Id};
use std::ops::Range;

/// Payments of a slice. A place in one is 16 bits.
const SLICE_PAYMENTS: i64 = kernel::failpoint::chunk(1 << 16, 8) as i64;
const MARKS_OF_PAYMENT: u64 = 2;
/// Marks of a bucket, more or less.
const BUCKET_MARKS: u64 = kernel::failpoint::chunk(128, 4) as u64;
const MARK_BYTES: usize = 4;

/// The name of a bucket: batch, slice and number, so that a batch's are in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place([u8; 14]);

impl Place {
    fn new(batch: Id<Batch>, slice: i64, bucket: u16) -> Self {
        let mut place = [0; 14];
        place[..8].copy_from_slice(&batch.number().to_be_bytes());
        // A batch has fewer payments than 2^48.
        place[8..12].copy_from_slice(&(slice as u32).to_be_bytes());
        place[12..].copy_from_slice(&bucket.to_be_bytes());
        Self(place)
    }

    /// The bucket of a slice in which the marks of a blind index lie; `payments` are all those of the batch.
    pub(crate) fn of(batch: Id<Batch>, payments: i64, slice: i64, key: &Blind) -> Self {
        let of_slice = (payments - slice * SLICE_PAYMENTS).clamp(0, SLICE_PAYMENTS);
        Self::new(batch, slice, bucket_of(prefix_of(key), of_slice as u64))
    }

    /// All buckets of the payments of a batch up to the slice of one: from the first to before the second.
    pub(crate) fn until(batch: Id<Batch>, number: i64) -> [Self; 2] {
        [Self::new(batch, 0, 0), Self::new(batch, slice_of(number), 0)]
    }

    /// All buckets of a slice.
    pub(crate) fn of_slice(batch: Id<Batch>, slice: i64) -> [Self; 2] {
        [slice, slice + 1].map(|slice| Self::new(batch, slice, 0))
    }

    /// All buckets of a batch.
    pub(crate) fn of_batch(batch: Id<Batch>) -> [Self; 2] {
        [batch, Id::new(batch.number().saturating_add(1))].map(|batch| Self::new(batch, 0, 0))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The slice that a payment lies in.
pub(crate) const fn slice_of(number: i64) -> i64 {
    number / SLICE_PAYMENTS
}

/// The slices of a batch with so many payments.
pub(crate) const fn slices_of(payments: i64) -> Range<i64> {
    0..(payments + SLICE_PAYMENTS - 1) / SLICE_PAYMENTS
}

fn prefix_of(key: &Blind) -> u32 {
    let [a, b, c, d, ..] = *key.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn mark_of(key: &Blind) -> u16 {
    let [_, _, _, _, a, b, ..] = *key.as_bytes();
    u16::from_be_bytes([a, b])
}

/// Buckets are in the order of blind indexes; a slice has as many as its payments fill.
fn bucket_of(prefix: u32, payments: u64) -> u16 {
    let buckets = (payments * MARKS_OF_PAYMENT).div_ceil(BUCKET_MARKS).max(1);
    // At most 2^16 of them.
    ((u64::from(prefix) * buckets) >> 32) as u16
}

/// A bucket as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) place: Place,
    pub(crate) marks: Vec<u8>,
}

/// Makes the index of a batch whose payments go by in their order.
pub(crate) struct Indexing {
    batch: Id<Batch>,
    slice: i64,
    payments: u64,
    /// The first bits of a blind index, its mark, and the place in the slice: 32, 16 and 16 bits.
    marks: Vec<u64>,
}

impl Indexing {
    pub(crate) const fn new(batch: Id<Batch>) -> Self {
        Self { batch, slice: 0, payments: 0, marks: Vec::new() }
    }

    /// Takes the next payment; `full` gets the buckets of a slice when it is the first of another.
    pub(crate) fn take(&mut self, number: i64, payee: Option<&Blind>, end_to_end: &Blind, full: &mut Vec<Bucket>) {
        let slice = slice_of(number);
        if slice != self.slice {
            self.end(full);
            self.slice = slice;
        }
        let place = (number % SLICE_PAYMENTS) as u64;
        for key in payee.into_iter().chain([end_to_end]) {
            self.marks.push(u64::from(prefix_of(key)) << 32 | u64::from(mark_of(key)) << 16 | place);
        }
        self.payments += 1;
    }

    /// Gives the buckets of the slice that is not full.
    pub(crate) fn end(&mut self, rest: &mut Vec<Bucket>) {
        self.marks.sort_unstable();
        let bucket = |mark: &u64| bucket_of((mark >> 32) as u32, self.payments);
        for marks in self.marks.chunk_by(|mark, next| bucket(mark) == bucket(next)) {
            let bytes = marks.iter().flat_map(|mark| (*mark as u32).to_be_bytes());
            let place = Place::new(self.batch, self.slice, bucket(&marks[0]));
            rest.push(Bucket { place, marks: bytes.collect() });
        }
        self.marks.clear();
        self.payments = 0;
    }
}

/// The numbers of the payments of a slice whose marks in a bucket are like a blind index.
pub(crate) fn like<'m>(marks: &'m [u8], slice: i64, key: &Blind) -> impl Iterator<Item = i64> + 'm {
    let [high, low] = mark_of(key).to_be_bytes();
    marks.chunks_exact(MARK_BYTES).filter_map(move |mark| match *mark {
        [a, b, c, d] if [a, b] == [high, low] => Some(slice * SLICE_PAYMENTS + i64::from(u16::from_be_bytes([c, d]))),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn batch() -> Id<Batch> {
        Id::new(7)
    }

    /// Distinct for a while, and spread as blind indexes are.
    fn key(at: u64) -> Blind {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        bytes[8..].copy_from_slice(&at.to_be_bytes());
        Blind::from_bytes(bytes)
    }

    fn index(payments: &[(Option<Blind>, Blind)]) -> BTreeMap<Place, Vec<u8>> {
        let (mut indexing, mut buckets) = (Indexing::new(batch()), Vec::new());
        for (number, (payee, end_to_end)) in (0..).zip(payments) {
            indexing.take(number, payee.as_ref(), end_to_end, &mut buckets);
        }
        indexing.end(&mut buckets);
        assert!(buckets.is_sorted_by_key(|bucket| bucket.place), "they are appended");
        let found: BTreeMap<_, _> = buckets.into_iter().map(|bucket| (bucket.place, bucket.marks)).collect();
        let marks = payments.iter().map(|(payee, _)| 1 + usize::from(payee.is_some())).sum::<usize>();
        assert_eq!(found.values().map(Vec::len).sum::<usize>(), marks * MARK_BYTES);
        found
    }

    fn find(index: &BTreeMap<Place, Vec<u8>>, payments: usize, key: &Blind) -> Vec<i64> {
        let payments = payments as i64;
        let place = |slice| (slice, Place::of(batch(), payments, slice, key));
        let buckets = slices_of(payments).map(place);
        let found = buckets.filter_map(|(slice, place)| Some(like(index.get(&place)?, slice, key).collect::<Vec<_>>()));
        found.flatten().collect()
    }

    #[test]
    fn a_payment_is_found_in_every_slice() {
        let payments: Vec<_> =
            (0..SLICE_PAYMENTS as u64 * 2 + 5).map(|at| (Some(key(at % 1_000)), key(1_000_000 + at))).collect();
        let index = index(&payments);
        for at in [0, 1, SLICE_PAYMENTS - 1, SLICE_PAYMENTS, 2 * SLICE_PAYMENTS + 4] {
            let found = find(&index, payments.len(), &payments[at as usize].1);
            assert!(found.contains(&at) && found.len() < 5, "{at}: {found:?}");
        }
        let to_seven: Vec<i64> = (7..payments.len() as i64).step_by(1_000).collect();
        let found = find(&index, payments.len(), &key(7));
        assert!(to_seven.iter().all(|number| found.contains(number)) && found.len() < to_seven.len() + 5);
        let largest = index.values().map(Vec::len).max().unwrap() / MARK_BYTES;
        assert!(largest < 512, "marks are spread: {largest}");
    }

    #[test]
    fn buckets_are_as_many_as_payments_fill() {
        let check = |payments, buckets: u16| {
            assert_eq!((bucket_of(0, payments), bucket_of(u32::MAX, payments)), (0, buckets - 1), "{payments}");
        };
        check(0, 1);
        check(1, 1);
        check(BUCKET_MARKS / 2, 1);
        check(BUCKET_MARKS / 2 + 1, 2);
        check(1 << 16, (1_u64 << 17).div_ceil(BUCKET_MARKS) as u16);
    }

    #[test]
    fn ranges_hold_what_they_say() {
        let (batch, next) = (batch(), Id::new(batch().number() + 1));
        let holds = |[from, to]: [Place; 2], place: Place| (from..to).contains(&place);
        let first = Place::new(batch, 0, 0);
        let last = Place::new(batch, i64::from(u32::MAX), u16::MAX);
        assert!(holds(Place::of_batch(batch), first) && holds(Place::of_batch(batch), last));
        assert!(!holds(Place::of_batch(batch), Place::new(next, 0, 0)));
        assert!(holds(Place::of_slice(batch, 0), Place::new(batch, 0, u16::MAX)));
        assert!(!holds(Place::of_slice(batch, 0), Place::new(batch, 1, 0)));
        assert!(holds(Place::until(batch, SLICE_PAYMENTS), first));
        assert!(!holds(Place::until(batch, SLICE_PAYMENTS), Place::new(batch, 1, 0)));
        assert!(!holds(Place::until(batch, SLICE_PAYMENTS - 1), first), "its slice is not all before it");
    }

    proptest! {
        /// Whatever the blind indexes are, also where many are alike.
        #[test]
        fn nothing_is_missed(
            payments in prop::collection::vec((prop::option::of(any::<[u8; 2]>()), any::<[u8; 2]>()), 0..300),
        ) {
            let blind = |[a, b]: [u8; 2]| {
                let mut bytes = [0; 16];
                (bytes[0], bytes[5]) = (a, b % 4);
                Blind::from_bytes(bytes)
            };
            let payments: Vec<_> = payments.into_iter().map(|(payee, id)| (payee.map(blind), blind(id))).collect();
            let index = index(&payments);
            for key in payments.iter().flat_map(|(payee, id)| payee.iter().chain([id])) {
                let found = find(&index, payments.len(), key);
                let is_it = |(number, (payee, id)): (i64, &(Option<Blind>, Blind))| {
                    (payee.as_ref() == Some(key) || id == key).then_some(number)
                };
                let scanned: Vec<i64> = (0..).zip(&payments).filter_map(is_it).collect();
                prop_assert!(scanned.iter().all(|number| found.contains(number)));
            }
        }
    }
}
