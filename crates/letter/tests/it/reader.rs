//! Reads a letter's file as a program does that shows it or reads it aloud: through its objects, its fonts' maps of
//! characters, and its tags.

use std::collections::BTreeMap;

const MM_PER_POINT: f32 = 25.4 / 72.0;
const PAGE_HEIGHT: f32 = 297.0;

/// Text on one line.
#[derive(Clone, Debug)]
pub struct Piece {
    /// `H1`, `H2`, `P`, `TH` or `TD`.
    pub tag: String,
    /// The number of the marked content that it stands in.
    pub mark: usize,
    pub bold: bool,
    /// In points.
    pub size: f32,
    /// In millimetres from the left edge.
    pub x: f32,
    /// In millimetres from the top edge.
    pub y: f32,
    pub text: String,
}

/// Every piece of text of the first page, in the order in which it is read.
pub fn pieces(pdf: &[u8]) -> Vec<Piece> {
    pieces_of(pdf, number_after(pdf, "/Kids ["))
}

/// The same of every page.
pub fn pages(pdf: &[u8]) -> Vec<Vec<Piece>> {
    let at = find(pdf, b"/Kids [").unwrap() + "/Kids [".len();
    let kids = pdf[at..].split(|byte| *byte == b']').next().unwrap();
    let kids = std::str::from_utf8(kids).unwrap().split_whitespace().step_by(3);
    kids.map(|page| pieces_of(pdf, page.parse().unwrap())).collect()
}

fn pieces_of(pdf: &[u8], page: usize) -> Vec<Piece> {
    let page = text(object(pdf, page));
    let fonts: BTreeMap<&str, BTreeMap<u16, char>> = [("R", "/R "), ("B", "/B ")]
        .into_iter()
        .filter(|(_, key)| page.contains(key))
        .map(|(name, key)| (name, characters(pdf, number_after(page.as_bytes(), key))))
        .collect();
    let content = stream(pdf, number_after(page.as_bytes(), "/Contents "));
    let content = std::str::from_utf8(content).expect("the writer escapes what is not ASCII");

    let (mut pieces, mut tag, mut mark) = (Vec::new(), String::new(), 0);
    let (mut font, mut size, mut x, mut y) = ("", 0.0, 0.0, 0.0);
    for line in content.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [name, "<<"] => tag = name[1..].to_owned(),
            ["", "", "/MCID", number] => mark = number.parse().unwrap(),
            [name, points, "Tf"] => (font, size) = (&name[1..], points.parse().unwrap()),
            ["1", "0", "0", "1", left, bottom, "Tm"] => {
                x = left.parse::<f32>().unwrap() * MM_PER_POINT;
                y = PAGE_HEIGHT - bottom.parse::<f32>().unwrap() * MM_PER_POINT;
            }
            [.., "Tj"] => {
                let glyphs = bytes(line.strip_suffix(" Tj").unwrap());
                let text = glyphs.chunks(2).map(|pair| fonts[font][&u16::from_be_bytes([pair[0], pair[1]])]).collect();
                pieces.push(Piece { tag: tag.clone(), mark, bold: font == "B", size, x, y, text });
            }
            _ => {}
        }
    }
    pieces
}

/// All that stands on the page, as it is read aloud: a line for each heading, paragraph and cell.
pub fn read_aloud(pdf: &[u8]) -> String {
    let mut said = String::new();
    let mut before = 0;
    for piece in pieces(pdf) {
        if piece.mark != before {
            said.push('\n');
        }
        before = piece.mark;
        said.push_str(&piece.text);
    }
    said
}

/// The file as text, for what stands in it beside streams.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The object of a number, found where the file's own table says that it is.
pub fn object(pdf: &[u8], number: usize) -> &[u8] {
    let file = String::from_utf8_lossy(&pdf[pdf.len() - 40..]).into_owned();
    let table: usize = file.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    // Two lines of head, then lines of 20 bytes.
    let head = pdf[table..].iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    let entry = &pdf[table + head + 20 * number..][..10];
    let at: usize = std::str::from_utf8(entry).unwrap().parse().unwrap();
    let start = format!("{number} 0 obj\n");
    assert_eq!(&pdf[at..at + start.len()], start.as_bytes());
    let end = find(&pdf[at..], b"\nendobj").unwrap();
    &pdf[at + start.len()..at + end]
}

/// The first number after a key.
pub fn number_after(bytes: &[u8], key: &str) -> usize {
    let at = find(bytes, key.as_bytes()).unwrap_or_else(|| panic!("{key} is not there")) + key.len();
    let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[at..at + digits]).unwrap().parse().unwrap()
}

fn stream(pdf: &[u8], number: usize) -> &[u8] {
    let object = object(pdf, number);
    let at = find(object, b"stream\n").unwrap() + "stream\n".len();
    &object[at..at + number_after(object, "/Length ")]
}

/// From a font's glyphs to characters.
fn characters(pdf: &[u8], font: usize) -> BTreeMap<u16, char> {
    let map = text(stream(pdf, number_after(object(pdf, font), "/ToUnicode ")));
    let mut characters = BTreeMap::new();
    for line in map.lines() {
        if let [glyph, character] = line.split(' ').collect::<Vec<_>>()[..]
            && line.starts_with('<')
            && glyph != "<0000>"
        {
            let hex = |word: &str| u32::from_str_radix(word.trim_matches(['<', '>']), 16).unwrap();
            characters.insert(hex(glyph) as u16, char::from_u32(hex(character)).unwrap());
        }
    }
    characters
}

/// The bytes of `(…)` or `<…>`.
fn bytes(string: &str) -> Vec<u8> {
    let inner = &string[1..string.len() - 1];
    if string.starts_with('<') {
        return (0..inner.len()).step_by(2).map(|at| u8::from_str_radix(&inner[at..at + 2], 16).unwrap()).collect();
    }
    let mut bytes = Vec::new();
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().unwrap() {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            digit @ b'0'..=b'7' => {
                let digits = [digit, rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 8).unwrap()
            }
            itself => itself,
        });
    }
    bytes
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
