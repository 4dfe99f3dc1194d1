//! The words of notices, in the files of `texts/notices`, and how their fields are filled. Pure.
//!
//! A line that names something that a notice does not have, or that its medium may not tell, is left out. So no text can say an
//! account in an e-mail, whatever stands in the file.

use crate::delivery::Url;
use crate::notice::{Language, MaskedAccount, Medium, NewNotice, StopToken};
use jiff::tz::TimeZone;
use kernel::Timestamp;

/// The most characters of a message to a telephone, with its link.
pub const SMS_CHARS_MAX: usize = 150;
/// The most characters of the address that a token follows: so that a link and some words fit into a message to a telephone.
pub const STOP_URL_CHARS_MAX: usize = 40;
/// The kinds of channels that notices have words for.
pub const CHANNELS: [&str; 4] = ["bank", "operator", "self_service", "caseworker"];

/// A notice in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it is about; a message to a telephone has none.
    pub subject: Option<String>,
    /// What it says: paragraphs set apart by an empty line.
    pub body: String,
}

/// Where links that stop something lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopUrl(String);

impl StopUrl {
    /// Reads the address that tokens follow: at most 40 characters, `https://`, or `http://` on this machine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let base = text.trim_end_matches('/');
        let is_short = base.chars().count() <= STOP_URL_CHARS_MAX;
        (is_short && Url::parse(base).is_ok()).then(|| Self(base.to_owned()))
    }

    fn link(&self, token: StopToken) -> String {
        format!("{}/{}", self.0, token.to_text())
    }
}

const fn file(language: Language) -> &'static str {
    match language {
        Language::Danish => include_str!("../texts/notices/da.txt"),
        Language::English => include_str!("../texts/notices/en.txt"),
    }
}

/// What authorities call the sender.
#[must_use]
pub fn sender(language: Language) -> &'static str {
    section(language, "sender").and_then(|mut lines| lines.next()).unwrap_or_default()
}

/// A notice in the words of its language and medium; none if the files lack them, which a test keeps from happening.
#[must_use]
pub fn render(notice: &NewNotice, stop_url: &StopUrl) -> Option<Text> {
    let (language, medium, kind) = (notice.language, notice.to.medium(), notice.kind.name());
    let details = &notice.details;
    let value = |field: &str| match field {
        "at" => moment(language, details.at),
        "from" => details.in_force_from.and_then(|from| moment(language, from)),
        "account" => {
            let account = details.account.as_ref().filter(|_| medium.may_tell_account());
            account.map(|account| MaskedAccount::as_str(account).to_owned())
        }
        "channel" => {
            let name = details.channel.map(|channel| format!("channel.{channel}"));
            name.and_then(|name| section(language, &name)?.next().map(str::to_owned))
        }
        "stop" => details.stop.map(|stop| stop_url.link(stop)),
        "report" => details.reports.map(|reports| reports.first.name()),
        "others" => {
            details.reports.map(|reports| reports.others).filter(|others| *others > 0).map(|others| others.to_string())
        }
        _ => None,
    };
    let fill = |lines: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        lines.filter(|line| !line.is_empty()).filter_map(|line| fill(line, value)).collect()
    };
    if medium == Medium::Sms {
        let body = fill(&mut section(language, &format!("{kind}.sms"))?).join(" ");
        return Some(Text { subject: None, body });
    }
    let mut lines = section(language, kind)?;
    let subject = Some(lines.next()?.to_owned());
    let mut paragraphs = fill(&mut lines);
    let footer = if notice.kind.is_for_payers() { "footer.payer" } else { "footer" };
    paragraphs.extend(fill(&mut section(language, footer)?));
    Some(Text { subject, body: paragraphs.join("\n\n") + "\n" })
}

/// The lines of a section, without those that are empty at its end.
fn section(language: Language, name: &str) -> Option<impl Iterator<Item = &'static str>> {
    let mut lines = file(language).lines().filter(|line| !line.starts_with('#'));
    lines.find(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) == Some(name))?;
    Some(lines.take_while(|line| !line.starts_with('[')))
}

/// A line with its fields filled; none if it names one that has no value.
fn fill(line: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut filled, mut rest) = (String::new(), line);
    while let Some((before, field)) = rest.split_once('{') {
        let (field, after) = field.split_once('}')?;
        filled.push_str(before);
        filled.push_str(&value(field)?);
        rest = after;
    }
    Some(filled + rest)
}

/// A moment as it is in Denmark, in words.
fn moment(language: Language, moment: Timestamp) -> Option<String> {
    let local = moment.to_jiff().to_zoned_datetime(TimeZone::get("Europe/Copenhagen").ok()?);
    let month = section(language, "months")?.nth(usize::try_from(local.month() - 1).ok()?)?;
    let value = |field: &str| match field {
        "day" => Some(local.day().to_string()),
        "month" => Some(month.to_owned()),
        "year" => Some(local.year().to_string()),
        "hour" => Some(format!("{:02}", local.hour())),
        "minute" => Some(format!("{:02}", local.minute())),
        _ => None,
    };
    fill(section(language, "moment")?.next()?, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::DesignatedAccount;
    use crate::notice::{Details, NamedReports, NoticeKind, Recipient};
    use kernel::Blind;

    /// What a message to a telephone can have at one byte a character (3GPP TS 23.038), apart from what is never written here.
    const PLAIN: &str = "ÆØÅæøåéÉäöñüàÄÖÑÜ£$¥§¿¡!\"#%&'()*+,-./:;<=>?@_ \n";
    const ACCOUNT: &str = "0040-******6243";

    fn stop_url() -> StopUrl {
        StopUrl::parse(&format!("https://{}", "a".repeat(STOP_URL_CHARS_MAX - 8))).unwrap()
    }

    /// With everything, each value as long as any.
    fn full() -> Details {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        Details {
            at: at("2026-09-30T08:05:00Z"),
            account: Some(MaskedAccount::of(&DesignatedAccount::from_text("0040-0440116243 DKK").unwrap())),
            channel: Some("operator"),
            in_force_from: Some(at("2026-10-02T22:00:00Z")),
            stop: Some(StopToken::of(&kernel::testing::vault(), kernel::Id::new(1))),
            reports: Some(NamedReports { first: kernel::Id::new(7), others: 999 }),
        }
    }

    fn notice(kind: NoticeKind, medium: Medium, language: Language, details: Details) -> NewNotice {
        let to = match medium {
            Medium::DigitalPost => "digital_post:cpr:6101701234",
            Medium::Sms => "sms:+4512345678",
            Medium::Email => "email:anna@mail.example",
            Medium::Letter => "letter:cpr:6101701234",
        };
        NewNotice { payee: Blind::default(), kind, to: Recipient::parse(to).unwrap(), language, details }
    }

    /// Every kind in each language by each medium that it goes by, with everything and with nothing but when.
    fn each(mut check: impl FnMut(&NewNotice, Text, bool)) {
        for kind in NoticeKind::ALL {
            let goes_by = |medium: &Medium| !kind.is_for_payers() || *medium == Medium::Email;
            for medium in Medium::ALL.into_iter().filter(goes_by) {
                for language in Language::ALL {
                    for (details, is_full) in [(full(), true), (Details::at(full().at), false)] {
                        let notice = notice(kind, medium, language, details);
                        let text = render(&notice, &stop_url());
                        check(&notice, text.unwrap_or_else(|| panic!("{kind:?} {medium:?} {language:?}")), is_full);
                    }
                }
            }
        }
    }

    #[test]
    fn every_notice_has_words_in_which_nothing_is_left_unfilled() {
        each(|notice, Text { subject, body }, _| {
            assert!(body.chars().count() > 40, "{notice:?}: {body}");
            assert!(!body.contains(['{', '}', '[', ']']), "{notice:?}: {body}");
            assert_eq!(subject.is_none(), notice.to.medium() == Medium::Sms, "{notice:?}");
            let subject = subject.unwrap_or_else(|| "A subject".to_owned());
            assert!((5..=80).contains(&subject.chars().count()) && !subject.contains('{'), "{subject}");
        });
    }

    #[test]
    fn a_message_to_a_telephone_fits_on_one_line_of_plain_letters() {
        each(|notice, Text { body, .. }, _| {
            if notice.to.medium() == Medium::Sms {
                let chars = body.chars().count();
                assert!(chars <= SMS_CHARS_MAX && !body.contains('\n'), "{chars}: {body}");
                assert!(body.chars().all(|c| c.is_ascii_alphanumeric() || PLAIN.contains(c)), "{body}");
            }
        });
    }

    #[test]
    fn an_account_is_told_in_letters_and_digital_post_alone_and_no_number_of_a_person_anywhere() {
        let mut told = 0;
        each(|notice, Text { subject, body }, is_full| {
            let all = subject.unwrap_or_default() + &body;
            let has_account = all.contains(ACCOUNT);
            let may_tell = [Medium::DigitalPost, Medium::Letter].contains(&notice.to.medium());
            assert!(!has_account || (is_full && may_tell), "{notice:?}: {all}");
            told += usize::from(has_account);
            for hidden in ["6101701234", "12345678", "anna", "0440116243", "mail.example"] {
                assert!(!all.contains(hidden), "{notice:?}: {all}");
            }
            if !may_tell {
                assert!(!all.contains("6243") && !all.contains("0040"), "{notice:?}: {all}");
            }
        });
        assert_eq!(told, 2 * 2 * 17, "the kinds that are about an account tell it in both languages");
    }

    #[test]
    fn whoever_is_warned_can_stop_it_by_each_medium_if_they_may() {
        use NoticeKind::{AccountUnfrozen, ChangeActivated, ChangeHeld, ChangeInForce, ChangeProposed, ChangeReverted};
        use NoticeKind::{RevertProposed, UnfreezeProposed};
        // What is no change of an account has nothing that a link could stop.
        let changes = [ChangeProposed, ChangeActivated, ChangeHeld, ChangeInForce];
        let heals = [UnfreezeProposed, AccountUnfrozen, RevertProposed, ChangeReverted];
        let warns = [&changes[..], &heals].concat();
        each(|notice, Text { body, .. }, is_full| {
            let link = notice.details.stop.map(|stop| stop_url().link(stop));
            let has_link = link.is_some_and(|link| body.contains(&link));
            assert_eq!(has_link, is_full && warns.contains(&notice.kind), "{notice:?}: {body}");
            assert!(is_full || !body.contains("https:"), "{body}");
        });
    }

    #[test]
    fn both_files_have_the_same_sections_once_and_know_their_fields() {
        let sections =
            |language: Language| -> Vec<&str> { file(language).lines().filter(|line| line.starts_with('[')).collect() };
        let (danish, english) = (sections(Language::Danish), sections(Language::English));
        assert_eq!(danish, english);
        assert!(danish.iter().enumerate().all(|(at, name)| !danish[..at].contains(name)), "{danish:?}");
        let known =
            ["at", "from", "account", "channel", "stop", "report", "others", "day", "month", "year", "hour", "minute"];
        for language in Language::ALL {
            for line in file(language).lines().filter(|line| !line.starts_with('#')) {
                for field in line.split('{').skip(1) {
                    let field = field.split('}').next().unwrap();
                    assert!(known.contains(&field), "{line}");
                }
            }
            assert_eq!(section(language, "months").unwrap().filter(|line| !line.is_empty()).count(), 12);
            for channel in CHANNELS {
                assert!(section(language, &format!("channel.{channel}")).is_some(), "{channel}");
            }
            assert!(!sender(language).is_empty());
        }
        for kind in [crate::designation::ChannelKind::Bank, crate::designation::ChannelKind::Operator] {
            assert!(CHANNELS.contains(&kind.name()));
        }
    }

    #[test]
    fn a_notice_in_full() {
        let url = StopUrl::parse("https://anvis.example/stop/").unwrap();
        let notice = notice(NoticeKind::ChangeProposed, Medium::DigitalPost, Language::Danish, full());
        let token = notice.details.stop.unwrap().to_text();
        let text = render(&notice, &url).unwrap();
        assert_eq!(text.subject.as_deref(), Some("Nogen vil ændre din konto til offentlige udbetalinger"));
        let expected = format!(
            "Den 30. september 2026 kl. 10.05 har nogen bedt om, at offentlige udbetalinger til dig skal gå til en anden \
             konto.\n\n\
             Det kom gennem den myndighed, der fører registret.\n\n\
             Den nye konto er 0040-******6243.\n\n\
             Ændringen gælder tidligst fra den 3. oktober 2026 kl. 00.00. Indtil da er din nuværende konto uændret.\n\n\
             Er det ikke dig, så stop den. Linket virker én gang, og det eneste, det kan, er at stoppe ændringen: \
             https://anvis.example/stop/{token}\n\n\
             Kender du ikke til det, så ring straks til din bank og din kommune.\n\n\
             Denne besked beder dig ikke om noget, og ingen, der skriver eller ringer om den, har brug for en kode eller \
             adgangskode fra dig.\n"
        );
        assert_eq!(text.body, expected);
        let sms = render(&NewNotice { to: Recipient::parse("sms:+4512345678").unwrap(), ..notice }, &url).unwrap();
        let expected = format!(
            "Nogen vil ændre din konto til offentlige udbetalinger. Ikke dig? Stop det: https://anvis.example/stop/{token}"
        );
        assert_eq!(sms, Text { subject: None, body: expected });
    }

    #[test]
    fn a_payers_contact_is_told_which_report_and_nothing_of_it() {
        let url = StopUrl::parse("https://anvis.example/stop/").unwrap();
        let named = |others| Details {
            reports: Some(NamedReports { first: kernel::Id::new(7), others }),
            ..Details::at(full().at)
        };
        let name = kernel::Id::<()>::new(7).name();
        let told = |details| render(&notice(NoticeKind::ReportRouted, Medium::Email, Language::English, details), &url);
        let expected = |others: &str| {
            format!(
                "Somebody suspects something of a payment of yours. Their report is {name}.\n\n\
                 {others}\
                 Have somebody say by the same time on the second banking day that they look at it. After that the authority \
                 that keeps the register may answer for you.\n\n\
                 What it is about does not stand here. Your caseworkers see it in the register, by its name, and your systems \
                 in their list of what went to you: /v1/suspicions/routed.\n\n\
                 Nobody who writes or rings about this message needs a code or a password from you.\n"
            )
        };
        assert_eq!(told(named(0)).unwrap().body, expected(""));
        assert_eq!(told(named(3)).unwrap().body, expected("So many others wait beside it: 3.\n\n"));
        // Whatever else a notice had, it has no words for it.
        let body = told(full()).unwrap().body;
        for hidden in ["0040", "6243", "https:", "2026"] {
            assert!(!body.contains(hidden), "{hidden}: {body}");
        }
    }

    #[test]
    fn stop_urls() {
        let check = |text: &str, is_one: bool| assert_eq!(StopUrl::parse(text).is_some(), is_one, "{text}");
        check("https://anvis.example/stop", true);
        check("https://anvis.example/", true);
        check("http://localhost:8080/stop", true);
        check("http://anvis.example/stop", false);
        check("https://anvis.example/stop?a=", false);
        check(&format!("https://{}", "a".repeat(33)), false);
        check("", false);
    }
}
