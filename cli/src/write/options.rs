//! The options of `write`.

use super::columns::{self, Layout};
use super::format::{Format, Lines};
use super::input::Source;
use super::pairs::Pairs;
use crate::command::{Kind, Matches, Opt, joined, unit};
use crate::failure::Failure;
use crate::state;
use influx_edge::Precision;
use influx_edge::line::OwnedDefaultTags;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

const UNITS: &[&str] = &["ns", "us", "ms", "s"];

pub(super) const OPTIONS: &[Opt] =
    &joined::<{ OWN.len() + columns::OPTIONS.len() }>(OWN, columns::OPTIONS);

const OWN: &[Opt] = &[
    Opt::value(
        "pairs",
        "MEASUREMENT",
        Kind::Text,
        "lines are `name value [time]`, as its fields",
    ),
    Opt::value(
        "precision",
        "UNIT",
        Kind::Choice(UNITS),
        "unit of the times: ns (default), us, ms, s",
    ),
    Opt::value(
        "tag",
        "KEY=VALUE",
        Kind::Text,
        "add to each line without it; repeatable",
    ),
    Opt::value(
        "flush",
        "TIME",
        Kind::Text,
        "send lines after this time at the latest (1s)",
    ),
    Opt::value(
        "patience",
        "TIME",
        Kind::Text,
        "time limit of delivery at the end (30s)",
    ),
    Opt::value(
        "spool",
        "DIR",
        Kind::Directory,
        "lines wait here while the server is away",
    ),
    Opt::value(
        "spool-max",
        "MIB",
        Kind::Text,
        "size of the spool; if full, reading waits (64)",
    ),
    Opt::flag("no-spool", "lines wait in memory only"),
    Opt::value(
        "lock-wait",
        "TIME",
        Kind::Text,
        "wait for another run that uses the spool (10s)",
    ),
    Opt::value(
        "rejected",
        "FILE",
        Kind::File,
        "append rejected lines with reasons (- is stdout)",
    ),
    Opt::value(
        "resume",
        "STATE",
        Kind::File,
        "file that keeps the position in the inputs",
    ),
];

/// The directory where lines wait in an outage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SpoolDir {
    /// `--spool`.
    Named(PathBuf),
    /// That of the service manager or the user.
    Default(PathBuf),
    /// `--no-spool`.
    Off,
    /// No environment variable names one.
    Nowhere,
}

pub(super) struct Options {
    pub(super) bucket: String,
    pub(super) sources: Vec<Source>,
    /// `--pairs`.
    measurement: Option<String>,
    /// `--csv` and `--jsonl`.
    layout: Option<Rc<Layout>>,
    pub(super) precision: Precision,
    pub(super) tags: Vec<(String, String)>,
    pub(super) flush: Duration,
    pub(super) patience: Duration,
    pub(super) spool: SpoolDir,
    pub(super) spool_bytes: Option<u64>,
    pub(super) lock_wait: Duration,
    pub(super) rejected: Option<PathBuf>,
    pub(super) resume: Option<PathBuf>,
}

impl Options {
    /// # Errors
    /// Returns an error for wrong arguments, or for an input file that can't be read.
    pub(super) fn new(matches: &Matches) -> Result<Options, Failure> {
        let time = |name, default| {
            Ok::<_, Failure>(
                matches
                    .duration(name)?
                    .unwrap_or(Duration::from_secs(default)),
            )
        };
        let excluded = [
            ("spool", "no-spool"),
            ("spool-max", "no-spool"),
            ("pairs", "csv"),
            ("pairs", "jsonl"),
        ];
        for (one, other) in excluded {
            if matches.has(one) && matches.has(other) {
                return Err(
                    matches.misused(format_args!("--{one} and --{other} exclude each other"))
                );
            }
        }
        let precision = match matches.text("precision")? {
            None => None,
            Some(name) => Some(unit(name).ok_or_else(|| {
                let units = UNITS.join(", ");
                matches.misused(format_args!("--precision {name}: the units are {units}"))
            })?),
        };
        let layout = Layout::from_matches(matches, precision)?.map(Rc::new);
        let mut tags = Vec::new();
        for text in matches.texts("tag")? {
            match text.split_once('=') {
                Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                    tags.push((key.to_owned(), value.to_owned()));
                }
                _ => return Err(matches.misused(format_args!("--tag {text}: expected KEY=VALUE"))),
            }
        }
        let spool_bytes = match matches.parsed::<u64>("spool-max")? {
            Some(0) => return Err(matches.misused("--spool-max 0: a spool needs some space")),
            mib => mib.map(|mib| mib.saturating_mul(1 << 20)),
        };
        let resume = matches.path("resume").map(Path::to_owned);
        let sources = sources(matches)?;
        check_outputs(matches, &sources)?;
        if resume.is_some() && sources.iter().any(|source| source.path.is_none()) {
            return Err(
                matches.misused("--resume: standard input can't be read again; name files instead")
            );
        }
        if resume.is_some() {
            if let Some(pipe) = sources.iter().find(|source| !source.regular) {
                return Err(matches.misused(format_args!(
                    "--resume: {} is not a regular file, and can't be read again",
                    pipe.name()
                )));
            }
        }
        let bucket = matches.operand(0)?.unwrap_or_default().to_owned();
        if bucket.is_empty() {
            return Err(matches.misused("BUCKET is empty"));
        }
        Ok(Options {
            bucket,
            sources,
            measurement: matches.text("pairs")?.map(str::to_owned),
            layout,
            precision: precision.unwrap_or_default(),
            tags,
            flush: time("flush", 1)?,
            patience: time("patience", 30)?,
            spool: match (matches.path("spool"), matches.has("no-spool")) {
                (Some(dir), _) => SpoolDir::Named(dir.to_owned()),
                (None, true) => SpoolDir::Off,
                (None, false) => state::spool_dir().map_or(SpoolDir::Nowhere, SpoolDir::Default),
            },
            spool_bytes,
            lock_wait: time("lock-wait", 10)?,
            rejected: matches.path("rejected").map(Path::to_owned),
            resume,
        })
    }

    /// Returns the buffer for the lines of a format. Records have times in nanoseconds, whatever the unit of
    /// their column: a text may be finer.
    pub(super) fn lines(&self, tags: OwnedDefaultTags) -> Lines {
        let precision = match self.measurement {
            Some(_) => self.precision,
            None => Precision::Nanosecond,
        };
        Lines::new(precision, tags)
    }

    /// Returns the format of an input; `None` for line protocol.
    ///
    /// # Errors
    /// Returns an error if the format's options are invalid.
    pub(super) fn format(&self) -> Result<Option<Box<dyn Format>>, Failure> {
        Ok(match (&self.measurement, &self.layout) {
            (Some(measurement), _) => Some(Box::new(Pairs::new(measurement.clone()))),
            (None, Some(layout)) => Some(layout.format()?),
            (None, None) => None,
        })
    }
}

/// Returns the inputs. Each is checked before any is read.
fn sources(matches: &Matches) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for name in matches.operands_from(1) {
        sources.push(match name == "-" {
            true => stdin(),
            false => file(name)?,
        });
    }
    if sources.is_empty() {
        sources.push(stdin());
    }
    let stdins = sources.iter().filter(|source| source.path.is_none());
    if stdins.count() > 1 {
        return Err(matches.misused("standard input (-) can be read once only"));
    }
    Ok(sources)
}

fn file(name: &OsStr) -> Result<Source, Failure> {
    let path = PathBuf::from(name);
    let failed = |why: std::io::Error| Failure::no_input(path.display(), why);
    let found = fs::metadata(&path).map_err(failed)?;
    if found.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory.into()));
    }
    if found.is_file() {
        // Opening a named pipe would wait for its other end.
        drop(File::open(&path).map_err(failed)?);
    }
    Ok(Source {
        path: Some(path.clone()),
        start: Default::default(),
        regular: found.is_file(),
        file: None,
        len: found.is_file().then_some(found.len()),
    })
}

fn stdin() -> Source {
    let len = stdin_len();
    Source {
        path: None,
        start: Default::default(),
        regular: len.is_some(),
        file: None,
        len,
    }
}

/// Returns the length of standard input, if it is a regular file.
#[cfg(unix)]
fn stdin_len() -> Option<u64> {
    open_file(std::io::stdin()).map(|found| found.len())
}

/// Returns the metadata of a regular file.
#[cfg(unix)]
fn open_file(of: impl std::os::fd::AsFd) -> Option<fs::Metadata> {
    let file = of.as_fd().try_clone_to_owned().ok()?;
    let found = File::from(file).metadata().ok()?;
    found.is_file().then_some(found)
}

/// Returns a usage error if an output is also an input: what is appended would be read again without end.
#[cfg(unix)]
fn check_outputs(matches: &Matches, sources: &[Source]) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let rejected = matches
        .path("rejected")
        .filter(|path| path.as_os_str() != "-");
    let rejected = rejected.and_then(|path| fs::metadata(path).ok());
    let outputs = [
        ("--rejected", rejected.filter(fs::Metadata::is_file)),
        ("standard output", open_file(std::io::stdout())),
    ];
    for source in sources {
        let input = match &source.path {
            Some(path) => fs::metadata(path).ok(),
            None => open_file(std::io::stdin()),
        };
        for (output, found) in &outputs {
            if let (Some(one), Some(other)) = (&input, found) {
                if (one.dev(), one.ino()) == (other.dev(), other.ino()) {
                    return Err(matches.misused(format_args!(
                        "{} is an input, and {output} as well",
                        source.name()
                    )));
                }
            }
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_outputs(_: &Matches, _: &[Source]) -> Result<(), Failure> {
    Ok(())
}

#[cfg(not(unix))]
fn stdin_len() -> Option<u64> {
    None
}
