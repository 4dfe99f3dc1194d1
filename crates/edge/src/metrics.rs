//! What is counted, and how it is shown: the text format of Prometheus. A label is one of a few fixed words; nothing of a
//! person, and no client, is one.

use registry::delivery::What;
use registry::notice::Medium;
use registry::ownership::Ownership;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Upper bounds of durations, in microseconds.
const DURATIONS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000, 30_000_000,
];
/// Upper bounds of the number of commands in a group.
const GROUPS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 256, 1_024, 4_096];
/// Answers are counted by the first digit of their status.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// One of the core's queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// For the writer.
    Write,
    /// For the readers.
    Read,
    /// For long work.
    Long,
    /// For whole payment files.
    File,
    /// For pieces of files that come in or go out.
    Piece,
    /// For what is looked after every second.
    Upkeep,
    /// For folding in.
    Folding,
    /// For what is delivered.
    Delivery,
    /// For notices.
    Notice,
    /// For questions to banks.
    Ownership,
    /// Places for files on their way, which are taken rather than waited for.
    Transfer,
}

impl Queue {
    const ALL: [Self; 11] = [
        Self::Write,
        Self::Read,
        Self::Long,
        Self::File,
        Self::Piece,
        Self::Upkeep,
        Self::Folding,
        Self::Delivery,
        Self::Notice,
        Self::Ownership,
        Self::Transfer,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Long => "long",
            Self::File => "file",
            Self::Piece => "piece",
            Self::Upkeep => "upkeep",
            Self::Folding => "folding",
            Self::Delivery => "delivery",
            Self::Notice => "notice",
            Self::Ownership => "ownership",
            Self::Transfer => "transfer",
        }
    }
}

/// What can happen to a connection that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did nothing for too long.
    Idle,
    /// The encryption was not agreed on, or not in time.
    Handshake,
    /// It broke a rule of HTTP, or went away in the middle.
    Broken,
}

impl Ending {
    const ALL: [Self; 3] = [Self::Idle, Self::Handshake, Self::Broken];

    const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Handshake => "handshake",
            Self::Broken => "broken",
        }
    }
}

/// Everything that is counted in this process.
pub struct Metrics {
    routes: Vec<(&'static str, OfRoute)>,
    waiting: [AtomicI64; Queue::ALL.len()],
    turned_away: [AtomicU64; Queue::ALL.len()],
    groups: Histogram<{ GROUPS.len() + 1 }>,
    groups_failed: AtomicU64,
    connections: AtomicI64,
    endings: [AtomicU64; Ending::ALL.len()],
    tokens_found: AtomicU64,
    tokens_verified: AtomicU64,
    tokens_refused: AtomicU64,
    log_lines_dropped: AtomicU64,
    delivered: [OfDelivery; What::ALL.len()],
    deliveries_good: AtomicU64,
    deliveries_failing: AtomicU64,
    notices: [OfNotices; Medium::ALL.len()],
    answers: [AtomicU64; Ownership::ALL.len()],
    unanswered: AtomicU64,
    inquiries_waiting: AtomicI64,
    inquiries_given_up: AtomicI64,
    unreadable: AtomicU64,
}

#[derive(Default)]
struct OfNotices {
    sent: AtomicU64,
    failed: AtomicU64,
    dead: AtomicU64,
    /// As they stand in the store.
    waiting: AtomicI64,
    given_up: AtomicI64,
}

#[derive(Default)]
struct OfDelivery {
    taken: AtomicU64,
    not_taken: AtomicU64,
    items: AtomicU64,
}

#[derive(Default)]
struct OfRoute {
    classes: [AtomicU64; CLASSES.len()],
    durations: Histogram<{ DURATIONS.len() + 1 }>,
}

impl Metrics {
    /// Nothing yet, of routes of these names.
    #[must_use]
    pub fn new(routes: impl Iterator<Item = &'static str>) -> Self {
        Self {
            routes: routes.map(|name| (name, OfRoute::default())).collect(),
            waiting: Default::default(),
            turned_away: Default::default(),
            groups: Histogram::default(),
            groups_failed: AtomicU64::default(),
            connections: AtomicI64::default(),
            endings: Default::default(),
            tokens_found: AtomicU64::default(),
            tokens_verified: AtomicU64::default(),
            tokens_refused: AtomicU64::default(),
            log_lines_dropped: AtomicU64::default(),
            delivered: Default::default(),
            deliveries_good: AtomicU64::default(),
            deliveries_failing: AtomicU64::default(),
            notices: Default::default(),
            answers: Default::default(),
            unanswered: AtomicU64::default(),
            inquiries_waiting: AtomicI64::default(),
            inquiries_given_up: AtomicI64::default(),
            unreadable: AtomicU64::default(),
        }
    }

    pub(crate) fn joined(&self, queue: Queue) {
        self.waiting[queue as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn left(&self, queue: Queue) {
        self.waiting[queue as usize].fetch_sub(1, Relaxed);
    }

    pub(crate) fn turned_away(&self, queue: Queue) {
        self.left(queue);
        self.turned_away[queue as usize].fetch_add(1, Relaxed);
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self, queue: Queue) -> i64 {
        self.waiting[queue as usize].load(Relaxed)
    }

    pub(crate) fn group(&self, commands: u64) {
        self.groups.add(&GROUPS, commands);
    }

    pub(crate) fn failed_group(&self) {
        self.groups_failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn disconnected(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    pub(crate) fn ended(&self, how: Ending) {
        self.endings[how as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn token(&self, was: Token) {
        let counter = match was {
            Token::Found => &self.tokens_found,
            Token::Verified => &self.tokens_verified,
            Token::Refused => &self.tokens_refused,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn log_line_dropped(&self) {
        self.log_lines_dropped.fetch_add(1, Relaxed);
    }

    pub(crate) fn delivered(&self, what: What, items: i64) {
        let of = &self.delivered[what as usize];
        of.taken.fetch_add(1, Relaxed);
        of.items.fetch_add(items.unsigned_abs(), Relaxed);
    }

    pub(crate) fn not_delivered(&self, what: What) {
        self.delivered[what as usize].not_taken.fetch_add(1, Relaxed);
    }

    pub(crate) fn deliveries(&self, good: usize, failing: usize) {
        self.deliveries_good.store(good as u64, Relaxed);
        self.deliveries_failing.store(failing as u64, Relaxed);
    }

    pub(crate) fn sent_notice(&self, by: Medium) {
        self.notices[by as usize].sent.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed_notice(&self, by: Medium, is_dead: bool) {
        let of = &self.notices[by as usize];
        if is_dead { &of.dead } else { &of.failed }.fetch_add(1, Relaxed);
    }

    /// How many of each medium wait, and how many were given up.
    pub(crate) fn notices(&self, counts: &[(Medium, i64, i64)]) {
        for (by, waiting, given_up) in counts {
            let of = &self.notices[*by as usize];
            of.waiting.store(*waiting, Relaxed);
            of.given_up.store(*given_up, Relaxed);
        }
    }

    pub(crate) fn answered(&self, answer: Ownership) {
        self.answers[answer as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn not_answered(&self) {
        self.unanswered.fetch_add(1, Relaxed);
    }

    /// How many questions wait, and how many were given up.
    pub(crate) fn inquiries(&self, (waiting, given_up): (i64, i64)) {
        self.inquiries_waiting.store(waiting, Relaxed);
        self.inquiries_given_up.store(given_up, Relaxed);
    }

    /// So many proposals were due and could not be read.
    pub(crate) fn unreadable(&self, count: usize) {
        self.unreadable.fetch_add(count as u64, Relaxed);
    }

    pub(crate) fn request(&self, route: &str, status: u16, took: Duration) {
        let Some((_, of_route)) = self.routes.iter().find(|(name, _)| *name == route) else { return };
        of_route.classes[usize::from(status / 100).clamp(1, CLASSES.len()) - 1].fetch_add(1, Relaxed);
        of_route.durations.add(&DURATIONS, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// All of it, as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = Page(String::new());
        page.head("anvis_requests_total", "counter", "Requests, by route and class of status");
        for (route, of_route) in &self.routes {
            for (class, count) in CLASSES.iter().zip(&of_route.classes) {
                let count = count.load(Relaxed);
                if count > 0 {
                    page.line("anvis_requests_total", &format!("route=\"{route}\",status=\"{class}\""), count);
                }
            }
        }
        page.head("anvis_request_seconds", "histogram", "How long requests took, by route");
        for (route, of_route) in &self.routes {
            let label = format!("route=\"{route}\",");
            of_route.durations.show(&mut page, "anvis_request_seconds", &label, &DURATIONS, 1e-6);
        }
        page.head("anvis_queue_length", "gauge", "What waits for the core's threads, and files on their way");
        for queue in Queue::ALL {
            let label = format!("queue=\"{}\"", queue.name());
            page.line("anvis_queue_length", &label, self.waiting(queue).max(0));
        }
        page.head("anvis_turned_away_total", "counter", "Requests that found a queue full");
        for queue in Queue::ALL {
            let label = format!("queue=\"{}\"", queue.name());
            page.line("anvis_turned_away_total", &label, self.turned_away[queue as usize].load(Relaxed));
        }
        page.head("anvis_group_commands", "histogram", "Commands that were made durable by one commit");
        self.groups.show(&mut page, "anvis_group_commands", "", &GROUPS, 1.0);
        page.single(
            "anvis_groups_failed_total",
            "counter",
            "Groups whose commands were run by themselves",
            &self.groups_failed,
        );
        page.head("anvis_connections", "gauge", "Connections that are open");
        page.line("anvis_connections", "", self.connections.load(Relaxed).max(0));
        page.head("anvis_connections_ended_total", "counter", "Connections that were ended from here");
        for how in Ending::ALL {
            let label = format!("why=\"{}\"", how.name());
            page.line("anvis_connections_ended_total", &label, self.endings[how as usize].load(Relaxed));
        }
        page.head("anvis_tokens_total", "counter", "Access tokens that were looked at");
        page.line("anvis_tokens_total", "was=\"remembered\"", self.tokens_found.load(Relaxed));
        page.line("anvis_tokens_total", "was=\"verified\"", self.tokens_verified.load(Relaxed));
        page.line("anvis_tokens_total", "was=\"refused\"", self.tokens_refused.load(Relaxed));
        page.head("anvis_deliveries", "gauge", "Deliveries, by whether the last try failed");
        page.line("anvis_deliveries", "state=\"good\"", self.deliveries_good.load(Relaxed));
        page.line("anvis_deliveries", "state=\"failing\"", self.deliveries_failing.load(Relaxed));
        page.head("anvis_delivery_tries_total", "counter", "What was given, by whether it was taken");
        page.head("anvis_delivery_items_total", "counter", "Messages, events and payment files that were taken");
        let given = |(what, _): &(&What, &OfDelivery)| **what != What::Ownership;
        for (what, of) in What::ALL.iter().zip(&self.delivered).filter(given) {
            let label = format!("what=\"{}\"", what.name());
            for (was, count) in [("taken", &of.taken), ("not_taken", &of.not_taken)] {
                let label = format!("{label},was=\"{was}\"");
                page.line("anvis_delivery_tries_total", &label, count.load(Relaxed));
            }
            page.line("anvis_delivery_items_total", &label, of.items.load(Relaxed));
        }
        page.head("anvis_notices", "gauge", "Notices that wait or were given up, in the store");
        page.head("anvis_notice_tries_total", "counter", "Tries to send a notice, by what became of it");
        for (medium, of) in Medium::ALL.iter().zip(&self.notices) {
            let label = format!("medium=\"{}\"", medium.name());
            for (state, count) in [("waiting", &of.waiting), ("dead", &of.given_up)] {
                page.line("anvis_notices", &format!("{label},state=\"{state}\""), count.load(Relaxed));
            }
            for (was, count) in [("sent", &of.sent), ("failed", &of.failed), ("dead", &of.dead)] {
                page.line("anvis_notice_tries_total", &format!("{label},was=\"{was}\""), count.load(Relaxed));
            }
        }
        page.head("anvis_ownership_questions", "gauge", "Questions to banks that wait or were given up, in the store");
        for (state, count) in [("waiting", &self.inquiries_waiting), ("given_up", &self.inquiries_given_up)] {
            page.line("anvis_ownership_questions", &format!("state=\"{state}\""), count.load(Relaxed));
        }
        page.head(
            "anvis_ownership_answers_total",
            "counter",
            "What banks answered to the question whose an account is",
        );
        for ((_, name, _), count) in Ownership::ALL.iter().zip(&self.answers) {
            page.line("anvis_ownership_answers_total", &format!("answer=\"{name}\""), count.load(Relaxed));
        }
        page.single(
            "anvis_ownership_unanswered_total",
            "counter",
            "Tries to ask a bank that came to no answer",
            &self.unanswered,
        );
        page.single(
            "anvis_proposals_unreadable_total",
            "counter",
            "Proposals that were due, and left alone for an hour because they cannot be read",
            &self.unreadable,
        );
        page.single(
            "anvis_log_lines_dropped_total",
            "counter",
            "Log lines that nobody took in time",
            &self.log_lines_dropped,
        );
        page.0
    }
}

/// What became of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// It was verified before.
    Found,
    /// It is good.
    Verified,
    /// It is not.
    Refused,
}

/// How many of what size. The last count has no bound.
struct Histogram<const N: usize> {
    counts: [AtomicU64; N],
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self { counts: std::array::from_fn(|_| AtomicU64::default()), sum: AtomicU64::default() }
    }
}

impl<const N: usize> Histogram<N> {
    fn add(&self, bounds: &[u64], value: u64) {
        self.counts[bounds.partition_point(|bound| *bound < value)].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    fn show(&self, page: &mut Page, name: &str, label: &str, bounds: &[u64], unit: f64) {
        let mut total = 0;
        let counts: [u64; N] = std::array::from_fn(|at| self.counts[at].load(Relaxed));
        if counts.iter().all(|count| *count == 0) {
            return;
        }
        for (at, count) in counts.iter().enumerate() {
            total += count;
            #[expect(clippy::cast_precision_loss, reason = "a bound is a small number")]
            let bound = bounds.get(at).map_or_else(|| "+Inf".to_owned(), |bound| (*bound as f64 * unit).to_string());
            page.line(&format!("{name}_bucket"), &format!("{label}le=\"{bound}\""), total);
        }
        let label = label.trim_end_matches(',');
        #[expect(clippy::cast_precision_loss, reason = "a sum that is looked at by people")]
        page.line(&format!("{name}_sum"), label, self.sum.load(Relaxed) as f64 * unit);
        page.line(&format!("{name}_count"), label, total);
    }
}

/// The text that is shown. Writing to a string cannot fail.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            _ => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, counter: &AtomicU64) {
        self.head(name, kind, help);
        self.line(name, "", counter.load(Relaxed));
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "what is measured is shown to people and decides nothing")]
        Self(Instant::now())
    }

    pub(crate) fn read(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new(["payouts.list", "resolve"].into_iter());
        metrics.request("resolve", 200, Duration::from_micros(300));
        metrics.request("resolve", 503, Duration::from_secs(60));
        metrics.request("of no route", 200, Duration::from_secs(1));
        metrics.joined(Queue::Read);
        metrics.joined(Queue::Write);
        metrics.turned_away(Queue::Write);
        metrics.group(3);
        let text = metrics.text();
        for line in [
            "anvis_requests_total{route=\"resolve\",status=\"2xx\"} 1",
            "anvis_requests_total{route=\"resolve\",status=\"5xx\"} 1",
            "anvis_request_seconds_bucket{route=\"resolve\",le=\"0.00025\"} 0",
            "anvis_request_seconds_bucket{route=\"resolve\",le=\"0.0005\"} 1",
            "anvis_request_seconds_bucket{route=\"resolve\",le=\"+Inf\"} 2",
            "anvis_request_seconds_count{route=\"resolve\"} 2",
            "anvis_queue_length{queue=\"read\"} 1",
            "anvis_queue_length{queue=\"write\"} 0",
            "anvis_turned_away_total{queue=\"write\"} 1",
            "anvis_group_commands_bucket{le=\"4\"} 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("payouts.list\",status"), "{text}");
    }
}
