//! Stands between the client and the server: passes bytes on, hears cookies, and can be shut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// One end on the loopback, the other at the server.
pub(super) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    server: String,
    shut: AtomicBool,
    over: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    /// What the server has sent, and what it was sent.
    responses: Mutex<Vec<u8>>,
    requests: Mutex<Vec<u8>>,
}

impl Relay {
    /// To the server at an `http://` URL.
    pub(super) fn start(url: &str) -> Relay {
        let rest = url.strip_prefix("http://").expect("a plain http:// URL");
        let server = rest.split('/').next().unwrap_or(rest).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server,
            shut: AtomicBool::new(false),
            over: AtomicBool::new(false),
            open: Mutex::default(),
            responses: Mutex::default(),
            requests: Mutex::default(),
        });
        let mine = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if mine.over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    mine.join(stream);
                }
            }
        });
        Relay {
            address,
            shared,
            thread: Some(thread),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on every connection ends at once, those that are open too: the server is away.
    pub(super) fn shut(&self) {
        self.shared.shut.store(true, Ordering::SeqCst);
        self.shared.hang_up();
    }

    pub(super) fn reopen(&self) {
        self.shared.shut.store(false, Ordering::SeqCst);
    }

    /// How often the clients have sent these bytes.
    pub(super) fn asked(&self, bytes: &str) -> usize {
        let requests = self.shared.requests.lock().unwrap();
        String::from_utf8_lossy(&requests).matches(bytes).count()
    }

    /// The value of the last cookie the server has set.
    pub(super) fn cookie(&self) -> String {
        let responses = self.shared.responses.lock().unwrap();
        let text = String::from_utf8_lossy(&responses);
        let (_, rest) = text.rsplit_once("Set-Cookie: ").expect("a cookie");
        rest.split(';').next().unwrap().to_owned()
    }
}

impl Shared {
    fn hang_up(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn join(self: &Arc<Self>, client: TcpStream) {
        if self.shut.load(Ordering::SeqCst) {
            return;
        }
        let Ok(server) = TcpStream::connect(&self.server) else {
            return;
        };
        let mut open = self.open.lock().unwrap();
        open.push(client.try_clone().unwrap());
        open.push(server.try_clone().unwrap());
        drop(open);
        let pairs = [
            (
                client.try_clone().unwrap(),
                server.try_clone().unwrap(),
                true,
            ),
            (server, client, false),
        ];
        for (from, to, is_request) in pairs {
            let shared = Arc::clone(self);
            std::thread::spawn(move || shared.pass(from, to, is_request));
        }
    }

    /// Ends when either side does.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream, is_request: bool) {
        let mut piece = [0; 16_384];
        while let Ok(n) = from.read(&mut piece) {
            let bytes = &piece[..n];
            let heard = if is_request {
                &self.requests
            } else {
                &self.responses
            };
            heard.lock().unwrap().extend_from_slice(bytes);
            if n == 0 || to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.hang_up();
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
