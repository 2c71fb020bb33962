//! A station without an operating system: readings into a static buffer, responses out of two others.
//!
//! Nothing here but `core` and the codecs. `tests/no_std` builds this very file without std and without
//! a heap.

#![allow(
    unreachable_pub,
    reason = "tests/no_std builds this file, too, and exports it"
)]

use core::fmt;
use influx_edge::Precision;
use influx_edge::csv::{DecodeError, Decoder, Step};
use influx_edge::flux::{self, FluxError};
use influx_edge::line::{EncodeError, Encoder, Series};

/// Space for four readings of this station, the longest there are.
pub const LINES: usize = 4 * 96;

/// What a board keeps in its RAM: put it into a `static`, by whatever cell your framework has.
pub struct Station {
    /// Measurement and tags, checked and escaped once.
    series: Series<32>,
    lines: [u8; LINES],
    used: usize,
}

impl Station {
    /// # Errors
    /// A name that can't be a tag's value, or is too long.
    pub fn new(name: &str) -> Result<Self, EncodeError> {
        Ok(Station {
            series: Series::builder("weather").tag("station", name).build()?,
            lines: [0; LINES],
            used: 0,
        })
    }

    /// Adds a reading. A sensor that gave none is left out.
    ///
    /// # Errors
    /// `BufferFull`: send the lines, clear, and come again. The lines before it are whole.
    pub fn take(
        &mut self,
        seconds: i64,
        celsius: Option<f32>,
        pulses: u32,
    ) -> Result<(), EncodeError> {
        let space = self.lines.get_mut(self.used..).unwrap_or_default();
        let mut enc = Encoder::new(space).precision(Precision::Second);
        enc.series(&self.series)
            .field("temp_c", celsius)
            .field("pulses", pulses)
            .timestamp(seconds)?;
        self.used += enc.len();
        Ok(())
    }

    /// What is to be sent, as the body of `POST /api/v2/write?…&precision=s`.
    pub fn lines(&self) -> &[u8] {
        self.lines.get(..self.used).unwrap_or_default()
    }

    /// They are sent.
    pub fn clear(&mut self) {
        self.used = 0;
    }
}

/// Asks for the newest temperature of a station, as the body of `POST /api/v2/query` with the
/// content type `application/vnd.flux`. The name comes from outside, and stays a name.
///
/// # Errors
/// `out` is full.
pub fn ask(station: &str, out: &mut Text<'_>) -> Result<(), FluxError> {
    let mut say = |text: &str| fmt::Write::write_str(out, text).map_err(|_| FluxError::Write);
    say("from(bucket: \"sensors\") |> range(start: -1h) |> filter(fn: (r) => r.station == ")?;
    flux::literal(station, out)?;
    let mut say = |text: &str| fmt::Write::write_str(out, text).map_err(|_| FluxError::Write);
    say(") |> filter(fn: (r) => r._field == \"temp_c\") |> last()")
}

/// The response, as it comes: in pieces of any size, over two buffers.
pub struct Newest<'b> {
    decoder: Decoder<'b>,
    value: Option<f64>,
}

impl<'b> Newest<'b> {
    pub fn new(text: &'b mut [u8], ends: &'b mut [usize]) -> Self {
        Newest {
            decoder: Decoder::new(text, ends),
            value: None,
        }
    }

    /// # Errors
    /// What comes is no annotated CSV, or needs larger buffers, or says that the query failed.
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), DecodeError> {
        loop {
            let (used, step) = self.decoder.feed(piece)?;
            piece = piece.get(used..).unwrap_or_default();
            match step {
                Step::NeedInput => return Ok(()),
                step => self.step(step),
            }
        }
    }

    /// The response is over: its last value, if it has any.
    ///
    /// # Errors
    /// It was cut off. What came before is not to be trusted for the whole.
    pub fn finish(mut self) -> Result<Option<f64>, DecodeError> {
        loop {
            match self.decoder.finish()? {
                Step::End => return Ok(self.value),
                step => self.step(step),
            }
        }
    }

    fn step(&mut self, step: Step) {
        if step == Step::Record {
            self.value = self.decoder.record().get("_value").ok();
        }
    }
}

/// Text into a fixed buffer.
pub struct Text<'b> {
    storage: &'b mut [u8],
    used: usize,
}

impl<'b> Text<'b> {
    pub fn new(storage: &'b mut [u8]) -> Self {
        Text { storage, used: 0 }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.storage.get(..self.used).unwrap_or_default()
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let space = self.storage.get_mut(self.used..).unwrap_or_default();
        let space = space.get_mut(..text.len()).ok_or(fmt::Error)?;
        space.copy_from_slice(text.as_bytes());
        self.used += text.len();
        Ok(())
    }
}
