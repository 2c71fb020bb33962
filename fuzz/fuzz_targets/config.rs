//! Configuration files: any content is read or rejected with an error, and never shown with its
//! secrets.

#![no_main]

use influx_edge::client::ClientBuilder;
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::temp_dir().join(format!("influx-edge-fuzz-config-{}", std::process::id()))
});

/// The token of the seeds: what is read as a token, a password or a header's value is never shown.
const CANARY: &str = "canary-7f3a";

fn shown(text: &str) {
    assert!(!text.contains(CANARY), "{text}");
}

fuzz_target!(|input: &[u8]| {
    let mut content = b"[influx2]\nurl = \"http://localhost:8086\"\ntoken = \"".to_vec();
    // As a whole, or behind a token.
    match input.split_first() {
        Some((first, rest)) if first & 1 == 1 => {
            content.extend_from_slice(CANARY.as_bytes());
            content.extend_from_slice(b"\"\n");
            content.extend_from_slice(rest);
        }
        _ => content = input.to_vec(),
    }
    std::fs::write(&*FILE, &content).expect("a file can be written");
    let planted = content
        .starts_with(b"[influx2]\nurl = \"http://localhost:8086\"\ntoken = \"canary")
        && !input.windows(CANARY.len()).any(|w| w == CANARY.as_bytes());
    let shown = |text: String| {
        if planted {
            shown(&text);
        }
    };
    match ClientBuilder::from_config_file(&*FILE) {
        Ok(builder) => {
            shown(format!("{builder:?}"));
            match builder.build() {
                Ok(client) => {
                    shown(format!(
                        "{client:?} {} {:?}",
                        client.url(),
                        client.warnings()
                    ));
                }
                Err(error) => shown(format!("{error} {error:?}")),
            }
        }
        Err(error) => shown(format!("{error} {error:?}")),
    }
});
