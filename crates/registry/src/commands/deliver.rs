//! Registers and ends deliveries; and says how far each is, which is written beside the journal, because nobody is answered by
//! it.

use crate::delivery::{Delivery, DeliveryRefusal, Terms, What};
use crate::progress::{Failure, Hold, Progress};
use crate::{policy, store};
use kernel::journal::{self, Entry, Rows};
use kernel::{Command, Connection, Decision, Env, Error, Id, Operation, Refusal, Scope, Timestamp};
use serde_json::json;

/// Registers a delivery, or gives one that is registered another place.
pub struct AddDelivery {
    /// All that holds from now on.
    pub terms: Terms,
    /// Whether a new one begins with all that was ever recorded, and not with what is recorded from now on.
    pub from_the_beginning: bool,
}

impl Command for AddDelivery {
    const OPERATION: Operation = policy::ADD_DELIVERY;
    type State = DeliveryState;
    type Change = Option<Delivery>;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let asks = self.terms.what == What::Ownership;
        Ok(DeliveryState {
            registered: store::delivery::find(scope, &self.terms.name)?,
            // Who a client is, is known elsewhere.
            is_known: self.terms.what.is_clients() || store::bank::has_name(scope.tx, &self.terms.whose)?,
            asking: if asks { store::delivery::asking(scope, &self.terms.whose)? } else { None },
        })
    }

    fn decide(&self, state: Self::State, _: &Env) -> Result<Decision<Self::Change, ()>, Refusal> {
        let DeliveryState { registered, is_known, asking } = state;
        self.terms.check()?;
        match &registered {
            Some(delivery) if delivery.is_ended => return Err(DeliveryRefusal::Ended.into()),
            Some(Delivery { terms: Terms { what, whose, .. }, .. })
                if *what != self.terms.what || *whose != self.terms.whose =>
            {
                return Err(DeliveryRefusal::NameTaken.into());
            }
            Some(delivery) if delivery.terms == self.terms => return Ok(Decision::unchanged(())),
            _ if !is_known => return Err(DeliveryRefusal::BankUnknown.into()),
            _ if asking.is_some_and(|asking| asking.terms.name != self.terms.name) => {
                return Err(DeliveryRefusal::BankTaken.into());
            }
            _ => {}
        }
        let Terms { name, what, whose, place } = &self.terms;
        let facts = json!({
            "delivery": name,
            "what": what.name(),
            "whose": whose,
            "place": place.to_string(),
            "is_new": registered.is_none(),
        });
        Ok(Decision::of(vec![registered], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let insert = |former: &Self::Change| {
            let (delivery, rows) = store::delivery::insert(scope, entry, former.as_ref(), &self.terms, false)?;
            look_again(scope, &self.terms, entry)?;
            if former.is_none() {
                // What is recorded later has a later place.
                let begin = if self.from_the_beginning { -1 } else { journal::first_row_of(entry.number()) };
                store::delivery::insert_progress(scope.tx, delivery, &Progress::from(begin))?;
            } else {
                // It may be another place now: there is nothing to wait for.
                let progress = store::delivery::progress(scope.tx, delivery)?;
                store::delivery::set_progress(scope.tx, delivery, &Progress { next_try: entry.at, ..progress })?;
            }
            Ok(rows)
        };
        changes.iter().map(insert).collect()
    }
}

/// What deciding about a delivery needs to know.
pub struct DeliveryState {
    /// The one with this name.
    registered: Option<Delivery>,
    /// Whether the bank is known.
    is_known: bool,
    /// Where the bank is asked whose an account is.
    asking: Option<Delivery>,
}

/// Another bank can be asked from now on, or one no more: what waits is looked at anew.
fn look_again(scope: &Scope<'_>, terms: &Terms, entry: Entry) -> Result<(), Error> {
    if terms.what == What::Ownership { store::proposal::look_again(scope.tx, None, entry.at) } else { Ok(()) }
}

/// Ends a delivery: what was not taken yet is not given any more.
pub struct EndDelivery {
    /// Its name.
    pub name: String,
}

impl Command for EndDelivery {
    const OPERATION: Operation = policy::END_DELIVERY;
    type State = Option<Delivery>;
    type Change = Delivery;
    /// Whether it had not been ended before.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        store::delivery::find(scope, &self.name)
    }

    fn decide(&self, registered: Self::State, _: &Env) -> Result<Decision<Delivery, bool>, Refusal> {
        match registered {
            None => Err(DeliveryRefusal::Unknown.into()),
            Some(delivery) if delivery.is_ended => Ok(Decision::unchanged(false)),
            Some(delivery) => Ok(Decision::of(vec![delivery], json!({ "delivery": self.name }), true)),
        }
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Delivery], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |delivery: &Delivery| {
            look_again(scope, &delivery.terms, entry)?;
            store::delivery::insert(scope, entry, Some(delivery), &delivery.terms, true).map(|(_, rows)| rows)
        };
        changes.iter().map(end).collect()
    }
}

/// One process's part in a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Giver {
    /// The delivery.
    pub delivery: Id<Delivery>,
    /// The process.
    pub holder: Id<Hold>,
}

impl Giver {
    /// Keeps others away while something is given, or goes on to; whether it is still to be given from `position` on, and by this
    /// process.
    ///
    /// # Errors
    /// The store's.
    pub fn hold(self, connection: &mut Connection, position: i64, now: Timestamp) -> Result<bool, Error> {
        self.change(connection, position, |progress| {
            progress.is_open_to(self.holder, now).then(|| progress.held(self.holder, now))
        })
    }

    /// What came after `position` was taken, up to `reached`; whether that is so, and nobody else was faster.
    ///
    /// # Errors
    /// The store's.
    pub fn taken(
        self,
        connection: &mut Connection,
        position: i64,
        reached: i64,
        items: i64,
        goes_on: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.change(connection, position, |progress| {
            self.holds(&progress).then(|| progress.taken(reached, items, now, goes_on))
        })
    }

    /// There was nothing to be given after `position`, up to `reached`; whether nobody else was faster.
    ///
    /// # Errors
    /// The store's.
    pub fn passed(
        self,
        connection: &mut Connection,
        position: i64,
        reached: i64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.change(connection, position, |progress| {
            progress.is_open_to(self.holder, now).then(|| progress.passed(reached))
        })
    }

    /// What came after `position` was not taken.
    ///
    /// # Errors
    /// The store's.
    pub fn failed(
        self,
        connection: &mut Connection,
        position: i64,
        failure: Failure,
        retry_after: Option<i64>,
        now: Timestamp,
        chance: u32,
    ) -> Result<bool, Error> {
        self.change(connection, position, |progress| {
            self.holds(&progress).then(|| progress.failed(failure, retry_after, now, chance))
        })
    }

    fn holds(self, progress: &Progress) -> bool {
        progress.hold.holder == self.holder
    }

    /// Writes what `next` makes of how far it is, unless it is not at `position` any more.
    fn change(
        self,
        connection: &mut Connection,
        position: i64,
        next: impl Fn(Progress) -> Option<Progress>,
    ) -> Result<bool, Error> {
        connection.stage(|tx| {
            let progress = store::delivery::progress(tx, self.delivery)?;
            let next = Some(progress).filter(|progress| progress.position == position).and_then(&next);
            match &next {
                None => Ok(false),
                Some(next) => store::delivery::set_progress(tx, self.delivery, next).map(|()| true),
            }
        })
    }
}
