//! Flux values: parameters of a query, literals for spliced text, and predicates of deletes.
//!
//! ```
//! use influx_edge::flux;
//!
//! let mut body = String::new();
//! flux::write_query("from(bucket: params.b)", &[("b", &"sensors")], &mut body)?;
//! assert!(body.contains(r#"{"type":"StringLiteral","value":"sensors"}"#));
//! # Ok::<(), flux::FluxError>(())
//! ```
//!
//! # Which type to use
//! - With the client: [`Query::param`](crate::client::Query::param) takes any [`ToFlux`].
//! - Without it: [`write_query`], or [`Params`] for a request body of your own. The script reads a parameter as
//!   `params.name`, and no value can change what the script does.
//! - For places that take no parameters, such as tasks: [`literal`], a value as Flux source.
//! - For deletes: [`Predicate`].
//!
//! # Out of scope
//! - A query builder: Flux is written as Flux.
//!
//! # Pitfalls of parameters
//! - InfluxDB OSS ignores the member `params` of a request, and Cloud rejects it together with `extern`. Both read
//!   `extern`, which is what this module writes.
//! - Flux has no null: an `Option` that is `None` is left out of the parameters, and a script that reads it is
//!   rejected (400, `record is missing label`). `exists params.name` doesn't help, because the server checks the
//!   parameters when it compiles the script. Leave out that part of the script too, or pass a value that stands
//!   for null.
//! - NaN and infinities can't be parameters, since JSON has none. They can be literals.
//!
//! The forms are those of the Flux specification (<https://docs.influxdata.com/flux/v0/spec/>) and of its parser's
//! syntax tree. This module is `no_std` and writes into any [`fmt::Write`]; [`Params`], [`Predicate`] and
//! [`to_literal`] need an allocator.

use core::fmt;

#[cfg(feature = "client")]
mod arguments;
mod collection;
mod params;
mod text;
mod to_flux;
mod value;
#[cfg(feature = "client")]
mod yields;

#[cfg(feature = "alloc")]
mod predicate;

#[cfg(feature = "client")]
pub(crate) use arguments::{range_ahead, text_for_duration};
pub use collection::{Dict, Record};
#[cfg(feature = "alloc")]
pub use params::Params;
pub use params::{write_extern, write_query};
#[cfg(feature = "alloc")]
pub use predicate::Predicate;
#[cfg(feature = "client")]
pub(crate) use predicate::deletes_nothing;
#[cfg(feature = "client")]
pub(crate) use text::json_string;
pub use to_flux::ToFlux;
pub use value::{Bytes, Regex};
#[cfg(feature = "client")]
pub(crate) use yields::{Yields, yields};

/// Writes a value as Flux source.
///
/// ```
/// use influx_edge::flux;
///
/// let mut flux = String::new();
/// flux::literal(r#"say "${hi}""#, &mut flux)?;
/// assert_eq!(flux, r#""say \"\${hi}\"""#);
/// # Ok::<(), flux::FluxError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the value has no literal, or the writer is full. What was written so far is incomplete.
pub fn literal<T: ToFlux + ?Sized>(value: &T, out: &mut dyn fmt::Write) -> Result<(), FluxError> {
    if value.is_none() {
        return Err(FluxError::Null);
    }
    value.write_literal(out)
}

/// Returns a value as Flux source; see [`literal`].
///
/// ```
/// use influx_edge::flux::to_literal;
///
/// assert_eq!(to_literal("a \"b\"")?, r#""a \"b\"""#);
/// assert_eq!(to_literal(&1.5)?, "1.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Returns the same errors as [`literal`].
#[cfg(feature = "alloc")]
pub fn to_literal<T: ToFlux + ?Sized>(value: &T) -> Result<alloc::string::String, FluxError> {
    let mut text = alloc::string::String::new();
    literal(value, &mut text)?;
    Ok(text)
}

/// The error of a value that can't be written.
///
/// ```
/// use influx_edge::flux::{FluxError, Params, to_literal};
///
/// let mut params = Params::new();
/// assert_eq!(params.insert("limit", f64::NAN).err(), Some(FluxError::NotFinite));
/// assert_eq!(params.insert("2 h", 7200).err(), Some(FluxError::Name));
/// assert_eq!(to_literal(&[Some(1.5), None]), Err(FluxError::Null));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FluxError {
    /// NaN or an infinity as a parameter.
    NotFinite,
    /// A `None` in place of a value, such as in an array. Flux has no null.
    Null,
    /// Bytes that aren't UTF-8; Flux's `bytes()` takes text only.
    NotUtf8,
    /// A duration of more than 2^63 ns (292 years).
    OutOfRange,
    /// A name that is no Flux identifier: a letter or `_`, then letters, digits and `_`.
    Name,
    /// A character without an escape: CR or NUL in a delete predicate.
    Character,
    /// A second parameter of the same name.
    Duplicate,
    /// The writer is full.
    Write,
}

impl fmt::Display for FluxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FluxError::NotFinite => "NaN and infinities can't be parameters",
            FluxError::Null => "Flux has no null",
            FluxError::NotUtf8 => "the bytes are not UTF-8",
            FluxError::OutOfRange => "the duration is longer than 2^63 ns",
            FluxError::Name => "the name is not a Flux identifier",
            FluxError::Character => "CR and NUL can't be written in a predicate",
            FluxError::Duplicate => "there is a parameter of this name already",
            FluxError::Write => "the writer is full",
        })
    }
}

impl core::error::Error for FluxError {}

impl From<fmt::Error> for FluxError {
    fn from(_: fmt::Error) -> FluxError {
        FluxError::Write
    }
}
