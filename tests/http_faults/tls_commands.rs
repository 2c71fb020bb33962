//! What an error says about a server's certificate that can't be used, and that the command in it,
//! pasted as it stands there, makes one that can.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::common::wire::{Wire, no_secret};
use crate::tls_server::{LINE, builder, fault, https, serve, tls_wire};
use base64::Engine as _;
use influx_edge::{Client, TransportErrorKind};
use rustls::ServerConfig;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

const OWN: &str = "; make one that has it; this overwrites server.key and server.crt where it runs; both belong on the server, which is restarted then, and server.crt is ca_file here: openssl req -x509 -newkey rsa:2048 -nodes -days 825 -keyout server.key -out server.crt -subj /CN=influxdb -addext subjectAltName=";
const BY_CA: &str = "; its CA has to sign one that has it; where the CA is (ca.crt, ca.key), this makes it of the request server.csr and overwrites server.crt, which belongs on the server, which is restarted then: echo subjectAltName=";
const SIGN: &str = " >san.ext && openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile san.ext -out server.crt";
const OLD: &str = "the server's certificate is of version 1, which can't name the host";
const NAMELESS: &str =
    "the server's certificate has no subjectAltName, and its common name doesn't count";

/// A folder of its own for a case.
fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let dir = dir.join(format!("commands-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

fn run(dir: &Path, command: &str) {
    let made = Command::new("sh")
        .args(["-c", command])
        .current_dir(dir)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(made.status.success(), "{command}: {made:?}");
}

fn der(file: &Path, label: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(file).unwrap();
    let (_, inner) = text.split_once(&format!("BEGIN {label}-----")).unwrap();
    let (inner, _) = inner.split_once("-----END").unwrap();
    let digits: String = inner.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD
        .decode(digits)
        .unwrap()
}

/// A server that shows `server.crt`, whatever is in it.
fn shows(dir: &Path) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(der(&dir.join("server.key"), "PRIVATE KEY").into());
    let key = any_supported_type(&key).unwrap();
    let cert = CertificateDer::from(der(&dir.join("server.crt"), "CERTIFICATE"));
    let pair = SingleCertAndKey::from(CertifiedKey::new(vec![cert], key));
    let config = builder().with_no_client_auth();
    Arc::new(config.with_cert_resolver(Arc::new(pair)))
}

const CA: &str = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out ca.crt -subj /CN=plant && openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost && ";
/// Two ways of old guides, of which newer versions of OpenSSL make version 3; then without a name.
const V1_BY_CA: &str = "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out server.crt";
const V1_OWN: &str = "openssl x509 -req -in server.csr -signkey server.key -days 30 -out server.crt && cp server.crt ca.crt";
const V3_BY_CA: &str = "echo basicConstraints=CA:FALSE >ext && openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile ext -out server.crt";
const V3_OWN: &str = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout server.key -out server.crt -subj /CN=localhost && cp server.crt ca.crt";

fn no_openssl() -> bool {
    let missing = Command::new("openssl").arg("version").output().is_err();
    if missing {
        eprintln!("SKIPPED the commands for OpenSSL: there is no openssl here");
    }
    missing
}

#[test]
fn the_advice_fits_the_certificate_and_its_command_mends_it() {
    if no_openssl() {
        return;
    }
    for (name, make, cause, own, ca_file) in [
        ("v1", V1_BY_CA, OLD, false, true),
        ("v1-untrusted", V1_BY_CA, OLD, false, false),
        ("v1-own", V1_OWN, OLD, true, true),
        ("v3", V3_BY_CA, NAMELESS, false, true),
        ("v3-own", V3_OWN, NAMELESS, true, true),
        ("v3-own-untrusted", V3_OWN, NAMELESS, true, false),
    ] {
        let dir = folder(name);
        run(&dir, &format!("{CA}{make}"));
        let version = Command::new("openssl")
            .args(["x509", "-noout", "-text", "-in", "server.crt"])
            .current_dir(&dir)
            .output()
            .unwrap();
        let old = String::from_utf8_lossy(&version.stdout).contains("Version: 1 ");
        let cause = if old { cause } else { NAMELESS };
        assert!(old || !name.starts_with("v1") || cause == NAMELESS);
        for (host, alt) in [
            ("localhost", "DNS:localhost"),
            ("127.0.0.1", "IP:127.0.0.1"),
        ] {
            let wire = tls_wire(&shows(&dir));
            let client = https(&wire, host);
            let client = match ca_file {
                true => client.ca_file(dir.join("ca.crt")),
                false => client,
            };
            let error = client.build().unwrap().write("b", LINE).unwrap_err();
            assert_eq!(fault(&error), TransportErrorKind::Tls, "{error}");
            assert!(!error.is_retryable(), "{error}");
            let advice = match own {
                true => format!("{OWN}{alt}"),
                false => format!("{BY_CA}{alt}{SIGN}"),
            };
            let port = wire.addr().port();
            assert_eq!(
                error.to_string(),
                format!(
                    "cannot write to bucket \"b\": no trusted TLS connection to {host}:{port}: {cause}{advice}"
                ),
                "{name}"
            );

            // Pasted, and followed.
            let fresh = folder(&format!("{name}-{host}"));
            run(&fresh, &format!("cp {}/* .", dir.display()));
            let text = error.to_string();
            let at = text.find(if own { "openssl" } else { "echo" }).unwrap();
            run(&fresh, &text[at..]);
            let trusted = fresh.join(if own { "server.crt" } else { "ca.crt" });
            let wire = tls_wire(&shows(&fresh));
            let client = https(&wire, host).ca_file(trusted).build().unwrap();
            client.write("b", LINE).unwrap();
        }
    }
}

#[test]
fn through_a_proxy_the_command_is_the_end_too() {
    if no_openssl() {
        return;
    }
    let dir = folder("proxy");
    run(&dir, &format!("{CA}{V3_BY_CA}"));
    let config = shows(&dir);
    let inner = Arc::clone(&config);
    let proxy = Wire::each(2, move |peer| {
        peer.head();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        serve(Arc::clone(&inner), peer);
    });
    let command = format!("{BY_CA}DNS:localhost{SIGN}");
    let client = Client::builder("https://localhost")
        .ca_file(dir.join("ca.crt"))
        .proxy(proxy.url());
    let error = client.build().unwrap().write("b", LINE).unwrap_err();
    no_secret(&error);
    assert!(
        error.to_string().ends_with(&format!(
            "no trusted TLS connection to localhost:443: {NAMELESS}, through the proxy {}{command}",
            proxy.addr()
        )),
        "{error}"
    );
    // The proxy's own certificate.
    let wire = tls_wire(&config);
    let port = wire.addr().port();
    let client = Client::builder("http://influx.example:8086")
        .ca_file(dir.join("ca.crt"))
        .proxy(format!("https://localhost:{port}"));
    let error = client.build().unwrap().write("b", LINE).unwrap_err();
    let cause = NAMELESS.replace("the server's", "its");
    assert!(
        error.to_string().ends_with(&format!(
            "on the way to influx.example:8086, no trusted TLS connection to the proxy localhost:{port} ({cause}){command}"
        )),
        "{error}"
    );
}

/// A secret in the words of a command, in the host or in the diagnosis masks none of them.
#[test]
fn a_secret_does_not_mask_the_command() {
    if no_openssl() {
        return;
    }
    let dir = folder("secrets");
    run(&dir, &format!("{CA}{V3_OWN}"));
    for secret in [
        "influxdb-secret-token",
        "subjectAltName1",
        "localhost",
        "DNS:localhost",
        "server.crt-and-server.key",
        "certificate",
        "common-name-doesn't-count",
        "-addext",
    ] {
        let wire = tls_wire(&shows(&dir));
        let client = https(&wire, "localhost").token(secret).build().unwrap();
        let text = client.write("b", LINE).unwrap_err().to_string();
        let expected = format!("{NAMELESS}{OWN}DNS:localhost");
        assert!(text.ends_with(&expected), "{secret}: {text}");
    }
}
