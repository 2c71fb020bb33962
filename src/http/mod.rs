//! HTTP without a network: how a request is written, and what a response means.
//!
//! # In scope
//! - [`WriteStatus`]: the one table of write statuses. From a response to how much is stored
//!   ([`Stored`]), what may be done ([`Remedy`]), which lines were refused, and how long to wait.
//! - [`ErrorBody`]: code and message of an error in any form that servers send.
//! - [`retry_after`], [`parse_date`]: the headers `Retry-After` and `Date`.
//! - [`RequestHead`]: the head of a request, of any names. For modems, and for `embedded`'s connection.
//! - [`ResponseParser`]: responses from pieces of any size, chunked bodies too.
//! - [`TargetWriter`], [`encode_segment`], [`encode_component`]: percent-encoded request targets.
//!
//! # Out of scope
//! - Connections, TLS, time limits, credentials, retries: the client's.
//! - Delivery: what is sent again, split or given up is the writer's decision, by what is said here.
//!
//! # The table of write statuses
//! | response | in the database | what may be done |
//! |---|---|---|
//! | 204 | everything | nothing to do |
//! | 201 `partial write` in InfluxDB's JSON (Cloud's older form) | the good lines | report |
//! | another 2xx: a captive portal's page, a proxy's 202 | unknown | keep; an operator looks |
//! | 3xx | nothing | keep; an operator looks; never followed |
//! | 400 or 422 `unable to parse '<line>': why`, `parsing failed` | nothing | remove the lines, send the rest once |
//! | 400, 422 or 500 with `partial write` | the good lines | report |
//! | 400 or 422 about organization, bucket, database, precision or encoding | nothing | keep; an operator looks |
//! | 400 or 422 in InfluxDB's JSON otherwise | nothing | remove the lines, which halving finds |
//! | 400 or 422 in another form, such as a gateway's | nothing | keep; an operator looks |
//! | 413, whoever sends it | nothing | split |
//! | 429 | nothing | retry |
//! | 500 in InfluxDB's words about the request: 1.x' `retention policy not found`, 3.x' `error in InfluxQL statement` | nothing | keep; an operator looks |
//! | 408, 425, and other 5xx but 501 and 505 | unknown | retry |
//! | another 4xx, 501, 505 | nothing | keep; an operator looks |
//! | anything else | unknown | keep; an operator looks |
//!
//! # What to watch
//! - A body is borrowed and may be the start of a longer one ([`WriteResponse::truncated`],
//!   [`ErrorBody::read_start`]).
//! - Text from a server comes from outside: [`JsonStr`] prints itself with control characters
//!   escaped; its characters are exact.
//! - `Stored::Unknown` is safe to send again if the lines carry timestamps.
//!
//! Everything here is `no_std` and allocates nothing.

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
