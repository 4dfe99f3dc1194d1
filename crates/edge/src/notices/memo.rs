//! Notices as Digital Post takes them: MeMo, version 1.1, with one document of plain text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use denmark::Cvr;
use kernel::Timestamp;
use registry::notice::Language;
use registry::notice_text::Text;
use registry::payee::PayeeId;

const NAMESPACE: &str = "https://DigitalPost.dk/MeMo-1";
/// The most characters of a label.
const LABEL_CHARS_MAX: usize = 256;

/// What a message says of itself.
pub(super) struct Message<'m> {
    /// A UUID of version 4: the same message has the same.
    pub reference: &'m str,
    /// Who sends it: an authority, by number and by name.
    pub sender: (&'m Cvr, &'m str),
    /// Whose box it is for.
    pub to: &'m PayeeId,
    /// When that of which it tells was done.
    pub created: Timestamp,
    pub language: Language,
    pub text: &'m Text,
}

/// Writes a message; none for a payee who has no box.
pub(super) fn write(message: &Message<'_>) -> Option<String> {
    let Message { reference, sender: (cvr, name), to, created, language, text } = message;
    let (number, kind) = match to {
        PayeeId::Cpr(number) => (number.digits(), "CPR"),
        PayeeId::Cvr(number) => (number.digits(), "CVR"),
        PayeeId::Se(_) | PayeeId::P(_) => return None,
    };
    let label = escape(text.subject.as_deref().unwrap_or(name), LABEL_CHARS_MAX);
    let (name, cvr) = (escape(name, LABEL_CHARS_MAX), cvr.digits());
    let created = Timestamp::from_micros(created.micros().div_euclid(1_000_000) * 1_000_000);
    let (tag, content) = (language.tag(), STANDARD.encode(&text.body));
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<memo:Message xmlns:memo=\"{NAMESPACE}\" memoVersion=\"1.1\" memoSchVersion=\"1.1.0\">
  <memo:MessageHeader>
    <memo:messageType>DIGITALPOST</memo:messageType>
    <memo:messageUUID>{reference}</memo:messageUUID>
    <memo:label>{label}</memo:label>
    <memo:mandatory>false</memo:mandatory>
    <memo:legalNotification>false</memo:legalNotification>
    <memo:Sender>
      <memo:senderID>{cvr}</memo:senderID>
      <memo:idType>CVR</memo:idType>
      <memo:label>{name}</memo:label>
    </memo:Sender>
    <memo:Recipient>
      <memo:recipientID>{number}</memo:recipientID>
      <memo:idType>{kind}</memo:idType>
    </memo:Recipient>
  </memo:MessageHeader>
  <memo:MessageBody>
    <memo:createdDateTime>{created}</memo:createdDateTime>
    <memo:MainDocument>
      <memo:File>
        <memo:encodingFormat>text/plain</memo:encodingFormat>
        <memo:filename>notice.txt</memo:filename>
        <memo:language>{tag}</memo:language>
        <memo:content>{content}</memo:content>
      </memo:File>
    </memo:MainDocument>
  </memo:MessageBody>
</memo:Message>
"
    ))
}

/// A text as the content of an element: what means something else there is written otherwise, and what cannot stand in XML 1.0 at
/// all is left out.
fn escape(text: &str, chars_max: usize) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().take(chars_max) {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::events::Event;
    use quick_xml::{NsReader, name::ResolveResult};

    const REFERENCE: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    fn message(to: &str, name: &str, subject: &str) -> Option<String> {
        let text =
            Text { subject: Some(subject.to_owned()), body: "Kære æøå,\n\nen besked & <mere>.\n".to_owned() };
        write(&Message {
            reference: REFERENCE,
            sender: (&Cvr::parse("34051178").unwrap(), name),
            to: &PayeeId::parse(to).unwrap(),
            created: Timestamp::parse("2026-11-23T09:00:00.123456Z").unwrap(),
            language: Language::Danish,
            text: &text,
        })
    }

    /// Every element of text, as another reader finds it, by its path.
    fn read(xml: &str) -> Vec<(String, String)> {
        let mut reader = NsReader::from_str(xml);
        reader.config_mut().check_end_names = true;
        let (mut path, mut found, mut text) = (Vec::new(), Vec::new(), String::new());
        loop {
            let (of, event) = reader.read_resolved_event().unwrap();
            match event {
                Event::Start(start) => {
                    let is_memo = matches!(of, ResolveResult::Bound(bound) if bound.0 == NAMESPACE);
                    assert!(is_memo, "{start:?}");
                    path.push(start.local_name().as_ref().to_owned());
                    text.clear();
                }
                Event::Text(piece) => text.push_str(&piece),
                Event::GeneralRef(name) => match name.as_ref() {
                    "amp" => text.push('&'),
                    "lt" => text.push('<'),
                    "gt" => text.push('>'),
                    other => panic!("{other:?}"),
                },
                Event::End(_) => {
                    if !text.trim().is_empty() {
                        found.push((path.join("/"), std::mem::take(&mut text)));
                    }
                    text.clear();
                    path.pop();
                }
                Event::Decl(_) => {}
                Event::Eof => {
                    assert!(path.is_empty(), "{path:?}");
                    return found;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn another_reader_finds_what_was_written() {
        let xml = message("cpr:6101701234", "Anvis", "Din konto").unwrap();
        let content = STANDARD.encode("Kære æøå,\n\nen besked & <mere>.\n");
        let expected = [
            ("MessageHeader/messageType", "DIGITALPOST"),
            ("MessageHeader/messageUUID", REFERENCE),
            ("MessageHeader/label", "Din konto"),
            ("MessageHeader/mandatory", "false"),
            ("MessageHeader/legalNotification", "false"),
            ("MessageHeader/Sender/senderID", "34051178"),
            ("MessageHeader/Sender/idType", "CVR"),
            ("MessageHeader/Sender/label", "Anvis"),
            ("MessageHeader/Recipient/recipientID", "6101701234"),
            ("MessageHeader/Recipient/idType", "CPR"),
            ("MessageBody/createdDateTime", "2026-11-23T09:00:00Z"),
            ("MessageBody/MainDocument/File/encodingFormat", "text/plain"),
            ("MessageBody/MainDocument/File/filename", "notice.txt"),
            ("MessageBody/MainDocument/File/language", "da"),
            ("MessageBody/MainDocument/File/content", content.as_str()),
        ];
        let found = read(&xml);
        let found: Vec<_> = found.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert_eq!(found, expected.map(|(path, text)| (format!("Message/{path}").leak() as &str, text)));
        let company = message("cvr:13748136", "Anvis", "Din konto").unwrap();
        assert!(company.contains("<memo:recipientID>13748136</memo:recipientID>"));
        assert!(company.contains("<memo:idType>CVR</memo:idType>\n    </memo:Recipient>"));
        assert_eq!(message("p:1000000042", "Anvis", "Din konto"), None);
    }

    #[test]
    fn what_means_something_in_xml_means_nothing_in_a_label() {
        let check = |text: &str, expected: &str| {
            let xml = message("cpr:6101701234", text, text).unwrap();
            let labels: Vec<_> = read(&xml).into_iter().filter(|(path, _)| path.ends_with("label")).collect();
            assert_eq!(labels.len(), 2, "{xml}");
            assert!(labels.iter().all(|(_, label)| label == expected), "{labels:?}");
        };
        check("a < b && c > d", "a < b && c > d");
        check("</memo:label><memo:mandatory>true", "</memo:label><memo:mandatory>true");
        check("]]>\"'æ", "]]>\"'æ");
        check("a\u{0}\u{1f}\nb\u{ffff}", "a b");
        check(&"æ".repeat(300), &"æ".repeat(256));
    }
}
