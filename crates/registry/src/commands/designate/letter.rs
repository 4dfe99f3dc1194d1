//! Letters with a code: made, handed over to be posted, come back (NK-09).

use super::{Loaded, Standing, Step, load, save};
use crate::account::DesignatedAccount;
use crate::life::{ActKind, State, Waits, code_valid_until};
use crate::payee::PayeeId;
use crate::policy;
use crate::proposal::{Proposal, ProposalRefusal};
use crate::register_event::Addressee;
use crate::store;
use denmark::BankDirectory;
use kernel::journal::{Entry, Rows};
use kernel::merkle::to_hex;
use kernel::{Actor, Command, Decision, Domain, Env, Error, Id, Operation, Refusal, Scope, Timestamp, Vault};
use serde::{Deserialize, Serialize};

/// What a code is known by. The code itself is in the letter, and nowhere else.
pub(super) fn code_key(vault: &Vault, proposal: Id<Proposal>, letter: usize, code: &str) -> String {
    to_hex(vault.blind(Domain("letter.code"), &format!("{} {letter} {code}", proposal.name())).as_bytes())
}

/// Makes the letter of a proposal: the code that was drawn for it counts from now on, and a former letter's no more.
pub struct MakeLetter {
    /// The proposal, by name.
    pub proposal: String,
    /// The eight digits that were drawn.
    pub code: String,
    /// Who makes it: the same that gives the command.
    pub actor: Actor,
}

/// What a letter says, and to whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterFacts {
    /// The proposal.
    pub id: String,
    /// The how-manieth letter of the proposal it is.
    pub number: usize,
    /// When it was made.
    pub made: Timestamp,
    /// Until when the code is good.
    pub valid_until: Timestamp,
    /// Who gets it.
    pub addressee: Addressee,
    /// Whether that is a company.
    pub is_company: bool,
    /// The account that was asked for, as it is kept.
    pub account: String,
    /// Its IBAN.
    pub iban: String,
    /// Its bank's name and BIC, where it is known.
    pub bank: Option<(String, Option<String>)>,
    /// The payer's name and the kind of benefit of a specific account.
    pub specific: Option<(String, String)>,
    /// By which channel it was asked for.
    pub channel: String,
    /// When.
    pub asked: Timestamp,
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
    key: String,
    banks: BankDirectory,
    payer: Option<String>,
}

impl Command for MakeLetter {
    const OPERATION: Operation = policy::MAKE_LETTERS;
    type State = LetterState;
    type Change = Step;
    type Output = LetterFacts;

    fn load(&self, scope: &Scope<'_>) -> Result<LetterState, Error> {
        let loaded = load(scope, &self.proposal, &self.actor)?;
        let proposal = loaded.proposal();
        let number = loaded.found.evidence.letter().map_or(0, |letter| letter.number) + 1;
        let regs = proposal.asked.account.and_then(|account| account.reg()).into_iter().collect();
        let payer = match &proposal.asked.specific {
            None => None,
            // A payer's id is that of its first version.
            Some(specific) => Some(store::payer::find(scope, Id::new(specific.payer.number()))?.agreement.name),
        };
        Ok(LetterState {
            addressee: store::register::addressee(scope, &proposal.payee)?,
            key: code_key(scope.vault, proposal.id, number, &self.code),
            banks: store::bank::directory_of(scope.tx, &regs)?,
            payer,
            loaded,
        })
    }

    fn decide(&self, state: LetterState, env: &Env) -> Result<Decision<Step, LetterFacts>, Refusal> {
        let LetterState { loaded, addressee, key, banks, payer } = state;
        // A letter that is on its way can be made anew: the code of the former is void then.
        match loaded.require_waiting(env.now)? {
            State::Waiting(Waits::Letter | Waits::Code) => {}
            _ => return Err(ProposalRefusal::NotThis.into()),
        }
        let asked = loaded.proposal().asked.clone();
        let account = asked.account.ok_or(ProposalRefusal::NotThis)?;
        let addressee = addressee.ok_or(ProposalRefusal::Address)?;
        let proposed = loaded.proposal().at;
        let number = loaded.found.evidence.letter().map_or(0, |letter| letter.number) + 1;
        let (step, standing) = loaded.act(ActKind::LetterMade, self.actor.name(), &key, env.now)?;
        let bank = account
            .reg()
            .and_then(|reg| banks.get(reg))
            .map(|bank| (bank.name.clone(), bank.bic.map(|bic| bic.as_str().to_owned())));
        let facts = LetterFacts {
            id: standing.id,
            number,
            made: env.now,
            valid_until: code_valid_until(env.now),
            addressee,
            is_company: !matches!(asked.payee, PayeeId::Cpr(_)),
            account: account.to_text(),
            iban: account.iban(&banks).as_str().to_owned(),
            bank: bank.or_else(|| foreign_bank(&account)),
            specific: payer.zip(asked.specific.map(|of| of.benefit.as_str().to_owned())),
            channel: asked.channel.kind().name().to_owned(),
            asked: proposed,
        };
        let journalled = step.facts();
        Ok(Decision::of(vec![step], journalled, facts))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

fn foreign_bank(account: &DesignatedAccount) -> Option<(String, Option<String>)> {
    match account {
        DesignatedAccount::Domestic { .. } => None,
        DesignatedAccount::Foreign { bic, .. } => Some((String::new(), Some(bic.as_str().to_owned()))),
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
        let (step, standing) = loaded.act(kind, self.actor.name(), "", env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
