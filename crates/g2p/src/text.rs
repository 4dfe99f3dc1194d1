use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A text of the message: borrowed from its bytes, unless an escape made another one of it.
///
/// It may be a person's number or an account: there is no `Display`, and `Debug` tells the length alone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text. Each call is a place to ask who is allowed to see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Text<'a> {
        Text(Cow::Borrowed(text))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    /// A derived `Cow` would copy; this one borrows where it can.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text<'a>, D::Error> {
        struct Borrowing;

        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        from.deserialize_str(Borrowing)
    }
}

/// Writes a JSON string, with its quotes.
pub(crate) fn write_json(buffer: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        buffer.push(b'"');
        buffer.extend_from_slice(text.as_bytes());
        buffer.push(b'"');
    } else {
        serde_json::to_writer(buffer, text).expect("a text is written to memory");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn borrows_unless_there_are_escapes_and_shows_nothing() {
        let plain: Text<'_> = serde_json::from_str(r#""cpr:6101701234""#).unwrap();
        assert!(matches!(plain.0, Cow::Borrowed("cpr:6101701234")));
        assert_eq!(format!("{plain:?}"), "Text(14 bytes)");
        let escaped: Text<'_> = serde_json::from_str(r#""cpr:\u0036101701234""#).unwrap();
        assert_eq!(escaped, plain);
        assert!(matches!(escaped.0, Cow::Owned(_)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in any::<String>()) {
            let mut buffer = Vec::new();
            write_json(&mut buffer, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&buffer).unwrap(), text);
        }
    }
}
