//! Watches a whole test program for its secrets: every log line, and every panic.
//! If one of them shows a secret, the test fails or the program ends.
//!
//! The servers of the tests switch it on for the tokens they expect, so no test can forget to.

#![allow(
    dead_code,
    reason = "shared by several test programs, each of which uses a part"
)]

use std::fmt::{self, Write};
use std::path::Path;
use std::sync::{Once, RwLock};

static SECRETS: RwLock<Vec<String>> = RwLock::new(Vec::new());
static TAP: RwLock<Option<fn(&log::Record<'_>)>> = RwLock::new(None);

/// Registers a secret.
pub(crate) fn watch(secret: &str) {
    static ONCE: Once = Once::new();
    let mut secrets = SECRETS.write().unwrap();
    if !secrets.iter().any(|known| known == secret) {
        secrets.push(secret.to_owned());
    }
    drop(secrets);
    ONCE.call_once(|| {
        log::set_logger(&Watch).expect("no other logger");
        log::set_max_level(log::LevelFilter::Debug);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if shown(format_args!("{info}")) {
                let mut text = info.to_string();
                for secret in &*SECRETS.read().unwrap() {
                    text = text.replace(secret.as_str(), "<the secret>");
                }
                eprintln!("a panic shows the secret: {text}");
                std::process::exit(101);
            }
            before(info);
        }));
    });
}

/// Hands every line to a test as well.
pub(crate) fn tap(listen: fn(&log::Record<'_>)) {
    *TAP.write().unwrap() = Some(listen);
}

/// Without log lines: where allocations or memory are counted, which formatting would add to.
pub(crate) fn quiet() {
    watch("nothing that is ever said");
    log::set_max_level(log::LevelFilter::Off);
}

/// Ends the test if a file below this directory, or a name there, shows a secret.
#[track_caller]
pub(crate) fn no_secret_in(dir: &Path) {
    let mut files = 0;
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            assert!(!shown(format_args!("{path:?}")), "a file's name");
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for secret in &*SECRETS.read().unwrap() {
                let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
                assert!(!found, "{} shows the secret", path.display());
            }
        }
    }
    assert!(files > 0, "no file to look into");
}

struct Watch;

impl log::Log for Watch {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(listen) = *TAP.read().unwrap() {
            listen(record);
        }
        // At `trace` the HTTP library writes out all that it handles, a server's responses and a
        // program's own headers too; what of that must never be in it has a test of its own.
        assert!(
            record.level() == log::Level::Trace || !shown(*record.args()),
            "a log line of {} shows the secret",
            record.target()
        );
    }

    fn flush(&self) {}
}

/// Returns `true` if a secret is in the text, which may be long and isn't kept.
fn shown(text: fmt::Arguments<'_>) -> bool {
    let mut hunt = Hunt {
        buffer: [0; 2048],
        len: 0,
        found: false,
    };
    let _ = hunt.write_fmt(text);
    hunt.look();
    hunt.found
}

struct Hunt {
    buffer: [u8; 2048],
    len: usize,
    found: bool,
}

impl Hunt {
    fn look(&mut self) {
        let text = &self.buffer[..self.len];
        self.found |= SECRETS
            .read()
            .unwrap()
            .iter()
            .any(|secret| text.windows(secret.len()).any(|w| w == secret.as_bytes()));
    }
}

impl fmt::Write for Hunt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.len == self.buffer.len() {
                self.look();
                // A secret may lie across the border.
                let kept = self.buffer.len() - 256;
                self.buffer.copy_within(kept.., 0);
                self.len = 256;
            }
            self.buffer[self.len] = byte;
            self.len += 1;
        }
        Ok(())
    }
}
