//! Certificates made here, and a TLS server of a few lines that goes record by record, so that it
//! can end in every way there is. The client that is tested is rustls or the system's library,
//! whichever this program was built with.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::common::wire::{NO_CONTENT, Peer, TOKEN, Wire, no_secret};
use influx_edge::client::ClientBuilder;
use influx_edge::{Client, Error, ErrorKind, TransportErrorKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

/// Both that are in use.
pub(crate) const VERSIONS: [&SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

/// What the library of this build says: rustls, or OpenSSL.
pub(crate) fn either<'a>(rustls: &'a str, native: &'a str) -> &'a str {
    if cfg!(feature = "rustls") {
        rustls
    } else {
        native
    }
}

pub(crate) const LINE: &str = "weather,station=zrh-1 temp_c=21.5 1700000000000000000";

/// Responds to each request on this connection with 204, over TLS; notes whether one came through.
pub(crate) fn serve(config: Arc<ServerConfig>, peer: &mut Peer) -> usize {
    let connection = ServerConnection::new(config).unwrap();
    let mut tls = StreamOwned::new(connection, peer.stream.try_clone().unwrap());
    let mut seen = Vec::new();
    let mut piece = [0u8; 4096];
    let mut requests = 0;
    while let Ok(n @ 1..) = tls.read(&mut piece) {
        seen.extend_from_slice(&piece[..n]);
        if seen.ends_with(LINE.as_bytes()) || seen.ends_with(b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&seen);
            assert!(text.contains(TOKEN));
            if text.starts_with("POST") && !seen.ends_with(LINE.as_bytes()) {
                continue;
            }
            requests += 1;
            seen.clear();
            if tls
                .write_all(NO_CONTENT.as_bytes())
                .and_then(|()| tls.flush())
                .is_err()
            {
                break;
            }
        }
    }
    requests
}

pub(crate) fn tls_wire(config: &Arc<ServerConfig>) -> Wire {
    let config = Arc::clone(config);
    Wire::each(8, move |peer| {
        serve(Arc::clone(&config), peer);
    })
}

/// A private CA, and its certificate as a file.
pub(crate) struct Authority {
    pub(crate) issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) file: PathBuf,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = temp(name, issuer.pem());
        Authority { issuer, file }
    }

    /// A certificate of this CA, with its key.
    pub(crate) fn issue(&self, params: &CertificateParams) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        (cert.der().clone(), key)
    }
}

/// A file under the build's own directory for such things.
pub(crate) fn temp(name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = dir.join(format!("{name}-{}.pem", std::process::id()));
    std::fs::write(&path, text.as_ref()).unwrap();
    path
}

pub(crate) fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

pub(crate) fn server((cert, key): (CertificateDer<'static>, KeyPair)) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert], key)
        .unwrap();
    Arc::new(config)
}

pub(crate) fn builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
}

pub(crate) fn https(wire: &Wire, host: &str) -> ClientBuilder {
    Client::builder(format!("https://{host}:{}", wire.addr().port()))
        .org("acme")
        .token(TOKEN)
        .timeout(Duration::from_secs(3))
}

#[track_caller]
pub(crate) fn fault(error: &Error) -> TransportErrorKind {
    no_secret(error);
    match error.kind() {
        ErrorKind::Transport(e) => e.kind(),
        other => panic!("{other:?}"),
    }
}

/// The same server, with this version only.
pub(crate) fn server_of(
    version: &'static SupportedProtocolVersion,
    (cert, key): (CertificateDer<'static>, KeyPair),
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![cert],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    Arc::new(config)
}

/// How a server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// TLS's own close_notify, then TCP's end.
    Farewell,
    /// TCP's end alone.
    Silence,
    /// A reset, as what was sent is not read: the request must be longer than what the server read.
    Reset,
    /// A record that can't be decrypted.
    Garbage,
    /// The beginning of a record.
    HalfRecord,
    /// A fatal alert, as TLS sends it.
    Alert,
    /// An alert of somebody who has no keys.
    PlainAlert,
    /// A record longer than any may be.
    TooLong,
    /// Something else than TLS.
    NoTls,
}

/// The server's side of one connection.
pub(crate) struct Server<'a> {
    pub(crate) peer: &'a mut Peer,
    pub(crate) tls: ServerConnection,
}

impl<'a> Server<'a> {
    /// Shakes hands; `None` if that fails.
    pub(crate) fn accept(config: &Arc<ServerConfig>, peer: &'a mut Peer) -> Option<Self> {
        let tls = ServerConnection::new(Arc::clone(config)).unwrap();
        let mut server = Server { peer, tls };
        while server.tls.is_handshaking() {
            server.record()?;
        }
        server.flush();
        Some(server)
    }

    fn flush(&mut self) {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut self.peer.stream).is_err() {
                return;
            }
        }
    }

    /// Reads exactly one record, and no byte more.
    pub(crate) fn record(&mut self) -> Option<()> {
        self.flush();
        let mut record = vec![0; 5];
        self.peer.stream.read_exact(&mut record).ok()?;
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(5 + length, 0);
        self.peer.stream.read_exact(&mut record[5..]).ok()?;
        let mut rest = record.as_slice();
        while !rest.is_empty() {
            self.tls.read_tls(&mut rest).ok()?;
            let result = self.tls.process_new_packets();
            self.flush();
            result.ok()?;
        }
        Some(())
    }

    /// Reads the head of a request, in records of its own if its body is long; gives how much of
    /// the body is still to come.
    pub(crate) fn head(&mut self) -> Option<usize> {
        let mut seen = Vec::new();
        let end = loop {
            if let Some(at) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.more(&mut seen)?;
        };
        let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
        assert!(head.contains(&TOKEN.to_ascii_lowercase()));
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |n| n.parse().unwrap());
        Some(end + length - seen.len())
    }

    /// Reads a whole request.
    pub(crate) fn request(&mut self) -> Option<()> {
        let left = self.head()?;
        let mut body = Vec::new();
        while body.len() < left {
            self.more(&mut body)?;
        }
        Some(())
    }

    fn more(&mut self, seen: &mut Vec<u8>) -> Option<()> {
        let mut piece = [0; 4096];
        match self.tls.reader().read(&mut piece) {
            Ok(n @ 1..) => seen.extend_from_slice(&piece[..n]),
            _ => self.record()?,
        }
        Some(())
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.tls.writer().write_all(bytes.as_ref()).unwrap();
        self.flush();
    }

    /// Sends these bytes as they are, without TLS.
    fn raw(&mut self, bytes: &[u8]) {
        self.peer.send(bytes);
        // Not closed yet, so that nothing but these bytes is what the client sees.
        self.peer.wait_for_close();
    }

    pub(crate) fn end(mut self, end: End) {
        match end {
            End::Farewell => {
                self.tls.send_close_notify();
                self.flush();
            }
            End::Silence => {}
            End::Reset => std::thread::sleep(Duration::from_millis(40)),
            End::Garbage => {
                let mut record = vec![0x17, 3, 3, 0, 40];
                record.extend([0x5a; 40]);
                self.raw(&record);
            }
            End::HalfRecord => self.peer.send([0x17, 3, 3, 0, 40, 1, 2, 3]),
            End::Alert => {
                // What makes rustls send one: a record of nobody's.
                let mut record = vec![0x17, 3, 3, 0, 40];
                record.extend([0x5a; 40]);
                self.tls.read_tls(&mut record.as_slice()).unwrap();
                self.tls.process_new_packets().unwrap_err();
                self.flush();
            }
            End::PlainAlert => self.raw(&[0x15, 3, 3, 0, 2, 2, 80]),
            End::TooLong => {
                let mut record = vec![0x17, 3, 3, 0xff, 0xff];
                record.extend([0x5a; 1000]);
                self.raw(&record);
            }
            End::NoTls => self.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        }
    }
}
