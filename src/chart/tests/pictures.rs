//! Pictures, of which only what can be told of every version of the renderer is held.

use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Group, Node};

use super::fixtures::{calm_day, crisis, share};
use crate::chart::png::{known, picture as picture_of, read};
use crate::chart::{Chart, Size, png};

fn picture(chart: &Chart) -> Pixmap {
    Pixmap::decode_png(&png(chart, Size::PHONE, 1).unwrap()).unwrap()
}

fn titled(title: &str) -> Pixmap {
    picture(&Chart { title: title.into(), ..calm_day() })
}

#[test]
fn a_picture_has_the_size_that_was_asked_for() {
    for (size, scale, want) in [
        (Size::PHONE, 1, (360, 240)),
        (Size::WIDE, 2, (1920, 720)),
        (Size::new(300, 200), 0, (300, 200)),
        (Size::new(300, 200), 200, (1200, 800)),
    ] {
        let drawn = Pixmap::decode_png(&png(&crisis(), size, scale).unwrap()).unwrap();
        assert_eq!((drawn.width(), drawn.height()), want);
    }
}

#[test]
fn a_picture_is_the_same_every_time() {
    assert_eq!(png(&share(), Size::WIDE, 2).unwrap(), png(&share(), Size::WIDE, 2).unwrap());
}

#[test]
fn a_picture_has_a_light_ground() {
    let corner = picture(&calm_day()).pixel(0, 0).unwrap();
    assert_eq!((corner.red(), corner.green(), corner.blue(), corner.alpha()), (255, 255, 255, 255));
}

#[test]
fn letters_of_many_scripts_are_drawn() {
    let pairs = [("É", "Ł"), ("של", "לש"), ("Я", "Ж"), ("Ω", "Σ"), ("Ω שלום قلم", "Ω שלום كتب")];
    for (one, other) in pairs {
        assert_ne!(titled(one).data(), titled(other).data(), "{one} looks like {other}");
    }
}

#[test]
fn the_fonts_know_the_letters_that_they_are_said_to_know() {
    // What is not to be seen has no glyph; the others must stand in markup.
    let not_tried = "\u{a0}\u{ad}\u{61c}\u{200c}\u{200d}\u{2068}\u{2069}<&";
    let tried = || ('!'..='\u{ffff}').filter(|c| known(*c) && !not_tried.contains(*c));
    let missing = |weight: u16| {
        tried().filter(move |c| {
            let tree = read(&format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>\
                 <text y='9' font-weight='{weight}'>{c}</text></svg>"
            ));
            let glyphs = glyphs(tree.unwrap().root());
            glyphs.is_empty() || glyphs.contains(&0)
        })
    };
    for weight in [400, 600] {
        assert_eq!(missing(weight).collect::<String>(), "", "at {weight}");
    }
}

/// The numbers of all glyphs in a drawing; 0 is the one for what a font does not know.
fn glyphs(group: &Group) -> Vec<u32> {
    let of_node = |node: &Node| match node {
        Node::Group(group) => glyphs(group),
        Node::Text(text) => {
            let spans = text.layouted().iter();
            spans.flat_map(|span| &span.positioned_glyphs).map(|glyph| glyph.id.0).collect()
        }
        _ => Vec::new(),
    };
    group.children().iter().flat_map(of_node).collect()
}

#[test]
fn a_title_is_heavier() {
    let ink = |weight: u16| {
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='20'>\
             <text y='16' font-weight='{weight}'>Acme</text></svg>"
        );
        let drawn = Pixmap::decode_png(&picture_of(&svg, 1).unwrap()).unwrap();
        drawn.pixels().iter().map(|pixel| u64::from(pixel.alpha())).sum::<u64>()
    };
    assert!(ink(600) > ink(400) * 11 / 10);
}

#[test]
fn an_ellipsis_stands_for_letters_that_no_font_has() {
    assert_eq!(titled("Acme 日本 x").data(), titled("Acme … x").data());
    assert_eq!(titled("Acme 😡").data(), titled("Acme …").data());
}

#[test]
fn hebrew_is_written_from_right_to_left() {
    // How wide the letter at the left is: a narrow vav, or a wide shin.
    let leftmost = |title: &str| {
        let drawn = titled(title);
        let inked = |x: &u32| (4..22).any(|y| drawn.pixel(*x, y).unwrap().red() < 128);
        (0..180).skip_while(|x| !inked(x)).take_while(inked).count()
    };
    let (vav, shin) = (leftmost("ו"), leftmost("ש"));
    assert!(vav + 3 < shin, "{vav} {shin}");
    assert!(leftmost("שו").abs_diff(vav) <= 1);
    assert!(leftmost("וש").abs_diff(shin) <= 1);
}

#[test]
fn an_incident_is_named_in_the_picture() {
    let mut chart = crisis();
    let named = picture(&chart);
    chart.incidents[0].label.clear();
    assert_ne!(named.data(), picture(&chart).data());
}
