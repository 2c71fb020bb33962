//! Which server is asked, and in which form its response is wanted.

use super::cell::Sink;
#[cfg(feature = "v3")]
use super::database3;
#[cfg(feature = "v1")]
use super::influxql1;
use super::{Asked, Language, flux, lines, unbuilt};
use crate::failure::Failure;
use crate::report::Report;
use influx_edge::Client;
use std::io::Write;

/// Hands the rows to `sink`; those that came before a failure, too.
pub(super) fn rows(
    client: &Client,
    asked: &Asked,
    sink: &mut dyn Sink,
    count: &mut u64,
    report: &Report,
) -> Result<(), Failure> {
    rows_of(server(client, asked)?, client, asked, sink, count, report)
}

/// The same, of a server that is known.
#[cfg_attr(not(feature = "v1"), allow(unused_variables))]
fn rows_of(
    server: Server,
    client: &Client,
    asked: &Asked,
    sink: &mut dyn Sink,
    count: &mut u64,
    report: &Report,
) -> Result<(), Failure> {
    let ended = match server {
        Server::Flux => flux::run(client, asked, sink, count),
        #[cfg(feature = "v1")]
        Server::V1 => influxql1::run(client, asked, sink, count, report),
        #[cfg(feature = "v3")]
        Server::V3 => database3::run(client, asked, sink, count),
    };
    finished(ended, sink)
}

/// The same with numbers, text and times told apart, of InfluxDB 3 as well.
pub(super) fn typed_rows(
    client: &Client,
    asked: &Asked,
    sink: &mut dyn Sink,
    count: &mut u64,
    report: &Report,
) -> Result<(), Failure> {
    match server(client, asked)? {
        #[cfg(feature = "v3")]
        Server::V3 => {
            let ended = database3::typed(client, asked, sink, count);
            finished(ended, sink)
        }
        server => rows_of(server, client, asked, sink, count, report),
    }
}

pub(super) fn json_lines(
    client: &Client,
    asked: &Asked,
    out: &mut dyn Write,
    count: &mut u64,
    report: &Report,
) -> Result<(), Failure> {
    match server(client, asked)? {
        #[cfg(feature = "v3")]
        Server::V3 => database3::json_lines(client, asked, out, count),
        server => {
            let sink = &mut lines::Json::new(out);
            rows_of(server, client, asked, sink, count, report)
        }
    }
}

pub(super) fn raw(
    client: &Client,
    asked: &Asked,
    out: &mut dyn Write,
    count: &mut u64,
) -> Result<(), Failure> {
    match server(client, asked)? {
        Server::Flux => flux::raw(client, asked, out, count),
        #[cfg(feature = "v1")]
        Server::V1 => Err(Failure::usage(
            "--output raw is not there for InfluxDB 1.x; --output jsonl is",
        )),
        #[cfg(feature = "v3")]
        Server::V3 => database3::raw(client, asked, out, count),
    }
}

fn finished(ended: Result<(), Failure>, sink: &mut dyn Sink) -> Result<(), Failure> {
    match ended {
        // Standard output was closed.
        Err(failure) if failure.message.is_empty() => Err(failure),
        ended => {
            sink.finish()?;
            ended
        }
    }
}

/// Which interface is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Flux,
    #[cfg(feature = "v1")]
    V1,
    #[cfg(feature = "v3")]
    V3,
}

#[allow(
    unused_variables,
    reason = "without v1 or v3 there is nothing to ask the server"
)]
fn server(client: &Client, asked: &Asked) -> Result<Server, Failure> {
    match asked.language {
        Language::Flux => Ok(Server::Flux),
        #[cfg(feature = "v3")]
        Language::Sql => Ok(Server::V3),
        #[cfg(feature = "v1")]
        Language::InfluxQl { v1: true } => Ok(Server::V1),
        #[cfg(all(feature = "v1", feature = "v3"))]
        Language::InfluxQl { v1: false } => {
            let version = client.version()?.unwrap_or_default();
            let is_v3 = version.trim_start_matches('v').starts_with("3.");
            Ok(if is_v3 { Server::V3 } else { Server::V1 })
        }
        #[cfg(all(feature = "v1", not(feature = "v3")))]
        Language::InfluxQl { v1: false } => Ok(Server::V1),
        #[cfg(all(feature = "v3", not(feature = "v1")))]
        Language::InfluxQl { .. } => Ok(Server::V3),
        #[allow(
            unreachable_patterns,
            reason = "refused with the arguments, where it isn't built"
        )]
        _ => Err(unbuilt("this language", "v1,v3")),
    }
}
