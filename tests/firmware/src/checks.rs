//! Whether the board and its modem do what everything else relies on.

use crate::Failed;
use crate::board::{self, print};
use crate::modem::{Modem, ModemError};
use core::hint::black_box;
use embedded_io::{Read, ReadExactError, Write};

/// Runs one of the checks.
pub fn run(what: &str, modem: &mut Modem) -> Result<(), Failed> {
    match what {
        // These two end the program with a status of their own.
        "panic" => panic!("as was asked for"),
        "fault" => print(format_args!("read {}\n", board::fault())),
        "hang" => loop {
            board::sleep();
        },
        "stack" => {
            let (_, stack) = board::stack_used(|| black_box([1_u8; 1000]).len());
            print(format_args!("stack {stack}\n"));
        }
        "modem" => {
            echo(modem)?;
            ends(modem)?;
        }
        _ => return Err(Failed::Settings),
    }
    Ok(())
}

/// Every byte goes there and comes back, the modem's own ESC among them; then the server closes the
/// connection.
fn echo(modem: &mut Modem) -> Result<(), Failed> {
    let mut bytes = [0_u8; 256];
    for (byte, n) in bytes.iter_mut().zip(0..) {
        *byte = n;
    }
    let mut back = [0; 256];
    let exchanged = modem
        .open()
        .and_then(|()| modem.write_all(&bytes))
        .map_err(ReadExactError::Other)
        .and_then(|()| modem.read_exact(&mut back));
    let over = modem.read(&mut [0]);
    let same = exchanged == Ok(()) && back == bytes;
    let closed = over == Ok(0) && !modem.is_open() && modem.write(b"x") == Err(ModemError::Closed);
    if same && closed {
        Ok(())
    } else {
        Err(Failed::Check)
    }
}

/// A server that doesn't respond, and none at all.
fn ends(modem: &mut Modem) -> Result<(), Failed> {
    let since = board::millis();
    let silent = modem.open().and_then(|()| modem.read(&mut [0]));
    let waited = board::millis().wrapping_sub(since);
    print(format_args!("waited_ms {waited}\n"));
    let refused = modem.open();
    match (silent, refused) {
        (Err(ModemError::TimedOut), Err(ModemError::Refused)) => Ok(()),
        _ => Err(Failed::Check),
    }
}
