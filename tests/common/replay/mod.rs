//! For the tests of the mock server itself: recorded exchanges with real servers, and a bare client that sends
//! the same requests to the mock server. The quickstart doesn't need it, so it is not part of `mock_server`.
#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary includes this module whole and uses a part of it"
)]

mod raw;
mod recorded;

pub(crate) use raw::{Client, Response};
pub(crate) use recorded::{Exchange, TOKEN, exchange, file, meaning};
