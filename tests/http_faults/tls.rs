//! Rows 31–33 of the fault table, and client certificates.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::wire::{NO_CONTENT, Peer, Scene, Wire, json_error};
use crate::tls_server::{
    Authority, LINE, builder, either, fault, https, params, server, temp, tls_wire,
};
use influx_edge::{Client, Remedy, Stored, TransportErrorKind};
use rcgen::{DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConnection, StreamOwned};

#[track_caller]
fn refused(client: &Client, words: &str) {
    let start = Instant::now();
    let error = client.write("b", LINE).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(fault(&error), TransportErrorKind::Tls, "{error}");
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::None, Remedy::Operator)
    );
    assert!(!error.is_retryable());
    let text = error.to_string().to_lowercase();
    assert!(
        words.split('|').any(|word| text.contains(word)),
        "{words:?} is not in {text}"
    );
    assert!(text.contains(": the server's certificate "), "{text}");
    // What to do is known: nothing is guessed.
    assert!(!text.contains("check the certificate"), "{text}");
}

#[test]
fn row_31_certificates_that_are_not_right() {
    let ca = Authority::new("row31-ca");
    let good = server(ca.issue(&params(&["127.0.0.1", "localhost"])));
    let wire = tls_wire(&good);

    // The right CA: all is well, over one connection.
    let client = https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap();
    client.write("b", LINE).unwrap();
    client.write("b", LINE).unwrap();
    client.ping().unwrap();
    https(&wire, "localhost")
        .ca_file(&ca.file)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap();

    // Nobody we know.
    refused(
        &https(&wire, "127.0.0.1").build().unwrap(),
        "a private ca is given as ca_file",
    );
    let other = Authority::new("row31-other");
    refused(
        &https(&wire, "127.0.0.1")
            .ca_file(&other.file)
            .build()
            .unwrap(),
        "not signed by a ca in ca_file; give the ca that signed it as ca_file",
    );

    // Self-signed: not by itself, but with its own certificate as the CA file.
    let mut own = params(&["127.0.0.1"]);
    own.is_ca = IsCa::ExplicitNoCa;
    let key = KeyPair::generate().unwrap();
    let cert = own.self_signed(&key).unwrap();
    let file = temp("row31-self", cert.pem());
    let wire = tls_wire(&server((cert.der().clone(), key)));
    refused(
        &https(&wire, "127.0.0.1").build().unwrap(),
        "is self-signed, or a ca's own; give it as ca_file",
    );
    refused(
        &https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap(),
        "isn't the one in ca_file",
    );
    https(&wire, "127.0.0.1")
        .ca_file(&file)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap();

    // Expired, and not valid yet (or our clock is at 1970).
    let mut old = params(&["127.0.0.1"]);
    old.not_before = date_time_ymd(2001, 1, 1);
    old.not_after = date_time_ymd(2002, 1, 1);
    let wire = tls_wire(&server(ca.issue(&old)));
    refused(
        &https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap(),
        either("has expired 9", "has expired, by"),
    );
    let mut young = params(&["127.0.0.1"]);
    young.not_before = date_time_ymd(4000, 1, 1);
    young.not_after = date_time_ymd(4001, 1, 1);
    let wire = tls_wire(&server(ca.issue(&young)));
    refused(
        &https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap(),
        "is not yet valid, ",
    );

    // Somebody else's name.
    let wire = tls_wire(&server(ca.issue(&params(&["influx.example"]))));
    refused(
        &https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap(),
        either(
            "is for influx.example, not for 127.0.0.1; use a name in the url that it is for",
            "is not for 127.0.0.1; use a name in the url that it is for",
        ),
    );

    // Several names; one of them a secret, which the certificate only repeats.
    #[cfg(feature = "rustls")]
    for (names, shown) in [
        (
            &["a.example", "b.example"][..],
            "for a.example, b.example, not for 127.0.0.1;",
        ),
        (
            &["192.0.2.7", "*.plant.example"],
            "for 192.0.2.7, *.plant.example, not for 127.0.0.1;",
        ),
        (
            &["certificate-7.example"],
            "certificate is for ***.example, not for 127.0.0.1;",
        ),
        (
            &["x.certificate-7.example"],
            "certificate is for x.***.example, not for 127.0.0.1;",
        ),
        (&["2001:db8::7"], "not for 127.0.0.1;"),
    ] {
        let wire = tls_wire(&server(ca.issue(&params(names))));
        let client = https(&wire, "127.0.0.1").token("certificate-7");
        let error = client.ca_file(&ca.file).build().unwrap().write("b", LINE);
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains(": the server's certificate is for "),
            "{text}"
        );
        assert!(text.contains(shown), "{text}");
        assert!(
            !text.contains("DnsName") && !text.contains("IpAddress"),
            "{text}"
        );
    }

    // Only the loudly named option takes it.
    let client = https(&wire, "127.0.0.1")
        .danger_accept_any_certificate(true)
        .build()
        .unwrap();
    client.write("b", LINE).unwrap();
}

#[test]
fn row_32_tls_and_plain_taken_for_each_other() {
    // https to a plain port, which finds the greeting strange.
    let wire = Wire::each(2, |peer| {
        peer.exactly(100);
        peer.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request");
    });
    let client = https(&wire, "127.0.0.1").build().unwrap();
    let error = client.write("b", LINE).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Tls, "{error}");
    assert_eq!(error.remedy(), Remedy::Operator);
    let words = ": what it sent isn't TLS; if the port speaks plain HTTP, write http:// in the URL";
    assert!(error.to_string().ends_with(words), "{error}");

    // http to a TLS port, which responds with an alert.
    let ca = Authority::new("row32-ca");
    let wire = tls_wire(&server(ca.issue(&params(&["127.0.0.1"]))));
    let client = wire.builder().build().unwrap();
    let error = client.write("b", LINE).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::NeedsTls, "{error}");
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::None, Remedy::Operator)
    );
    assert!(
        error.to_string().contains("write https:// in the URL"),
        "{error}"
    );
    // The client still works where it's right.
    https(&wire, "127.0.0.1")
        .ca_file(&ca.file)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap();

    // Others say it in HTTP: Go's server and Caddy, nginx, Apache; and one that doesn't.
    for (body, tls) in [
        ("Client sent an HTTP request to an HTTPS server.\n", true),
        (
            "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n",
            true,
        ),
        (
            "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
            true,
        ),
        ("Bad Request", false),
        (
            "{\"code\":\"invalid\",\"message\":\"sent to HTTPS port\"}",
            false,
        ),
    ] {
        let wire = Wire::each(1, move |peer| {
            peer.request();
            peer.send(format!("HTTP/1.0 400 Bad Request\r\n\r\n{body}"));
        });
        let error = wire.plain_client().write("b", LINE).unwrap_err();
        assert_eq!(error.status(), Some(400), "{body}");
        assert!(!error.is_retryable(), "{body}: {error}");
        let said = error.to_string().contains("write https:// in the URL");
        assert_eq!(said, tls, "{body}: {error}");
        if tls {
            assert_eq!(error.remedy(), Remedy::Operator, "{body}: {error}");
        }
    }
}

#[test]
fn row_33_an_early_refusal_of_a_large_body_is_seen() {
    for (status, code) in [
        ("401 Unauthorized", "unauthorized"),
        ("413 Request Entity Too Large", "request too large"),
    ] {
        let bytes = json_error(status, code, code);
        let scenes: Vec<Scene> = vec![
            Box::new(move |peer: &mut Peer| {
                let head = peer.head().unwrap();
                assert_eq!(head.header("expect"), Some("100-continue"));
                assert!(
                    head.header("content-length")
                        .unwrap()
                        .parse::<u64>()
                        .unwrap()
                        > 30_000_000
                );
                peer.send(bytes);
                std::thread::sleep(Duration::from_millis(100));
                // Closed with the body unread, which is what makes a reset of it otherwise.
            }),
            Box::new(|peer: &mut Peer| {
                peer.request();
                peer.send(NO_CONTENT);
                peer.wait_for_close();
            }),
        ];
        let wire = Wire::scenes(scenes);
        let client = wire.plain_client();
        let big = "m f=1\n".repeat(32 * 1024 * 1024 / 6);
        let error = client.write("b", big.as_str()).unwrap_err();
        assert_eq!(error.code(), Some(code), "{error}");
        assert_eq!(error.stored(), Stored::None);
        // A server that says nothing to `Expect` gets the body after a second.
        client.write("b", LINE).unwrap();
    }

    // The same over TLS.
    let ca = Authority::new("row33-ca");
    let config = server(ca.issue(&params(&["127.0.0.1"])));
    let wire = Wire::each(1, move |peer| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = StreamOwned::new(connection, peer.stream.try_clone().unwrap());
        let mut seen = Vec::new();
        let mut piece = [0u8; 4096];
        while !seen.ends_with(b"\r\n\r\n") {
            let n = tls.read(&mut piece).unwrap();
            seen.extend_from_slice(&piece[..n]);
        }
        tls.write_all(&json_error("401 Unauthorized", "unauthorized", "no"))
            .unwrap();
        tls.flush().unwrap();
        // Kept open: a client that waits for more before it looks would wait in vain.
        let _ = tls.read(&mut piece);
    });
    let client = https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap();
    let big = "m f=1\n".repeat(1_000_000);
    let error = client.write("b", big.as_str()).unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
}

#[test]
fn a_client_certificate() {
    let ca = Authority::new("mtls-ca");
    let mut client_params = params(&[]);
    client_params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    client_params
        .distinguished_name
        .push(DnType::CommonName, "edge-1");
    let key = KeyPair::generate().unwrap();
    let cert = client_params.signed_by(&key, &ca.issuer).unwrap();
    let cert_file = temp("mtls-cert", cert.pem());
    let key_file = temp("mtls-key", key.serialize_pem());
    let other_key = temp("mtls-other", KeyPair::generate().unwrap().serialize_pem());

    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
    let (server_cert, server_key) = ca.issue(&params(&["127.0.0.1"]));
    let config = builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![server_cert],
            PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let wire = tls_wire(&Arc::new(config));

    let both_in_one = temp(
        "mtls-both",
        format!("{}{}", key.serialize_pem(), cert.pem()),
    );
    for (chain, key) in [(&cert_file, &key_file), (&both_in_one, &both_in_one)] {
        let client = https(&wire, "127.0.0.1")
            .ca_file(&ca.file)
            .client_certificate(chain, key)
            .build()
            .unwrap();
        client.write("b", LINE).unwrap();
        // A key that others may read works, and is said.
        let told = client.warnings().join("\n");
        assert_eq!(
            told.contains("others may read the client key"),
            cfg!(unix),
            "{told}"
        );
    }
    let error = https(&wire, "127.0.0.1")
        .ca_file(&ca.file)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Tls, "{error}");

    // What would fail, or panic, at the first connection fails when the client is built.
    let garbage = temp(
        "mtls-garbage",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let empty = temp("mtls-empty", "");
    let encrypted = temp(
        "mtls-encrypted",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let old_style = temp(
        "mtls-old-style",
        "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\r\n\r\nMIIF\r\n-----END RSA PRIVATE KEY-----\r\n",
    );
    let broken = temp("mtls-broken", "-----BEGIN CERTIFICATE-----\n!!!\n");
    let base = || Client::builder("https://h");
    let bad = [
        (base().client_certificate(&cert_file, &other_key), "key"),
        (base().client_certificate(&cert_file, &empty), "private key"),
        (
            base().client_certificate(&empty, &key_file),
            "no PEM certificate",
        ),
        (
            base().client_certificate(&garbage, &key_file),
            "can't be used",
        ),
        (
            base().client_certificate("/nonexistent", &key_file),
            "can't be read",
        ),
        (
            base().client_certificate(&cert_file, &encrypted),
            "openssl pkey",
        ),
        (
            base().client_certificate(&cert_file, &old_style),
            "protected by a password",
        ),
        (base().ca_file(&empty), "no PEM certificate"),
        (base().ca_file(&broken), "PEM"),
        (base().ca_file(&garbage), "can't be used"),
        (base().ca_file("/nonexistent/ca.pem"), "/nonexistent/ca.pem"),
    ];
    for (builder, words) in bad {
        let error = builder.build().unwrap_err();
        assert!(error.is_config());
        assert!(
            error.to_string().contains(words),
            "{words:?} is not in: {error}"
        );
    }
}
