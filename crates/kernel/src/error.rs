use std::fmt;

/// A "no" that a person can act on: a stable code for machines and one plain sentence for people.
///
/// Each service has an enum of its refusals; this is what leaves the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable, dotted: `designation.expects_mismatch`.
    pub code: &'static str,
    /// One clear sentence. Never holds a CPR number, an account, a name or a payer's own text.
    pub text: String,
    /// After how many seconds the same may be asked again with another outcome, where waiting helps.
    pub retry_after_seconds: Option<u64>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a service's own enum of refusals offers.
pub trait Refuse: fmt::Display {
    /// The stable code.
    fn code(&self) -> &'static str;

    /// As in [`Refusal`].
    fn retry_after_seconds(&self) -> Option<u64> {
        None
    }
}

impl<R: Refuse> From<R> for Refusal {
    fn from(refusal: R) -> Self {
        Self { code: refusal.code(), text: refusal.to_string(), retry_after_seconds: refusal.retry_after_seconds() }
    }
}

/// Someone else was first; the same call may succeed when it is made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict(pub String);

/// The code of what has none of its own.
const FAILURE: &str = "failure";

/// Ours to mend: the store, a file or the machine failed. The chain of causes is kept for the log.
#[derive(Debug)]
pub struct StoreError {
    is_damage: bool,
    code: &'static str,
    doing: String,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// What was being done, in plain words, and why it failed.
    pub fn new(doing: impl Into<String>, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { is_damage: false, code: FAILURE, doing: doing.into(), cause: Some(cause.into()) }
    }

    /// A row that cannot be what it should be.
    #[must_use]
    pub fn broken(table: &str, column: &str, row: impl fmt::Debug) -> Self {
        Self::damaged(format!("{table}.{column} of row {row:?} cannot be read"))
    }

    /// What the store holds is not what was put there.
    #[must_use]
    pub fn damaged(what: String) -> Self {
        Self { is_damage: true, code: FAILURE, doing: format!("the store is damaged: {what}"), cause: None }
    }

    /// The same, known by a code of its own.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Whether what the store holds is not what was put there; else something failed.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        self.is_damage
    }

    /// A failure with nothing underneath.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { is_damage: false, code: FAILURE, doing: text.into(), cause: None }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}

/// The three tiers of error.
#[derive(Debug)]
pub enum Error {
    /// A person can act on it.
    Refused(Refusal),
    /// Try again.
    Conflict(Conflict),
    /// Ours.
    Store(StoreError),
}

impl Error {
    /// The stable code: the refusal's own, `conflict`, `failure`, or the failure's own.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Conflict(_) => "conflict",
            Self::Store(error) => error.code,
        }
    }

    /// What was read; nothing where what the store holds is not what was put there, so that whoever reads it for many goes on with the
    /// others.
    ///
    /// # Errors
    /// All others.
    pub fn unless_damaged<T>(read: Result<T, Self>) -> Result<Option<T>, Self> {
        match read {
            Err(Self::Store(error)) if error.is_damage() => Ok(None),
            read => read.map(Some),
        }
    }

    /// A failure of ours: `doing` in plain words, and its cause.
    pub fn failed(doing: impl Into<String>) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> Self {
        let doing = doing.into();
        move |cause| Self::Store(StoreError::new(doing, cause))
    }

    /// The same for the file system.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |cause| Self::Store(StoreError::new(doing, cause))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Conflict(conflict) => f.write_str(&conflict.0),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl<R: Into<Refusal>> From<R> for Error {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}
