//! Unit tests of `schedule`.

use super::*;

#[test]
fn durations() {
    for (seconds, text) in [
        (3_600, "1h"),
        (5_400, "1h30m"),
        (86_400, "24h"),
        (61, "1m1s"),
        (0, "0s"),
    ] {
        assert_eq!(
            Interval::from(Duration::from_secs(seconds)).text().unwrap(),
            text
        );
    }
    for good in ["1h", "1h30m", "1d", "2mo", "500ms", "1µs", "1y2w"] {
        assert!(is_duration(good), "{good}");
    }
    for bad in ["", "h", "1", "1h ", "-1h", "1h}", "1x", "1.5h", "1h\n", "é"] {
        assert!(!is_duration(bad), "{bad}");
        assert!(Interval::from(bad).text().is_err());
    }
    assert!(Interval::from("0h0m").positive().is_err());
    assert!(Interval::from(Duration::from_millis(1_500)).text().is_err());
}

#[test]
fn a_name_can_t_say_more_than_a_name() {
    let when = When::Cron("0 2 * * *\"}".to_owned());
    let flux = with_option("a\", every: 1s}\n${x} \\", &when, None, "buckets()").unwrap();
    assert_eq!(
        flux,
        "option task = {name: \"a\\\", every: 1s}\\n\\${x} \\\\\", cron: \"0 2 * * *\\\"}\"}\nbuckets()"
    );
}

#[test]
fn imports_stay_first() {
    let when = When::Every(Duration::from_secs(60).into());
    for flux in [
        "import \"math\"\nbuckets()",
        "// why\n  // so\nimport \"math\"\nbuckets()",
        "package main\nbuckets()",
        "@edition(\"2022.1\")\npackage main",
    ] {
        let whole = with_option("n", &when, None, flux).unwrap();
        assert_eq!(
            whole,
            format!("{flux}\n\noption task = {{name: \"n\", every: 1m}}\n")
        );
    }
    for flux in ["buckets()", "// import\nbuckets()", "imported = 1", ""] {
        let whole = with_option("n", &when, None, flux).unwrap();
        assert_eq!(
            whole,
            format!("option task = {{name: \"n\", every: 1m}}\n{flux}")
        );
    }
}
