//! `ToFlux`: values with a form in Flux.

use core::fmt::Write;

use super::FluxError;

/// A value with a form in Flux.
///
/// | Rust | Flux |
/// |---|---|
/// | `bool` | boolean |
/// | `i8`…`i64`, `isize` | integer |
/// | `u8`…`u64`, `usize` | unsigned integer |
/// | `f32`, `f64` | float |
/// | `str`, `String`, `char` | string |
/// | [`Timestamp`](crate::Timestamp), `SystemTime` | time |
/// | [`Duration`](core::time::Duration), [`SignedDuration`](crate::SignedDuration) | duration; `-1h` is `SignedDuration::hours(-1)` |
/// | [`Regex`](super::Regex), [`Bytes`](super::Bytes) | regular expression, bytes |
/// | slices, arrays, `Vec` | array |
/// | [`Dict`](super::Dict), `BTreeMap`, `HashMap` | dictionary |
/// | [`Record`](super::Record) | record |
/// | `Option` | as the value; `None` is left out of parameters |
///
/// The Rust type decides: `7_i64` can be compared with an integer field, and so can a bare `7`, an `i32`.
///
/// Implement it for other expressions, such as calls.
///
/// ```
/// use core::fmt::Write;
/// use influx_edge::flux::{FluxError, Params, ToFlux, to_literal};
///
/// struct Now;
///
/// impl ToFlux for Now {
///     fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
///         Ok(out.write_str("now()")?)
///     }
///
///     fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
///         const CALL: &str = r#"{"type":"CallExpression","callee":{"type":"Identifier","name":"now"}}"#;
///         Ok(out.write_str(CALL)?)
///     }
/// }
///
/// assert_eq!(to_literal(&Now)?, "now()");
/// assert!(
///     Params::new()
///         .insert("until", Now)?
///         .to_json()
///         .contains("CallExpression")
/// );
/// # Ok::<(), FluxError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value that Flux has a form for",
    label = "not a parameter",
    note = "from chrono and jiff: `SystemTime::from(time)`; for anything that has a `Display`: `value.to_string()`"
)]
pub trait ToFlux {
    /// Writes the value as Flux source.
    ///
    /// # Errors
    ///
    /// Returns an error if the value has no such form, or the writer is full.
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError>;

    /// Writes the value as an expression of Flux's syntax tree, in JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if the value has no such form, or the writer is full.
    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError>;

    /// Returns `true` if there is no value; such a parameter is left out.
    ///
    /// ```
    /// use influx_edge::flux::ToFlux;
    ///
    /// assert!(
    ///     None::<f64>.is_none()
    ///         && ToFlux::is_none(&None::<f64>)
    ///         && !ToFlux::is_none(&1.5)
    /// );
    /// ```
    fn is_none(&self) -> bool {
        false
    }
}
