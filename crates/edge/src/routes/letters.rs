//! Letters with a code, as operators make them and follow what becomes of them.

use super::proposals::{ProposalStanding, Which};
use crate::page_of;
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Pdf, Route};
use letter::Language;
use registry::commands::{FollowLetter, LetterFate};
use registry::life::Waits;
use registry::policy;
use registry::queries::{self, ProposalView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use services::letters::{Drawn, draw};

const SCOPE: &str = "letters";

pub fn routes() -> Vec<Route> {
    const FOLLOWED: &[&str] = &["proposal.unknown", "proposal.ended", "proposal.not_this", "proposal.own"];
    vec![
        Route::get(
            "/v1/letters",
            "letters.list",
            "The proposals that wait for a letter, or for its code; the oldest first",
        )
        .token(policy::MAKE_LETTERS, SCOPE)
        .by(list),
        Route::post(
            "/v1/letters/{proposal}/print",
            "letters.print",
            "Make the letter of a proposal: its code counts from then on. An answer that was lost is not given again",
        )
        .token(policy::MAKE_LETTERS, SCOPE)
        .refuses(&[
            "proposal.unknown",
            "proposal.ended",
            "proposal.not_this",
            "proposal.own",
            "proposal.too_much",
            "letter.sender",
            "letter.protected",
            "letter.on_its_way",
            "letter.outdated",
            "letter.address",
            "letter.address_too_long",
            "letter.character",
            "letter.country",
            "letter.empty",
            "letter.too_long",
        ])
        .by(print),
        Route::post(
            "/v1/letters/{proposal}/posted",
            "letters.posted",
            "Note that the newest letter of a proposal was handed over to be posted",
        )
        .token(policy::MAKE_LETTERS, SCOPE)
        .refuses(FOLLOWED)
        .by(posted),
        Route::post(
            "/v1/letters/{proposal}/returned",
            "letters.returned",
            "Note that it came back undelivered: the change waits for an officer then",
        )
        .token(policy::MAKE_LETTERS, SCOPE)
        .refuses(FOLLOWED)
        .by(returned),
    ]
}

/// Which proposals.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LettersOf {
    /// Those that wait for this; without it, for a letter.
    #[serde(default)]
    waits_for: Option<WaitsFor>,
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many rows; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// What a proposal waits for.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WaitsFor {
    /// That it is made.
    Letter,
    /// That the payee gives its code.
    Code,
}

impl WaitsFor {
    /// With the list that a cursor is of.
    const fn list(self) -> (Waits, &'static str) {
        match self {
            Self::Letter => (Waits::Letter, "letters.letter"),
            Self::Code => (Waits::Code, "letters.code"),
        }
    }
}

/// A page of proposals.
#[derive(Serialize, JsonSchema)]
struct Letters {
    /// The oldest first. There can be none while there are more.
    letters: Vec<AwaitedLetter>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A proposal that waits for a letter or its code. Whom it is about is not said.
#[derive(Serialize, JsonSchema)]
struct AwaitedLetter {
    #[serde(flatten)]
    standing: ProposalStanding,
    /// By which channel it came.
    channel: String,
    /// When (RFC 3339).
    proposed: String,
    /// When it expires, unless somebody does what it waits for.
    due: Option<String>,
}

impl From<ProposalView> for AwaitedLetter {
    fn from(ProposalView { standing, channel, proposed, due, .. }: ProposalView) -> Self {
        Self { standing: standing.into(), channel, proposed, due }
    }
}

async fn list(call: Call<Nothing, Nothing, LettersOf>) -> Answer<Json<Letters>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let LettersOf { waits_for, cursor, limit } = call.query;
    let (waits, list) = waits_for.unwrap_or(WaitsFor::Letter).list();
    let after = cursor.map(|cursor| page_of::after(list, &cursor)).transpose()?;
    let limit = page_of::limit(limit)?;
    let page = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::waiting(scope, &actor, None, Some(waits), after, limit, now)));
    let page = page.await?;
    let next = page.next.map(|last| page_of::write(list, last));
    Ok(Json(Letters { letters: page.proposals.into_iter().map(AwaitedLetter::from).collect(), next }))
}

/// How a letter is made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Printing {
    /// Its language; Danish unless it is said.
    #[serde(default)]
    language: Option<Written>,
    /// Whether it takes the place of one that is on its way, whose code is void then.
    #[serde(default)]
    anew: bool,
}

/// The languages of letters.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Written {
    /// Danish.
    Da,
    /// English.
    En,
}

/// The letter is drawn, then on record, and only then told: what the post never gets has a code that never counts, or that the next
/// letter makes void.
async fn print(call: Call<Json<Printing>, Which>) -> Answer<Pdf> {
    let (operator, now, id) = (call.caller.actor(), (call.edge.clock)(), call.path.proposal);
    let Json(Printing { language, anew }) = call.body;
    let language = if let Some(Written::En) = language { Language::English } else { Language::Danish };
    let sender = call
        .edge
        .sender
        .clone()
        .ok_or_else(|| Problem::of("letter.sender").because("the service was started without --letter-sender"))?;
    let actor = operator.clone();
    let drawing = call.edge.core.take_long(move |writer| {
        let facts = writer.read(|scope| queries::letter(scope, &actor, &id, now))?;
        facts.require_wanted(anew)?;
        // An address that nobody is shown is not shown to whoever asks here: `letters print` lays it where the printer alone takes it.
        if facts.addressee.is_protected {
            return Ok(None);
        }
        draw(facts, &sender, language, actor, &mut writer.secrets).map(Some)
    });
    let Drawn { number, sheets, make, .. } = drawing.await?.ok_or_else(|| Problem::of("letter.protected"))?;
    call.edge.core.execute(make, operator).await?;
    let (_, pdf) = sheets.into_iter().next().ok_or_else(|| Problem::failure("a letter without a sheet"))?;
    Ok(Pdf { name: number.to_string(), bytes: pdf })
}

async fn posted(call: Call<Nothing, Which>) -> Answer<Json<ProposalStanding>> {
    follow(call, LetterFate::HandedOver).await
}

async fn returned(call: Call<Nothing, Which>) -> Answer<Json<ProposalStanding>> {
    follow(call, LetterFate::Returned).await
}

async fn follow(call: Call<Nothing, Which>, fate: LetterFate) -> Answer<Json<ProposalStanding>> {
    let (actor, proposal) = (call.caller.actor(), call.path.proposal);
    let command = FollowLetter { proposal, fate, actor: actor.clone() };
    Ok(Json(call.edge.core.execute(command, actor).await?.into()))
}
