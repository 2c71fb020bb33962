//! `query`: Flux, SQL or InfluxQL in, rows out.

mod cell;
#[cfg(feature = "v3")]
mod database3;
mod flux;
#[cfg(feature = "v1")]
mod influxql1;
mod lines;
mod params;
mod plot;
mod raw;
mod series;
mod server;
mod table;
mod text;

use crate::command::{Command, Count, Kind, Matches, Operand, Opt};
use crate::failure::{EMPTY, Failure};
use crate::report::Report;
use crate::settings;
use crate::terminal::Terminal;
use influx_edge::Client;
use influx_edge::client::RetryPolicy;
use params::Param;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

const OUTPUTS: &[&str] = &["table", "csv", "jsonl", "raw", "plot", "sparkline"];

pub(crate) const COMMAND: Command = Command {
    name: "query",
    summary: "ask the server, and print rows: table, CSV, JSON lines or plots",
    operands: &[Operand {
        name: "FLUX",
        help: "the query; - or nothing: standard input",
        count: Count::Optional,
        kind: Kind::Text,
    }],
    options: &[
        Opt::value("file", "FILE", Kind::File, "read the query from a file").short('f'),
        Opt::value(
            "param",
            "NAME=VALUE",
            Kind::Text,
            "params.NAME of the query; NAME:int=5 has a type",
        )
        .short('p'),
        Opt::flag("sql", "it is SQL, for InfluxDB 3; needs --db"),
        Opt::flag("influxql", "it is InfluxQL, for 1.x or 3; needs --db"),
        Opt::flag("v1", "with --influxql: by the interface of InfluxDB 1.x"),
        Opt::value("db", "NAME", Kind::Text, "the database"),
        Opt::value(
            "output",
            "FORMAT",
            Kind::Choice(OUTPUTS),
            "table, csv, jsonl, raw, plot or sparkline",
        )
        .short('O'),
        Opt::value("width", "COLUMNS", Kind::Text, "instead of the terminal's"),
        Opt::flag("fail-if-empty", "exit code 3 if there are no rows"),
        Opt::value(
            "wait",
            "TIME",
            Kind::Text,
            "retry so long if the server is away",
        ),
    ],
    connects: true,
    notes: "\
Types of parameters: string, int, uint, float, bool, duration (-1h30m), time.
table is the default, in a pipe as well, where it isn't cut; its columns are as
wide as 1000 rows need them. csv has the names once for tables of the same
columns. In jsonl (or --json) NaN and infinity are null. raw is the response.
plot and sparkline draw each series; a column is the mean of its values.
Rows of a yield with a name begin with it: column result.
For --sql and --influxql INFLUXDB3_URL and INFLUXDB3_TOKEN serve, too.",
    examples: &[
        (
            "For a mail from cron: a day's statistics and plots",
            "influx-edge query -O plot --fail-if-empty 'from(bucket: \"sensors\")\n    \
             |> range(start: -24h) |> filter(fn: (r) => r._measurement == \"weather\")'",
        ),
        (
            "The newest ten, from a file with params.n",
            "influx-edge query -f newest.flux -p n:int=10 -O jsonl | jq ._value",
        ),
    ],
    commands: &[],
    run,
};

/// A smaller width is taken for this one.
const MIN_WIDTH: usize = 20;
/// Of output, before it is written.
const BUFFER: usize = 32 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Table,
    Csv,
    Json,
    Raw,
    Plot,
    Sparkline,
}

/// The language, and of InfluxQL the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Flux,
    Sql,
    InfluxQl { v1: bool },
}

/// The query.
struct Asked {
    text: String,
    params: Vec<(String, Param)>,
    language: Language,
    /// Empty for Flux.
    #[cfg_attr(
        not(any(feature = "v1", feature = "v3")),
        allow(dead_code, reason = "there is only Flux")
    )]
    db: String,
}

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    // A signal ends the process as it ends any other: there is nothing to account for, and a shell sees 130.
    let report = Report::new(matches);
    let output = output(matches)?;
    let mut terminal = Terminal::stdout();
    let is_terminal = terminal.width.is_some();
    if let Some(width) = matches.parsed::<usize>("width")? {
        terminal.width = Some(width.max(MIN_WIDTH));
    }
    let (language, db) = language(matches)?;
    let asked = Asked {
        params: params::params(matches)?,
        text: text::text(matches, &report)?,
        language,
        db,
    };
    let client = client(matches, &report)?;
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut count = 0;
    let ended = match output {
        Output::Raw if is_terminal => {
            let mut out = raw::Escaped::new(&mut out);
            server::raw(&client, &asked, &mut out, &mut count)
        }
        Output::Raw => server::raw(&client, &asked, &mut out, &mut count),
        Output::Table => {
            let mut sink = table::Tables::new(&mut out, terminal);
            server::rows(&client, &asked, &mut sink, &mut count, &report)
        }
        Output::Csv => {
            let mut sink = lines::Csv::new(&mut out, is_terminal);
            server::rows(&client, &asked, &mut sink, &mut count, &report)
        }
        Output::Json => server::json_lines(&client, &asked, &mut out, &mut count, &report),
        Output::Plot | Output::Sparkline => {
            let style = plot::Style {
                terminal,
                unicode: is_unicode(),
                sparklines: output == Output::Sparkline,
            };
            let mut sink = series::Plots::new(&mut out, style);
            let ended = server::typed_rows(&client, &asked, &mut sink, &mut count, &report);
            if sink.is_empty() {
                count = 0;
            }
            ended
        }
    };
    out.flush()?;
    ended?;
    if count > 0 {
        return Ok(ExitCode::SUCCESS);
    }
    report.note(match output {
        Output::Plot | Output::Sparkline => "no numbers",
        _ => "no rows",
    });
    match matches.has("fail-if-empty") {
        true => Ok(ExitCode::from(EMPTY)),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn output(matches: &Matches) -> Result<Output, Failure> {
    let asked = match (matches.text("output")?, matches.has("json")) {
        (None | Some("jsonl"), true) => "jsonl",
        (Some(other), true) => {
            return Err(matches.misused(format_args!(
                "--json and --output {other} exclude each other"
            )));
        }
        (asked, false) => asked.unwrap_or("table"),
    };
    Ok(match asked {
        "table" => Output::Table,
        "csv" => Output::Csv,
        "jsonl" => Output::Json,
        "raw" => Output::Raw,
        "plot" => Output::Plot,
        "sparkline" => Output::Sparkline,
        other => {
            let there_are = OUTPUTS.join(", ");
            return Err(matches.misused(format_args!("--output {other}: there are {there_are}")));
        }
    })
}

fn language(matches: &Matches) -> Result<(Language, String), Failure> {
    let v1 = matches.has("v1");
    let language = match (matches.has("sql"), matches.has("influxql")) {
        (true, true) => return Err(matches.misused("--sql and --influxql exclude each other")),
        (true, false) => Language::Sql,
        (false, true) => Language::InfluxQl { v1 },
        (false, false) => Language::Flux,
    };
    if v1 && !matches!(language, Language::InfluxQl { .. }) {
        return Err(matches.misused("--v1 goes with --influxql only"));
    }
    let db = matches.text("db")?.unwrap_or_default().to_owned();
    match language {
        Language::Flux if !db.is_empty() => {
            Err(matches
                .misused("--db goes with --sql and --influxql; a Flux query names its bucket"))
        }
        Language::Flux => Ok((language, db)),
        _ if db.is_empty() => Err(matches.misused("--db is missing: the database to ask")),
        Language::Sql if !cfg!(feature = "v3") => Err(unbuilt("--sql", "v3")),
        Language::InfluxQl { v1: true } if !cfg!(feature = "v1") => Err(unbuilt("--v1", "v1")),
        Language::InfluxQl { .. } if !cfg!(any(feature = "v1", feature = "v3")) => {
            Err(unbuilt("--influxql", "v1,v3"))
        }
        _ => Ok((language, db)),
    }
}

/// What this build lacks, and how to build one that has it.
fn unbuilt(option: &str, features: &str) -> Failure {
    Failure::usage(format_args!(
        "{option}: this influx-edge is built without it; \
         cargo install influx-edge-cli --features {features} builds one that has it"
    ))
}

fn client(matches: &Matches, report: &Report) -> Result<Client, Failure> {
    let Some(patience) = matches.duration("wait")? else {
        return settings::client(matches, report);
    };
    let notes = Report::new(matches);
    let client = settings::builder(matches)?
        .retry(RetryPolicy {
            max_retries: u32::MAX,
            max_time: patience,
            ..RetryPolicy::default()
        })
        .on_retry(move |_, pause, error| {
            notes.note(format_args!("trying again in {pause:.0?}: {error}"));
        })
        .build()?;
    settings::warn(&client, report);
    Ok(client)
}

/// The error of a response that had begun.
fn broken_off(error: impl Display, rows: u64) -> Failure {
    let rows = match rows {
        0 => String::new(),
        1 => String::from(" (after 1 row)"),
        rows => format!(" (after {rows} rows)"),
    };
    Failure::new(1, format_args!("{error}{rows}"))
}

/// Whether the locale's characters are Unicode's.
fn is_unicode() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
