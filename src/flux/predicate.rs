//! Delete predicates: which points a delete removes.

use alloc::string::String;
use core::fmt;

use super::FluxError;

/// The predicate of a delete: conditions on the measurement and on tags, which all have to be met.
///
/// The server knows `=`, `!=` and `AND` here and nothing else: it responds with 400 to `OR` and to
/// regular expressions, and InfluxDB OSS responds with 501 to `_field`. Names and values are always
/// quoted, which every name is allowed to be and keywords have to.
///
/// ```
/// use influx_edge::flux::Predicate;
///
/// let predicate = Predicate::new().measurement("weather")?.tag("station", "zrh \"1\"")?;
/// assert_eq!(
///     predicate.to_string(),
///     r#""_measurement"="weather" AND "station"="zrh \"1\"""#
/// );
/// # Ok::<(), influx_edge::flux::FluxError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Predicate(String);

impl Predicate {
    /// Without any condition: everything in the time range.
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

    /// Only this measurement.
    ///
    /// ```
    /// use influx_edge::flux::Predicate;
    ///
    /// let weather = Predicate::new().measurement("weather")?.tag("station", "zrh-1")?;
    /// assert_eq!(weather.as_str(), r#""_measurement"="weather" AND "station"="zrh-1""#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FluxError::Character`]: CR and NUL have no escape in a predicate.
    pub fn measurement(self, name: &str) -> Result<Predicate, FluxError> {
        self.term("_measurement", "=", name)
    }

    /// Only points whose tag has this value.
    ///
    /// ```
    /// use influx_edge::flux::Predicate;
    ///
    /// assert_eq!(Predicate::new().tag("station", "zrh-1")?.as_str(), r#""station"="zrh-1""#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`measurement`](Predicate::measurement).
    pub fn tag(self, key: &str, value: &str) -> Result<Predicate, FluxError> {
        self.term(key, "=", value)
    }

    /// Only points that have the tag, with another value. (Of points without the tag InfluxDB 2.9.1
    /// deletes none.)
    ///
    /// InfluxDB OSS takes it, though its documents promise equality only.
    ///
    /// ```
    /// use influx_edge::flux::Predicate;
    ///
    /// println!("{}", Predicate::new().tag_not("station", "zrh-1")?.as_str());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`measurement`](Predicate::measurement).
    pub fn tag_not(self, key: &str, value: &str) -> Result<Predicate, FluxError> {
        self.term(key, "!=", value)
    }

    /// The predicate's text; empty if there is no condition.
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

    /// The scanner is that of InfluxQL, not of Flux: it knows `\n`, `\\`, `\"` and `\'`, takes any
    /// other escape for an error, turns CR into LF and NUL into the end of the text.
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

/// The first condition of a delete's predicate, or its key, with which servers respond with success and delete nothing,
/// and why. What isn't a predicate at all is left to the server, which refuses it.
#[cfg(feature = "client")]
pub(crate) fn deletes_nothing(predicate: &str) -> Option<(&str, &'static str)> {
    let mut rest = predicate;
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
            // `AND`, or nothing that could be read.
            if after.len() == rest.len() {
                return None;
            }
            rest = after;
            continue;
        }
        let value = value.trim_start();
        let empty = value.starts_with("\"\"");
        let (_, after) = word(value);
        let why = match key {
            "_time" | "_start" | "_stop" | "time" => {
                Some("the time range is given by the two times of the call")
            }
            "_value" => Some("no server deletes by a field's value"),
            "_measurement" if operator == "!=" => {
                let why = "no server deletes all measurements but one; name each to delete";
                return Some(("_measurement !=", why));
            }
            _ if empty => Some("a tag's value is never empty"),
            _ => None,
        };
        if let Some(why) = why {
            return Some((key, why));
        }
        rest = after;
    }
}

/// The word at the start of the text, without its quotes, and what follows.
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
