//! The data of the encoding contests.

use super::Rng;

/// The buffer that every contestant fills again and again.
pub(crate) const BUFFER: usize = 64 * 1024;
/// Lines of each kind.
pub(crate) const LINES: usize = 2_000;
/// After so many lines the tags come round again.
pub(crate) const SENSORS: usize = 50;
/// The kinds of lines: one tag and two fields; eight and twelve; names with spaces and commas;
/// strings.
pub(crate) const KINDS: [&str; 4] = ["small", "wide", "escape", "strings"];

/// A point as data, the same for every contestant.
pub(crate) struct Line {
    /// The measurement.
    pub measurement: &'static str,
    /// Tags in order.
    pub tags: Vec<(String, String)>,
    /// Fields in order.
    pub fields: Vec<(String, Value)>,
    /// Nanoseconds.
    pub time: i64,
}

/// A field's value.
pub(crate) enum Value {
    /// A float.
    Float(f64),
    /// A string.
    Text(String),
}

#[derive(Clone, Copy)]
/// How many digits the floats have.
pub(crate) enum Digits {
    /// Two decimals: a sensor's reading.
    Two,
    /// As many as a computed value has.
    Seventeen,
}

impl Digits {
    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Digits::Two => "two decimals",
            Digits::Seventeen => "17 digits",
        }
    }

    fn float(self, rng: &mut Rng) -> Value {
        let unit = (rng.next() >> 11) as f64 / (1u64 << 53) as f64;
        Value::Float(match self {
            Digits::Two => (unit * 10_000.0).round() / 100.0,
            Digits::Seventeen => unit * 100.0,
        })
    }
}

/// The lines of one kind.
pub(crate) fn data(kind: &str, digits: Digits) -> Vec<Line> {
    let mut rng = Rng(1);
    let line = |n: usize| {
        let time = 1_700_000_000_000_000_000 + n as i64 * 1_234_567;
        match kind {
            "small" => Line {
                measurement: "weather",
                tags: vec![("station".into(), format!("zrh-{}", n % 10))],
                fields: vec![
                    ("temp_c".into(), digits.float(&mut rng)),
                    ("hum_pct".into(), digits.float(&mut rng)),
                ],
                time,
            },
            "wide" => Line {
                measurement: "machine",
                tags: [
                    "site", "hall", "line", "cell", "maker", "model", "serial", "shift",
                ]
                .map(|key| (key.into(), format!("{key}-{:04}", n % SENSORS)))
                .into(),
                fields: [
                    "speed",
                    "torque",
                    "power",
                    "voltage",
                    "current",
                    "temp_a",
                    "temp_b",
                    "vibration",
                    "pressure",
                    "flow",
                    "level",
                    "load",
                ]
                .map(|key| (key.into(), digits.float(&mut rng)))
                .into(),
                time,
            },
            "escape" => Line {
                measurement: "indoor climate",
                tags: vec![
                    ("site name".into(), format!("floor {}, kitchen", n % 10)),
                    ("owner".into(), "Doe, Jane = J.".into()),
                ],
                fields: vec![
                    ("air temp".into(), digits.float(&mut rng)),
                    ("rel. hum, %".into(), digits.float(&mut rng)),
                ],
                time,
            },
            _ => Line {
                measurement: "log",
                tags: vec![("host".into(), format!("gw-{}", n % 10))],
                fields: vec![
                    ("took_ms".into(), digits.float(&mut rng)),
                    (
                        "message".into(),
                        Value::Text(format!(
                            "GET \"/api/v2/write?org=acme\" by agent {n} said 204"
                        )),
                    ),
                    ("level".into(), Value::Text("info".into())),
                ],
                time,
            },
        }
    };
    (0..LINES).map(line).collect()
}
