//! The client over bare sockets: every call to the byte, its rules, its settings, its secrets.

#![cfg(feature = "client")]
#[path = "../common"]
mod common {
    pub(crate) mod mock_server;
    pub(crate) mod watch;
    pub(crate) mod wire;
}

mod advice;
mod calls;
#[cfg(feature = "gzip")]
mod compression;
mod config;
mod config_files;
mod contract;
mod cookies;
mod durations;
mod echoes;
mod isolation;
mod messages;
mod misplaced;
mod on_v3;
mod own_sentences;
mod own_words;
mod pivot;
mod points;
mod proxy;
mod query;
mod recordings;
mod rules;
mod secrets;
mod server_time;
mod settings;
mod writer_tags;
