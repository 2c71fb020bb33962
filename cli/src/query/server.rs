//! Sends a query to the server's interface for its language.

use super::cell::Sink;
#[cfg(feature = "v3")]
use super::database3;
#[cfg(feature = "v1")]
use super::influxql1;
use super::{Language, Request, flux, lines, unbuilt};
use crate::failure::Failure;
use std::io::Write;

/// Passes the rows to `sink`, also those received before a failure, and returns their number.
pub(super) fn rows(request: &Request<'_>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    rows_of(server(request)?, request, sink)
}

fn rows_of(server: Server, request: &Request<'_>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    let ended = match server {
        Server::Flux => flux::run(request, sink),
        #[cfg(feature = "v1")]
        Server::V1 => influxql1::run(request, sink),
        #[cfg(feature = "v3")]
        Server::V3 => database3::run(request, sink),
    };
    finished(ended, sink)
}

/// As [`rows`], but InfluxDB 3 also distinguishes numbers, text and times.
pub(super) fn typed_rows(request: &Request<'_>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    match server(request)? {
        #[cfg(feature = "v3")]
        Server::V3 => finished(database3::typed(request, sink), sink),
        server => rows_of(server, request, sink),
    }
}

pub(super) fn json_lines(request: &Request<'_>, out: &mut dyn Write) -> Result<u64, Failure> {
    match server(request)? {
        #[cfg(feature = "v3")]
        Server::V3 => database3::json_lines(request, out),
        server => rows_of(server, request, &mut lines::Json::new(out)),
    }
}

pub(super) fn raw(request: &Request<'_>, out: &mut dyn Write) -> Result<u64, Failure> {
    match server(request)? {
        Server::Flux => flux::raw(request, out),
        #[cfg(feature = "v1")]
        Server::V1 => Err(Failure::usage(
            "--output raw is not available for InfluxDB 1.x; use --output jsonl",
        )),
        #[cfg(feature = "v3")]
        Server::V3 => database3::raw(request, out),
    }
}

fn finished(ended: Result<u64, Failure>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    match ended {
        // Standard output was closed.
        Err(failure) if failure.message.is_empty() => Err(failure),
        ended => {
            sink.finish()?;
            ended
        }
    }
}

/// The interface that receives the query.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Flux,
    #[cfg(feature = "v1")]
    V1,
    #[cfg(feature = "v3")]
    V3,
}

fn server(request: &Request<'_>) -> Result<Server, Failure> {
    match request.language {
        Language::Flux => Ok(Server::Flux),
        #[cfg(feature = "v3")]
        Language::Sql => Ok(Server::V3),
        #[cfg(feature = "v1")]
        Language::InfluxQl { v1: true } => Ok(Server::V1),
        #[cfg(all(feature = "v1", feature = "v3"))]
        Language::InfluxQl { v1: false } => {
            let version = request.client.version()?.unwrap_or_default();
            let is_v3 = version.trim_start_matches('v').starts_with("3.");
            Ok(if is_v3 { Server::V3 } else { Server::V1 })
        }
        #[cfg(all(feature = "v1", not(feature = "v3")))]
        Language::InfluxQl { v1: false } => Ok(Server::V1),
        #[cfg(all(feature = "v3", not(feature = "v1")))]
        Language::InfluxQl { .. } => Ok(Server::V3),
        #[allow(
            unreachable_patterns,
            reason = "rejected with the arguments in builds without the feature"
        )]
        _ => Err(unbuilt("this language", "v1,v3")),
    }
}
