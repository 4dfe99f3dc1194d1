//! The service for other systems.

use super::{DEFAULT_DATA, Places, system_clock};
use crate::cli::{Common, Serve};
use crate::console::Answer;
use edge::core::{Clock, Sizes};
use edge::identity::Identity;
use edge::server::{Options, Proxies, ServeRefusal, Server, TlsFiles};
use edge::{Edge, Limits, Parts};
use eid::access::Issuer;
use eid::key::PublicKey;
use kernel::{Error, Secrets, Store};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub fn serve(common: Common, options: Serve) -> Result<Answer, Error> {
    let wants_json = common.json;
    until_stopped(common, options, |server| tell(server, wants_json))
}

/// The same; `begun` is called when it listens.
pub fn until_stopped(
    common: Common,
    options: Serve,
    begun: impl FnOnce(&Server) -> Result<(), Error>,
) -> Result<Answer, Error> {
    let Places { store, data, key } = Places::of(&common, DEFAULT_DATA);
    let notices = super::notice::transports((*options.ways).clone(), &data)?;
    let migrations: Vec<_> = services::migrations().collect();
    let store = Store::open(&store, &key, &migrations)?;
    if common.now.is_some() {
        store.require_synthetic("--now")?;
    }
    let stand_in = super::ownership_stand_in(&store, &common)?;
    let claimed = common.now;
    let clock: Clock = Arc::new(move || claimed.unwrap_or_else(system_clock));
    let issuer = match &options.issuer {
        Some(issuer) => issuer.clone(),
        None if options.listen.ip().is_unspecified() && options.tls_cert.is_some() => {
            return Err(ServeRefusal::Nameless.into());
        }
        None if options.tls_cert.is_some() => format!("https://{}", options.listen),
        // In clear, it is for this machine alone.
        None => format!("http://localhost:{}", options.listen.port()),
    };
    let identity = Identity::open(
        eid::server::Server::new(&issuer, None)?,
        outside(&options.trust, &options.trust_citizens)?,
        &mut store.writer(Secrets::from_system())?,
        clock(),
    )?;
    let sender = super::letters::sender(&store, options.letter_sender.as_deref())?;
    let (edge, service) = Edge::start(Parts {
        store,
        routes: edge::routes::all(),
        tokens: Box::new(identity.clone()),
        interfaces: Box::new(identity.clone()),
        identity: Some(identity.clone()),
        clock,
        sizes: Sizes::default(),
        limits: Limits::default(),
        notices,
        stand_in,
        sender,
        log: Box::new(std::io::stderr()),
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Error::io("the threads of the service cannot be started"))?;
    let is_whole = runtime.block_on(async {
        let (trusted, of_citizens) = (options.trust.clone(), options.trust_citizens.clone());
        let server = Server::bind(service.clone(), of_command_line(options)).await?;
        // Whoever is told that it listens may send any of them at once.
        let (stop, mut hangup) = (stop_signal()?, hangup()?);
        begun(&server)?;
        let (tls, edge) = (server.tls().collect::<Vec<_>>(), service.edge().clone());
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                let read = |what: &str, result: Result<(), Error>| match result {
                    Ok(()) => edge.log.event((edge.clock)(), &format!("{what}.read"), "they count from now on"),
                    Err(error) => edge.log.event((edge.clock)(), &format!("{what}.refused"), &error.to_string()),
                };
                for tls in &tls {
                    read("certificates", tls.read_again().map_err(Into::into));
                }
                if !trusted.is_empty() || !of_citizens.is_empty() {
                    read("issuers", outside(&trusted, &of_citizens).map(|issuers| identity.trust(issuers)));
                }
            }
        });
        Ok::<_, Error>(server.serve(stop).await)
    })?;
    edge.log.flush();
    // What takes longer than it may is left behind: nothing of it was answered.
    runtime.shutdown_background();
    let text = if is_whole {
        "Stopped; what was taken was finished."
    } else {
        "Stopped before all that was taken was finished."
    };
    Ok(Answer::done(text, &json!({ "stopped": true, "finished": is_whole })))
}

/// Other servers whose tokens are believed: about clients, and about citizens.
fn outside(trusted: &[(String, PathBuf)], of_citizens: &[(String, PathBuf)]) -> Result<Vec<Issuer>, Error> {
    type Named = fn(&str, Vec<PublicKey>) -> Issuer;
    let read = |((url, file), named): (&(String, PathBuf), Named)| {
        let text = std::fs::read(file).map_err(Error::io(format!("{} could not be read", file.display())))?;
        Ok(named(url, PublicKey::read_published(&text)?))
    };
    let clients = trusted.iter().map(|issuer| (issuer, Issuer::outside as Named));
    clients.chain(of_citizens.iter().map(|issuer| (issuer, Issuer::of_citizens as Named))).map(read).collect()
}

fn of_command_line(options: Serve) -> Options {
    let Serve { listen, tls_cert, tls_key, client_ca, .. } = options;
    let tls = tls_cert.zip(tls_key).map(|(certificate, key)| TlsFiles { certificate, key, client_ca });
    let proxies = Proxies {
        trusted: options.trusted_proxy,
        address_header: Some(options.client_address_header),
        certificate_header: options.client_cert_header,
    };
    let grace = Duration::from_secs(options.grace);
    let (metrics_listen, notices_listen) = (Some(options.metrics_listen), options.notices_listen);
    Options { listen, metrics_listen, notices_listen, tls, proxies, grace }
}

/// Says where it is, before the first request.
fn tell(server: &Server, wants_json: bool) -> Result<(), Error> {
    let (address, metrics) = (server.address()?, server.metrics_address());
    let scheme = if server.is_encrypted() { "https" } else { "http" };
    let line = match metrics {
        _ if wants_json => json!({ "listening": address, "scheme": scheme, "metrics": metrics }).to_string(),
        Some(metrics) => format!("Listening on {scheme}://{address}; figures on http://{metrics}/metrics."),
        None => format!("Listening on {scheme}://{address}."),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Error::io("nobody hears where it listens"))
}

fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let wanted = |kind| signal(kind).map_err(Error::io("signals cannot be waited for"));
    let (mut term, mut int) = (wanted(SignalKind::terminate())?, wanted(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}

fn hangup() -> Result<Signal, Error> {
    signal(SignalKind::hangup()).map_err(Error::io("signals cannot be waited for"))
}
