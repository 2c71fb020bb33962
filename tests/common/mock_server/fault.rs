//! Faults on demand for the next requests.

use std::time::Duration;

use super::csv;
use super::http::{Request, Response, json_string};

/// A fault for one request, or for [`times`](Fault::times) of them. Faults are queued: each request takes the
/// first one that matches it; without one it is served normally.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(super) act: Act,
    pub(super) delay: Duration,
    pub(super) cut: Option<Cut>,
    pub(super) early: bool,
    path: Option<String>,
    times: usize,
}

/// The handling of the request.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Served normally.
    Serve,
    /// Served normally, but a query's response ends with an error.
    ServeThen(Tail),
    /// Not served: this is the response.
    Response(Response),
    /// Not served: these bytes are sent as they are, and the connection is closed.
    Raw(Vec<u8>),
    /// Not served, not responded to: the connection is closed.
    HangUp,
    /// Served, applied, and without a response.
    Swallow,
}

/// The end of a query's response that fails after its first byte.
#[derive(Clone, Debug)]
pub(super) enum Tail {
    ErrorTable(String),
    Panic(String),
}

/// The point at which the response is cut off.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    /// After so many bytes, the head included.
    Wire(usize),
    /// After so many bytes behind the head, chunk sizes included.
    Body(usize),
}

impl Fault {
    fn new(act: Act) -> Self {
        Self {
            act,
            delay: Duration::ZERO,
            cut: None,
            early: false,
            path: None,
            times: 1,
        }
    }

    /// Another status in place of the true response. The request has no effect. Without a body until
    /// [`body`](Self::body).
    pub(crate) fn status(status: u16) -> Self {
        Self::new(Act::Response(Response::new(status)))
    }

    /// An error in the server's own form: JSON with code and message, and the code in a header.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(Act::Response(Response::error(status, code, message)))
    }

    /// These bytes in place of an HTTP response, then the end of the connection.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Act::Raw(bytes.into()))
    }

    /// The connection is closed without a response, and the request has no effect.
    pub(crate) fn hang_up() -> Self {
        Self::new(Act::HangUp)
    }

    /// The request takes effect, and the connection is closed without a response.
    pub(crate) fn lost_response() -> Self {
        Self::new(Act::Swallow)
    }

    /// The true response, late.
    pub(crate) fn slow(delay: Duration) -> Self {
        Self::new(Act::Serve).delay(delay)
    }

    /// The true response, cut off after so many bytes, counted from the status line.
    pub(crate) fn cut(bytes: usize) -> Self {
        Self::new(Act::Serve).cut_at(Cut::Wire(bytes))
    }

    /// The true response, cut off after so many bytes behind its head, chunk sizes included.
    pub(crate) fn cut_body(bytes: usize) -> Self {
        Self::new(Act::Serve).cut_at(Cut::Body(bytes))
    }

    /// The query's true rows, then the table by which the server reports an error in mid-stream.
    pub(crate) fn error_table(message: &str) -> Self {
        Self::new(Act::ServeThen(Tail::ErrorTable(message.to_owned())))
    }

    /// The query's true rows, then the JSON a server leaves behind that panicked in mid-stream.
    pub(crate) fn panic_tail(message: &str) -> Self {
        Self::new(Act::ServeThen(Tail::Panic(message.to_owned())))
    }

    /// Adds a header to the false response.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.response(|response| response.header(name, value));
        self
    }

    /// Gives the false response a body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.response(|response| response.body(body));
        self
    }

    /// Waits before responding, whatever the response.
    pub(crate) fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Responds before the body is read (in place of `100 Continue` if that was asked for), then
    /// closes the connection.
    pub(crate) fn early(mut self) -> Self {
        self.early = true;
        self
    }

    /// Restricts it to requests to this path, such as `/api/v2/query`.
    pub(crate) fn on(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// So many requests instead of one.
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    fn cut_at(mut self, cut: Cut) -> Self {
        self.cut = Some(cut);
        self
    }

    fn response(&mut self, change: impl FnOnce(Response) -> Response) {
        match &mut self.act {
            Act::Response(response) => *response = change(std::mem::take(response)),
            other => panic!("{other:?} has no response of its own to change"),
        }
    }

    pub(super) fn fits(&self, request: &Request) -> bool {
        self.path
            .as_deref()
            .is_none_or(|path| path == request.path())
    }

    /// One use of it. `None` when it is used up.
    pub(super) fn used(mut self) -> Option<Self> {
        self.times = self.times.checked_sub(1)?;
        (self.times > 0).then_some(self)
    }
}

impl Tail {
    /// Appends the tail to a body of CSV, as recorded.
    pub(super) fn append(&self, body: &mut Vec<u8>) {
        match self {
            Self::ErrorTable(message) => {
                if !body.is_empty() {
                    body.extend_from_slice(b"\r\n");
                }
                body.extend_from_slice(csv::error_table(message).as_bytes());
            }
            Self::Panic(message) => {
                // It follows the last row, before the empty line that ends a result.
                if body.ends_with(b"\r\n\r\n") {
                    body.truncate(body.len() - 2);
                }
                let text = json_string(message);
                let json = format!("{{\"code\":\"internal error\",\"message\":{text}}}");
                body.extend_from_slice(json.as_bytes());
            }
        }
    }
}
