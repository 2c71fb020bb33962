//! The board itself: whether what the other checks rely on works.

use crate::emulator::{LIMIT, Run, run_any};
use crate::mock_server::Server;
use std::error::Error;
use std::path::Path;

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
    println!("board: a panic, a fault and a hang are noticed; 1000 bytes of stack measure {stack}");
    Ok(())
}
