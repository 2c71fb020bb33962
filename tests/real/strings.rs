//! What the encoder writes, read back from real servers: equal, or refused before it was sent.
//!
//! Each test looks for its server in the environment and says so when it has none:
//!
//! | server | variables |
//! |---|---|
//! | InfluxDB 1.x | `INFLUXDB_V1_URL`, plain http, no authentication; a database is made and dropped |
//! | InfluxDB 2.x | `INFLUXDB_V2_URL`, `INFLUXDB_V2_TOKEN`, `INFLUXDB_V2_ORG`, `INFLUXDB_V2_BUCKET`: an empty bucket that keeps its data for ever |
//! | VictoriaMetrics | `VICTORIAMETRICS_URL`, with `-retentionPeriod=100y` |

use crate::common::hostile::connect::{an_hour_ago, influx_one, influx_two, victoria};
use crate::common::hostile::influx::{self, Influx, Point};
use crate::common::hostile::json::Json;
use crate::common::hostile::report::Report;
use crate::common::hostile::victoria;
use crate::common::hostile::{
    POSITIONS, Position, for_line_splitters, must_be_refused, strings, write_line,
};
use influx_edge::Precision;
use influx_edge::line::Encoder;

fn encoder() -> Encoder<Vec<u8>> {
    Encoder::with_sink(Vec::new())
}

#[test]
fn the_set_is_large_and_distinct() {
    let strings = strings();
    assert!(strings.len() >= 600, "{}", strings.len());
    println!("{} strings", strings.len());
}

#[test]
fn the_encoder_refuses_exactly_what_the_rule_says() {
    for splitters in [false, true] {
        for position in POSITIONS {
            for text in strings() {
                let mut enc = for_line_splitters(encoder(), splitters);
                let done = write_line(&mut enc, position, &text, 7, false, 1);
                assert_eq!(
                    done.is_err(),
                    must_be_refused(position, &text, splitters),
                    "{position:?} {text:?}: {done:?}"
                );
                assert_eq!(done.is_err(), enc.is_empty());
            }
        }
    }
}

#[test]
fn influxdb_1_gives_every_string_back() {
    if let Some(server) = influx_one() {
        every_string(&server, "InfluxDB 1");
        all_places_at_once(&server, "InfluxDB 1");
    }
}

#[test]
fn influxdb_2_gives_every_string_back() {
    if let Some(server) = influx_two() {
        every_string(&server, "InfluxDB 2");
        all_places_at_once(&server, "InfluxDB 2");
    }
}

fn every_string(server: &Influx, name: &str) {
    let (base, mut differences) = (an_hour_ago(), Vec::new());
    for position in POSITIONS {
        let mut report = Report::new(format!("{name}, {position:?}"));
        let mut batch = Vec::new();
        for (n, text) in (0..).zip(strings()) {
            let mut enc = encoder();
            let point = expected(position, &text, n, base + n);
            match write_line(&mut enc, position, &text, n, false, point.time) {
                Ok(()) => batch.push((text, enc.into_sink(), point)),
                Err(_) => report.refused(),
            }
        }
        differences.extend(compare(server, batch, position, report));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The point that a line of [`write_line`] must have become.
fn expected(position: Position, text: &str, n: i64, time: i64) -> Point {
    let number = Json::Number(n.to_string());
    let mut point = Point {
        time,
        measurement: String::new(),
        tags: Vec::new(),
        fields: vec![("n".to_owned(), number.clone())],
    };
    match position {
        Position::Measurement => point.measurement = text.to_owned(),
        Position::TagKey => {
            point.measurement = format!("tk{n:04}");
            point.tags = vec![(text.to_owned(), "v".to_owned())];
        }
        Position::TagValue => {
            point.measurement = "tv".to_owned();
            point.tags = vec![("t".to_owned(), text.to_owned())];
            point.tags.retain(|(_, value)| !value.is_empty());
        }
        Position::FieldKey => {
            point.measurement = format!("fk{n:04}");
            point.fields = vec![(text.to_owned(), number)];
        }
        Position::StringField => {
            point.measurement = "sf".to_owned();
            point
                .fields
                .push(("s".to_owned(), Json::Text(text.to_owned())));
        }
    }
    point
}

/// Writes all lines in one body and reads each back. If the server refuses the body, each line is
/// written by itself, to name the culprits.
fn compare(
    server: &Influx,
    batch: Vec<(String, Vec<u8>, Point)>,
    position: Position,
    mut report: Report,
) -> Vec<String> {
    let body: Vec<u8> = batch
        .iter()
        .flat_map(|(_, line, _)| line)
        .copied()
        .collect();
    let whole = server.write(Precision::Nanosecond, &body);
    let (mut texts, mut points) = (Vec::new(), Vec::new());
    for (text, line, point) in batch {
        if whole.status != 204 {
            let alone = server.write(Precision::Nanosecond, &line);
            if alone.status != 204 {
                report.difference(&text, &format!("{} {}", alone.status, alone.body));
                continue;
            }
        }
        texts.push(text);
        points.push(point);
    }
    for (text, difference) in texts.iter().zip(server.compare(&points)) {
        let limit = influx::LIMITS.iter().find(|l| (l.applies)(position, text));
        report.came_back(text, difference, limit);
    }
    report.finish()
}

/// Hostile neighbours: a different string in each of the five places of one line.
fn all_places_at_once(server: &Influx, name: &str) {
    let fit = |position| -> Vec<String> {
        let mut texts = strings();
        texts.retain(|text| text.len() < 10_000 && !must_be_refused(position, text, false));
        texts
    };
    let texts = POSITIONS.map(fit);
    let base = an_hour_ago() + 1_000_000;
    let report = Report::new(format!("{name}, all five places at once"));
    let mut batch = Vec::new();
    for (n, time) in (0..1_000).zip(base..) {
        // Steps that share no factor with each other, so that neighbours change.
        let mut steps = [1, 7, 11, 13, 17].into_iter();
        let [measurement, tag_key, tag_value, field_key, text] = texts
            .each_ref()
            .map(|texts| texts[n * steps.next().unwrap() % texts.len()].as_str());
        if tag_key == field_key || [tag_key, field_key].contains(&"f") || tag_key == "t" {
            continue;
        }
        let mut enc = encoder();
        enc.line(measurement)
            .tag(tag_key, tag_value)
            .tag("t", "last")
            .field(field_key, text)
            .field("f", 1.5)
            .timestamp(time)
            .unwrap();
        let mut tags = vec![
            (tag_key.to_owned(), tag_value.to_owned()),
            ("t".to_owned(), "last".to_owned()),
        ];
        tags.retain(|(_, value)| !value.is_empty());
        tags.sort();
        let mut fields = vec![
            (field_key.to_owned(), Json::Text(text.to_owned())),
            ("f".to_owned(), Json::Number("1.5".to_owned())),
        ];
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        let point = Point {
            time,
            measurement: measurement.to_owned(),
            tags,
            fields,
        };
        batch.push((measurement.to_owned(), enc.into_sink(), point));
    }
    let differences = compare(server, batch, Position::Measurement, report);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn victoriametrics_gives_every_string_back() {
    let mut differences = Vec::new();
    for position in POSITIONS {
        let Some(server) = victoria(&format!("{position:?}")) else {
            return;
        };
        let (base, mut report) = (
            an_hour_ago(),
            Report::new(format!("VictoriaMetrics, {position:?}")),
        );
        let (mut body, mut sent) = (Vec::new(), Vec::new());
        for (n, text) in (0..).zip(strings()) {
            let mut enc = for_line_splitters(encoder(), true);
            match write_line(&mut enc, position, &text, n, true, base + n * 1_000_000) {
                Ok(()) => {
                    body.extend(enc.into_sink());
                    sent.push((n, text));
                }
                Err(_) => report.refused(),
            }
        }
        server.write("ns", &body);
        let mut found = server.export();
        if position == Position::StringField {
            // Strings become numbers of some kind; what counts is that they do nothing else.
            found.retain(|series| series.name != "sf_s");
        }
        for (n, text) in &sent {
            let expected = victoria::expected(position, text, *n, base / 1_000_000 + n);
            let mine =
                |series: &victoria::Series| series.labels.get("hostile_n") == Some(&n.to_string());
            let (own, others) = found.into_iter().partition(mine);
            found = others;
            let own: Vec<_> = own;
            let difference = (own != [expected]).then(|| format!("found {own:?}"));
            let limit = victoria::LIMITS
                .iter()
                .find(|l| (l.applies)(position, text));
            report.came_back(text, difference, limit);
        }
        for stray in found {
            report.difference("a series that nobody wrote", &format!("{stray:?}"));
        }
        differences.extend(report.finish());
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
