//! The service manager: systemd, or whatever else understands `sd_notify`, is sent how the command is doing,
//! as datagrams to the socket that `NOTIFY_SOCKET` names.

use std::io;
use std::time::{Duration, Instant};

/// How often a changed status is sent at most: each one wakes the manager.
const STATUS_PAUSE: Duration = Duration::from_secs(1);
/// A manager that takes no datagram doesn't stop the loop for longer than this.
#[cfg(unix)]
const SEND_LIMIT: Duration = Duration::from_secs(1);

/// The connection to the service manager. Every call does nothing if there is none.
///
/// The loop calls [`Notify::tick`] in each turn and wakes no later than the time which that returns. The
/// calls hold only what that loop has done, so that a loop that hangs is noticed; no thread calls them.
#[derive(Debug, Default)]
pub(crate) struct Notify {
    manager: Option<Manager>,
    /// Half of the interval in which the manager expects a sign of life; `None` if it expects none.
    interval: Option<Duration>,
    next_watchdog: Option<Instant>,
    status: String,
    /// Whether the manager has `status`, or when that may be sent.
    status_due: Option<Instant>,
    status_sent: Option<Instant>,
}

impl Notify {
    /// The manager of `NOTIFY_SOCKET`, and its watchdog if `WATCHDOG_USEC` is set and `WATCHDOG_PID` names
    /// this process or is unset.
    ///
    /// # Errors
    /// Returns an error if `NOTIFY_SOCKET` can't be understood. (There is no error without it.)
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

    /// Sends that the start is complete. From here on the watchdog runs.
    ///
    /// # Errors
    /// Returns an error if the manager's socket doesn't take it; the manager then takes the start for failed.
    pub(crate) fn ready(&mut self) -> io::Result<()> {
        self.next_watchdog = self.interval.map(|_| Instant::now());
        self.send("READY=1")
    }

    /// Sets the line that `systemctl status` shows. Control characters are replaced. It is sent by
    /// [`Notify::tick`], once a second at most, and only if it has changed.
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

    /// Sends the sign of life if half of its interval has passed, and the status if that has changed.
    /// Returns when the next call is due; `None` if nothing is.
    pub(crate) fn tick(&mut self) -> Option<Instant> {
        self.manager.as_ref()?;
        self.tick_at(Instant::now())
    }

    fn tick_at(&mut self, now: Instant) -> Option<Instant> {
        if self.next_watchdog.is_some_and(|due| due <= now) {
            // A manager that is busy is sent the next one; its interval leaves time for two.
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

    /// Sends that the end has begun, with the last status. The watchdog goes on while [`Notify::tick`] is
    /// called; systemd ends its own here.
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
