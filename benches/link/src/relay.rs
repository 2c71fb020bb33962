//! A thin link: what goes through it is held back to a byte rate, arrives after a delay, and now and then
//! the connection is cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// What the link is like.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Bytes of a second, in each direction, over all connections.
    pub rate: u64,
    pub round_trip: Duration,
    /// Of so many exchanges of a request and a response one is cut in the middle of the request.
    pub cuts: u64,
}

/// So late a sleep may end.
const SLACK: Duration = Duration::from_millis(5);

/// One direction.
struct Pipe {
    shape: Shape,
    /// When everything that was sent has left.
    busy_until: Mutex<Instant>,
    bytes: AtomicU64,
}

impl Pipe {
    fn new(shape: Shape) -> Arc<Pipe> {
        Arc::new(Pipe {
            shape,
            busy_until: Mutex::new(Instant::now()),
            bytes: AtomicU64::new(0),
        })
    }

    /// Waits until so many bytes have left; when they arrive.
    fn pass(&self, len: usize) -> Instant {
        let left = {
            let mut busy = self.busy_until.lock().unwrap();
            let took = Duration::from_secs_f64(len as f64 / self.shape.rate as f64);
            // (Whoever slept too long makes up for it.)
            *busy = (*busy).max(Instant::now() - SLACK) + took;
            *busy
        };
        self.bytes.fetch_add(len as u64, Ordering::Relaxed);
        sleep(left.saturating_duration_since(Instant::now()));
        left + self.shape.round_trip / 2
    }
}

pub struct Relay {
    pub url: String,
    up: Arc<Pipe>,
}

impl Relay {
    /// A link to the server at this address.
    pub fn start(server: std::net::SocketAddr, shape: Shape) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (up, down) = (Pipe::new(shape), Pipe::new(shape));
        let relay = Relay {
            url,
            up: Arc::clone(&up),
        };
        let exchanges = Arc::new(AtomicU64::new(0));
        spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(server).unwrap();
                // Pieces leave as they come.
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (up, down) = (Arc::clone(&up), Arc::clone(&down));
                let exchanges = Arc::clone(&exchanges);
                let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                // (A response ends an exchange.)
                let fresh = Arc::new(AtomicU64::new(1));
                let ended = Arc::clone(&fresh);
                spawn(move || carry(from, to, &down, |_| ended.store(1, Ordering::Relaxed) == ()));
                spawn(move || {
                    // The handshake.
                    sleep(shape.round_trip);
                    let mut cut_after = usize::MAX;
                    carry(client, server, &up, |len| {
                        if fresh.swap(0, Ordering::Relaxed) == 1 {
                            let number = exchanges.fetch_add(1, Ordering::Relaxed);
                            // (In the second half of the first hundred.)
                            let cut = shape.cuts > 0 && number % shape.cuts == shape.cuts * 2 / 3;
                            cut_after = if cut { 2_000 } else { usize::MAX };
                        }
                        cut_after = cut_after.saturating_sub(len);
                        cut_after > 0
                    });
                });
            }
        });
        relay
    }

    /// Bytes that went towards the server so far.
    pub fn bytes(&self) -> u64 {
        self.up.bytes.load(Ordering::Relaxed)
    }
}

/// Carries what comes, until either side closes or `goes_on` says no.
fn carry(from: TcpStream, to: TcpStream, pipe: &Pipe, mut goes_on: impl FnMut(usize) -> bool) {
    let (sender, pieces) = channel();
    let other = to.try_clone().unwrap();
    let arrival = spawn(move || deliver(&pieces, &other));
    if read(&from, &sender, pipe, &mut goes_on) {
        drop(sender);
        let _ = arrival.join();
        let _ = to.shutdown(Shutdown::Write);
    } else {
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

fn read(
    mut from: &TcpStream,
    sender: &Sender<(Instant, Vec<u8>)>,
    pipe: &Pipe,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> bool {
    let mut piece = [0; 1400];
    loop {
        let len = match from.read(&mut piece) {
            Ok(0) | Err(_) => return true,
            Ok(len) => len,
        };
        let arrives = pipe.pass(len);
        if !goes_on(len) {
            return false;
        }
        if sender.send((arrives, piece[..len].to_vec())).is_err() {
            return true;
        }
    }
}

fn deliver(pieces: &Receiver<(Instant, Vec<u8>)>, mut to: &TcpStream) {
    for (arrives, piece) in pieces {
        sleep(arrives.saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            return;
        }
    }
}
