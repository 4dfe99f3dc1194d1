//! What the registers tell of people and companies: event by event, and as files.

use super::question::{MOMENT, micros, moment};
use crate::caller::Caller;
use crate::problem::{self, Problem};
use crate::route::{Answer, Call, Csv, Json, Nothing, Route};
use crate::stream::Arriving;
use kernel::{Env, Refuse, Timestamp, Vault, Writer};
use registry::commands::{EVENTS_MAX, EventAnswer, RecordEvents};
use registry::import::{self, AsOf, Companies, Counts, Piece, Pieces, Population, Source};
use registry::register_event::{self, CompanyRecord, PersonRecord, Register, Registered};
use registry::{RowRefusal, policy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const SCOPE: &str = "register";
/// How many refused lines are named in an answer.
const REFUSED_MAX: usize = 1000;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/register/people", "register.people", "What happened to people, by the population register")
            .token(policy::RECORD_EVENTS, SCOPE)
            .repeatable()
            .refuses(&["register.count"])
            .by(people),
        Route::post(
            "/v1/register/people/file",
            "register.people-file",
            "All that the population register says, as a file of its rows",
        )
        .token(policy::IMPORT_POPULATION, SCOPE)
        .refuses(&["import.header", "row.malformed"])
        .by(people_file),
        Route::post("/v1/register/companies", "register.companies", "What happened to companies, by their register")
            .token(policy::RECORD_EVENTS, SCOPE)
            .repeatable()
            .refuses(&["register.count"])
            .by(companies),
        Route::post(
            "/v1/register/companies/file",
            "register.companies-file",
            "All that the company register says, as a file of its rows",
        )
        .token(policy::IMPORT_COMPANIES, SCOPE)
        .refuses(&["import.header", "row.malformed"])
        .by(companies_file),
    ]
}

/// Events of people.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PeopleEvents {
    /// They are recorded in this order.
    #[schemars(length(min = 1, max = EVENTS_MAX))]
    events: Vec<PersonEvent>,
}

/// What happened to one person.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PersonEvent {
    /// The person's number.
    #[schemars(regex(pattern = r"^[0-9]{6}-?[0-9]{4}$"), example = "6101701234")]
    cpr: String,
    /// When the register recorded it (RFC 3339). What is older than what is known changes nothing.
    #[schemars(with = "String", regex(pattern = MOMENT), example = "2026-11-20T08:30:00Z")]
    #[serde(deserialize_with = "moment", serialize_with = "micros")]
    at: Timestamp,
    /// What it was.
    event: PersonChange,
}

/// What happened to a person.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum PersonChange {
    /// All that the register says: of somebody who is not known yet, or again.
    Record {
        /// Not empty.
        #[schemars(length(min = 1, max = 200))]
        name: String,
        /// Street and number.
        #[serde(default)]
        address: String,
        /// The postcode.
        #[serde(default)]
        postcode: String,
        /// The city.
        #[serde(default)]
        city: String,
        /// The country.
        #[serde(default)]
        country: String,
        /// `active`, `dead`, `emigrated`, `missing`, or the register's own two digits.
        #[schemars(example = &"active")]
        status: String,
        /// Since when: YYYY-MM-DD, or empty.
        #[serde(default)]
        #[schemars(example = "2026-11-20")]
        status_date: String,
        /// Whether the address is protected.
        #[serde(default)]
        protected: bool,
    },
    /// The person died.
    Death {
        /// When: YYYY-MM-DD, or empty.
        #[serde(default)]
        #[schemars(example = "2026-11-20")]
        date: String,
    },
    /// The person has another status.
    Status {
        /// As in a record.
        #[schemars(example = &"emigrated")]
        status: String,
        /// Since when: YYYY-MM-DD, or empty.
        #[serde(default)]
        #[schemars(example = "2026-11-20")]
        date: String,
    },
    /// The person moved: this is the whole address from now on.
    Move {
        /// Street and number.
        #[serde(default)]
        address: String,
        /// The postcode.
        #[serde(default)]
        postcode: String,
        /// The city.
        #[serde(default)]
        city: String,
        /// The country.
        #[serde(default)]
        country: String,
    },
    /// The person has another name.
    Name {
        /// Not empty.
        #[schemars(length(min = 1, max = 200))]
        name: String,
    },
    /// The address is protected from now on, or is not any more.
    Protection {
        /// Whether it is.
        protected: bool,
    },
}

impl From<PersonChange> for register_event::PersonEvent {
    fn from(change: PersonChange) -> Self {
        match change {
            PersonChange::Record { name, address, postcode, city, country, status, status_date, protected } => {
                let address = [address, postcode, city, country];
                Self::Record(Box::new(PersonRecord { name, address, status, status_date, protected }))
            }
            PersonChange::Death { date } => Self::Death(date),
            PersonChange::Status { status, date } => Self::Status(status, date),
            PersonChange::Move { address, postcode, city, country } => Self::Move([address, postcode, city, country]),
            PersonChange::Name { name } => Self::Name(name),
            PersonChange::Protection { protected } => Self::Protection(protected),
        }
    }
}

/// Events of companies.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompaniesEvents {
    /// They are recorded in this order.
    #[schemars(length(min = 1, max = EVENTS_MAX))]
    events: Vec<CompanyEvent>,
}

/// What happened to one company.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompanyEvent {
    /// The company's number.
    #[schemars(regex(pattern = r"^[0-9]{8}$"), example = "13748136")]
    cvr: String,
    /// When the register recorded it (RFC 3339). What is older than what is known changes nothing.
    #[schemars(with = "String", regex(pattern = MOMENT), example = "2026-11-20T08:30:00Z")]
    #[serde(deserialize_with = "moment", serialize_with = "micros")]
    at: Timestamp,
    /// What it was.
    event: CompanyChange,
}

/// What happened to a company.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum CompanyChange {
    /// All that the register says: of a company that is not known yet, or again.
    Record {
        /// Not empty.
        #[schemars(length(min = 1, max = 200))]
        name: String,
        /// `active` or `dissolved`.
        #[schemars(example = &"active")]
        status: String,
        /// Since when: YYYY-MM-DD, or empty.
        #[serde(default)]
        #[schemars(example = "2026-11-20")]
        status_date: String,
        /// Street and number.
        #[serde(default)]
        address: String,
        /// The postcode.
        #[serde(default)]
        postcode: String,
        /// The city.
        #[serde(default)]
        city: String,
        /// The country.
        #[serde(default)]
        country: String,
        /// Who may sign for it: each way, as the numbers of those who sign together.
        #[serde(default)]
        #[schemars(example = &[["6101701234"]])]
        signatories: Vec<Vec<String>>,
    },
    /// The company does not exist any more.
    Closure {
        /// Since when: YYYY-MM-DD, or empty.
        #[serde(default)]
        #[schemars(example = "2026-11-20")]
        date: String,
    },
    /// The company has another status.
    Status {
        /// As in a record.
        #[schemars(example = &"active")]
        status: String,
        /// Since when: YYYY-MM-DD, or empty.
        #[serde(default)]
        #[schemars(example = "2026-11-20")]
        date: String,
    },
    /// The company has another name.
    Name {
        /// Not empty.
        #[schemars(length(min = 1, max = 200))]
        name: String,
    },
    /// The company moved: this is the whole address from now on.
    Move {
        /// Street and number.
        #[serde(default)]
        address: String,
        /// The postcode.
        #[serde(default)]
        postcode: String,
        /// The city.
        #[serde(default)]
        city: String,
        /// The country.
        #[serde(default)]
        country: String,
    },
    /// These may sign for the company from now on, and nobody else.
    Signatories {
        /// As in a record.
        #[schemars(example = &[["6201701235", "6301701236"]])]
        signatories: Vec<Vec<String>>,
    },
}

impl From<CompanyChange> for register_event::CompanyEvent {
    fn from(change: CompanyChange) -> Self {
        match change {
            CompanyChange::Record { name, status, status_date, address, postcode, city, country, signatories } => {
                let (address, signatories) = ([address, postcode, city, country], ways(&signatories));
                Self::Record(Box::new(CompanyRecord { name, status, status_date, address, signatories }))
            }
            CompanyChange::Closure { date } => Self::Closure(date),
            CompanyChange::Status { status, date } => Self::Status(status, date),
            CompanyChange::Name { name } => Self::Name(name),
            CompanyChange::Move { address, postcode, city, country } => Self::Move([address, postcode, city, country]),
            CompanyChange::Signatories { signatories } => Self::Signatories(ways(&signatories)),
        }
    }
}

/// As the register's file writes them.
fn ways(signatories: &[Vec<String>]) -> String {
    signatories.iter().map(|way| way.join("+")).collect::<Vec<_>>().join(" ")
}

/// What became of events.
#[derive(Serialize, JsonSchema)]
struct Recorded {
    /// One for each event, in their order.
    events: Vec<RecordedEvent>,
}

/// What became of one event.
#[derive(Serialize, JsonSchema)]
struct RecordedEvent {
    /// `done`; `unchanged`, as it was known; `outdated`, as something newer was known; or `refused`.
    result: &'static str,
    /// Why it was refused.
    code: Option<String>,
}

impl From<EventAnswer> for RecordedEvent {
    fn from(answer: EventAnswer) -> Self {
        let result = answer.name();
        let code = if let EventAnswer::Refused(code) = answer { Some(code) } else { None };
        Self { result, code }
    }
}

async fn people(call: Call<Json<PeopleEvents>>) -> Answer<Json<Recorded>> {
    let vault = call.edge.vault.clone();
    let read = |PersonEvent { cpr, at, event }| register_event::PersonEvent::from(event).registered(&vault, &cpr, at);
    record(call, Register::Population, |body| body.events.into_iter().map(read).collect()).await
}

async fn companies(call: Call<Json<CompaniesEvents>>) -> Answer<Json<Recorded>> {
    let vault = call.edge.vault.clone();
    let read = |CompanyEvent { cvr, at, event }| register_event::CompanyEvent::from(event).registered(&vault, &cvr, at);
    record(call, Register::Companies, |body| body.events.into_iter().map(read).collect()).await
}

/// A client speaks for one register.
fn require(caller: &Caller, register: Register) -> Result<(), Problem> {
    if caller.register.as_deref() == Some(register.name()) {
        return Ok(());
    }
    Err(Problem::of("policy.not_allowed").because("the client is registered for another register"))
}

async fn record<B: Serialize>(
    call: Call<Json<B>>,
    register: Register,
    read: impl FnOnce(B) -> Vec<Result<Registered, RowRefusal>>,
) -> Answer<Json<Recorded>> {
    require(&call.caller, register)?;
    let (actor, Json(body)) = (call.caller.actor(), call.body);
    let once = call.idempotency_key.map(|key| key.once(&actor, &policy::RECORD_EVENTS, &(register.name(), &body)));
    let events = read(body);
    let weight = events.len();
    let request = RecordEvents::new(register, events, once).map_err(problem::refused)?;
    let answers = call.edge.core.execute_jointly(request, actor, weight).await?;
    Ok(Json(Recorded { events: answers.into_iter().map(RecordedEvent::from).collect() }))
}

/// Which file it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileOf {
    /// When the register wrote the file (RFC 3339). What is known of later stays.
    #[schemars(with = "String", regex(pattern = MOMENT))]
    #[serde(deserialize_with = "moment")]
    as_of: Timestamp,
}

/// What became of a file.
#[derive(Serialize, JsonSchema)]
struct FileRead {
    /// Rows that it has.
    rows: u64,
    /// Those that changed something.
    changed: u64,
    /// Those that said what is known, or was known before.
    unchanged: u64,
    /// Those that were refused.
    rejected: u64,
    /// The first thousand of these.
    refused: Vec<RefusedLine>,
}

/// A line that was refused.
#[derive(Serialize, JsonSchema)]
struct RefusedLine {
    /// Which; the header is line 1.
    line: u64,
    /// Why.
    code: String,
}

async fn people_file(call: Call<Csv, Nothing, FileOf>) -> Answer<Json<FileRead>> {
    read_file(call, Register::Population, |vault| Population { vault, refuse_replacement_numbers: false }).await
}

async fn companies_file(call: Call<Csv, Nothing, FileOf>) -> Answer<Json<FileRead>> {
    read_file(call, Register::Companies, |vault| Companies { vault }).await
}

/// Gives the file to the core as it comes, piece by piece: no thread waits for the client, and what was taken stays when it goes
/// away.
async fn read_file<S>(
    call: Call<Csv, Nothing, FileOf>,
    register: Register,
    source: fn(Vault) -> S,
) -> Answer<Json<FileRead>>
where
    S: Source<Row = Registered> + Send + 'static,
{
    require(&call.caller, register)?;
    let place = call.edge.transfers.enter(&call.caller.name)?;
    place.keep(take(call, source)).await
}

/// While a piece is decided, the next arrives.
async fn take<S>(call: Call<Csv, Nothing, FileOf>, source: fn(Vault) -> S) -> Answer<Json<FileRead>>
where
    S: Source<Row = Registered> + Send + 'static,
{
    let (edge, actor, moment, Csv(mut body)) = (call.edge, call.caller.actor(), call.query.as_of, call.body);
    let (mut pieces, mut counts, mut refused) = (Pieces::default(), Counts::default(), Vec::new());
    let mut next = next_piece(&mut body, &mut pieces).await?;
    while let Some(piece) = next {
        let source = AsOf { source: source(edge.vault.clone()), moment };
        let (actor, env) = (actor.clone(), Env::new((edge.clock)(), 0));
        let work = move |writer: &mut Writer| import::take(writer, &source, &piece, &actor, &env);
        let (taken, arrived) = tokio::join!(edge.core.piece_in_turn(work), next_piece(&mut body, &mut pieces));
        let (counted, rejects) = taken?;
        counts += counted;
        let named = rejects.into_iter().take(REFUSED_MAX - refused.len());
        refused.extend(named.map(|(line, refusal)| RefusedLine { line, code: refusal.code().to_owned() }));
        next = arrived?;
    }
    let Counts { rows, changed, unchanged, rejected, .. } = counts;
    Ok(Json(FileRead { rows, changed, unchanged, rejected, refused }))
}

async fn next_piece(body: &mut Arriving, pieces: &mut Pieces) -> Result<Option<Piece>, Problem> {
    loop {
        let piece = pieces.cut().map_err(problem::refused)?;
        if piece.is_some() || pieces.has_ended() {
            return Ok(piece);
        }
        match body.next().await? {
            Some(bytes) => pieces.push(&bytes),
            None => pieces.end(),
        }
    }
}
