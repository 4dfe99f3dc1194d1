//! Lists that are told page by page.

use kernel::Error;

/// A page of something that is in the order of its ids.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// The oldest first.
    pub rows: Vec<T>,
    /// Where the next page goes on; none after the last.
    pub next: Option<i64>,
}

impl<T> Paged<T> {
    /// At most `limit` of what was found, which was looked for one further.
    pub(crate) fn of(mut found: Vec<T>, limit: usize, id: impl Fn(&T) -> i64) -> Self {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(id);
        Self { rows: found, next }
    }

    pub(crate) fn try_map<U>(self, map: impl FnMut(T) -> Result<U, Error>) -> Result<Paged<U>, Error> {
        Ok(Paged { rows: self.rows.into_iter().map(map).collect::<Result<_, _>>()?, next: self.next })
    }
}
