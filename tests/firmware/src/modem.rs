//! The modem at the UART, and what it carries as a byte stream.
//!
//! A UART has no connections and no end of file. So the modem takes and sends these codes, all of
//! them an ESC and one more byte; any other byte is data:
//!
//! | code | board to modem | modem to board |
//! |---|---|---|
//! | `ESC O` | open a connection; what is open is closed | |
//! | `ESC o` | | a connection is open |
//! | `ESC r` | | no connection: refused |
//! | `ESC c` | | the server has closed the connection |
//! | `ESC ESC` | a literal ESC | a literal ESC |
//!
//! What the board sends without a connection is dropped by the modem.

use crate::board::{self, Uart};
use core::fmt;
use embedded_io::{ErrorKind, ErrorType, Read, Write};

const ESC: u8 = 0x1B;

/// Why the modem can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModemError {
    /// The server took no connection.
    Refused,
    /// Nothing came within the limit.
    TimedOut,
    /// There is no connection, or there is none any more.
    Closed,
    /// A code that there is not: bytes were lost.
    Garbled,
}

impl fmt::Display for ModemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ModemError::Refused => "the connection was refused",
            ModemError::TimedOut => "nothing was received in time",
            ModemError::Closed => "the connection is closed",
            ModemError::Garbled => "bytes of the modem are missing",
        })
    }
}

impl core::error::Error for ModemError {}

impl embedded_io::Error for ModemError {
    fn kind(&self) -> ErrorKind {
        match self {
            ModemError::Refused => ErrorKind::ConnectionRefused,
            ModemError::TimedOut => ErrorKind::TimedOut,
            ModemError::Closed => ErrorKind::ConnectionReset,
            ModemError::Garbled => ErrorKind::InvalidData,
        }
    }
}

/// A piece of what the modem sends.
enum Piece {
    Data(u8),
    Opened,
    Refused,
    Closed,
}

/// One connection at a time, over the modem.
pub struct Modem {
    uart: Uart,
    /// How long a byte is waited for.
    limit_ms: u32,
    open: bool,
    /// Connections opened so far.
    opened: u32,
}

impl Modem {
    /// A modem without a connection. Whatever waits for it waits this long at most.
    pub fn new(uart: Uart, limit_ms: u32) -> Self {
        Modem {
            uart,
            limit_ms,
            open: false,
            opened: 0,
        }
    }

    /// Opens a connection, in place of the one that may be open.
    ///
    /// # Errors
    /// The server refuses it, or the modem doesn't respond in time.
    pub fn open(&mut self) -> Result<(), ModemError> {
        self.open = false;
        self.uart.put(ESC);
        self.uart.put(b'O');
        loop {
            match self.piece()? {
                // Of the connection before.
                Piece::Data(_) | Piece::Closed => {}
                Piece::Refused => return Err(ModemError::Refused),
                Piece::Opened => {
                    self.open = true;
                    self.opened = self.opened.saturating_add(1);
                    return Ok(());
                }
            }
        }
    }

    /// Whether there is a connection, as far as the modem has reported.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Connections opened so far.
    pub fn opened(&self) -> u32 {
        self.opened
    }

    /// Waits for a piece.
    fn piece(&mut self) -> Result<Piece, ModemError> {
        let byte = self.byte()?;
        if byte != ESC {
            return Ok(Piece::Data(byte));
        }
        match self.byte()? {
            ESC => Ok(Piece::Data(ESC)),
            b'o' => Ok(Piece::Opened),
            b'r' => Ok(Piece::Refused),
            b'c' => Ok(Piece::Closed),
            _ => Err(ModemError::Garbled),
        }
    }

    /// Waits for a byte.
    fn byte(&mut self) -> Result<u8, ModemError> {
        let since = board::millis();
        loop {
            if let Some(byte) = self.uart.get() {
                return Ok(byte);
            }
            if board::millis().wrapping_sub(since) > self.limit_ms {
                return Err(ModemError::TimedOut);
            }
            board::sleep();
        }
    }
}

impl ErrorType for Modem {
    type Error = ModemError;
}

impl Read for Modem {
    /// One byte at a time: the UART has no FIFO, and the one who reads looks at each byte anyway.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ModemError> {
        let Some(first) = buffer.first_mut() else {
            return Ok(0);
        };
        if !self.open {
            return Ok(0);
        }
        match self.piece()? {
            Piece::Data(byte) => {
                *first = byte;
                Ok(1)
            }
            Piece::Closed => {
                self.open = false;
                Ok(0)
            }
            Piece::Opened | Piece::Refused => Err(ModemError::Garbled),
        }
    }
}

impl Write for Modem {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ModemError> {
        if !self.open {
            return Err(ModemError::Closed);
        }
        for &byte in bytes {
            if byte == ESC {
                self.uart.put(ESC);
            }
            self.uart.put(byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ModemError> {
        Ok(())
    }
}
