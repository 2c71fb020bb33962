//! A service manager's end of the socket that `NOTIFY_SOCKET` names.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The longest that anything may take.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct ServiceManager {
    socket: UnixDatagram,
    path: PathBuf,
    /// All messages so far.
    pub(crate) messages: Vec<String>,
}

impl ServiceManager {
    /// With its socket in this directory.
    pub(crate) fn new(dir: &Path) -> Self {
        let path = dir.join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a limit");
        ServiceManager {
            socket,
            path,
            messages: Vec::new(),
        }
    }

    /// Starts a program as the manager would, with a watchdog of this interval.
    pub(crate) fn start(&self, program: &mut Command, watchdog: Duration) -> Child {
        program
            .env("NOTIFY_SOCKET", &self.path)
            .env("WATCHDOG_USEC", watchdog.as_micros().to_string())
            .env_remove("WATCHDOG_PID")
            .spawn()
            .expect("it starts")
    }

    /// Waits until there are so many messages that begin like this.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, start: &str, count: usize) {
        let begun = Instant::now();
        while self.count(start) < count {
            assert!(begun.elapsed() < LIMIT, "no {start}: {:?}", self.messages);
            let mut buffer = [0; 4096];
            if let Ok(len) = self.socket.recv(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..len]);
                self.messages.extend(text.lines().map(str::to_owned));
            }
        }
    }

    pub(crate) fn count(&self, start: &str) -> usize {
        let found = self.messages.iter().filter(|one| one.starts_with(start));
        found.count()
    }
}

/// Sends a signal (`TERM`, `INT`) to a child.
pub(crate) fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let killed = Command::new("sh").args(["-c", &kill]).status();
    assert!(killed.expect("sh").success());
}
