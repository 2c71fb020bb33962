//! The examples that print much, with an output that is closed behind its first lines, as by `| head -n 1`:
//! they end, and quietly.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn an_example_whose_output_is_closed_ends_quietly() {
    let example = "quickstart";
    for lines in [0, 1, 2] {
        let mut command = Command::new(crate::common::built::example(example));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("INFLUXDB_V2_") {
                command.env_remove(name);
            }
        }
        let start = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..lines {
            out.read_line(&mut String::new()).unwrap();
        }
        drop(out);
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(err, "", "{example}");
        assert_eq!(code, Some(0), "{example}");
        assert!(start.elapsed() < Duration::from_secs(30), "{example}");
    }
}
