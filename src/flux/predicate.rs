//! Delete predicates: which points a delete removes.

use alloc::string::String;
#[cfg(feature = "client")]
use alloc::vec::Vec;
use core::fmt;

use super::FluxError;

/// The predicate of a delete: conditions on the measurement and on tags.
///
/// All of them must be true.
///
/// The server supports only `=`, `!=` and `AND` here: it responds with 400 to `OR` and to regular expressions, and
/// InfluxDB OSS responds with 501 to `_field`. Names and values are always quoted: every name may be, and keywords
/// must be.
///
/// ```
/// use influx_edge::flux::Predicate;
///
/// let predicate = Predicate::new()
///     .measurement("weather")?
///     .tag("station", "zrh \"1\"")?;
/// assert_eq!(
///     predicate.to_string(),
///     r#""_measurement"="weather" AND "station"="zrh \"1\"""#
/// );
/// # Ok::<(), influx_edge::flux::FluxError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Predicate(String);

impl Predicate {
    /// Returns a predicate without conditions, which matches all points of the time range.
    ///
    /// ```
    /// use influx_edge::flux::Predicate;
    ///
    /// assert_eq!(Predicate::new().as_str(), ""); // everything in the time range
    /// ```
    #[must_use]
    pub fn new() -> Predicate {
        Predicate::default()
    }

    /// Adds the condition that a point is of this measurement.
    ///
    /// ```
    /// use influx_edge::flux::Predicate;
    ///
    /// let weather = Predicate::new()
    ///     .measurement("weather")?
    ///     .tag("station", "zrh-1")?;
    /// assert_eq!(
    ///     weather.as_str(),
    ///     r#""_measurement"="weather" AND "station"="zrh-1""#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`FluxError::Character`] if the name has a CR or a NUL, which have no escape in a
    /// predicate.
    pub fn measurement(self, name: &str) -> Result<Predicate, FluxError> {
        self.term("_measurement", "=", name)
    }

    /// Adds the condition that a tag has this value.
    ///
    /// ```
    /// use influx_edge::flux::Predicate;
    ///
    /// assert_eq!(
    ///     Predicate::new().tag("station", "zrh-1")?.as_str(),
    ///     r#""station"="zrh-1""#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`FluxError::Character`] if the key or the value has a CR or a NUL.
    pub fn tag(self, key: &str, value: &str) -> Result<Predicate, FluxError> {
        self.term(key, "=", value)
    }

    /// Adds the condition that a point has the tag, with another value. (InfluxDB 2.9.1 deletes no points without
    /// the tag.) InfluxDB OSS accepts it, although its documentation only has equality.
    ///
    /// # Errors
    ///
    /// Returns [`FluxError::Character`] if the key or the value has a CR or a NUL.
    pub fn tag_not(self, key: &str, value: &str) -> Result<Predicate, FluxError> {
        self.term(key, "!=", value)
    }

    /// Returns the predicate's text; empty without conditions.
    ///
    /// ```
    /// use influx_edge::flux::Predicate;
    ///
    /// assert!(Predicate::new().tag("a", "b")?.as_str().contains("\"a\"=\"b\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn term(mut self, key: &str, operator: &str, value: &str) -> Result<Predicate, FluxError> {
        if !self.0.is_empty() {
            self.0.push_str(" AND ");
        }
        self.quote(key)?;
        self.0.push_str(operator);
        self.quote(value)?;
        Ok(self)
    }

    /// Quotes for InfluxQL's scanner, not Flux's: its only escapes are `\n`, `\\`, `\"` and `\'`, any other is an
    /// error. It turns CR into LF, and NUL ends the text.
    fn quote(&mut self, text: &str) -> Result<(), FluxError> {
        self.0.push('"');
        for character in text.chars() {
            match character {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                '\r' | '\0' => return Err(FluxError::Character),
                other => self.0.push(other),
            }
        }
        self.0.push('"');
        Ok(())
    }
}

/// Returns the first condition of a delete's predicate, or its key, for which InfluxDB 2.x responds with success but
/// doesn't delete the points it names, and the reason. Predicates that the server rejects are left to it.
#[cfg(feature = "client")]
pub(crate) fn deletes_nothing(predicate: &str) -> Option<(&str, &'static str)> {
    if predicate.contains('\0') {
        return Some(("NUL", "the server takes it for the predicate's end"));
    }
    let mut rest = predicate;
    // The keys with `=`, and their values.
    let mut equal = Vec::<(&str, &str)>::new();
    let mut joined = true;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','));
        if rest.is_empty() {
            return None;
        }
        let (key, after) = word(rest);
        let after = after.trim_start();
        let value = after.trim_start_matches(['=', '!', '<', '>', '~']);
        let operator = after.strip_suffix(value).unwrap_or("");
        if operator.is_empty() {
            // `AND`, or something unknown.
            joined = key.eq_ignore_ascii_case("and");
            if after.len() == rest.len() {
                return None;
            }
            rest = after;
            continue;
        }
        // The server rejects a condition that doesn't follow `AND`.
        if !joined {
            return None;
        }
        joined = false;
        let is_not = matches!(operator, "!=" | "<>");
        let value = value.trim_start();
        let (text, after) = word(value);
        if let Some(found) = wrong_key(key, operator) {
            return Some(found);
        }
        if value.starts_with("\"\"") && !is_not {
            return Some((key, "a tag's value is never empty"));
        }
        if !value.starts_with(['"', '\'']) {
            if let Some(why) = misread(text, after) {
                return Some((key, why));
            }
        }
        if operator == "=" {
            if equal.iter().any(|(k, t)| *k == key && *t != text) {
                return Some((key, TWICE));
            }
            equal.push((key, text));
        }
        rest = after;
    }
}

#[cfg(feature = "client")]
const TWICE: &str =
    "it must have two values at once, which no point has; delete each by a call of its own";

/// Returns a key by which nothing is deleted, with the operator if that is the reason.
#[cfg(feature = "client")]
fn wrong_key<'a>(key: &'a str, operator: &str) -> Option<(&'a str, &'static str)> {
    let is = |name: &str| key.trim().eq_ignore_ascii_case(name);
    let not = matches!(operator, "!=" | "<>");
    if key == "time" || ["_time", "_start", "_stop"].into_iter().any(is) {
        Some((key, "the time range is given by the two times of the call"))
    } else if is("_value") {
        Some((key, "no server deletes by a field's value"))
    } else if is("_field") && (not || key != "_field") {
        Some((key, "no server deletes by a field's name"))
    } else if is("_measurement") && key != "_measurement" {
        Some((key, "the name of a measurement is called _measurement"))
    } else if key == "_measurement" && not {
        let found = if operator == "!=" {
            "_measurement !="
        } else {
            "_measurement <>"
        };
        let why = "no server deletes all measurements but one; name each to delete";
        Some((found, why))
    } else {
        None
    }
}

/// Returns the reason that the server reads an unquoted value as another one.
#[cfg(feature = "client")]
fn misread(text: &str, after: &str) -> Option<&'static str> {
    let truth = ["true", "false"]
        .into_iter()
        .any(|word| text != word && text.eq_ignore_ascii_case(word));
    let number = text.trim_start_matches('-');
    // `1.` is read as `1`, and a sign loses the spaces behind it.
    let point = number.ends_with('.') && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let signed = text == "-";
    let call = !text.is_empty() && after.trim_start().starts_with('(');
    if text.eq_ignore_ascii_case("_measurement") {
        Some("a name stands before the operator, and its value in \"double quotes\" behind it")
    } else if truth || signed || point || call {
        Some("its value is taken for another one; write it in \"double quotes\"")
    } else {
        None
    }
}

/// Splits off the first token, without its quotes.
#[cfg(feature = "client")]
fn word(text: &str) -> (&str, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let is_end = |c: char| c.is_whitespace() || "=!<>~()\"',".contains(c);
        return text.split_at(text.find(is_end).unwrap_or(text.len()));
    };
    let inner = text.get(1..).unwrap_or("");
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if c == quote && !escaped {
            return (
                inner.get(..at).unwrap_or(""),
                inner.get(at.saturating_add(1)..).unwrap_or(""),
            );
        }
        escaped = c == '\\' && !escaped;
    }
    (inner, "")
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Predicate> for String {
    fn from(predicate: Predicate) -> String {
        predicate.0
    }
}
