//! Whatever can go wrong between a client and a server: each row of the fault table has its test here
//! or, where memory is measured, in `resource_use`.

#[cfg(feature = "client")]
#[path = "../common"]
mod common {
    pub(crate) mod watch;
    pub(crate) mod wire;
}

#[cfg(feature = "client")]
mod connection;
#[cfg(feature = "client")]
mod cut_errors;
#[cfg(feature = "client")]
mod early;
#[cfg(feature = "client")]
mod encoding;
#[cfg(feature = "client")]
mod expect;
#[cfg(feature = "client")]
mod pages;
#[cfg(feature = "client")]
mod proxy;
#[cfg(feature = "rustls")]
mod proxy_tunnel;
#[cfg(feature = "client")]
mod responses;
mod table;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls;
#[cfg(all(unix, feature = "rustls"))]
mod tls_commands;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls_ends;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls_files;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls_server;
