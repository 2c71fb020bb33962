//! `write`: standard input or files into a bucket.

mod cell;
mod columns;
mod csv;
mod format;
mod json;
mod records;
mod time;
