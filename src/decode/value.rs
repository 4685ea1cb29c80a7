//! JSON values as they stand in a message, before a field has said what it wants of them.
//!
//! Reading a value never fails for its type, only for its grammar. So the fault of a value is
//! found where the field's name is known, and can be told to a person.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::reason::{Reason, Rejected, quoted};

/// One JSON value. Texts are borrowed from the message unless they hold escapes; of an object the
/// fields `T` are kept.
#[derive(Debug, Default)]
pub(super) enum Value<'a, T = Nothing> {
    /// Not there, or `null`.
    #[default]
    Absent,
    Bool(bool),
    /// A whole number of at least 0.
    Whole(u64),
    /// A whole number below 0.
    Negative(i64),
    /// Any other number.
    Float(f64),
    Text(Cow<'a, str>),
    /// The elements that may stand for a text, and the first that may not: its position and type.
    /// Boxed because it is rare, and a mention is made of many values.
    List(Vec<Cow<'a, str>>, Option<Box<(usize, &'static str)>>),
    Object(T),
}

impl<'a, T: Default> Value<'a, T> {
    /// The JSON type, for messages to people.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Absent => "null",
            Self::Bool(_) => "a boolean",
            Self::Whole(_) | Self::Negative(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(..) => "a list",
            Self::Object(_) => "an object",
        }
    }

    fn wrong_type(&self, field: &str, wanted: &str) -> Rejected {
        wrong_type(field, self.type_name(), wanted)
    }

    /// The fields of an object.
    pub(super) fn fields(self, field: &str) -> Result<T, Rejected> {
        match self {
            Self::Absent => Ok(T::default()),
            Self::Object(fields) => Ok(fields),
            other => Err(other.wrong_type(field, "an object")),
        }
    }

    /// A text; a whole number stands for its digits, as many platforms number their posts.
    pub(super) fn text(self, field: &str) -> Result<Option<Cow<'a, str>>, Rejected> {
        match self.into_text() {
            Ok(text) => Ok(text),
            Err(Self::Float(_)) => Err(Rejected::new(
                Reason::WrongType,
                format!("`{field}` is a number that is not whole or too large: write it as a text"),
            )),
            Err(other) => Err(other.wrong_type(field, "a text")),
        }
    }

    fn into_text(self) -> Result<Option<Cow<'a, str>>, Self> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Whole(number) => Ok(Some(number.to_string().into())),
            Self::Negative(number) => Ok(Some(number.to_string().into())),
            other => Err(other),
        }
    }

    /// A list of texts; a single text stands for a list of one.
    pub(super) fn texts(self, field: &str) -> Result<Vec<Cow<'a, str>>, Rejected> {
        match self {
            Self::List(texts, None) => Ok(texts),
            Self::List(_, Some(odd)) => {
                let (index, found) = *odd;
                Err(wrong_type(&format!("{field}[{index}]"), found, "a text"))
            }
            Self::Absent => Ok(Vec::new()),
            other => match other.into_text() {
                Ok(text) => Ok(text.into_iter().collect()),
                Err(other) => Err(other.wrong_type(field, "a list of texts")),
            },
        }
    }

    /// A whole number of at least 0, also written as `12.0`, or as a text as protobuf's own JSON
    /// writes 64-bit numbers.
    pub(super) fn count(self, field: &str) -> Result<Option<u64>, Rejected> {
        // 2^64, the first number that is too large; a `f64` holds it exactly.
        const LIMIT: f64 = 18_446_744_073_709_551_616.0;
        let refuse = |found: &dyn fmt::Display| {
            Rejected::new(
                Reason::OutOfRange,
                format!(
                    "`{field}` is {found}: write a whole number from 0 to {}, or leave it out",
                    u64::MAX
                ),
            )
        };
        match self {
            Self::Absent => Ok(None),
            Self::Whole(count) => Ok(Some(count)),
            Self::Negative(number) => Err(refuse(&number)),
            Self::Float(number) => {
                if number.fract() == 0.0 && (0.0..LIMIT).contains(&number) {
                    Ok(Some(number as u64))
                } else {
                    Err(refuse(&format_args!("{number:?}")))
                }
            }
            Self::Text(text) if text.trim().is_empty() => Ok(None),
            Self::Text(text) => match text.trim().parse() {
                Ok(count) => Ok(Some(count)),
                Err(_) => Err(refuse(&quoted(&text))),
            },
            other => Err(other.wrong_type(field, "a whole number")),
        }
    }

    /// Any number, also written as a text.
    pub(super) fn number(self, field: &str) -> Result<Option<f64>, Rejected> {
        match self {
            Self::Absent => Ok(None),
            Self::Whole(number) => Ok(Some(number as f64)),
            Self::Negative(number) => Ok(Some(number as f64)),
            Self::Float(number) => Ok(Some(number)),
            Self::Text(text) if text.trim().is_empty() => Ok(None),
            Self::Text(text) => match text.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Rejected::new(
                    Reason::WrongType,
                    format!("`{field}` is {}: write a number", quoted(&text)),
                )),
            },
            other => Err(other.wrong_type(field, "a number")),
        }
    }

    /// `true` or `false`; `false` when absent.
    pub(super) fn flag(self, field: &str) -> Result<bool, Rejected> {
        match self {
            Self::Absent => Ok(false),
            Self::Bool(flag) => Ok(flag),
            other => Err(other.wrong_type(field, "`true` or `false`")),
        }
    }
}

fn wrong_type(field: &str, found: &str, wanted: &str) -> Rejected {
    Rejected::new(Reason::WrongType, format!("`{field}` is {found}: write {wanted}"))
}

/// The known fields of an object. A field given twice has its last value, as in most readers of
/// JSON.
pub(super) trait Fields<'de>: Default {
    /// Reads the value of the field `name`, which is next in `entries`.
    fn read<A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error>;
}

/// Reads a value that nobody wants. Unlike serde's `IgnoredAny` this minds the parser's limit of
/// nesting, so that what is too deep is turned away wherever it stands.
pub(super) fn skip<'de, A: MapAccess<'de>>(entries: &mut A) -> Result<(), A::Error> {
    entries.next_value::<Value<'de>>().map(drop)
}

/// An object of which nothing is wanted.
#[derive(Debug, Default)]
pub(super) struct Nothing;

impl<'de> Fields<'de> for Nothing {
    fn read<A: MapAccess<'de>>(&mut self, _: &str, entries: &mut A) -> Result<(), A::Error> {
        skip(entries)
    }
}

impl<'de: 'a, 'a, T: Fields<'de>> Deserialize<'de> for Value<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor(PhantomData))
    }
}

struct ValueVisitor<'a, T>(PhantomData<(&'a (), T)>);

impl<'de: 'a, 'a, T: Fields<'de>> Visitor<'de> for ValueVisitor<'a, T> {
    type Value = Value<'a, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Absent)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Value::Whole(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(value).map_or(Value::Negative(value), Value::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        let mut odd = None;
        let mut index = 0;
        while let Some(element) = elements.next_element::<Value<'a>>()? {
            match element.into_text() {
                Ok(text) => texts.extend(text),
                Err(other) => {
                    odd = odd.or_else(|| Some(Box::new((index, other.type_name()))));
                }
            }
            index += 1;
        }
        Ok(Value::List(texts, odd))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut fields = T::default();
        while let Some(name) = entries.next_key::<Value<'de>>()? {
            match name {
                Value::Text(name) => fields.read(&name, &mut entries)?,
                _ => skip(&mut entries)?,
            }
        }
        Ok(Value::Object(fields))
    }
}
