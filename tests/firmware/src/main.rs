//! A station on a microcontroller.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "registers, semihosting, the stack's words")]
mod board;
mod modem;

use board::{Once, Uart, print};
use embedded_io::{Read, Write};
use modem::Modem;

static RESPONSE: Once<[u8; 1024]> = Once::new([0; 1024]);
static ARGUMENTS: Once<[u8; 256]> = Once::new([0; 256]);

/// What the board's start calls; returns the exit status.
fn run() -> u32 {
    let (Some(uart), Some(response), Some(arguments)) =
        (Uart::take(), RESPONSE.take(), ARGUMENTS.take())
    else {
        return 2;
    };
    print(format_args!("arguments {:?}\n", board::command_line(arguments)));
    let mut modem = Modem::new(uart);
    let (status, stack) = board::stack_used(|| match ping(&mut modem, response) {
        Ok(length) => {
            print(format_args!("{:?}\n", core::str::from_utf8(response.get(..length).unwrap_or_default())));
            0
        }
        Err(error) => {
            print(format_args!("{error}\n"));
            1
        }
    });
    print(format_args!("stack {stack} free {} after {} ms\n", board::stack_free(), board::millis()));
    status
}

fn ping(modem: &mut Modem, response: &mut [u8]) -> Result<usize, modem::ModemError> {
    modem.open()?;
    modem.write_all(b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut length = 0;
    while let Some(space) = response.get_mut(length..) {
        match modem.read(space)? {
            0 => break,
            n => length += n,
        }
    }
    Ok(length)
}
