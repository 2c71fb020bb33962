//! A mock server that can be taken away and brought back: a switch on the wire before it.

use crate::common::mock_server::{Point, Server};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The server, and the wire to it.
pub(crate) struct Switched {
    server: Server,
    address: SocketAddr,
    wire: Option<Wire>,
}

/// Connections are passed on for as long as it is there.
struct Wire {
    cut: Arc<AtomicBool>,
    ends: Arc<Mutex<Vec<TcpStream>>>,
    acceptor: Option<thread::JoinHandle<()>>,
    address: SocketAddr,
}

impl Switched {
    pub(crate) fn start() -> Self {
        let server = Server::start();
        let target = server.url().trim_start_matches("http://").parse();
        let wire = Wire::lay((Ipv4Addr::LOCALHOST, 0).into(), target.expect("an address"));
        Switched {
            server,
            address: wire.address,
            wire: Some(wire),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn org(&self) -> &str {
        self.server.org()
    }

    pub(crate) fn token(&self) -> &str {
        self.server.token()
    }

    /// The fields that are in the server.
    pub(crate) fn fields(&self) -> Vec<Point> {
        self.server.points(self.server.bucket())
    }

    /// How many points are in the server: a series and a time make one, however many fields it has.
    pub(crate) fn points(&self) -> usize {
        let points = self.fields().into_iter();
        let points = points.map(|field| (field.measurement, field.tags, field.time));
        points.collect::<BTreeSet<_>>().len()
    }

    /// Takes the server away. False if it was away.
    pub(crate) fn off(&mut self) -> bool {
        self.wire.take().is_some()
    }

    /// Brings it back, at the same address.
    pub(crate) fn on(&mut self) {
        if self.wire.is_none() {
            let target = self.server.url().trim_start_matches("http://").parse();
            self.wire = Some(Wire::lay(self.address, target.expect("an address")));
        }
    }
}

impl Wire {
    fn lay(address: SocketAddr, target: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("the port is free");
        let address = listener.local_addr().expect("an address");
        let cut = Arc::new(AtomicBool::new(false));
        let ends = Arc::new(Mutex::new(Vec::new()));
        let (is_cut, all) = (Arc::clone(&cut), Arc::clone(&ends));
        let acceptor = thread::spawn(move || {
            for near in listener.incoming() {
                if is_cut.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(target)) else {
                    continue;
                };
                let clone = |end: &TcpStream| end.try_clone().expect("a descriptor");
                all.lock()
                    .expect("no panic")
                    .extend([clone(&near), clone(&far)]);
                pump(clone(&near), clone(&far));
                pump(far, near);
            }
        });
        Wire {
            cut,
            ends,
            acceptor: Some(acceptor),
            address,
        }
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Write));
    });
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut.store(true, Ordering::Relaxed);
        // The acceptor sleeps in accept(); one connection wakes it up.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
        for end in self.ends.lock().expect("no panic").drain(..) {
            drop(end.shutdown(Shutdown::Both));
        }
    }
}
