//! The server: a listener, a thread per connection, and the inspection by tests.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::fault::{Act, Cut, Fault};
use super::handlers::{self, Setup};
use super::http::{Connection, Request, Response};
use super::query::Buckets;
use super::store::{Bucket, Point};
use super::v3::V3;

/// Connections served at one time; one more is closed without a response.
const MAX_CONNECTIONS: usize = 64;

/// A mock server on a free port of the loopback interface. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    setup: Setup,
    state: Mutex<State>,
    /// Notified when the server stops, so that a delayed response does not hold it up.
    closing: Condvar,
}

#[derive(Debug, Default)]
struct State {
    buckets: Buckets,
    /// Of a server that is like InfluxDB 3.
    v3: Option<V3>,
    faults: VecDeque<Fault>,
    requests: Vec<Request>,
    connections: usize,
    closed: bool,
}

impl Server {
    /// Starts a server with one organization, one empty bucket and one token.
    pub(crate) fn start() -> Self {
        Self::with_token("mock-server-token")
    }

    /// Starts a server that is like InfluxDB 3 Core, with one token and no database but its own.
    pub(crate) fn v3() -> Self {
        let server = Self::v3_with(V3::default());
        server
            .shared
            .v3(|v3| v3.add_token("_admin", server.token()));
        server
    }

    /// The same without authentication.
    pub(crate) fn v3_open() -> Self {
        Self::v3_with(V3::open())
    }

    /// The same with authentication and without any token.
    pub(crate) fn v3_locked() -> Self {
        Self::v3_with(V3::default())
    }

    fn v3_with(v3: V3) -> Self {
        let server = Self::with_token("mock-server-token");
        let mut state = server.shared.state();
        state.buckets.clear();
        state.v3 = Some(v3);
        drop(state);
        server
    }

    /// The same, with a token of the caller's.
    pub(crate) fn with_token(token: &str) -> Self {
        #[cfg(test)]
        crate::common::watch::watch(token);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        let shared = Arc::new(Shared {
            setup: Setup {
                org: "acme".to_owned(),
                org_id: "66de4893384f6b2b".to_owned(),
                token: token.to_owned(),
            },
            state: Mutex::default(),
            closing: Condvar::new(),
        });
        let server = Self {
            address,
            shared: Arc::clone(&shared),
            acceptor: Some(thread::spawn(move || accept(&listener, &shared))),
        };
        server.add_bucket(server.bucket());
        server
    }

    /// `http://127.0.0.1:port`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The only valid token.
    pub(crate) fn token(&self) -> &str {
        &self.shared.setup.token
    }

    /// The only organization.
    pub(crate) fn org(&self) -> &str {
        &self.shared.setup.org
    }

    /// The bucket that is there from the start.
    pub(crate) fn bucket(&self) -> &str {
        "sensors"
    }

    /// Adds a bucket; one that exists is left as it is.
    pub(crate) fn add_bucket(&self, name: &str) {
        let buckets = &mut self.shared.state().buckets;
        buckets.entry(name.to_owned()).or_default();
    }

    /// Makes the next request that matches fail.
    pub(crate) fn fault(&self, fault: Fault) {
        self.shared.state().faults.push_back(fault);
    }

    /// The points of a bucket, by series, then by time; none for an unknown bucket.
    pub(crate) fn points(&self, bucket: &str) -> Vec<Point> {
        let state = self.shared.state();
        state
            .buckets
            .get(bucket)
            .map(Bucket::points)
            .unwrap_or_default()
    }

    /// Every request so far, faulty ones included.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// Connections accepted so far: shows whether a client keeps its connection.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state().connections
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.closing.notify_all();
        // The acceptor sleeps in accept(); one connection wakes it up.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn v3(&self, change: impl FnOnce(&mut V3)) {
        if let Some(v3) = &mut self.state().v3 {
            change(v3);
        }
    }

    /// Waits, or returns early because the server stops.
    fn wait(&self, time: Duration) {
        let state = self.state();
        drop(self.closing.wait_timeout_while(state, time, |s| !s.closed));
    }

    fn take_fault(&self, request: &Request) -> Option<Fault> {
        let faults = &mut self.state().faults;
        let index = faults.iter().position(|fault| fault.fits(request))?;
        let fault = faults.remove(index)?;
        if let Some(rest) = fault.clone().used() {
            faults.insert(index, rest);
        }
        Some(fault)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut serving: BTreeMap<usize, (TcpStream, JoinHandle<()>)> = BTreeMap::new();
    for stream in listener.incoming() {
        let number = {
            let mut state = shared.state();
            if state.closed {
                break;
            }
            state.connections += 1;
            state.connections
        };
        serving.retain(|_, (_, thread)| !thread.is_finished());
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else {
            continue;
        };
        if serving.len() < MAX_CONNECTIONS {
            let shared = Arc::clone(shared);
            let thread = thread::spawn(move || {
                let stream = HangUp(stream);
                // An error here is a client that went away in mid-request.
                drop(serve(&stream.0, &shared));
            });
            serving.insert(number, (handle, thread));
        }
    }
    for (stream, thread) in serving.into_values() {
        drop(stream.shutdown(Shutdown::Both));
        drop(thread.join());
    }
}

/// Closes a connection even if its thread panics: the acceptor holds a second handle, which would keep a
/// client waiting.
struct HangUp(TcpStream);

impl Drop for HangUp {
    fn drop(&mut self) {
        drop(self.0.shutdown(Shutdown::Both));
    }
}

/// One connection, request after request.
fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream.try_clone()?);
    while let Some(mut request) = connection.read_head()? {
        let fault = shared.take_fault(&request);
        let early = fault.as_ref().is_some_and(|fault| fault.early);
        if !early {
            if request.expects_continue() {
                connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            request.body = connection.read_body(&request)?;
        }
        shared.state().requests.push(request.clone());
        let (bytes, whole) = response(&request, fault, shared);
        connection.write(&bytes)?;
        if !whole || early || request.closes() {
            return Ok(());
        }
    }
    Ok(())
}

/// The bytes to send, and `true` if the connection stays open after them.
fn response(request: &Request, fault: Option<Fault>, shared: &Shared) -> (Vec<u8>, bool) {
    let serve = || {
        let state = &mut *shared.state();
        match &mut state.v3 {
            Some(v3) => v3.serve(request, &mut state.buckets),
            None => handlers::serve(request, &shared.setup, &mut state.buckets),
        }
    };
    let head_only = request.method == "HEAD";
    let Some(fault) = fault else {
        let response = pack(serve(), request);
        return (response.to_wire(head_only).0, !response.cut);
    };
    shared.wait(fault.delay);
    let response = match fault.act {
        Act::HangUp => return (Vec::new(), false),
        Act::Raw(bytes) => return (bytes, false),
        Act::Swallow => {
            serve();
            return (Vec::new(), false);
        }
        Act::Response(response) => response,
        Act::Serve => pack(serve(), request),
        Act::ServeThen(tail) => {
            let mut response = serve();
            if response.status == 200 {
                tail.append(&mut response.body);
            }
            pack(response, request)
        }
    };
    let (mut bytes, head) = response.to_wire(head_only);
    let keep = match fault.cut {
        None => return (bytes, true),
        Some(Cut::Wire(keep)) => keep,
        Some(Cut::Body(keep)) => head + keep,
    };
    bytes.truncate(keep);
    (bytes, false)
}

/// Compresses a response of CSV for a client that asked for it.
fn pack(response: Response, request: &Request) -> Response {
    let csv = response.chunked && response.status == 200;
    if !csv || !request.accepts_gzip() {
        return response;
    }
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let packed = io::Write::write_all(&mut packer, &response.body).and_then(|()| packer.finish());
    match packed {
        Ok(bytes) => response.header("Content-Encoding", "gzip").body(bytes),
        Err(_) => response,
    }
}
