//! Unit tests of `duplicate_keys`.

use super::*;

#[test]
fn looks_back_over_escapes_and_quotes() {
    let tags = br"m\,x=1,a=b\,c\=d,e\ f=\g,last=1".as_slice();
    for (key, there) in [
        (br"a".as_slice(), true),
        (br"e\ f", true),
        (br"last", true),
        (br"c\=d", false),
        (br"b\", false),
        (br"x", false),
        (br"m\", false),
        (br"\g", false),
        (br"", false),
    ] {
        assert_eq!(contains(tags, key, false), there, "{key:?}");
    }
    let fields = br#"a=1,b="x,y=\"2\",z=3",c\,d=5i,q="\\",w=t"#.as_slice();
    for (key, there) in [
        (br"a".as_slice(), true),
        (br"b", true),
        (br"y", false),
        (br"z", false),
        (br"c\,d", true),
        (br"d", false),
        (br"q", true),
        (br"w", true),
    ] {
        assert_eq!(contains(fields, key, true), there, "{key:?}");
    }
}

#[test]
fn a_new_key_is_hardly_ever_looked_up() {
    let usual = [
        "temp_c",
        "hum_pct",
        "press_hpa",
        "wind_ms",
        "rain_mm",
        "batt_v",
        "rssi_dbm",
        "uptime_s",
        "f0",
        "f1",
        "f2",
        "f3",
        "f4",
        "f5",
        "f6",
        "f7",
        "f8",
        "f9",
        "f10",
        "f11",
        "a",
        "b",
        "ab",
        "bb",
        "core_temperature_0",
        "core_temperature_1",
        "core_temperature_10",
        "",
    ];
    let mut keys = KeySet::default();
    let mut marked = 0;
    for key in usual {
        let hash = KeyHash::of(key.as_bytes());
        marked += usize::from(keys.might_contain(hash));
        assert!(keys.definitely_absent(hash), "{key}");
        keys.insert(hash);
    }
    // And nearly always the bit alone decides it.
    assert!(marked <= usual.len() / 4, "{marked}");
    for key in usual {
        assert!(
            !keys.definitely_absent(KeyHash::of(key.as_bytes())),
            "{key}"
        );
    }
    // Past the fingerprints, a set bit decides nothing, and a clear one still does.
    for n in 0..u16::MAX {
        keys.insert(KeyHash::of(&n.to_le_bytes()));
    }
    assert!(!keys.definitely_absent(KeyHash::of(b"new")));
    keys.clear();
    assert!(keys.definitely_absent(KeyHash::of(b"temp_c")));
    let mut bits = Bits::default();
    bits.insert(KeyHash::of(b"temp_c"));
    keys.seed(bits);
    assert!(!keys.definitely_absent(KeyHash::of(b"temp_c")));
}
