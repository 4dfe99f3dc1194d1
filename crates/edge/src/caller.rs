//! Who asks: from an access token to a caller.

use crate::metrics::{Metrics, Token};
use crate::problem::Problem;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use kernel::{Actor, Error, Role, Timestamp, Writer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A longer token is not looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// How many verified tokens are remembered, in each of two halves.
const REMEMBERED_MAX: usize = 16_384;

/// SHA-256 of a certificate's DER (RFC 8705).
pub type Thumbprint = [u8; 32];

/// Who has shown who they are: an organisation's system, or a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// As the journal names them.
    pub actor: Actor,
    /// What the edge and its log know them by: the name that a client is registered under; of a person, only what they are, in
    /// words that are no client's name.
    pub name: String,
    /// The payer for which it acts.
    pub payer: Option<String>,
    /// The bank for which it acts.
    pub bank: Option<String>,
    /// The register for which it speaks.
    pub register: Option<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// What it signs with: `ES256`. A token of another issuer is all that is seen of that.
    pub algorithm: &'static str,
    /// Until when the token holds.
    pub expires: Timestamp,
}

impl Caller {
    /// The client that is registered under this name, which comes for nobody yet.
    ///
    /// # Panics
    /// The role is that of people.
    #[must_use]
    pub fn client(role: Role, name: &str) -> Self {
        Self::of(Actor::client(role, name), name)
    }

    /// A person, who comes for nobody else.
    #[must_use]
    pub fn person(actor: Actor) -> Self {
        let name = match actor.role() {
            Role::Operator => "an operator",
            Role::Caseworker => "a caseworker",
            _ => "a citizen",
        };
        Self::of(actor, name)
    }

    fn of(actor: Actor, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            actor,
            payer: None,
            bank: None,
            register: None,
            scopes: Vec::new(),
            algorithm: "",
            expires: Timestamp::from_micros(0),
        }
    }

    /// As the journal names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// What they are.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.actor.role()
    }

    /// The payer that it acts for.
    ///
    /// # Errors
    /// `policy.not_allowed`: it acts for none.
    pub fn payer(&self) -> Result<String, Problem> {
        self.payer.clone().ok_or_else(|| nobody("the client is registered for no payer"))
    }

    /// The bank that it acts for.
    ///
    /// # Errors
    /// `policy.not_allowed`: it acts for none.
    pub fn bank(&self) -> Result<String, Problem> {
        self.bank.clone().ok_or_else(|| nobody("the client is registered for no bank"))
    }
}

fn nobody(why: &str) -> Problem {
    Problem::of("policy.not_allowed").because(why)
}

/// Why a token is not good: one of the codes that begin with `token.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadToken(pub &'static str);

/// Verifies access tokens. It is asked on the threads of the edge, and so asks no store.
pub trait Tokens: Send + Sync + 'static {
    /// Who shows this token, over a connection with this certificate.
    ///
    /// # Errors
    /// What is wrong with it.
    fn verify(&self, token: &str, now: Timestamp, certificate: Option<&Thumbprint>) -> Result<Caller, BadToken>;

    /// Learns what became of clients and keys; whether anything did. It is called every second, on a thread of the core.
    ///
    /// # Errors
    /// The store's.
    fn refresh(&self, reader: &mut Writer) -> Result<bool, Error>;
}

/// Trusts no issuer.
pub struct NoIssuer;

impl Tokens for NoIssuer {
    fn verify(&self, _: &str, _: Timestamp, _: Option<&Thumbprint>) -> Result<Caller, BadToken> {
        Err(BadToken("token.issuer"))
    }

    fn refresh(&self, _: &mut Writer) -> Result<bool, Error> {
        Ok(false)
    }
}

/// Verifies tokens, and remembers which are good.
pub(crate) struct Gate {
    tokens: Box<dyn Tokens>,
    remembered: Mutex<Remembered>,
}

/// Two halves: what is found in the older one moves to the newer; when that is full, it becomes the older one.
#[derive(Default)]
struct Remembered {
    newer: BTreeMap<[u8; 32], Arc<Caller>>,
    older: BTreeMap<[u8; 32], Arc<Caller>>,
    /// Grows when all is forgotten: what was verified before is not remembered after.
    round: u64,
}

impl Gate {
    pub(crate) fn new(tokens: Box<dyn Tokens>) -> Self {
        Self { tokens, remembered: Mutex::default() }
    }

    /// Who sends these headers.
    pub(crate) fn caller(
        &self,
        headers: &HeaderMap,
        certificate: Option<&Thumbprint>,
        now: Timestamp,
        metrics: &Metrics,
    ) -> Result<Arc<Caller>, Problem> {
        let token = bearer(headers)?;
        let key = key_of(token, certificate);
        let (found, round) = self.find(&key, now);
        if let Some(caller) = found {
            metrics.token(Token::Found);
            return Ok(caller);
        }
        match self.tokens.verify(token, now, certificate) {
            Ok(caller) => {
                metrics.token(Token::Verified);
                let caller = Arc::new(caller);
                self.remember(key, caller.clone(), round);
                Ok(caller)
            }
            Err(BadToken(code)) => {
                metrics.token(Token::Refused);
                Err(invalid(code))
            }
        }
    }

    fn find(&self, key: &[u8; 32], now: Timestamp) -> (Option<Arc<Caller>>, u64) {
        let mut remembered = self.remembered();
        let is_good = |caller: &Arc<Caller>| now < caller.expires;
        let found = remembered.newer.get(key).filter(|caller| is_good(caller)).cloned();
        let found = found.or_else(|| {
            let caller = remembered.older.remove(key).filter(is_good)?;
            remembered.put(*key, caller.clone());
            Some(caller)
        });
        (found, remembered.round)
    }

    fn remember(&self, key: [u8; 32], caller: Arc<Caller>, round: u64) {
        let mut remembered = self.remembered();
        if remembered.round == round {
            remembered.put(key, caller);
        }
    }

    /// Learns what became of clients and keys, and forgets what was verified before that.
    pub(crate) fn refresh(&self, reader: &mut Writer) -> Result<(), Error> {
        if self.tokens.refresh(reader)? {
            let mut remembered = self.remembered();
            *remembered = Remembered { round: remembered.round + 1, ..Remembered::default() };
        }
        Ok(())
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.remembered.lock().expect("nothing panics while it is held")
    }
}

impl Remembered {
    fn put(&mut self, key: [u8; 32], caller: Arc<Caller>) {
        if self.newer.len() >= REMEMBERED_MAX {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, caller);
    }
}

/// The token and the certificate together: a token is only good over the connection that it is bound to.
fn key_of(token: &str, certificate: Option<&Thumbprint>) -> [u8; 32] {
    let digest = Sha256::new().chain_update([u8::from(certificate.is_some())]);
    digest.chain_update(certificate.unwrap_or(&[0; 32])).chain_update(token).finalize().into()
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1), which is the only place for it.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(missing()) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    let token = token.trim_matches(' ');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if values.next().is_some() || token.is_empty() || token.len() > TOKEN_BYTES_MAX || !token.bytes().all(is_token) {
        return Err(invalid("token.malformed"));
    }
    Ok(token)
}

fn challenge(code: &'static str, parameters: &str) -> Problem {
    let value =
        HeaderValue::from_str(&format!("Bearer realm=\"anvis\"{parameters}")).expect("all of it is ours and visible");
    Problem::of(code).with(WWW_AUTHENTICATE, value)
}

/// Without credentials there is nothing to say but what is needed (RFC 6750 §3.1).
fn missing() -> Problem {
    challenge("token.missing", "")
}

fn invalid(code: &'static str) -> Problem {
    challenge(code, &format!(", error=\"invalid_token\", error_description=\"{code}\""))
}

/// The token is good and does not reach this far.
pub(crate) fn out_of_scope(scope: &str) -> Problem {
    let parameters = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
    challenge("token.scope", &parameters).because(format!("this needs the scope {scope}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Takes any token, and counts.
    #[derive(Default)]
    struct Counting(Arc<AtomicU64>);

    impl Tokens for Counting {
        fn verify(&self, token: &str, _: Timestamp, _: Option<&Thumbprint>) -> Result<Caller, BadToken> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if token == "bad" {
                return Err(BadToken("token.signature"));
            }
            Ok(Caller { expires: Timestamp::from_micros(100), ..Caller::client(Role::Authority, token) })
        }

        fn refresh(&self, _: &mut Writer) -> Result<bool, Error> {
            Ok(true)
        }
    }

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn where_tokens_stand() {
        let check = |values: &[&str], expected: Result<&str, &str>| {
            assert_eq!(bearer(&headers(values)).map_err(|problem| problem.code()), expected, "{values:?}");
        };
        check(&["Bearer abc.def-_~+/="], Ok("abc.def-_~+/="));
        check(&["bearer  abc "], Ok("abc"));
        check(&[], Err("token.missing"));
        check(&["Basic abc"], Err("token.missing"));
        check(&["Bearer"], Err("token.missing"));
        check(&["Bearer "], Err("token.malformed"));
        check(&["Bearer a b"], Err("token.malformed"));
        check(&["Bearer a\"b"], Err("token.malformed"));
        check(&["Bearer a", "Bearer b"], Err("token.malformed"));
        check(&[&format!("Bearer {}", "a".repeat(TOKEN_BYTES_MAX + 1))], Err("token.malformed"));
    }

    #[test]
    fn a_good_token_is_remembered_for_its_certificate_until_it_expires() {
        let count = Arc::new(AtomicU64::default());
        let gate = Gate::new(Box::new(Counting(count.clone())));
        let metrics = Metrics::new([].into_iter());
        let ask = |token: &str, certificate: Option<Thumbprint>, now| {
            let headers = headers(&[&format!("Bearer {token}")]);
            gate.caller(&headers, certificate.as_ref(), Timestamp::from_micros(now), &metrics)
                .map_err(|problem| problem.code())
        };
        let verified = |expected| assert_eq!(count.swap(0, Ordering::Relaxed), expected);
        assert_eq!(ask("a", None, 0).unwrap().name, "a");
        assert_eq!(ask("a", None, 99).unwrap().name, "a");
        verified(1);
        ask("a", Some([0; 32]), 0).unwrap();
        ask("a", Some([1; 32]), 0).unwrap();
        verified(2);
        ask("a", None, 100).unwrap();
        verified(1);
        for _ in 0..3 {
            assert_eq!(ask("bad", None, 0), Err("token.signature"));
        }
        verified(3);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_used_stays() {
        let gate = Gate::new(Box::new(Counting::default()));
        let caller = Arc::new(Counting::default().verify("x", Timestamp::from_micros(0), None).unwrap());
        let key = |number: usize| key_of(&number.to_string(), None);
        for number in 0..5 * REMEMBERED_MAX {
            gate.remember(key(number), caller.clone(), 0);
            assert!(gate.find(&key(0), Timestamp::from_micros(0)).0.is_some(), "{number}");
        }
        assert!(gate.find(&key(1), Timestamp::from_micros(0)).0.is_none());
        let remembered = gate.remembered();
        assert!(remembered.newer.len() + remembered.older.len() <= 2 * REMEMBERED_MAX);
    }

    #[test]
    fn what_was_verified_before_a_change_is_not_remembered_after_it() {
        let gate = Gate::new(Box::new(Counting::default()));
        let caller = Arc::new(Counting::default().verify("x", Timestamp::from_micros(0), None).unwrap());
        let (_, round) = gate.find(&[1; 32], Timestamp::from_micros(0));
        gate.remembered().round += 1;
        gate.remember([1; 32], caller, round);
        assert!(gate.find(&[1; 32], Timestamp::from_micros(0)).0.is_none());
    }
}
