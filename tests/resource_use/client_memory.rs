//! What calls take of the heap, as numbers: a warm write, an idle client.

use crate::common::wire::{self, NO_CONTENT, TOKEN, Wire};
use allocation_counter::measure;
use influx_edge::line::Lines;
use influx_edge::{Client, Precision};

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
    let _alone = crate::alone();
    wire::watch::quiet();
    let wire = Wire::responding(NO_CONTENT);
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
    let _alone = crate::alone();
    wire::watch::quiet();
    let wire = Wire::responding(NO_CONTENT);
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

/// What `gzip_min_bytes` says in its documentation: the first body makes the compressor, the others use
/// it, whichever clone sends them.
#[cfg(feature = "gzip")]
#[test]
fn compressing_takes_what_the_documentation_says() {
    let _alone = crate::alone();
    wire::watch::quiet();
    let wire = Wire::responding(NO_CONTENT);
    let plain = client(&wire);
    let packing = Client::builder(wire.url())
        .org("acme")
        .token(TOKEN)
        .gzip_min_bytes(1)
        .build()
        .unwrap();
    let body = two_kilobytes();
    let lines = Lines {
        bytes: &body,
        precision: Precision::Nanosecond,
    };
    let write = |client: &Client| measure(|| client.write("sensors", lines).unwrap());
    let [without, with] = [&plain, &packing].map(write);
    let kept = (with.bytes_current - without.bytes_current) / 1000;
    eprintln!("the compressor: {kept} KB of heap");
    assert!((300..=340).contains(&kept), "{kept} KB");
    // Warm, it costs a buffer.
    let clones = [packing.clone(), packing.in_org("others"), packing];
    for client in &clones {
        let _ = write(client);
        let (without, with) = (write(&plain), write(client));
        eprintln!("a warm write, compressed: {with:?}");
        assert_eq!(with.bytes_current, 0, "{with:?}");
        assert!(
            with.count_total <= without.count_total + 4,
            "{with:?} {without:?}"
        );
        assert!(
            with.bytes_total <= without.bytes_total + 4 * 1024,
            "{with:?}"
        );
    }
}
