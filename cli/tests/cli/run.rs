//! Runs of the command, with an environment of their own.

use crate::common::mock_server::Server;
use std::ffi::OsStr;
use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

/// A token that must not be seen in any output.
pub(crate) const TOKEN: &str = "s3cret-t0ken-aAzZ09==";

/// A run of the command that has ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    fn of(output: Output) -> Run {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let run = Run {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(
            !run.out.contains(TOKEN) && !run.err.contains(TOKEN),
            "{run:?}"
        );
        run
    }
}

/// The command without settings: without those of the developer's environment.
pub(crate) fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_influx-edge"));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("INFLUX") || name_text.starts_with("XDG_") || name_text == "HOME" {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The command with this server's address, token and organization in its environment.
pub(crate) fn at<S: AsRef<OsStr>>(url: &str, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = command(args);
    command.envs([
        ("INFLUXDB_V2_URL", url),
        ("INFLUXDB_V2_TOKEN", TOKEN),
        ("INFLUXDB_V2_ORG", "acme"),
    ]);
    command
}

/// A mock server with the bucket `sensors`, for the token and organization of [`at`].
pub(crate) fn server() -> Server {
    let server = Server::with_token(TOKEN);
    server.add_bucket("sensors");
    server
}

/// Runs to the end with this input.
pub(crate) fn run(mut command: Command, input: &[u8]) -> Run {
    let mut child = command.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // While this writes, the command may wait for its output to be read, and it may end before it has read all.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let run = ended(child);
    writer.join().expect("the writer ends");
    run
}

/// Waits for the end of a child.
pub(crate) fn ended(child: Child) -> Run {
    Run::of(child.wait_with_output().expect("the command ends"))
}
