//! Line protocol that exists already, to client, writer and handle; encoded lines; types of one's own.

use crate::common::mock_server::Server;
use crate::{Outcome, client};
use influx_edge::line::{EncodeError, Encoder, Lines, Sink, ToLine};
use influx_edge::{OverflowPolicy, Precision, WriteError};
use std::borrow::Cow;

/// How many points are stored once every guess has been written by client, writer and handle.
macro_rules! by_all_three {
    ($points:literal: $($data:expr),* $(,)?) => {{
        // Each of them is the same points.
        let lines = $points * [$(stringify!($data)),*].len() as u64;
        let server = Server::start();
        let client = client(&server);
        $(client.write("sensors", $data)?;)*
        assert_eq!(server.points("sensors").len(), $points, "client");

        let server = Server::start();
        let client = crate::client(&server);
        let mut w = client.writer("sensors").build()?;
        $(w.write($data)?;)*
        assert_eq!(w.close()?.delivered, lines, "writer");
        assert_eq!(server.points("sensors").len(), $points, "writer");

        let server = Server::start();
        let client = crate::client(&server);
        let mut w = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
        $(w.write($data)?;)*
        assert_eq!(w.close()?.delivered, lines, "handle");
        assert_eq!(server.points("sensors").len(), $points, "handle");
    }};
}

#[test]
fn a_line_as_str() -> Outcome {
    by_all_three!(1: "weather,station=zrh-1 temp_c=21.5 1700000000000000000");
    Ok(())
}

#[test]
fn several_lines_in_one_str() -> Outcome {
    by_all_three!(2: "t v=1 1\nt v=2 2\n");
    Ok(())
}

#[test]
fn a_format_string() -> Outcome {
    let (temp, at) = (21.5, 1);
    by_all_three!(1: format!("weather temp_c={temp} {at}"));
    Ok(())
}

#[test]
fn a_reference_to_a_string() -> Outcome {
    let line = String::from("t v=1 1");
    by_all_three!(1: &line);
    Ok(())
}

#[test]
fn a_slice_of_a_string() -> Outcome {
    let line = String::from("t v=1 1");
    by_all_three!(1: &line[..], line.as_str());
    Ok(())
}

#[test]
fn a_byte_string() -> Outcome {
    by_all_three!(1: b"t v=1 1");
    Ok(())
}

#[test]
fn bytes() -> Outcome {
    let bytes: Vec<u8> = b"t v=1 1\n".to_vec();
    by_all_three!(1: &bytes, &bytes[..], bytes.clone());
    Ok(())
}

#[test]
fn a_vec_of_strings() -> Outcome {
    let lines = vec!["t v=1 1".to_string(), "t v=2 2".to_string()];
    by_all_three!(2: &lines, lines.clone(), &lines[..]);
    Ok(())
}

#[test]
fn a_vec_of_strs() -> Outcome {
    let lines = vec!["t v=1 1", "t v=2 2\n"];
    by_all_three!(2: &lines, lines.clone(), &lines[..]);
    Ok(())
}

#[test]
fn an_array_of_strs() -> Outcome {
    by_all_three!(2: ["t v=1 1", "t v=2 2"], &["t v=1 1", "t v=2 2"]);
    Ok(())
}

#[test]
fn a_cow() -> Outcome {
    let line: Cow<str> = Cow::Borrowed("t v=1 1");
    by_all_three!(1: &line, line.clone());
    Ok(())
}

#[test]
fn lines_of_a_text_in_a_loop() -> Outcome {
    let server = Server::start();
    let mut w = client(&server).writer("sensors").build()?;
    for line in "t v=1 1\nt v=2 2\n".lines() {
        w.write(line)?;
    }
    for line in ["t v=3 3", "t v=4 4"].iter() {
        w.write(line)?;
    }
    assert_eq!(w.close()?.delivered, 4);
    Ok(())
}

#[test]
fn encoded_lines() -> Outcome {
    let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    enc.line("t").field("v", 1).timestamp(1)?;
    by_all_three!(1: enc.lines(), &enc.lines());
    Ok(())
}

#[test]
fn text_in_seconds() -> Outcome {
    let server = Server::start();
    let client = client(&server);
    let lines = Lines {
        bytes: b"t v=1 1700000000",
        precision: Precision::Second,
    };
    client.write("sensors", lines)?;
    let mut w = client.writer("sensors").build()?;
    w.write(lines)?;
    assert!(w.close()?.is_safe());
    assert_eq!(server.points("sensors").len(), 1);
    assert_eq!(server.points("sensors")[0].time, 1_700_000_000_000_000_000);
    Ok(())
}

#[test]
fn text_without_a_time_gets_the_machines() -> Outcome {
    let server = Server::start();
    let mut w = client(&server).writer("sensors").build()?;
    w.write("t v=1\nt v=2 5\nt v=3")?;
    assert!(w.close()?.is_safe());
    let points = server.points("sensors");
    assert_eq!(points.len(), 3);
    assert_eq!(points.iter().filter(|p| p.time == 5).count(), 1);
    Ok(())
}

#[test]
fn nothing_at_all() -> Outcome {
    by_all_three!(0: "", b"", Vec::<String>::new(), "# only a comment\n");
    Ok(())
}

#[test]
fn a_text_with_a_bad_line_is_refused_as_a_whole() -> Outcome {
    for (text, reason) in [
        (&b"t v=1 1\nt v=1,5 2\n"[..], "a field has no ="),
        (b"t v=1 1\nt\n", "there is no field"),
        (b",a=1 v=1 1", "there is no measurement"),
        (
            b"t v=1 1\nt s=\"a\xFFb\" 2\n",
            "the text isn't UTF-8, at byte 6",
        ),
        (b"t v=1 noon", "time"),
    ] {
        let server = Server::start();
        let client = client(&server);
        let mut w = client.writer("sensors").build()?;
        let mut handle = client
            .writer("sensors")
            .build()?
            .spawn(OverflowPolicy::Reject)?;
        for error in [w.write(text), handle.write(text)] {
            let error = error.unwrap_err();
            assert!(matches!(error, WriteError::Syntax(_)), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
        assert_eq!((w.stats().accepted, w.stats().not_accepted), (0, 1));
        assert!(w.stats().is_balanced() && handle.stats().is_balanced());
        assert_eq!((w.close()?.delivered, handle.close()?.delivered), (0, 0));
        assert!(server.points("sensors").is_empty());
    }
    Ok(())
}

#[test]
fn text_to_another_bucket() -> Outcome {
    let server = Server::start();
    server.add_bucket("alarms");
    let mut w = client(&server).writer("sensors").build()?;
    w.write_to("alarms", "door open=true 1")?;
    w.write_to("alarms", &String::from("door open=false 2"))?;
    assert!(w.close()?.is_safe());
    assert_eq!(server.points("alarms").len(), 2);
    Ok(())
}

#[test]
fn points_between_texts_keep_their_order_and_unit() -> Outcome {
    let server = Server::start();
    let mut w = client(&server)
        .writer("sensors")
        .precision(Precision::Second)
        .build()?;
    w.write(Reading {
        celsius: 1.5,
        at: 60,
    })?;
    w.write("text v=1i 60")?;
    w.write(&Reading {
        celsius: 2.5,
        at: 61,
    })?;
    assert_eq!(w.close()?.delivered, 3);
    let mut times: Vec<i64> = server.points("sensors").iter().map(|p| p.time).collect();
    times.sort_unstable();
    assert_eq!(times, [60, 60_000_000_000, 61_000_000_000]);
    Ok(())
}

struct Reading {
    celsius: f32,
    at: i64,
}

impl ToLine for Reading {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("weather")
            .field("celsius", self.celsius)
            .timestamp(self.at)
    }
}

#[test]
fn a_type_of_ones_own_by_value_and_by_reference() -> Outcome {
    let reading = || Reading {
        celsius: 1.5,
        at: 1,
    };
    by_all_three!(1: reading(), &reading(), [reading()], &[reading()], vec![reading()], &vec![reading()]);
    Ok(())
}

#[test]
fn an_own_type_behind_a_generic_function() -> Outcome {
    fn log<T: ToLine>(w: &mut influx_edge::Writer, item: &T) -> Result<(), WriteError> {
        w.write(item)
    }
    let server = Server::start();
    let mut w = client(&server).writer("sensors").build()?;
    log(
        &mut w,
        &Reading {
            celsius: 1.5,
            at: 1,
        },
    )?;
    log(
        &mut w,
        &[Reading {
            celsius: 1.5,
            at: 2,
        }],
    )?;
    assert_eq!(w.close()?.delivered, 2);
    Ok(())
}

#[test]
fn numbers_and_bools_of_every_kind_as_fields() -> Outcome {
    let mut enc = Encoder::with_sink(Vec::new());
    enc.line("t")
        .tag("unit", 7u16)
        .tag("on", true)
        .tag("letter", 'x')
        .field("a", 1u8)
        .field("b", 2i16)
        .field("c", 3usize)
        .field("d", 1.5f32)
        .field("e", true)
        .field("f", "text")
        .field("g", String::from("text"))
        .field("h", Some(1))
        .field("i", None::<f64>)
        .timestamp(influx_edge::Timestamp::from_millis(1))?;
    assert_eq!(
        enc.as_bytes(),
        b"t,unit=7,on=true,letter=x a=1i,b=2i,c=3u,d=1.5,e=true,f=\"text\",g=\"text\",h=1i 1000000\n"
    );
    Ok(())
}

#[test]
fn stats_and_outcome_are_printed() -> Outcome {
    let server = Server::start();
    let mut w = client(&server).writer("sensors").build()?;
    w.write("t v=1 1")?;
    println!("{}", w.stats());
    println!("{}", w.flush()?);
    println!("{:?}", w.last_error());
    println!("{}", w.close()?);
    Ok(())
}
