//! Compression on demand: the tests' servers are on the loopback, to which the client compresses nothing by
//! default.

use influx_edge::client::ClientBuilder;

/// The client that a test makes, which compresses every body if `INFLUX_EDGE_GZIP` is set (and the
/// feature is there).
pub(crate) fn forced(builder: ClientBuilder) -> ClientBuilder {
    match is_forced() {
        true => builder.gzip_min_bytes(1),
        false => builder,
    }
}

pub(crate) fn is_forced() -> bool {
    cfg!(feature = "gzip") && std::env::var_os("INFLUX_EDGE_GZIP").is_some()
}
