use super::{Argument, range_ahead, text_for_duration};

#[test]
fn texts_where_a_duration_or_a_time_belongs_are_found() {
    for (flux, found) in [
        ("range(start: params.t)", "range start"),
        (
            "from(bucket: params.b)\n\t|> range( start :params . t )",
            "range start",
        ),
        ("range(start: -1h, stop: params.t)", "range stop"),
        ("range(start: params.t, stop: now())", "range start"),
        ("window(every: params.t)", "window every"),
        (
            "aggregateWindow(every: 1m, fn: (x, tables=<-) => x, offset: params.t)",
            "aggregateWindow offset",
        ),
        ("timeShift(duration: params.t)", "timeShift duration"),
        ("derivative(unit: params.t)", "derivative unit"),
        (
            "// range(start: params.b)\nrange(start: params.t)",
            "range start",
        ),
        (r#"x = "a \" b" range(start: params.t)"#, "range start"),
        (
            r#"filter(fn: (r) => r.a == params.b) |> range(start: params.t)"#,
            "range start",
        ),
    ] {
        let argument = text_for_duration(flux, |name| name == "t");
        let (function, name) = found.split_once(' ').unwrap();
        let param = "t";
        assert_eq!(
            argument,
            Some(Argument {
                function,
                name,
                param
            }),
            "{flux}"
        );
    }
}

#[test]
fn texts_elsewhere_are_left_alone() {
    for flux in [
        "",
        "from(bucket: params.t)",
        "range(start: duration(v: params.t))",
        "range(start: time(v: params.t), stop: now())",
        "range(start: params.other)",
        "range(start: params.t.inner)",
        r#"range(start: params["t"])"#,
        "// range(start: params.t)",
        r#"set(key: "a", value: "range(start: params.t)")"#,
        r#"set(key: "\"", value: "range(start: params.t)")"#,
        "my.range(start: params.t)",
        "f = (start) => duration(v: start)\nf(start: params.t)",
        "range(start: {start: params.t}.start)",
        "((((",
        "))))range(start:",
        "\"open range(start: params.t)",
    ] {
        assert_eq!(text_for_duration(flux, |name| name == "t"), None, "{flux}");
    }
}

#[test]
fn ranges_that_begin_ahead_and_end_now() {
    for (flux, found) in [
        ("range(start: params.t)", true),
        (
            "from(bucket: params.b)\n |> range( start :params . t )\n |> mean()",
            true,
        ),
        (
            "x = 1\nrange(start: params.b) |> range(start: params.t)",
            true,
        ),
        ("f(x: range(start: params.t), stop: now())", true),
        (
            "union(tables: [range(start: -1h, stop: 1h), range(start: params.t)])",
            true,
        ),
        ("// stop: now()\nrange(start: params.t)", true),
        ("range(start: params.t, stop: 2h)", false),
        ("range(stop: params.s, start: params.t)", false),
        ("range(stop: f(x: {start: -1h}), start: params.t)", false),
        ("range(start: -1h, stop: params.t)", false),
        ("range(start: params.other)", false),
        ("range(start: -params.t)", false),
        ("range(start: date.sub(d: params.t, from: now()))", false),
        ("my.range(start: params.t)", false),
        ("window(every: params.t)", false),
        ("range(start: params.t", false),
        ("\"range(start: params.t)\"", false),
        ("", false),
    ] {
        let argument = range_ahead(flux, |name| name == "t");
        assert_eq!(argument.is_some(), found, "{flux}");
        let names = argument.map(|found| (found.function, found.name, found.param));
        assert!(names.is_none_or(|names| names == ("range", "start", "t")));
    }
}
