//! The letter's texts: files beside the code, one a language, with named fields.

use crate::Language;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const DANISH: &str = include_str!("../texts/da.txt");
const ENGLISH: &str = include_str!("../texts/en.txt");
const COUNTRIES: &str = include_str!("../texts/countries.txt");

static DANISH_TEXTS: LazyLock<Texts> = LazyLock::new(|| read(DANISH).expect("a test reads this file"));
static ENGLISH_TEXTS: LazyLock<Texts> = LazyLock::new(|| read(ENGLISH).expect("a test reads this file"));

type Texts = BTreeMap<&'static str, &'static str>;

/// Makes the enum of texts from one list, so that whoever writes a text must give each of its fields, and the files can be
/// held against the same list.
macro_rules! texts {
    ($($text:ident $({ $($field:ident),+ })? = $name:literal,)+) => {
        /// A text, with what is to be filled in.
        #[derive(Clone, Copy)]
        pub(crate) enum Text<'a> {
            $($text $({ $($field: &'a str),+ })?,)+
        }

        /// Each text's name in the files, and its fields.
        const ALL: &[(&str, &[&str])] = &[$(($name, &[$($(stringify!($field)),+)?])),+];

        impl<'a> Text<'a> {
            fn name(self) -> &'static str {
                match self {
                    $(Self::$text { .. } => $name,)+
                }
            }

            fn fields(self) -> Vec<(&'static str, &'a str)> {
                match self {
                    $(Self::$text { $($($field),+)? } => vec![$($((stringify!($field), $field)),+)?],)+
                }
            }
        }
    };
}

texts! {
    Title = "title",
    SubjectDefault = "subject.default",
    SubjectSpecific = "subject.specific",
    AskedDefault { on, payee, by } = "asked.default",
    AskedSpecific { on, payee, by } = "asked.specific",
    PayeePerson = "payee.person",
    PayeeCompany = "payee.company",
    BySelfService = "by.self_service",
    ByCaseworker { authority } = "by.caseworker",
    ByBank { bank } = "by.bank",
    ByOperator = "by.operator",
    Effect = "effect",
    CodeHeading = "code.heading",
    CodeAloud { words } = "code.aloud",
    CodeValid { until, attempts } = "code.valid",
    EnterHeading = "enter.heading",
    Enter { url, telephone } = "enter",
    StopHeading = "stop.heading",
    Stop { telephone, number } = "stop",
    NeverHeading = "never.heading",
    Never { telephone } = "never",
    LabelDate = "label.date",
    LabelNumber = "label.number",
    LabelBeneficiary = "label.beneficiary",
    LabelAccount = "label.account",
    LabelIban = "label.iban",
    LabelBank = "label.bank",
    LabelBic = "label.bic",
    LabelCountry = "label.country",
    LabelCurrency = "label.currency",
    LabelPayer = "label.payer",
    LabelBenefit = "label.benefit",
    MessageTitle = "message.title",
    MessageCall { telephone, number } = "message.call",
    CoverTitle = "cover.title",
    Cover { number } = "cover",
    CaseTitle { number } = "case.title",
    CaseForPolice = "case.for_police",
    CasePolice = "case.police",
    CaseForBank { bank } = "case.for_bank",
    CaseNumber = "case.number",
    CasePayee = "case.payee",
    CaseSince = "case.since",
    CaseOpened = "case.opened",
    CaseWhy = "case.why",
    CaseFound = "case.found",
    CaseFraud = "case.fraud",
    CaseUndecided = "case.undecided",
    CaseLaw = "case.law",
    CaseGiven = "case.given",
    CaseAccounts = "case.accounts",
    CaseAccountFor = "case.account.for",
    CaseAccountBefore = "case.account.before",
    CaseAccountSince = "case.account.since",
    CaseDefault = "case.default",
    CaseDeleted = "case.deleted",
    CasePayments = "case.payments",
    CaseWhen = "case.when",
    CasePayer = "case.payer",
    CaseAmount = "case.amount",
    CaseTo = "case.to",
    CaseFate = "case.fate",
    CaseReference = "case.reference",
    CaseLeft = "case.left",
    CaseHeld = "case.held",
    CaseRejected = "case.rejected",
    CaseReturned = "case.returned",
    CasePart = "case.part",
    CaseWaiting = "case.waiting",
    CaseRecalled = "case.recalled",
    CaseRefused = "case.refused",
    CaseMore = "case.more",
    CaseNothing = "case.nothing",
    CaseDeeds = "case.deeds",
    CaseWho = "case.who",
    CaseWhat = "case.what",
    CaseAbout = "case.about",
    CaseDidFreeze = "case.did.freeze",
    CaseDidReport = "case.did.report",
    CaseDidRevert = "case.did.revert",
    CaseDidTrace = "case.did.trace",
    CaseDidRecall = "case.did.recall",
    CaseDidAsk = "case.did.ask",
    CaseDidGive = "case.did.give",
    CaseDidFind = "case.did.find",
    CaseDidMark = "case.did.mark",
    CaseCheckHeading = "case.check.heading",
    CaseCheck { json, seal } = "case.check",
    CaseJournal { size, root } = "case.journal",
    CasePage { title, page, pages } = "case.page",
    Date { day, month, year } = "date",
    Months = "months",
    Digits = "digits",
}

impl Language {
    /// The text, with its fields filled in. What is filled in is never read as a field itself.
    pub(crate) fn write(self, text: Text<'_>) -> String {
        let template = self.template(text.name());
        let fields = text.fields();
        let mut written = String::new();
        for piece in pieces(template) {
            match piece {
                Ok(words) => written.push_str(words),
                Err(name) => {
                    let field = fields.iter().find(|(field, _)| *field == name);
                    written.push_str(field.expect("a test holds fields against the files").1);
                }
            }
        }
        written
    }

    /// A date in words.
    pub(crate) fn date(self, date: jiff::civil::Date) -> String {
        let month = self.word(Text::Months, usize::from(date.month().unsigned_abs()) - 1);
        let (day, year) = (date.day().to_string(), date.year().to_string());
        self.write(Text::Date { day: &day, month, year: &year })
    }

    /// A digit in words.
    pub(crate) fn digit(self, digit: u8) -> &'static str {
        self.word(Text::Digits, usize::from(digit))
    }

    /// A country's name. `None` for what is no code of ISO 3166-1.
    pub(crate) fn country(self, code: &str) -> Option<&'static str> {
        let (_, names) = countries().find(|(listed, _)| *listed == code)?;
        Some(names[self as usize])
    }

    fn template(self, name: &str) -> &'static str {
        let texts = match self {
            Language::Danish => &DANISH_TEXTS,
            Language::English => &ENGLISH_TEXTS,
        };
        texts[name]
    }

    fn word(self, list: Text<'_>, at: usize) -> &'static str {
        self.template(list.name()).split_whitespace().nth(at).expect("a test counts the words of lists")
    }
}

/// Code, and the names in Danish and English.
fn countries() -> impl Iterator<Item = (&'static str, [&'static str; 2])> {
    COUNTRIES.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut columns = line.split('|');
        let mut next = || columns.next().unwrap_or_default();
        (next(), [next(), next()])
    })
}

/// A template's words, and as `Err` the names of its fields, in order.
fn pieces(template: &'static str) -> impl Iterator<Item = Result<&'static str, &'static str>> {
    template.split('{').enumerate().flat_map(|(at, part)| match part.split_once('}') {
        Some((field, words)) if at > 0 => vec![Err(field), Ok(words)],
        _ => vec![Ok(part)],
    })
}

/// Reads a file of texts and holds it against the list: each text once, with all of its fields and no other.
fn read(file: &'static str) -> Result<Texts, String> {
    let mut texts = Texts::new();
    let body = file.lines().skip_while(|line| line.starts_with('#') || line.is_empty());
    let mut lines = body.peekable();
    while let Some(line) = lines.next() {
        let name = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        let name = name.ok_or_else(|| format!("not a name in brackets: {line:?}"))?;
        let text = lines.next().filter(|text| !text.is_empty()).ok_or_else(|| format!("{name}: no text"))?;
        if lines.next_if(|line| !line.is_empty()).is_some() {
            return Err(format!("{name}: a text is one line"));
        }
        lines.next();
        let (_, fields) =
            ALL.iter().find(|(listed, _)| *listed == name).ok_or_else(|| format!("{name}: no such text"))?;
        let mut used: Vec<_> = pieces(text).filter_map(Result::err).collect();
        used.sort_unstable();
        let mut wanted = fields.to_vec();
        wanted.sort_unstable();
        if used != wanted {
            return Err(format!("{name}: has the fields {used:?}, not {wanted:?}"));
        }
        if texts.insert(name, text).is_some() {
            return Err(format!("{name}: stands twice"));
        }
    }
    match ALL.iter().find(|(name, _)| !texts.contains_key(name)) {
        Some((missing, _)) => Err(format!("{missing}: is missing")),
        None => Ok(texts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::drawable;
    use jiff::civil::date;

    #[test]
    fn both_files_have_each_text_with_each_field() {
        let (danish, english) = (read(DANISH).unwrap(), read(ENGLISH).unwrap());
        assert!(danish.keys().eq(english.keys()));
        for texts in [danish, english] {
            assert_eq!(texts["months"].split_whitespace().count(), 12);
            assert_eq!(texts["digits"].split_whitespace().count(), 10);
            for (name, text) in texts {
                assert_eq!(text, text.trim(), "{name}");
                assert!(!text.contains("  ") && !text.contains("}{"), "{name}");
                assert_eq!(drawable(text).as_deref(), Ok(text), "{name}");
            }
        }
    }

    #[test]
    fn a_file_that_says_anything_else_is_refused() {
        let check = |from: &'static str, to: &str, expected: &str| {
            let changed: &'static str = Box::leak(DANISH.replacen(from, to, 1).into_boxed_str());
            assert_ne!(changed, DANISH, "{from}");
            assert_eq!(read(changed).unwrap_err(), expected);
        };
        check("{until}", "{untill}", r#"code.valid: has the fields ["attempts", "untill"], not ["attempts", "until"]"#);
        check("{words}", "", r#"code.aloud: has the fields [], not ["words"]"#);
        check("gennem os", "gennem {bank}", r#"by.operator: has the fields ["bank"], not []"#);
        check("[by.bank]", "[by.banks]", "by.banks: no such text");
        check("[by.operator]", "[by.bank]", r#"by.bank: has the fields [], not ["bank"]"#);
        check("[label.bic]", "[label.bank]", "label.bank: stands twice");
        check("gennem os\n", "", "by.operator: no text");
        check("gennem os\n", "gennem\nos\n", "by.operator: a text is one line");
        check("[digits]\nnul et to tre fire fem seks syv otte ni\n", "", "digits: is missing");
        check("[title]", "title", r#"not a name in brackets: "title""#);
    }

    #[test]
    fn fields_are_filled_in_and_not_read_again() {
        let written = Language::English.write(Text::ByBank { bank: "{payee}" });
        assert_eq!(written, "through {payee}");
    }

    #[test]
    fn dates_and_digits_in_words() {
        let day = date(2026, 11, 26);
        assert_eq!(Language::Danish.date(day), "26. november 2026");
        assert_eq!(Language::English.date(day), "26 November 2026");
        assert_eq!(Language::Danish.date(date(2027, 1, 1)), "1. januar 2027");
        assert_eq!((Language::Danish.digit(0), Language::English.digit(9)), ("nul", "nine"));
    }

    #[test]
    fn countries_have_names_in_both_languages() {
        assert_eq!(Language::Danish.country("DE"), Some("Tyskland"));
        assert_eq!(Language::English.country("DE"), Some("Germany"));
        assert_eq!(Language::English.country("XX"), None);
        let mut before = "";
        for (code, names) in countries() {
            assert!(code > before && code.len() == 2, "{code} after {before}");
            assert!(names.iter().all(|name| !name.is_empty()), "{code}");
            assert!(
                names.iter().all(|name| drawable(name).is_ok() && drawable(&name.to_uppercase()).is_ok()),
                "{code}"
            );
            before = code;
        }
        assert!(COUNTRIES.lines().skip(1).all(|line| line.split('|').count() == 3));
        assert_eq!(countries().count(), 250);
    }
}
