//! `Route`: the endpoint that a writer's batches are sent to, and `Sender`, which sends them.

use super::engine::Attempt;
use super::seams::Transport;
use crate::client::Client;
use crate::error::Error;
#[cfg(feature = "spool")]
use crate::spool::ServerKind;
#[cfg(feature = "v3")]
use crate::v3::{Database, WriteOptions};

/// The endpoint for batches.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    /// `/api/v2/write`.
    V2,
    /// `/api/v3/write_lp`. The bucket is the database.
    #[cfg(feature = "v3")]
    V3(WriteOptions),
}

impl Route {
    /// The kind of server that spooled batches are for.
    #[cfg(feature = "spool")]
    pub(crate) fn server(self) -> ServerKind {
        match self {
            Route::V2 => ServerKind::V2,
            #[cfg(feature = "v3")]
            Route::V3(_) => ServerKind::V3,
        }
    }
}

/// A client, and the endpoint for its batches.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) client: Client,
    pub(crate) route: Route,
}

impl Transport for Sender {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        let (lines, expect, limit) = (attempt.lines(), attempt.expect, attempt.limit);
        match self.route {
            Route::V2 => (self.client).write_once(&attempt.bucket, lines, expect, limit),
            #[cfg(feature = "v3")]
            Route::V3(options) => Database::with_options(&self.client, &attempt.bucket, options)
                .write_once(lines, expect, limit),
        }
    }

    fn refuses_compression(&self) -> bool {
        self.client.refuses_compression()
    }
}
