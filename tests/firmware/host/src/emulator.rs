//! QEMU with the firmware in it, under `timeout`, and its modem.

use crate::relay::{LinkFault, Relay, Report};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Longest run, in seconds. Most take less than one on a machine that has nothing else to do.
pub(crate) const LIMIT: u32 = 90;

/// What a run of the firmware left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The firmware's own status; 101 after a panic, 102 after a fault of the processor, 124 if the
    /// limit was over.
    pub status: Option<i32>,
    /// What it printed.
    pub output: String,
    /// What the emulator printed. That the board's network card is not connected is no error.
    #[allow(dead_code, reason = "for the text of an assertion that fails")]
    pub errors: String,
    /// What the modem saw.
    pub modem: Report,
    pub took: Duration,
}

impl Run {
    /// The lines that the firmware printed, each a name and a value.
    fn account(&self) -> BTreeMap<&str, &str> {
        self.output
            .lines()
            .filter_map(|line| line.split_once(' '))
            .collect()
    }

    /// One of the values, a whole number.
    pub(crate) fn number(&self, name: &str) -> i64 {
        let value = self.text(name);
        let number = value.parse();
        number.unwrap_or_else(|_| panic!("{name} is {value:?}:\n{}", self.output))
    }

    /// One of the values.
    pub(crate) fn text(&self, name: &str) -> &str {
        let account = self.account();
        let value = account.get(name);
        value.unwrap_or_else(|| panic!("{name} is missing:\n{}", self.output))
    }
}

/// Runs `firmware` with these arguments, none with a comma in it, and with a modem that connects it to
/// `server` and has this script. It has to end with status 0.
pub(crate) fn run(
    firmware: &Path,
    server: SocketAddr,
    script: Vec<LinkFault>,
    arguments: &[String],
) -> io::Result<Run> {
    let run = run_any(firmware, server, script, arguments, LIMIT)?;
    assert_eq!(run.status, Some(0), "{run:#?}");
    assert_eq!(run.modem.unknown_codes, 0, "{run:#?}");
    Ok(run)
}

/// The same with any status, and with a limit in seconds.
pub(crate) fn run_any(
    firmware: &Path,
    server: SocketAddr,
    script: Vec<LinkFault>,
    arguments: &[String],
    limit: u32,
) -> io::Result<Run> {
    let socket = Socket::new();
    let relay = Relay::start(&socket.0, server, script)?;
    let begun = Instant::now();
    let output = Command::new("timeout")
        .args(["--kill-after=5", &limit.to_string()])
        .arg(std::env::var_os("QEMU").unwrap_or("qemu-system-arm".into()))
        .args([
            "-machine",
            "mps2-an386",
            "-display",
            "none",
            "-monitor",
            "none",
        ])
        .args(["-nodefaults", "-net", "none", "-semihosting-config"])
        .arg(semihosting(arguments))
        .arg("-chardev")
        .arg(format!("socket,id=net,path={}", socket.0.display()))
        .args(["-serial", "chardev:net", "-kernel"])
        .arg(firmware)
        .stdin(Stdio::null())
        .output()?;
    Ok(Run {
        status: output.status.code(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        modem: relay.report(),
        took: begun.elapsed(),
    })
}

fn semihosting(arguments: &[String]) -> String {
    let mut options = String::from("enable=on,target=native,arg=firmware");
    for argument in arguments {
        assert!(!argument.contains([',', ' ']), "QEMU splits {argument}");
        options.push_str(",arg=");
        options.push_str(argument);
    }
    options
}

/// The path of a Unix socket, removed at the end.
struct Socket(PathBuf);

impl Socket {
    fn new() -> Socket {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("influx-edge-firmware-{}-{number}", std::process::id());
        Socket(std::env::temp_dir().join(name))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It may not be there yet.
        std::fs::remove_file(&self.0).ok();
    }
}
