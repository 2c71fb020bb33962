//! Field values from text: cells of CSV, and values of JSON with a declared kind.

/// The kind of a field in line protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    Int,
    Uint,
    Bool,
    String,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<T> {
    Float(f64),
    Int(i64),
    Uint(u64),
    Bool(bool),
    Text(T),
}

/// The reason why a text isn't a value of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    Number,
    NotFinite,
    Integer,
    Boolean,
}

impl Kind {
    pub(crate) const NAMES: &str = "float, int, uint, bool or string";

    pub(crate) fn named(name: &str) -> Option<Kind> {
        Some(match name {
            "float" => Kind::Float,
            "int" => Kind::Int,
            "uint" => Kind::Uint,
            "bool" => Kind::Bool,
            "string" => Kind::String,
            _ => return None,
        })
    }

    /// Parses a value; `None` if there is none. Whitespace around it is ignored, except for strings.
    #[inline]
    pub(crate) fn read(self, cell: &str) -> Result<Option<Value<&str>>, Misfit> {
        if self == Kind::String {
            return Ok((!cell.is_empty()).then_some(Value::Text(cell)));
        }
        let cell = cell.trim_ascii();
        if cell.is_empty() {
            return Ok(None);
        }
        Ok(Some(match self {
            Kind::Float => match cell.parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Float(number),
                Ok(_) => return Err(Misfit::NotFinite),
                Err(_) => return Err(Misfit::Number),
            },
            Kind::Int => Value::Int(whole(cell).parse().map_err(|_| Misfit::Integer)?),
            Kind::Uint => Value::Uint(whole(cell).parse().map_err(|_| Misfit::Integer)?),
            Kind::Bool => Value::Bool(boolean(cell).ok_or(Misfit::Boolean)?),
            Kind::String => Value::Text(cell),
        }))
    }
}

/// Removes a fraction of zeros: some programs write integers as `21.0` if a column has missing values.
fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => number,
    }
}

fn boolean(text: &str) -> Option<bool> {
    let is_one_of = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    if is_one_of(&["true", "t", "1", "yes", "on"]) {
        Some(true)
    } else if is_one_of(&["false", "f", "0", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

impl Misfit {
    /// Describes the error in this column. `declared` is `true` if its kind isn't the default.
    #[cold]
    pub(crate) fn reason(self, column: &str, text: &str, declared: bool) -> String {
        let text = excerpt(text.trim_ascii());
        match self {
            Misfit::Number if declared => {
                format!("{column}: {text:?} is not a number; leave it empty where there is none")
            }
            Misfit::Number => format!(
                "{column}: {text:?} is not a number; leave it empty where there is none, or declare the column: \
                 --types {column}=string, --types {column}=bool or --tags {column}"
            ),
            Misfit::NotFinite => {
                format!("{column}: {text:?} is not finite; leave it empty where there is no number")
            }
            Misfit::Integer => format!("{column}: {text:?} is not an integer of 64 bits"),
            Misfit::Boolean => format!("{column}: {text:?} is neither true nor false"),
        }
    }
}

/// Returns the beginning of a text from the input, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_value_of_its_kind_or_a_misfit() {
        use Kind::{Bool, Float, Int, String, Uint};
        type Read = Result<Option<Value<&'static str>>, Misfit>;
        let cases: &[(Kind, &str, Read)] = &[
            (Float, "21.50", Ok(Some(Value::Float(21.5)))),
            (Float, " -1e3\t", Ok(Some(Value::Float(-1000.0)))),
            (Float, "7", Ok(Some(Value::Float(7.0)))),
            (Float, "  ", Ok(None)),
            (Float, "NaN", Err(Misfit::NotFinite)),
            (Float, "-inf", Err(Misfit::NotFinite)),
            (Float, "1e999", Err(Misfit::NotFinite)),
            (Float, "21,5", Err(Misfit::Number)),
            (Float, "0x1F", Err(Misfit::Number)),
            (Int, "9223372036854775807", Ok(Some(Value::Int(i64::MAX)))),
            (Int, "-9223372036854775808", Ok(Some(Value::Int(i64::MIN)))),
            (Int, "21.00", Ok(Some(Value::Int(21)))),
            (Int, "9223372036854775808", Err(Misfit::Integer)),
            (Int, "21.5", Err(Misfit::Integer)),
            (Int, ".0", Err(Misfit::Integer)),
            (
                Uint,
                "18446744073709551615",
                Ok(Some(Value::Uint(u64::MAX))),
            ),
            (Uint, "-1", Err(Misfit::Integer)),
            (Bool, "TRUE", Ok(Some(Value::Bool(true)))),
            (Bool, "off", Ok(Some(Value::Bool(false)))),
            (Bool, "2", Err(Misfit::Boolean)),
            (String, " 7 ", Ok(Some(Value::Text(" 7 ")))),
            (String, "", Ok(None)),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(kind.read(text), *expected, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn a_reason_names_the_column_and_cuts_a_long_text() {
        let reason = Misfit::Number.reason("status", &"é".repeat(1000), false);
        assert!(reason.starts_with("status: \"éé"), "{reason}");
        assert!(reason.contains("--types status=string"), "{reason}");
        assert!(reason.chars().count() < 250, "{reason}");
    }
}
