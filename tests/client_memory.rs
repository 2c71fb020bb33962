//! What calls take of the heap, as numbers: a warm write, an idle client, a large answer.
#![cfg(feature = "client")]

mod wire;

use std::io::Write as _;

use allocation_counter::measure;
use influx_edge::line::Lines;
use influx_edge::{Client, Precision};
use wire::{NO_CONTENT, TOKEN, Wire};

/// One test at a time: resident memory is the whole process's.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(|e| e.into_inner())
}

/// Some 2 KB of lines.
fn two_kilobytes() -> Vec<u8> {
    (0..33)
        .flat_map(|i| {
            format!("weather,station=zrh-1 temp_c=21.{i:02},hum=40i 17000000000000000{i:02}\n")
                .into_bytes()
        })
        .collect()
}

fn client(wire: &Wire) -> Client {
    // A name, not an address: looked up, and remembered.
    let url = wire.url().replace("127.0.0.1", "localhost");
    Client::builder(url)
        .org("acme")
        .token(TOKEN)
        .build()
        .unwrap()
}

#[test]
fn a_warm_write_is_frugal() {
    let _alone = alone();
    let wire = Wire::answering(NO_CONTENT);
    let client = client(&wire);
    let body = two_kilobytes();
    assert!((2000..2200).contains(&body.len()), "{}", body.len());
    let lines = Lines {
        bytes: &body,
        precision: Precision::Nanosecond,
    };
    for _ in 0..3 {
        client.write("sensors", lines).unwrap();
    }
    let cost = measure(|| client.write("sensors", lines).unwrap());
    eprintln!(
        "a warm write of 2 KB: {} allocations, {} bytes",
        cost.count_total, cost.bytes_total
    );
    assert!(cost.count_total <= 45, "{cost:?}");
    assert!(cost.bytes_total <= 6 * 1024, "{cost:?}");
    assert_eq!(cost.count_current, 0, "nothing is left behind: {cost:?}");
}

#[test]
fn an_idle_client_is_small() {
    let _alone = alone();
    let wire = Wire::answering(NO_CONTENT);
    let url = wire.url();
    let body = two_kilobytes();
    let lines = Lines {
        bytes: &body,
        precision: Precision::Nanosecond,
    };
    let mut kept = None;
    let cost = measure(|| {
        let client = Client::builder(&url)
            .org("acme")
            .token(TOKEN)
            .build()
            .unwrap();
        client.write("sensors", lines).unwrap();
        client.write("sensors", lines).unwrap();
        kept = Some(client);
    });
    eprintln!(
        "an idle client with one connection: {} bytes",
        cost.bytes_current
    );
    assert!(cost.bytes_current <= 16 * 1024, "{cost:?}");
}

/// 50 MB of rows need no more heap than one does.
#[test]
fn a_large_answer_is_streamed() {
    let _alone = alone();
    const TOTAL: usize = 50_000_000;
    let wire = Wire::each(2, |peer| {
        peer.request();
        let head = "#datatype,string,long,dateTime:RFC3339,double,string\r\n#group,false,false,false,false,true\r\n#default,_result,,,,\r\n,result,table,_time,_value,station\r\n";
        let rows = ",,0,2023-11-14T22:13:20.123456789Z,21.53125,zrh-1\r\n".repeat(1000);
        let n = TOTAL / rows.len();
        let length = head.len() + n * rows.len();
        let _ = write!(
            peer.stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {length}\r\n\r\n{head}"
        );
        for _ in 0..n {
            if peer.stream.write_all(rows.as_bytes()).is_err() {
                return;
            }
        }
    });
    let client = client(&wire);
    let mut count = 0u64;
    let read = |each: &mut dyn FnMut()| {
        let mut rows = client.query("x").call().unwrap();
        while let Some(row) = rows.next().unwrap() {
            let value: f64 = row.get("_value").unwrap();
            assert_eq!(value, 21.53125);
            each();
        }
    };
    let cost = measure(|| read(&mut || count += 1));
    assert!(count > 900_000, "{count}");
    eprintln!(
        "50 MB of rows: {} allocations, at most {} bytes at once",
        cost.count_total, cost.bytes_max
    );
    assert!(cost.bytes_max <= 128 * 1024, "{cost:?}");
    assert!(
        cost.count_total <= 200,
        "nothing is allocated per row: {cost:?}"
    );
    #[cfg(target_os = "linux")]
    {
        // Counted from behind the first MiB on: until then pages of the program itself come in.
        let (mut rows, mut before) = (0, 0);
        read(&mut || {
            rows += 1;
            if rows == 20_000 {
                resident_peak();
                before = resident_peak();
            }
        });
        let growth = resident_peak().saturating_sub(before);
        eprintln!("50 MB of rows: resident memory grew by {growth} KiB at most");
        assert!(growth <= 1024, "{growth} KiB");
    }
}

/// The most resident memory since the last call, in KiB.
#[cfg(target_os = "linux")]
fn resident_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .and_then(|l| l.split_whitespace().next())
        .and_then(|n| n.parse().ok())
        .unwrap();
    // Starts the count anew; where that isn't allowed, growth is seen over the whole process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    peak
}
