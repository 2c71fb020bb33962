//! `query --output plot` and `sparkline`.

use super::{play, query, recording};
use crate::run::{Run, run, server};
use influx_edge::csv::display_width;

/// Two stations, a value an hour.
fn weather(stations: &[&str], value: impl Fn(usize, usize) -> String) -> String {
    let mut text = String::from(
        "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string\r\n\
         #group,false,false,true,true,false,false,true,true\r\n#default,_result,,,,,,,\r\n\
         ,result,table,_start,_stop,_time,_value,_field,station\r\n",
    );
    for (table, station) in stations.iter().enumerate() {
        for hour in 0..24 {
            let value = value(table, hour);
            text += &format!(
                ",,{table},2023-11-14T00:00:00Z,2023-11-15T00:00:00Z,2023-11-14T{hour:02}:00:00Z,{value},temp_c,{station}\r\n"
            );
        }
    }
    text + "\r\n"
}

fn drawn(body: String, locale: &str, args: &[&str]) -> Run {
    let server = server();
    play(&server, body);
    let mut command = query(&server, args);
    command
        .env_remove("LC_ALL")
        .env_remove("LC_CTYPE")
        .env("LANG", locale);
    let run = run(command, b"");
    assert_eq!((run.code, &*run.err), (Some(0), ""), "{run:?}");
    run
}

#[test]
fn a_table_of_statistics_and_a_plot_of_each_series() {
    let body = weather(&["zrh-1", "zrh-2"], |table, hour| {
        format!("{}.5", 10 + table + hour)
    });
    let expected = "\
_field=temp_c
station  count   min  mean   max  last
zrh-1       24  10.5    22  33.5  33.5
zrh-2       24  11.5    23  34.5  34.5

_field=temp_c station=zrh-1
35 |                                          ....::
   |                                  ..::::########
   |                        ....::##################
   |                ....::##########################
   |        ..::::##################################
10 |..::############################################
    2023-11-14T00:00:00Z                   23:00:00Z
";
    let run = drawn(body.clone(), "C", &["-O", "plot", "--width", "60"]);
    assert!(run.out.starts_with(expected), "{}", run.out);
    assert_eq!(run.out.matches('#').count() % 2, 0);
    let unicode = drawn(body, "de_CH.UTF-8", &["-O", "plot"]);
    assert!(
        unicode.out.contains('█') && !unicode.out.contains('#'),
        "{}",
        unicode.out
    );
}

#[test]
fn sparklines_stand_in_the_table() {
    let body = weather(&["zrh-1", "zrh-2"], |_, hour| format!("{}", hour % 8));
    let run = drawn(body, "C.UTF-8", &["-O", "sparkline"]);
    let bars = "▁▂▃▄▅▆▇█".repeat(3);
    let expected = format!(
        "_field=temp_c\n\
         station  count  min  mean  max  last\n\
         zrh-1       24    0   3.5    7     7  {bars}\n\
         zrh-2       24    0   3.5    7     7  {bars}\n"
    );
    assert_eq!(
        run.out.replace(&bars, ""),
        expected.replace(&bars, ""),
        "{}",
        run.out
    );
    assert_eq!(run.out.matches('▁').count(), 6, "{}", run.out);
}

#[test]
fn small_differences_and_none_are_seen() {
    // 3.60 to 3.64: a scale from zero would be a block without a form.
    let body = weather(&["a"], |_, hour| format!("3.6{}", hour % 5));
    let run = drawn(body, "C", &["-O", "plot"]);
    assert!(
        run.out.contains("3.64 |") && run.out.contains("3.60 |"),
        "{}",
        run.out
    );
    let top = run
        .out
        .lines()
        .find(|line| line.starts_with("3.64 |"))
        .unwrap();
    assert!(top.contains('#') && top.contains(' '), "{}", run.out);
    // All the same: in the middle, with a scale around it.
    let run = drawn(weather(&["a"], |_, _| "3.64".into()), "C", &["-O", "plot"]);
    let filled = run.out.lines().filter(|line| line.contains("######"));
    assert_eq!(filled.count(), 3, "{}", run.out);
    for value in ["0", "-0", "1e308", "-1e308", "5e-324", "NaN", "+Inf"] {
        for (even, odd) in [(value, value), (value, "1"), ("-1e308", value)] {
            let body = weather(&["a"], |_, hour| [even, odd][hour % 2].into());
            for output in ["plot", "sparkline"] {
                let run = plotted(body.clone(), output);
                assert!(matches!(run.code, Some(0)), "{value}: {run:?}");
                for line in run.out.lines() {
                    assert!(display_width(line) <= 80, "{value}: {}", run.out);
                }
            }
        }
    }
}

fn plotted(body: String, output: &str) -> Run {
    let server = server();
    play(&server, body);
    run(query(&server, &["-O", output]), b"")
}

#[test]
fn names_are_whole_and_lines_fit() {
    let names = [
        "host-in-building-7-floor-2-sensor-0001",
        "host-in-building-7-floor-2-sensor-0002",
    ];
    let body = weather(&names, |_, hour| hour.to_string());
    for output in ["plot", "sparkline"] {
        for width in ["60", "80", "200"] {
            let run = drawn(body.clone(), "C.UTF-8", &["-O", output, "--width", width]);
            for name in names {
                assert!(run.out.contains(name), "{width}: {}", run.out);
            }
            assert!(!run.out.contains("..."), "{width}: {}", run.out);
            for line in run.out.lines() {
                assert!(
                    display_width(line) <= width.parse().unwrap(),
                    "{width}: {line}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_drawn_is_stated() {
    let stations: Vec<String> = (0..103).map(|n| format!("s{n}")).collect();
    let stations: Vec<&str> = stations.iter().map(String::as_str).collect();
    let body = weather(&stations, |_, hour| hour.to_string());
    let run = drawn(body, "C", &["-O", "sparkline"]);
    assert!(
        run.out.ends_with("(only the first 100 series are drawn)\n"),
        "{}",
        run.out
    );
    let body = weather(
        &["a"],
        |_, hour| if hour == 3 { "NaN".into() } else { "1".into() },
    );
    let run = drawn(body, "C", &["-O", "plot"]);
    assert!(run.out.ends_with("(1 row has no number)\n"), "{}", run.out);
    // Rows, but no numbers.
    let server = server();
    play(&server, recording("csv/odd-strings-one-table.csv"));
    let none = crate::run::run(query(&server, &["-O", "plot", "--fail-if-empty"]), b"");
    assert_eq!(none.code, Some(3), "{none:?}");
    assert!(none.err.ends_with("no numbers\n"), "{none:?}");
}

/// Each column of a pivoted table is a series.
#[test]
fn fields_in_columns() {
    let run = drawn(
        recording("csv/pivot.csv"),
        "C",
        &["-O", "plot", "--width", "100"],
    );
    assert!(
        run.out.contains("field=") || run.out.contains("field  "),
        "{}",
        run.out
    );
}
