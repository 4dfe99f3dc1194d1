//! Points at which a test may kill the process: before and after every sync, commit and rename.
//!
//! Compiled in only with the feature `failpoints`; a release binary has none. `ANVIS_KILL_AT=N` aborts the process at the
//! `N`-th point that it passes, so that a test which counts upwards has killed it everywhere.
//!
//! A test that cannot give a process to each kill, as it kills very often, ends a thread instead: [`strike`], with the feature `testing`.
//! All that is kept of what was under way is then what was committed, as after a kill.

/// `many`; or `few` where points are compiled in, so that small inputs go through several chunks.
#[must_use]
pub const fn chunk(many: usize, few: usize) -> usize {
    if cfg!(feature = "failpoints") { few } else { many }
}

/// A point at which nothing may be lost.
#[inline]
pub fn reach() {
    #[cfg(feature = "testing")]
    in_test::pass(in_test::Kind::Point);
    #[cfg(feature = "failpoints")]
    {
        use std::sync::LazyLock;
        use std::sync::atomic::{AtomicU64, Ordering};
        #[expect(clippy::disallowed_methods, reason = "a test's switch, never in a release build")]
        static KILL_AT: LazyLock<Option<u64>> =
            LazyLock::new(|| std::env::var("ANVIS_KILL_AT").ok().and_then(|at| at.parse().ok()));
        static REACHED: AtomicU64 = AtomicU64::new(0);
        let reached = REACHED.fetch_add(1, Ordering::SeqCst) + 1;
        if *KILL_AT == Some(reached) {
            std::process::abort();
        }
    }
}

/// Outside of any transaction, before one begins that others would have to wait for: what others do now comes before it.
#[inline]
pub(crate) fn before_writing() {
    #[cfg(feature = "testing")]
    in_test::pass(in_test::Kind::Writing);
}

#[cfg(feature = "testing")]
pub use in_test::{Struck, meanwhile, strike};

#[cfg(feature = "testing")]
mod in_test {
    use std::cell::RefCell;

    /// What unwinds a thread that was struck.
    #[derive(Clone, Copy, Debug)]
    pub struct Struck;

    /// Where something is to happen.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(super) enum Kind {
        Point,
        Writing,
    }

    struct Armed {
        kind: Kind,
        left: u32,
        what: Box<dyn FnOnce()>,
    }

    thread_local! {
        static ARMED: RefCell<Option<Armed>> = const { RefCell::new(None) };
    }

    /// Does `work`, and ends it at the `at`-th point that this thread passes: `Err` if it came so far. Nothing that `work` was at may be
    /// gone on with.
    ///
    /// # Errors
    /// It was struck.
    pub fn strike<T>(at: u32, work: impl FnOnce() -> T) -> Result<T, Struck> {
        let what = Box::new(|| std::panic::resume_unwind(Box::new(Struck)));
        let work = std::panic::AssertUnwindSafe(|| armed(Armed { kind: Kind::Point, left: at.max(1), what }, work));
        std::panic::catch_unwind(work).or_else(|panic| match panic.downcast::<Struck>() {
            Ok(struck) => Err(*struck),
            Err(other) => std::panic::resume_unwind(other),
        })
    }

    /// Does `work`, and `what` in the midst of it: right before the first transaction of this thread that others would have to wait for.
    pub fn meanwhile<T>(what: Box<dyn FnOnce()>, work: impl FnOnce() -> T) -> T {
        armed(Armed { kind: Kind::Writing, left: 1, what }, work)
    }

    fn armed<T>(armed: Armed, work: impl FnOnce() -> T) -> T {
        struct Disarm;
        impl Drop for Disarm {
            fn drop(&mut self) {
                ARMED.take();
            }
        }
        ARMED.with_borrow_mut(|place| *place = Some(armed));
        let _disarm = Disarm;
        work()
    }

    pub(super) fn pass(kind: Kind) {
        let due = ARMED.with_borrow_mut(|place| {
            let armed = place.as_mut().filter(|armed| armed.kind == kind)?;
            armed.left -= 1;
            if armed.left == 0 { place.take() } else { None }
        });
        // What happens may pass points itself.
        if let Some(armed) = due {
            (armed.what)();
        }
    }
}
