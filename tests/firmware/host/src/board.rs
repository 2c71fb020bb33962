//! The board itself: whether what the other checks rely on works.

use crate::emulator::{LIMIT, Run, run_any};
use crate::mock_server::Server;
use crate::relay::LinkFault;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;

/// A panic, a fault of the processor, a program that doesn't end, and arguments that mean nothing are
/// each noticed by the exit status; stack that is used is measured.
pub(crate) fn checks(firmware: &Path) -> Result<(), Box<dyn Error>> {
    let check = |argument: &str, limit: u32, status: i32| -> Result<Run, Box<dyn Error>> {
        let server = Server::start();
        let address = server.url().trim_start_matches("http://").parse()?;
        let arguments = [argument.to_owned()];
        let run = run_any(firmware, address, Vec::new(), &arguments, limit)?;
        assert_eq!(run.status, Some(status), "{argument}: {run:#?}");
        Ok(run)
    };
    let run = check("check=panic", LIMIT, 101)?;
    assert!(run.output.contains("as was asked for"), "{run:#?}");
    let run = check("check=fault", LIMIT, 102)?;
    assert!(run.output.contains("hard fault at 0x"), "{run:#?}");
    check("check=hang", 2, 124)?;
    check("check=nonsense", LIMIT, 1)?;
    check("nonsense", LIMIT, 1)?;
    // 1000 bytes and a frame, perhaps with an interrupt's.
    let run = check("check=stack", LIMIT, 0)?;
    let stack = run.number("stack");
    assert!((1000..1300).contains(&stack), "{run:#?}");
    modem(firmware)?;
    println!("board: a panic, a fault and a hang are noticed; 1000 bytes of stack measure {stack}");
    Ok(())
}

/// Every byte passes the modem in both directions, and the ends of a connection are told apart: closed,
/// silent and refused.
fn modem(firmware: &Path) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || -> io::Result<TcpStream> {
        let (mut first, _) = listener.accept()?;
        let mut bytes = [0; 256];
        first.read_exact(&mut bytes)?;
        assert!((0..=255).eq(bytes), "{bytes:?}");
        first.write_all(&bytes)?;
        drop(first);
        Ok(listener.accept()?.0)
    });
    let script = vec![LinkFault::None, LinkFault::None, LinkFault::Refused];
    let arguments = ["check=modem".to_owned(), "limit=1000".to_owned()];
    let run = run_any(firmware, address, script, &arguments, LIMIT)?;
    assert_eq!(run.status, Some(0), "{run:#?}");
    assert!(run.number("waited_ms") >= 1000, "{run:#?}");
    let report = run.modem;
    assert_eq!(
        (report.opened, report.refused, report.unknown_codes),
        (2, 1, 0)
    );
    drop(
        server
            .join()
            .map_err(|_| "what the server received is wrong")??,
    );
    Ok(())
}
