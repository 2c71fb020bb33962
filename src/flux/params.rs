//! Parameters of a query: a file of Flux's syntax tree that sets the option `params`.

use core::fmt::Write;

use super::FluxError;
use super::collection::write_property;
use super::text::{is_identifier, json_string};
use super::to_flux::ToFlux;

/// Writes the `extern` member of a query request, a JSON object.
///
/// It holds the parameters as the option `params`, and the profilers to switch on (`query`, `operator`).
/// [`Params`] does the same with an allocator.
///
/// ```
/// use influx_edge::flux;
///
/// let mut json = String::new();
/// flux::write_extern(&[("bucket", &"sensors"), ("limit", &10)], &[], &mut json)?;
/// assert!(json.contains(
///     r#""name":"bucket"},"value":{"type":"StringLiteral","value":"sensors"}"#
/// ));
/// # Ok::<(), flux::FluxError>(())
/// ```
///
/// # Errors
///
/// Returns an error if a name isn't a Flux identifier or occurs twice, if a value can't be a parameter, or if the
/// writer is full.
pub fn write_extern(
    params: &[(&str, &dyn ToFlux)],
    profilers: &[&str],
    out: &mut dyn Write,
) -> Result<(), FluxError> {
    for (index, (name, _)) in params.iter().enumerate() {
        if !is_identifier(name) {
            return Err(FluxError::Name);
        }
        let mut before = params.iter().take(index);
        if before.any(|(other, _)| other == name) {
            return Err(FluxError::Duplicate);
        }
    }
    let mut present = params.iter().filter(|(_, value)| !value.is_none());
    write_file(profilers, out, |out| {
        let Some((name, value)) = present.next() else {
            return Ok(());
        };
        write_property(name, *value, out)?;
        for (name, value) in present {
            out.write_char(',')?;
            write_property(name, *value, out)?;
        }
        Ok(())
    })
}

/// Writes the body of a request to `/api/v2/query`.
///
/// It holds the script, the dialect that [`csv`](crate::csv) reads, and the parameters. For programs without
/// the client ([`Operation::query`](crate::http::Operation::query)). Doesn't allocate.
///
/// ```
/// use influx_edge::flux;
///
/// let mut body = String::new();
/// flux::write_query("buckets()", &[], &mut body)?;
/// assert_eq!(
///     body,
///     r#"{"query":"buckets()","dialect":{"header":true,"delimiter":",","annotations":["datatype","group","default"]}}"#
/// );
/// # Ok::<(), flux::FluxError>(())
/// ```
///
/// # Errors
/// Returns the same errors as [`write_extern`].
pub fn write_query(
    flux: &str,
    params: &[(&str, &dyn ToFlux)],
    out: &mut dyn Write,
) -> Result<(), FluxError> {
    out.write_str(r#"{"query":"#)?;
    json_string(flux, out)?;
    out.write_str(concat!(
        r#","dialect":{"header":true,"delimiter":",","#,
        r#""annotations":["datatype","group","default"]}"#
    ))?;
    if !params.is_empty() {
        out.write_str(r#","extern":"#)?;
        write_extern(params, &[], out)?;
    }
    Ok(out.write_char('}')?)
}

/// The parameters of one query.
///
/// ```
/// use influx_edge::flux::Params;
///
/// let mut params = Params::new();
/// params.insert("bucket", "sensors")?.insert("above", 20.5)?;
/// let request = format!(
///     r#"{{"query":"from(bucket: params.bucket)","extern":{}}}"#,
///     params.to_json()
/// );
/// # Ok::<(), influx_edge::flux::FluxError>(())
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default)]
pub struct Params {
    names: alloc::vec::Vec<(alloc::string::String, Kind)>,
    properties: alloc::string::String,
    profilers: alloc::vec::Vec<alloc::string::String>,
}

/// What the checks of a query need to know of a parameter's value.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    DurationAboveZero,
    Other,
}

#[cfg(feature = "alloc")]
impl Params {
    /// Returns an empty set of parameters.
    ///
    /// ```
    /// use influx_edge::flux::Params;
    ///
    /// let mut params = Params::new();
    /// // In the script they are `params.station` and `params.limit`:
    /// params.insert("station", "zrh-1")?.insert("limit", 10)?;
    /// assert!(!params.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new() -> Params {
        Params::default()
    }

    /// Adds a parameter, which the script reads as `params.name`. A `None` is left out, and then the script must not
    /// read it.
    ///
    /// ```
    /// use influx_edge::flux::Params;
    ///
    /// let mut params = Params::new();
    /// params.insert("stations", &["zrh-1", "zrh-2"][..])?;
    /// params.insert("since", core::time::Duration::from_secs(3600))?;
    /// assert!(params.insert("nan", f64::NAN).is_err()); // JSON has none
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error, and adds nothing, if the name isn't a Flux identifier or exists already, or if the value
    /// can't be a parameter.
    pub fn insert(&mut self, name: &str, value: impl ToFlux) -> Result<&mut Params, FluxError> {
        if !is_identifier(name) {
            return Err(FluxError::Name);
        }
        if self.names.iter().any(|(other, _)| other == name) {
            return Err(FluxError::Duplicate);
        }
        if value.is_none() {
            return Ok(self);
        }
        let before = self.properties.len();
        if before > 0 {
            self.properties.push(',');
        }
        if let Err(error) = write_property(name, &value, &mut self.properties) {
            self.properties.truncate(before);
            return Err(error);
        }
        // (An identifier has no quotes, so the first match is the property's own member.)
        const VALUE: &str = r#"},"value":"#;
        let property = self.properties.get(before..).unwrap_or_default();
        let value = property.split_once(VALUE).map_or("", |(_, value)| value);
        // (A negative one is a `UnaryExpression`.)
        const DURATION: &str = r#"{"type":"DurationLiteral","values":[{"magnitude":"#;
        let magnitude = value.strip_prefix(DURATION);
        let kind = if value.starts_with(r#"{"type":"StringLiteral""#) {
            Kind::String
        } else if magnitude.is_some_and(|digits| !digits.starts_with('0')) {
            Kind::DurationAboveZero
        } else {
            Kind::Other
        };
        self.names.push((name.into(), kind));
        Ok(self)
    }

    /// Returns `true` if there is such a parameter and it is a string.
    #[cfg(feature = "client")]
    pub(crate) fn is_text(&self, name: &str) -> bool {
        self.is(name, Kind::String)
    }

    /// Returns `true` if there is such a parameter and it is a duration above zero.
    #[cfg(feature = "client")]
    pub(crate) fn is_ahead(&self, name: &str) -> bool {
        self.is(name, Kind::DurationAboveZero)
    }

    #[cfg(feature = "client")]
    fn is(&self, name: &str, kind: Kind) -> bool {
        let mut same = self.names.iter().filter(|(other, _)| other == name);
        same.any(|(_, other)| *other == kind)
    }

    /// Switches a profiler on: `query` or `operator`. Its tables are in the result `_profiler`.
    pub fn profiler(&mut self, name: &str) -> &mut Params {
        self.profilers.push(name.into());
        self
    }

    /// Returns `true` if there are no parameters and no profilers.
    ///
    /// ```
    /// let mut params = influx_edge::flux::Params::new();
    /// params.insert("missing", None::<f64>)?; // left out: Flux has no null
    /// assert!(params.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.profilers.is_empty()
    }

    /// Returns the `extern` member of the request as JSON.
    ///
    /// ```
    /// let mut params = influx_edge::flux::Params::new();
    /// params.insert("n", 7)?;
    /// assert!(params.to_json().contains("IntegerLiteral"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> alloc::string::String {
        let mut json = alloc::string::String::new();
        let profilers: alloc::vec::Vec<&str> = self.profilers.iter().map(|name| &**name).collect();
        // Writing to a `String` doesn't fail, and the values were written when they were added.
        let _ = write_file(&profilers, &mut json, |out| {
            Ok(out.write_str(&self.properties)?)
        });
        json
    }
}

fn write_file(
    profilers: &[&str],
    out: &mut dyn Write,
    properties: impl FnOnce(&mut dyn Write) -> Result<(), FluxError>,
) -> Result<(), FluxError> {
    out.write_str(r#"{"type":"File","package":null,"imports":"#)?;
    if profilers.is_empty() {
        out.write_str(r#"null,"body":["#)?;
    } else {
        out.write_str(concat!(
            r#"[{"type":"ImportDeclaration","as":null,"#,
            r#""path":{"type":"StringLiteral","value":"profiler"}}],"#,
            r#""body":[{"type":"OptionStatement","assignment":{"type":"MemberAssignment","#,
            r#""member":{"type":"MemberExpression","#,
            r#""object":{"type":"Identifier","name":"profiler"},"#,
            r#""property":{"type":"Identifier","name":"enabledProfilers"}},"init":"#
        ))?;
        profilers.write_ast(out)?;
        out.write_str("}},")?;
    }
    out.write_str(concat!(
        r#"{"type":"OptionStatement","assignment":{"type":"VariableAssignment","#,
        r#""id":{"type":"Identifier","name":"params"},"#,
        r#""init":{"type":"ObjectExpression","properties":["#
    ))?;
    properties(out)?;
    Ok(out.write_str("]}}}]}")?)
}
