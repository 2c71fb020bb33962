//! `Timed`: a time limit for the reads of a transport.

use core::time::Duration;
use embedded_io::{Error as _, ErrorKind, ErrorType, Read, ReadReady, Write};

/// A transport whose reads have a time limit, by the board's clock.
///
/// For drivers that can check for input but would block forever. Writes have no limit.
///
/// If the driver can notice that the connection is closed, as by a modem's DCD pin, its `read_ready` should
/// return `true` then, and its `read` 0. Otherwise the error comes only after the time limit.
///
/// ```
/// use core::time::Duration;
/// use embedded_io::{ErrorKind, Read};
/// use influx_edge::embedded::Timed;
///
/// # struct Uart;
/// # impl embedded_io::ErrorType for Uart { type Error = ErrorKind; }
/// # impl Read for Uart { fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> { Ok(0) } }
/// # impl embedded_io::ReadReady for Uart { fn read_ready(&mut self) -> Result<bool, ErrorKind> { Ok(false) } }
/// # let uart = Uart;
/// # let mut ticks = 0;
/// let clock = || {
///     ticks += 1;
///     Duration::from_millis(ticks)
/// }; // since the board's start
/// let mut transport = Timed::new(uart, clock, Duration::from_secs(10));
/// // Nothing arrived:
/// assert_eq!(transport.read(&mut [0; 8]), Err(ErrorKind::TimedOut));
/// ```
#[derive(Clone, Debug)]
pub struct Timed<T, C> {
    transport: T,
    clock: C,
    limit: Duration,
}

impl<T, C: FnMut() -> Duration> Timed<T, C> {
    /// Limits each read of a transport to `limit`. `clock` returns the time since a fixed moment, such as the
    /// start of the board.
    pub const fn new(transport: T, clock: C, limit: Duration) -> Self {
        Timed {
            transport,
            clock,
            limit,
        }
    }

    /// Returns the transport.
    pub fn inner(&mut self) -> &mut T {
        &mut self.transport
    }
}

impl<T, C> ErrorType for Timed<T, C> {
    type Error = ErrorKind;
}

impl<T: Read + ReadReady, C: FnMut() -> Duration> Read for Timed<T, C> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        let start = (self.clock)();
        while !self.transport.read_ready().map_err(|e| e.kind())? {
            if (self.clock)().saturating_sub(start) >= self.limit {
                return Err(ErrorKind::TimedOut);
            }
        }
        self.transport.read(into).map_err(|e| e.kind())
    }
}

impl<T: Write, C> Write for Timed<T, C> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.transport.write(bytes).map_err(|e| e.kind())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.transport.flush().map_err(|e| e.kind())
    }
}
