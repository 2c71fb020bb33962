//! Random lines, biased towards trouble. Deterministic: a seed names the run.

use super::{Spec, Value};
use crate::common::random::{Draw, Rng};
use influx_edge::Precision;

const CALM: &[&str] = &[
    "a", "b", "temp", "c", "_", "-", "1", "Z", "é", "😀", "日本", "%", "/",
];
const TROUBLE: &[&str] = &[
    ",", "=", " ", "\"", "'", "\\", "#", "!", "~", "#!~#", "#!~", "\\,", "\\=", "\\ ", "\\\\",
    "\\\"", "\n", "\r", "\t", "\0", "\x7F", "\x1F", "\u{80}", "\u{FEFF}", "\u{2028}", "i", "u",
    "time", "_time", "_field", "true", "${x}", "nan",
];
const WHOLE: &[&str] = &[
    "",
    "time",
    "_field",
    "_measurement",
    "_time",
    "_value",
    "_start",
    "_stop",
    "#",
    "#m",
    "\\",
    "a\\",
    "#!~#",
    "x#!~",
    "result",
    "table",
];

/// A text of `words` pieces at most; one in `calm` of them makes trouble.
pub(crate) fn text(rng: &mut Rng, words: usize, calm: usize) -> String {
    if rng.one_in(12 * calm) {
        return (*rng.pick(WHOLE)).into();
    }
    let count = rng.below(words + 1);
    let mut text = String::new();
    for _ in 0..count {
        let from = if rng.one_in(calm) { TROUBLE } else { CALM };
        text.push_str(rng.pick::<&str>(from));
    }
    text
}

/// Any float: bits, readings, borders.
pub(crate) fn float(rng: &mut Rng) -> f64 {
    match rng.below(4) {
        0 => f64::from_bits(rng.bits()),
        1 => (rng.bits() % 2_000_000) as f64 / 100.0 - 10_000.0,
        2 => (rng.bits() as i64 >> rng.below(64)) as f64 / 10f64.powi(rng.below(20) as i32 - 5),
        _ => *rng.pick(&[
            0.0,
            -0.0,
            1e15,
            1e16,
            1e21,
            1e-7,
            5e-324,
            f64::MAX,
            f64::MIN,
            0.1,
        ]),
    }
}

pub(crate) fn value(rng: &mut Rng, calm: usize) -> Value {
    match rng.below(11) {
        0..=2 => Value::Float(float(rng)),
        3..=4 => Value::Integer(rng.bits() as i64 >> rng.below(64)),
        5..=6 => Value::Unsigned(rng.bits() >> rng.below(64)),
        7 => Value::Boolean(rng.one_in(2)),
        8..=9 => Value::Text(text(rng, 12, calm)),
        _ => Value::Missing,
    }
}

/// A line. `calm` says how seldom trouble is: 2 is wild, 30 mostly passes.
pub(crate) fn spec(rng: &mut Rng, calm: usize) -> Spec {
    let mut spec = Spec::new(&text(rng, 6, calm));
    if spec.measurement.is_empty() && !rng.one_in(10) {
        spec.measurement = "m".into();
    }
    for n in 0..rng.below(5) {
        let key = text(rng, 4, calm);
        let key = if key.is_empty() && !rng.one_in(10) {
            format!("k{n}")
        } else {
            key
        };
        spec = spec.tag(&key, &text(rng, 5, calm));
    }
    for n in 0..rng.below(5) + usize::from(!rng.one_in(20)) {
        let key = text(rng, 4, calm);
        let key = if key.is_empty() && !rng.one_in(10) {
            format!("f{n}")
        } else {
            key
        };
        let value = value(rng, calm);
        spec = spec.field(&key, value);
    }
    if !rng.one_in(4) {
        spec.time = Some(rng.bits() as i64 >> rng.below(64));
    }
    spec.precision = *rng.pick(&[
        Precision::Second,
        Precision::Millisecond,
        Precision::Microsecond,
        Precision::Nanosecond,
    ]);
    spec
}
