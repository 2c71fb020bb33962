//! `spool resend`: delivers spooled lines now.

use super::{DIR, Stored, count, moves, name};
use crate::command::{Command, Kind, Matches, Opt};
use crate::failure::{Failure, LATER, REJECTED, for_operator};
use crate::report::Report;
use crate::settings;
use crate::signals::Stop;
use influx_edge::spool::{Inspector, ServerKind, Target};
use influx_edge::writer::{Event, Writer, WriterBuilder};
use influx_edge::{Client, Spool};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub(super) const COMMAND: Command = Command {
    name: "resend",
    summary: "deliver the lines in a spool now",
    operands: DIR,
    options: &[
        Opt::value(
            "rename",
            "OLD=NEW",
            Kind::Text,
            "send the lines for bucket OLD to NEW",
        ),
        Opt::flag("rejected", "send rejected lines again as well"),
        Opt::value(
            "api",
            "API",
            Kind::Choice(&["v2", "v3"]),
            "v2 (also for 1.8 and VictoriaMetrics) or v3",
        ),
        Opt::value(
            "patience",
            "TIME",
            Kind::Text,
            "give up after this time (default 60s)",
        ),
    ],
    connects: true,
    notes: "Lines are sent with the present token, URL and organization. If they are for\n\
            several organizations, --org sends all of them to one. The spool must be\n\
            free: stop the process that uses it.",
    examples: &[(
        "The bucket was renamed",
        "influx-edge spool resend --rename sensor=sensors",
    )],
    commands: &[],
    run,
};

/// The longest pause of the loop.
const TICK: Duration = Duration::from_millis(200);
/// The most rejected lines that are shown.
const SHOWN: usize = 10;

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let renames = renames(matches)?;
    let patience = matches.duration("patience")?;
    let patience = patience.unwrap_or(Duration::from_secs(60));
    // Opened for reading first: a spool that is opened for writing is created.
    let stored = Stored::open(matches)?;
    let client = settings::client(matches, &report)?;
    if stored.inspector.is_none() {
        return end(&report, Sent::default(), None, &Stop::default());
    }
    let mut spool = moves::gentle(Spool::builder(&stored.dir)).open()?;
    // Checked before anything is moved.
    let mut all = spool.targets();
    if matches.has("rejected") {
        let rejected = stored.survey(Inspector::walk_rejected)?;
        all.extend(rejected.targets.into_keys());
    }
    all.retain(is_known);
    check_orgs(matches, &all)?;
    let is_v3 = is_v3(matches, &all)?;
    if matches.has("rejected") {
        requeue(&mut spool, &stored, &report)?;
    }
    for (old, new) in renames {
        let points = moves::rename(&mut spool, old, new)?;
        report.note(format_args!(
            "{} of bucket {old} are for bucket {new} now",
            count(points, "point")
        ));
    }
    let (targets, later): (Vec<_>, Vec<_>) = spool.targets().into_iter().partition(is_known);
    for target in &later {
        report.error(format_args!(
            "{} is of a later version of influx-edge, and stays",
            name(target)
        ));
    }
    let stays = later.iter().fold(0_u64, |sum, target| {
        sum.saturating_add(spool.backlog(target).points)
    });
    let Some(first) = targets.first() else {
        let sent = Sent {
            left: stays,
            ..Sent::default()
        };
        return end(&report, sent, None, &Stop::default());
    };
    let builder = builder(&client, first.bucket(), is_v3)?;
    let thread = std::thread::current();
    let stop = Stop::listen(move || thread.unpark())?;
    let writer = builder
        .spool(spool)
        .adopt_all()
        .on_event(print_failures(report));
    let mut writer = writer.build()?;
    deliver(&mut writer, &report, patience, &stop)?;
    let mut sent = Sent::of(&writer);
    sent.left = sent.left.saturating_add(stays);
    rejected(&mut writer, &report);
    let why = writer
        .last_error()
        .filter(|_| sent.left > 0)
        .map(|error| (for_operator(&error.to_string()), code(&error)));
    // Every line is on disk, so nothing is lost.
    drop(writer.close_within(Duration::ZERO));
    end(&report, sent, why, &stop)
}

/// Puts the rejected lines back into the queue, and prints their number.
fn requeue(spool: &mut Spool, stored: &Stored, report: &Report) -> Result<(), Failure> {
    let done = moves::requeue(spool, stored)?;
    report.note(format_args!(
        "{} wait again",
        count(done.lines, "rejected line")
    ));
    if done.without_text > 0 {
        report.error(format_args!(
            "{} more can't be sent again: the server reported only their number",
            done.without_text
        ));
    }
    if done.damaged > 0 {
        report.error(format_args!(
            "{} among the rejected lines; the content is lost",
            count(done.damaged, "damaged place")
        ));
    }
    Ok(())
}

fn renames(matches: &Matches) -> Result<Vec<(&str, &str)>, Failure> {
    let mut renames = Vec::new();
    for text in matches.texts("rename")? {
        match text.split_once('=') {
            Some((old, new)) if !old.is_empty() && !new.is_empty() && old != new => {
                renames.push((old, new));
            }
            _ => return Err(matches.misused(format_args!("--rename {text}: no OLD=NEW"))),
        }
    }
    Ok(renames)
}

fn is_known(target: &Target) -> bool {
    matches!(
        target.server(),
        ServerKind::V1 | ServerKind::V2 | ServerKind::V3
    )
}

/// Returns a usage error if the lines are for several organizations, unless `--org` sends them to one.
fn check_orgs(matches: &Matches, targets: &[Target]) -> Result<(), Failure> {
    let mut orgs: Vec<&str> = Vec::new();
    let named = targets
        .iter()
        .map(Target::org)
        .filter(|org| !org.is_empty());
    for org in named {
        if let Err(at) = orgs.binary_search(&org) {
            orgs.insert(at, org);
        }
    }
    if orgs.len() < 2 || matches.has("org") {
        return Ok(());
    }
    let orgs: Vec<String> = orgs
        .iter()
        .map(|org| org.escape_debug().to_string())
        .collect();
    Err(matches.misused(format_args!(
        "the lines are for the organizations {}; --org ORG sends all of them to one",
        orgs.join(", ")
    )))
}

/// Returns `true` to use the API of InfluxDB 3: by `--api`, or because the lines are for it.
fn is_v3(matches: &Matches, targets: &[Target]) -> Result<bool, Failure> {
    let v3 = |target: &Target| target.server() == ServerKind::V3;
    match matches.text("api")? {
        Some("v2") => Ok(false),
        Some("v3") => Ok(true),
        Some(other) => Err(matches.misused(format_args!("--api {other}: expected v2 or v3"))),
        None if targets.iter().any(v3) && !targets.iter().all(v3) => Err(matches.misused(
            "the lines are for servers of several kinds; --api v2 or --api v3 sends all of them to one",
        )),
        None => Ok(targets.iter().any(v3)),
    }
}

fn builder(client: &Client, bucket: &str, is_v3: bool) -> Result<WriterBuilder, Failure> {
    if !is_v3 {
        return Ok(client.writer(bucket));
    }
    #[cfg(feature = "v3")]
    return Ok(client.v3(bucket).writer());
    #[cfg(not(feature = "v3"))]
    return Err(Failure::settings(
        "this influx-edge was built without the feature v3, for InfluxDB 3",
    ));
}

/// Prints each failure as it occurs.
fn print_failures(report: Report) -> impl FnMut(&Event<'_>) + Send + 'static {
    move |event| match event {
        Event::Failed {
            error, retry_in, ..
        } => report.note(format_args!(
            "{error}; next attempt in {:.1} s",
            retry_in.as_secs_f32()
        )),
        Event::SpoolFailed { message, .. } => report.error(message),
        _ => {}
    }
}

/// Sends until the spool is empty, the time is up or a signal is received. Requests are never interrupted.
fn deliver(
    writer: &mut Writer,
    report: &Report,
    patience: Duration,
    stop: &Stop,
) -> Result<(), Failure> {
    let begun = Instant::now();
    // Ends the random pause before the first attempt, which keeps machines that restart together from sending
    // together. With no time left it sends nothing itself.
    let _ = writer.flush_within(Duration::ZERO);
    loop {
        let due = writer.poll()?;
        let stats = writer.stats();
        let left = patience.saturating_sub(begun.elapsed());
        if stats.spooled.saturating_add(stats.buffered) == 0
            || left.is_zero()
            || stop.is_requested()
        {
            report.clear();
            return Ok(());
        }
        report.progress(format_args!(
            "{} delivered, {} wait",
            stats.delivered, stats.spooled
        ));
        std::thread::park_timeout(due.min(TICK).min(left));
    }
}

/// Prints the first of the rejected lines; all are in the spool.
fn rejected(writer: &mut Writer, report: &Report) {
    let all = writer.take_rejected();
    for one in all.iter().take(SHOWN) {
        report.error(format_args!(
            "rejected for bucket {}: {}: {}",
            one.bucket, one.message, one.line
        ));
    }
    if all.is_empty() {
        return;
    }
    report.error("influx-edge spool rejected lists the rejected lines");
    let lost = writer
        .spool()
        .map_or(0, |spool| spool.stats().rejected_dropped);
    if lost > 0 {
        report.error(format_args!(
            "{} didn't fit into the spool and are lost",
            count(lost, "rejected line")
        ));
    }
}

#[derive(Default)]
struct Sent {
    found: u64,
    delivered: u64,
    left: u64,
    rejected: u64,
    dropped: u64,
}

impl Sent {
    fn of(writer: &Writer) -> Sent {
        let stats = writer.stats();
        Sent {
            found: stats.recovered,
            delivered: stats.delivered,
            left: stats.spooled.saturating_add(stats.buffered),
            rejected: stats.rejected.total(),
            dropped: stats.dropped.total(),
        }
    }
}

/// Returns the exit code for the error of lines that are left.
fn code(error: &influx_edge::Error) -> u8 {
    use crate::failure::{NO_PERMISSION, SETTINGS, UNAVAILABLE};
    if error.is_unauthorized() || error.is_forbidden() {
        NO_PERMISSION
    } else if error.is_not_found() {
        SETTINGS
    } else if error.is_transport() || error.is_timeout() {
        UNAVAILABLE
    } else {
        LATER
    }
}

/// Prints the counts, and returns the exit code.
fn end(
    report: &Report,
    sent: Sent,
    why: Option<(String, u8)>,
    stop: &Stop,
) -> Result<ExitCode, Failure> {
    let Sent {
        found,
        delivered,
        left,
        rejected,
        dropped,
    } = sent;
    if report.json {
        let line = serde_json::json!({
            "found": found, "delivered": delivered, "left": left, "rejected": rejected,
            "dropped": dropped, "error": why.as_ref().map(|(error, _)| error),
        });
        writeln!(io::stdout(), "{line}")?;
    } else if found == 0 && left == 0 {
        report.note("nothing waits");
    } else {
        let dropped = match dropped {
            0 => String::new(),
            number => format!(" + {number} dropped"),
        };
        report.note(format_args!(
            "{} found = {delivered} delivered + {left} left + {rejected} rejected{dropped}",
            count(found, "line"),
        ));
    }
    if let Some((error, _)) = &why {
        report.error(error);
    }
    if left > 0 {
        let interrupted = stop.exit_code();
        let code = why.map_or(LATER, |(_, code)| code);
        return Ok(interrupted.unwrap_or(ExitCode::from(code)));
    }
    Ok(match rejected.saturating_add(dropped) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(REJECTED),
    })
}
