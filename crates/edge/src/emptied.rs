//! Who has used up what it may ask, kept in memory for a few seconds: whoever hammers then is answered from here, and nothing is
//! written for it.

use kernel::Timestamp;
use registry::bucket::Exhausted;
use registry::legal_purpose::LegalPurpose;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// For how long. A payment file gives back before the time that was told, and is to be seen soon.
const KEPT_MICROS: i64 = 5 * MICROS_PER_SECOND;
/// How many buckets are kept; what comes when there are so many is not.
const BUCKETS_MAX: usize = 4_096;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// The buckets that were found empty.
#[derive(Default)]
pub(crate) struct Emptied(Mutex<BTreeMap<(String, LegalPurpose), Found>>);

/// What was found.
#[derive(Clone, Copy)]
struct Found {
    /// About so many payees it could not be asked.
    payees: usize,
    /// How long that would last.
    exhausted: Exhausted,
    at: Timestamp,
}

impl Found {
    /// Whole seconds since; none when it is too long ago, or the clock was set back.
    fn age(&self, now: Timestamp) -> Option<u64> {
        let micros = now.micros().saturating_sub(self.at.micros());
        let lasts = KEPT_MICROS.min(self.seconds_micros());
        (0..lasts).contains(&micros).then(|| (micros / MICROS_PER_SECOND).unsigned_abs())
    }

    fn seconds_micros(&self) -> i64 {
        i64::try_from(self.exhausted.seconds).unwrap_or(i64::MAX).saturating_mul(MICROS_PER_SECOND)
    }
}

impl Emptied {
    /// Refuses what was refused a moment ago: as many payees, or more.
    ///
    /// # Errors
    /// [`Exhausted`], with what is left of the seconds.
    pub(crate) fn admit(
        &self,
        client: &str,
        purpose: LegalPurpose,
        payees: usize,
        now: Timestamp,
    ) -> Result<(), Exhausted> {
        let found = self.buckets().get(&(client.to_owned(), purpose)).copied();
        match found.filter(|found| payees >= found.payees).and_then(|found| Some((found, found.age(now)?))) {
            None => Ok(()),
            Some((found, age)) => Err(Exhausted { seconds: found.exhausted.seconds.saturating_sub(age).max(1) }),
        }
    }

    /// Keeps that so many payees could not be asked about.
    pub(crate) fn keep(
        &self,
        client: &str,
        purpose: LegalPurpose,
        payees: usize,
        exhausted: Exhausted,
        now: Timestamp,
    ) {
        let mut buckets = self.buckets();
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, found| found.age(now).is_some());
        }
        let key = (client.to_owned(), purpose);
        // Who could not ask about few cannot ask about many; a later word on many says nothing of few.
        let says_less = |found: &Found| found.age(now).is_some() && found.payees < payees;
        if !buckets.get(&key).is_some_and(says_less) && (buckets.len() < BUCKETS_MAX || buckets.contains_key(&key)) {
            buckets.insert(key, Found { payees, exhausted, at: now });
        }
    }

    fn buckets(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, LegalPurpose), Found>> {
        self.0.lock().expect("nothing panics while it is held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: LegalPurpose = LegalPurpose::Payment;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1_000)
    }

    #[test]
    fn what_was_refused_is_refused_for_a_few_seconds_and_nothing_else_is() {
        let emptied = Emptied::default();
        emptied.keep("a", PURPOSE, 10, Exhausted { seconds: 864 }, at(0));
        let check = |client: &str, purpose, payees, millis, seconds: Option<u64>| {
            let refused = emptied.admit(client, purpose, payees, at(millis)).err().map(|exhausted| exhausted.seconds);
            assert_eq!(refused, seconds, "{client} {payees} {millis}");
        };
        check("a", PURPOSE, 10, 0, Some(864));
        check("a", PURPOSE, 1000, 4_999, Some(860));
        check("a", PURPOSE, 10, 5_000, None);
        check("a", PURPOSE, 9, 0, None);
        check("a", LegalPurpose::FraudPrevention, 10, 0, None);
        check("b", PURPOSE, 10, 0, None);
        check("a", PURPOSE, 10, -1, None);
        // Less was refused as well: that says more.
        emptied.keep("a", PURPOSE, 3, Exhausted { seconds: 2 }, at(1_000));
        emptied.keep("a", PURPOSE, 10, Exhausted { seconds: 800 }, at(1_500));
        check("a", PURPOSE, 3, 2_999, Some(1));
        // No longer than there was to wait.
        check("a", PURPOSE, 3, 3_000, None);
        emptied.keep("a", PURPOSE, 10, Exhausted { seconds: 800 }, at(3_000));
        check("a", PURPOSE, 9, 3_000, None);
        check("a", PURPOSE, 10, 3_000, Some(800));
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let emptied = Emptied::default();
        for number in 0..BUCKETS_MAX + 9 {
            emptied.keep(&number.to_string(), PURPOSE, 1, Exhausted { seconds: 100 }, at(0));
        }
        assert_eq!(emptied.buckets().len(), BUCKETS_MAX);
        emptied.keep("0", PURPOSE, 1, Exhausted { seconds: 50 }, at(0));
        assert_eq!(emptied.admit("0", PURPOSE, 1, at(0)), Err(Exhausted { seconds: 50 }));
        emptied.keep("late", PURPOSE, 1, Exhausted { seconds: 100 }, at(5_000));
        assert_eq!(emptied.buckets().len(), 1);
    }
}
