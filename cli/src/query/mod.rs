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
    summary: "run a query and print its rows: table, CSV, JSON lines or plots",
    operands: &[Operand {
        name: "FLUX",
        help: "the query (-, and by default: stdin)",
        count: Count::Optional,
        kind: Kind::Text,
    }],
    options: &[
        Opt::value("file", "FILE", Kind::File, "read the query from a file").short('f'),
        Opt::value(
            "param",
            "NAME=VALUE",
            Kind::Text,
            "params.NAME in the query; NAME:int=5 sets its type",
        )
        .short('p'),
        Opt::flag("sql", "the query is SQL, for InfluxDB 3; needs --db"),
        Opt::flag(
            "influxql",
            "the query is InfluxQL, for 1.x or 3; needs --db",
        ),
        Opt::flag("v1", "with --influxql: use the API of InfluxDB 1.x"),
        Opt::value("db", "NAME", Kind::Text, "the database"),
        Opt::value(
            "output",
            "FORMAT",
            Kind::Choice(OUTPUTS),
            "table, csv, jsonl, raw, plot or sparkline",
        )
        .short('O'),
        Opt::value(
            "width",
            "COLUMNS",
            Kind::Text,
            "width of output (default: the terminal's)",
        ),
        Opt::flag("fail-if-empty", "exit code 3 if there are no rows"),
        Opt::value(
            "wait",
            "TIME",
            Kind::Text,
            "retry for this time if the server is away",
        ),
    ],
    connects: true,
    notes: "\
Types of parameters: string, int, uint, float, bool, duration (-1h30m), time.
table is the default, in a pipe as well, where lines aren't cut. csv has one
header for tables of the same columns. In jsonl (or --json) NaN and infinity are
null. raw is the response as received. plot and sparkline draw each series; a bar
is the mean of its values. The name of a yield is in the column result.
INFLUXDB3_URL and INFLUXDB3_TOKEN apply if INFLUXDB_V2_URL is unset.",
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

/// The least width; a smaller one is raised to it.
const MIN_WIDTH: usize = 20;
/// Bytes of output that are buffered.
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

/// The language; of InfluxQL also the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Flux,
    Sql,
    InfluxQl { v1: bool },
}

/// A query, its server, and where messages about it go.
#[cfg_attr(
    not(any(feature = "v1", feature = "v3")),
    allow(dead_code, reason = "Flux needs less")
)]
struct Request<'a> {
    client: &'a Client,
    report: &'a Report,
    text: String,
    params: Vec<(String, Param)>,
    language: Language,
    /// Empty for Flux.
    db: String,
}

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    // Signals have their default effect: a query leaves nothing to be accounted for, and a shell reports 130.
    let report = Report::new(matches);
    let output = output(matches)?;
    let mut terminal = Terminal::stdout();
    let is_terminal = terminal.width.is_some();
    if let Some(width) = matches.parsed::<usize>("width")? {
        terminal.width = Some(width.max(MIN_WIDTH));
    }
    let (language, db) = language(matches)?;
    let (params, text) = (params::params(matches)?, text::text(matches, &report)?);
    let client = client(matches, &report)?;
    let request = Request {
        client: &client,
        report: &report,
        text,
        params,
        language,
        db,
    };
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let ended = match output {
        Output::Raw if is_terminal => server::raw(&request, &mut raw::Escaped::new(&mut out)),
        Output::Raw => server::raw(&request, &mut out),
        Output::Table => server::rows(&request, &mut table::Tables::new(&mut out, terminal)),
        Output::Csv => server::rows(&request, &mut lines::Csv::new(&mut out, is_terminal)),
        Output::Json => server::json_lines(&request, &mut out),
        Output::Plot | Output::Sparkline => {
            let style = plot::Style {
                terminal,
                unicode: is_unicode(),
                sparklines: output == Output::Sparkline,
            };
            let mut sink = series::Plots::new(&mut out, style);
            let ended = server::typed_rows(&request, &mut sink);
            let has_numbers = !sink.is_empty();
            ended.map(|rows| if has_numbers { rows } else { 0 })
        }
    };
    out.flush()?;
    if ended? > 0 {
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
    let name = match (matches.text("output")?, matches.has("json")) {
        (None | Some("jsonl"), true) => "jsonl",
        (Some(other), true) => {
            return Err(matches.misused(format_args!(
                "--json and --output {other} exclude each other"
            )));
        }
        (name, false) => name.unwrap_or("table"),
    };
    Ok(match name {
        "table" => Output::Table,
        "csv" => Output::Csv,
        "jsonl" => Output::Json,
        "raw" => Output::Raw,
        "plot" => Output::Plot,
        "sparkline" => Output::Sparkline,
        other => {
            return Err(matches.misused(format_args!(
                "--output {other}: the formats are {}",
                OUTPUTS.join(", ")
            )));
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
        return Err(matches.misused("--v1 needs --influxql"));
    }
    let db = matches.text("db")?.unwrap_or_default().to_owned();
    match language {
        Language::Flux if !db.is_empty() => {
            Err(matches.misused("--db needs --sql or --influxql; a Flux query names its bucket"))
        }
        Language::Flux => Ok((language, db)),
        _ if db.is_empty() => Err(matches.misused("--db is missing: the database of the query")),
        Language::Sql if !cfg!(feature = "v3") => Err(unbuilt("--sql", "v3")),
        Language::InfluxQl { v1: true } if !cfg!(feature = "v1") => Err(unbuilt("--v1", "v1")),
        Language::InfluxQl { .. } if !cfg!(any(feature = "v1", feature = "v3")) => {
            Err(unbuilt("--influxql", "v1,v3"))
        }
        _ => Ok((language, db)),
    }
}

/// Returns the error for an option that this build doesn't have.
fn unbuilt(option: &str, features: &str) -> Failure {
    Failure::usage(format_args!(
        "{option}: not in this build of influx-edge; \
         cargo install influx-edge-cli --features {features} adds it"
    ))
}

fn client(matches: &Matches, report: &Report) -> Result<Client, Failure> {
    let Some(patience) = matches.duration("wait")? else {
        return settings::client(matches, report);
    };
    let notes = *report;
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

/// Returns the error of a response that broke off after `rows` rows.
fn broken_off(error: impl Display, rows: u64) -> Failure {
    let rows = match rows {
        0 => String::new(),
        1 => String::from(" (after 1 row)"),
        rows => format!(" (after {rows} rows)"),
    };
    Failure::new(1, format_args!("{error}{rows}"))
}

/// Returns `true` if the locale's encoding is UTF-8.
fn is_unicode() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
