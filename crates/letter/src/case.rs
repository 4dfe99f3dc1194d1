//! What is given to the police or a bank of a payee whose account may have been taken: as many A4 pages as it takes.
//!
//! Beside it goes the same for programs, in which every character stands as it was recorded. Here a character that the font cannot draw is
//! drawn as a question mark: a case is not kept from the police for a letter of a name.

use crate::font::{Face, drawable};
use crate::layout::{BODY, Flow};
use crate::page::{Page, Part, Run};
use crate::text::Text;
use crate::{DrawError, Language, Number, Sender};
use denmark::Money;
use denmark::calendar::copenhagen_clock;
use jiff::Timestamp;

const TOP: f32 = 20.0;
/// Below it stands which page it is.
const FOOT: f32 = 286.0;
const SMALL: f32 = 8.0;
const GAP: f32 = 2.0;

/// Where the money of a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It left.
    Left,
    /// It waits here.
    Held,
    /// It went back before it left.
    Rejected,
    /// It came back.
    Returned,
    /// It left, and no more than a part of it comes back.
    Part,
    /// It lies in the payer's waiting account.
    Waiting,
    /// It left, and was asked back.
    Recalled,
    /// It left, was asked back, and does not come.
    Refused,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Left,
        Self::Held,
        Self::Rejected,
        Self::Returned,
        Self::Part,
        Self::Waiting,
        Self::Recalled,
        Self::Refused,
    ];

    const fn text(self) -> Text<'static> {
        match self {
            Self::Left => Text::CaseLeft,
            Self::Held => Text::CaseHeld,
            Self::Rejected => Text::CaseRejected,
            Self::Returned => Text::CaseReturned,
            Self::Part => Text::CasePart,
            Self::Waiting => Text::CaseWaiting,
            Self::Recalled => Text::CaseRecalled,
            Self::Refused => Text::CaseRefused,
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The accounts were frozen.
    Frozen,
    /// The receiving account was reported.
    Reported,
    /// What stood before is to be put back.
    Reverting,
    /// It was looked what was paid.
    Traced,
    /// What left was asked back.
    Recalled,
    /// Somebody asked that this is given out.
    Asked,
    /// It was given out.
    Given,
    /// It was found that the account was taken.
    Fraud,
    /// The receiving account is to be marked.
    Marking,
}

impl Deed {
    const fn text(self) -> Text<'static> {
        match self {
            Self::Frozen => Text::CaseDidFreeze,
            Self::Reported => Text::CaseDidReport,
            Self::Reverting => Text::CaseDidRevert,
            Self::Traced => Text::CaseDidTrace,
            Self::Recalled => Text::CaseDidRecall,
            Self::Asked => Text::CaseDidAsk,
            Self::Given => Text::CaseDidGive,
            Self::Fraud => Text::CaseDidFind,
            Self::Marking => Text::CaseDidMark,
        }
    }
}

/// An account of the payee's that was changed since it is in doubt.
pub struct ChangedAccount {
    /// What it is for; none of the account for everything.
    pub purpose: Option<String>,
    /// What stood before; none where nothing did, or it is not told.
    pub before: Option<String>,
    /// What was designated since then, the newest first; nothing where it was only deleted.
    pub since: Vec<String>,
}

/// A payment to the payee.
pub struct CasePayment {
    /// When it left; or what holds of it was decided.
    pub at: Timestamp,
    /// Who paid.
    pub payer: String,
    /// How much; none where the file said no amount.
    pub amount: Option<Money>,
    /// To which account and bank.
    pub to: Option<String>,
    /// Where the money is.
    pub fate: Fate,
    /// The payer's own id of it.
    pub reference: String,
}

/// What somebody did.
pub struct CaseDeed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub deed: Deed,
    /// What it is about, by name; or how many.
    pub about: String,
}

/// All that is given out of a case.
pub struct CaseReport {
    /// Its language.
    pub language: Language,
    /// Who gives it; none where nobody said.
    pub sender: Option<Sender>,
    /// The case.
    pub number: Number,
    /// When it is given.
    pub given: Timestamp,
    /// By whom.
    pub given_by: String,
    /// Who asked for it.
    pub asked_by: String,
    /// Of a bank, its name; none for the police.
    pub bank: Option<String>,
    /// On which law.
    pub law: String,
    /// The payee's number, and their name if a register says it; none where it is not told.
    pub payee: Option<(String, Option<String>)>,
    /// From when on their accounts are in doubt.
    pub since: Timestamp,
    /// When the case was opened.
    pub opened: Timestamp,
    /// Why, where it is told.
    pub why: Option<String>,
    /// Whether it was found that the account was taken; else nobody has said yet.
    pub is_fraud: bool,
    /// The accounts.
    pub accounts: Vec<ChangedAccount>,
    /// The payments, the newest first.
    pub payments: Vec<CasePayment>,
    /// The sums of the payments, by where the money is.
    pub sums: Vec<(Fate, Money)>,
    /// Whether there are more payments than stand here.
    pub has_more: bool,
    /// What was done, in order.
    pub deeds: Vec<CaseDeed>,
    /// How many entries the journal has, and its root, when this was read.
    pub journal: (String, String),
    /// What the file's identifier says.
    pub file_id: [u8; 16],
}

/// The pages of a case.
pub(crate) fn pages(report: &CaseReport) -> Result<Vec<Page>, DrawError> {
    let language = report.language;
    let title = language.write(Text::CaseTitle { number: report.number.as_str() });
    let mut pages = Pages { language, title: title.clone(), done: Vec::new(), flow: Flow::from(TOP, 1.0) };
    if let Some(sender) = &report.sender {
        let lines = [&sender.name, &sender.url, &sender.telephone].map(String::as_str).join(" · ");
        pages.block(|flow| flow.paragraph(&drawn(&lines)));
    }
    pages.block(|flow| flow.title(&title));
    let intro = match &report.bank {
        None => language.write(Text::CaseForPolice),
        Some(bank) => language.write(Text::CaseForBank { bank: &drawn(bank) }),
    };
    pages.block(|flow| flow.paragraph(&intro));
    let facts = facts(report);
    pages.block(|flow| flow.table(&facts));
    accounts(&mut pages, report);
    payments(&mut pages, report);
    deeds(&mut pages, report);
    let (size, root) = (&report.journal.0, &report.journal.1);
    pages.heading(&language.write(Text::CaseCheckHeading));
    let [json, seal] = ["json", "jws"].map(|kind| format!("case-{}.{kind}", report.number.as_str()));
    for text in [Text::CaseCheck { json: &json, seal: &seal }, Text::CaseJournal { size, root }] {
        let text = language.write(text);
        pages.block(|flow| flow.paragraph(&text));
    }
    pages.finish()
}

fn facts(report: &CaseReport) -> Vec<(String, String)> {
    let language = report.language;
    let mut rows = Vec::new();
    let mut row = |label: Text<'_>, value: &str| rows.push((language.write(label), drawn(value)));
    row(Text::CaseNumber, report.number.as_str());
    if let Some((number, name)) = &report.payee {
        row(Text::CasePayee, &name.as_ref().map_or_else(|| number.clone(), |name| format!("{name}, {number}")));
    }
    row(Text::CaseSince, &moment(report.since));
    row(Text::CaseOpened, &moment(report.opened));
    if let Some(why) = &report.why {
        row(Text::CaseWhy, why);
    }
    row(Text::CaseFound, &language.write(if report.is_fraud { Text::CaseFraud } else { Text::CaseUndecided }));
    row(Text::CaseLaw, &report.law);
    row(Text::CaseGiven, &format!("{}, {} / {}", moment(report.given), report.given_by, report.asked_by));
    rows
}

fn accounts(pages: &mut Pages, report: &CaseReport) {
    let language = report.language;
    pages.heading(&language.write(Text::CaseAccounts));
    let head = [Text::CaseAccountFor, Text::CaseAccountBefore, Text::CaseAccountSince].map(|text| language.write(text));
    let rows: Vec<[String; 3]> = report
        .accounts
        .iter()
        .map(|account| {
            let purpose = account.purpose.clone().unwrap_or_else(|| language.write(Text::CaseDefault));
            let is_deleted = account.since.is_empty();
            let since = if is_deleted { language.write(Text::CaseDeleted) } else { account.since.join(", ") };
            [purpose, account.before.clone().unwrap_or_else(|| "–".to_owned()), since]
        })
        .collect();
    pages.grid([44.0, 62.0, 62.0], head, &rows, &language.write(Text::CaseNothing));
}

fn payments(pages: &mut Pages, report: &CaseReport) {
    let language = report.language;
    pages.heading(&language.write(Text::CasePayments));
    let head = [Text::CaseWhen, Text::CasePayer, Text::CaseAmount, Text::CaseTo, Text::CaseFate, Text::CaseReference];
    let rows: Vec<[String; 6]> = report
        .payments
        .iter()
        .map(|payment| {
            let CasePayment { at, payer, amount, to, fate, reference } = payment;
            let to = to.clone().unwrap_or_else(|| "–".to_owned());
            let amount = amount.map_or_else(|| "–".to_owned(), |amount| written(language, amount));
            [moment(*at), payer.clone(), amount, to, language.write(fate.text()), reference.clone()]
        })
        .collect();
    let widths = [27.0, 29.0, 26.0, 38.0, 22.0, 26.0];
    pages.grid(widths, head.map(|text| language.write(text)), &rows, &language.write(Text::CaseNothing));
    if !report.sums.is_empty() {
        let sums: Vec<(String, String)> =
            report.sums.iter().map(|(fate, sum)| (language.write(fate.text()), written(language, *sum))).collect();
        pages.block(|flow| flow.table(&sums));
    }
    if report.has_more {
        let text = language.write(Text::CaseMore);
        pages.block(|flow| flow.paragraph(&text));
    }
}

fn deeds(pages: &mut Pages, report: &CaseReport) {
    let language = report.language;
    pages.heading(&language.write(Text::CaseDeeds));
    let head = [Text::CaseWhen, Text::CaseWho, Text::CaseWhat, Text::CaseAbout].map(|text| language.write(text));
    let rows: Vec<[String; 4]> = report
        .deeds
        .iter()
        .map(|CaseDeed { at, by, deed, about }| {
            let about = match about.split_once(':') {
                Some(("bank", bank)) => bank.to_owned(),
                None if about == "police" => language.write(Text::CasePolice),
                _ => about.clone(),
            };
            [moment(*at), by.clone(), language.write(deed.text()), about]
        })
        .collect();
    pages.grid([27.0, 34.0, 65.0, 42.0], head, &rows, &language.write(Text::CaseNothing));
}

/// An amount as people write it: 1.234,50 DKK, and in English 1,234.50 DKK.
fn written(language: Language, money: Money) -> String {
    let (thousands, point) = match language {
        Language::Danish => ('.', ","),
        Language::English => (',', "."),
    };
    let text = money.decimal().to_string();
    let (whole, part) = text.split_once('.').map_or((&*text, None), |(whole, part)| (whole, Some(part)));
    let mut amount = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            amount.push(thousands);
        }
        amount.push(digit);
    }
    if let Some(part) = part {
        amount.push_str(point);
        amount.push_str(part);
    }
    format!("{amount} {}", money.currency)
}

/// A moment as clocks in Denmark show it.
fn moment(at: Timestamp) -> String {
    copenhagen_clock(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The text with what the font cannot draw replaced.
fn drawn(text: &str) -> String {
    let mut text = text.to_owned();
    loop {
        match drawable(&text) {
            Ok(drawable) => return drawable,
            Err(character) => text = text.replace(character, "?"),
        }
    }
}

struct Pages {
    language: Language,
    title: String,
    done: Vec<(Vec<Part>, Vec<crate::page::Stroke>)>,
    flow: Flow,
}

impl Pages {
    /// Draws something that stays together: on the next page, if there is no room for it on this one.
    fn block(&mut self, draw: impl Fn(&mut Flow)) {
        let (parts, strokes, y) = (self.flow.parts.len(), self.flow.strokes.len(), self.flow.y);
        draw(&mut self.flow);
        if self.flow.y > BODY.bottom() && parts > 0 {
            self.flow.parts.truncate(parts);
            self.flow.strokes.truncate(strokes);
            self.flow.y = y;
            self.turn();
            draw(&mut self.flow);
        }
    }

    /// A heading with room for something below it.
    fn heading(&mut self, text: &str) {
        if self.flow.y > BODY.bottom() - 30.0 {
            self.turn();
        }
        self.block(|flow| flow.heading(text));
    }

    fn turn(&mut self) {
        let flow = std::mem::replace(&mut self.flow, Flow::from(TOP, 1.0));
        self.done.push((flow.parts, flow.strokes));
    }

    /// Columns of these widths in millimetres, with their heads again on each page; `nothing` where there is no row.
    fn grid<const N: usize>(&mut self, widths: [f32; N], head: [String; N], rows: &[[String; N]], nothing: &str) {
        if rows.is_empty() {
            self.block(|flow| flow.paragraph(nothing));
            return;
        }
        let mut rows = rows.iter().peekable();
        while rows.peek().is_some() {
            self.flow.space(1.4);
            let heads = self.row(Face::Bold, &widths, &head);
            let mut drawn: Vec<Vec<Vec<Run>>> = Vec::new();
            while let Some(row) = rows.peek() {
                let (y, strokes) = (self.flow.y, self.flow.strokes.len());
                let cells = self.row(Face::Regular, &widths, row);
                if self.flow.y > BODY.bottom() && (!drawn.is_empty() || !self.flow.parts.is_empty()) {
                    self.flow.strokes.truncate(strokes);
                    self.flow.y = y;
                    break;
                }
                drawn.push(cells);
                rows.next();
            }
            if !drawn.is_empty() {
                self.flow.parts.push(Part::Grid { head: heads, rows: drawn });
            }
            self.flow.space(2.2);
            if rows.peek().is_some() {
                self.turn();
            }
        }
    }

    fn row<const N: usize>(&mut self, face: Face, widths: &[f32; N], cells: &[String; N]) -> Vec<Vec<Run>> {
        let (top, mut below, mut x) = (self.flow.y, self.flow.y, BODY.left);
        let mut runs = Vec::with_capacity(N);
        for (width, cell) in widths.iter().zip(cells) {
            self.flow.y = top;
            runs.push(self.flow.lines(face, SMALL, &drawn(cell), x, width - GAP));
            below = below.max(self.flow.y);
            x += width;
        }
        self.flow.y = below;
        self.flow.space(1.0);
        self.flow.rule();
        runs
    }

    /// All pages, each with its number.
    fn finish(mut self) -> Result<Vec<Page>, DrawError> {
        self.turn();
        let count = self.done.len();
        let (language, title) = (self.language, self.title);
        let numbered = self.done.into_iter().enumerate().map(|(at, (mut parts, strokes))| {
            let (page, pages) = ((at + 1).to_string(), count.to_string());
            let text = language.write(Text::CasePage { title: &title, page: &page, pages: &pages });
            let mut foot = Flow::from(FOOT, 1.0);
            parts.push(Part::Paragraph(foot.lines(Face::Regular, SMALL, &text, BODY.left, BODY.width)));
            Page { language, title: title.clone(), parts, strokes }
        });
        Ok(numbered.collect())
    }
}
