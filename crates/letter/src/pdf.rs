//! Pages as a PDF file: tagged, with its fonts inside, and the same bytes each time.

use crate::font::Face;
use crate::page::{HEIGHT, Page, Part, Run, Stroke, WIDTH};
use pdf_writer::types::{CidFontType, FontFlags, StructRole, SystemInfo, TableHeaderScope, UnicodeCmap};
use pdf_writer::writers::StructTreeRoot;
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;

const POINTS_PER_MM: f32 = 72.0 / 25.4;
const STROKE_POINTS: f32 = 0.5;
/// 0 is black.
const STROKE_GRAY: f32 = 0.7;
/// How thick an upright stem is, in thousandths. Readers need it only when they have to replace the font.
const STEM_V: [f32; 2] = [88.0, 136.0];
const BETWEEN_LINES: &str = " ";
const IDENTITY: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Writes the file of one sheet. `id` is what its identifier says.
pub(crate) fn write(page: &Page, id: [u8; 16]) -> Vec<u8> {
    write_all(page, std::slice::from_ref(page), id)
}

/// Writes the file of some sheets, which is called as the first of them is.
pub(crate) fn write_all(first: &Page, all: &[Page], id: [u8; 16]) -> Vec<u8> {
    let mut file = File { pdf: Pdf::new(), next: 1 };
    file.pdf.set_file_id((id.to_vec(), id.to_vec()));
    let (catalog, pages, info, metadata) = (file.new_ref(), file.new_ref(), file.new_ref(), file.new_ref());
    let (root, document) = (file.new_ref(), file.new_ref());

    let fonts = Fonts::of(all);
    let (mut children, mut sheets) = (Vec::new(), Vec::new());
    for page in all {
        let (sheet, contents, parents) = (file.new_ref(), file.new_ref(), file.new_ref());
        let mut content = Content::new();
        strokes(&mut content, page);
        let mut tags = Tags { marked: Vec::new(), sheet, scope: TableHeaderScope::Row };
        let parts = page.parts.iter().map(|part| tags.part(&mut file, &mut content, &fonts, part, document));
        children.extend(parts.collect::<Vec<_>>());
        file.pdf.stream(contents, &content.finish());
        file.pdf.indirect(parents).array().items(&tags.marked);
        sheets.push((sheet, contents, parents));
    }

    let mut element = file.pdf.struct_element(document);
    element.kind(StructRole::Document).parent(root);
    element.children().items(children);
    element.finish();
    let mut tree = file.pdf.indirect(root).start::<StructTreeRoot<'_>>();
    tree.child(document);
    let mut numbers = tree.parent_tree();
    let mut numbered = numbers.nums();
    for (number, (_, _, parents)) in (0..).zip(&sheets) {
        numbered.insert(number, *parents);
    }
    numbered.finish();
    numbers.finish();
    tree.parent_tree_next_key(sheets.len() as i32);
    tree.finish();

    let font_refs = fonts.write(&mut file);
    for (number, (sheet, contents, _)) in (0..).zip(&sheets) {
        let mut written = file.pdf.page(*sheet);
        written.parent(pages).contents(*contents).struct_parents(number);
        written.media_box(Rect::new(0.0, 0.0, WIDTH * POINTS_PER_MM, HEIGHT * POINTS_PER_MM));
        written.resources().fonts().pairs(font_refs.iter().copied());
        written.finish();
    }
    file.pdf.pages(pages).kids(sheets.iter().map(|(sheet, ..)| *sheet)).count(sheets.len() as i32);

    file.pdf.document_info(info).title(TextStr(&first.title));
    file.pdf.metadata(metadata, described(first).as_bytes());
    let mut written = file.pdf.catalog(catalog);
    written.pages(pages).metadata(metadata).lang(TextStr(first.language.tag()));
    written.pair(Name(b"StructTreeRoot"), root);
    written.mark_info().marked(true);
    written.viewer_preferences().display_doc_title(true);
    written.finish();
    file.pdf.finish()
}

struct File {
    pdf: Pdf,
    next: i32,
}

impl File {
    fn new_ref(&mut self) -> Ref {
        let id = Ref::new(self.next);
        self.next += 1;
        id
    }
}

/// What the file says of itself to programs: what it is called, and that it is accessible (PDF/UA-1). No time: the same
/// letter is the same file.
fn described(page: &Page) -> String {
    let title = page.title.replace('&', "&amp;").replace('<', "&lt;");
    let language = page.language.tag();
    format!(
        r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"#
    )
}

fn strokes(content: &mut Content, page: &Page) {
    content.begin_marked_content(Name(b"Artifact"));
    content.set_line_width(STROKE_POINTS).set_stroke_gray(STROKE_GRAY);
    for stroke in &page.strokes {
        match *stroke {
            Stroke::Line { x, y, width } => {
                let (from, height) = point(x, y);
                content.move_to(from, height).line_to(point(x + width, y).0, height);
            }
            Stroke::Frame { x, y, width, height } => {
                let (left, bottom) = point(x, y + height);
                content.rect(left, bottom, width * POINTS_PER_MM, height * POINTS_PER_MM);
            }
        }
        content.stroke();
    }
    content.end_marked_content();
}

/// From millimetres below the top edge to points above the bottom edge.
fn point(x: f32, y: f32) -> (f32, f32) {
    (x * POINTS_PER_MM, (HEIGHT - y) * POINTS_PER_MM)
}

/// The tree of tags, while the page's content is written.
struct Tags {
    /// Whose the marked pieces of content are, in their order.
    marked: Vec<Ref>,
    sheet: Ref,
    /// What the heads are of that are being written.
    scope: TableHeaderScope,
}

impl Tags {
    fn part(&mut self, file: &mut File, content: &mut Content, fonts: &Fonts, part: &Part, parent: Ref) -> Ref {
        match part {
            Part::Title(runs) => self.leaf(file, content, fonts, StructRole::H1, runs, parent),
            Part::Heading(runs) => self.leaf(file, content, fonts, StructRole::H2, runs, parent),
            Part::Paragraph(runs) => self.leaf(file, content, fonts, StructRole::P, runs, parent),
            Part::Table(rows) => {
                self.scope = TableHeaderScope::Row;
                let table = file.new_ref();
                let mut children = Vec::new();
                for (name, value) in rows {
                    let row = file.new_ref();
                    let cells = [(StructRole::TH, name), (StructRole::TD, value)]
                        .map(|(role, runs)| self.leaf(file, content, fonts, role, runs, row));
                    branch(file, row, StructRole::TR, table, cells);
                    children.push(row);
                }
                branch(file, table, StructRole::Table, parent, children);
                table
            }
            Part::Grid { head, rows } => {
                self.scope = TableHeaderScope::Column;
                let table = file.new_ref();
                let mut children = Vec::new();
                let heads = std::iter::once((StructRole::TH, head));
                for (role, cells) in heads.chain(rows.iter().map(|cells| (StructRole::TD, cells))) {
                    let row = file.new_ref();
                    let leaf = |runs: &Vec<Run>| self.leaf(file, content, fonts, role, runs, row);
                    let cells: Vec<Ref> = cells.iter().map(leaf).collect();
                    branch(file, row, StructRole::TR, table, cells);
                    children.push(row);
                }
                branch(file, table, StructRole::Table, parent, children);
                table
            }
        }
    }

    fn leaf(
        &mut self,
        file: &mut File,
        content: &mut Content,
        fonts: &Fonts,
        role: StructRole,
        runs: &[Run],
        parent: Ref,
    ) -> Ref {
        let id = file.new_ref();
        let mark = self.marked.len() as i32;
        self.marked.push(id);
        let mut element = file.pdf.struct_element(id);
        element.kind(role).parent(parent).page(self.sheet);
        element.children().marked_content_id(mark);
        if role == StructRole::TH {
            element.attributes().push().table().scope(self.scope);
        }
        element.finish();

        content.begin_marked_content_with_properties(tag(role)).properties().identify(mark);
        content.begin_text();
        for (at, run) in runs.iter().enumerate() {
            let (x, y) = point(run.x, run.y);
            content.set_font(font_name(run.face), run.size).set_text_matrix([1.0, 0.0, 0.0, 1.0, x, y]);
            // Whoever reads aloud, or copies, must not take two lines for one word.
            let end = if at + 1 < runs.len() { BETWEEN_LINES } else { "" };
            content.show(Str(&fonts.encode(run.face, &format!("{}{end}", run.text))));
        }
        content.end_text();
        content.end_marked_content();
        id
    }
}

fn branch(file: &mut File, id: Ref, role: StructRole, parent: Ref, children: impl IntoIterator<Item = Ref>) {
    let mut element = file.pdf.struct_element(id);
    element.kind(role).parent(parent);
    element.children().items(children);
}

fn tag(role: StructRole) -> Name<'static> {
    Name(match role {
        StructRole::H1 => b"H1",
        StructRole::H2 => b"H2",
        StructRole::TH => b"TH",
        StructRole::TD => b"TD",
        _ => b"P",
    })
}

const fn font_name(face: Face) -> Name<'static> {
    match face {
        Face::Regular => Name(b"R"),
        Face::Bold => Name(b"B"),
    }
}

/// The faces that a page uses, each with the glyphs that it uses, numbered anew.
struct Fonts(BTreeMap<Face, Used>);

#[derive(Default)]
struct Used {
    glyphs: GlyphRemapper,
    /// By their new numbers.
    characters: BTreeMap<u16, char>,
}

impl Fonts {
    fn of(pages: &[Page]) -> Fonts {
        let mut fonts: BTreeMap<Face, Used> = BTreeMap::new();
        for run in pages.iter().flat_map(|page| &page.parts).flat_map(runs) {
            let used = fonts.entry(run.face).or_default();
            for character in run.text.chars().chain(BETWEEN_LINES.chars()) {
                let glyph = run.face.glyph(character).expect("only what can be drawn gets into a page");
                used.characters.insert(used.glyphs.remap(glyph.0), character);
            }
        }
        Fonts(fonts)
    }

    /// The text's glyphs by their new numbers, two bytes each.
    fn encode(&self, face: Face, text: &str) -> Vec<u8> {
        let used = &self.0[&face];
        let glyphs = text.chars().filter_map(|character| used.glyphs.get(face.glyph(character)?.0));
        glyphs.flat_map(u16::to_be_bytes).collect()
    }

    fn write(&self, file: &mut File) -> Vec<(Name<'static>, Ref)> {
        self.0.iter().map(|(face, used)| (font_name(*face), used.write(file, *face))).collect()
    }
}

impl Used {
    fn write(&self, file: &mut File, face: Face) -> Ref {
        let (font, descendant, descriptor) = (file.new_ref(), file.new_ref(), file.new_ref());
        let (program, unicode) = (file.new_ref(), file.new_ref());
        let subset = subsetter::subset(face.file(), 0, &self.glyphs).expect("a font that the tests draw with");
        let name = format!("{}+{}", subset_tag(&subset), face.name());
        let name = Name(name.as_bytes());

        let mut written = file.pdf.type0_font(font);
        written.base_font(name).encoding_predefined(Name(b"Identity-H")).descendant_font(descendant);
        written.to_unicode(unicode);
        written.finish();
        file.pdf.stream(program, &subset).pair(Name(b"Length1"), subset.len() as i32);
        let facts = face.facts();
        let scale = 1000.0 / f32::from(facts.units_per_em());
        let scaled = |units: i16| f32::from(units) * scale;
        let bounds = facts.global_bounding_box();
        let mut written = file.pdf.font_descriptor(descriptor);
        written.name(name).flags(FontFlags::SYMBOLIC).italic_angle(0.0).stem_v(STEM_V[face as usize]);
        written.ascent(scaled(facts.ascender())).descent(scaled(facts.descender()));
        written.cap_height(scaled(facts.capital_height().unwrap_or(facts.ascender())));
        written.bbox(Rect::new(scaled(bounds.x_min), scaled(bounds.y_min), scaled(bounds.x_max), scaled(bounds.y_max)));
        written.font_file2(program);
        written.finish();

        let mut written = file.pdf.cid_font(descendant);
        written.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY).font_descriptor(descriptor);
        written.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let widths = self.glyphs.remapped_gids().map(|glyph| face.advance(ttf_parser::GlyphId(glyph)));
        written.widths().consecutive(0, widths);
        written.finish();

        let mut map = UnicodeCmap::new(Name(b"Characters"), IDENTITY);
        for (glyph, character) in &self.characters {
            map.pair(*glyph, *character);
        }
        file.pdf.cmap(unicode, &map.finish());
        font
    }
}

/// Six letters that differ where the glyphs differ, so that whoever joins files does not take one font for another.
fn subset_tag(subset: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(subset).into();
    digest[..6].iter().map(|byte| char::from(b'A' + byte % 26)).collect()
}

fn runs(part: &Part) -> Vec<&Run> {
    match part {
        Part::Title(runs) | Part::Heading(runs) | Part::Paragraph(runs) => runs.iter().collect(),
        Part::Table(rows) => rows.iter().flat_map(|(name, value)| name.iter().chain(value)).collect(),
        Part::Grid { head, rows } => head.iter().chain(rows.iter().flatten()).flatten().collect(),
    }
}
