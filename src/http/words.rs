//! `lines`: the lines of a text of this crate's own.

/// The lines of a text. As `str::lines`, which brings 700 bytes of code for carriage returns and patterns.
pub(super) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.bytes().position(|byte| byte == b'\n');
        let line = rest.get(..end.unwrap_or(rest.len()))?;
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
        Some(line)
    })
}
