//! `--param NAME:TYPE=VALUE`.

use crate::command::Matches;
use crate::failure::Failure;
use influx_edge::{SignedDuration, Timestamp};
use std::fmt::Display;

/// A value for the query.
#[derive(Debug, PartialEq)]
pub(super) enum Param {
    Text(String),
    Int(i64),
    UInt(u64),
    Float(f64),
    Bool(bool),
    Duration(SignedDuration),
    Time(Timestamp),
}

/// Returns the parameters in their order.
///
/// # Errors
/// Returns a usage error for one without `=`, of an unknown type, or with a value that isn't of its type.
pub(super) fn params(matches: &Matches) -> Result<Vec<(String, Param)>, Failure> {
    let texts = matches.texts("param")?;
    let params = texts.into_iter().map(|text| {
        param(text).map_err(|why| matches.misused(format_args!("--param {text}: {why}")))
    });
    params.collect()
}

fn param(text: &str) -> Result<(String, Param), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(String::from("expected NAME=VALUE"));
    };
    let (name, of_type) = name.split_once(':').unwrap_or((name, "string"));
    if name.is_empty() {
        return Err(String::from("expected NAME=VALUE"));
    }
    let param = match of_type {
        "string" => Param::Text(value.to_owned()),
        "int" => Param::Int(value.parse().map_err(text_of)?),
        "uint" => Param::UInt(value.parse().map_err(text_of)?),
        "float" => Param::Float(value.parse().map_err(text_of)?),
        "bool" => Param::Bool(value.parse().map_err(text_of)?),
        "duration" => Param::Duration(value.parse().map_err(text_of)?),
        "time" => Param::Time(Timestamp::parse(value).map_err(text_of)?),
        other => {
            return Err(format!(
                "{other} is not a type; the types are string, int, uint, float, bool, duration, time"
            ));
        }
    };
    Ok((name.to_owned(), param))
}

fn text_of(error: impl Display) -> String {
    error.to_string()
}

impl Param {
    /// Returns the value for SQL and InfluxQL, whose parameters are JSON.
    ///
    /// # Errors
    /// Returns a usage error for a duration, which those languages have as literals only.
    #[cfg(any(feature = "v1", feature = "v3"))]
    pub(super) fn json(&self, name: &str) -> Result<serde_json::Value, Failure> {
        Ok(match self {
            Param::Text(text) => text.as_str().into(),
            Param::Int(number) => (*number).into(),
            Param::UInt(number) => (*number).into(),
            Param::Float(number) => (*number).into(),
            Param::Bool(yes) => (*yes).into(),
            Param::Time(time) => time.to_string().into(),
            Param::Duration(_) => {
                return Err(Failure::usage(format_args!(
                    "--param {name}: only Flux has duration parameters; write it into the query"
                )));
            }
        })
    }
}
