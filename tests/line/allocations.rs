//! Encoding a line allocates nothing: counted, not claimed.

use influx_edge::Precision;
use influx_edge::line::{DefaultTags, Encoder, Series, Sink, Text};
fn every_kind_of_line<S: Sink>(enc: &mut Encoder<S>) {
    let series = Series::<64>::new("weather")
        .unwrap()
        .tag("station", "zrh-1")
        .unwrap();
    for n in 0..100i64 {
        enc.clear();
        enc.line("weather")
            .tag("station", "zürich 1")
            .tag("id", n)
            .tag("at", format_args!("{n}/{n}"))
            .tag("ip", Text(std::net::Ipv4Addr::LOCALHOST))
            .field("temp_c", 21.57)
            .field("exact", 0.1 + 0.2)
            .field("single", 1.5f32)
            .field("count", n)
            .field("total", u64::MAX)
            .field("open", true)
            .field("note", "a \"quoted\" word")
            .field("said", format_args!("a \"{n}\""))
            .field("gone", None::<f64>)
            .timestamp(n)
            .unwrap();
        enc.series(&series)
            .field("temp_c", 21.5)
            .timestamp(n)
            .unwrap();
        assert!(
            enc.line("weather")
                .field("temp_c", f64::NAN)
                .finish()
                .is_err()
        );
        assert!(enc.line("a\nb").field("temp_c", 1.0).finish().is_err());
    }
}

#[test]
fn encoding_allocates_nothing() {
    let mut storage = [0u8; 1024];
    let tags = DefaultTags::<32>::new().tag("host", "gw-7").unwrap();
    let mut fixed = Encoder::new(&mut storage)
        .precision(Precision::Second)
        .default_tags(tags);
    let mut owned = Encoder::with_sink(heapless::Vec::<u8, 1024>::new());
    let mut grown = Encoder::with_sink(Vec::new());
    every_kind_of_line(&mut grown);

    let counted = allocation_counter::measure(|| {
        every_kind_of_line(&mut fixed);
        every_kind_of_line(&mut owned);
        // Warm: it has grown to what it needs.
        every_kind_of_line(&mut grown);
    });
    assert_eq!(counted.count_total, 0);

    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![1])));
    assert_eq!(counted.count_total, 1, "the counter counts");
}
