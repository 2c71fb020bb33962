//! `write`: standard input or files into a bucket.

mod format;
