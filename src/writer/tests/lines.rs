//! Unit tests of `lines`.

use super::*;
use crate::line::text_lines;
use alloc::string::ToString;

#[test]
fn an_outcome_in_one_line() {
    let table = [
        ("", "0 lines accepted"),
        ("m f=1", "1 line accepted"),
        ("m f=1\n\nm f=2\n", "2 lines accepted"),
        (
            "m f=1\n# note\nm f\n",
            "1 line accepted, 1 rejected: line 3: the line isn't line protocol: a field has no =, at byte 3",
        ),
        (
            "m\nm f=\"a\n\"\nm f=x",
            "1 line accepted, 2 rejected: line 1: the line isn't line protocol: there is no field, at byte 1",
        ),
    ];
    for (text, expected) in table {
        let mut outcome = LinesOutcome::default();
        for (number, line) in text_lines(text) {
            match line {
                Ok(_) => outcome.accepted += 1,
                Err(why) => outcome.rejected.push((number, WriteError::Syntax(why))),
            }
        }
        assert_eq!(outcome.to_string(), expected);
        assert_eq!(outcome.is_complete(), !expected.contains("rejected"));
    }
}
