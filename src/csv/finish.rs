//! The end of a stream: complete, truncated, or the server's error.

use super::error::DecodeError;
use super::parser::{BYTE_ORDER_MARK, ErrorStored, Parser, Progress, State};
use super::server_error;

impl Parser {
    /// Ends the stream: returns what is pending, then `End`.
    pub(super) fn finish(
        &mut self,
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<Progress, DecodeError> {
        let done = self.end(text, ends);
        done.map_err(|failed| self.error(failed))
    }

    fn end(&mut self, text: &mut [u8], ends: &mut [usize]) -> Result<Progress, ErrorStored> {
        if let Some(progress) = self.take_pending(text, ends)? {
            return Ok(progress);
        }
        if self.state == State::Json {
            return Err(self.json_end(text));
        }
        if !self.at_row_start {
            let ends_at = self.schema.ends_len + self.cells;
            // csv-core takes an empty input for the end of the stream: it completes the last row, whose text
            // is in the buffer already, by the end of its last cell.
            let (result, _, _, more) =
                self.core
                    .read_record(&[], &mut [], ends.get_mut(ends_at..).unwrap_or_default());
            if result == csv_core::ReadRecordResult::OutputEndsFull {
                return Ok(Progress::EndsFull);
            }
            self.at_row_start = true;
            if result == csv_core::ReadRecordResult::Record {
                self.cells += more;
                self.crlf_to_lf(text, ends);
                return self.last_row(text, ends);
            }
        }
        self.end_state()
    }

    /// A last row without a line end. The server ends every row with one, so this row is truncated, unless it
    /// is the server's error, which may be the last bytes of a body.
    fn last_row(&mut self, text: &mut [u8], ends: &mut [usize]) -> Result<Progress, ErrorStored> {
        if self.state == State::ErrorTable || self.is_error_header(text, ends) {
            return match self.classify_row(text, ends)? {
                Some(progress) => Ok(progress),
                None => self.end_state(),
            };
        }
        if let Some(error) = self.broken_row(text, ends) {
            return Err(error);
        }
        let row = self.row;
        Err(self.fail(DecodeError::UnexpectedEnd { row }))
    }

    fn end_state(&mut self) -> Result<Progress, ErrorStored> {
        match self.state {
            State::Head if self.schema.cells != 0 => {
                let row = self.row;
                Err(self.fail(DecodeError::UnexpectedEnd { row }))
            }
            State::Rows if !self.reported => {
                self.reported = true;
                self.has_record = false;
                Ok(Progress::Table)
            }
            // The header of an error table is an error by itself: clients that wait for its row report the
            // truncated response as complete.
            State::ErrorTable => Err(self.fail(DecodeError::Server)),
            // A part of a byte order mark.
            State::Head if (1..BYTE_ORDER_MARK.len()).contains(&self.bom_seen) => {
                Err(self.fail(DecodeError::UnexpectedEnd { row: 0 }))
            }
            _ => {
                self.state = State::Ended;
                self.has_record = false;
                Ok(Progress::End)
            }
        }
    }

    /// Stores as much of the JSON object as there is space for: its message may be cut, but the error is
    /// never missed.
    pub(super) fn take_json(&mut self, rest: &[u8], text: &mut [u8]) -> (usize, Progress) {
        let can_grow = text.len() < self.message_capacity;
        let space = text.get_mut(self.len..).unwrap_or_default();
        let fits = space.len().min(rest.len());
        if let (Some(space), Some(rest)) = (space.get_mut(..fits), rest.get(..fits)) {
            space.copy_from_slice(rest);
            self.len += fits;
        }
        if fits < rest.len() && can_grow {
            return (fits, Progress::TextFull);
        }
        (rest.len(), Progress::NeedInput)
    }

    fn json_end(&mut self, text: &mut [u8]) -> ErrorStored {
        match server_error::parse(text.get_mut(..self.len).unwrap_or_default()) {
            Some(tail) => {
                self.message = tail.message;
                self.code = tail.code;
                self.fail(DecodeError::Server)
            }
            None => {
                let row = self.row;
                self.fail(DecodeError::UnexpectedRow { row })
            }
        }
    }

    /// Finds the server's JSON error in the middle of a row, where a panic interrupted it:
    /// `,,0,{"code":"internal error","message":…}`.
    fn broken_row(&mut self, text: &mut [u8], ends: &mut [usize]) -> Option<ErrorStored> {
        if self.current_row(text).last() != Some(&b'}') {
            return None;
        }
        self.restore_delimiters(text, ends);
        let at = self.schema.record_at();
        let tail = server_error::parse_joined(text.get_mut(at..at + self.len)?)?;
        self.message = at + tail.message.start..at + tail.message.end;
        self.code = at + tail.code.start..at + tail.code.end;
        Some(self.fail(DecodeError::Server))
    }
}
