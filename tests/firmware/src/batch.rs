//! Lines that wait for their delivery, in a buffer of fixed size.

use influx_edge::Precision;
use influx_edge::line::{EncodeError, Encoder, Lines, Series};

/// The unit of the times in a batch.
const PRECISION: Precision = Precision::Second;

/// A reading.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Seconds since 1970.
    pub time: i64,
    pub celsius: f64,
    pub pulses: u32,
}

/// Whole lines.
pub struct Batch {
    storage: &'static mut [u8],
    used: usize,
}

impl Batch {
    pub fn new(storage: &'static mut [u8]) -> Self {
        Batch { storage, used: 0 }
    }

    /// Adds a reading.
    ///
    /// # Errors
    /// `BufferFull`: the lines have to be delivered first.
    pub fn add(&mut self, series: &Series<32>, reading: &Reading) -> Result<(), EncodeError> {
        let space = self.storage.get_mut(self.used..).unwrap_or_default();
        let mut enc = Encoder::new(space).precision(PRECISION);
        enc.series(series)
            .field("temp_c", reading.celsius)
            .field("pulses", reading.pulses)
            .timestamp(reading.time)?;
        self.used += enc.len();
        Ok(())
    }

    /// Adds a line that comes as text, from an instrument that writes lines itself. Nobody has checked it.
    /// False if there is no space for it.
    pub fn add_text(&mut self, line: &str) -> bool {
        let space = self.storage.get_mut(self.used..).unwrap_or_default();
        let Some((text, rest)) = space.split_at_mut_checked(line.len()) else {
            return false;
        };
        let Some(end) = rest.first_mut() else {
            return false;
        };
        text.copy_from_slice(line.as_bytes());
        *end = b'\n';
        self.used += line.len() + 1;
        true
    }

    /// What is to be delivered.
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            bytes: self.storage.get(..self.used).unwrap_or_default(),
            precision: PRECISION,
        }
    }

    /// How many lines there are.
    pub fn count(&self) -> u32 {
        self.lines().bytes.split_inclusive(|b| *b == b'\n').count() as u32
    }

    /// Takes out a line, by its number from 1. False if there is none of that number.
    pub fn remove(&mut self, number: u32) -> bool {
        let mut start = 0;
        for (n, line) in (1..).zip(self.lines().bytes.split_inclusive(|b| *b == b'\n')) {
            let end = start + line.len();
            if n == number {
                self.storage.copy_within(end..self.used, start);
                self.used -= end - start;
                return true;
            }
            start = end;
        }
        false
    }

    /// All of them are delivered.
    pub fn clear(&mut self) {
        self.used = 0;
    }
}
