//! Responses that break off, readers that go away, signals, memory.

use super::{FLUX, play, played, query, recording};
use crate::common::mock_server::Fault;
use crate::run::{at, run, server};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

#[test]
fn an_error_after_rows_comes_after_them() {
    // Of the first recording the columns are the same, of the second the rows.
    for (name, rows, text) in [
        ("mid-stream-error", 6, "cannot convert string"),
        ("mid-stream-panic", 3, "a panic has occurred"),
    ] {
        let body = recording(&format!("csv/{name}.csv"));
        for output in ["table", "csv", "jsonl", "raw", "plot", "sparkline"] {
            let run = played(body.clone(), &["-O", output, "--width", "200"]);
            assert_eq!(run.code, Some(1), "{name} {output}: {run:?}");
            assert!(run.err.contains(text), "{name} {output}: {run:?}");
            assert_eq!(run.err.lines().count(), 1, "{run:?}");
            match output {
                "jsonl" => assert!(run.out.lines().count() >= rows, "{run:?}"),
                "raw" => assert_eq!(run.out, body),
                _ => assert!(run.out.lines().count() > 2, "{name} {output}: {run:?}"),
            }
        }
    }
    // The connection breaks.
    let server = server();
    let body = recording("csv/many-rows.csv".replace("many-rows", "numbers").as_str());
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let cut = body.len() - 3;
    server.fault(Fault::raw(format!("{head}{}", &body[..cut])).on("/api/v2/query"));
    let broken = run(query(&server, &["--json"]), b"");
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(
        !broken.out.is_empty() && broken.err.contains("rows)"),
        "{broken:?}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let server = server();
    let row = ",,0,2023-11-14T22:13:20Z,20.25\r\n".repeat(100_000);
    let body = format!(
        "#datatype,string,long,dateTime:RFC3339,double\r\n#group,false,false,false,false\r\n\
         #default,_result,,,\r\n,result,table,_time,_value\r\n{row}"
    );
    for output in ["table", "csv", "jsonl", "raw"] {
        play(&server, body.clone());
        let mut child = query(&server, &["-O", output]).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        drop(out);
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{output}: {err}");
        assert_eq!(err, "", "{output}");
    }
    // The reader is gone before the first row.
    let csv = Fault::status(200)
        .header("Content-Type", "text/csv")
        .body(body);
    server.fault(csv.delay(Duration::from_millis(100)).on("/api/v2/query"));
    let mut child = query(&server, &[]).spawn().unwrap();
    drop(child.stdout.take());
    let closed = crate::run::ended(child);
    assert_eq!((closed.code, &*closed.err), (Some(0), ""));
}

/// Returns `true` if this process, and so its children, ignore a signal: a shell's jobs in the background ignore
/// SIGINT.
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

#[test]
fn a_signal_ends_it() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        if is_ignored(number) {
            eprintln!("skipped: signal {number} is ignored here");
            continue;
        }
        let server = server();
        server.fault(Fault::slow(Duration::from_secs(60)).on("/api/v2/query"));
        let mut child = query(&server, &[]).spawn().unwrap();
        while server.requests().is_empty() {
            std::thread::yield_now();
        }
        let pid = Pid::from_child(&child);
        kill_process(pid, signal).unwrap();
        // A shell calls it 130 and 143.
        assert_eq!(child.wait().unwrap().signal(), Some(number));
    }
}

#[test]
fn a_time_limit_ends_it() {
    let server = server();
    server.fault(Fault::slow(Duration::from_secs(60)).on("/api/v2/query"));
    let late = run(query(&server, &["--timeout", "200ms"]), b"");
    assert_eq!(late.code, Some(69), "{late:?}");
}

/// Memory doesn't grow with the rows.
#[cfg(target_os = "linux")]
#[test]
fn many_rows_take_constant_memory() {
    const ROWS: usize = 80_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let outputs = ["csv", "jsonl", "raw", "table"];
    let server = std::thread::spawn(move || {
        for _ in outputs {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).unwrap();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nConnection: close\r\n\r\n\
                #datatype,string,long,dateTime:RFC3339,double,string\r\n\
                #group,false,false,false,false,true\r\n#default,_result,,,,\r\n\
                ,result,table,_time,_value,station\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            let rows = ",,0,2023-11-14T22:13:20.123456789Z,20.25,zrh-1\r\n".repeat(1000);
            for _ in 0..ROWS / 1000 {
                stream.write_all(rows.as_bytes()).unwrap();
            }
        }
    });
    for output in outputs {
        let mut child = at(&url, ["query", FLUX, "-O", output]).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let status = format!("/proc/{}/status", child.id());
        // The peak of the resident memory, in KiB.
        let peak = || {
            let text = std::fs::read_to_string(&status).unwrap();
            let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|text| text.split_whitespace().next());
            peak.unwrap().parse::<u64>().unwrap()
        };
        let (mut lines, mut early, mut late) = (0, 0, 0);
        let mut line = Vec::new();
        while out.read_until(b'\n', &mut line).unwrap() > 0 {
            line.clear();
            lines += 1;
            match lines {
                10_000 => early = peak(),
                // More of it may be on its way, but not all.
                70_000 => late = peak(),
                _ => {}
            }
        }
        assert!(child.wait().unwrap().success());
        assert!(lines >= ROWS && early > 0, "{output}: {lines}");
        // All rows would be 4 MiB.
        assert!(late < early + 1024, "{output}: {early} KiB, then {late}");
    }
    server.join().unwrap();
}
