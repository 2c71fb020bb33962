//! A fuzzer of the encoder that runs on stable: long random scripts of lines, lines dropped
//! half-way, clears and full buffers, on buffers of random size, against a model that is a string.
//!
//! `INFLUX_EDGE_FUZZ_RUNS` sets how many lines are tried (200 000 if it is not set),
//! `INFLUX_EDGE_SEED` where it begins.

use crate::common::line::arbitrary;
use crate::common::line::{encode, grammar};
use crate::common::random::{Draw, Rng};
use influx_edge::line::{EncodeError, Encoder, IoSink, Series, Sink};

pub(crate) fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// One script on one encoder. Says how many lines it tried and how many of them stood.
fn script<S: Sink>(rng: &mut Rng, mut enc: Encoder<S>, space: usize, steps: usize) -> (u64, u64) {
    let precision = arbitrary::spec(rng, 100).precision;
    enc = enc.precision(precision);
    let mut model = String::new();
    let (mut tried, mut stood) = (0, 0);
    for _ in 0..steps {
        match rng.below(8) {
            0 => {
                // Half a line, dropped at any point.
                let spec = arbitrary::spec(rng, 20);
                let mut line = enc.line(&spec.measurement);
                for (key, value) in &spec.tags {
                    line = line.tag(key, value);
                }
                if rng.one_in(2) {
                    let _ = line.field("half", 1.5).field("half", f64::NAN);
                }
            }
            1 if rng.one_in(4) => {
                enc.clear();
                model.clear();
            }
            2 => {
                tried += 1;
                let series = Series::<64>::new("series").unwrap().tag("t", "v").unwrap();
                let done = enc.series(&series).field("f", 1).finish();
                let line = "series,t=v f=1i\n";
                assert_eq!(done.is_ok(), model.len() + line.len() <= space);
                if done.is_ok() {
                    model.push_str(line);
                    stood += 1;
                }
            }
            _ => {
                tried += 1;
                let calm = *rng.pick(&[3, 20, 200]);
                let mut spec = arbitrary::spec(rng, calm);
                spec.precision = precision;
                match (encode(&spec), spec.write(&mut enc)) {
                    (Ok(line), Ok(())) => {
                        model.push_str(&line);
                        stood += 1;
                    }
                    (Ok(line), Err(EncodeError::BufferFull)) => {
                        assert!(model.len() + line.len() > space, "{line:?} fits");
                    }
                    // A full buffer may be found out before or after what else is wrong.
                    (Err(_), Err(EncodeError::BufferFull)) => {}
                    (Err(alone), Err(here)) => assert_eq!(alone, here),
                    (alone, here) => panic!("{alone:?} alone, {here:?} here: {spec:?}"),
                }
            }
        }
        assert!(model.len() <= space);
        assert_eq!(enc.as_bytes(), model.as_bytes());
        assert_eq!(enc.line_count() == 0, model.is_empty());
    }
    // What is in the buffer can be read, line by line.
    let lines = grammar::lines(&model);
    assert_eq!(lines.len(), enc.line_count());
    for line in lines {
        grammar::parse(line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
    }
    assert_eq!(enc.lines().bytes, model.as_bytes());
    (tried, stood)
}

/// Lines that leave through a writer which takes a few bytes at a time and fails now and then.
fn drained(rng: &mut Rng) -> (u64, u64) {
    struct Reluctant(Vec<u8>, Rng);
    impl std::io::Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            match self.1.below(8) {
                0 => Err(std::io::ErrorKind::Interrupted.into()),
                1 => Err(std::io::ErrorKind::TimedOut.into()),
                _ => {
                    let n = bytes.len().min(self.1.below(40) + 1);
                    self.0.extend_from_slice(&bytes[..n]);
                    Ok(n)
                }
            }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let space = rng.below(400);
    let mut enc = Encoder::with_sink(IoSink::new(Reluctant(Vec::new(), rng.fork()), space));
    let mut model = String::new();
    let (mut tried, mut stood) = (0, 0);
    for _ in 0..50 {
        tried += 1;
        let mut spec = arbitrary::spec(rng, 20);
        spec.precision = influx_edge::Precision::Nanosecond;
        match (encode(&spec), spec.write(&mut enc)) {
            (Ok(line), Ok(())) => {
                model.push_str(&line);
                stood += 1;
            }
            (Ok(line), Err(EncodeError::BufferFull)) => assert!(line.len() > space),
            (_, Err(EncodeError::Sink)) => assert!(enc.sink().error().is_some()),
            (Err(_), Err(EncodeError::BufferFull)) => {}
            (Err(alone), Err(here)) => assert_eq!(alone, here),
            (alone, here) => panic!("{alone:?} alone, {here:?} here: {spec:?}"),
        }
    }
    // It gives in at last; a thousand refusals in a row would be a bug of this test.
    let flushed = (0..1_000).any(|_| enc.flush().is_ok());
    assert!(flushed && enc.is_empty());
    assert_eq!(enc.into_sink().into_writer().0, model.as_bytes());
    (tried, stood)
}

#[test]
fn scripts_on_buffers_of_every_kind() {
    let runs = number("INFLUX_EDGE_FUZZ_RUNS", 200_000);
    let seed = number("INFLUX_EDGE_SEED", 1);
    println!("seed {seed}, {runs} lines");
    let mut rng = Rng::with_seed(seed);
    let (mut tried, mut stood) = (0, 0);
    while tried < runs {
        let space = rng.below(600);
        let counts = match rng.below(4) {
            0 => {
                let mut storage = vec![0xEE; space];
                script(&mut rng, Encoder::new(&mut storage), space, 40)
            }
            1 => script(&mut rng, Encoder::bounded(space), space, 40),
            2 => {
                let sink = heapless::Vec::<u8, 333>::new();
                script(&mut rng, Encoder::with_sink(sink), 333, 40)
            }
            _ => drained(&mut rng),
        };
        tried += counts.0;
        stood += counts.1;
    }
    println!("{tried} lines tried, {stood} stood");
    assert!(stood > tried / 10, "nearly everything was refused");
}
