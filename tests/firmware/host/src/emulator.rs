//! QEMU with the firmware in it, under `timeout`.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Longest run, in seconds. A run takes less than one on a machine that has nothing else to do.
const LIMIT: &str = "60";

/// What the firmware left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The firmware's own status; 101 after a panic, 102 after a fault of the processor, 124 if the
    /// limit was over.
    pub status: Option<i32>,
    /// What it printed.
    pub output: String,
}

/// Runs `firmware` with its UART at the socket and these arguments, none with a comma in it.
pub(crate) fn run(firmware: &Path, socket: &Path, arguments: &[&str]) -> io::Result<Run> {
    let mut semihosting = String::from("enable=on,target=native,arg=firmware");
    for argument in arguments {
        assert!(!argument.contains(','), "QEMU splits {argument}");
        semihosting.push_str(",arg=");
        semihosting.push_str(argument);
    }
    let qemu = std::env::var_os("QEMU").unwrap_or("qemu-system-arm".into());
    let output = Command::new("timeout")
        .args(["--kill-after=5", LIMIT])
        .arg(qemu)
        .args(["-machine", "mps2-an386", "-display", "none", "-monitor", "none"])
        .args(["-nodefaults", "-net", "none"])
        .args(["-semihosting-config", &semihosting])
        .arg("-chardev")
        .arg(format!("socket,id=net,path={}", socket.display()))
        .args(["-serial", "chardev:net", "-kernel"])
        .arg(firmware)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    Ok(Run {
        status: output.status.code(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}
