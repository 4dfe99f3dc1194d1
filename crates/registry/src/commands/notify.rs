//! Has notices tried and sent again; and says what became of each, which is written beside the journal, because nobody is answered
//! by it.

use crate::notice::{Details, Language, Medium, NewNotice, Notice, NoticeKind, NoticeRefusal, Recipient};
use crate::notice_progress::{NoticeProgress, NoticeState};
use crate::progress::{Failure, Hold};
use crate::{officer, policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, Timestamp, Writer};
use serde_json::json;

/// As many notices at a time are sent again.
pub const RETRIED_MAX: usize = 10_000;

/// Records a notice that tells nothing.
pub struct TryNotice {
    /// To whom.
    pub to: Recipient,
    /// In which language.
    pub language: Language,
}

impl Command for TryNotice {
    const OPERATION: Operation = policy::TRY_NOTICE;
    const READS_JOURNAL: bool = false;
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
        let facts = json!({ "medium": self.to.medium().name(), "language": self.language.tag() });
        Ok(Decision::of(vec![()], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let payee = match &self.to {
            Recipient::DigitalPost(payee) | Recipient::Letter(payee) => payee.key(scope.vault),
            // It is about nobody.
            Recipient::Sms(_) | Recipient::Email(_) => Blind::default(),
        };
        let (to, details) = (self.to.clone(), Details::at(entry.at));
        let notice = NewNotice { payee, kind: NoticeKind::Trial, to, language: self.language, details };
        Ok(vec![store::notice::insert_many(scope, entry, &[notice])?])
    }
}

/// Has notices sent again that were not taken.
pub struct RetryNotices {
    /// Which one, by its name; else all that were given up, the oldest [`RETRIED_MAX`] of them.
    pub notice: Option<String>,
    /// Why.
    pub why: String,
}

impl Command for RetryNotices {
    const OPERATION: Operation = policy::RETRY_NOTICES;
    type State = Vec<(Id<Notice>, NoticeProgress)>;
    type Change = (Id<Notice>, NoticeProgress);
    /// How many.
    type Output = usize;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let Some(name) = &self.notice else {
            let dead = store::notice::in_state(scope, NoticeState::Dead, None, RETRIED_MAX)?;
            return Ok(dead.into_iter().map(|(notice, progress)| (notice.id, progress)).collect());
        };
        let id = Id::parse_name(name).ok_or(NoticeRefusal::Unknown)?;
        let progress = store::notice::progress(scope.tx, id)?.ok_or(NoticeRefusal::Unknown)?;
        Ok(vec![(id, progress)])
    }

    fn decide(&self, found: Self::State, env: &Env) -> Result<Decision<Self::Change, usize>, Refusal> {
        officer::require_why(&self.why)?;
        if found.is_empty() {
            return Ok(Decision::unchanged(0));
        }
        let again = |(id, progress): (_, NoticeProgress)| Some((id, progress.again(env.now)?));
        let changes = found.into_iter().map(again).collect::<Option<Vec<_>>>().ok_or(NoticeRefusal::Sent)?;
        let count = changes.len();
        let facts = json!({ "notice": self.notice, "count": count, "why": self.why });
        Ok(Decision::of(changes, facts, count))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], _: Entry) -> Result<Vec<Rows>, Error> {
        store::notice::set_progress(scope.tx, changes)?;
        Ok(vec![])
    }
}

/// One process that sends notices.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    /// The process, by a number that it drew.
    pub holder: Id<Hold>,
}

/// What became of one try.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Of which notice.
    pub notice: Id<Notice>,
    /// Why it was not taken; and after how many seconds whoever did not take it wants to be asked again.
    pub result: Result<(), (Failure, Option<i64>)>,
}

/// A notice that was taken; or why it cannot be read.
pub type Taken = (Id<Notice>, Result<Notice, Error>);

impl Carrier {
    /// Takes notices that are due, at most `limit` of those that are due longest. Other processes leave them alone until
    /// [`HELD_SECONDS`](crate::progress::HELD_SECONDS) are over.
    ///
    /// # Errors
    /// The store's.
    pub fn take(self, writer: &mut Writer, medium: Medium, now: Timestamp, limit: usize) -> Result<Vec<Taken>, Error> {
        // Most times there are none, and nobody need be kept from writing for that.
        if writer.read(|scope| store::notice::due(scope.tx, medium, now, 1))?.is_empty() {
            return Ok(Vec::new());
        }
        let taken = writer.connection.stage(|tx| {
            let mut taken = Vec::new();
            for id in store::notice::due(tx, medium, now, limit)? {
                let progress = store::notice::progress(tx, id)?;
                taken.extend(progress.and_then(|progress| Some((id, progress.taken(self.holder, now)?))));
            }
            store::notice::set_progress(tx, &taken)?;
            Ok(taken)
        })?;
        writer.read(|scope| {
            // One that cannot be read keeps no other waiting.
            let read = |id| store::notice::find(scope, id)?.ok_or_else(|| NoticeRefusal::Unknown.into());
            Ok(taken.into_iter().map(|(id, _)| (id, read(id))).collect())
        })
    }

    /// What became of the notices that were taken; where each stands now, if this process had a say in it.
    ///
    /// # Errors
    /// The store's.
    pub fn tell(self, writer: &mut Writer, tried: &[Tried], now: Timestamp) -> Result<Vec<Option<NoticeState>>, Error> {
        let mut chances = Vec::with_capacity(tried.len());
        for _ in tried {
            chances.push(u32::from_be_bytes(writer.secrets.bytes()?));
        }
        writer.connection.stage(|tx| {
            let (mut changed, mut states) = (Vec::new(), Vec::with_capacity(tried.len()));
            for (Tried { notice, result }, chance) in tried.iter().zip(&chances) {
                let next = store::notice::progress(tx, *notice)?.and_then(|progress| match *result {
                    Ok(()) => progress.sent(now),
                    Err((failure, after)) => progress.failed(self.holder, failure, after, now, *chance),
                });
                states.push(next.as_ref().map(|next| next.state));
                changed.extend(next.map(|next| (*notice, next)));
            }
            store::notice::set_progress(tx, &changed)?;
            Ok(states)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::{NoticeView, count_notices, notices};
    use kernel::testing::TestPlace;
    use kernel::{Actor, Secrets, Store};

    const ONE: Carrier = Carrier { holder: Id::new(1) };
    const OTHER: Carrier = Carrier { holder: Id::new(2) };

    /// A command that tells of itself.
    struct Tell(Vec<NewNotice>);

    impl Command for Tell {
        const OPERATION: Operation = policy::TRY_NOTICE;
        type State = ();
        type Change = ();
        type Output = ();

        fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
            Ok(())
        }

        fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
            Ok(Decision::of(vec![()], json!({}), ()))
        }

        fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
            Ok(vec![store::notice::insert_many(scope, entry, &self.0)?])
        }
    }

    struct Place {
        writer: Writer,
        store: Store,
        _place: TestPlace,
        _folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain(crate::MIGRATIONS).collect();
            let (place, key) = (TestPlace::empty(folder.path()), folder.path().join("key"));
            let (env, mut secrets) = (Env::new(at(0), 0), Secrets::from_system());
            let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
            Self { writer: store.writer(secrets).unwrap(), store, _place: place, _folder: folder }
        }

        fn execute<C: Command>(&mut self, command: &C, seconds: i64) -> Result<C::Output, &'static str> {
            let done = self.writer.execute(command, &Actor::console(), &Env::new(at(seconds), 0));
            done.map_err(|error| error.code())
        }

        fn tell(&mut self, to: &[&str], seconds: i64) {
            let notice = |to: &&str| NewNotice {
                payee: Blind::from_bytes([7; 16]),
                kind: NoticeKind::LockSet,
                to: Recipient::parse(to).unwrap(),
                language: Language::Danish,
                details: Details::at(at(seconds)),
            };
            self.execute(&Tell(to.iter().map(notice).collect()), seconds).unwrap();
        }

        fn take(&mut self, who: Carrier, medium: Medium, seconds: i64, limit: usize) -> Vec<Notice> {
            let taken = who.take(&mut self.writer, medium, at(seconds), limit).unwrap();
            taken.into_iter().map(|(_, notice)| notice.unwrap()).collect()
        }

        fn told(
            &mut self,
            who: Carrier,
            notices: &[Notice],
            result: Result<(), (Failure, Option<i64>)>,
            seconds: i64,
        ) -> Vec<Option<NoticeState>> {
            let tried = |notice: &Notice| Tried { notice: notice.id, result };
            let tried: Vec<_> = notices.iter().map(tried).collect();
            who.tell(&mut self.writer, &tried, at(seconds)).unwrap()
        }

        fn list(&mut self, state: NoticeState) -> Vec<NoticeView> {
            self.writer.read(|scope| notices(scope, &Actor::console(), state, 100)).unwrap()
        }

        fn verify(&mut self) {
            let tables: Vec<_> = kernel::TABLES.iter().chain(crate::TABLES).copied().collect();
            self.writer.read(|scope| kernel::journal::verify(scope, &tables, None, &mut |_| {})).unwrap();
        }
    }

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    const ALL: [&str; 4] =
        ["digital_post:cpr:6101701234", "sms:+4512345678", "email:anna@mail.example", "sms:+4587654321"];

    #[test]
    fn a_notice_is_sent_once_and_others_go_on() {
        let mut place = Place::new();
        place.tell(&ALL, 10);
        place.tell(&[], 11);
        place.tell(&ALL[1..2], 12);
        assert_eq!(place.take(ONE, Medium::Sms, 9, 10), vec![], "it is not due before it is recorded");
        let first = place.take(ONE, Medium::Sms, 20, 2);
        let to = |notices: &[Notice]| notices.iter().map(|notice| notice.new.to.reveal()).collect::<Vec<_>>();
        assert_eq!(to(&first), [ALL[1], ALL[3]]);
        let second = place.take(OTHER, Medium::Sms, 20, 10);
        assert_eq!(to(&second), [ALL[1]], "what one has taken the other leaves alone");
        assert_eq!(place.take(OTHER, Medium::Sms, 20, 10), vec![]);
        assert_eq!(place.told(ONE, &first, Ok(()), 21), [Some(NoticeState::Sent); 2]);
        assert_eq!(place.told(ONE, &first, Ok(()), 22), [None; 2], "it is told once");
        let failed = Err((Failure::Unreachable, None));
        assert_eq!(place.told(ONE, &second, failed, 22), [None], "it is the other's");
        assert_eq!(place.told(OTHER, &second, failed, 22), [Some(NoticeState::Waiting)]);
        let waiting = place.list(NoticeState::Waiting);
        let shown: Vec<_> = waiting.iter().map(|view| (view.medium, view.to.as_str(), view.tries)).collect();
        assert_eq!(shown, [("digital_post", "cpr", 0), ("email", "a…@mail.example", 0), ("sms", "+45…78", 1)]);
        assert_eq!(waiting[2].last_code.as_deref(), Some("delivery.unreachable"));
        assert_eq!((waiting[0].recorded.as_str(), waiting[0].kind), ("1970-01-01T00:00:10Z", "lock_set"));
        assert_eq!(place.list(NoticeState::Sent).len(), 2);
        place.verify();
    }

    #[test]
    fn whoever_is_killed_leaves_notices_to_others() {
        let mut place = Place::new();
        place.tell(&ALL[1..2], 10);
        let taken = place.take(ONE, Medium::Sms, 10, 10);
        assert_eq!(taken.len(), 1);
        assert_eq!(place.take(OTHER, Medium::Sms, 129, 10), vec![]);
        assert_eq!(place.take(OTHER, Medium::Sms, 130, 10), taken);
        assert_eq!(place.told(OTHER, &taken, Err((Failure::CutOff, None)), 131), [Some(NoticeState::Waiting)]);
        // Whoever was slow rather than dead has sent it after all.
        assert_eq!(place.told(ONE, &taken, Ok(()), 132), [Some(NoticeState::Sent)]);
        assert_eq!(place.take(OTHER, Medium::Sms, 1_000_000, 10), vec![]);
    }

    #[test]
    fn what_was_given_up_is_sent_again_when_an_operator_says_so() {
        let mut place = Place::new();
        place.tell(&ALL, 10);
        let sms = place.take(ONE, Medium::Sms, 10, 10);
        place.told(ONE, &sms, Err((Failure::Answer(400), None)), 11);
        let email = place.take(ONE, Medium::Email, 10, 10);
        place.told(ONE, &email, Ok(()), 11);
        let counts = place.writer.read(|scope| count_notices(scope, &Actor::console())).unwrap();
        assert_eq!(
            counts,
            [(Medium::DigitalPost, 1, 0), (Medium::Sms, 0, 2), (Medium::Email, 0, 0), (Medium::Letter, 0, 0)]
        );
        let dead = place.list(NoticeState::Dead);
        assert_eq!((dead.len(), dead[0].last_status, dead[0].at.as_str()), (2, Some(400), "1970-01-01T00:00:11Z"));
        assert_eq!(place.take(ONE, Medium::Sms, 1_000_000, 10), vec![]);

        let retry =
            |notice: Option<&str>, why: &str| RetryNotices { notice: notice.map(str::to_owned), why: why.to_owned() };
        let name = dead[0].notice.clone();
        assert_eq!(place.execute(&retry(Some(&name), " "), 20), Err("change.why"));
        assert_eq!(place.execute(&retry(Some("0000000000001"), "so"), 20), Err("notice.unknown"));
        assert_eq!(place.execute(&retry(Some("none"), "so"), 20), Err("notice.unknown"));
        assert_eq!(place.execute(&retry(Some(&email[0].id.name()), "so"), 20), Err("notice.sent"));
        assert_eq!(place.execute(&retry(Some(&name), "the number was mended"), 20), Ok(1));
        let taken = place.take(OTHER, Medium::Sms, 20, 10);
        assert_eq!(taken, sms[..1]);
        // The first answer was given twice, the second time when it counted no more.
        assert_eq!(place.told(ONE, &taken, Err((Failure::Answer(400), None)), 21), [None]);
        assert_eq!(place.told(OTHER, &taken, Ok(()), 21), [Some(NoticeState::Sent)]);
        assert_eq!(place.execute(&retry(None, "the gateway is back"), 30), Ok(1));
        assert_eq!(place.execute(&retry(None, "the gateway is back"), 30), Ok(0));
        assert_eq!(place.take(ONE, Medium::Sms, 30, 10), sms[1..]);
        place.verify();
    }

    #[test]
    fn what_a_box_that_is_not_there_was_to_get_waits_for_a_letter() {
        let mut place = Place::new();
        place.tell(&ALL[..1], 10);
        let taken = place.take(ONE, Medium::DigitalPost, 10, 10);
        let gone = Err((Failure::Answer(410), None));
        assert_eq!(place.told(ONE, &taken, gone, 11), [Some(NoticeState::Waiting)]);
        assert_eq!(place.take(ONE, Medium::DigitalPost, 1_000_000, 10), vec![]);
        let waiting = place.list(NoticeState::Waiting);
        assert_eq!((waiting[0].medium, waiting[0].last_status), ("letter", Some(410)));
        let letters = place.take(ONE, Medium::Letter, 11, 10);
        assert_eq!(letters, taken);
        assert_eq!(place.told(ONE, &letters, Ok(()), 12), [Some(NoticeState::Sent)]);
        place.verify();
    }

    #[test]
    fn two_processes_share_the_work_and_none_sends_what_the_other_has() {
        let mut place = Place::new();
        for at in 0..60 {
            place.tell(&[&format!("sms:+45200000{at:02}")], 10);
        }
        let work = |who: Carrier, mut writer: Writer| {
            move || {
                let mut mine = Vec::new();
                loop {
                    let taken = who.take(&mut writer, Medium::Sms, at(20), 7).unwrap();
                    if taken.is_empty() {
                        return mine;
                    }
                    let tried = |id: &Id<Notice>| Tried { notice: *id, result: Ok(()) };
                    let tried: Vec<_> = taken.iter().map(|(id, _)| tried(id)).collect();
                    assert!(who.tell(&mut writer, &tried, at(21)).unwrap().iter().all(Option::is_some));
                    mine.extend(taken.into_iter().map(|(id, _)| id));
                }
            }
        };
        let writer = || place.store.writer(Secrets::from_system()).unwrap();
        let threads = [ONE, OTHER].map(|who| std::thread::spawn(work(who, writer())));
        let mut sent: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        sent.sort_unstable();
        assert_eq!(sent.len(), 60);
        assert!(sent.windows(2).all(|pair| pair[0] != pair[1]), "none was sent twice");
    }

    #[test]
    fn one_can_try_whether_notices_arrive() {
        let mut place = Place::new();
        for to in ALL {
            let command = TryNotice { to: Recipient::parse(to).unwrap(), language: Language::English };
            assert_eq!(place.execute(&command, 5), Ok(()));
        }
        let waiting = place.list(NoticeState::Waiting);
        assert!(waiting.iter().all(|view| (view.kind, view.language) == ("trial", "en")), "{waiting:?}");
        let taken = place.take(ONE, Medium::DigitalPost, 5, 10);
        assert_eq!(taken[0].reference(place.store.vault()), waiting[0].reference);
        place.verify();
    }
}
