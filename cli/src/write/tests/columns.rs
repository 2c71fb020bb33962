//! The options of the formats, and what the tests of the formats share.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use super::*;
use crate::command::{Command, joined};
use crate::write::format::{Lines, Position, RejectedRecord};
use std::process::ExitCode;

/// Only to read options by.
const COMMAND: Command = Command {
    name: "write",
    summary: "",
    operands: &[],
    options: &joined::<{ OPTIONS.len() + 1 }>(
        OPTIONS,
        &[Opt::value("precision", "UNIT", OptKind::Text, "")],
    ),
    connects: false,
    notes: "",
    examples: &[],
    commands: &[],
    run: |_| Ok(ExitCode::SUCCESS),
};

/// The layout of these arguments, which are separated by spaces.
fn layout(args: &str) -> Result<Option<Layout>, Failure> {
    let mut parser = lexopt::Parser::from_args(args.split(' '));
    let matches = Matches::parse(&COMMAND, "write".to_owned(), &mut parser)?;
    let unit = matches.text("precision")?.map(|unit| match unit {
        "s" => Precision::Second,
        "ms" => Precision::Millisecond,
        _ => Precision::Nanosecond,
    });
    Layout::from_matches(&matches, unit)
}

/// A format of these arguments, and what makes another of them.
pub(crate) fn format_of(args: &str) -> Box<dyn Format> {
    let layout = layout(args).expect("arguments").expect("a format");
    Rc::new(layout).format().expect("a format")
}

/// No lines yet.
pub(crate) fn no_lines() -> Lines {
    Lines::new(Precision::Nanosecond, Default::default())
}

/// What an input became.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) numbers: Vec<u64>,
    pub(crate) rejected: Vec<RejectedRecord>,
    pub(crate) failure: Option<String>,
}

impl Outcome {
    /// The lines, and the numbers and reasons of what is rejected.
    pub(crate) fn shown(&self) -> String {
        use std::fmt::Write as _;
        let mut shown = String::new();
        for (number, line) in self.numbers.iter().zip(self.text.lines()) {
            let _ = writeln!(shown, "{number}: {line}");
        }
        for rejected in &self.rejected {
            let _ = writeln!(shown, "{}! {}", rejected.number, rejected.reason);
        }
        if let Some(failure) = &self.failure {
            let _ = writeln!(shown, "failure: {failure}");
        }
        shown
    }

    fn add(&mut self, lines: &mut Lines) {
        let text = std::str::from_utf8(lines.encoder.as_bytes());
        self.text.push_str(text.expect("UTF-8"));
        self.numbers.append(&mut lines.numbers);
        self.rejected.append(&mut lines.rejected);
        lines.encoder.clear();
    }
}

/// Converts an input that comes in these pieces.
pub(crate) fn convert<'a>(args: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut format = format_of(args);
    go_on(&mut *format, pieces, &mut outcome);
    outcome
}

/// Converts what is left of an input.
pub(crate) fn go_on<'a>(
    format: &mut dyn Format,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    outcome: &mut Outcome,
) {
    let mut lines = no_lines();
    let mut pieces = pieces.into_iter();
    let pushed = pieces.try_for_each(|piece| format.push(piece, &mut lines));
    let done = pushed.and_then(|()| format.finish(&mut lines));
    outcome.failure = done.err().map(|failure| failure.message);
    outcome.add(&mut lines);
}

/// Whatever the pieces are, and wherever a run is resumed, the lines are the same.
pub(crate) fn is_the_same_in_all_pieces(args: &str, input: &[u8], random: &mut fastrand::Rng) {
    let whole = convert(args, [input]);
    let bytes = convert(args, input.chunks(1));
    assert_eq!(whole, bytes, "{args}: {:?}", String::from_utf8_lossy(input));
    let mut outcome = Outcome::default();
    let mut at = Position::default();
    loop {
        // A run that ends somewhere: what is behind its position is lost with it.
        let mut format = format_of(args);
        if let Err(why) = format.resume(at, &mut &*input) {
            panic!("{args}, at {at:?}: {}", why.message);
        }
        let begin = usize::try_from(at.bytes).expect("a length");
        let end = begin + random.usize(..=input.len() - begin);
        let mut lines = no_lines();
        if random.bool() && end < input.len() {
            let middle = begin + random.usize(..=end - begin);
            let mut run = || {
                format.push(&input[begin..middle], &mut lines)?;
                format.push(&input[middle..end], &mut lines)
            };
            if let Err(failure) = run() {
                assert_eq!(Some(failure.message), whole.failure);
                return;
            }
            outcome.add(&mut lines);
            at = format.position();
            assert!(at.bytes as usize <= end, "{args}: {at:?}");
            continue;
        }
        let pieces = [&input[begin..end], &input[end..]];
        go_on(&mut *format, pieces, &mut outcome);
        assert_eq!(
            whole,
            outcome,
            "{args}: {:?}",
            String::from_utf8_lossy(input)
        );
        return;
    }
}

#[test]
fn options_that_contradict_each_other_are_usage_errors() {
    let cases = [
        ("--csv --jsonl -m w", "exclude each other"),
        ("--tags a", "--tags needs --csv or --jsonl"),
        (
            "--csv",
            "--measurement NAME or --measurement-from COL is missing",
        ),
        ("--csv -m w --measurement-from c", "exclude each other"),
        ("--csv --measurement #w", "begins with #"),
        ("--jsonl -m w --skip 1", "--skip is for --csv"),
        ("--csv -m w --tags a,,b", "a name is empty"),
        (
            "--csv -m w --tags a,b --tags a",
            "column \"a\" is named by --tags and again by --tags",
        ),
        (
            "--csv -m w --tags a --fields b,a",
            "named by --tags and again by --fields",
        ),
        (
            "--csv -m w --time a --fields a",
            "named by --time and again by --fields",
        ),
        (
            "--csv --measurement-from a --tags a",
            "named by --measurement-from and again by --tags",
        ),
        (
            "--csv -m w --types a",
            "expected COL=TYPE, where TYPE is float",
        ),
        ("--csv -m w --types a=double", "expected COL=TYPE"),
        (
            "--csv -m w --types a=int,a=int",
            "--types a: the column is named twice",
        ),
        (
            "--csv -m w --tags a --types a=string",
            "--types a: the column isn't a field",
        ),
        (
            "--csv -m w --fields a --types b=int",
            "--types b: the column isn't a field",
        ),
        ("--csv -m w --delimiter ab", "one ASCII character"),
        ("--csv -m w --delimiter \"", "one ASCII character"),
        ("--csv -m w --skip x", "--skip x"),
    ];
    for (args, reason) in cases {
        let failure = layout(args).expect_err(args);
        assert_eq!(failure.code, 64, "{args}");
        assert!(
            failure.message.contains(reason),
            "{args}: {}",
            failure.message
        );
    }
    assert!(layout("--precision s").expect("line protocol").is_none());
}

#[test]
fn a_column_is_what_the_options_make_of_it() {
    let role = |args: &str, column: &str| {
        layout(args)
            .expect("arguments")
            .expect("a format")
            .role(column)
    };
    let args = "--csv -m w --tags z,a --types n=int,a=b=bool";
    assert_eq!(role(args, "a"), Role::Tag(0));
    assert_eq!(role(args, "z"), Role::Tag(1));
    assert_eq!(role(args, "n"), Role::Field(Some(Kind::Int)));
    assert_eq!(role(args, "a=b"), Role::Field(Some(Kind::Bool)));
    assert_eq!(role(args, "other"), Role::Field(None));
    assert_eq!(role(args, "time"), Role::Time);
    let args = "--csv --measurement-from m --time at --fields v --types *=string";
    assert_eq!(role(args, "m"), Role::Measurement);
    assert_eq!(role(args, "at"), Role::Time);
    assert_eq!(role(args, "v"), Role::Field(Some(Kind::String)));
    assert_eq!(role(args, "time"), Role::Unused);
}
