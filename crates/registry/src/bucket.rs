//! What a client may ask before it has to wait: a bucket of tokens for each client and legal purpose. Pure.
//!
//! A list of payees that somebody really pays has few numbers that are nobody's, and is followed by payments. A sweep over
//! invented numbers has many, and is followed by nothing. So a number that is there costs little, one that is not costs much,
//! and a payment gives back what its look-up cost, and a little more for the misses that honest lists have.

use crate::legal_purpose::LegalPurpose;
use kernel::{DAY_MICROS, Refuse, Role, Timestamp};
use std::fmt;

/// Tokens are counted in thousandths, so that none is lost when they trickle in.
const TOKEN: i64 = 1000;
/// What it costs to ask about a payee who is there.
const HIT: i64 = TOKEN;
/// What it costs to ask about one who is not.
const MISS: i64 = 20 * TOKEN;
/// What it costs at most that a payment file is not taken.
const REFUSED: i64 = 10 * MISS;
/// What a payment gives back: its look-up, and a quarter for the misses beside it. Up to 1.2 % of a list can be misses then.
const PAYMENT: i64 = HIT + TOKEN / 4;
/// Payees of one request, whoever asks.
pub const PAYEES_MAX: usize = 1000;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// How much a bucket holds, how fast it fills, and how much is asked of it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    capacity: i64,
    /// In which time a thousandth of a token comes.
    micros_per_thousandth: i64,
    payees: usize,
}

impl Limits {
    const fn new(capacity: i64, per_day: i64, payees: usize) -> Self {
        Self { capacity: capacity * TOKEN, micros_per_thousandth: DAY_MICROS / (per_day * TOKEN), payees }
    }

    /// The limits of a client in this role for this purpose; none where it cannot have that purpose. Why these numbers is in
    /// `docs/adr/0017`.
    #[must_use]
    pub const fn of(role: Role, purpose: LegalPurpose) -> Option<Self> {
        Some(match (role, purpose) {
            //                                                            capacity  a day  a request
            (Role::PublicPayer, LegalPurpose::Payment) => Self::new(5_000, 100, PAYEES_MAX),
            (Role::PublicPayer, LegalPurpose::FraudPrevention) => Self::new(200, 50, 200),
            (Role::PrivatePayer, LegalPurpose::Payment) => Self::new(5_000, 100, 250),
            (Role::PrivatePayer, LegalPurpose::CreditAgreement) => Self::new(250, 250, 250),
            (Role::Bank, LegalPurpose::Payment | LegalPurpose::CreditAgreement | LegalPurpose::FraudPrevention) => {
                Self::new(20_000, 2_000, PAYEES_MAX)
            }
            (Role::Authority, LegalPurpose::Recovery | LegalPurpose::FraudPrevention | LegalPurpose::Law) => {
                Self::new(100_000, 20_000, PAYEES_MAX)
            }
            _ => return None,
        })
    }

    /// How many payees one request may be about. It is never more than the bucket, when it is full, has tokens for.
    #[must_use]
    pub const fn payees_max(self) -> usize {
        self.payees
    }
}

/// There are not enough tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// In how many seconds there will be enough, if nothing else is asked until then and nothing is paid.
    pub seconds: u64,
}

impl Refuse for Exhausted {
    fn code(&self) -> &'static str {
        "allowance.exhausted"
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        Some(self.seconds)
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this client has used up what it may ask for this purpose; payments to payees who were asked about give back, \
             or ask again in {} seconds",
            self.seconds
        )
    }
}

/// Why a payment file is not taken. It tells nothing of the file that was not known: no number, and no time that would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// There is not enough for a single miss, so that it was not weighed how many there are.
    Exhausted(Exhausted),
    /// There are more misses than there is enough for.
    Misses,
}

impl Refuse for Unsettled {
    fn code(&self) -> &'static str {
        match self {
            Self::Exhausted(exhausted) => exhausted.code(),
            Self::Misses => "payout.misses",
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Exhausted(exhausted) => exhausted.retry_after_seconds(),
            Self::Misses => None,
        }
    }
}

impl fmt::Display for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted(exhausted) => exhausted.fmt(f),
            Self::Misses => f.write_str(
                "too many of the file's payments name a payee who is not there; take them out, and send the rest as a new file",
            ),
        }
    }
}

/// A bucket as it was when it was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// In thousandths. Below zero it is a debt: what a request costs is known only when it is answered.
    tokens: i64,
    /// Up to when what trickles in has been counted.
    at: Timestamp,
}

impl Bucket {
    /// One that was never used.
    #[must_use]
    pub const fn full(limits: Limits, now: Timestamp) -> Self {
        Self { tokens: limits.capacity, at: now }
    }

    /// What the store kept.
    #[must_use]
    pub const fn kept(tokens: i64, at: Timestamp) -> Self {
        Self { tokens, at }
    }

    /// As the store keeps it, in thousandths of a token.
    #[must_use]
    pub const fn tokens(self) -> i64 {
        self.tokens
    }

    /// As the store keeps it.
    #[must_use]
    pub const fn at(self) -> Timestamp {
        self.at
    }

    /// With what has trickled in by `now`. A clock that is behind changes nothing.
    #[must_use]
    pub fn refilled(self, limits: Limits, now: Timestamp) -> Self {
        let elapsed = now.micros().saturating_sub(self.at.micros()).max(0);
        let came = elapsed / limits.micros_per_thousandth;
        if self.tokens.saturating_add(came) >= limits.capacity {
            return Self { tokens: self.tokens.max(limits.capacity), at: now.max(self.at) };
        }
        // What came in less than a thousandth counts the next time.
        let counted = Timestamp::from_micros(self.at.micros() + came * limits.micros_per_thousandth);
        Self { tokens: self.tokens + came, at: counted }
    }

    /// Whether a request about so many payees may be answered now: there is a token for each.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn admit(self, limits: Limits, payees: usize) -> Result<(), Exhausted> {
        self.admit_cost(limits, weighed(payees as u64, HIT))
    }

    fn admit_cost(self, limits: Limits, cost: i64) -> Result<(), Exhausted> {
        let missing = cost.saturating_sub(self.tokens);
        if missing <= 0 {
            return Ok(());
        }
        let micros = missing.saturating_mul(limits.micros_per_thousandth);
        Err(Exhausted { seconds: micros.unsigned_abs().div_ceil(MICROS_PER_SECOND.unsigned_abs()).max(1) })
    }

    /// After answers to so many who are there and so many who are not.
    #[must_use]
    pub fn charged(self, hits: u64, misses: u64) -> Self {
        let cost = weighed(hits, HIT).saturating_add(weighed(misses, MISS));
        Self { tokens: self.tokens.saturating_sub(cost), ..self }
    }

    /// Whether a payment file is taken that goes to so many different payees now, and has so many payments to payees who are not
    /// there: what it gives back and what the bucket has are enough for its misses, and for one if it has none. Otherwise files of
    /// one payment would tell for nothing who is there, by being taken or not.
    ///
    /// # Errors
    /// [`Unsettled`].
    pub fn admit_file(self, limits: Limits, payees: u64, misses: u64) -> Result<(), Unsettled> {
        let back = weighed(payees, PAYMENT);
        let has = self.tokens.max(0).saturating_add(back);
        if has < MISS {
            return Err(self.admit_cost(limits, MISS).map_or_else(Unsettled::Exhausted, |()| Unsettled::Misses));
        }
        if has < weighed(misses, MISS) { Err(Unsettled::Misses) } else { Ok(()) }
    }

    /// After a payment file that was taken, goes to so many different payees, and has so many payments to payees who are not
    /// there. It never makes a debt, nor a deeper one.
    #[must_use]
    pub fn settled(self, limits: Limits, payees: u64, misses: u64) -> Self {
        let back = weighed(payees, PAYMENT).saturating_sub(weighed(misses, MISS));
        let left = self.tokens.saturating_add(back).max(self.tokens.min(0));
        Self { tokens: left.min(limits.capacity.max(self.tokens)), ..self }
    }

    /// After a payment file that was not taken as it had too many misses. It costs those that there was enough for and the one
    /// that was too many, or ten if that is less: were it cheap to be refused, it would pay to send small files until one is lucky.
    #[must_use]
    pub fn refused(self) -> Self {
        Self { tokens: self.tokens.saturating_sub(REFUSED).max(self.tokens.min(-MISS)), ..self }
    }
}

fn weighed(count: u64, price: i64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(price)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = DAY_MICROS;
    const SIX_WEEKS: i64 = 42 * DAY;
    /// Of a hundred numbers asked about, how many are somebody's: in the known sweep of a payment system's directory; of Danish
    /// numbers with a right check digit, over all birth dates; of the birth years that have most people.
    const HITS_PER_CENT: [u64; 3] = [16, 35, 45];

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn what_trickles_in_is_counted_whole_however_often_it_is_looked_at() {
        let limits = Limits::new(100, 50, 100);
        let empty = Bucket::kept(0, at(0));
        let once = empty.refilled(limits, at(DAY));
        assert_eq!(once.tokens(), 50 * TOKEN);
        let mut often = empty;
        for moment in (0..=DAY).step_by(1_000_003) {
            often = often.refilled(limits, at(moment));
        }
        assert_eq!(often.refilled(limits, at(DAY)), once);
        assert_eq!(once.refilled(limits, at(100 * DAY)), Bucket::full(limits, at(100 * DAY)));
        // A clock that is behind gives nothing, and takes nothing.
        assert_eq!(once.refilled(limits, at(0)), once);
    }

    #[test]
    fn whoever_waits_as_long_as_was_said_is_let_in() {
        let limits = Limits::new(100, 50, 100);
        for (tokens, payees) in [(0, 1), (0, 100), (99 * TOKEN + 999, 100), (-3 * TOKEN, 7), (-900 * TOKEN, 1)] {
            let bucket = Bucket::kept(tokens, at(0));
            let Exhausted { seconds } = bucket.admit(limits, payees).unwrap_err();
            let moment = seconds as i64 * MICROS_PER_SECOND;
            bucket.refilled(limits, at(moment)).admit(limits, payees).unwrap();
            let early = bucket.refilled(limits, at(moment - MICROS_PER_SECOND));
            early.admit(limits, payees).unwrap_err();
        }
    }

    #[test]
    fn a_payment_never_fills_more_than_the_bucket_holds_and_no_count_overflows() {
        let limits = Limits::new(100, 50, 100);
        let empty = Bucket::kept(0, at(0));
        assert_eq!(empty.settled(limits, 4, 0).tokens(), 5 * TOKEN);
        assert_eq!(empty.settled(limits, 1_000_000, 0).tokens(), 100 * TOKEN);
        assert_eq!(empty.settled(limits, 16, 1).tokens(), 0);
        assert_eq!(empty.settled(limits, 0, 2).tokens(), 0);
        assert_eq!(Bucket::kept(-7, at(0)).settled(limits, 0, 2).tokens(), -7);
        let deep = empty.charged(u64::MAX, u64::MAX).settled(limits, u64::MAX, u64::MAX);
        assert!(deep.admit(limits, 1).is_err());
        assert!(deep.refilled(limits, at(i64::MAX)).tokens() < 0);
    }

    /// Of `count` numbers, how many are somebody's, given that `asked` were asked about before.
    fn hits_among(per_cent: u64, asked: u64, count: u64) -> u64 {
        (asked + count) * per_cent / 100 - asked * per_cent / 100
    }

    /// Sweeps for six weeks with requests of one size, each as soon as it is let in; how many were found. `wait` puts off the
    /// first request of a bucket that is full anyway. `hit` is what somebody who is there costs: as much as a miss where an account
    /// must be guessed, since a verification of an invented account never matches.
    fn sweep(limits: Limits, per_cent: u64, hit: i64, payees: usize, wait: i64) -> u64 {
        let (mut bucket, mut asked, mut found) = (Bucket::full(limits, at(0)), 0, 0);
        let mut now = wait;
        while now <= SIX_WEEKS && asked < 600_000 {
            bucket = bucket.refilled(limits, at(now));
            match bucket.admit(limits, payees) {
                Err(Exhausted { seconds }) => now += seconds as i64 * MICROS_PER_SECOND,
                Ok(()) => {
                    let hits = hits_among(per_cent, asked, payees as u64);
                    let cheap = if hit == HIT { hits } else { 0 };
                    bucket = bucket.charged(cheap, payees as u64 - cheap);
                    asked += payees as u64;
                    found += hits;
                }
            }
        }
        found
    }

    /// Sweeps with payment files of one size that are held and cancelled, each as soon as it may be taken. Nothing is known of
    /// those of a file that is not taken. With `last` so many tokens are kept, by waiting in the end, for one request of look-ups
    /// about as many. How many were found.
    fn sweep_by_files(limits: Limits, per_cent: u64, payees: u64, pays_itself: bool, last: usize) -> u64 {
        let (mut bucket, mut asked, mut found) = (Bucket::full(limits, at(0)), 0, 0);
        let (mut now, end) = (0, SIX_WEEKS - last as i64 * TOKEN * limits.micros_per_thousandth);
        while now <= end && asked < 600_000 {
            bucket = bucket.refilled(limits, at(now));
            let hits = hits_among(per_cent, asked, payees);
            let (routed, misses) = (u64::from(pays_itself), payees - hits);
            match bucket.admit_file(limits, routed, misses) {
                Err(Unsettled::Exhausted(Exhausted { seconds })) => now += seconds as i64 * MICROS_PER_SECOND,
                Err(Unsettled::Misses) => {
                    bucket = bucket.refused();
                    asked += payees;
                }
                Ok(()) => {
                    bucket = bucket.settled(limits, routed, misses);
                    asked += payees;
                    found += hits;
                }
            }
        }
        let may_ask = last > 0 && bucket.refilled(limits, at(SIX_WEEKS)).admit(limits, last).is_ok();
        if may_ask { found + hits_among(per_cent, asked, last as u64) } else { found }
    }

    /// How many are found among so many; the nearest number.
    fn share(count: u64, per_cent: u64) -> u64 {
        (2 * count * per_cent + 100) / 200
    }

    /// How many are found for so many tokens, where somebody who is there costs `hit`; the nearest number.
    fn bought(tokens: i64, per_cent: u64, hit: i64) -> u64 {
        let hundred = per_cent * hit.unsigned_abs() + (100 - per_cent) * MISS.unsigned_abs();
        (2 * tokens.unsigned_abs() * per_cent + hundred) / (2 * hundred)
    }

    /// All that a bucket holds, and gets in six weeks.
    fn income(limits: Limits) -> i64 {
        limits.capacity + SIX_WEEKS / limits.micros_per_thousandth
    }

    /// Most that look-ups find, whatever the size of the requests: everything is spent, and what the last one may cost more than
    /// there was.
    fn most_by_look_ups(limits: Limits, per_cent: u64, hit: i64) -> u64 {
        let last = limits.payees_max() as u64;
        let hits = last * per_cent / 100;
        let debt = weighed(hits, hit) + weighed(last - hits, MISS) - weighed(last, HIT);
        bought(income(limits) + debt, per_cent, hit)
    }

    /// How many are found for the price of a miss, on average, by files of so many invented numbers that are sent whenever there is
    /// enough for so many misses. Files that are lucky are taken, and those that are not cost less than their misses.
    fn found_for_a_miss(limits: Limits, per_cent: u32, numbers: u32, enough: i64) -> f64 {
        let bucket = Bucket::kept(enough * MISS, at(0));
        let (there, nobody) = (f64::from(per_cent) / 100.0, 1.0 - f64::from(per_cent) / 100.0);
        let (mut found, mut cost) = (0.0, 0.0);
        // How likely it is that so many of them are nobody.
        let mut likely = there.powi(numbers as i32);
        for misses in 0..=numbers {
            let after = match bucket.admit_file(limits, 0, misses.into()) {
                Ok(()) => {
                    found += likely * f64::from(numbers - misses);
                    bucket.settled(limits, 0, misses.into())
                }
                Err(_) => bucket.refused(),
            };
            cost += likely * (bucket.tokens() - after.tokens()) as f64 / MISS as f64;
            likely *= f64::from(numbers - misses) / f64::from(misses + 1) * nobody / there;
        }
        found / cost
    }

    /// Most that files find, and one request of look-ups, the last: whatever comes before it, as long as its tokens are left, costs
    /// no less than by files of the best size, sent when there is enough for the best number of misses.
    fn most_by_files(limits: Limits, per_cent: u64, last: usize) -> u64 {
        let whole = limits.capacity / MISS;
        let for_a_miss = (1..=12).chain([20, 50, 100, 170, whole]).map(|enough| {
            let longest = enough as u64 * 130 / (100 - per_cent) + 2;
            let all = (enough as u64 + 1..=longest)
                .map(|numbers| found_for_a_miss(limits, per_cent as u32, numbers as u32, enough));
            all.fold(0.0, f64::max)
        });
        let misses = (income(limits) - weighed(last as u64, HIT)) as f64 / MISS as f64;
        (misses * for_a_miss.fold(0.0, f64::max)).round() as u64 + share(last as u64, per_cent)
    }

    /// The tables of `docs/adr/0017`: what a payer finds in six weeks by all that it can do, and that nothing finds more.
    #[test]
    fn a_sweep_by_a_payer_finds_a_thousand_at_most_in_six_weeks_for_all_its_purposes_together() {
        // By look-ups for `payment`; by files; by files and a last request; by look-ups for the other purpose.
        let check = |role: Role, other: LegalPurpose, hit: i64, expected: [[u64; 4]; 3]| {
            let [payment, other] = [LegalPurpose::Payment, other].map(|purpose| Limits::of(role, purpose).unwrap());
            for (per_cent, expected) in HITS_PER_CENT.into_iter().zip(expected) {
                let last = payment.payees_max();
                let found = [
                    most_by_look_ups(payment, per_cent, hit),
                    most_by_files(payment, per_cent, 0),
                    most_by_files(payment, per_cent, last),
                    most_by_look_ups(other, per_cent, hit),
                ];
                assert_eq!(found, expected, "{role:?}, {per_cent} in a hundred");
                let [by_look_ups, by_files, by_both, for_other] = found;
                let best = by_look_ups.max(by_both) + for_other;
                assert!(best <= 1000, "{role:?}, {per_cent} in a hundred: {best}");
                for (limits, most) in [(payment, by_look_ups), (other, for_other)] {
                    let sizes = [1, 2, 7, 20, 50, 100, limits.payees_max()];
                    for payees in sizes.map(|size| size.min(limits.payees_max())) {
                        for wait in [0, SIX_WEEKS / 2, SIX_WEEKS] {
                            let swept = sweep(limits, per_cent, hit, payees, wait);
                            assert!(swept <= most + 1, "{role:?} {limits:?} {payees} {wait}: {swept} above {most}");
                        }
                    }
                }
                for payees in [1, 2, 3, 5, 20, 100, 400, 20_000] {
                    for (last, most) in [(0, by_files), (100, by_both), (last / 2, by_both), (last, by_both)] {
                        let swept = sweep_by_files(payment, per_cent, payees, false, last);
                        assert!(swept <= most + 1, "{role:?} {per_cent} {payees} {last}: {swept} above {most}");
                    }
                }
                // It can be done: the figures are no higher than they must be.
                let swept = [0, last].map(|last| sweep_by_files(payment, per_cent, 1, false, last));
                assert!(swept[0] + 20 > by_files && swept[1] + 20 > by_both, "{role:?} {per_cent}: {swept:?}");
            }
        };
        let (public, private) = (Role::PublicPayer, Role::PrivatePayer);
        let figures = [[237, 96, 245, 52], [565, 259, 581, 125], [772, 390, 797, 173]];
        check(public, LegalPurpose::FraudPrevention, HIT, figures);
        let figures = [[112, 96, 133, 124], [244, 259, 340, 271], [314, 390, 492, 349]];
        check(private, LegalPurpose::CreditAgreement, MISS, figures);
    }

    #[test]
    fn a_payer_who_pays_those_whom_it_asks_about_is_never_refused() {
        for role in [Role::PublicPayer, Role::PrivatePayer] {
            let limits = Limits::of(role, LegalPurpose::Payment).unwrap();
            // One payment at once, bulk, and as much as can be asked before paying.
            let most = limits.payees_max();
            for (payees, requests) in [(1, 1), (100, 1), (most, 1), (most, 4_000 / most)] {
                let (mut bucket, mut asked, mut missed) = (Bucket::full(limits, at(0)), 0, 0);
                // No time passes: payments alone must do.
                while asked < 3_000_000 {
                    let mut payments = 0;
                    for _ in 0..requests {
                        bucket = bucket.refilled(limits, at(0));
                        assert_eq!(
                            bucket.admit(limits, payees),
                            Ok(()),
                            "{role:?} after {asked}, {missed} of them misses"
                        );
                        let hits = hits_among(99, asked, payees as u64);
                        bucket = bucket.charged(hits, payees as u64 - hits);
                        payments += hits;
                        asked += payees as u64;
                        missed += payees as u64 - hits;
                    }
                    bucket = bucket.settled(limits, payments, 0);
                }
                assert_eq!(missed, asked / 100);
            }
        }
    }

    #[test]
    fn a_payment_file_is_taken_if_there_is_enough_for_its_misses() {
        let limits = Limits::of(Role::PublicPayer, LegalPurpose::Payment).unwrap();
        let check = |tokens: i64, payees: u64, misses: u64, expected: Result<i64, Option<u64>>| {
            let bucket = Bucket::kept(tokens * TOKEN, at(0));
            let told = bucket.admit_file(limits, payees, misses);
            let told = told.map(|()| bucket.settled(limits, payees, misses).tokens() / TOKEN);
            let told = told.map_err(|refused| refused.retry_after_seconds());
            assert_eq!(told, expected, "{tokens} {payees} {misses}");
        };
        // One payment in twenty, and a little more, however large it is; of what is held at first, what the bucket has.
        check(0, 950_000, 50_000, Ok(5_000));
        check(0, 16, 1, Ok(0));
        check(0, 16, 2, Err(None));
        check(5_000, 0, 250, Ok(0));
        check(5_000, 0, 251, Err(None));
        check(5_000, 1, 251, Err(None));
        // A debt of look-ups is no reason: what a file gives back is enough for its own misses.
        check(-19_000, 4_000, 250, Ok(-19_000));
        check(-19_000, 4_000, 0, Ok(-14_000));
        // Where there is not enough for one miss it makes no difference whether there is one.
        for misses in [0, 1, 1_000] {
            check(0, 0, misses, Err(Some(17_280)));
            check(0, 15, misses, Err(Some(17_280)));
            check(19, 0, misses, Err(Some(864)));
            check(-100, 0, misses, Err(Some(103_680)));
        }
        check(20, 0, 0, Ok(20));
        let refused = |tokens: i64| Bucket::kept(tokens * TOKEN, at(0)).refused().tokens() / TOKEN;
        assert_eq!([5_000, 181, 100, 20, 7, -9, -20, -100].map(refused), [4_800, -19, -20, -20, -20, -20, -20, -100]);
    }

    #[test]
    fn to_pay_oneself_in_each_file_buys_a_sweep_little() {
        let limits = Limits::of(Role::PublicPayer, LegalPurpose::Payment).unwrap();
        for per_cent in HITS_PER_CENT {
            // Less than a sixteenth of a miss for each file, however often it stands in it.
            let [paid, unpaid] = [true, false].map(|itself| sweep_by_files(limits, per_cent, 50, itself, 0));
            assert!(paid <= unpaid + unpaid / 16, "{per_cent} in a hundred: {paid}, {unpaid}");
        }
    }

    #[test]
    fn who_may_ask_for_what() {
        let check = |role: Role, purposes: &[LegalPurpose]| {
            let found: Vec<LegalPurpose> =
                LegalPurpose::ALL.into_iter().filter(|purpose| Limits::of(role, *purpose).is_some()).collect();
            assert_eq!(found, purposes, "{role:?}");
        };
        use LegalPurpose::{CreditAgreement, FraudPrevention, Law, Payment, Recovery};
        check(Role::Console, &[]);
        check(Role::Operator, &[]);
        check(Role::Caseworker, &[]);
        check(Role::Citizen, &[]);
        check(Role::PublicPayer, &[Payment, FraudPrevention]);
        check(Role::PrivatePayer, &[Payment, CreditAgreement]);
        check(Role::Bank, &[Payment, CreditAgreement, FraudPrevention]);
        check(Role::Authority, &[Recovery, FraudPrevention, Law]);
        check(Role::RegisterFeed, &[]);
    }
}
