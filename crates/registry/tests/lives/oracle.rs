//! What must become of a change of account, said once more and by itself: from what was asked, what people did, and what was known
//! at that moment. It knows nothing of the store, and nothing of how the registry decides.

use denmark::calendar::after_banking_days;
use jiff::tz::TimeZone;
use kernel::{Assurance, Timestamp};
use registry::controls::{Control, Controls};
use registry::designation::ChannelKind;
use registry::ownership::Ownership;
use registry::proposal::Holder;

const DAY: i64 = 86_400_000_000;
/// A bank says whose an account is within so long, or not at all.
const ANSWERED_WITHIN: i64 = DAY;
/// A person decides within so many days.
const DECIDED_WITHIN: i64 = 30 * DAY;
/// A letter's code is good for so many, and the last of them is a whole day in Denmark.
const CODE_WITHIN: i64 = 60 * DAY;
/// What waits for a letter waits so long for its code at most.
const LETTER_WITHIN: i64 = 90 * DAY;
const ATTEMPTS: usize = 3;
/// What one proposal has room for.
const ACTS: usize = 64;

/// Which account of a payee: the default one, or an authority's for a kind of benefit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    Default,
    Specific(usize, usize),
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Bank(usize),
    Operator,
    Payee,
    Authority(usize),
}

impl Via {
    /// Who puts another account in the place of one that is frozen.
    pub const fn is_officers(self) -> bool {
        matches!(self, Self::Operator | Self::Authority(_))
    }

    pub const fn kind(self) -> ChannelKind {
        match self {
            Self::Bank(_) => ChannelKind::Bank,
            Self::Operator => ChannelKind::Operator,
            Self::Payee => ChannelKind::SelfService,
            Self::Authority(_) => ChannelKind::Caseworker,
        }
    }
}

/// What holds of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    InForce,
    Frozen,
    FrozenByBank,
    Closed,
}

/// One row of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub at: i64,
    pub held: Held,
    pub account: String,
}

impl Row {
    /// Whether it says the same of the same account.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.held, &self.account) == (other.held, &other.account)
    }
}

/// The account that is there, if one is.
pub fn live(rows: &[Row]) -> Option<&Row> {
    rows.last().filter(|row| row.held != Held::Closed)
}

/// When an account was last given up for another one, or closed.
fn left(rows: &[Row], account: &str) -> Option<i64> {
    let is_it = |row: &Row| row.held != Held::Closed && row.account == account;
    let last = rows.iter().rposition(is_it)?;
    rows.get(last + 1).map(|row| row.at)
}

/// Whether nobody designated another account since there were so many rows: it may have been frozen, unfrozen and closed.
fn is_left_alone(rows: &[Row], since: usize) -> bool {
    let Some(was) = since.checked_sub(1) else { return rows.is_empty() };
    let is_closed = |row: &Row| row.held == Held::Closed;
    rows[was..].windows(2).all(|two| two[0].account == two[1].account && (!is_closed(&two[0]) || is_closed(&two[1])))
}

/// When the code of a letter ends that was made at a moment.
fn code_ends(made: i64) -> i64 {
    let denmark = TimeZone::get("Europe/Copenhagen").unwrap();
    let last = denmark.to_datetime(Timestamp::from_micros(made + CODE_WITHIN).to_jiff()).date();
    let midnight = last.tomorrow().unwrap().at(0, 0, 0, 0);
    Timestamp::from(denmark.to_ambiguous_timestamp(midnight).compatible().unwrap()).micros()
}

/// What is known of a payee.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub contact_changed: Option<i64>,
    pub address_changed: Option<i64>,
    pub authenticator_changed: Option<i64>,
    pub key_material_posted: Option<i64>,
    /// Each time it was posted, the last one last.
    pub posted: Vec<i64>,
    /// Each time that they moved: each to another letter box, which others have who moved as often.
    pub moved: Vec<i64>,
    pub locked: Vec<ChannelKind>,
    pub is_dead: bool,
}

/// What is to be done with the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Designate,
    Delete,
    Unfreeze,
    /// Of this proposal.
    Revert(usize),
}

impl What {
    /// Whether it gives an account to nobody anew.
    pub const fn heals(self) -> bool {
        matches!(self, Self::Unfreeze | Self::Revert(_))
    }
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub what: What,
    pub at: i64,
    pub payee: usize,
    pub slot: Slot,
    pub via: Via,
    pub by: String,
    /// As what a citizen was logged in: each level has an authenticator of its own.
    pub login: Option<Assurance>,
    /// None to delete the account.
    pub account: Option<String>,
    pub holder: Holder,
    /// Whether it named the account that it replaces.
    pub names: bool,
    pub is_first: bool,
    /// Whether nobody but the operator had asked for anything yet. What waits has ended that.
    pub is_loading: bool,
    /// So many rows had the history then.
    pub rows: usize,
    /// Whether the payee can neither change nor delete it.
    pub is_locked: bool,
}

/// Something that was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub what: &'static str,
    pub at: i64,
    pub by: String,
}

/// A proposal: what was asked for, and what was done about it.
#[derive(Clone, Debug)]
pub struct Life {
    pub id: String,
    pub asked: Asked,
    pub done: Vec<Done>,
    /// As what those were logged in who signed it.
    pub signed: Vec<Assurance>,
    /// Which row of the history it made, from the first.
    pub row: Option<usize>,
    /// What the account's bank said, and at which places of what was done.
    pub said: Vec<(usize, Ownership)>,
    /// When the registry looks at it by itself.
    pub look: i64,
    /// Until when whoever looks the payee up is told that it waits.
    pub told_until: i64,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It waits for this until then.
    Waits(&'static str, i64),
    /// All is met: it takes effect.
    Due,
    Expired,
    Ended(&'static str),
}

impl Stand {
    /// As answers say it: `state`, `waits_for`, and from when it will hold.
    pub fn told(&self) -> (&'static str, Option<&'static str>, Option<i64>) {
        match self {
            Self::Waits(what @ ("signature" | "ownership"), _) => ("proposed", Some(what), None),
            Self::Waits(what @ ("approval" | "check"), _) => ("awaiting_approval", Some(what), None),
            Self::Waits("time", until) => ("held", Some("time"), Some(*until)),
            Self::Waits(what, _) => ("awaiting_activation", Some(what), None),
            Self::Due => ("held", None, None),
            Self::Expired => ("expired", None, None),
            Self::Ended(how) => (how, None, None),
        }
    }

    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Expired | Self::Ended(_))
    }

    pub fn waits_for(&self, what: &str) -> bool {
        matches!(self, Self::Waits(waits, _) if *waits == what)
    }
}

/// What speaks against a change.
pub struct Against {
    pub changed: bool,
    pub posted: bool,
    pub new_authenticator: bool,
    /// It is said to be somebody else's, or nobody said whose.
    pub is_anothers: bool,
    /// What else lies in the account that is asked for.
    pub account: bool,
}

/// What is known when something is decided.
pub struct Moment<'m> {
    pub controls: &'m Controls,
    pub person: &'m Person,
    /// Who has signed for them.
    pub signatory: Option<&'m Person>,
    /// When key material was last posted to where their letters go, whosever.
    pub box_posted: Option<i64>,
    pub rows: &'m [Row],
    /// How many others have the account that is asked for.
    pub others: usize,
    /// Whether its bank can be asked whose it is.
    pub can_ask: bool,
    /// Whether no register has an address of the payee's.
    pub lacks_address: bool,
    /// If it reverts a change: whether what it would put back was stopped, or undone by that change.
    pub is_doubted: bool,
    /// If it reverts a change of which comes what stands: the account that stood before, if one did.
    pub before: Option<Option<&'m Row>>,
    pub now: i64,
}

impl Moment<'_> {
    fn shortly_before(&self, asked: &Asked, control: Control, moment: Option<i64>) -> bool {
        let days = i64::from(self.controls.get(control));
        days > 0 && moment.is_some_and(|moment| moment >= asked.at - days * DAY)
    }

    pub fn against(&self, life: &Life) -> Against {
        let (asked, says) = (&life.asked, life.says());
        let Person { contact_changed, address_changed, mut authenticator_changed, mut key_material_posted, .. } =
            *self.person;
        // Whoever has stolen who they are can sign for the payee.
        if let Some(signatory) = self.signatory {
            authenticator_changed = authenticator_changed.max(signatory.authenticator_changed);
            key_material_posted = key_material_posted.max(signatory.key_material_posted);
        }
        let recently = |moment| self.shortly_before(asked, Control::SecondChannel, moment);
        let account = asked.account.as_deref();
        let limit = usize::from(self.controls.get(Control::PayeesPerAccount));
        let is_anothers = match asked.holder {
            Holder::Own | Holder::Joint => false,
            Holder::ThirdParty | Holder::Unknown => !matches!(says, Ownership::Match | Ownership::CloseMatch),
        };
        Against {
            changed: [contact_changed, address_changed, authenticator_changed].into_iter().any(recently),
            posted: self.shortly_before(asked, Control::LetterBox, self.box_posted),
            new_authenticator: recently(authenticator_changed)
                || self.shortly_before(asked, Control::LetterBox, key_material_posted),
            is_anothers: self.controls.has(Control::OwnershipAsked) && is_anothers,
            account: (self.controls.has(Control::OwnershipAsked) && says == Ownership::NoMatch)
                || (limit > 0 && account.is_some() && self.others >= limit)
                || account
                    .is_some_and(|account| self.shortly_before(asked, Control::RoundTrip, left(self.rows, account))),
        }
    }
}

impl Life {
    fn last(&self, what: &str) -> Option<usize> {
        self.done.iter().rposition(|done| done.what == what)
    }

    /// What the bank says: the last answer; a bank that asks for itself answers for its customer.
    pub fn says(&self) -> Ownership {
        let unsaid = if matches!(self.asked.via, Via::Bank(_)) { Ownership::Match } else { Ownership::NotPossible };
        self.said.last().map_or(unsaid, |(_, said)| *said)
    }

    /// The letter that counts: when it was made, whether it came back, and how often its code was given wrongly.
    pub fn letter(&self) -> Option<(i64, bool, usize)> {
        let made = self.last("letter_made")?;
        let since = &self.done[made..];
        let count = |what: &str| since.iter().filter(|done| done.what == what).count();
        Some((self.done[made].at, count("letter_returned") > 0, count("code_wrong")))
    }

    pub fn has(&self, what: &str) -> bool {
        self.last(what).is_some()
    }

    /// Whether too much was done about it already for this: what ends or stops it is always heard.
    pub fn is_full(&self, what: &str) -> bool {
        matches!(what, "letter_made" | "code_wrong") && self.done.len() >= ACTS
    }

    /// Whether somebody proposed it, or has a part in it already. Who notes what became of a letter has none; who sat at the console may
    /// be anybody.
    pub fn is_own(&self, by: &str) -> bool {
        let counts = |done: &&Done| !matches!(done.what, "letter_handed_over" | "letter_returned");
        self.asked.by == by || self.done.iter().filter(counts).any(|done| done.by == by || done.by == "console")
    }

    /// Whether they asked for it or said yes to it: they do not send its letter as well, whose code they could read. Of the console that
    /// is not known.
    pub fn is_decided_by(&self, by: &str) -> bool {
        let says_yes = |done: &Done| matches!(done.what, "approved" | "checked" | "confirmed") && done.by == by;
        by != "console" && (self.asked.by == by || self.done.iter().any(says_yes))
    }

    /// Whether a login of this level has an authenticator that has no part in it yet.
    pub fn is_anothers(&self, login: Assurance) -> bool {
        self.asked.login != Some(login) && !self.signed.contains(&login)
    }

    /// Whether nobody has signed it who must.
    pub fn is_draft(&self, stand: &Stand) -> bool {
        stand.waits_for("signature") && self.signed.is_empty()
    }

    /// What became of what it made, by the rows that came after.
    pub fn fate(&self, rows: &[Row], is_reverted: bool) -> &'static str {
        let Some((made, after)) = self.row.and_then(|at| rows.get(at..)?.split_first()) else { return "in_force" };
        let is_same =
            |row: &&Row| (row.held == Held::Closed) == (made.held == Held::Closed) && row.account == made.account;
        match after.iter().find(|row| !is_same(row)) {
            None => "in_force",
            Some(_) if is_reverted => "reverted",
            Some(row) if row.held == Held::Closed => "closed",
            Some(_) => "replaced",
        }
    }

    /// Whether somebody stopped it, and it did not take effect since: each link does so once before that, and once after it.
    pub fn is_stopped(&self) -> bool {
        let last = self.done.iter().rfind(|done| matches!(done.what, "stopped" | "took_effect"));
        last.is_some_and(|done| done.what == "stopped")
    }

    /// Whether the letter that counts has left the house.
    pub fn is_handed_over(&self) -> bool {
        self.last("letter_made") < self.last("letter_handed_over")
    }

    /// Notes when it is looked at, and what is told of it until then, now that it stands like this.
    pub fn note(&mut self, stand: &Stand) {
        (self.look, self.told_until) = match stand {
            // These do not lapse.
            Stand::Waits("time" | "ownership", until) => (*until, i64::MAX),
            Stand::Waits(_, until) => (*until, *until),
            _ => (i64::MAX, i64::MIN),
        };
    }

    /// How it ended.
    pub fn ended(&self) -> Option<&Done> {
        self.done.iter().find(|done| matches!(done.what, "cancelled" | "refused" | "expired" | "took_effect"))
    }

    /// Where it stands: each thing that is demanded, in its order, and whether somebody did it.
    pub fn stands(&self, moment: &Moment<'_>) -> Stand {
        if let Some(ended) = self.ended() {
            return Stand::Ended(if ended.what == "took_effect" { "in_force" } else { ended.what });
        }
        let (asked, controls) = (&self.asked, moment.controls);
        let against = moment.against(self);
        let any = against.changed || against.posted || against.account || against.is_anothers;
        let is_payees = asked.via == Via::Payee;
        // Files are how a registry begins: first accounts are looked at by nobody, until somebody else asks for one.
        let is_beginning = asked.is_first && asked.is_loading;
        let is_loaded = asked.via == Via::Operator && is_beginning;
        let is_casework = matches!(asked.via, Via::Operator | Via::Authority(_)) && !is_loaded;
        // What a bank's own system has not sent, one person alone could have written.
        let is_handed_in = matches!(asked.via, Via::Bank(_)) && !is_beginning && !asked.by.starts_with("client:");
        // What is deleted has no account that a letter could activate.
        let has_letter = asked.what == What::Designate
            && match asked.via {
                Via::Payee => match controls.get(Control::LetterSelfService) {
                    0 => false,
                    1 => any,
                    _ => true,
                },
                Via::Authority(_) | Via::Operator => !is_loaded && controls.has(Control::LetterCaseworker),
                Via::Bank(_) => false,
            };
        let approver = if asked.slot == Slot::Default { Control::ApproverDefault } else { Control::ApproverSpecific };
        // What came up since must be seen by somebody after it.
        let denied = self.said.iter().rev().find(|(_, said)| *said == Ownership::NoMatch).map(|(place, _)| *place);
        let came_up = self.last("stopped").max(self.last("letter_returned")).max(denied);
        let is_checked = self.last("checked").filter(|checked| came_up.is_none_or(|came_up| came_up < *checked));
        let must_be_checked = match controls.get(Control::ManualCheck) {
            _ if is_loaded => false,
            0 => false,
            1 => against.account || against.is_anothers,
            _ => true,
        } || self.has("stopped")
            || self.letter().is_some_and(|(_, is_returned, _)| is_returned)
            || (controls.has(Control::NamesReplaced) && !asked.is_first && !asked.names);
        let since = |place: Option<usize>| place.map_or(asked.at, |place| self.done[place].at);
        // What only opens again what was there is another officer's to say, and whoever stops it is heard.
        let heals = asked.what.heals();
        let is_other = matches!(asked.via, Via::Operator | Via::Authority(_)) || !asked.by.starts_with("client:");
        let must_be_checked = if heals { self.has("stopped") || moment.is_doubted } else { must_be_checked };
        // One that is on its way arrives.
        let is_under_way = self.letter().is_some_and(|(_, is_returned, wrong)| !is_returned && wrong < ATTEMPTS);
        let is_worthless = against.posted || (moment.lacks_address && !is_under_way);
        let code = match self.letter() {
            Some((made, false, wrong)) if wrong < ATTEMPTS || moment.now >= code_ends(made) => {
                ("code", code_ends(made))
            }
            _ => ("letter", asked.at + LETTER_WITHIN),
        };
        let answered_until = since(self.last("signed")) + ANSWERED_WITHIN;
        let is_asked = controls.has(Control::OwnershipAsked)
            && moment.can_ask
            && asked.account.is_some()
            && !matches!(asked.via, Via::Bank(_))
            && !is_loaded
            && !heals;
        let demands = [
            (
                is_payees && controls.has(Control::SignedAfresh),
                self.last("signed"),
                "signature",
                asked.at + DECIDED_WITHIN,
            ),
            // What is not said in time is not waited for.
            (is_asked && self.said.is_empty() && moment.now < answered_until, None, "ownership", answered_until),
            (
                matches!(asked.what, What::Revert(_))
                    || (if heals { is_other } else { is_casework || is_handed_in }) && controls.has(approver),
                self.last("approved"),
                "approval",
                asked.at + DECIDED_WITHIN,
            ),
            (must_be_checked, is_checked, "check", since(came_up) + DECIDED_WITHIN),
            (has_letter && !is_worthless, self.last("activated"), code.0, code.1),
            (
                has_letter && (is_worthless || against.changed),
                self.last("confirmed"),
                "confirmation",
                asked.at + LETTER_WITHIN,
            ),
        ];
        let mut ready = asked.at;
        for (is_demanded, met, what, until) in demands {
            match met {
                _ if !is_demanded => {}
                Some(place) => ready = ready.max(self.done[place].at),
                None if moment.now >= until => return Stand::Expired,
                None => return Stand::Waits(what, until),
            }
        }
        let wait = match asked.via {
            _ if matches!(asked.what, What::Revert(_)) => controls.get(Control::WaitCaseworker),
            _ if heals => 0,
            Via::Bank(_) if asked.is_first => controls.get(Control::WaitBankFirst),
            Via::Bank(_) => controls.get(Control::WaitBankReplacing),
            Via::Payee => controls.get(Control::WaitSelfService),
            _ if is_loaded => 0,
            Via::Operator | Via::Authority(_) => controls.get(Control::WaitCaseworker),
        };
        let from = Timestamp::from(after_banking_days(Timestamp::from_micros(ready).to_jiff(), u32::from(wait)));
        if moment.now < from.micros() { Stand::Waits("time", from.micros()) } else { Stand::Due }
    }

    /// What the history gets of it if it takes effect now; an error if the rule says no, or a ban.
    pub fn takes(&self, moment: &Moment<'_>) -> Result<Option<Row>, ()> {
        let row = self.judged(moment)?;
        if row.is_some() && self.asked.what == What::Designate {
            forbidden(&self.asked, moment)?;
        }
        Ok(row)
    }

    /// The same by the rule alone: what it says whenever somebody does something that lets it go on.
    pub fn judged(&self, moment: &Moment<'_>) -> Result<Option<Row>, ()> {
        let (asked, rows) = (&self.asked, moment.rows);
        let live = live(rows);
        let at = moment.now;
        let follows = is_left_alone(rows, asked.rows);
        if let What::Revert(_) = asked.what {
            let last = rows.last().ok_or(())?;
            let next = match moment.before.ok_or(())? {
                None => Row { at, held: Held::Closed, ..last.clone() },
                Some(_) if moment.person.is_dead => return Err(()),
                Some(before) => Row { at, ..before.clone() },
            };
            return if next.is_same(last) {
                Ok(None)
            } else if follows {
                Ok(Some(next))
            } else {
                Err(())
            };
        }
        let Some(account) = &asked.account else {
            // It is deleted.
            let row = rows.last().ok_or(())?;
            return match row.held {
                Held::Closed => Ok(None),
                Held::InForce if follows => Ok(Some(Row { at, held: Held::Closed, ..row.clone() })),
                _ => Err(()),
            };
        };
        if asked.what == What::Unfreeze {
            let row = live.filter(|live| live.account == *account).ok_or(())?;
            return match (row.held, asked.via) {
                (Held::Frozen, Via::Bank(_)) => Err(()),
                (Held::InForce, _) => Ok(None),
                _ if follows => Ok(Some(Row { at, held: Held::InForce, ..row.clone() })),
                _ => Err(()),
            };
        }
        if is_closed_to(asked, moment) {
            return Err(());
        }
        if live.is_some_and(|live| live.held == Held::InForce && live.account == *account) {
            return Ok(None);
        }
        let may = live.is_none_or(|live| live.held == Held::InForce || asked.via.is_officers());
        if follows && may { Ok(Some(Row { at, held: Held::InForce, account: account.clone() })) } else { Err(()) }
    }
}

/// Whether the payee is given no account by this channel now: they have locked it, or are dead.
fn is_closed_to(asked: &Asked, moment: &Moment<'_>) -> bool {
    let Moment { controls, person, .. } = moment;
    (controls.has(Control::OwnersLock) && person.locked.contains(&asked.via.kind())) || person.is_dead
}

/// Refuses an account that nobody may be given by this channel now.
pub fn forbidden(asked: &Asked, moment: &Moment<'_>) -> Result<(), ()> {
    let controls = moment.controls;
    let is_banned = (controls.has(Control::BanChange) && !asked.is_first)
        || (controls.has(Control::BanShared) && moment.others > 0)
        || (controls.has(Control::BanThirdParty) && asked.holder != Holder::Own);
    if is_banned || is_closed_to(asked, moment) { Err(()) } else { Ok(()) }
}
