//! Certificates and keys as people have them: what they made by OpenSSL, what an editor or another
//! system made of it, and what isn't what it should be, which is found when the client is built.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use influx_edge::client::ClientBuilder;
use influx_edge::{Client, TransportErrorKind};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

#[cfg(all(target_os = "linux", not(feature = "rustls")))]
use crate::common::wire::TOKEN;
use crate::common::wire::{NO_CONTENT, Wire};
use crate::tls_server::{
    Authority, LINE, Server, builder, either, fault, https, params, server, temp, tls_wire,
};

/// DER as PEM.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let digits = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(64) {
        writeln!(pem, "{}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    writeln!(pem, "-----END {label}-----").unwrap();
    pem
}

/// What `openssl req -x509` makes: a CA's certificate that is a server's, too.
fn openssl_like(names: &[&str]) -> CertificateParams {
    let mut params = params(names);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "influx.plant.example");
    params
}

#[test]
fn a_self_signed_certificate_is_its_own_ca() {
    let stranger = Authority::new("files-stranger");
    let plain = || openssl_like(&["127.0.0.1", "localhost"]);
    let mut path_length = plain();
    path_length.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let mut explicit = plain();
    explicit.is_ca = IsCa::ExplicitNoCa;
    let mut silent = plain();
    silent.is_ca = IsCa::NoCa;
    let mut signing = plain();
    signing.key_usages = vec![
        rcgen::KeyUsagePurpose::KeyCertSign,
        rcgen::KeyUsagePurpose::DigitalSignature,
    ];
    let mut old = plain();
    old.not_before = date_time_ymd(2001, 1, 1);
    old.not_after = date_time_ymd(2002, 1, 1);
    let mut young = plain();
    young.not_before = date_time_ymd(4000, 1, 1);
    young.not_after = date_time_ymd(4001, 1, 1);
    let good = "";
    for (name, params, words) in [
        ("as OpenSSL makes it", plain(), good),
        ("a CA without a level below", path_length, good),
        ("no CA, it says", explicit, good),
        ("nothing about CAs", silent, good),
        ("with usages", signing, good),
        ("expired", old, "expired"),
        ("not valid yet", young, "not yet valid"),
        (
            "of another name",
            openssl_like(&["influx.example"]),
            "not for 127.0.0.1",
        ),
        (
            "without a name",
            openssl_like(&[]),
            either("-addext subjectAltName", "not for 127.0.0.1"),
        ),
    ] {
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        let alone = temp("files-self", cert.pem());
        let among = temp(
            "files-among",
            format!("{}{}", stranger.issuer.pem(), cert.pem()),
        );
        // The same names, but another's key.
        let twin = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let twin = temp("files-twin", twin.pem());
        let wire = tls_wire(&server((cert.der().clone(), key)));
        for file in [&alone, &among] {
            let client = https(&wire, "127.0.0.1").ca_file(file).build().unwrap();
            let result = client.write("b", LINE);
            if words.is_empty() {
                result.unwrap_or_else(|e| panic!("{name}: {e}"));
                continue;
            }
            let error = result.unwrap_err();
            assert_eq!(fault(&error), TransportErrorKind::Tls, "{name}: {error}");
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
        for builder in [
            https(&wire, "127.0.0.1"),
            https(&wire, "127.0.0.1").ca_file(&stranger.file),
            https(&wire, "127.0.0.1").ca_file(twin),
        ] {
            let error = builder.build().unwrap().write("b", LINE).unwrap_err();
            assert_eq!(fault(&error), TransportErrorKind::Tls, "{name}: {error}");
        }
    }
}

/// What is to be done depends on what the certificate lacks and on what the client was given.
#[cfg(feature = "rustls")]
#[test]
fn a_ca_s_own_certificate_is_refused_with_what_to_do() {
    const MAKE: &str = "openssl req -x509 -newkey rsa:2048 -nodes -days 825 -keyout server.key -out server.crt -subj /CN=influxdb -addext subjectAltName=";
    let stranger = Authority::new("files-elsewhere");
    let named = || openssl_like(&["127.0.0.1", "localhost"]);
    let nameless = || openssl_like(&[]);
    let mut leaf = openssl_like(&[]);
    leaf.is_ca = IsCa::ExplicitNoCa;
    let (ip, dns) = (
        format!("{MAKE}IP:127.0.0.1"),
        format!("{MAKE}DNS:localhost"),
    );
    // The certificate, whether it or another one is the CA file, and what is said.
    for (params, host, file, words) in [
        (named(), "127.0.0.1", None, "a CA's own; give it as ca_file"),
        (named(), "localhost", None, "a CA's own; give it as ca_file"),
        (
            named(),
            "127.0.0.1",
            Some(false),
            "isn't the one in ca_file; give it as ca_file",
        ),
        (nameless(), "127.0.0.1", None, ip.as_str()),
        (nameless(), "localhost", None, &dns),
        (nameless(), "127.0.0.1", Some(false), &ip),
        (nameless(), "127.0.0.1", Some(true), &ip),
        (nameless(), "localhost", Some(true), &dns),
        (leaf, "localhost", Some(true), &dns),
    ] {
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        let own = temp("files-own", cert.pem());
        let wire = tls_wire(&server((cert.der().clone(), key)));
        let builder = match file {
            None => https(&wire, host),
            Some(true) => https(&wire, host).ca_file(own),
            Some(false) => https(&wire, host).ca_file(&stranger.file),
        };
        let error = builder.build().unwrap().write("b", LINE).unwrap_err();
        assert_eq!(fault(&error), TransportErrorKind::Tls, "{error}");
        let text = error.to_string();
        assert!(text.ends_with(words), "{words:?} {file:?}: {text}");
        assert!(text.contains(": the server's certificate "), "{text}");
        assert!(!text.contains("OtherError"), "{text}");
    }
}

/// The command in the error, run as it stands there, makes a certificate that is trusted.
#[cfg(all(unix, feature = "rustls"))]
#[test]
fn the_command_in_the_error_makes_what_is_trusted() {
    use std::process::Command;

    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED the command for OpenSSL: there is no openssl here");
        return;
    }
    for host in ["127.0.0.1", "localhost"] {
        let key = KeyPair::generate().unwrap();
        let cert = openssl_like(&[]).self_signed(&key).unwrap();
        let wire = tls_wire(&server((cert.der().clone(), key)));
        let client = https(&wire, host).build().unwrap();
        let text = client.write("b", LINE).unwrap_err().to_string();
        let (_, command) = text.split_once("openssl req").expect("a command");
        let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("openssl-{host}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let made = Command::new("sh")
            .args(["-c", &format!("openssl req{command}")])
            .current_dir(&dir)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert!(made.status.success(), "{command}: {made:?}");
        let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
        let pem = |name: &str, label: &str| {
            let text = String::from_utf8(read(name)).unwrap();
            let (_, inner) = text.split_once(&format!("BEGIN {label}-----")).unwrap();
            let (inner, _) = inner.split_once("-----END").unwrap();
            let digits: String = inner.split_whitespace().collect();
            base64::engine::general_purpose::STANDARD
                .decode(digits)
                .unwrap()
        };
        let key = PrivateKeyDer::Pkcs8(pem("server.key", "PRIVATE KEY").into());
        let config: ServerConfig = builder()
            .with_no_client_auth()
            .with_single_cert(vec![pem("server.crt", "CERTIFICATE").into()], key)
            .unwrap();
        let wire = tls_wire(&Arc::new(config));
        let client = https(&wire, host)
            .ca_file(dir.join("server.crt"))
            .build()
            .unwrap();
        client.write("b", LINE).unwrap();
    }
}

/// A server that takes the clients of this authority only.
fn mutual(ca: &Authority) -> Wire {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
    let (cert, key) = ca.issue(&params(&["127.0.0.1"]));
    let config: ServerConfig = builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![cert],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    Wire::each(64, move |peer| {
        if let Some(mut server) = Server::accept(&config, peer) {
            while server.request().is_some() {
                server.send(NO_CONTENT);
            }
        }
    })
}

fn utf16(text: &str, mark: bool, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some('\u{feff}');
    mark.into_iter()
        .chain(text.chars())
        .flat_map(|c| order(c as u16))
        .collect()
}

/// One and the same PEM in the forms that files have.
fn forms(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let indented = pem.replace('\n', "\n   \t").replacen("-----", "  -----", 1);
    let spaced = pem.replace('\n', "  \n");
    vec![
        ("as it is", pem.into()),
        ("with a mark", format!("\u{feff}{pem}").into()),
        ("with CRLF", pem.replace('\n', "\r\n").into()),
        ("with CR", pem.replace('\n', "\r").into()),
        ("indented", indented.into()),
        ("spaces at the ends", spaced.into()),
        ("no line end at the end", pem.trim_end().into()),
        (
            "a comment in Latin-1",
            [b"# Schl\xfcssel f\xfcr die Anlage\r\n", pem.as_bytes()].concat(),
        ),
        (
            "openssl x509 -text",
            format!("Certificate:\n    Data:\n        Version: 3 (0x2)\n{pem}").into(),
        ),
        (
            "openssl pkcs12",
            format!("Bag Attributes\n    localKeyID: 01 \nKey Attributes: <No Attributes>\n{pem}")
                .into(),
        ),
        (
            "behind another file's mark",
            format!("\u{feff}Nothing here.\n\u{feff}{pem}").into(),
        ),
        (
            "text behind it",
            format!("{pem}\n-- \nThe plant's IT\n").into(),
        ),
        ("UTF-16", utf16(pem, true, u16::to_le_bytes)),
        (
            "UTF-16, the other order",
            utf16(pem, true, u16::to_be_bytes),
        ),
        ("UTF-16 without a mark", utf16(pem, false, u16::to_le_bytes)),
    ]
}

#[test]
fn files_are_read_in_every_form_that_has_one_meaning() {
    let ca = Authority::new("files-forms-ca");
    let (cert, key) = ca.issue(&params(&["edge-1"]));
    let wire = mutual(&ca);
    let good = (
        temp("files-forms-cert", pem("CERTIFICATE", &cert)),
        temp("files-forms-key", key.serialize_pem()),
    );
    let roots = forms(&ca.issuer.pem());
    let chains = forms(&pem("CERTIFICATE", &cert));
    let keys = forms(&key.serialize_pem());
    for (((name, root), (_, chain)), (_, key)) in roots.into_iter().zip(chains).zip(keys) {
        let root = temp("files-form-root", root);
        let chain = temp("files-form-chain", chain);
        let key = temp("files-form-key", key);
        for (root, chain, key) in [
            (&root, &good.0, &good.1),
            (&ca.file, &chain, &good.1),
            (&ca.file, &good.0, &key),
        ] {
            https(&wire, "127.0.0.1")
                .ca_file(root)
                .client_certificate(chain, key)
                .build()
                .and_then(|client| client.write("b", LINE))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

/// The older form of an elliptic key, which is inside of the newer one: a SEQUENCE with version 1.
fn sec1_of(pkcs8: &[u8]) -> &[u8] {
    let at = pkcs8
        .windows(6)
        .position(|w| {
            let begin = match w {
                [0x30, 0x81, _, begin @ ..] | [0x30, _, begin @ ..] => begin,
                _ => return false,
            };
            begin.starts_with(&[2, 1, 1])
        })
        .unwrap();
    &pkcs8[at..]
}

#[test]
fn keys_in_older_forms_work_or_are_named_with_the_command_that_makes_newer_ones() {
    let ca = Authority::new("files-keys-ca");
    let wire = mutual(&ca);
    let rsa = include_str!("rsa-key.pem");
    let rsa = KeyPair::from_pem(&rsa[rsa.find("-----").unwrap()..]).unwrap();
    let p256 = KeyPair::generate().unwrap();
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let sec1 = |key: &KeyPair| pem("EC PRIVATE KEY", sec1_of(&key.serialize_der()));
    // RSA's version is 0, and behind it is another INTEGER.
    let pkcs1 = pem("RSA PRIVATE KEY", &rsa.serialize_der()[26..]);
    for (name, key, text, newer) in [
        ("P-256", &p256, p256.serialize_pem(), true),
        ("P-384", &p384, p384.serialize_pem(), true),
        ("Ed25519", &ed25519, ed25519.serialize_pem(), true),
        ("RSA", &rsa, rsa.serialize_pem(), true),
        ("P-256 in SEC1", &p256, sec1(&p256), false),
        ("P-384 in SEC1", &p384, sec1(&p384), false),
        (
            "P-256 with parameters",
            &p256,
            format!("{parameters}{}", sec1(&p256)),
            false,
        ),
        ("RSA in PKCS#1", &rsa, pkcs1, false),
    ] {
        if name == "Ed25519" && !cfg!(feature = "rustls") {
            // ring writes it with its public key, which OpenSSL 3.0 doesn't read.
            continue;
        }
        let cert = params(&["edge-1"]).signed_by(key, &ca.issuer).unwrap();
        let chain = temp("files-keys-cert", cert.pem());
        let file = temp("files-keys-key", &text);
        let client = https(&wire, "127.0.0.1")
            .ca_file(&ca.file)
            .client_certificate(&chain, &file)
            .build();
        if newer || cfg!(feature = "rustls") {
            client
                .and_then(|client| client.write("b", LINE))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
        } else {
            let error = client.unwrap_err().to_string();
            assert!(error.contains("openssl pkcs8 -topk8 -nocrypt"), "{error}");
            assert!(error.contains(&file.display().to_string()), "{error}");
        }
        // Another's key, of the same kind or not.
        for other in [&p256, &p384, &KeyPair::generate().unwrap()] {
            if other.serialize_der() == key.serialize_der() {
                continue;
            }
            let file = temp("files-keys-other", other.serialize_pem());
            let error = Client::builder("https://h")
                .client_certificate(&chain, &file)
                .build()
                .unwrap_err();
            assert!(error.is_config(), "{name}: {error}");
            let error = error.to_string();
            assert!(error.contains(&file.display().to_string()), "{error}");
            assert!(error.contains("belong together"), "{name}: {error}");
        }
    }
}

#[test]
fn what_is_no_pem_is_named_with_its_path_when_the_client_is_built() {
    let ca = Authority::new("files-bad-ca");
    let (cert, key) = ca.issue(&params(&["edge-1"]));
    let cert_pem = pem("CERTIFICATE", &cert);
    let key_pem = key.serialize_pem();
    let good = (
        temp("files-bad-cert", &cert_pem),
        temp("files-bad-key", &key_pem),
    );
    let junk = pem("CERTIFICATE", b"not a certificate");
    let cut = &cert_pem[..cert_pem.len() / 2];
    let digits = cert_pem.replace("MII", "M!I");
    let with_trust = pem("TRUSTED CERTIFICATE", &[&cert[..], &[0x30, 0]].concat());
    let pkcs7 = [0x30, 0x80 + 1, 200, 0x06, 9, 0x2a];
    let pkcs12 = [0x30, 0x82, 9, 0xd6, 2, 1, 3, 0x30];
    let encrypted_der = [0x30, 0x81, 0xec, 0x30, 0x57, 6, 9];
    let certificates: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "is empty"),
        (b"\n\n".into(), "is empty"),
        (b"<html>404</html>".into(), "no PEM certificate"),
        (key_pem.clone().into(), "no PEM certificate"),
        (cert.to_vec(), "openssl x509 -inform der"),
        (pkcs12.to_vec(), "openssl pkcs12"),
        (pkcs7.to_vec(), "openssl pkcs7 -inform der -print_certs"),
        (pem("PKCS7", &pkcs7).into(), "openssl pkcs7 -print_certs"),
        (with_trust.into(), "openssl x509 -in"),
        (cut.into(), "was the file cut"),
        (format!("{cut}\n{cert_pem}").into(), "was the file cut"),
        (digits.into(), "isn't valid PEM"),
        (junk.clone().into(), "can't be used"),
        (format!("{cert_pem}{junk}").into(), "can't be used"),
    ];
    let mut bad: Vec<(ClientBuilder, Vec<u8>, &str, &str)> = Vec::new();
    for (n, (bytes, words)) in certificates.into_iter().enumerate() {
        let file = temp(&format!("files-bad-{n}"), &bytes);
        let base = || Client::builder("https://h");
        bad.push((base().ca_file(&file), bytes.clone(), words, "the CA file"));
        bad.push((
            base().client_certificate(&file, &good.1),
            bytes,
            words,
            "the client certificate",
        ));
    }
    let pkcs8 = key.serialize_der();
    let keys: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "is empty"),
        (cert_pem.clone().into(), "no PEM private key"),
        (pkcs8.clone(), "openssl pkey -inform der"),
        (pkcs12.to_vec(), "openssl pkcs12"),
        (encrypted_der.to_vec(), "protected by a password"),
        (
            pem("ENCRYPTED PRIVATE KEY", &encrypted_der).into(),
            "openssl pkey -in",
        ),
        (
            pem("OPENSSH PRIVATE KEY", b"openssh-key-v1").into(),
            "for SSH",
        ),
        (key_pem[..key_pem.len() / 2].into(), "was the file cut"),
        (key_pem.replace('g', "!").into(), "isn't valid PEM"),
        (pem("PRIVATE KEY", &pkcs8[1..]).into(), "can't be used"),
        (pem("PRIVATE KEY", b"no key").into(), "can't be used"),
    ];
    for (n, (bytes, words)) in keys.into_iter().enumerate() {
        let file = temp(&format!("files-bad-key-{n}"), &bytes);
        let builder = Client::builder("https://h").client_certificate(&good.0, &file);
        bad.push((builder, bytes, words, "the client key"));
    }
    for (builder, bytes, words, what) in bad {
        let case = String::from_utf8_lossy(&bytes).into_owned();
        let error = match builder.build() {
            Ok(_) => panic!("{what}: {case}"),
            Err(error) => error,
        };
        assert!(error.is_config(), "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(words), "{words:?} is not in: {text}");
        assert!(text.contains(what), "{what:?} is not in: {text}");
        assert!(text.contains("files-bad-"), "no path in: {text}");
        // Not a line of what is between the dashes.
        for line in case
            .lines()
            .filter(|line| !line.starts_with("--") && line.len() > 20)
        {
            assert!(!text.contains(line), "{text}");
        }
    }
}

/// With the system's library, a CA that the system trusts is trusted. OpenSSL looks where a variable
/// of the environment says, and a program can't change its own while it has threads: the client is
/// this test once more, in a process of its own.
#[test]
#[cfg(all(target_os = "linux", not(feature = "rustls")))]
fn the_systems_library_trusts_what_the_system_trusts() {
    const URL: &str = "INFLUX_EDGE_STORE_TEST_URL";
    if let Ok(url) = std::env::var(URL) {
        let client = Client::builder(url)
            .org("acme")
            .token(TOKEN)
            .build()
            .unwrap();
        client.write("b", LINE).unwrap();
        return;
    }
    let ca = Authority::new("files-store-ca");
    let stranger = Authority::new("files-store-other");
    let config = server(ca.issue(&params(&["127.0.0.1"])));
    let wire = Wire::each(8, move |peer| {
        if let Some(mut server) = Server::accept(&config, peer) {
            while server.request().is_some() {
                server.send(NO_CONTENT);
            }
        }
    });
    for (store, trusted) in [(&ca.file, true), (&stranger.file, false)] {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "tls_files::the_systems_library_trusts_what_the_system_trusts",
            ])
            .env(URL, format!("https://{}", wire.addr()))
            .env("SSL_CERT_FILE", store)
            .output()
            .unwrap();
        assert_eq!(child.status.success(), trusted, "{child:?}");
    }
}

/// With rustls the system's store is a file like any other, and the error says so.
#[test]
#[cfg(feature = "rustls")]
fn rustls_says_whom_it_trusts_and_how_to_change_that() {
    let ca = Authority::new("files-roots-ca");
    let wire = tls_wire(&server(ca.issue(&params(&["127.0.0.1"]))));
    let error = https(&wire, "127.0.0.1")
        .build()
        .unwrap()
        .ping()
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("Mozilla's roots") && text.contains("/etc/ssl/certs/ca-certificates.crt"),
        "{text}"
    );
    // Whoever has set it is not told to.
    let other = Authority::new("files-roots-other");
    let client = https(&wire, "127.0.0.1")
        .ca_file(&other.file)
        .build()
        .unwrap();
    let text = client.ping().unwrap_err().to_string();
    assert!(!text.contains("Mozilla's roots"), "{text}");
}
