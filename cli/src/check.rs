//! `check`: finds the problems that the first batch would otherwise meet.

use crate::command::{Command, Count, Kind, Matches, Operand, Opt};
use crate::failure::{self, Failure, NO_INPUT, SETTINGS, for_operator};
use crate::report::{Printable, Report, milliseconds};
use crate::terminal::Terminal;
use crate::{settings, spool, state};
use influx_edge::client::{Check, Validation};
use influx_edge::spool::Inspector;
use influx_edge::{Client, Error};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

pub(crate) const COMMAND: Command = Command {
    name: "check",
    summary: "check server, token, bucket, clock and spool before a write",
    operands: &[Operand {
        name: "BUCKET",
        help: "check that the token may write to it and read it",
        count: Count::Optional,
        kind: Kind::Text,
    }],
    options: &[Opt::value(
        "spool",
        "DIR",
        Kind::Directory,
        "the spool to check (default: that of write)",
    )],
    connects: true,
    notes: "Stores nothing. Prints a line for each check: ok, FAILED, -- if the server has no\n\
            such check, or no if the token may write but not read, which isn't a failure.\n\
            The exit code is that of the first failure.",
    examples: &[(
        "Before a logger is started",
        "influx-edge check sensors && systemctl start logger",
    )],
    commands: &[],
    run,
};

/// The largest difference between this machine's clock and the server's, in seconds.
const MAX_CLOCK_DIFFERENCE: i64 = 60;

enum Outcome {
    Passed,
    Failed(u8),
    /// The token has no permission that a write would need.
    Denied,
    /// Not checked.
    Unknown,
}

struct Finding {
    name: &'static str,
    outcome: Outcome,
    text: String,
    took: Option<Duration>,
}

impl Finding {
    fn new(name: &'static str, outcome: Outcome, text: impl Into<String>) -> Finding {
        Finding {
            name,
            outcome,
            text: for_operator(&text.into()),
            took: None,
        }
    }

    fn failed(name: &'static str, error: &Error) -> Finding {
        // A missing bucket is a wrong setting.
        let code = match error.is_not_found() {
            true => SETTINGS,
            false => failure::code(error),
        };
        Finding::new(name, Outcome::Failed(code), error.to_string())
    }

    fn of(name: &'static str, check: &Check) -> Finding {
        let mut finding = match check.error() {
            Some(error) => Finding::failed(name, error),
            None if check.is_passed() => Finding::new(name, Outcome::Passed, ""),
            None => Finding::new(name, Outcome::Unknown, ""),
        };
        finding.text = for_operator(&check.to_string());
        finding.took = check.elapsed();
        finding
    }

    fn timed(make: impl FnOnce() -> Finding) -> Finding {
        let begun = Instant::now();
        let mut finding = make();
        finding.took = Some(begun.elapsed());
        finding
    }
}

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let client = settings::client(matches, &report)?;
    let bucket = matches.operand(0)?;
    let mut version = None;
    let server = Finding::timed(|| match client.version() {
        Ok(found) => {
            let text = format!("{} is {}", client.url(), product(found.as_deref()));
            version = found;
            Finding::new("server", Outcome::Passed, text)
        }
        Err(error) => Finding::failed("server", &error),
    });
    let responds = matches!(server.outcome, Outcome::Passed);
    let mut findings = vec![server];
    if responds {
        findings.extend(match (version.as_deref().map(major), bucket) {
            (_, None) => vec![token(&client, version.as_deref().map(major))],
            (Some("3"), Some(bucket)) => on_v3(&client, bucket),
            (Some("1"), Some(bucket)) => {
                on_v1(&client, bucket, version.as_deref().unwrap_or_default())
            }
            (_, Some(bucket)) => on_v2(&client, bucket, version.is_some()),
        });
        findings.push(clock(&client));
    }
    findings.extend(spool_of(matches));
    print(matches, &report, &client, version.as_deref(), &findings)?;
    let first = findings.iter().find_map(|one| match one.outcome {
        Outcome::Failed(code) => Some(code),
        _ => None,
    });
    Ok(ExitCode::from(first.unwrap_or(0)))
}

/// `2` of `v2.9.1`.
fn major(version: &str) -> &str {
    let number = version.strip_prefix('v').unwrap_or(version);
    number.split('.').next().unwrap_or_default()
}

fn product(version: Option<&str>) -> String {
    match version {
        Some(version) => format!("InfluxDB {version}"),
        None => "a server without a version: InfluxDB Cloud, or a compatible one".into(),
    }
}

/// Checks the credentials alone, without a bucket.
fn token(client: &Client, major: Option<&str>) -> Finding {
    if matches!(major, Some("1" | "3")) {
        let text = "not checked: name a bucket";
        return Finding::new("token", Outcome::Unknown, text);
    }
    Finding::timed(|| match client.me() {
        Ok(me) => Finding::new("token", Outcome::Passed, format!("of user {}", me.name)),
        Err(error) if error.status() == Some(401) => Finding::failed("token", &error),
        Err(error) => Finding::new("token", Outcome::Unknown, format!("not checked: {error}")),
    })
}

fn on_v2(client: &Client, bucket: &str, named: bool) -> Vec<Finding> {
    let Validation { write, read, .. } = client.validate(bucket);
    let written = write.is_passed();
    let mut reading = Finding::of("read", &read);
    // Compatible servers that aren't InfluxDB have no Flux.
    let refused = read.error().is_some_and(|error| error.response().is_some());
    if !named && written && refused {
        reading.outcome = Outcome::Unknown;
        reading.text = format!("not checked: the server has no Flux ({read})");
    }
    // Writing is all that a logger's token needs, and the first check has shown that the bucket exists.
    let hidden = |error: &Error| error.is_not_found() || error.is_forbidden();
    if named && written && read.error().is_some_and(hidden) {
        reading.outcome = Outcome::Denied;
        reading.text = format!("the token may not read bucket {bucket:?}");
    }
    vec![Finding::of("write", &write), reading]
}

/// Line protocol that stores nothing.
#[cfg(feature = "v1")]
const COMMENT: &str = "# is this database writable?\n";

/// `1.7.11`, `v1.6.7~rc0`
#[cfg(feature = "v1")]
fn is_before_1_8(version: &str) -> bool {
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse().ok());
    minor.is_some_and(|minor: u32| minor < 8)
}

/// Checks a database, or a database and retention policy: `telegraf/autogen`.
#[cfg(feature = "v1")]
fn on_v1(client: &Client, bucket: &str, version: &str) -> Vec<Finding> {
    let name = bucket.split_once('/').map_or(bucket, |(name, _)| name);
    // The call that `write` makes; 1.7 and older don't have it.
    let write = Finding::timed(|| match client.write(bucket, COMMENT) {
        Ok(()) => {
            let text = format!("database {name:?} may be written to");
            Finding::new("write", Outcome::Passed, text)
        }
        Err(error) => {
            let mut finding = Finding::failed("write", &error);
            if is_before_1_8(version) {
                finding.text.push_str("; write needs 1.8 or later");
            }
            finding
        }
    });
    // (SHOW MEASUREMENTS is no error in 1.6 if the database doesn't exist.)
    let query = client.v1(name).query("SHOW RETENTION POLICIES");
    let read = Finding::timed(|| match query.run() {
        Ok(()) => {
            let text = format!("database {name:?} may be read");
            Finding::new("read", Outcome::Passed, text)
        }
        Err(error) => Finding::failed("read", &error),
    });
    vec![write, read]
}

#[cfg(not(feature = "v1"))]
fn on_v1(_client: &Client, _bucket: &str, _version: &str) -> Vec<Finding> {
    let text = "not checked: this influx-edge was built without the feature v1";
    vec![Finding::new("write", Outcome::Unknown, text)]
}

/// Checks reading only: InfluxDB 3 stores all that it accepts.
#[cfg(feature = "v3")]
fn on_v3(client: &Client, bucket: &str) -> Vec<Finding> {
    let read = Finding::timed(|| match client.v3_databases().list() {
        Ok(all) if all.iter().any(|name| name == bucket) => Finding::new(
            "read",
            Outcome::Passed,
            format!("database {bucket:?} exists, and the token is valid"),
        ),
        Ok(_) => Finding::new(
            "read",
            Outcome::Unknown,
            format!("there is no database {bucket:?} yet; the first write creates it"),
        ),
        Err(error) => Finding::failed("read", &error),
    });
    let text = "not checked: InfluxDB 3 has no write that stores nothing";
    vec![Finding::new("write", Outcome::Unknown, text), read]
}

#[cfg(not(feature = "v3"))]
fn on_v3(_client: &Client, _bucket: &str) -> Vec<Finding> {
    let text = "not checked: this influx-edge was built without the feature v3";
    vec![Finding::new("write", Outcome::Unknown, text)]
}

/// Compares this machine's clock with the server's, to a second.
fn clock(client: &Client) -> Finding {
    let Some(server) = client.server_time() else {
        return Finding::new(
            "clock",
            Outcome::Unknown,
            "not checked: the server's responses have no Date header",
        );
    };
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let here = since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    });
    let there = server.as_nanos().div_euclid(1_000_000_000);
    let ahead = here.saturating_sub(there);
    let text = match ahead {
        -1..=1 => "this machine's clock agrees with the server's to a second".to_owned(),
        2.. => format!("this machine's clock is {ahead} s ahead of the server's"),
        _ => format!(
            "this machine's clock is {} s behind the server's",
            ahead.saturating_neg()
        ),
    };
    let wrong = ahead.saturating_abs() > MAX_CLOCK_DIFFERENCE;
    let outcome = match wrong {
        true => Outcome::Failed(1),
        false => Outcome::Passed,
    };
    Finding::new("clock", outcome, text)
}

/// Checks the spool that is named, or the default.
fn spool_of(matches: &Matches) -> Option<Finding> {
    let dir = matches.path("spool").map(Path::to_path_buf);
    let dir = dir.or_else(state::spool_dir)?;
    let shown = dir.display();
    let failed = |text: String| Finding::new("spool", Outcome::Failed(NO_INPUT), text);
    if !dir.exists() {
        let above = dir.ancestors().skip(1).find(|dir| dir.exists());
        let above = above.filter(|dir| !dir.as_os_str().is_empty());
        let above = above.unwrap_or(Path::new("."));
        return Some(match writable(above) {
            Ok(()) => Finding::new(
                "spool",
                Outcome::Passed,
                format!("{shown}: doesn't exist yet; write creates it"),
            ),
            Err(why) => failed(format!(
                "{shown}: doesn't exist, and {} can't be written to: {why}",
                above.display()
            )),
        });
    }
    let looked = Inspector::new(&dir).and_then(|inspector| {
        let waiting = spool::Survey::of(&inspector, Inspector::walk_queue)?;
        let rejected = spool::Survey::of(&inspector, Inspector::walk_rejected)?;
        Ok((waiting, rejected))
    });
    let (waiting, rejected) = match looked {
        Ok(surveys) => surveys,
        Err(error) => return Some(failed(error.to_string())),
    };
    if let Err(why) = writable(&dir) {
        return Some(failed(format!("{shown}: can't be written to: {why}")));
    }
    let mut text = format!("{shown}: {}", waiting.summary());
    if rejected.total.points > 0 {
        text.push_str(&format!(", {} lines were rejected", rejected.total.points));
    }
    let damaged = waiting.damaged.saturating_add(rejected.damaged);
    if damaged > 0 {
        text.push_str(&format!(
            ", {damaged} damaged places; see influx-edge spool verify"
        ));
    }
    Some(Finding::new("spool", Outcome::Passed, text))
}

#[cfg(unix)]
fn writable(dir: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    Ok(rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn writable(dir: &Path) -> io::Result<()> {
    match std::fs::metadata(dir)?.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

fn print(
    matches: &Matches,
    report: &Report,
    client: &Client,
    version: Option<&str>,
    findings: &[Finding],
) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if report.json {
        let checks = findings.iter().map(|one| {
            let outcome = match one.outcome {
                Outcome::Passed => "ok",
                Outcome::Failed(_) => "failed",
                Outcome::Denied => "denied",
                Outcome::Unknown => "unknown",
            };
            serde_json::json!({
                "check": one.name, "outcome": outcome, "text": one.text,
                "milliseconds": one.took.map(milliseconds),
            })
        });
        let line = serde_json::json!({
            "url": client.url(), "version": version, "checks": checks.collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")?;
        return out.flush();
    }
    let colour = Terminal::stdout().colour;
    for one in findings {
        let (label, code) = match one.outcome {
            Outcome::Passed | Outcome::Denied | Outcome::Unknown if matches.has("quiet") => {
                continue;
            }
            Outcome::Passed => ("ok", 32),
            Outcome::Denied => ("no", 33),
            Outcome::Failed(_) => ("FAILED", 31),
            Outcome::Unknown => ("--", 33),
        };
        let label = match colour {
            true => format!("\x1b[{code}m{label:<6}\x1b[0m"),
            false => format!("{label:<6}"),
        };
        let took = one
            .took
            .map(|took| format!(", {:.1} ms", milliseconds(took)));
        // One line each, whatever a server's message holds.
        let text = one.text.replace('\n', " ");
        writeln!(
            out,
            "{:<6}  {label}  {}{}",
            one.name,
            Printable(&text),
            took.unwrap_or_default()
        )?;
    }
    out.flush()
}
