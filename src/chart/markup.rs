//! Writes XML that is well-formed whatever it is given.

use std::fmt::{self, Display, Write};

/// A document on its way. Text and attributes are escaped, so nothing in them can become markup.
#[derive(Debug, Default)]
pub struct Markup {
    text: String,
    open: Vec<&'static str>,
}

impl Markup {
    /// Begins an element; say its attributes, then how it goes on.
    pub fn element(&mut self, name: &'static str) -> Tag<'_> {
        self.text.push('<');
        self.text.push_str(name);
        Tag { markup: self, name }
    }

    /// Ends the element that was [opened](Tag::open) last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.end(name);
        }
    }

    /// The document.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn end(&mut self, name: &str) {
        self.push(format_args!("</{name}>\n"));
    }

    fn push(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(text);
    }
}

/// The beginning of an element.
#[must_use = "an element must be ended"]
pub struct Tag<'a> {
    markup: &'a mut Markup,
    name: &'static str,
}

impl Tag<'_> {
    /// Adds an attribute.
    pub fn attr(self, name: &str, value: impl Display) -> Self {
        let value = value.to_string();
        self.markup.push(format_args!(" {name}=\"{}\"", Escaped(&value)));
        self
    }

    /// Ends it: it holds nothing.
    pub fn empty(self) {
        self.markup.text.push_str("/>\n");
    }

    /// Ends it: it holds `text`.
    pub fn text(self, text: &str) {
        self.markup.push(format_args!(">{}", Escaped(text)));
        self.markup.end(self.name);
    }

    /// It holds what follows, until [`Markup::close`].
    pub fn open(self) {
        self.markup.text.push_str(">\n");
        self.markup.open.push(self.name);
    }
}

/// Text as it may stand in XML and HTML. What XML 1.0 does not know at all is left out.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\u{fffe}' | '\u{ffff}' => {}
                c if c.is_control() && c != '\n' => {}
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A place or length in pixels, to a tenth: finer is not seen.
#[derive(Debug, Clone, Copy)]
pub struct Px(pub f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding 0.0 makes 0 of -0.
        let tenths = (self.0 * 10.0).round() + 0.0;
        if tenths % 10.0 == 0.0 {
            write!(f, "{}", tenths / 10.0)
        } else {
            write!(f, "{:.1}", tenths / 10.0)
        }
    }
}

/// The `d` of a path.
#[derive(Debug, Default)]
pub struct Path(String);

impl Path {
    /// Adds a line through `corners`, beginning anew.
    pub fn line(&mut self, corners: impl IntoIterator<Item = (f64, f64)>) {
        for (i, (x, y)) in corners.into_iter().enumerate() {
            let step = if i == 0 { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{step}{} {}", Px(x), Px(y));
        }
    }

    /// Adds an area with these `corners`.
    pub fn area(&mut self, corners: impl IntoIterator<Item = (f64, f64)>) {
        self.line(corners);
        self.0.push('Z');
    }

    /// Whether nothing has been added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_given_stays_text() {
        let mut out = Markup::default();
        out.element("g").attr("id", "\"><b>\0").open();
        out.element("text").text("a<b> & \u{1b}[2J\u{fffe}");
        let want = "<g id=\"&quot;&gt;&lt;b&gt;\">\n<text>a&lt;b&gt; &amp; [2J</text>\n</g>\n";
        assert_eq!(out.finish(), want);
    }

    #[test]
    fn pixels_are_short() {
        let told: Vec<String> = [0.0, -0.04, 12.0, 12.25, -3.17].map(|n| Px(n).to_string()).into();
        assert_eq!(told, ["0", "0", "12", "12.3", "-3.2"]);
    }
}
