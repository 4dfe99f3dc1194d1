//! What stands where on a page, and what it is: what the layout makes and the PDF is written of.

use crate::Language;
use crate::font::Face;

/// A4, in millimetres.
pub(crate) const WIDTH: f32 = 210.0;
/// See [`WIDTH`].
pub(crate) const HEIGHT: f32 = 297.0;

/// Text on one line.
pub(crate) struct Run {
    pub(crate) face: Face,
    /// In points.
    pub(crate) size: f32,
    /// From the left edge, in millimetres.
    pub(crate) x: f32,
    /// Of the base line, from the top edge, in millimetres.
    pub(crate) y: f32,
    pub(crate) text: String,
}

/// What a piece of the page is, for whoever has it read aloud.
pub(crate) enum Part {
    /// The subject.
    Title(Vec<Run>),
    /// What heads a section.
    Heading(Vec<Run>),
    /// Anything that is read as it stands.
    Paragraph(Vec<Run>),
    /// Names on the left, what they name on the right.
    Table(Vec<(Vec<Run>, Vec<Run>)>),
    /// Columns with a head each, and what stands below.
    Grid {
        /// What the columns are called.
        head: Vec<Vec<Run>>,
        /// Cell by cell.
        rows: Vec<Vec<Vec<Run>>>,
    },
}

/// A stroke that says nothing.
pub(crate) enum Stroke {
    /// From the left to the right.
    Line { x: f32, y: f32, width: f32 },
    /// Around something.
    Frame { x: f32, y: f32, width: f32, height: f32 },
}

/// One page: parts in the order in which they are read.
pub(crate) struct Page {
    pub(crate) language: Language,
    /// What the file is called where it is shown. Nothing of anybody.
    pub(crate) title: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) strokes: Vec<Stroke>,
}
