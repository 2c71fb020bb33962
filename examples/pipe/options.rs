//! The command line.

use influx_edge::Precision;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const USAGE: &str = "usage: pipe [options] <bucket>   (--help says more)";

pub(crate) const HELP: &str = "\
usage: pipe [options] <bucket>

Writes the lines of standard input into a bucket. The server is the one of
INFLUXDB_V2_URL, INFLUXDB_V2_TOKEN and INFLUXDB_V2_ORG, or of --config.

  --pairs MEASUREMENT   each line is `name value` or `name value time`, a field of
                        this measurement; without, each line is line protocol
  --precision UNIT      the unit of the times: s, ms, us or ns (default ns)
  --tag KEY=VALUE       a tag for every line that doesn't have it; repeatable
  --spool DIRECTORY     what can't be delivered waits there, for the next run too
  --patience SECONDS    how long to try at the end, without a spool (default 60)
  --config FILE         settings as the other clients read them: [influx2], [tags]
  --demo                a mock server inside this program as the server
  --help                this text

A value is a number (21.5), a whole number (7i), true or false. Lines without a
time get the time at which they were read. Empty lines and # comments are passed
over.

What is refused or can't be delivered comes out on standard output; the account
of every line goes to standard error. (Where the server says only how many lines
it dropped, not which, so does the account.)

exit codes: 0   every line is delivered, or on disk
            1   some came out again
            2   nothing was begun: the options, the settings or the spool
            130 Ctrl-C, and every line read is delivered, or on disk
";

pub(crate) enum Ask {
    Run(Options),
    Help,
}

/// What the lines look like.
pub(crate) enum Form {
    Lines,
    /// Of this measurement.
    Pairs(String),
}

pub(crate) struct Options {
    pub(crate) bucket: String,
    pub(crate) form: Form,
    pub(crate) precision: Precision,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) spool: Option<PathBuf>,
    pub(crate) patience: Duration,
    pub(crate) config: Option<PathBuf>,
    pub(crate) demo: bool,
}

impl Options {
    pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Ask, String> {
        let mut options = Options {
            bucket: String::new(),
            form: Form::Lines,
            precision: Precision::Nanosecond,
            tags: Vec::new(),
            spool: None,
            patience: Duration::from_secs(60),
            config: None,
            demo: false,
        };
        let mut buckets = Vec::new();
        let mut args = args.map(|arg| arg.into_string());
        while let Some(arg) = args.next() {
            let arg = arg.map_err(|arg| format!("{} is not text", arg.to_string_lossy()))?;
            // `--name value` and `--name=value`.
            let (name, mut inline) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (arg.as_str(), None),
            };
            let mut value = || match inline.take() {
                Some(value) => Ok(value),
                None => match args.next() {
                    Some(Ok(value)) => Ok(value),
                    _ => Err(format!("{name} needs a value")),
                },
            };
            match name {
                "--help" | "-h" => return Ok(Ask::Help),
                "--demo" => options.demo = true,
                "--pairs" => options.form = Form::Pairs(value()?),
                "--precision" => options.precision = precision(&value()?)?,
                "--tag" => options.tags.push(tag(&value()?)?),
                "--spool" => options.spool = Some(value()?.into()),
                "--patience" => options.patience = seconds(&value()?)?,
                "--config" => options.config = Some(value()?.into()),
                _ if name.starts_with('-') => return Err(format!("no option is called {name}")),
                _ => buckets.push(arg.clone()),
            }
            if inline.is_some() {
                return Err(format!("{name} takes no value"));
            }
        }
        match <[String; 1]>::try_from(buckets) {
            Ok([bucket]) if !bucket.is_empty() => options.bucket = bucket,
            _ => return Err("one bucket is needed".to_owned()),
        }
        Ok(Ask::Run(options))
    }
}

fn precision(word: &str) -> Result<Precision, String> {
    let all = [
        Precision::Second,
        Precision::Millisecond,
        Precision::Microsecond,
        Precision::Nanosecond,
    ];
    let found = all.into_iter().find(|unit| unit.as_str() == word);
    found.ok_or_else(|| format!("{word} is no unit: s, ms, us or ns"))
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{text} is no tag: key=value")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| format!("{text} is no number of seconds"))
}
