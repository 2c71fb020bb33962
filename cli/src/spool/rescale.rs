//! Lines of line protocol with their times in another unit.

use influx_edge::Precision;

/// Copies lines with their times in another unit. A line whose time doesn't fit is copied unchanged to
/// `left_over`; returns the number of those. Lines without a time are copied unchanged.
pub(super) fn rescale(
    lines: &[u8],
    from: Precision,
    to: Precision,
    out: &mut Vec<u8>,
    left_over: &mut Vec<u8>,
) -> u64 {
    let mut failed: u64 = 0;
    let mut rest = lines;
    while !rest.is_empty() {
        let (line, behind) = split_line(rest);
        rest = behind;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            continue;
        }
        let converted = match time(line) {
            Some((head, time)) if from != to => convert(time, from, to).map(|time| (head, time)),
            _ => {
                out.extend_from_slice(line);
                out.push(b'\n');
                continue;
            }
        };
        match converted {
            Some((head, time)) => {
                out.extend_from_slice(head);
                out.extend_from_slice(time.to_string().as_bytes());
                out.push(b'\n');
            }
            None => {
                failed = failed.saturating_add(1);
                left_over.extend_from_slice(line);
                left_over.push(b'\n');
            }
        }
    }
    failed
}

/// Converts a time; `None` if it overflows the finer unit, or isn't a multiple of the coarser one.
fn convert(time: i64, from: Precision, to: Precision) -> Option<i64> {
    let nanoseconds = i128::from(time).checked_mul(i128::from(from.nanos()))?;
    let unit = i128::from(to.nanos());
    if nanoseconds.checked_rem(unit)? != 0 {
        return None;
    }
    i64::try_from(nanoseconds.checked_div(unit)?).ok()
}

/// Splits the time off the end of a line. A number after the last blank can only be the time: fields have a
/// `=`, strings end with a quote.
fn time(line: &[u8]) -> Option<(&[u8], i64)> {
    let blank = line.iter().rposition(|byte| *byte == b' ')?;
    let (head, time) = line.split_at_checked(blank.checked_add(1)?)?;
    let time = std::str::from_utf8(time).ok()?;
    // `+5` is not a time.
    let digits = time.strip_prefix('-').unwrap_or(time);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head, time.parse().ok()?))
}

/// Splits a text after its first line, by the rule of InfluxDB's `scanLine`: a newline within a string doesn't
/// end a line. A quote begins a string only where a value begins, that is with more `=` than commas so far.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (mut in_fields, mut quoted) = (false, false);
    let (mut equals, mut commas) = (0_u64, 0_u64);
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if text.len().saturating_sub(at) > 2 => {
                bytes.next();
            }
            b' ' => in_fields = true,
            b'=' if in_fields && !quoted => equals = equals.saturating_add(1),
            b',' if in_fields && !quoted => commas = commas.saturating_add(1),
            b'"' if in_fields && equals > commas => quoted = !quoted,
            b'\n' if !quoted => {
                let (line, rest) = text.split_at_checked(at).unwrap_or((text, &[]));
                return (line, rest.get(1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (text, &[])
}

#[cfg(test)]
mod tests {
    use super::rescale;
    use Precision::{Microsecond as Us, Millisecond as Ms, Nanosecond as Ns, Second as S};
    use influx_edge::Precision;

    #[test]
    fn times_in_another_unit() {
        for (lines, from, to, expected, left) in [
            ("t v=1 5\n", S, Ns, "t v=1 5000000000\n", ""),
            ("t v=1 -5", Ms, Us, "t v=1 -5000\n", ""),
            (
                "t v=1 5000\nt v=2 5001\n",
                Ms,
                S,
                "t v=1 5\n",
                "t v=2 5001\n",
            ),
            (
                "t v=1 0\r\n\n t v=1 7 \n",
                S,
                Ms,
                "t v=1 0\n t v=1 7000\n",
                "",
            ),
            (
                "t v=1 9223372036854775807\n",
                Us,
                Ns,
                "",
                "t v=1 9223372036854775807\n",
            ),
            (
                "t v=1 9223372036854775807\n",
                Ns,
                Ns,
                "t v=1 9223372036854775807\n",
                "",
            ),
            // Without a time, or with something else at the end.
            ("t v=1\nt v=1i\n", S, Ns, "t v=1\nt v=1i\n", ""),
            (
                "t s=\"a 5\"\nt v=x +5\n",
                S,
                Ns,
                "t s=\"a 5\"\nt v=x +5\n",
                "",
            ),
            ("t\\ 1 v=1 2\n", S, Ms, "t\\ 1 v=1 2000\n", ""),
            // Newlines in strings, an escaped quote before one, a quote in a tag.
            (
                "t s=\"a\nb 5\" 6\nu v=1 7",
                S,
                Ms,
                "t s=\"a\nb 5\" 6000\nu v=1 7000\n",
                "",
            ),
            (
                "t s=\"a\\\"\n 5\" 6\n",
                S,
                Ms,
                "t s=\"a\\\"\n 5\" 6000\n",
                "",
            ),
            (
                "t,x=\"a v=1 6\nu v=1 7\n",
                S,
                Ms,
                "t,x=\"a v=1 6000\nu v=1 7000\n",
                "",
            ),
            (
                "# a comment\nt v=1 6\n",
                S,
                Ms,
                "# a comment\nt v=1 6000\n",
                "",
            ),
            ("", S, Ns, "", ""),
        ] {
            let (mut out, mut rest) = (Vec::new(), Vec::new());
            let failed = rescale(lines.as_bytes(), from, to, &mut out, &mut rest);
            assert_eq!(String::from_utf8(out).as_deref(), Ok(expected), "{lines:?}");
            assert_eq!(String::from_utf8(rest).as_deref(), Ok(left), "{lines:?}");
            assert_eq!(failed, u64::from(!left.is_empty()), "{lines:?}");
        }
    }
}
