//! A drawing as a picture, for those who show no SVG.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

/// A picture could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The drawing could not be read. That is a mistake in this program.
    #[error("the chart could not be drawn as a picture: {0}; the same chart can be had as SVG")]
    Drawing(#[from] usvg::Error),
    /// There is no memory for it.
    #[error("there is no room for a picture of {width} x {height} pixels; ask for a smaller one")]
    Canvas {
        /// How wide it would be.
        width: u32,
        /// How high it would be.
        height: u32,
    },
    /// It could not be written as PNG.
    #[error("the chart could not be written as PNG: {0}; the same chart can be had as SVG")]
    Encoding(String),
}

/// `fonts/README.md` says where they come from. With them a picture is the same on every machine.
const FONTS: [&[u8]; 2] =
    [include_bytes!("fonts/Regular.ttf"), include_bytes!("fonts/SemiBold.ttf")];
/// From this weight on letters are semi-bold.
const SEMI_BOLD: u16 = 600;

static FACES: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut faces = fontdb::Database::new();
    for font in FONTS {
        faces.load_font_source(fontdb::Source::Binary(Arc::new(font)));
    }
    Arc::new(faces)
});

/// `svg` as PNG, `scale` pixels for each of its own. An ellipsis stands for letters that the fonts lack.
pub fn picture(svg: &str, scale: u8) -> Result<Vec<u8>, ChartError> {
    let tree = read(svg)?;
    let size = tree.size().to_int_size();
    let scale = scale.clamp(1, 4);
    let (width, height) = (size.width() * u32::from(scale), size.height() * u32::from(scale));
    let mut canvas = Pixmap::new(width, height).ok_or(ChartError::Canvas { width, height })?;
    let transform = Transform::from_scale(f32::from(scale), f32::from(scale));
    resvg::render(&tree, transform, &mut canvas.as_mut());
    canvas.encode_png().map_err(|error| ChartError::Encoding(error.to_string()))
}

pub(super) fn read(svg: &str) -> Result<usvg::Tree, usvg::Error> {
    let ids: Vec<fontdb::ID> = FACES.faces().map(|face| face.id).collect();
    let font_resolver = usvg::FontResolver {
        select_font: Box::new(move |font, _| {
            ids.get(usize::from(font.weight() >= SEMI_BOLD)).copied()
        }),
        select_fallback: Box::new(|_, _, _| None),
    };
    let options =
        usvg::Options { fontdb: FACES.clone(), font_resolver, ..usvg::Options::default() };
    usvg::Tree::from_str(&lettered(svg), &options)
}

/// `svg` with an ellipsis for each stretch of letters that the fonts lack. Markup is ASCII, so only words change.
fn lettered(svg: &str) -> String {
    let mut text = String::with_capacity(svg.len());
    for c in svg.chars() {
        if known(c) {
            text.push(c);
        } else if !text.ends_with('…') {
            text.push('…');
        }
    }
    text
}

/// Whether the fonts know `c`, or it is not to be seen.
pub(super) fn known(c: char) -> bool {
    matches!(c,
        // Latin, Greek, Cyrillic.
        '\n' | ' '..='~' | '\u{a0}'..='\u{17f}' | '\u{192}' | '\u{218}'..='\u{21b}'
        | '\u{384}'..='\u{38a}' | '\u{38c}' | '\u{38e}'..='\u{3a1}' | '\u{3a3}'..='\u{3ce}'
        | '\u{3d1}'..='\u{3d2}' | '\u{3d6}' | '\u{400}'..='\u{45f}' | '\u{490}'..='\u{491}'
        // Hebrew, Arabic.
        | '\u{5b0}'..='\u{5be}' | '\u{5c1}'..='\u{5c2}' | '\u{5c7}' | '\u{5d0}'..='\u{5ea}'
        | '\u{600}'..='\u{6ff}' | '\u{200c}'..='\u{200d}' | '\u{2068}'..='\u{2069}'
        // Punctuation and signs.
        | '\u{2013}'..='\u{2015}' | '\u{2017}'..='\u{201e}' | '\u{2020}'..='\u{2022}' | '…' | '‰'
        | '\u{2032}'..='\u{2033}' | '‹'..='›' | '⁄' | '₪' | '€' | '№' | '™' | '−')
}
