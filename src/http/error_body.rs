//! `ErrorBody`: the body of an error response, in any form that servers send.

use super::fault::{Cause, blames_request, text_error};
use super::json::{Items, Json};
use super::json_str::JsonStr;
use super::words::number;

/// The parts of an error response's body, borrowed.
///
/// Every form that servers are known to send is read: `{code, message}` with a name or a gRPC number as code
/// (InfluxDB 2 and Cloud), `{error}` (InfluxDB 1.x), `{error, data}` (InfluxDB 3), `{error: {message}}`,
/// `{err}` and `{status}`. InfluxDB 3's errors in plain text are recognized by their first words: they are
/// [from InfluxDB](ErrorBody::is_from_influxdb), and their message is the body itself. Any other body has no
/// code and no message. Nothing allocates.
///
/// ```
/// use influx_edge::http::ErrorBody;
///
/// let body = ErrorBody::read(
///     br#"{"code":"not found","message":"bucket \"x\" not found"}"#,
/// );
/// assert_eq!(body.code().unwrap(), "not found");
/// assert_eq!(body.message().unwrap(), r#"bucket "x" not found"#);
/// assert!(body.is_from_influxdb());
///
/// // A proxy's page.
/// let body = ErrorBody::read(
///     b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n",
/// );
/// assert!(body.message().is_none());
/// assert!(!body.is_from_influxdb());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    code: Option<JsonStr<'a>>,
    message: Option<JsonStr<'a>>,
    pub(crate) form: Form,
    line: Option<u32>,
    data: Option<Json<'a>>,
    truncated: bool,
    /// It is one of InfluxDB 3's plain-text errors about the request.
    text_blames: bool,
}

/// The form of a body, by which its sender is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// `{code, message}` and `{error, data}`: InfluxDB only.
    InfluxDb,
    /// `{error}` with a string: InfluxDB 1.x and 3, but gateways too.
    Plain,
    /// InfluxDB 3's errors without JSON.
    Text,
    /// Anything else.
    #[default]
    Foreign,
}

impl<'a> ErrorBody<'a> {
    /// Reads a complete body.
    #[must_use]
    pub fn read(body: &'a [u8]) -> Self {
        Self::read_part(body, false)
    }

    /// Reads the start of a body whose rest wasn't received. The message may be incomplete, and lines at the
    /// end of a list missing.
    ///
    /// ```
    /// use influx_edge::http::ErrorBody;
    ///
    /// let body =
    ///     ErrorBody::read_start(br#"{"code":"invalid","message":"unable to pa"#);
    /// assert_eq!(body.message().unwrap(), "unable to pa");
    /// assert!(body.is_from_influxdb());
    /// ```
    #[must_use]
    pub fn read_start(body: &'a [u8]) -> Self {
        Self::read_part(body, true)
    }

    pub(super) fn read_part(body: &'a [u8], truncated: bool) -> Self {
        let whole = match core::str::from_utf8(body) {
            // The cut may be in the middle of a character.
            Err(e) if truncated && e.error_len().is_none() => body.get(..e.valid_up_to()),
            _ => Some(body),
        };
        let text = core::str::from_utf8(whole.unwrap_or_default());
        text.map_or(ErrorBody::default(), |text| Self::parse(text, truncated))
    }

    fn parse(text: &'a str, truncated: bool) -> Self {
        let Some(object) = Json::object(text, truncated) else {
            let known = text_error(text);
            return ErrorBody {
                form: known.map_or(Form::Foreign, |_| Form::Text),
                text_blames: known == Some(Cause::Request),
                ..ErrorBody::default()
            };
        };
        let text = |name| object.get_text(name);
        let (code, data) = (object.get("code"), object.get("data"));
        let (message, error, err) = (text("message"), text("error"), text("err"));
        let form = if message.is_some() && code.is_some_and(is_influxdb_code)
            || error.is_some() && data.is_some_and(names_a_line)
        {
            Form::InfluxDb
        } else if message.is_none() && error.or(err).is_some() {
            Form::Plain
        } else {
            Form::Foreign
        };
        let message = message
            .or(error)
            .or_else(|| object.get("error")?.get_text("message"))
            .or(err)
            .or_else(|| text("status"));
        let line = object.get("line").and_then(Json::integer);
        ErrorBody {
            code: code.and_then(|code| code.text().or_else(|| code.number())),
            message,
            form,
            line: line.filter(|number| *number > 0),
            data,
            truncated,
            text_blames: false,
        }
    }

    /// Returns the `code`: InfluxDB's name of the error, or a gRPC number.
    #[must_use]
    pub fn code(&self) -> Option<JsonStr<'a>> {
        self.code
    }

    /// Returns the message, whichever member holds it.
    #[must_use]
    pub fn message(&self) -> Option<JsonStr<'a>> {
        self.message
    }

    /// Returns `true` if the error is in a form that InfluxDB sends, or one of InfluxDB 3's plain texts;
    /// `false` for a proxy's page and for a gateway's `{"message":"Bad Request"}`.
    #[must_use]
    pub fn is_from_influxdb(&self) -> bool {
        self.form != Form::Foreign
    }

    /// Returns `true` if the message is about the request, whatever the status: a retry would fail again.
    pub(crate) fn blames_request(&self) -> bool {
        let ours = self.message.filter(|_| self.form != Form::Foreign);
        self.text_blames || ours.is_some_and(blames_request)
    }

    /// Returns the lines that the server names as bad, in its order. There may be others.
    ///
    /// ```
    /// use influx_edge::http::ErrorBody;
    ///
    /// let body = ErrorBody::read(br#"{"code":"invalid","message":"unable to parse 'm f=': missing field value"}"#);
    /// let named = body.line_errors().next().unwrap();
    /// assert_eq!(named.line, "m f=");
    /// assert_eq!(named.reason, "missing field value");
    /// ```
    #[must_use]
    pub fn line_errors(&self) -> LineErrors<'a> {
        let message = self.message.unwrap_or_default();
        let by_number = self.line.map(|number| LineErrorRef {
            number: Some(number),
            line: JsonStr::default(),
            reason: message,
        });
        match self.data {
            Some(data) if data.is_object() => return LineErrors(Source::One(from_data(data))),
            data => {
                if let Some(items) = data.and_then(Json::items) {
                    return LineErrors(Source::Data(items));
                }
            }
        }
        let quoted = message.split_once(UNABLE).map(|(_, quoted)| {
            LineErrors(Source::Message {
                rest: Some(quoted),
                truncated: self.truncated,
            })
        });
        // The number counts where the message quotes no line after all.
        quoted
            .filter(|lines| by_number.is_none() || lines.clone().next().is_some())
            .unwrap_or(LineErrors(Source::One(by_number)))
    }

    /// Returns the number of dropped lines, as counted by the server.
    pub(crate) fn dropped(&self) -> Option<u64> {
        if let Some(items) = self.data.and_then(Json::items) {
            return (!self.truncated).then(|| items.count_items() as u64);
        }
        let after = self.message?.rsplit_once("dropped=")?.1.as_raw();
        let len = after.bytes().take_while(u8::is_ascii_digit).count();
        if self.truncated && len == after.len() {
            // More digits may have followed.
            return None;
        }
        number(after.as_bytes().get(..len)?, 10).map(|lines| lines as u64)
    }
}

/// Returns `true` for a name, and for the seventeen codes of gRPC. Gateways have the HTTP status there.
fn is_influxdb_code(code: Json<'_>) -> bool {
    code.text().is_some() || code.integer().is_some_and(|number| number <= 16)
}

/// Returns `true` for InfluxDB 3's list of rejected lines, or an element of it.
fn names_a_line(data: Json<'_>) -> bool {
    let first = data.items().and_then(|mut items| items.next_item());
    let line = first.map_or(data, |(item, _)| item);
    line.get("error_message").is_some()
}

/// A line that a server rejected, borrowed from the response.
///
/// ```
/// use influx_edge::http::ErrorBody;
///
/// let body = ErrorBody::read(
///     br#"{"error":"partial write of line protocol occurred","data":[{"error_message":"invalid column type for column 'temp_c', expected iox::column_type::field::float, got iox::column_type::field::string","line_number":2,"original_line":"weather,station=zrh-"},{"error_message":"No fields were provided","line_number":3,"original_line":"bad line"}]}"#,
/// );
/// let named = body.line_errors().last().unwrap();
/// assert_eq!(named.number, Some(3));
/// assert_eq!(named.line, "bad line");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineErrorRef<'a> {
    /// Its number in the body sent, from 1, if the server gives it (InfluxDB 3, Cloud).
    pub number: Option<u32>,
    /// The line as the server repeats it, which may be shortened; empty if it isn't repeated.
    pub line: JsonStr<'a>,
    /// The server's reason.
    pub reason: JsonStr<'a>,
}

/// An iterator over the lines that a server rejected. Nothing allocates.
///
/// ```
/// use influx_edge::http::ErrorBody;
///
/// let body = ErrorBody::read(br#"{"code":"invalid","message":"unable to parse 'weather,=x temp_c=2 2': missing tag key\nunable to parse 'weather temp_c=x 4': invalid boolean"}"#);
/// assert_eq!(body.line_errors().count(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineErrors<'a>(Source<'a>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source<'a> {
    One(Option<LineErrorRef<'a>>),
    /// InfluxDB 3's list.
    Data(Items<'a>),
    /// InfluxDB 2's message, after the opening quote of the next line.
    Message {
        rest: Option<JsonStr<'a>>,
        truncated: bool,
    },
}

/// InfluxDB 2 names lines in the message: `unable to parse '<line>': reason`, joined by line breaks.
//
// A line isn't escaped there and may itself hold quotes, line breaks and `': `. The pieces are therefore
// split at the whole phrase after a line break, and in a piece the last `': ` ends the line, since the
// reasons of 1.x and 2.x hold none.
pub(crate) const UNABLE: &str = "unable to parse '";
const NEXT_UNABLE: &str = "\nunable to parse '";

impl LineErrors<'_> {
    pub(crate) const NONE: Self = LineErrors(Source::One(None));
}

impl<'a> Iterator for LineErrors<'a> {
    type Item = LineErrorRef<'a>;

    fn next(&mut self) -> Option<LineErrorRef<'a>> {
        match &mut self.0 {
            Source::One(line) => line.take(),
            Source::Data(items) => loop {
                let (item, whole) = items.next_item()?;
                if let Some(named) = from_data(item).filter(|_| whole) {
                    return Some(named);
                }
            },
            Source::Message { rest, truncated } => loop {
                let text = rest.take()?;
                let this = match text.split_once(NEXT_UNABLE) {
                    Some((this, next)) => {
                        *rest = Some(next);
                        this
                    }
                    // The piece at the cut may be incomplete.
                    None if *truncated => return None,
                    None => text,
                };
                if let Some((line, reason)) = this.rsplit_once("': ") {
                    return Some(LineErrorRef {
                        number: None,
                        line,
                        reason,
                    });
                }
            },
        }
    }
}

fn from_data(entry: Json<'_>) -> Option<LineErrorRef<'_>> {
    Some(LineErrorRef {
        number: entry.get("line_number").and_then(Json::integer),
        line: entry.get_text("original_line").unwrap_or_default(),
        reason: entry.get_text("error_message")?,
    })
}
