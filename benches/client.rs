//! The client next to bare `ureq` with the same bytes, in one run: allocations, heap, and the
//! processor's time in the calling thread.
//!
//! `cargo bench --bench client`. Server and client share the machine, so times of the wall say
//! little; the processor's time of the one thread does (Linux; elsewhere the wall's is shown).

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use influx_edge::line::Lines;
use influx_edge::{Client, Precision};

const TOKEN: &str = "bench-token";
const ROUNDS: usize = 7;

fn main() {
    let addr = serve();
    let client = Client::builder(format!("http://{addr}"))
        .org("acme")
        .token(TOKEN)
        .build()
        .unwrap();
    let bare = bare();
    let url = format!("http://{addr}/api/v2/write?org=acme&bucket=b&precision=ns");

    println!("heap of one warm write          allocations      bytes");
    for kilobytes in [2usize, 64] {
        let body = lines(kilobytes << 10);
        let data = Lines {
            bytes: &body,
            precision: Precision::Nanosecond,
        };
        let ours = || client.write("b", data).unwrap();
        let theirs = || bare_write(&bare, &url, &body);
        for _ in 0..3 {
            ours();
            theirs();
        }
        for (name, cost) in [
            ("influx-edge", measure(ours)),
            ("bare ureq", measure(theirs)),
        ] {
            println!(
                "  {kilobytes:>3} KB, {name:<18} {:>11} {:>10}",
                cost.count_total, cost.bytes_total
            );
        }
    }

    println!("\nheap of an idle client with one connection");
    let mut kept = None;
    let cost = measure(|| {
        let client = Client::builder(format!("http://{addr}"))
            .token(TOKEN)
            .build()
            .unwrap();
        client.write("b", "m f=1").unwrap();
        kept = Some(client);
    });
    println!("  influx-edge {:>8} bytes", cost.bytes_current);
    let mut kept = None;
    let cost = measure(|| {
        let agent = ureq::Agent::new_with_defaults();
        bare_write(&agent, &url, b"m f=1");
        kept = Some(agent);
    });
    println!(
        "  bare ureq   {:>8} bytes, with its defaults",
        cost.bytes_current
    );
    drop(kept);

    println!("\n1 000 writes, processor time of the calling thread (median of {ROUNDS})");
    for bytes in [2usize << 10, 16 << 10, 256 << 10] {
        let body = lines(bytes);
        let data = Lines {
            bytes: &body,
            precision: Precision::Nanosecond,
        };
        let n = if bytes > 100_000 { 100 } else { 1000 };
        compare(
            &format!("{} KB", bytes >> 10),
            || (0..n).for_each(|_| client.write("b", data).unwrap()),
            || (0..n).for_each(|_| bare_write(&bare, &url, &body)),
        );
    }

    println!("\na query of 50 MB, processor time of the calling thread (median of {ROUNDS})");
    let query = format!("http://{addr}/api/v2/query");
    compare(
        "next row",
        || {
            let mut rows = client.query("x").call().unwrap();
            let mut n = 0u64;
            while let Some(row) = rows.next().unwrap() {
                black_box(&row);
                n += 1;
            }
            assert!(n > 900_000);
        },
        || assert!(bare_query(&bare, &query) > 900_000),
    );
}

/// Runs both in turn and prints their medians and ratio.
fn compare(name: &str, mut ours: impl FnMut(), mut theirs: impl FnMut()) {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let start = processor();
        ours();
        let middle = processor();
        theirs();
        times[0].push(middle.saturating_sub(start));
        times[1].push(processor().saturating_sub(middle));
    }
    let [ours, theirs] = times.map(|mut t| {
        t.sort();
        t[t.len() / 2]
    });
    println!(
        "  {name:<10} influx-edge {:>9.2} ms   bare {:>9.2} ms   ratio {:.2}",
        ours.as_secs_f64() * 1e3,
        theirs.as_secs_f64() * 1e3,
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

/// Processor time that this thread has used.
fn processor() -> Duration {
    use std::sync::LazyLock;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// `ureq` as somebody would set it up who knows its traps: the same buffers, no redirects.
fn bare() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_per_read(Some(Duration::from_secs(20)))
        .timeout_per_write(Some(Duration::from_secs(20)))
        .input_buffer_size(8192)
        .output_buffer_size(4096)
        .accept_encoding("identity")
        .build()
        .into()
}

fn bare_write(agent: &ureq::Agent, url: &str, body: &[u8]) {
    let response = agent
        .post(url)
        .header("Authorization", format!("Token {TOKEN}"))
        .header("Content-Type", "text/plain; charset=utf-8")
        .send(body)
        .unwrap();
    assert_eq!(response.status(), 204);
}

/// Rows counted with csv-core alone.
fn bare_query(agent: &ureq::Agent, url: &str) -> u64 {
    let response = agent
        .post(url)
        .header("Authorization", format!("Token {TOKEN}"))
        .header("Content-Type", "application/json")
        .send(r#"{"query":"x"}"#.as_bytes())
        .unwrap();
    let mut reader = response.into_body().into_reader();
    let mut csv = csv_core::Reader::new();
    let mut input = vec![0u8; 16 << 10];
    let (mut text, mut ends) = (vec![0u8; 4096], vec![0usize; 64]);
    let (mut text_at, mut ends_at, mut rows) = (0, 0, 0u64);
    loop {
        let n = reader.read(&mut input).unwrap();
        let mut rest = &input[..n];
        // An empty slice means the end to csv-core.
        while n == 0 || !rest.is_empty() {
            let (result, used, wrote, ended) =
                csv.read_record(rest, &mut text[text_at..], &mut ends[ends_at..]);
            rest = &rest[used..];
            text_at += wrote;
            ends_at += ended;
            match result {
                csv_core::ReadRecordResult::Record => {
                    rows += 1;
                    black_box(&text[..text_at]);
                    (text_at, ends_at) = (0, 0);
                }
                csv_core::ReadRecordResult::InputEmpty => break,
                csv_core::ReadRecordResult::End => return rows,
                full => panic!("{full:?}"),
            }
        }
    }
}

fn lines(bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    let mut i = 0;
    while body.len() < bytes {
        let _ = writeln!(
            body,
            "weather,station=zrh-1 temp_c=21.5,hum=40i 17000000{i:011}"
        );
        i += 1;
    }
    body
}

/// A server for both: 204 to a write, 50 MB of rows to a query.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || connection(stream));
        }
    });
    addr
}

fn connection(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let head = "#datatype,string,long,dateTime:RFC3339,double,string\r\n#group,false,false,false,false,true\r\n#default,_result,,,,\r\n,result,table,_time,_value,station\r\n";
    let rows = ",,0,2023-11-14T22:13:20.123456789Z,21.53125,zrh-1\r\n".repeat(1000);
    let mut buffer = vec![0u8; 1 << 20];
    let mut have = 0;
    loop {
        let end = loop {
            if let Some(at) = buffer[..have].windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            match stream.read(&mut buffer[have..]) {
                Ok(0) | Err(_) => return,
                Ok(n) => have += n,
            }
        };
        let text = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let length: usize = text
            .lines()
            .find_map(|l| l.strip_prefix("content-length:"))
            .map_or(0, |v| v.trim().parse().unwrap());
        if text.contains("100-continue")
            && stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_err()
        {
            return;
        }
        while have < end + length {
            match stream.read(&mut buffer[have..]) {
                Ok(0) | Err(_) => return,
                Ok(n) => have += n,
            }
        }
        have = 0;
        let sent = if text.contains("/query") {
            let n = 50_000_000 / rows.len();
            let length = head.len() + n * rows.len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {length}\r\n\r\n{head}")
                .and_then(|()| (0..n).try_for_each(|_| stream.write_all(rows.as_bytes())))
        } else {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        };
        if sent.is_err() {
            return;
        }
    }
}
