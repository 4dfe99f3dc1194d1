//! The page behind the link in a notice: it needs no login, works once, and only ever stops (NK-10). It has a listener of its own,
//! as those who open it have no certificate of a client.
//!
//! Opening it does nothing: programs that look at what comes by mail open every link. What stops is a button.

use crate::core::Unanswered;
use crate::edge::Edge;
use crate::page::STYLE;
use axum::body::Body;
use axum::response::Response;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, StatusCode};
use kernel::{Actor, Error};
use registry::commands::{STOP_DAYS, StopProposal, Stopped};
use registry::notice::StopToken;
use std::sync::Arc;

// The page says how long.
const _: () = assert!(STOP_DAYS == 90);

/// Before the token.
const PATH: &str = "/stop/";

/// What the page says, in both languages.
struct Said {
    status: StatusCode,
    da: [&'static str; 2],
    en: [&'static str; 2],
    button: bool,
}

const ASKED: Said = Said {
    status: StatusCode::OK,
    da: [
        "Er det ikke dig, der vil ændre din konto?",
        "Tryk på knappen, så stopper vi ændringen, til en medarbejder har set på den. Mere kan der ikke ske her: din konto bliver ikke \
         ændret, og vi spørger hverken om koder eller om, hvem du er.",
    ],
    en: [
        "Was it not you who asked to change your account?",
        "Press the button, and we stop the change until somebody has looked at it. Nothing else can happen here: your account is \
         not changed, and we ask neither for codes nor for who you are.",
    ],
    button: true,
};

const STOPPED: Said = Said {
    status: StatusCode::OK,
    da: ["Ændringen er stoppet", "En medarbejder ser på den. Din nuværende konto er, som den var."],
    en: ["The change is stopped", "Somebody looks at it. Your present account is as it was."],
    button: false,
};

const FROZEN: Said = Said {
    status: StatusCode::OK,
    da: [
        "Kontoen er spærret for udbetalinger",
        "Ændringen var trådt i kraft. Der bliver ikke udbetalt noget til den nye konto, før en medarbejder har set på det. Ring til os.",
    ],
    en: [
        "Nothing is paid to the account",
        "The change had taken effect. Nothing is paid to the new account until somebody has looked at it. Call us.",
    ],
    button: false,
};

const ALREADY: Said = Said {
    status: StatusCode::OK,
    da: ["Ændringen var stoppet i forvejen", "Linket har virket én gang."],
    en: ["The change was stopped before", "The link has worked once."],
    button: false,
};

const TOO_LATE: Said = Said {
    status: StatusCode::OK,
    da: [
        "Linket virker ikke længere",
        "Ændringen har været i kraft i mere end 90 dage. Er kontoen ikke din, så ring til os, så hjælper vi dig.",
    ],
    en: [
        "The link does not work any longer",
        "The change has been in force for more than 90 days. If the account is not yours, call us, and we help you.",
    ],
    button: false,
};

const UNKNOWN: Said = Said {
    status: StatusCode::NOT_FOUND,
    da: [
        "Her er ikke noget at stoppe",
        "Linket er ikke et af vores, eller ændringen er der ikke mere. Er du i tvivl, så ring til os.",
    ],
    en: ["There is nothing to stop here", "The link is not one of ours, or the change is gone. If in doubt, call us."],
    button: false,
};

const BUSY: Said = Said {
    status: StatusCode::SERVICE_UNAVAILABLE,
    da: ["Prøv igen om lidt", "Vi kunne ikke nå det lige nu. Er det vigtigt, så ring til os."],
    en: ["Try again in a moment", "We could not do it just now. If it is urgent, call us."],
    button: false,
};

/// Answers what comes to the listener of the page.
pub(crate) async fn answer(edge: Arc<Edge>, request: Request<Body>) -> Response {
    let path = request.uri().path();
    if path == "/style.css" && request.method() == Method::GET {
        return respond(StatusCode::OK, "text/css; charset=utf-8", STYLE.to_owned());
    }
    // What is no token of this store is never looked up, and leaves no trace but a figure.
    let token =
        path.strip_prefix(PATH).and_then(StopToken::parse).filter(|token| token.proposal(&edge.vault).is_some());
    let said = match (request.method(), token) {
        (_, None) => &UNKNOWN,
        (&Method::GET, Some(_)) => &ASKED,
        (&Method::POST, Some(token)) => match edge.core.execute(StopProposal { token }, Actor::console()).await {
            Ok(Stopped::Stopped) => &STOPPED,
            Ok(Stopped::Frozen) => &FROZEN,
            Ok(Stopped::Already) => &ALREADY,
            Ok(Stopped::TooLate) => &TOO_LATE,
            Ok(Stopped::Gone) => &UNKNOWN,
            Err(Unanswered::Failed(Error::Refused(_))) => &UNKNOWN,
            Err(_) => &BUSY,
        },
        _ => &UNKNOWN,
    };
    respond(said.status, "text/html; charset=utf-8", page(said))
}

fn page(said: &Said) -> String {
    let button = |label: &str, lang: &str| {
        if said.button {
            format!("<form method=\"post\"><button lang=\"{lang}\">{label}</button></form>")
        } else {
            String::new()
        }
    };
    let ([da, da_text], [en, en_text]) = (said.da, said.en);
    format!(
        "<!DOCTYPE html>\n<html lang=\"da\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <title>{da}</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\
         <header><div class=\"inner\"><p class=\"name\">Anvis</p><p class=\"what\">Kontoregistret</p></div></header>\n<main>\
         <h1>{da}</h1><p class=\"lead\">{da_text}</p>{}\
         <section lang=\"en\"><h2>{en}</h2><p>{en_text}</p>{}</section></main></body></html>\n",
        button("Stop ændringen", "da"),
        button("Stop the change", "en"),
    )
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        // The address is the secret: it is told to no other page.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
