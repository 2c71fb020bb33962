//! Ten thousand random documents, written by an independent writer, are read back equal: schemas,
//! groups, defaults, nulls, several results, empty tables, quotes, newlines, emoji, extremes,
//! every choice and order of annotations, errors at the end.

use crate::common::csv::decode_all;
use crate::common::csv::model::document;
use crate::common::random::{Draw, Rng};

#[test]
fn documents_are_read_back() {
    for seed in 0..10_000 {
        let mut random = Rng::with_seed(seed);
        let document = document(&mut random);
        let longest = 1 + random.below(document.body.len().min(300));
        let mut rest = &document.body[..];
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(random.below(longest + 1).min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        let whole = decode_all([&document.body[..]]);
        let text = String::from_utf8_lossy(&document.body);
        assert_eq!(whole, document.events, "seed {seed}:\n{text}");
        assert_eq!(
            decode_all(pieces),
            document.events,
            "seed {seed}, in pieces:\n{text}"
        );
    }
}

/// The same through `Rows`, whose buffers start empty and grow.
#[cfg(feature = "std")]
#[test]
fn documents_are_read_back_by_rows() {
    use crate::common::csv::{Event, table, value};
    use influx_edge::csv::{Item, ReadErrorKind, Rows};

    for seed in 0..2_000 {
        let document = document(&mut Rng::with_seed(seed));
        let mut rows = Rows::new(&document.body[..]);
        let mut events = Vec::new();
        loop {
            match rows.next_item() {
                Ok(None) => break,
                Ok(Some(Item::Table(found))) => events.push(table(found)),
                Ok(Some(Item::Row(row))) => {
                    let Some(Event::Table { rows, .. }) = events.last_mut() else {
                        panic!("a row without table");
                    };
                    rows.push(row.cells().map(value).collect());
                }
                Err(error) => match error.kind() {
                    ReadErrorKind::Server { message, code } => {
                        let (message, code) = (message.clone(), code.clone());
                        events.push(Event::Server { message, code });
                    }
                    other => panic!("seed {seed}: {other:?}"),
                },
            }
        }
        assert_eq!(events, document.events, "seed {seed}");

        // And kept as a whole.
        let Ok(tables) = Rows::new(&document.body[..]).tables() else {
            continue;
        };
        let kept: Vec<Event> = tables
            .iter()
            .map(|kept| {
                let mut event = table(kept.table());
                if let Event::Table { rows, .. } = &mut event {
                    *rows = kept
                        .rows()
                        .map(|row| row.cells().map(value).collect())
                        .collect();
                }
                event
            })
            .collect();
        assert_eq!(kept, document.events, "seed {seed}");
    }
}
