//! Arrays, dictionaries and records as Flux literals.

use core::fmt::Write;

use super::FluxError;
use super::text::{is_identifier, string_literal};
use super::to_flux::ToFlux;

impl<T: ToFlux> ToFlux for [T] {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        out.write_char('[')?;
        separated(self, ", ", out, |element, out| {
            not_none(element)?.write_literal(out)
        })?;
        Ok(out.write_char(']')?)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        out.write_str(r#"{"type":"ArrayExpression","elements":["#)?;
        separated(self, ",", out, |element, out| {
            not_none(element)?.write_ast(out)
        })?;
        Ok(out.write_str("]}")?)
    }
}

impl<T: ToFlux, const N: usize> ToFlux for [T; N] {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_slice().write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_slice().write_ast(out)
    }
}

/// A dictionary, with keys of one type and values of one type.
///
/// ```
/// use influx_edge::flux::{Dict, to_literal};
///
/// let heights = Dict(&[("zrh-1", 408), ("zrh-2", 556)]);
/// assert_eq!(to_literal(&heights)?, r#"["zrh-1": 408, "zrh-2": 556]"#);
/// # Ok::<(), influx_edge::flux::FluxError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dict<'a, K, V>(pub &'a [(K, V)]);

impl<K: ToFlux, V: ToFlux> ToFlux for Dict<'_, K, V> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        dict_literal(self.0.iter().map(|(key, value)| (key, value)), out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        dict_ast(self.0.iter().map(|(key, value)| (key, value)), out)
    }
}

fn dict_literal<'a, K: ToFlux + 'a, V: ToFlux + 'a>(
    entries: impl ExactSizeIterator<Item = (&'a K, &'a V)>,
    out: &mut dyn Write,
) -> Result<(), FluxError> {
    if entries.len() == 0 {
        return Ok(out.write_str("[:]")?);
    }
    out.write_char('[')?;
    separated(entries, ", ", out, |(key, value), out| {
        not_none(key)?.write_literal(out)?;
        out.write_str(": ")?;
        not_none(value)?.write_literal(out)
    })?;
    Ok(out.write_char(']')?)
}

fn dict_ast<'a, K: ToFlux + 'a, V: ToFlux + 'a>(
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    out: &mut dyn Write,
) -> Result<(), FluxError> {
    out.write_str(r#"{"type":"DictExpression","elements":["#)?;
    separated(entries, ",", out, |(key, value), out| {
        out.write_str(r#"{"key":"#)?;
        not_none(key)?.write_ast(out)?;
        out.write_str(r#","val":"#)?;
        not_none(value)?.write_ast(out)?;
        Ok(out.write_char('}')?)
    })?;
    Ok(out.write_str("]}")?)
}

/// A record: named values, each of its own type.
///
/// ```
/// use influx_edge::flux::{Record, to_literal};
///
/// let record =
///     Record(&[("station", &"zrh-1"), ("limit", &10), ("note", &None::<&str>)]);
/// // Flux has no null, so `None` is left out:
/// assert_eq!(to_literal(&record)?, r#"{station: "zrh-1", limit: 10}"#);
/// # Ok::<(), influx_edge::flux::FluxError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Record<'a>(pub &'a [(&'a str, &'a dyn ToFlux)]);

impl ToFlux for Record<'_> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        out.write_char('{')?;
        let present = self.0.iter().filter(|(_, value)| !value.is_none());
        separated(present, ", ", out, |(name, value), out| {
            if is_identifier(name) {
                out.write_str(name)?;
            } else {
                string_literal(name, out)?;
            }
            out.write_str(": ")?;
            value.write_literal(out)
        })?;
        Ok(out.write_char('}')?)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        out.write_str(r#"{"type":"ObjectExpression","properties":["#)?;
        let present = self.0.iter().filter(|(_, value)| !value.is_none());
        separated(present, ",", out, |(name, value), out| {
            write_property(name, *value, out)
        })?;
        Ok(out.write_str("]}")?)
    }
}

impl core::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Writes a property of a record in the syntax tree.
pub(super) fn write_property(
    name: &str,
    value: &dyn ToFlux,
    out: &mut dyn Write,
) -> Result<(), FluxError> {
    out.write_str(r#"{"type":"Property","key":"#)?;
    if is_identifier(name) {
        out.write_str(r#"{"type":"Identifier","name":""#)?;
        out.write_str(name)?;
        out.write_str(r#""}"#)?;
    } else {
        name.write_ast(out)?;
    }
    out.write_str(r#","value":"#)?;
    value.write_ast(out)?;
    Ok(out.write_char('}')?)
}

#[cfg(feature = "alloc")]
impl<T: ToFlux> ToFlux for alloc::vec::Vec<T> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_slice().write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_slice().write_ast(out)
    }
}

#[cfg(feature = "alloc")]
impl<K: ToFlux, V: ToFlux> ToFlux for alloc::collections::BTreeMap<K, V> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        dict_literal(self.iter(), out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        dict_ast(self.iter(), out)
    }
}

#[cfg(feature = "std")]
impl<K: ToFlux, V: ToFlux, S> ToFlux for std::collections::HashMap<K, V, S> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        dict_literal(self.iter(), out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        dict_ast(self.iter(), out)
    }
}

fn not_none<T: ToFlux + ?Sized>(value: &T) -> Result<&T, FluxError> {
    if value.is_none() {
        return Err(FluxError::Null);
    }
    Ok(value)
}

fn separated<T>(
    items: impl IntoIterator<Item = T>,
    separator: &str,
    out: &mut dyn Write,
    mut write: impl FnMut(T, &mut dyn Write) -> Result<(), FluxError>,
) -> Result<(), FluxError> {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.write_str(separator)?;
        }
        write(item, out)?;
    }
    Ok(())
}
