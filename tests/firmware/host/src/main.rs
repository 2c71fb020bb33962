//! Runs the firmware in QEMU, is its modem and its server, and checks what arrived.
//!
//! ```sh
//! firmware-host PATH-OF-THE-FIRMWARE
//! ```
//!
//! Always against the mock server; with `VICTORIAMETRICS_URL` and `INFLUXDB_V1_URL` also against those
//! servers. `QEMU` names the emulator if it is not `qemu-system-arm`. It ends with a panic at the first
//! thing that is not as it has to be.

#[allow(dead_code, reason = "the tests of real servers use all of it")]
#[path = "../../../common/hostile/http.rs"]
mod http;
#[path = "../../../common/mock_server/mod.rs"]
mod mock_server;

mod board;
mod emulator;
mod mock;
mod readings;
mod real;
mod relay;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let firmware = std::env::args_os().nth(1).ok_or("firmware-host FIRMWARE")?;
    let firmware = Path::new(&firmware);
    board::checks(firmware)?;
    let sent = mock::keep_alive(firmware)?;
    let stack_is_bounded = mock::faults(firmware)?;
    mock::cuts(firmware, sent)?;
    mock::silence(firmware)?;
    for (variable, name, run) in [
        (
            "VICTORIAMETRICS_URL",
            "VictoriaMetrics",
            real::victoria_metrics as fn(&Path, &str) -> Result<(), Box<dyn Error>>,
        ),
        ("INFLUXDB_V1_URL", "InfluxDB 1.x", real::influxdb_1),
    ] {
        match std::env::var(variable) {
            Ok(url) => run(firmware, &url)?,
            Err(_) => println!("{name}: skipped, {variable} is not set"),
        }
    }
    // Last, so that the rest is known, too.
    assert!(stack_is_bounded, "a call takes more of the stack");
    Ok(())
}
