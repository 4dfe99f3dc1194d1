//! Points at which a test may kill the process: before and after every sync, commit and rename.
//!
//! Compiled in only with the feature `failpoints`; a release binary has none. `ANVIS_KILL_AT=N` aborts the process at the
//! `N`-th point that it passes, so that a test which counts upwards has killed it everywhere.

/// `many`; or `few` where points are compiled in, so that small inputs go through several chunks.
#[must_use]
pub const fn chunk(many: usize, few: usize) -> usize {
    if cfg!(feature = "failpoints") { few } else { many }
}

/// A point at which nothing may be lost.
#[inline]
pub fn reach() {
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
