//! Small programs, as front pages show them.

use crate::common::mock_server::Server;
use crate::{Outcome, TEMPERATURES, client, weather};
use influx_edge::{Client, Error, OverflowPolicy, Timestamp};
use std::time::{Duration, Instant};

/// `fn main() -> Result<(), Error>` with every kind of call in it.
#[test]
fn main_returns_the_crates_error() {
    fn main(url: String, org: &str, token: &str) -> Result<(), Error> {
        let client = Client::builder(url).org(org).token(token).build()?;
        client.write("sensors", "weather temp_c=21.5")?;
        let mut w = client.writer("sensors").build()?;
        w.write("weather temp_c=22.5")?;
        println!("{}", w.close()?);
        let mut rows = client.query(TEMPERATURES).call()?;
        while let Some(row) = rows.next()? {
            println!(
                "{} {}",
                row.get::<Timestamp>("_time")?,
                row.get::<f64>("_value")?
            );
        }
        Ok(())
    }
    let server = Server::start();
    main(server.url(), server.org(), server.token()).unwrap();
}

#[test]
fn question_mark_into_a_boxed_error() -> Outcome {
    let (_server, client) = weather();
    let time: Timestamp = "2023-11-14T22:13:20Z".parse()?;
    client.write("sensors", format!("t v=1 {}", time.as_nanos()))?;
    Ok(())
}

#[test]
fn a_logger_survives_a_line_it_cannot_write() -> Outcome {
    let server = Server::start();
    let mut w = client(&server).writer("sensors").build()?;
    let mut next = Instant::now();
    for reading in ["t v=1 1", "t v=NaN 2", "t v=3 3"] {
        if let Err(e) = w.write(reading) {
            eprintln!("{e}");
        }
        next += Duration::from_millis(10);
        w.run_until(next)?;
    }
    assert_eq!(w.close()?.delivered, 2);
    Ok(())
}

#[test]
fn handles_on_threads() -> Outcome {
    let server = Server::start();
    let handle = client(&server)
        .writer("sensors")
        .build()?
        .spawn(OverflowPolicy::Reject)?;
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let mut handle = handle.clone();
            std::thread::spawn(move || handle.write(format!("t,thread={n} v=1 1")))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap()?;
    }
    assert_eq!(handle.close()?.delivered, 4);
    Ok(())
}

#[test]
fn ping_health_and_version() -> Outcome {
    let (_server, client) = weather();
    client.ping()?;
    assert_eq!(client.health()?.status, "pass");
    let _ = client.version()?;
    Ok(())
}

#[test]
fn one_client_for_many_threads() -> Outcome {
    let (_server, client) = weather();
    std::thread::scope(|scope| {
        for n in 0..2 {
            let client = &client;
            scope.spawn(move || client.write("sensors", format!("t,n={n} v=1 1")));
        }
    });
    let again = client.clone();
    again.write("sensors", "t v=1 1")?;
    Ok(())
}

#[test]
fn the_response_as_text() -> Outcome {
    let (_server, client) = weather();
    let mut csv = Vec::new();
    client.query(TEMPERATURES).write_to(&mut csv)?;
    assert!(String::from_utf8(csv)?.starts_with("#datatype"));
    Ok(())
}

#[test]
fn a_wrong_token_says_so() {
    let server = Server::start();
    let client = Client::builder(server.url())
        .org(server.org())
        .token("wrong-token")
        .build();
    let error = client.unwrap().write("sensors", "t v=1").unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
}
