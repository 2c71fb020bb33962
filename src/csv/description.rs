//! `Description`: a table's columns on the heap, for rows that outlive the decoder's buffers.

use alloc::boxed::Box;

use super::schema::Schema;
use super::table::Table;

/// A table's columns, laid out as in the decoder's buffers.
#[derive(Clone)]
pub(super) struct Description {
    schema: Schema,
    text: Box<[u8]>,
    ends: Box<[usize]>,
}

impl Description {
    pub(super) fn new(table: Table<'_>) -> Description {
        let schema = *table.schema;
        let text = table.text.get(..schema.record_at());
        let ends = table.ends.get(..schema.ends_len);
        Description {
            schema,
            text: text.unwrap_or_default().into(),
            ends: ends.unwrap_or_default().into(),
        }
    }

    pub(super) fn table(&self) -> Table<'_> {
        let Description { schema, text, ends } = self;
        Table { schema, text, ends }
    }
}
