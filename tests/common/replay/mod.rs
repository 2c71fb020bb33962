//! For the tests of the mock server itself: what a real server was recorded to respond, and the bare
//! means to ask the mock server the same. The quickstart has no use for it, so it is not part of
//! `support`.
#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary includes this module whole and uses a part of it"
)]

mod raw;
mod recorded;

pub(crate) use raw::{Client, Response};
pub(crate) use recorded::{Exchange, TOKEN, exchange, file, meaning};
