//! A query of 50 MB over the loopback.

use std::io::Write as _;

use crate::common::wire::{self, Wire};
use allocation_counter::measure;

/// 50 MB of rows need no more heap than one does.
#[test]
fn a_large_response_is_streamed() {
    let _alone = crate::alone();
    wire::watch::quiet();
    const TOTAL: usize = 50_000_000;
    let wire = Wire::each(1, |peer| {
        // A first, small response: what is loaded once is not what is asked for here.
        peer.request();
        let small = "#datatype,string,long,double\r\n#default,_result,,\r\n,result,table,_value\r\n,,0,21.53125\r\n";
        peer.send(wire::response(
            "200 OK",
            "Content-Type: text/csv\r\n",
            small,
        ));
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
    let client = wire.client();
    let mut count = 0u64;
    let mut run = || {
        let mut rows = client.query("x").call().unwrap();
        while let Some(row) = rows.next().unwrap() {
            let value: f64 = row.get("_value").unwrap();
            assert_eq!(value, 21.53125);
            count += 1;
        }
    };
    run();
    #[cfg(target_os = "linux")]
    resident_peak(); // of what ran before
    let before = resident_peak();
    let cost = measure(run);
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
        let growth = resident_peak().saturating_sub(before);
        eprintln!("50 MB of rows: resident memory grew by {growth} KiB at most");
        assert!(growth <= 1024, "{growth} KiB");
    }
}

/// The most resident memory since the last call, in KiB.
#[cfg(target_os = "linux")]
pub(crate) fn resident_peak() -> u64 {
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
