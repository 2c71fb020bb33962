//! Runs the firmware in QEMU, is its modem and its server, and checks what arrived.

#[path = "../../../common/mock_server/mod.rs"]
mod mock_server;

mod emulator;
mod relay;

use relay::Relay;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let firmware = std::env::args_os().nth(1).ok_or("firmware-host FIRMWARE")?;
    let server = mock_server::Server::start();
    let address = server.url().trim_start_matches("http://").parse()?;
    let socket = std::env::temp_dir().join(format!("firmware-{}.sock", std::process::id()));
    let relay = Relay::start(&socket, address, Vec::new())?;
    let run = emulator::run(Path::new(&firmware), &socket, &["one", "two"]);
    std::fs::remove_file(&socket)?;
    let run = run?;
    print!("{}", run.output);
    println!("{:?} {:?}", run.status, relay.report());
    Ok(())
}
