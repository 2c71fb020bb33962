//! DNS resolution with a cache.
//!
//! The library resolves for every request, even if a connection is open, and starts a thread for it if there
//! is a time limit. Here a name is looked up if it is new, if its addresses are older than five minutes, or
//! after a connection to them failed. It implements the library's `unversioned` interface, like `connector`.

use super::detail::Detail;
use super::error::HttpError;
use crate::error::TransportErrorKind;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;
use std::{io, thread};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

/// The age up to which addresses are used. The system's resolver doesn't report the time to live.
const MAX_AGE: Duration = Duration::from_secs(300);

/// The most lookups at once. A lookup that exceeds its limit can't be stopped, only abandoned, so while the
/// name service doesn't respond, each call would leave a thread.
const MAX_PENDING: usize = 4;

/// The capacity of the library's list.
const MAX_ADDRESSES: usize = 16;

/// The known addresses: an entry for the server, or for the proxy.
#[derive(Default)]
pub(super) struct Addresses {
    known: Mutex<Vec<Known>>,
    pending: AtomicUsize,
}

struct Known {
    host: String,
    port: u16,
    found: Vec<SocketAddr>,
    at: Instant,
    /// A connection failed since the lookup. The name is looked up again, with these as a fallback.
    doubted: bool,
}

impl Known {
    fn is_fresh(&self) -> bool {
        !self.doubted && self.at.elapsed() < MAX_AGE
    }
}

impl Addresses {
    /// Marks all addresses as doubted, after a connection failed.
    pub(super) fn forget(&self) {
        for known in self.lock().iter_mut() {
            known.doubted = true;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Known>> {
        // A panic can't leave the list inconsistent.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the known addresses of a host to the list, fresh ones only or any; `false` if there are none.
    fn add_known(
        &self,
        host: &str,
        port: u16,
        only_fresh: bool,
        out: &mut ResolvedSocketAddrs,
    ) -> bool {
        let known = self.lock();
        let known = known.iter().find(|k| k.port == port && k.host == host);
        match known.filter(|k| !only_fresh || k.is_fresh()) {
            Some(known) => {
                fill(out, &known.found);
                true
            }
            None => false,
        }
    }

    fn store(&self, host: &str, port: u16, found: Vec<SocketAddr>) {
        let mut known = self.lock();
        known.retain(|k| k.host != host || k.port != port);
        known.push(Known {
            host: host.to_owned(),
            port,
            found,
            at: Instant::now(),
            doubted: false,
        });
    }
}

fn fill(out: &mut ResolvedSocketAddrs, found: &[SocketAddr]) {
    for address in found.iter().take(MAX_ADDRESSES) {
        out.push(*address);
    }
}

#[derive(Clone)]
pub(super) struct CachingResolver {
    pub(super) addresses: Arc<Addresses>,
    /// The limit of a lookup, unless the call's own is shorter.
    pub(super) limit: Duration,
    /// The proxy looks names up, since it may be the only one that can.
    pub(super) left_to_proxy: bool,
}

/// The library requires it. Derived, it would link the formatting of times and addresses.
impl fmt::Debug for CachingResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CachingResolver")
    }
}

impl Resolver for CachingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let mut out = self.empty();
        if self.left_to_proxy {
            return Ok(out);
        }
        let host = uri.host().unwrap_or("");
        let port = uri
            .port_u16()
            .unwrap_or(if uri.scheme_str() == Some("https") {
                443
            } else {
                80
            });
        if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            out.push(SocketAddr::new(ip, port));
            return Ok(out);
        }
        if self.addresses.add_known(host, port, true, &mut out) {
            return Ok(out);
        }
        match self.look_up(host, port, timeout) {
            Ok(found) if !found.is_empty() => {
                fill(&mut out, &found);
                self.addresses.store(host, port, found);
                Ok(out)
            }
            // The name service doesn't respond or has lost the name: try the last known addresses.
            _ if self.addresses.add_known(host, port, false, &mut out) => Ok(out),
            Ok(_) => Err(Error::HostNotFound),
            Err(e) => Err(e),
        }
    }
}

impl CachingResolver {
    fn look_up(
        &self,
        host: &str,
        port: u16,
        timeout: NextTimeout,
    ) -> Result<Vec<SocketAddr>, Error> {
        let query = (host.to_owned(), port);
        // Resolved locally, without waiting.
        if host.eq_ignore_ascii_case("localhost") {
            return blocking(&query).map_err(not_found);
        }
        let (limit, reason) = if *timeout.after < self.limit {
            (*timeout.after, timeout.reason)
        } else {
            (self.limit, Timeout::Resolve)
        };
        if self.addresses.pending.fetch_add(1, Ordering::AcqRel) >= MAX_PENDING {
            self.addresses.pending.fetch_sub(1, Ordering::AcqRel);
            return Err(Error::Timeout(Timeout::Resolve));
        }
        let response = Arc::new(Slot::default());
        let (slot, addresses) = (Arc::clone(&response), Arc::clone(&self.addresses));
        let spawned = thread::Builder::new()
            .name("influx-edge-dns".to_string())
            .spawn(move || {
                // The caller may have timed out. Then the slot is dropped with the addresses.
                slot.put(blocking(&query));
                addresses.pending.fetch_sub(1, Ordering::AcqRel);
            });
        if spawned.is_err() {
            self.addresses.pending.fetch_sub(1, Ordering::AcqRel);
            let why = "no thread for the name lookup could be started";
            return Err(HttpError::new(TransportErrorKind::Connect, why).into());
        }
        match response.take_within(limit) {
            Some(found) => found.map_err(not_found),
            None => Err(Error::Timeout(reason)),
        }
    }
}

/// A one-shot channel. (`std::sync::mpsc` takes 7 KB of a small program.)
#[derive(Default)]
struct Slot {
    found: Mutex<Option<io::Result<Vec<SocketAddr>>>>,
    filled: Condvar,
}

impl Slot {
    fn put(&self, found: io::Result<Vec<SocketAddr>>) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        self.filled.notify_one();
    }

    fn take_within(&self, limit: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut found, _) = self
            .filled
            .wait_timeout_while(found, limit, |found| found.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        found.take()
    }
}

/// The error of a failed lookup, whatever the system's reason, which doesn't repeat the name.
fn not_found(e: io::Error) -> Error {
    HttpError::new(TransportErrorKind::Dns, Detail::own(e.to_string())).into()
}

fn blocking(query: &(String, u16)) -> io::Result<Vec<SocketAddr>> {
    let mut found: Vec<SocketAddr> = (query.0.as_str(), query.1).to_socket_addrs()?.collect();
    found.dedup();
    Ok(found)
}
