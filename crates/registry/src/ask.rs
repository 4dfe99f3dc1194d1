//! Questions about many payees by other organisations' systems: what is known of a payee, and what of it whoever asks is told.
//! Pure.

use crate::account::DesignatedAccount;
use crate::designation::{ChannelKind, Designation, State};
use crate::payee::RegisterStatus;
use crate::payer::Payer;
use crate::policy;
use crate::purpose::BenefitKind;
use crate::resolve::{InForce, Resolution, precedence};
use denmark::{Account, Bank, BankDirectory};
use kernel::{DAY_MICROS, Id, Operation, Role, Timestamp, journal};
use serde::{Deserialize, Serialize};

/// An account counts as changed recently for so many days. A change is noticed by its owner within a month: with the next
/// salary, pension or benefit that does not come.
pub const RECENT_DAYS: i64 = 30;

/// What sort of question is asked of a payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskKind {
    /// Which account is it?
    Resolve,
    /// Is it this account?
    Verify,
    /// Which account is it, in the words of a mapper of identities and accounts.
    Map,
    /// Which accounts were they, from the first one on?
    History,
    /// A change of an account that waits, and what it would replace.
    Change,
    /// Who must have an account and has none?
    WithoutAccount,
    /// Where is the payee told of changes?
    Contacts,
    /// What becomes of the account until a day?
    Subscription,
    /// Who is told what becomes of it?
    Subscribers,
    /// What was paid to the payee, and where?
    Payments,
    /// Whose is an account that is reviewed?
    Review,
    /// Is the payee a victim, and what is done for them?
    Case,
    /// What is known of a case of the payee, which was given to the police or a bank.
    Disclosure,
}

impl AskKind {
    const ALL: [Self; 13] = [
        Self::Resolve,
        Self::Verify,
        Self::Map,
        Self::History,
        Self::Change,
        Self::WithoutAccount,
        Self::Contacts,
        Self::Subscription,
        Self::Subscribers,
        Self::Payments,
        Self::Review,
        Self::Case,
        Self::Disclosure,
    ];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Verify => "verify",
            Self::Map => "map",
            Self::History => "history",
            Self::Change => "change",
            Self::WithoutAccount => "without_account",
            Self::Contacts => "contacts",
            Self::Subscription => "subscription",
            Self::Subscribers => "subscribers",
            Self::Payments => "payments",
            Self::Review => "review",
            Self::Case => "case",
            Self::Disclosure => "disclosure",
        }
    }
}

/// What was answered about one payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerClass {
    /// There is an account that can be paid to.
    InForce,
    /// No account was ever designated.
    None,
    /// The account is frozen.
    Frozen,
    /// The account was closed.
    Closed,
    /// The payee is dead.
    Dead,
    /// No register lists the payee, or the company does not exist any more.
    Unknown,
    /// It is this account.
    Match,
    /// It is another account.
    NoMatch,
    /// There is no account that could be compared. Why is not said.
    NotPossible,
}

impl AnswerClass {
    /// Every class there is.
    pub const ALL: [Self; 9] = [
        Self::InForce,
        Self::None,
        Self::Frozen,
        Self::Closed,
        Self::Dead,
        Self::Unknown,
        Self::Match,
        Self::NoMatch,
        Self::NotPossible,
    ];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }

    /// As answers and the journal say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::None => "none",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
            Self::Match => "match",
            Self::NoMatch => "no_match",
            Self::NotPossible => "not_possible",
        }
    }

    /// Whether it costs as an invented number does: of those that somebody really deals with, few are answered so.
    #[must_use]
    pub const fn is_miss(self) -> bool {
        matches!(self, Self::Dead | Self::Unknown | Self::NoMatch | Self::NotPossible)
    }

    /// What the newest row of an account's history says by itself.
    pub(crate) fn of_newest(newest: Option<&Designation>) -> Self {
        Self::of(Resolution::of(Some(RegisterStatus::Active), newest))
    }

    pub(crate) const fn of(resolution: Resolution) -> Self {
        match resolution {
            Resolution::NotInRegister => Self::Unknown,
            Resolution::Dead => Self::Dead,
            Resolution::NoAccount => Self::None,
            Resolution::Closed => Self::Closed,
            Resolution::Frozen | Resolution::Contested => Self::Frozen,
            Resolution::Account(..) => Self::InForce,
        }
    }
}

/// The newest row of a history, and since when its account has been the payee's.
///
/// Before a specific account there was the default one: whoever sets the first specific account changes where payments go as much as
/// whoever changes the default. So its history goes on in that of the default account.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The newest row.
    pub newest: Designation,
    /// Since when the account has been this payee's, through freezing and unfreezing.
    pub since: Timestamp,
    /// By which row it became so.
    by: Id<Designation>,
    channel: ChannelKind,
    is_changed: bool,
    /// The row to go back to, if there may be more to learn.
    earlier: Option<Id<Designation>>,
    /// The newest row of the default account, where that is not what is gone back through.
    default: Option<Id<Designation>>,
}

impl Held {
    /// What is known of an account by the newest row of its history alone; `default` is the default account's, if there is one.
    #[must_use]
    pub fn begin(newest: Designation, default: Option<Id<Designation>>) -> Self {
        let Designation { id: by, effective: since, channel, .. } = newest;
        let mut held = Self { newest, since, by, channel, is_changed: false, earlier: None, default };
        held.go_back_to(&newest);
        held
    }

    fn go_back_to(&mut self, row: &Designation) {
        self.default = self.default.filter(|_| row.purpose.is_some());
        (self.since, self.by, self.channel) = (row.effective, row.id, row.channel);
        self.is_changed = row.previous.is_some();
        self.earlier = row.previous.or(self.default);
    }

    /// The row to go back to, if there may be more to learn: see [`Held::look_back`].
    #[must_use]
    pub const fn earlier(&self) -> Option<Id<Designation>> {
        self.earlier
    }

    /// Goes one row back in the history.
    pub fn look_back(&mut self, row: &Designation) {
        let is_default_before = self.default.is_some() && row.purpose.is_none();
        let entry = |row: Id<Designation>| journal::entry_of(row.number());
        if is_default_before && entry(row.id) >= entry(self.by) {
            // It came with the specific account, or after it.
            self.earlier = row.previous;
        } else if row.standing.state != State::Closed && row.standing.account == self.newest.standing.account {
            self.go_back_to(row);
        } else {
            (self.is_changed, self.earlier) = (true, None);
        }
    }

    /// By which channel it became the payee's, where something else held before: another account, or none since one was closed.
    #[must_use]
    pub fn changed_by(&self) -> Option<ChannelKind> {
        self.is_changed.then_some(self.channel)
    }

    fn is_in_force(&self) -> bool {
        self.newest.standing.state == State::InForce
    }

    /// How many whole days ago the account was changed; none if it was never another.
    #[must_use]
    pub fn changed_days_ago(&self, now: Timestamp) -> Option<i64> {
        self.changed_by().map(|_| now.micros().saturating_sub(self.since.micros()).max(0) / DAY_MICROS)
    }

    /// By which channel it was changed.
    #[must_use]
    pub fn last_change_channel(&self) -> Option<String> {
        self.changed_by().map(|channel| channel.name().to_owned())
    }

    fn changed_recently(&self, now: Timestamp) -> bool {
        self.changed_days_ago(now).is_some_and(|days| days < RECENT_DAYS)
    }

    /// When it was changed, and by which channel, if that was in the last [`RECENT_DAYS`] days.
    pub(crate) fn recent_change(&self, now: Timestamp) -> Option<(Timestamp, ChannelKind)> {
        self.changed_by().filter(|_| self.changed_recently(now)).map(|channel| (self.since, channel))
    }
}

/// A specific account, and what it is for.
#[derive(Clone, Debug)]
pub struct HeldFor {
    /// Whose payments.
    pub payer: Id<Payer>,
    /// Which payments.
    pub benefit: BenefitKind,
    /// What holds.
    pub held: Held,
}

/// What is known of one payee.
#[derive(Clone, Debug)]
pub struct Known {
    /// What the register says.
    pub status: RegisterStatus,
    /// The default account.
    pub default: Option<Held>,
    /// The specific accounts, where somebody asks who may know them.
    pub specific: Vec<HeldFor>,
    /// Until when a proposed change of the default account waits, unless somebody ends it.
    pub pending_until: Option<Timestamp>,
    /// The same of specific accounts, whether there is one yet or not.
    pub pending_specific: Vec<(Id<Payer>, BenefitKind, Timestamp)>,
}

impl Known {
    /// Whether a change waits of the account that payments go to by this row; also of a specific account that would take its place.
    #[must_use]
    pub fn has_pending(
        &self,
        newest: Option<&Designation>,
        specific: Option<(Id<Payer>, &BenefitKind)>,
        now: Timestamp,
    ) -> bool {
        let is_default = newest.is_none_or(|newest| newest.purpose.is_none());
        let default = self.pending_until.filter(|_| is_default);
        let is_it = |payer, benefit| specific == Some((payer, benefit));
        let specifics = self.pending_specific.iter().filter(|(payer, benefit, _)| is_it(*payer, benefit));
        default.into_iter().chain(specifics.map(|(.., until)| *until)).any(|until| now < until)
    }
}

/// What the questions of one request have in common.
pub struct Asker<'a> {
    /// In which role the client asks.
    pub role: Role,
    /// The payer that the client pays for.
    pub payer: Option<Id<Payer>>,
    /// The bank directory, as far as it is needed.
    pub banks: &'a BankDirectory,
    /// When.
    pub now: Timestamp,
}

impl Asker<'_> {
    /// The account that this client's payments of a kind would go to, and what that means.
    fn resolve(&self, known: Option<&Known>, benefit: Option<&BenefitKind>) -> (Resolution, Option<Held>) {
        let Some(known) = known else { return (Resolution::NotInRegister, None) };
        let specific = benefit.and_then(|benefit| self.specific(known).find(|specific| specific.benefit == *benefit));
        let (specific, default) = (specific.map(|specific| specific.held), known.default);
        let newest = precedence(specific.map(|held| held.newest), default.map(|held| held.newest));
        let held = [specific, default].into_iter().flatten().find(|held| Some(held.newest) == newest);
        (Resolution::of(Some(known.status), newest.as_ref()), held)
    }

    /// Whether a change waits of where this client's payments of a kind go.
    fn has_pending(&self, known: Option<&Known>, held: &Held, benefit: Option<&BenefitKind>) -> bool {
        known.is_some_and(|known| known.has_pending(Some(&held.newest), self.payer.zip(benefit), self.now))
    }

    /// The specific accounts that are for this client's payments.
    fn specific<'k>(&self, known: &'k Known) -> impl Iterator<Item = &'k HeldFor> {
        known.specific.iter().filter(|specific| Some(specific.payer) == self.payer)
    }
}

/// A sort of question: what is asked beside the payee, and what is answered.
pub trait Ask {
    /// Its row of the policy.
    const OPERATION: Operation;
    /// As the log says it.
    const KIND: AskKind;
    /// Whether answers may hold an account, so that the bank directory is needed.
    const TELLS_ACCOUNTS: bool;
    /// What is asked of each payee beside who it is.
    type Asked;
    /// What is answered of each.
    type Answer: Serialize + serde::de::DeserializeOwned;

    /// Whether the specific accounts of a payee matter to a client that pays for a payer.
    fn concerns_specific(benefit: Option<&BenefitKind>) -> bool;

    /// Answers one question.
    fn answer(
        asker: &Asker<'_>,
        known: Option<&Known>,
        benefit: Option<&BenefitKind>,
        asked: &Self::Asked,
    ) -> (AnswerClass, Self::Answer);
}

/// What a client is told of the account of a payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountAnswer {
    /// What holds. An account is told only where it can be paid to.
    pub state: AnswerClass,
    /// The IBAN.
    pub account: Option<String>,
    /// The bank's BIC, where it has one.
    pub bic: Option<String>,
    /// Since when the account has been this payee's.
    pub since: Option<String>,
    /// How many whole days ago the account took the place of another; none if it never did.
    pub changed_days_ago: Option<i64>,
    /// Whether a change of it is proposed, and does not hold yet.
    pub pending_change: bool,
    /// By which channel the account took the place of another: `bank`, `operator`, `self_service`, `caseworker`.
    pub last_change_channel: Option<String>,
}

impl AccountAnswer {
    const fn without_account(state: AnswerClass) -> Self {
        Self {
            state,
            account: None,
            bic: None,
            since: None,
            changed_days_ago: None,
            pending_change: false,
            last_change_channel: None,
        }
    }

    fn new(asker: &Asker<'_>, known: Option<&Known>, benefit: Option<&BenefitKind>) -> Self {
        let (resolution, held) = asker.resolve(known, benefit);
        let state = AnswerClass::of(resolution);
        let (Resolution::Account(InForce { account, .. }), Some(held)) = (resolution, held) else {
            return Self::without_account(state);
        };
        Self {
            state,
            account: Some(account.iban(asker.banks).as_str().to_owned()),
            bic: account.bic(asker.banks).map(|bic| bic.as_str().to_owned()),
            since: Some(held.since.to_string()),
            changed_days_ago: held.changed_days_ago(asker.now),
            pending_change: asker.has_pending(known, &held, benefit),
            last_change_channel: held.last_change_channel(),
        }
    }
}

/// Which account is it? For those who may know it.
pub struct Resolve;

impl Ask for Resolve {
    const OPERATION: Operation = policy::RESOLVE_MANY;
    const KIND: AskKind = AskKind::Resolve;
    const TELLS_ACCOUNTS: bool = true;
    type Asked = ();
    type Answer = AccountAnswer;

    fn concerns_specific(benefit: Option<&BenefitKind>) -> bool {
        benefit.is_some()
    }

    fn answer(
        asker: &Asker<'_>,
        known: Option<&Known>,
        benefit: Option<&BenefitKind>,
        (): &(),
    ) -> (AnswerClass, AccountAnswer) {
        let answer = AccountAnswer::new(asker, known, benefit);
        (answer.state, answer)
    }
}

/// What a client of an identity and account mapper asks of a payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapQuestion {
    /// Which account is it?
    Which,
    /// Is there one?
    Whether,
    /// Is it this one?
    Is(Account),
}

impl MapQuestion {
    /// Whether a client in this role may ask it. Which account a person has with another bank, or whether any, is not a bank's
    /// business.
    #[must_use]
    pub const fn is_for(&self, role: Role) -> bool {
        matches!((role, self), (Role::PublicPayer | Role::Authority, _) | (Role::Bank, Self::Is(_)))
    }
}

/// What it is told. It is plain, so that whoever writes it for a client does so where nobody waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapAnswer {
    /// What holds.
    pub state: AnswerClass,
    /// The account, where it was asked for.
    pub account: Option<MappedAccount>,
    /// Whether the account, or the one that it was compared with, took the place of another in the last [`RECENT_DAYS`] days.
    pub changed_recently: bool,
}

/// The account of a payee, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedAccount {
    /// The account.
    pub account: DesignatedAccount,
    /// The bank, of a domestic account.
    #[serde(with = "bank_as_text")]
    pub bank: Option<Bank>,
    /// Since when the account has been this payee's, in microseconds since 1970.
    pub since_micros: i64,
    /// How many whole days ago the account took the place of another; none if it never did.
    pub changed_days_ago: Option<i64>,
    /// Whether a change is under way that does not hold yet.
    pub pending_change: bool,
}

/// The same for clients of an identity and account mapper.
pub struct Map;

impl Ask for Map {
    const OPERATION: Operation = policy::MAP_MANY;
    const KIND: AskKind = AskKind::Map;
    const TELLS_ACCOUNTS: bool = true;
    type Asked = MapQuestion;
    type Answer = MapAnswer;

    fn concerns_specific(benefit: Option<&BenefitKind>) -> bool {
        benefit.is_some()
    }

    fn answer(
        asker: &Asker<'_>,
        known: Option<&Known>,
        benefit: Option<&BenefitKind>,
        question: &MapQuestion,
    ) -> (AnswerClass, MapAnswer) {
        let (resolution, held) = asker.resolve(known, benefit);
        let without_account = |state| MapAnswer { state, account: None, changed_recently: false };
        let answer = match (question, resolution, held) {
            _ if !question.is_for(asker.role) => without_account(AnswerClass::NotPossible),
            (MapQuestion::Is(named), Resolution::Account(InForce { account, .. }), Some(held)) => {
                let state = if account.is(named) { AnswerClass::Match } else { AnswerClass::NoMatch };
                MapAnswer { changed_recently: held.changed_recently(asker.now), ..without_account(state) }
            }
            (MapQuestion::Which, Resolution::Account(InForce { account, .. }), Some(held)) => MapAnswer {
                account: Some(MappedAccount {
                    account,
                    bank: account.reg().and_then(|reg| asker.banks.get(reg)).cloned(),
                    since_micros: held.since.micros(),
                    changed_days_ago: held.changed_days_ago(asker.now),
                    pending_change: asker.has_pending(known, &held, benefit),
                }),
                ..without_account(AnswerClass::InForce)
            },
            // Of nobody with an account at hand, a bank learns no more than that.
            (MapQuestion::Is(_), ..) if asker.role == Role::Bank => without_account(AnswerClass::NotPossible),
            _ => without_account(AnswerClass::of(resolution)),
        };
        (answer.state, answer)
    }
}

/// A bank for an answer that is kept: name, BIC and country.
mod bank_as_text {
    use denmark::{Bank, Bic, Country};
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    type Parts = (String, Option<String>, String);

    pub(super) fn serialize<S: Serializer>(bank: &Option<Bank>, into: S) -> Result<S::Ok, S::Error> {
        let parts = bank.as_ref().map(|bank| (&bank.name, bank.bic.as_ref().map(Bic::as_str), bank.country.code()));
        parts.serialize(into)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Bank>, D::Error> {
        let Some((name, bic, country)) = Option::<Parts>::deserialize(from)? else { return Ok(None) };
        let bic = bic.map(|bic| Bic::parse(&bic)).transpose().map_err(|_| D::Error::custom("no BIC"))?;
        let country = Country::parse(&country).map_err(|_| D::Error::custom("no country"))?;
        Ok(Some(Bank { name, bic, country }))
    }
}

/// What a client is told that asks whether an account is a payee's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyAnswer {
    /// `match`, `no_match` or `not_possible`.
    pub result: AnswerClass,
    /// Whether the account that it is, or any that it could be, took the place of another in the last [`RECENT_DAYS`] days.
    pub changed_recently: bool,
    /// With `match`, by which channel the account took the place of another: `bank`, `operator`, `self_service`, `caseworker`.
    pub last_change_channel: Option<String>,
}

/// Is it this account? Nobody is told which it is.
pub struct Verify;

impl Ask for Verify {
    const OPERATION: Operation = policy::VERIFY_MANY;
    const KIND: AskKind = AskKind::Verify;
    const TELLS_ACCOUNTS: bool = false;
    type Asked = Account;
    type Answer = VerifyAnswer;

    fn concerns_specific(_: Option<&BenefitKind>) -> bool {
        true
    }

    fn answer(
        asker: &Asker<'_>,
        known: Option<&Known>,
        benefit: Option<&BenefitKind>,
        account: &Account,
    ) -> (AnswerClass, VerifyAnswer) {
        let (result, changed_recently, found) = verified(asker, known, benefit, account);
        let last_change_channel = found.as_ref().and_then(Held::last_change_channel);
        (result, VerifyAnswer { result, changed_recently, last_change_channel })
    }
}

/// Whether an account is the payee's, whether that or one that it could be was changed recently, and what is known of the one that it is.
fn verified(
    asker: &Asker<'_>,
    known: Option<&Known>,
    benefit: Option<&BenefitKind>,
    account: &Account,
) -> (AnswerClass, bool, Option<Held>) {
    let registered: Vec<Held> = match (known, benefit) {
        (Some(known), None) if known.status.is_living() => {
            let specific = asker.specific(known).map(|specific| specific.held);
            known.default.into_iter().chain(specific).filter(Held::is_in_force).collect()
        }
        _ => {
            let (resolution, held) = asker.resolve(known, benefit);
            held.filter(|_| matches!(resolution, Resolution::Account(..))).into_iter().collect()
        }
    };
    let found = registered.iter().find(|held| held.newest.standing.account.is(account)).copied();
    let (result, changed_recently) = match found {
        Some(held) => (AnswerClass::Match, held.changed_recently(asker.now)),
        None if registered.is_empty() => (AnswerClass::NotPossible, false),
        None => (AnswerClass::NoMatch, registered.iter().any(|held| held.changed_recently(asker.now))),
    };
    (result, changed_recently, found)
}

/// What a client is told at once that will be told what becomes of an account: as much as a look-up tells it, but no account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowAnswer {
    /// What holds; of an account that was named, `match`, `no_match` or `not_possible`.
    pub state: AnswerClass,
    /// Whether the account, or one that it could be, took the place of another in the last [`RECENT_DAYS`] days.
    pub changed_recently: bool,
    /// How many whole days ago it took the place of another; none if it never did, or is not the one that was named.
    pub changed_days_ago: Option<i64>,
    /// Whether a change of it is proposed, and does not hold yet; never told of an account that was named.
    pub pending_change: bool,
    /// By which channel it took the place of another.
    pub last_change_channel: Option<String>,
}

/// What becomes of the account until a day? Whoever may not know which it is names the one that they would pay to.
pub struct Follow;

impl Ask for Follow {
    const OPERATION: Operation = policy::SUBSCRIBE;
    const KIND: AskKind = AskKind::Subscription;
    const TELLS_ACCOUNTS: bool = true;
    type Asked = Option<Account>;
    type Answer = FollowAnswer;

    fn concerns_specific(_: Option<&BenefitKind>) -> bool {
        true
    }

    fn answer(
        asker: &Asker<'_>,
        known: Option<&Known>,
        benefit: Option<&BenefitKind>,
        named: &Option<Account>,
    ) -> (AnswerClass, FollowAnswer) {
        let answer = match named {
            None => {
                let answer = AccountAnswer::new(asker, known, benefit);
                FollowAnswer {
                    state: answer.state,
                    changed_recently: answer.changed_days_ago.is_some_and(|days| days < RECENT_DAYS),
                    changed_days_ago: answer.changed_days_ago,
                    pending_change: answer.pending_change,
                    last_change_channel: answer.last_change_channel,
                }
            }
            Some(account) => {
                let (state, changed_recently, found) = verified(asker, known, benefit, account);
                FollowAnswer {
                    state,
                    changed_recently,
                    changed_days_ago: found.and_then(|held| held.changed_days_ago(asker.now)),
                    pending_change: false,
                    last_change_channel: found.and_then(|held| held.last_change_channel()),
                }
            }
        };
        (answer.state, answer)
    }
}
