// The transport of the documentation's examples: a socket to their server.

use embedded_io_adapters::std::FromStd;
use std::net::TcpStream;

/// Opens a connection to a server by its URL.
pub(crate) fn connect(url: String) -> FromStd<TcpStream> {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    FromStd::new(TcpStream::connect(host).expect("the examples' server"))
}
