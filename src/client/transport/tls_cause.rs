//! The reasons why a server's certificate is rejected, and advice, for both TLS libraries.

use super::detail::Detail;
use alloc::format;
use alloc::string::String;

/// The reason why a certificate is rejected. `own`: it is self-signed.
#[cfg_attr(
    not(feature = "rustls"),
    expect(dead_code, reason = "the system's library hides the certificate")
)]
pub(super) enum Cause {
    /// Without extensions, and so without a subjectAltName.
    Version1 {
        own: bool,
    },
    Nameless {
        own: bool,
    },
    SelfSigned,
    UnknownIssuer,
    /// It is for these hosts, empty if unknown.
    OtherName(String),
    /// The days since it expired, if known.
    Expired(Option<u64>),
    /// The days until it is valid, if known.
    NotYetValid(Option<u64>),
}

/// Returns the message. `ca_file`: one is set.
pub(super) fn explain(cause: Cause, host: &str, ca_file: bool) -> Detail {
    let days = |days: Option<u64>, before: &str, behind: &str| match days {
        Some(days) => format!("{before}{days} days{behind}"),
        None => String::new(),
    };
    match cause {
        Cause::Version1 { own } => Detail::own(
            "the server's certificate is of version 1, which can't name the host",
        )
        .advise(&renewal(own, host)),
        Cause::Nameless { own } => Detail::own(
            "the server's certificate has no subjectAltName, and its common name doesn't count",
        )
        .advise(&renewal(own, host)),
        Cause::SelfSigned if ca_file => Detail::own(
            "the server's certificate is self-signed, or a CA's own, and isn't the one in ca_file",
        )
        .advise("give it as ca_file"),
        Cause::SelfSigned => {
            Detail::own("the server's certificate is self-signed, or a CA's own")
                .advise("give it as ca_file")
        }
        Cause::UnknownIssuer if ca_file => Detail::own(
            "the server's certificate is not signed by a CA in ca_file",
        )
        .advise("give the CA that signed it as ca_file; certificates between the two are sent by the server, or are in ca_file, too"),
        Cause::UnknownIssuer => Detail::own(
            "the server's certificate is signed by a CA that isn't trusted here",
        )
        .advise(if cfg!(feature = "rustls") {
            "a private CA is given as ca_file; trusted are Mozilla's roots, which are part of this program: ca_file takes others, as the system's in /etc/ssl/certs/ca-certificates.crt"
        } else {
            "a private CA is given as ca_file; trusted are the system's"
        }),
        Cause::OtherName(names) => {
            let advice = format!("use a name in the URL that it is for, or make one for {host}");
            let detail = if names.is_empty() {
                Detail::own(format!("the server's certificate is not for {host}"))
            } else {
                let not = format!(", not for {host}");
                Detail::quote("the server's certificate is for ", &names, &not)
            };
            detail.advise(&advice)
        }
        Cause::Expired(ago) => Detail::own(format!(
            "the server's certificate has expired{}, by this machine's clock",
            days(ago, " ", " ago")
        ))
        .advise("renew it, or correct the clock"),
        Cause::NotYetValid(left) => Detail::own(format!(
            "the server's certificate is not yet valid{}, by this machine's clock",
            days(left, ", but in ", "")
        ))
        .advise("correct the clock, or make another certificate"),
    }
}

/// Returns the command that makes a certificate for this host, ready to be pasted.
fn renewal(own: bool, host: &str) -> String {
    let kind = match host.parse::<core::net::IpAddr>() {
        Ok(_) => "IP:",
        Err(_) => "DNS:",
    };
    if own {
        format!(
            "make one that has it; this overwrites server.key and server.crt where it runs; both belong on the server, which is restarted then, and server.crt is ca_file here: openssl req -x509 -newkey rsa:2048 -nodes -days 825 -keyout server.key -out server.crt -subj /CN=influxdb -addext subjectAltName={kind}{host}"
        )
    } else {
        format!(
            "its CA has to sign one that has it; where the CA is (ca.crt, ca.key), this makes it of the request server.csr and overwrites server.crt, which belongs on the server, which is restarted then: echo subjectAltName={kind}{host} >san.ext && openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile san.ext -out server.crt"
        )
    }
}
