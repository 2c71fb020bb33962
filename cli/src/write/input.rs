//! `Reader`: files and standard input in pieces.
//!
//! A file never blocks: the loop reads it itself, which saves two thread switches for each piece. A pipe may block
//! and is read by a thread of its own. What the thread has read is in the channel or is just being sent: it has no
//! buffer whose content a signal could lose. On Unix it waits for input and for the end of the run at once, so
//! that it ends between two reads.

use super::format::Position;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// The most bytes read at once.
pub(crate) const PIECE: usize = 64 * 1024;
/// The number of pieces read ahead.
const AHEAD: usize = 2;

/// One input, in the order of the arguments.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// `None` is standard input.
    pub(crate) path: Option<PathBuf>,
    /// The position at which reading begins.
    pub(crate) start: Position,
    /// `true` for a regular file, which has an end and keeps what isn't read.
    pub(crate) regular: bool,
    /// The file, if it was opened to be checked: the same one is read even if its name has been reused.
    pub(crate) file: Option<Arc<File>>,
    /// Its length when the run began, if it is a regular file.
    pub(crate) len: Option<u64>,
}

impl Source {
    /// Returns its name in messages.
    pub(crate) fn name(&self) -> std::borrow::Cow<'_, str> {
        match &self.path {
            Some(path) => path.to_string_lossy(),
            None => "standard input".into(),
        }
    }

    /// Opens the file and seeks to the start; `None` is standard input. A named pipe waits for its other end.
    fn open(&self) -> io::Result<Option<Arc<File>>> {
        let Some(path) = &self.path else {
            return Ok(None);
        };
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::new(File::open(path)?),
        };
        if self.start.bytes > 0 {
            (&*file).seek(SeekFrom::Start(self.start.bytes))?;
        }
        Ok(Some(file))
    }
}

/// A message of the reader.
pub(crate) enum Message {
    /// The next bytes of the current source.
    Piece(Piece),
    /// The current source has ended; the next one follows.
    End,
    /// Reading failed.
    Failed(io::Error),
    /// A signal was received.
    Wake,
}

/// Bytes, in a buffer that is returned to the reader.
pub(crate) struct Piece {
    buffer: Vec<u8>,
    len: usize,
}

impl Piece {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}

/// The source of pieces.
pub(crate) enum Reader {
    Files(Files),
    Thread(Channel),
}

impl Reader {
    /// Begins to read.
    ///
    /// # Errors
    /// Returns an error if a pipe or a thread can't be created.
    pub(crate) fn start(sources: Vec<Source>) -> io::Result<Reader> {
        if sources.iter().all(|source| source.regular) {
            return Ok(Reader::Files(Files {
                sources: sources.into_iter(),
                open: None,
                buffer: vec![0; PIECE],
            }));
        }
        Channel::start(sources).map(Reader::Thread)
    }

    /// Returns a function that wakes [`next`](Self::next), for a signal.
    pub(crate) fn waker(&self) -> Box<dyn FnOnce() + Send> {
        match self {
            Reader::Files(_) => Box::new(|| ()),
            Reader::Thread(thread) => {
                let wake = thread.wake.clone();
                Box::new(move || drop(wake.send(Message::Wake)))
            }
        }
    }

    /// Returns the next message, if there is one within this time.
    pub(crate) fn next(&mut self, wait: Duration) -> Option<Message> {
        match self {
            Reader::Files(files) => files.next().transpose().map(|read| match read {
                Ok(message) => message,
                Err(error) => Message::Failed(error),
            }),
            // The channel is never closed, because this side keeps a sender.
            Reader::Thread(thread) => thread.messages.recv_timeout(wait).ok(),
        }
    }

    /// Returns a buffer.
    pub(crate) fn done(&mut self, piece: Piece) {
        match self {
            Reader::Files(files) => files.buffer = piece.buffer,
            Reader::Thread(thread) => drop(thread.buffers.send(piece.buffer)),
        }
    }

    /// Ends reading, and returns what was read ahead.
    pub(crate) fn stop(&mut self) -> Vec<Message> {
        match self {
            Reader::Files(_) => Vec::new(),
            Reader::Thread(thread) => thread.stop(),
        }
    }
}

/// Regular files, read by the loop.
pub(crate) struct Files {
    sources: std::vec::IntoIter<Source>,
    /// The current file; the inner `None` is standard input.
    open: Option<Option<Arc<File>>>,
    buffer: Vec<u8>,
}

impl Files {
    /// Returns the next message; `None` after the last end.
    fn next(&mut self) -> io::Result<Option<Message>> {
        let open = match &self.open {
            Some(open) => open,
            None => {
                let Some(source) = self.sources.next() else {
                    return Ok(None);
                };
                self.open.insert(source.open()?)
            }
        };
        let len = loop {
            let read = match open {
                Some(file) => (&**file).read(&mut self.buffer),
                None => io::stdin().lock().read(&mut self.buffer),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if len == 0 {
            self.open = None;
            return Ok(Some(Message::End));
        }
        let buffer = std::mem::take(&mut self.buffer);
        Ok(Some(Message::Piece(Piece { buffer, len })))
    }
}

/// The loop's side of the reader thread.
pub(crate) struct Channel {
    messages: Receiver<Message>,
    buffers: Sender<Vec<u8>>,
    wake: Sender<Message>,
    end: Option<EndOfRun>,
    /// `true` while the thread is in a call that may block for ever; it has then sent everything that it has read.
    waits: Arc<AtomicBool>,
}

impl Channel {
    fn start(sources: Vec<Source>) -> io::Result<Channel> {
        let (to_loop, messages) = channel();
        let (buffers, empty) = channel();
        for _ in 0..AHEAD {
            drop(buffers.send(vec![0; PIECE]));
        }
        let (end, ended) = end_of_run()?;
        let waits = Arc::new(AtomicBool::new(false));
        let wake = to_loop.clone();
        let mut thread = Thread {
            to_loop,
            empty,
            spare: None,
            ended,
            waits: Arc::clone(&waits),
        };
        std::thread::Builder::new()
            .name("reader".to_owned())
            .stack_size(128 * 1024)
            .spawn(move || thread.read_all(&sources))?;
        Ok(Channel {
            messages,
            buffers,
            wake,
            end: Some(end),
            waits,
        })
    }

    /// Ends the thread, and returns what it has read meanwhile.
    fn stop(&mut self) -> Vec<Message> {
        self.end = None;
        // A thread that waits for a buffer gets none, and so reads no more.
        let (gone, _) = channel();
        self.buffers = gone;
        let limit = Instant::now() + Duration::from_secs(5);
        let mut read = Vec::new();
        loop {
            match self.messages.recv_timeout(Duration::from_millis(10)) {
                Ok(Message::Wake) => {}
                Ok(Message::Failed(error)) if error.kind() == io::ErrorKind::Interrupted => break,
                Ok(message) => read.push(message),
                Err(_) if self.waits.load(Ordering::SeqCst) || Instant::now() > limit => break,
                Err(_) => {}
            }
        }
        read
    }
}

struct Thread {
    to_loop: Sender<Message>,
    empty: Receiver<Vec<u8>>,
    /// The buffer that was unused at the end of a source.
    spare: Option<Vec<u8>>,
    ended: RunEnded,
    waits: Arc<AtomicBool>,
}

impl Thread {
    fn read_all(&mut self, sources: &[Source]) {
        for source in sources {
            let last = match self.read(source) {
                Ok(true) => Message::End,
                // The run has ended: this is the last message.
                Ok(false) => Message::Failed(io::ErrorKind::Interrupted.into()),
                Err(error) => Message::Failed(error),
            };
            let over = !matches!(last, Message::End);
            if self.to_loop.send(last).is_err() || over {
                break;
            }
        }
        self.waits.store(true, Ordering::SeqCst);
    }

    /// Returns `false` if the run has ended before the source.
    fn read(&mut self, source: &Source) -> io::Result<bool> {
        match self.waiting(|| source.open())? {
            None => self.copy(&mut io::stdin().lock()),
            Some(file) => self.copy(&mut &*file),
        }
    }

    fn copy<R: Read + Input>(&mut self, input: &mut R) -> io::Result<bool> {
        loop {
            self.waits.store(true, Ordering::SeqCst);
            let buffer = self.spare.take().or_else(|| self.empty.recv().ok());
            self.waits.store(false, Ordering::SeqCst);
            let Some(mut buffer) = buffer else {
                return Ok(false);
            };
            let len = loop {
                if !self.ended.wait_for(input)? {
                    return Ok(false);
                }
                match self.read_once(input, &mut buffer) {
                    Ok(len) => break len,
                    Err(error) => match error.kind() {
                        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => {}
                        _ => return Err(error),
                    },
                }
            };
            if len == 0 {
                self.spare = Some(buffer);
                return Ok(true);
            }
            if self
                .to_loop
                .send(Message::Piece(Piece { buffer, len }))
                .is_err()
            {
                return Ok(false);
            }
        }
    }

    #[cfg(unix)]
    fn read_once(&self, input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        input.read(buffer)
    }

    #[cfg(not(unix))]
    fn read_once(&self, input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        self.waiting(|| input.read(buffer))
    }

    fn waiting<T>(&self, call: impl FnOnce() -> T) -> T {
        self.waits.store(true, Ordering::SeqCst);
        let result = call();
        self.waits.store(false, Ordering::SeqCst);
        result
    }
}

#[cfg(unix)]
use std::os::fd::AsFd as Input;
#[cfg(not(unix))]
trait Input {}
#[cfg(not(unix))]
impl<T> Input for T {}

/// Dropped at the end of the run.
#[cfg(unix)]
type EndOfRun = std::os::unix::net::UnixStream;
#[cfg(unix)]
struct RunEnded(std::os::unix::net::UnixStream);

#[cfg(unix)]
fn end_of_run() -> io::Result<(EndOfRun, RunEnded)> {
    let (end, ended) = std::os::unix::net::UnixStream::pair()?;
    Ok((end, RunEnded(ended)))
}

#[cfg(unix)]
impl RunEnded {
    /// Waits until there is something to read; returns `false` if the run has ended.
    fn wait_for(&self, input: &impl Input) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, poll};
        let mut fds = [
            PollFd::new(&self.0, PollFlags::IN),
            PollFd::new(input, PollFlags::IN),
        ];
        loop {
            match poll(&mut fds, None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(fds.first().is_some_and(|end| end.revents().is_empty()))
    }
}

#[cfg(not(unix))]
struct EndOfRun;
#[cfg(not(unix))]
struct RunEnded;

#[cfg(not(unix))]
fn end_of_run() -> io::Result<(EndOfRun, RunEnded)> {
    Ok((EndOfRun, RunEnded))
}

#[cfg(not(unix))]
impl RunEnded {
    fn wait_for(&self, _input: &impl Input) -> io::Result<bool> {
        Ok(true)
    }
}
