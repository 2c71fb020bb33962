//! Hostile bytes at any split: no panic, no endless loop, one meaning; and a connection that is open only
//! behind a whole response.
//!
//! Recorded and made-up responses are mutated. It is deterministic; `INFLUX_EDGE_FUZZ_RUNS=10000000 cargo
//! test --release --features embedded --test embedded fuzz::` runs more of it, `INFLUX_EDGE_FUZZ_SEED`
//! starts elsewhere. The fuzz targets `parser` and `connection` check the same.

use crate::common::board::{check_connection, check_parser};
use crate::common::random::{Draw, Rng};
use crate::queue::number;
use crate::scripted::response;

fn runs() -> u64 {
    number("INFLUX_EDGE_FUZZ_RUNS", 20_000)
}

fn rng() -> Rng {
    let seed = number("INFLUX_EDGE_FUZZ_SEED", 7);
    println!("INFLUX_EDGE_FUZZ_SEED={seed}");
    Rng::with_seed(seed)
}

const CSV: &[u8] = b"#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n\
    ,result,table,_value\r\n,,0,1.5\r\n,,0,\"2\"\r\n\r\n#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n\
    ,error,reference\r\n,\"oh\",5\r\n";

fn seeds() -> Vec<Vec<u8>> {
    let csv = "Content-Type: text/csv; charset=utf-8\r\n";
    let invalid =
        br#"{"code":"invalid","message":"unable to parse 'm f= 2': missing field value"}"#;
    let partial = br#"{"error":"partial write of line protocol occurred","data":[{"error_message":"bad","line_number":2,"original_line":"m f= 2"}]}"#;
    let mut seeds: Vec<Vec<u8>> = [
        &b"HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"[..],
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
        b"HTTP/1.0 503 X\r\nRetry-After: 7\r\nConnection: keep-alive\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n,result,table,_value\r\n,,0,1\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 401 U\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    seeds.push(
        [
            &b"HTTP/1.1 200 OK\nX-Long: "[..],
            &[b'x'; 120],
            b"\nContent-Length: 2\n\nhi",
        ]
        .concat(),
    );
    for chunks in [None, Some(1), Some(5), Some(50)] {
        seeds.push(response("200 OK", csv, CSV, chunks));
        seeds.push(response("200 OK", csv, &CSV[..CSV.len() - 60], chunks));
        seeds.push(response(
            "400 Bad Request",
            "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
            invalid,
            chunks,
        ));
        seeds.push(response(
            "400 Bad Request",
            "Connection: close\r\n",
            partial,
            chunks,
        ));
    }
    seeds
}

/// Some bytes changed, taken out, doubled, or replaced by what matters to a parser.
fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Rng) {
    let words: [&[u8]; 20] = [
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"0\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"-1",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Connection: close\r\n",
        b":",
        b" ",
        b"\0",
        b"\x80",
        b"HTTP/1.1 ",
        b"HTTP/1.1 100 C\r\n\r\n",
        b"\"",
        b"18446744073709551615",
        b"dropped=1",
    ];
    let at = random.below(bytes.len() + 1);
    match random.below(6) {
        0 if at < bytes.len() => bytes[at] = random.bits() as u8,
        1 => drop(bytes.splice(at..at, random.pick(&words).iter().copied())),
        2 => drop(bytes.drain(at..(at + random.below(20)).min(bytes.len()))),
        3 => bytes.truncate(at),
        4 => {
            let other = random.pick(seeds);
            let from = random.below(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => {
            let again = bytes[at..(at + random.below(40)).min(bytes.len())].to_vec();
            drop(bytes.splice(at..at, again));
        }
    }
}

fn input(seeds: &[Vec<u8>], random: &mut Rng) -> (Vec<u8>, Vec<u8>) {
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..random.below(5) {
        mutate(&mut bytes, seeds, random);
    }
    let most = *random.pick(&[2, 5, 60, 255]);
    let sizes = (0..random.below(6))
        .map(|_| random.below(most) as u8)
        .collect();
    (bytes, sizes)
}

#[test]
fn the_parser_takes_anything() {
    let (mut random, seeds) = (rng(), seeds());
    let (mut complete, mut errors) = (0, 0);
    for _ in 0..runs() {
        let (bytes, sizes) = input(&seeds, &mut random);
        match check_parser(&bytes, &sizes).end {
            Some(Ok(())) => complete += 1,
            _ => errors += 1,
        }
    }
    println!("{} runs, {complete} complete, {errors} errors", runs());
    assert!(complete > runs() / 10 && errors > runs() / 10);
}

#[test]
fn a_connection_takes_anything() {
    let (mut random, seeds) = (rng(), seeds());
    let (mut good, mut errors, mut opened, mut rows) = (0, 0, 0, 0);
    for _ in 0..runs() {
        let (bytes, sizes) = input(&seeds, &mut random);
        let size = *random.pick(&[0, 1, 16, 50, 255]);
        let (called, open) = check_connection(random.bits() as u8, size, &bytes, &sizes);
        match called.result {
            Ok(()) => good += 1,
            Err(_) => errors += 1,
        }
        opened += u64::from(open);
        rows += u64::from(!called.rows.is_empty());
    }
    println!(
        "{} runs, {good} good, {errors} errors, {opened} open, {rows} with rows",
        runs()
    );
    assert!(
        good > runs() / 100 && errors > runs() / 2 && opened > runs() / 20 && rows > runs() / 200
    );
}
