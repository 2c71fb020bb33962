//! The modem between the board's UART, which QEMU makes a Unix socket, and a server.
//!
//! Its codes are those of the firmware's `modem.rs`. A connection is cut where a script says; whatever
//! the board sends after that is dropped until it opens the next one.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

const ESC: u8 = 0x1B;

/// What happens to one connection. Those behind the script are honest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LinkFault {
    /// It works.
    None,
    /// It is refused.
    Refused,
    /// It is cut when so many bytes have gone from the board to the server.
    CutAfter(usize),
}

/// A modem that waits for its board.
pub(crate) struct Relay {
    shared: Arc<Mutex<Shared>>,
}

/// What is known of the modem at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Connections opened.
    pub opened: u32,
    /// Connections refused, by the script or by the server.
    pub refused: u32,
    /// Connections cut by the script.
    pub cut: u32,
    /// Bytes that went from the board to the server.
    pub sent: usize,
    /// Bytes that the board sent without a connection.
    pub dropped: usize,
    /// Codes that there are not.
    pub unknown_codes: u32,
}

#[derive(Default)]
struct Shared {
    /// To the board.
    board: Option<UnixStream>,
    /// Counts connections: what comes from any but the newest is dropped.
    current: u32,
    report: Report,
}

impl Relay {
    /// Listens at `path` and connects to `server`, with this script.
    pub(crate) fn start(
        path: &Path,
        server: SocketAddr,
        script: Vec<LinkFault>,
    ) -> io::Result<Relay> {
        let listener = UnixListener::bind(path)?;
        let shared = Arc::<Mutex<Shared>>::default();
        let relay = Relay {
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            let Ok((board, _)) = listener.accept() else {
                return;
            };
            let Ok(writer) = board.try_clone() else {
                return;
            };
            lock(&shared).board = Some(writer);
            let mut modem = Modem {
                shared,
                server,
                script: script.into_iter(),
                connection: None,
            };
            // It ends with an error of the socket, when QEMU does.
            modem.serve(board).ok();
            modem.hang_up();
        });
        Ok(relay)
    }

    pub(crate) fn report(&self) -> Report {
        lock(&self.shared).report.clone()
    }
}

struct Modem {
    shared: Arc<Mutex<Shared>>,
    server: SocketAddr,
    script: std::vec::IntoIter<LinkFault>,
    connection: Option<Connection>,
}

struct Connection {
    stream: TcpStream,
    /// How many bytes may still pass.
    allowed: usize,
}

impl Modem {
    fn serve(&mut self, mut board: UnixStream) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let mut data = Vec::new();
        let mut after_esc = false;
        loop {
            let length = board.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            for &byte in &buffer[..length] {
                match (after_esc, byte) {
                    (false, ESC) => after_esc = true,
                    (false, _) => data.push(byte),
                    (true, _) => {
                        after_esc = false;
                        match byte {
                            ESC => data.push(ESC),
                            b'O' => {
                                self.send(&mut data)?;
                                self.open()?;
                            }
                            _ => lock(&self.shared).report.unknown_codes += 1,
                        }
                    }
                }
            }
            self.send(&mut data)?;
        }
    }

    fn hang_up(&mut self) {
        if let Some(old) = self.connection.take() {
            // It may be closed already.
            old.stream.shutdown(Shutdown::Both).ok();
        }
    }

    /// Everything under the lock: nothing of an old connection comes behind the code.
    fn open(&mut self) -> io::Result<()> {
        self.hang_up();
        let mut shared = lock(&self.shared);
        shared.current += 1;
        let fault = self.script.next().unwrap_or(LinkFault::None);
        let stream = match fault {
            LinkFault::Refused => Err(io::ErrorKind::ConnectionRefused.into()),
            _ => TcpStream::connect(self.server),
        };
        let Ok(stream) = stream else {
            shared.report.refused += 1;
            return shared.say(b'r');
        };
        stream.set_nodelay(true)?;
        let number = shared.current;
        let (receiver, for_receiver) = (stream.try_clone()?, Arc::clone(&self.shared));
        self.connection = Some(Connection {
            stream,
            allowed: match fault {
                LinkFault::CutAfter(bytes) => bytes,
                _ => usize::MAX,
            },
        });
        shared.report.opened += 1;
        shared.say(b'o')?;
        // Its first byte waits for the lock.
        thread::spawn(move || receive(receiver, &for_receiver, number));
        Ok(())
    }

    /// Hands `data` to the server, as far as the script lets it.
    fn send(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        let all = data.len();
        let sent = match &mut self.connection {
            None => 0,
            Some(connection) => {
                let sent = all.min(connection.allowed);
                connection.allowed -= sent;
                // A server that is gone is noticed by the one who receives.
                connection.stream.write_all(&data[..sent]).ok();
                sent
            }
        };
        let mut shared = lock(&self.shared);
        shared.report.sent += sent;
        shared.report.dropped += all - sent;
        drop(shared);
        data.clear();
        if self.connection.as_ref().is_some_and(|c| c.allowed == 0) {
            self.hang_up();
            let mut shared = lock(&self.shared);
            shared.report.cut += 1;
            // What the server may still send is lost.
            shared.current += 1;
            shared.say(b'c')?;
        }
        Ok(())
    }
}

impl Shared {
    fn say(&mut self, code: u8) -> io::Result<()> {
        self.write(&[ESC, code])
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.board {
            Some(board) => board.write_all(bytes),
            None => Ok(()),
        }
    }
}

/// From the server to the board, until the connection ends.
fn receive(mut stream: TcpStream, shared: &Mutex<Shared>, number: u32) {
    let mut buffer = [0; 512];
    loop {
        let length = stream.read(&mut buffer).unwrap_or(0);
        let mut shared = lock(shared);
        if shared.current != number {
            return;
        }
        let mut escaped = Vec::with_capacity(2 * length);
        for &byte in &buffer[..length] {
            if byte == ESC {
                escaped.push(ESC);
            }
            escaped.push(byte);
        }
        let over = length == 0;
        let sent = match over {
            true => shared.say(b'c'),
            false => shared.write(&escaped),
        };
        // The board is gone: QEMU has ended.
        if over || sent.is_err() {
            return;
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
