//! Lines that the command or the server rejects, with the numbers of the input.

use super::*;
use crate::common::temp_dir::TempDir;

/// The first line determines the type of the field; the response to a partial write has the number of lines and
/// the field.
#[test]
fn the_server_rejects_lines_with_the_numbers_of_the_input() {
    let server = server();
    assert_eq!(
        run(at(&server.url(), write(&["sensors"])), b"weather n=1i 1\n").code,
        Some(0)
    );
    for (name, args, input, number) in [
        (
            "timed",
            &[][..],
            "weather n=2i 2\nweather n=\"text\" 3\nweather n=4i 4\n",
            2,
        ),
        (
            "untimed",
            &[],
            "\n# x\nweather n=\"text\"\nweather n=4i\n",
            3,
        ),
        (
            "tagged",
            &["--tag", "a=b"],
            "bad\n\nweather n=\"text\"\r\nweather n=4i\n",
            3,
        ),
        ("pairs", &["--pairs", "weather"], "n 4i\nn 5.5\n", 2),
    ] {
        let run = run(
            at(&server.url(), write(&[args, &["sensors"]].concat())),
            input.as_bytes(),
        );
        assert_eq!(run.code, Some(2), "{name}: {run:?}");
        let place = format!("influx-edge: line {number} rejected: ");
        assert!(run.err.contains(&place), "{name}: {run:?}");
        assert!(run.account().ends_with(" rejected"), "{name}: {run:?}");
        assert_eq!(run.out, "", "{name}");
    }
}

/// The file can be corrected and written again.
#[test]
fn a_file_of_rejected_lines() {
    let dir = TempDir::new("write-rejected");
    let file = dir.path().join("rejected.lp");
    let path = file.to_str().expect("text");
    let server = server();
    let input = "weather n=1i 1\nbad\nweather n=2i 2\nweather n=\"text\" 3\n";
    let args = ["write", "--no-spool", "--rejected", path, "sensors"];
    let first = run(at(&server.url(), args), input.as_bytes());
    assert_eq!(first.code, Some(2), "{first:?}");
    assert!(first.err.contains(path), "{first:?}");
    let text = std::fs::read_to_string(&file).expect("the file");
    let rows: Vec<&str> = text.lines().collect();
    assert!(rows[0].starts_with("# line 2: "), "{text}");
    assert_eq!(rows[1], "bad");
    assert!(rows[2].starts_with("# line 4: "), "{text}");
    assert_eq!(rows[3], "weather n=\"text\" 3");
    // Appending keeps the content.
    run(at(&server.url(), args), b"also bad\n");
    let text = std::fs::read_to_string(&file).expect("the file");
    assert!(
        text.lines().count() == 6 && text.ends_with("\nalso bad\n"),
        "{text}"
    );
    let corrected = text.replace("also bad", "weather n=6i 6");
    let corrected = corrected
        .replace("\"text\"", "5i")
        .replace("\nbad", "\nweather n=7i 7");
    std::fs::write(&file, corrected).expect("the file");
    let again = run(
        at(&server.url(), ["write", "--no-spool", "sensors", path]),
        b"",
    );
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(stored(&server), 5);
}

#[test]
fn many_rejected_lines_are_counted() {
    let server = server();
    let input = "bad\n".repeat(1_000) + "m f=1i 1\n";
    let run = run(at(&server.url(), write(&["sensors"])), input.as_bytes());
    assert_eq!(run.code, Some(2));
    assert_eq!(run.err.matches(" rejected: ").count(), 10, "{}", run.err);
    assert!(run.err.contains("990 more rejected"), "{}", run.err);
    assert_eq!(
        run.account(),
        "1001 lines read = 1 delivered + 1000 rejected"
    );
}

/// Control characters of a line don't reach a terminal.
#[test]
fn what_is_shown_is_printable() {
    let server = server();
    let run = run(at(&server.url(), write(&["sensors"])), b"\x1b[31mbad\x07\n");
    assert_eq!(run.code, Some(2));
    assert!(!run.err.contains(['\x1b', '\x07']), "{:?}", run.err);
}

/// A file that is input and output would be read again and again.
#[test]
fn an_input_is_no_output() {
    let server = server();
    let dir = TempDir::new("write-own-output");
    let file = dir.path().join("a.lp");
    let text = "bad\n".repeat(50_000);
    std::fs::write(&file, &text).expect("a file");
    let name = file.to_str().expect("text");
    let append = || std::fs::File::options().append(true).open(&file);
    for (args, read_it, print_into_it) in [
        (&["sensors", name, "--rejected", name][..], false, false),
        (&["sensors", "--rejected", name], true, false),
        (&["sensors", name], false, true),
        (&["sensors"], true, true),
    ] {
        let mut command = at(&server.url(), write(args));
        if read_it {
            command.stdin(std::fs::File::open(&file).expect("it is there"));
        }
        if print_into_it {
            command.stdout(append().expect("it is there"));
        }
        let run = ended(command.spawn().expect("the command starts"));
        assert_eq!(run.code, Some(64), "{args:?} {run:?}");
        assert!(run.err.contains("is an input, and"), "{args:?} {run:?}");
        let same = std::fs::read(&file).expect("the file") == text.as_bytes();
        assert!(same, "{args:?}");
    }
}
