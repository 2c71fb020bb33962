//! Reports to the service manager, systemd or another that implements `sd_notify`: datagrams to the socket that
//! `NOTIFY_SOCKET` names.

use std::io;
use std::time::{Duration, Instant};

/// The least time between two status messages: each one wakes the manager.
const STATUS_PAUSE: Duration = Duration::from_secs(1);
/// The longest time for which a manager that reads no datagrams can block the loop.
#[cfg(unix)]
const SEND_LIMIT: Duration = Duration::from_secs(1);

/// The connection to the service manager. Every call does nothing if there is none.
///
/// The loop calls [`Notify::tick`] in each turn and wakes no later than the time that it returns. No thread
/// sends the watchdog's messages, so that the manager notices a loop that hangs.
#[derive(Debug, Default)]
pub(crate) struct Notify {
    manager: Option<Manager>,
    /// Half of the watchdog's interval; `None` without a watchdog.
    interval: Option<Duration>,
    next_watchdog: Option<Instant>,
    status: String,
    /// When `status` may be sent; `None` if the manager has it.
    status_due: Option<Instant>,
    status_sent: Option<Instant>,
}

impl Notify {
    /// Connects to `NOTIFY_SOCKET`, with a watchdog if `WATCHDOG_USEC` is set and `WATCHDOG_PID` is this process
    /// or unset.
    ///
    /// # Errors
    /// Returns an error if `NOTIFY_SOCKET` is neither a path nor the name of an abstract socket.
    pub(crate) fn from_env() -> io::Result<Notify> {
        Notify::from_variables(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> io::Result<Notify> {
        let Some(address) = variable("NOTIFY_SOCKET") else {
            return Ok(Notify::default());
        };
        let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
        let ours = variable("WATCHDOG_PID").is_none()
            || number("WATCHDOG_PID") == Some(u64::from(std::process::id()));
        let interval = number("WATCHDOG_USEC").filter(|micros| ours && *micros > 0);
        Ok(Notify {
            manager: Some(Manager::new(&address)?),
            interval: interval.map(|micros| Duration::from_micros(micros.div_ceil(2))),
            ..Notify::default()
        })
    }

    /// Returns the interval of the watchdog, if there is one.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.interval.map(|half| half.saturating_mul(2))
    }

    /// Reports that the start is complete, and starts the watchdog.
    ///
    /// # Errors
    /// Returns an error if the message can't be sent; the manager then considers the start failed.
    pub(crate) fn ready(&mut self) -> io::Result<()> {
        self.next_watchdog = self.interval.map(|_| Instant::now());
        self.send("READY=1")
    }

    /// Sets the line that `systemctl status` shows. Control characters are replaced. [`Notify::tick`] sends it,
    /// at most once a second, if it has changed.
    pub(crate) fn status(&mut self, text: &str) {
        if self.manager.is_none() || self.status == text {
            return;
        }
        text.clone_into(&mut self.status);
        if self.status_due.is_none() {
            let earliest = self.status_sent.and_then(|at| at.checked_add(STATUS_PAUSE));
            self.status_due = Some(earliest.unwrap_or_else(Instant::now));
        }
    }

    /// Sends the watchdog's message if half of its interval has passed, and the status if it has changed.
    /// Returns when the next call is due, if one is.
    pub(crate) fn tick(&mut self) -> Option<Instant> {
        self.manager.as_ref()?;
        self.tick_at(Instant::now())
    }

    fn tick_at(&mut self, now: Instant) -> Option<Instant> {
        if self.next_watchdog.is_some_and(|due| due <= now) {
            // An error is ignored: the interval leaves time for a second message.
            let _ = self.send("WATCHDOG=1");
            self.next_watchdog = self.interval.and_then(|half| now.checked_add(half));
        }
        if self.status_due.is_some_and(|due| due <= now) {
            self.send_status(now);
        }
        match (self.next_watchdog, self.status_due) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn send_status(&mut self, now: Instant) {
        let text: String = self
            .status
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = self.send(&format!("STATUS={text}"));
        self.status_due = None;
        self.status_sent = Some(now);
    }

    /// Reports that the end has begun, with the last status. [`Notify::tick`] still sends the watchdog's
    /// messages; systemd no longer expects them.
    pub(crate) fn stopping(&mut self) {
        let _ = self.send("STOPPING=1");
        if self.status_due.is_some() {
            self.send_status(Instant::now());
        }
    }

    fn send(&self, message: &str) -> io::Result<()> {
        match &self.manager {
            Some(manager) => manager.send(message),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
#[derive(Debug)]
struct Manager {
    socket: std::os::unix::net::UnixDatagram,
    address: std::os::unix::net::SocketAddr,
}

#[cfg(unix)]
impl Manager {
    fn new(address: &std::ffi::OsStr) -> io::Result<Manager> {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let address = match address.as_bytes() {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            [b'@', name @ ..] => {
                #[cfg(target_os = "android")]
                use std::os::android::net::SocketAddrExt;
                #[cfg(target_os = "linux")]
                use std::os::linux::net::SocketAddrExt;
                SocketAddr::from_abstract_name(name)?
            }
            [b'/', ..] => SocketAddr::from_pathname(address)?,
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "neither a path nor the name of an abstract socket",
                ));
            }
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(SEND_LIMIT))?;
        Ok(Manager { socket, address })
    }

    fn send(&self, message: &str) -> io::Result<()> {
        loop {
            match self.socket.send_to_addr(message.as_bytes(), &self.address) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map(drop),
            }
        }
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Manager;

#[cfg(not(unix))]
impl Manager {
    fn new(_address: &std::ffi::OsStr) -> io::Result<Manager> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn send(&self, _message: &str) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
