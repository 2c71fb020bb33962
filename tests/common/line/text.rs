//! The lines of a text by this crate and by the published parser of InfluxDB 3: the same, but for the
//! exceptions that are listed here.

use influx_edge::line::{LineSyntaxError, TextLine, text_lines};
use influxdb_line_protocol::{parse_lines, split_lines};

type Item<'a> = (u64, Result<TextLine<'a>, LineSyntaxError>);

fn items(text: &str) -> Vec<Item<'_>> {
    text_lines(text).collect()
}

fn text_of<'a>(line: &TextLine<'a>) -> &'a str {
    std::str::from_utf8(line.bytes).expect("cut between characters")
}

/// The only line of a text, as the published parser prints it, and its time.
fn theirs(text: &str) -> Option<(String, Option<i64>)> {
    let mut lines = parse_lines(text);
    let line = lines.next()?.ok()?;
    lines
        .next()
        .is_none()
        .then(|| (line.to_string(), line.timestamp))
}

/// Panics where the two differ and should not.
pub(crate) fn compare(text: &str) {
    let ours = items(text);
    let mut last = 0;
    for (number, line) in &ours {
        assert!(*number > last, "{text:?}");
        last = *number;
        if let Ok(line) = line {
            // Whatever was accepted is one line for that parser, and for this crate once more.
            let (_, time) = theirs(text_of(line)).unwrap_or_else(|| panic!("{text:?}: {line:?}"));
            assert_eq!(time.is_some(), line.has_time, "{text:?}");
            // (A byte order mark in the middle of a text is a part of a name.)
            if !text_of(line).starts_with('\u{feff}') {
                assert_eq!(items(text_of(line)), [(1, Ok(*line))], "{text:?}");
            }
        }
    }
    assert!(last <= text.matches('\n').count() as u64 + 1, "{text:?}");

    let calm = !text.contains(['\r', '#', '\u{feff}']);
    if calm {
        blocks(text, &ours);
    }
    if calm && !text.contains("\\\n") {
        // The ends of lines and what stands before the text change nothing.
        let states = |items: &[Item<'_>]| -> Vec<_> {
            items
                .iter()
                .map(|(number, line)| (*number, line.map(|line| line.has_time).ok()))
                .collect()
        };
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(states(&items(&windows)), states(&ours), "{text:?}");
        let commented = format!(" # a=\"\n\n{text}");
        let moved: Vec<_> = states(&ours).iter().map(|(n, s)| (n + 2, *s)).collect();
        assert_eq!(states(&items(&commented)), moved, "{text:?}");
    }
}

/// The same lines, one by one.
fn blocks(text: &str, ours: &[Item<'_>]) {
    let is_blank = |block: &&str| block.trim_matches([' ', '\t', '\n']).is_empty();
    let blocks: Vec<_> = split_lines(text).filter(|block| !is_blank(block)).collect();
    assert_eq!(blocks.len(), ours.len(), "{text:?}");
    for (block, (_, ours)) in blocks.iter().zip(ours) {
        match (theirs(block), ours) {
            (Some(theirs_line), Ok(line)) => {
                assert_eq!(Some(theirs_line), theirs(text_of(line)), "{block:?}");
            }
            (None, Err(_)) => {}
            // Blanks at the end are left out.
            (None, Ok(line)) => {
                let trimmed = block.trim_end_matches(' ');
                assert!(trimmed.len() < block.len(), "{block:?}");
                assert_eq!(theirs(trimmed), theirs(text_of(line)), "{block:?}");
            }
            // A comma after the first field doesn't begin a field. And a line isn't to end elsewhere without the
            // blanks before it.
            (Some(_), Err(error)) => {
                let error = error.to_string();
                let blank = block.starts_with([' ', '\t']) && error.contains("ends the line");
                assert!(
                    blank || error.contains("behind the comma"),
                    "{block:?}: {error}"
                );
            }
        }
    }
}
