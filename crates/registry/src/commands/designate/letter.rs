//! Letters with a code: made, handed over to be posted, come back (NK-09).

use super::{Loaded, Standing, Step, load, save};
use crate::account::DesignatedAccount;
use crate::contact;
use crate::life::{ActKind, State, Waits, code_valid_until};
use crate::payee::PayeeId;
use crate::policy;
use crate::proposal::{Proposal, ProposalRefusal};
use crate::register_event::Addressee;
use crate::store;
use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::journal::{Entry, Rows};
use kernel::merkle::to_hex;
use kernel::{Actor, Command, Decision, Domain, Env, Error, Id, Operation, Refusal, Scope, Timestamp, Vault};

/// What a code is known by. The code itself is in the letter, and nowhere else.
pub(super) fn code_key(vault: &Vault, proposal: Id<Proposal>, letter: usize, code: &str) -> String {
    to_hex(vault.blind(Domain("letter.code"), &format!("{} {letter} {code}", proposal.name())).as_bytes())
}

/// Makes the letter of a proposal: the code that was drawn for it counts from now on, and a former letter's no more.
pub struct MakeLetter {
    /// What the letter says, as [`crate::queries::letter`] told it.
    pub drawn: LetterFacts,
    /// The eight digits that were drawn.
    pub code: String,
    /// Who makes it: the same that gives the command.
    pub actor: Actor,
}

/// What a letter says, and to whom.
#[derive(Clone, PartialEq, Eq)]
pub struct LetterFacts {
    /// The proposal.
    pub id: String,
    /// The how-manieth letter of the proposal it is.
    pub number: usize,
    /// Whether another one is on its way, whose code is void once this one is made.
    pub is_anew: bool,
    /// When it was made.
    pub made: Timestamp,
    /// The last day on which the code is good.
    pub valid_until: Date,
    /// Who gets it.
    pub addressee: Addressee,
    /// Whether they want it in English.
    pub is_in_english: bool,
    /// Whether that is a company.
    pub is_company: bool,
    /// The account that was asked for, as it is kept.
    pub account: String,
    /// The name of its bank, where the directory has it.
    pub bank: Option<String>,
    /// The bank's BIC, where it has one.
    pub bic: Option<String>,
    /// Whether it is an account abroad.
    pub is_abroad: bool,
    /// The payer's name and the kind of benefit of a specific account.
    pub specific: Option<(String, String)>,
    /// By which channel it was asked for.
    pub channel: String,
    /// When.
    pub asked: Timestamp,
}

impl LetterFacts {
    /// Refuses a letter in the place of one that is on its way, unless that is wanted: whoever asks twice without meaning to would
    /// void the code that the payee is about to get.
    ///
    /// # Errors
    /// `letter.on_its_way`.
    pub fn require_wanted(&self, anew: bool) -> Result<(), ProposalRefusal> {
        if self.is_anew && !anew { Err(ProposalRefusal::OnItsWay) } else { Ok(()) }
    }

    /// Whether a letter of these facts says the same as one of others. It has dates on it, and no times.
    fn says(&self, other: &Self) -> bool {
        let date = |moment: Timestamp| copenhagen_date(moment.to_jiff());
        let now = Self { made: other.made, ..self.clone() };
        now == *other && date(self.made) == date(other.made)
    }
}

impl std::fmt::Debug for LetterFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "letter {} of {}", self.number, self.id)
    }
}

/// What making a letter needs to know.
pub struct LetterState {
    loaded: Loaded,
    addressee: Option<Addressee>,
    is_in_english: bool,
    payer: Option<String>,
}

impl LetterState {
    /// Loads it for a proposal.
    pub(crate) fn load(scope: &Scope<'_>, name: &str, actor: &Actor) -> Result<Self, Error> {
        let loaded = load(scope, name, actor)?;
        let asked = &loaded.proposal().asked;
        let payer = match &asked.specific {
            None => None,
            // A payer's id is that of its first version.
            Some(specific) => Some(store::payer::find(scope, Id::new(specific.payer.number()))?.agreement.name),
        };
        Ok(Self {
            addressee: store::register::addressee(scope, &loaded.proposal().payee)?,
            is_in_english: contact::wants_english(&store::contact::of(scope, &loaded.proposal().payee)?),
            payer,
            loaded,
        })
    }

    /// What the letter says that is made at a moment.
    ///
    /// # Errors
    /// The proposal waits for no letter, or there is nobody to send one to.
    pub(crate) fn facts(&self, now: Timestamp) -> Result<LetterFacts, ProposalRefusal> {
        let Self { loaded, addressee, is_in_english, payer } = self;
        // A letter that is on its way can be made anew: the code of the former is void then.
        let (State::Waiting(waits @ (Waits::Letter | Waits::Code)), Some(account)) =
            (loaded.require_waiting(now)?, loaded.proposal().asked.account)
        else {
            return Err(ProposalRefusal::NotThis);
        };
        let proposal = loaded.proposal();
        let asked = &proposal.asked;
        let banks = loaded.accounts.banks();
        let bank = account.reg().and_then(|reg| banks.get(reg)).map(|bank| bank.name.clone());
        Ok(LetterFacts {
            id: proposal.id.name(),
            number: loaded.found.evidence.letter().map_or(0, |letter| letter.number) + 1,
            is_anew: waits == Waits::Code,
            made: now,
            valid_until: code_valid_until(now),
            addressee: addressee.clone().filter(Addressee::has_address).ok_or(ProposalRefusal::Address)?,
            is_in_english: *is_in_english,
            is_company: !matches!(asked.payee, PayeeId::Cpr(_)),
            account: account.to_text(),
            bank,
            bic: account.bic(banks).map(|bic| bic.as_str().to_owned()),
            is_abroad: matches!(account, DesignatedAccount::Foreign { .. }),
            specific: payer.clone().zip(asked.specific.as_ref().map(|of| of.benefit.as_str().to_owned())),
            channel: asked.channel.name(),
            asked: proposal.at,
        })
    }

    /// Whether the code in the letter of this number can still be given: it is the newest one, and the proposal waits.
    pub(crate) fn counts(&self, number: usize, now: Timestamp) -> bool {
        let letter = self.loaded.found.evidence.letter();
        let is_good = letter.is_some_and(|letter| letter.number == number && letter.is_good(now));
        is_good && self.loaded.require_waiting(now).is_ok()
    }
}

impl Command for MakeLetter {
    const OPERATION: Operation = policy::MAKE_LETTERS;
    /// What it would say now, and what the code is known by.
    type State = (LetterState, String);
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let state = LetterState::load(scope, &self.drawn.id, &self.actor)?;
        let key = code_key(scope.vault, state.loaded.proposal().id, self.drawn.number, &self.code);
        Ok((state, key))
    }

    fn decide(&self, (state, key): Self::State, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        if !state.facts(env.now)?.says(&self.drawn) {
            return Err(ProposalRefusal::Outdated.into());
        }
        let (step, standing) = state.loaded.act(ActKind::LetterMade, &self.actor, &key, env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

/// What becomes of a letter once it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterFate {
    /// It was handed over to be posted.
    HandedOver,
    /// It came back undelivered: the change waits for an officer from then on.
    Returned,
}

/// Notes what became of a proposal's newest letter. Noting it twice is noting it once.
pub struct FollowLetter {
    /// The proposal, by name.
    pub proposal: String,
    /// What.
    pub fate: LetterFate,
    /// Who notes it: the same that gives the command.
    pub actor: Actor,
}

impl Command for FollowLetter {
    const OPERATION: Operation = policy::MAKE_LETTERS;
    type State = Loaded;
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        load(scope, &self.proposal, &self.actor)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        let state = loaded.require_waiting(env.now)?;
        let letter = loaded.found.evidence.letter().ok_or(ProposalRefusal::NotThis)?;
        let (kind, is_known) = match self.fate {
            LetterFate::HandedOver => (ActKind::LetterHandedOver, letter.is_handed_over),
            LetterFate::Returned => (ActKind::LetterReturned, letter.is_returned),
        };
        if is_known {
            return Ok(Decision::unchanged(Standing::of(loaded.proposal(), state, None)));
        }
        let (step, standing) = loaded.act(kind, &self.actor, "", env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
