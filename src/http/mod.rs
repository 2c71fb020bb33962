//! HTTP without a network: request heads, a response parser, and the result of a write.
//!
//! ```
//! use influx_edge::http::{Remedy, Stored, WriteResponse, WriteStatus};
//!
//! let response = WriteResponse {
//!     status: 503,
//!     retry_after: Some("30"),
//!     ..WriteResponse::default()
//! };
//! let status = WriteStatus::classify(&response);
//! assert_eq!(
//!     (status.stored, status.remedy),
//!     (Stored::Unknown, Some(Remedy::Retry))
//! );
//! assert_eq!(status.retry_after.map(|wait| wait.as_secs()), Some(30));
//! ```
//!
//! | for | take |
//! |---|---|
//! | the meaning of a response to a write: how much is stored ([`Stored`]), what to do ([`Remedy`]), which lines were rejected | [`WriteStatus`] |
//! | code and message of an error, in any form that servers send | [`ErrorBody`] |
//! | the headers `Retry-After` and `Date` | [`retry_after`], [`parse_date`] |
//! | the head of a request, for a modem or a connection of your own | [`RequestHead`], [`Operation`], [`Credentials`] |
//! | a response that arrives in pieces of any size, chunked or not | [`ResponseParser`] |
//! | names in a path or a query | [`encode_segment`], [`encode_component`] |
//!
//! Connections, TLS, time limits and retries are up to the caller:
//! `embedded::Connection` and [`Client`](crate::Client) have them.
//! Everything here is `no_std` and allocates nothing.
//!
//! # The table of write statuses
//! | response | in the database | remedy |
//! |---|---|---|
//! | 204 | everything | none needed |
//! | 201 `partial write` in InfluxDB's JSON (an older form of Cloud) | the good lines | report |
//! | another 2xx: a captive portal's page, a proxy's 202 | unknown | keep; an operator has to act |
//! | 3xx, never followed | nothing | keep; an operator has to act |
//! | 400 or 422 `unable to parse '<line>': why`, `parsing failed` | nothing | remove the lines, send the rest once |
//! | 400, 422 or 500 with `partial write` | the good lines | report |
//! | 400 or 422 about organization, bucket, database, precision or encoding | nothing | keep; an operator has to act |
//! | 400 or 422 in InfluxDB's JSON otherwise | nothing | remove the bad lines, found by halving |
//! | 400 or 422 in another form, such as a gateway's | nothing | keep; an operator has to act |
//! | 413, from any sender | nothing | split the batch |
//! | 429 | nothing | retry |
//! | 500 with InfluxDB's message about the request: 1.x' `retention policy not found`, 3.x' `error in InfluxQL statement` | nothing | keep; an operator has to act |
//! | 408, 425, and other 5xx but 501 and 505 | unknown | retry |
//! | another 4xx, 501, 505 | nothing | keep; an operator has to act |
//! | anything else | unknown | keep; an operator has to act |
//!
//! `Stored::Unknown` is safe to send again if the lines carry timestamps: a point is identified by its series
//! and its time.
//!
//! # Untrusted input
//! A body is borrowed, and may be the start of a longer one ([`WriteResponse::truncated`],
//! [`ErrorBody::read_start`]). Text from a server is untrusted: [`JsonStr`] displays control characters
//! escaped, and its [`chars`](JsonStr::chars) are exact.

mod error_body;
mod fault;
mod json;
mod json_str;
mod outcome;
mod printable;
mod request_head;
mod response_parser;
mod retry_after;
mod target;
#[cfg(test)]
mod tests;
mod text_buffer;
mod words;
mod write_status;

pub use error_body::{ErrorBody, LineErrorRef, LineErrors};
pub use json_str::JsonStr;
pub use outcome::{Remedy, Stored};
pub use request_head::{Credentials, HeadError, Operation, RequestHead};
pub use response_parser::{Event, ParseError, ResponseHead, ResponseParser};
pub use retry_after::{parse_date, retry_after};
pub use target::{encode_component, encode_segment};
pub use write_status::{WriteResponse, WriteStatus};

#[cfg(feature = "std")]
pub(crate) use printable::write_printable;
#[cfg(feature = "v1")]
pub(crate) use request_head::v1_precision;
#[cfg(feature = "v3")]
pub(crate) use request_head::v3_precision;
#[cfg(any(feature = "client", feature = "embedded"))]
pub(crate) use retry_after::MAX_RETRY_AFTER;
#[cfg(feature = "client")]
pub(crate) use target::{is_unreserved, percent_encode};
