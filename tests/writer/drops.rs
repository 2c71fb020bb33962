//! Writers that are dropped with lines left, where nobody reads what they say about it: the process
//! ends as it would have without them.

use crate::help::{MS, SEC, child, job, nowhere};
use influx_edge::OverflowPolicy::Reject;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

/// What a child does: drops a writer with a line left, in one of several ways, and exits.
fn drops(how: &str) -> ! {
    let build = |listens: bool| {
        let mut builder = nowhere().writer("sensors").flush_timeout(200 * MS);
        if listens {
            builder = builder.on_event(|_| panic!("a listener that panics, on purpose"));
        }
        let mut w = builder.build().unwrap();
        w.write_with(|enc| enc.line("t").field("v", 1).finish())
            .unwrap();
        w
    };
    let listens = how.contains("listens");
    let kept = match how.split(' ').next().unwrap() {
        "none" => None,
        "inline" => Some(Ok(build(listens))),
        "threaded" => Some(Err(build(listens).spawn(Reject).unwrap())),
        other => panic!("{other}"),
    };
    if how.contains("panic") {
        let thread = std::thread::spawn(move || {
            let _kept = kept;
            panic!("with a writer on the stack, on purpose");
        });
        std::process::exit(if thread.join().is_err() { 8 } else { 9 });
    }
    drop(kept);
    std::process::exit(7);
}

#[cfg(unix)]
fn status(mut command: Command) -> ExitStatus {
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    // Nobody reads: the pipe is closed.
    drop(child.stderr.take());
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > 20 * SEC {
            child.kill().unwrap();
        }
        std::thread::sleep(5 * MS);
    }
}

#[cfg(unix)]
#[test]
fn with_stderr_closed_they_change_nothing_about_how_the_process_ends() {
    if let Some(job) = job() {
        drops(&job);
    }
    let name = "drops::with_stderr_closed_they_change_nothing_about_how_the_process_ends";
    for ends in ["", " panic"] {
        let expected = if ends.is_empty() { 7 } else { 8 };
        for what in [
            "none",
            "inline",
            "inline listens",
            "threaded",
            "threaded listens",
        ] {
            for stderr in ["full", "closed pipe", "closed"] {
                let job = format!("{what}{ends}");
                let mut command = child(name, &job);
                match stderr {
                    "full" => {
                        let Ok(full) = std::fs::File::options().write(true).open("/dev/full")
                        else {
                            continue;
                        };
                        command.stderr(full);
                    }
                    "closed pipe" => drop(command.stderr(Stdio::piped())),
                    _ => {
                        // Without any stderr at all.
                        let program = command.get_program().to_owned();
                        let mut shell = Command::new("sh");
                        shell.arg("-c").arg("exec \"$0\" \"$@\" 2>&-").arg(program);
                        shell.args(command.get_args());
                        for (key, value) in command.get_envs() {
                            match value {
                                Some(value) => shell.env(key, value),
                                None => shell.env_remove(key),
                            };
                        }
                        command = shell;
                    }
                }
                let status = status(command);
                assert_eq!(
                    status.code(),
                    Some(expected),
                    "{job}, stderr is {stderr}: {status}"
                );
            }
        }
    }
}

/// What is lost is told in one line, if somebody reads it.
#[test]
fn what_is_lost_is_reported_in_one_line() {
    if let Some(job) = job() {
        drops(&job);
    }
    for job in ["inline", "threaded", "inline panic", "threaded panic"] {
        let output = child("drops::what_is_lost_is_reported_in_one_line", job)
            .stdout(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let ours: Vec<_> = said
            .lines()
            .filter(|l| l.contains("influx-edge:"))
            .collect();
        assert_eq!(ours.len(), 1, "{job}: {said}");
        let told = "influx-edge: a writer was dropped: 1 line is not delivered and is lost";
        assert!(ours[0].starts_with(told), "{job}: {said}");
    }
}
