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
fn a_date_that_never_comes() {
    for (never, days) in [
        ("0 0 30 2 *", 30),
        ("0 0 31 2 *", 31),
        ("0 0 31 4 *", 31),
        ("0 0 31 2,4,6,9,11 *", 31),
        ("0 0 31 feb,Apr,JUN,sep,NOV *", 31),
        ("0 0 30,31 2 *", 30),
        ("0 0 30-31 02 *", 30),
        ("0 0 30 2 1", 30),
        ("0 0 0 30 2 *", 30),
        ("0 0 0 30 2 * 2030", 30),
        ("  0\t0  30 2 * \n", 30),
        ("*/5 * 31 6 MON-FRI", 31),
        ("0 0 31 2-2 *", 31),
        ("0 0 31 apr-APR,11 *", 31),
        ("0 0 31 11-11/1 *", 31),
        ("0 0 30/1 2 *", 30),
        ("0 0 31/2,30-31/1 feb-feb *", 30),
    ] {
        let error = check_cron(never).unwrap_err();
        let wanted = format!("never comes: none of its months has {days} days");
        assert!(error.is_config(), "{never}");
        assert!(error.message().contains(&wanted), "{never}: {error}");
        let when = When::Cron(never.to_owned());
        assert!(with_option("n", &when, None, "").is_err());
    }
    for empty in ["", " ", "\n\t"] {
        let error = check_cron(empty).unwrap_err();
        assert!(error.message().contains("empty"), "{error}");
    }
    // What comes, and what the server decides.
    for cron in [
        "0 2 * * *",
        "0 0 29 2 *",
        "0 0 28-31 2 *",
        "0 0 1,31 2 *",
        "0 0 30 2,3 *",
        "0 0 31 4-5 *",
        "0 0 31 4/6 *",
        "0 0 31 6-6,7-7 *",
        "0 0 29/1 2 *",
        "0 0 31 * *",
        "0 0 31 */2 *",
        "0 0 30 11 *",
        "0 0 31 JAN *",
        "0 0 */31 2 *",
        "0 0 L 2 *",
        "0 0 32 2 *",
        "0 0 99999 2 *",
        "0 0 -30 2 *",
        "0 30 2 * *",
        "0 0 0 29 2 *",
        "30 2 * * * *",
        "0 0 0 1 1 * 2020",
        "@daily",
        "@every 1h",
        "every day",
        "0 0 30 2",
        "a b 30 é *",
    ] {
        assert_eq!(check_cron(cron).unwrap(), cron);
    }
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
