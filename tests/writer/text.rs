//! Line protocol that exists already, through handles as through the writer itself.

use crate::common::mock_server::{Server, Value};
use crate::help::{SEC, within, writer};
use influx_edge::OverflowPolicy::Reject;
use influx_edge::writer::LinesOutcome;
use influx_edge::{Precision, WriteError};

/// Hands texts over, by a handle or by the writer; closes. What was accepted, what is stored.
fn hand_over(
    threaded: bool,
    server: &Server,
    texts: &[(&str, Precision)],
) -> (Vec<LinesOutcome>, u64) {
    let mut w = writer(server).default_tag("host", "gw").build().unwrap();
    if threaded {
        let mut w = w.spawn(Reject).unwrap();
        let outcomes = texts.iter().map(|(t, p)| w.write_lines(t, *p)).collect();
        let stats = w.stats();
        assert!(stats.is_balanced());
        (outcomes, w.close().unwrap().delivered)
    } else {
        let outcomes = texts.iter().map(|(t, p)| w.write_lines(t, *p)).collect();
        (outcomes, w.close().unwrap().delivered)
    }
}

#[test]
fn times_of_other_units_keep_their_meaning() {
    within(20 * SEC, || {
        for threaded in [false, true] {
            let server = Server::start();
            let texts = [
                ("t,p=s v=1i 60\nt,p=s v=2i 61\n", Precision::Second),
                ("t,p=ns v=3i 60\n", Precision::Nanosecond),
                ("t,p=ms v=4i 60\n", Precision::Millisecond),
                ("t,p=us v=5i 60\n", Precision::Microsecond),
                ("t,p=s v=6i 62\n", Precision::Second),
            ];
            let (outcomes, delivered) = hand_over(threaded, &server, &texts);
            assert!(outcomes.iter().all(LinesOutcome::is_complete));
            assert_eq!(delivered, 6);
            let mut times: Vec<_> = server
                .points("sensors")
                .into_iter()
                .map(|p| (p.value.to_string(), p.time))
                .collect();
            times.sort();
            let expected = [
                ("1", 60_000_000_000),
                ("2", 61_000_000_000),
                ("3", 60),
                ("4", 60_000_000),
                ("5", 60_000),
                ("6", 62_000_000_000),
            ];
            let expected = expected.map(|(v, t)| (v.to_owned(), t));
            assert_eq!(times, expected, "threaded: {threaded}");
        }
    });
}

#[test]
fn ends_of_lines_a_mark_comments_and_bad_lines() {
    within(20 * SEC, || {
        for threaded in [false, true] {
            let server = Server::start();
            let text = "\u{feff}t n=1i 1\r\n\r\n# a comment\r\nt s=\"a\r\nb\" 2\r\nt n=1,5 3\r\n\
                        t n=4i 4\r\n  \nt ok=TRUE,no=f 5";
            let (outcomes, delivered) =
                hand_over(threaded, &server, &[(text, Precision::Nanosecond)]);
            let outcome = &outcomes[0];
            assert_eq!((outcome.accepted, delivered), (4, 4), "{outcome}");
            assert_eq!(outcome.rejected.len(), 1);
            let (number, why) = &outcome.rejected[0];
            // The string has a newline.
            assert_eq!(*number, 6, "{outcome}");
            assert!(matches!(why, WriteError::Syntax(_)), "{why:?}");
            let points = server.points("sensors");
            assert_eq!(points.len(), 5);
            // No default tags.
            assert!(points.iter().all(|p| p.tags.is_empty()), "{points:?}");
            let text = points.iter().find(|p| p.field == "s").unwrap();
            assert_eq!(text.value, Value::String("a\r\nb".to_owned()));
        }
    });
}

/// In a writer of another precision, points and text in turn: each keeps its own unit, and lines
/// without a time get one in the text's.
#[test]
fn text_between_points_of_another_precision() {
    within(20 * SEC, || {
        let server = Server::start();
        let w = writer(&server).precision(Precision::Second).build();
        let mut w = w.unwrap().spawn(Reject).unwrap();
        for n in 0..50i64 {
            w.write_with(|enc| enc.line("p").field("n", n).timestamp(n))
                .unwrap();
            let text = format!("l n={n}i {n}\nu,n={n} n={n}i\n");
            assert!(w.write_lines(&text, Precision::Millisecond).is_complete());
        }
        assert_eq!(w.close().unwrap().delivered, 150);
        let points = server.points("sensors");
        assert_eq!(points.len(), 150);
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_nanos() as i64;
        for point in points {
            let Value::Integer(n) = point.value else {
                panic!("{point:?}")
            };
            match point.measurement.as_str() {
                "p" => assert_eq!(point.time, n * 1_000_000_000),
                "l" => assert_eq!(point.time, n * 1_000_000),
                _ => assert!((now - point.time).abs() < 60_000_000_000, "{point:?}"),
            }
        }
    });
}

/// An encoder's lines, by whatever they are handed over: stored as text is, a line without a time with the
/// writer's; all of them or none; in the encoder's unit.
#[test]
fn an_encoder_is_written_as_its_lines_are() {
    use influx_edge::line::{DefaultTags, Encoder, IoSink, Sink};

    fn fill<S: Sink>(enc: &mut Encoder<S>) {
        enc.line("t")
            .tag("n", "1")
            .field("s", "a\nb")
            .timestamp(60)
            .unwrap();
        enc.line("t").tag("n", "2").field("v", 2).finish().unwrap();
    }
    within(20 * SEC, || {
        for threaded in [false, true] {
            let server = Server::start();
            let mut w = writer(&server).default_tag("host", "gw").build().unwrap();
            let mut storage = [0; 256];
            let mut fixed = Encoder::new(&mut storage).precision(Precision::Second);
            let mut owned = Encoder::with_sink(Vec::new()).precision(Precision::Millisecond);
            let tags = DefaultTags::<32>::new().tag("of", "enc").unwrap();
            let mut tagged = Encoder::bounded(256).default_tags(tags);
            let mut drained = Encoder::with_sink(IoSink::new(Vec::new(), 48));
            fill(&mut fixed);
            fill(&mut owned);
            fill(&mut tagged);
            fill(&mut drained);
            drained.flush().unwrap();
            let third = drained.line("t").tag("n", "3").field("v", 3);
            third.timestamp(61).unwrap();
            let delivered = if threaded {
                let mut w = w.spawn(Reject).unwrap();
                w.write(&fixed).unwrap();
                w.write(&owned).unwrap();
                w.write(tagged).unwrap();
                w.write(&drained).unwrap();
                assert!(w.stats().is_balanced());
                w.close().unwrap().delivered
            } else {
                w.write(&fixed).unwrap();
                w.write(&owned).unwrap();
                w.write(tagged).unwrap();
                w.write(&drained).unwrap();
                w.close().unwrap().delivered
            };
            let points = server.points("sensors");
            assert_eq!(points.len() as u64, delivered, "threaded: {threaded}");
            let timed = |count| points.iter().filter(|p| p.time == count).count();
            assert_eq!((timed(60_000_000_000), timed(60_000_000)), (1, 1));
            // Those of the drained one have left it, but for the last.
            assert_eq!((timed(60), timed(61), points.len()), (1, 1, 7));
            assert!(points.iter().all(|p| p.time > 0));
        }
        // More than a batch takes is refused, all of it.
        let server = Server::start();
        let mut w = writer(&server).batch_bytes(1024).build().unwrap();
        let mut enc = Encoder::with_sink(Vec::new());
        while enc.as_bytes().len() <= 1024 {
            enc.line("t").field("v", 1).finish().unwrap();
        }
        assert_eq!(w.write(&enc), Err(WriteError::TooLarge(1024)));
        assert_eq!(w.close().unwrap().delivered, 0);
    });
}
