//! Examples in a doc comment.

/// How many code blocks of Rust there are.
#[derive(Default)]
pub struct Examples {
    /// Compiled by `cargo test`.
    pub compiled: usize,
    /// And run.
    pub run: usize,
}

pub fn examples(docs: &str) -> Examples {
    let mut found = Examples::default();
    let mut inside = false;
    for line in docs.lines() {
        let Some(words) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        inside = !inside;
        if !inside {
            continue;
        }
        let mut words = words
            .split([',', ' '])
            .map(str::trim)
            .filter(|w| !w.is_empty());
        let (mut rust, mut runs) = (true, true);
        for word in &mut words {
            match word {
                "rust" | "should_panic" => {}
                "no_run" => runs = false,
                _ => rust = false,
            }
        }
        if rust {
            found.compiled += 1;
            found.run += usize::from(runs);
        }
    }
    found
}
