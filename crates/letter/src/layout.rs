//! Where everything on a letter stands. Measures are in millimetres from the top left corner, sizes of letters in points.

use crate::font::{Face, drawable, unbroken, wrap};
use crate::letter::{Act, Addressee, Channel, Cover, Letter, Message, NewAccount, Payee, Purpose, Recipient, Sender};
use crate::page::{Page, Part, Run, Stroke};
use crate::text::Text;
use crate::{DrawError, Language, Number, mask};
use denmark::{Account, Country};

/// Within the windows of all envelopes that the letter may lie in: see docs/letters.md.
const WINDOW: Area = Area { left: 22.0, top: 45.0, width: 86.0, height: 29.0 };
/// Beside the window, wherever the sheet slides to.
const ASIDE: Area = Area { left: 142.0, top: 45.0, width: 48.0, height: 48.0 };
/// Below the window, wherever the sheet slides to.
pub(crate) const BODY: Area = Area { left: 22.0, top: 99.0, width: 168.0, height: 182.0 };
/// Above the window, wherever the sheet slides to.
const HEAD_TOP: f32 = 14.0;
const HEAD_BOTTOM: f32 = 29.5;
const HEAD_SIZE: f32 = 13.0;

const MM_PER_POINT: f32 = 25.4 / 72.0;
/// What is tried one after the other until everything fits. The smallest text is of 8.4 points.
const SCALES: [f32; 6] = [1.0, 0.96, 0.92, 0.88, 0.84, 0.80];
/// Likewise, of the address by itself.
const ADDRESS_SIZES: [f32; 5] = [10.0, 9.5, 9.0, 8.5, 8.0];
const ADDRESS_LEADING: f32 = 1.2;
const LEADING: f32 = 1.36;
const TITLE_SIZE: f32 = 16.0;
const HEADING_SIZE: f32 = 11.5;
const TEXT_SIZE: f32 = 10.5;
const ASIDE_SIZE: f32 = 8.5;
/// What is small already is not made much smaller.
const ASIDE_SCALE_MIN: f32 = 0.92;
const CODE_SIZE: f32 = 30.0;
const NAMES_WIDTH: f32 = 42.0;
/// Between a name and what stands beside it.
const NAMES_GAP: f32 = 2.0;

pub(crate) struct Area {
    pub(crate) left: f32,
    top: f32,
    pub(crate) width: f32,
    height: f32,
}

impl Area {
    pub(crate) fn bottom(&self) -> f32 {
        self.top + self.height
    }
}

/// The letter's page.
pub(crate) fn letter(letter: &Letter) -> Result<Page, DrawError> {
    let said = Said::of(letter)?;
    let window = Address::in_window(&letter.addressee)?;
    let head = Head::of(letter.language, &letter.sender, &letter.number, Some(letter.date))?;
    let title = letter.language.write(Text::Title);
    on_one_page(letter.language, title, &head, window.as_ref(), |flow| said.flow(flow))
}

/// The page of a letter without a code.
pub(crate) fn message(message: &Message) -> Result<Page, DrawError> {
    let Message { language, sender, addressee, number, date, subject, paragraphs, .. } = message;
    let window = Address::in_window(addressee)?;
    let head = Head::of(*language, sender, number, Some(*date))?;
    let subject = clean("message's subject", subject)?;
    let text = |text: &String| clean("message's text", text);
    let mut paragraphs = paragraphs.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let telephone = unbroken(&clean("sender's telephone number", &sender.telephone)?);
    paragraphs.push(language.write(Text::MessageCall { telephone: &telephone, number: number.as_str() }));
    on_one_page(*language, language.write(Text::MessageTitle), &head, window.as_ref(), |flow| {
        flow.title(&subject);
        for text in &paragraphs {
            flow.paragraph(text);
            flow.space(1.4);
        }
    })
}

/// The cover's page.
pub(crate) fn cover(cover: &Cover) -> Result<Page, DrawError> {
    let address = Address::of(&cover.recipient)?;
    let head = Head::of(cover.language, &cover.sender, &cover.number, None)?;
    let title = cover.language.write(Text::CoverTitle);
    let subject = cover.language.write(Text::Cover { number: cover.number.as_str() });
    on_one_page(cover.language, title, &head, Some(&address), |flow| flow.title(&subject))
}

fn on_one_page(
    language: Language,
    title: String,
    head: &Head,
    address: Option<&Address>,
    body: impl Fn(&mut Flow),
) -> Result<Page, DrawError> {
    for scale in SCALES {
        let mut flow = Flow::from(BODY.top, scale);
        let fits = head.flow(&mut flow, address)?;
        body(&mut flow);
        if fits && flow.y <= BODY.bottom() {
            return Ok(Page { language, title, parts: flow.parts, strokes: flow.strokes });
        }
    }
    Err(DrawError::Page)
}

/// What is filled in from outside, as it is drawn.
fn clean(part: &'static str, text: &str) -> Result<String, DrawError> {
    let text = drawable(text).map_err(|character| DrawError::Character { part, character })?;
    if text.trim().is_empty() { Err(DrawError::Empty { part }) } else { Ok(text) }
}

/// Name and address, line by line.
struct Address(Vec<String>);

impl Address {
    fn in_window(addressee: &Addressee) -> Result<Option<Address>, DrawError> {
        match addressee {
            Addressee::Window(recipient) => Address::of(recipient).map(Some),
            Addressee::UnderCover => Ok(None),
        }
    }

    fn of(recipient: &Recipient) -> Result<Address, DrawError> {
        let mut lines = vec![clean("recipient's name", &recipient.name)?];
        for line in recipient.lines.iter().filter(|line| !line.trim().is_empty()) {
            lines.push(clean("recipient's address", line)?);
        }
        if lines.len() == 1 {
            return Err(DrawError::Empty { part: "recipient's address" });
        }
        // In English: it is the other country's post that has to read the rest, and ours this.
        let country = Language::English.country(&recipient.country).ok_or(DrawError::Country)?;
        if recipient.country != Country::Denmark.code() {
            lines.push(country.to_uppercase());
        }
        Ok(Address(lines))
    }

    fn runs(&self) -> Result<Vec<Run>, DrawError> {
        for size in ADDRESS_SIZES {
            let leading = size * ADDRESS_LEADING * MM_PER_POINT;
            let lines = self.0.iter().flat_map(|line| wrap(Face::Regular, size, line, WINDOW.width));
            let mut y = WINDOW.top;
            let runs: Vec<_> = lines
                .map(|text| {
                    y += leading;
                    Run { face: Face::Regular, size, x: WINDOW.left, y, text }
                })
                .collect();
            if y <= WINDOW.bottom() - 1.0 {
                return Ok(runs);
            }
        }
        Err(DrawError::Address)
    }
}

/// Who writes, when, and under which number.
struct Head {
    name: String,
    lines: Vec<String>,
    facts: Vec<(String, String)>,
}

impl Head {
    fn of(
        language: Language,
        sender: &Sender,
        number: &Number,
        date: Option<jiff::civil::Date>,
    ) -> Result<Head, DrawError> {
        let mut lines = Vec::new();
        for line in &sender.lines {
            lines.push(clean("sender's address", line)?);
        }
        lines.push(clean("sender's telephone number", &sender.telephone)?);
        lines.push(clean("sender's web address", &sender.url)?);
        let mut facts = Vec::new();
        facts.extend(date.map(|date| (Text::LabelDate, language.date(date))));
        facts.push((Text::LabelNumber, number.as_str().to_owned()));
        let facts = facts.into_iter().map(|(label, value)| (language.write(label), value)).collect();
        Ok(Head { name: clean("sender's name", &sender.name)?, lines, facts })
    }

    /// Whether it fits.
    fn flow(&self, flow: &mut Flow, address: Option<&Address>) -> Result<bool, DrawError> {
        let mut top = Flow::from(HEAD_TOP, flow.scale);
        let name = top.lines(Face::Bold, HEAD_SIZE, &self.name, BODY.left, BODY.width);
        top.space(2.0);
        flow.strokes.push(Stroke::Line { x: BODY.left, y: top.y, width: BODY.width });

        let mut aside = Flow::from(ASIDE.top, flow.scale.max(ASIDE_SCALE_MIN));
        let line = |aside: &mut Flow, face, text: &str| aside.lines(face, ASIDE_SIZE, text, ASIDE.left, ASIDE.width);
        let sender: Vec<_> = self.lines.iter().flat_map(|text| line(&mut aside, Face::Regular, text)).collect();
        let mut facts = Vec::new();
        for (name, value) in &self.facts {
            aside.space(1.2);
            facts.extend(line(&mut aside, Face::Bold, name));
            facts.extend(line(&mut aside, Face::Regular, value));
        }

        flow.parts.push(Part::Paragraph(name));
        flow.parts.push(Part::Paragraph(sender));
        if let Some(address) = address {
            flow.parts.push(Part::Paragraph(address.runs()?));
        }
        flow.parts.push(Part::Paragraph(facts));
        Ok(top.y <= HEAD_BOTTOM && aside.y <= ASIDE.bottom())
    }
}

/// What the letter says, in words.
struct Said {
    subject: String,
    asked: String,
    account: Vec<(String, String)>,
    effect: String,
    code_heading: String,
    code: String,
    aloud: String,
    valid: String,
    /// Heading and text.
    advice: [(String, String); 3],
}

impl Said {
    fn of(letter: &Letter) -> Result<Said, DrawError> {
        let language = letter.language;
        let payee = match &letter.payee {
            Payee::Person => language.write(Text::PayeePerson),
            Payee::Company { .. } => language.write(Text::PayeeCompany),
        };
        let Act { purpose, channel, on } = &letter.act;
        let (on, by) = (unbroken(&language.date(*on)), by(language, channel)?);
        let (on, by, payee) = (on.as_str(), by.as_str(), payee.as_str());
        let (subject, asked) = match purpose {
            Purpose::Default => (Text::SubjectDefault, Text::AskedDefault { on, payee, by }),
            Purpose::Specific { .. } => (Text::SubjectSpecific, Text::AskedSpecific { on, payee, by }),
        };
        let digits = |pair: &str| pair.bytes().map(|byte| language.digit(byte - b'0')).collect::<Vec<_>>().join(" ");
        let words = letter.code.pairs().map(digits).collect::<Vec<_>>().join(" – ");
        let (until, attempts) = (unbroken(&language.date(letter.valid_until)), letter.attempts.to_string());
        let url = clean("sender's web address", &letter.sender.url)?;
        let telephone = unbroken(&clean("sender's telephone number", &letter.sender.telephone)?);
        let (url, telephone, number) = (url.as_str(), telephone.as_str(), letter.number.as_str());
        let advice = [
            (Text::EnterHeading, Text::Enter { url, telephone }),
            (Text::StopHeading, Text::Stop { telephone, number }),
            (Text::NeverHeading, Text::Never { telephone }),
        ];
        Ok(Said {
            subject: language.write(subject),
            asked: language.write(asked),
            account: account(language, &letter.payee, purpose, &letter.account)?,
            effect: language.write(Text::Effect),
            code_heading: language.write(Text::CodeHeading),
            code: letter.code.grouped(),
            aloud: language.write(Text::CodeAloud { words: &words }),
            valid: language.write(Text::CodeValid { until: &until, attempts: &attempts }),
            advice: advice.map(|(heading, text)| (language.write(heading), language.write(text))),
        })
    }

    fn flow(&self, flow: &mut Flow) {
        flow.title(&self.subject);
        flow.paragraph(&self.asked);
        flow.table(&self.account);
        flow.paragraph(&self.effect);
        flow.heading(&self.code_heading);
        flow.code(&self.code, &self.aloud);
        flow.paragraph(&self.valid);
        for (heading, text) in &self.advice {
            flow.heading(heading);
            flow.paragraph(text);
        }
    }
}

fn by(language: Language, channel: &Channel) -> Result<String, DrawError> {
    Ok(match channel {
        Channel::SelfService => language.write(Text::BySelfService),
        Channel::Caseworker { authority } => {
            language.write(Text::ByCaseworker { authority: &clean("authority's name", authority)? })
        }
        Channel::Bank { name } => language.write(Text::ByBank { bank: &clean("bank's name", name)? }),
        Channel::Operator => language.write(Text::ByOperator),
    })
}

/// The account, row by row. A company's letter has every row; a person's has what tells them the account by.
fn account(
    language: Language,
    payee: &Payee,
    purpose: &Purpose,
    account: &NewAccount,
) -> Result<Vec<(String, String)>, DrawError> {
    let mut rows = Vec::new();
    let mut row = |label: Text<'_>, value: String| rows.push((language.write(label), value));
    if let Purpose::Specific { payer, benefit } = purpose {
        row(Text::LabelBenefit, clean("benefit's name", benefit)?);
        row(Text::LabelPayer, clean("payer's name", payer)?);
    }
    let company = match payee {
        Payee::Person => None,
        Payee::Company { name } => Some(name),
    };
    if let Some(name) = company {
        row(Text::LabelBeneficiary, clean("payee's name", name)?);
    }
    let iban = account.account.iban(account.country);
    if let Account::Danish(danish) = &account.account {
        row(Text::LabelAccount, mask::account(danish));
    }
    let abroad = matches!(account.account, Account::Foreign(_));
    let everything = company.is_some() || abroad;
    if everything {
        row(Text::LabelIban, mask::iban(&iban));
    }
    if let Some(bank) = &account.bank {
        row(Text::LabelBank, clean("bank's name", bank)?);
    }
    if everything {
        if let Some(bic) = &account.bic {
            row(Text::LabelBic, bic.as_str().to_owned());
        }
        let code = iban.country_code();
        let name = language.country(code);
        row(Text::LabelCountry, name.unwrap_or(code).to_owned());
        row(Text::LabelCurrency, account.currency.to_string());
    }
    Ok(rows)
}

/// What is set from the top to the bottom, at one scale.
pub(crate) struct Flow {
    scale: f32,
    pub(crate) y: f32,
    pub(crate) parts: Vec<Part>,
    pub(crate) strokes: Vec<Stroke>,
}

impl Flow {
    pub(crate) fn from(y: f32, scale: f32) -> Flow {
        Flow { scale, y, parts: Vec::new(), strokes: Vec::new() }
    }

    pub(crate) fn title(&mut self, text: &str) {
        let runs = self.lines(Face::Bold, TITLE_SIZE, text, BODY.left, BODY.width);
        self.parts.push(Part::Title(runs));
        self.space(2.0);
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.space(2.2);
        let runs = self.lines(Face::Bold, HEADING_SIZE, text, BODY.left, BODY.width);
        self.parts.push(Part::Heading(runs));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        let runs = self.lines(Face::Regular, TEXT_SIZE, text, BODY.left, BODY.width);
        self.parts.push(Part::Paragraph(runs));
        self.space(1.4);
    }

    pub(crate) fn table(&mut self, rows: &[(String, String)]) {
        self.space(1.4);
        let mut table = Vec::new();
        self.rule();
        for (name, value) in rows {
            self.space(0.2);
            let top = self.y;
            let names = self.lines(Face::Bold, TEXT_SIZE, name, BODY.left, NAMES_WIDTH - NAMES_GAP);
            let below = self.y;
            self.y = top;
            let left = BODY.left + NAMES_WIDTH;
            let values = self.lines(Face::Regular, TEXT_SIZE, value, left, BODY.width - NAMES_WIDTH);
            self.y = self.y.max(below);
            self.space(1.6);
            self.rule();
            table.push((names, values));
        }
        self.parts.push(Part::Table(table));
        self.space(2.2);
    }

    /// The code in its frame, large, and digit by digit below.
    fn code(&mut self, code: &str, aloud: &str) {
        self.space(2.0);
        let top = self.y;
        self.space(-1.5);
        let large = self.lines(Face::Bold, CODE_SIZE, code, BODY.left, BODY.width);
        self.space(1.4);
        let words = self.lines(Face::Regular, TEXT_SIZE, aloud, BODY.left, BODY.width);
        self.space(3.4);
        self.strokes.push(Stroke::Frame { x: BODY.left, y: top, width: BODY.width, height: self.y - top });
        self.parts.push(Part::Paragraph(centred(large)));
        self.parts.push(Part::Paragraph(centred(words)));
        self.space(1.8);
    }

    pub(crate) fn lines(&mut self, face: Face, size: f32, text: &str, x: f32, width: f32) -> Vec<Run> {
        let size = size * self.scale;
        let lines = wrap(face, size, text, width).into_iter();
        lines
            .map(|text| {
                self.y += size * LEADING * MM_PER_POINT;
                Run { face, size, x, y: self.y, text }
            })
            .collect()
    }

    pub(crate) fn space(&mut self, height: f32) {
        self.y += height * self.scale;
    }

    pub(crate) fn rule(&mut self) {
        self.strokes.push(Stroke::Line { x: BODY.left, y: self.y, width: BODY.width });
    }
}

fn centred(mut runs: Vec<Run>) -> Vec<Run> {
    for run in &mut runs {
        run.x = BODY.left + (BODY.width - run.face.length(&run.text, run.size)) / 2.0;
    }
    runs
}
