//! Disks that are full, outputs that are closed.

use super::*;
use crate::common::temp_dir::TempDir;
use crate::run::{TOKEN, command};

/// The command under a limit of the size of files, as a full disk is: `write` returns an error.
fn limited(url: &str, blocks: u32, args: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let built = command(args);
    shell
        .args(["-c", &script])
        .arg(built.get_program())
        .args(args)
        .envs([
            ("INFLUXDB_V2_URL", url),
            ("INFLUXDB_V2_TOKEN", TOKEN),
            ("INFLUXDB_V2_ORG", "acme"),
        ])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    shell
}

/// Numbers of an account: read, delivered, spooled, rejected, not delivered.
fn account(run: &Run) -> [u64; 5] {
    let line = run.out.lines().last().unwrap_or_default();
    let account: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let names = ["read", "delivered", "spooled", "rejected", "not_delivered"];
    names.map(|name| account[name].as_u64().expect("a number"))
}

/// Each line is spooled or printed; the next run delivers the former, the latter can be written again.
#[test]
fn a_full_disk_under_the_spool() {
    let dir = TempDir::new("write-full");
    let spool = dir.path().join("spool");
    let path = spool.to_str().expect("text");
    let input = lines(0..20_000);
    let args = [
        "write",
        "--spool",
        path,
        "--patience",
        "1s",
        "--json",
        "sensors",
    ];
    let run_limited = run(limited(&nothing_there(), 128, &args), input.as_bytes());
    assert_eq!(run_limited.code, Some(75), "{}", run_limited.err);
    let [read, delivered, spooled, rejected, not] = account(&run_limited);
    assert_eq!((read, delivered, rejected), (20_000, 0, 0));
    assert_eq!(spooled + not, 20_000);
    assert!(
        run_limited.err.contains("the spool takes nothing"),
        "{}",
        run_limited.err
    );
    let (left, _) = run_limited.out.trim_end().rsplit_once('\n').expect("lines");
    assert_eq!(left.lines().count() as u64, not);
    let server = server();
    let next = run(
        at(&server.url(), ["write", "--spool", path, "sensors"]),
        left.as_bytes(),
    );
    assert_eq!(next.code, Some(0), "{next:?}");
    assert_eq!(stored(&server), 20_000);
}

/// A full spool takes no further lines, and drops none.
#[test]
fn a_full_spool() {
    let dir = TempDir::new("write-spool-max");
    let (spool, file) = (dir.path().join("spool"), dir.path().join("input.lp"));
    let path = spool.to_str().expect("text");
    let input = lines(0..150_000);
    std::fs::write(&file, &input).expect("a file");
    let args = [
        "write",
        "--spool",
        path,
        "--spool-max",
        "1",
        "--patience",
        "1s",
        "--json",
        "sensors",
        file.to_str().expect("text"),
    ];
    let full = run(at(&nothing_there(), args), b"");
    assert_eq!(full.code, Some(75), "{}", full.err);
    let [read, delivered, spooled, rejected, not] = account(&full);
    assert_eq!((read, delivered, rejected), (150_000, 0, 0));
    assert!(spooled > 10_000, "{spooled}");
    assert_eq!(spooled + not, 150_000);
    let (left, _) = full.out.trim_end().rsplit_once('\n').expect("lines");
    assert!(
        input.ends_with(&format!("{left}\n")),
        "the last ones come out, in their order"
    );
    let size: u64 = std::fs::read_dir(&spool)
        .expect("the spool")
        .map(|entry| entry.expect("a file").metadata().expect("its size").len())
        .sum();
    assert!(size < 2 << 20, "{size}");
}

/// Rejected lines that can't be recorded are printed; if they can't be printed either, they are counted, and
/// `--resume` doesn't continue after them.
#[test]
fn a_full_disk_under_the_rejected_lines() {
    let server = server();
    let dir = TempDir::new("write-rejected-full");
    let (file, state) = (dir.path().join("a.lp"), dir.path().join("state"));
    std::fs::write(&file, "bad\nm f=1i 1\nworse\n").expect("a file");
    let [file, state] = [&file, &state].map(|path| path.to_str().expect("text"));
    let args = [
        "--rejected",
        "/dev/full",
        "--resume",
        state,
        "sensors",
        file,
    ];
    let full = || std::fs::File::create("/dev/full").expect("a device");
    for (printed, account) in [
        (false, "3 lines read = 1 delivered + 2 rejected"),
        (true, "3 lines read = 1 delivered + 2 rejected"),
        (true, "0 lines read = 0 delivered"),
    ] {
        let mut command = at(&server.url(), write(&args));
        if !printed {
            command.stdout(full());
        }
        let run = run(command, b"");
        assert_eq!(run.account(), account, "{run:?}");
        if account.starts_with('0') {
            break;
        }
        assert_eq!(run.code, Some(2), "{run:?}");
        let complaint = "rejected lines can't be written to /dev/full";
        assert!(run.err.contains(complaint), "{run:?}");
        let uncounted = run.err.contains("2 rejected lines could be neither");
        assert_eq!(uncounted, !printed, "{run:?}");
        for line in [
            "# line 1: the line",
            "\nbad\n",
            "# line 3: the line",
            "\nworse\n",
        ] {
            assert_eq!(run.out.contains(line), printed, "{line:?} {run:?}");
        }
    }
}

#[test]
fn standard_output_is_closed() {
    let server = server();
    for (url, args, code, account) in [
        (
            server.url(),
            &["--rejected", "-"][..],
            2,
            "2 lines read = 1 delivered + 1 rejected",
        ),
        (
            nothing_there(),
            &["--patience", "100ms"],
            75,
            "2 lines read = 0 delivered + 1 rejected + 1 not delivered",
        ),
    ] {
        let args = write(&[args, &["sensors"]].concat());
        let mut pipe = Pipe::start(at(&url, args));
        drop(pipe.0.stdout.take());
        pipe.send("bad\nweather n=1i 1\n");
        let run = pipe.end();
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(!run.err.contains("panicked"), "{run:?}");
        assert_eq!(run.account(), account);
        assert!(
            run.err.contains("could not be printed") || run.err.contains("could be neither"),
            "{run:?}"
        );
    }
}
