//! `Query::pivot`: what is sent, and what is refused.

use influx_edge::line::Schema;

use crate::common::wire::{Wire, response};

const STEPS: &str = "\n|> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")\
    \n|> rename(columns: {_time: \"at\"})\n|> drop(columns: [\"_start\", \"_stop\", \"_measurement\"])";

#[test]
fn before_the_last_yield_and_after_everything_else() {
    const WEATHER: Schema = Schema::new("weather").time("at");
    let refused = "a script with a `yield` before its end can't be pivoted";
    for (flux, expected) in [
        (
            "from() |> range(start: -1h)",
            Ok(("from() |> range(start: -1h)", "")),
        ),
        ("x = 1\nfrom() // yield", Ok(("x = 1\nfrom() // yield", ""))),
        ("from() |> yield()", Ok(("from() ", "\n|> yield()"))),
        (
            "from()\n  |> yield(name: \"x\") // the end\n",
            Ok(("from()\n  ", "\n|> yield(name: \"x\") // the end\n")),
        ),
        (
            "from() // é: |> yield()\n|> yield()",
            Ok(("from() // é: |> yield()\n", "\n|> yield()")),
        ),
        ("from() |> yield() |> mean()", Err(refused)),
        (
            "from() |> yield(name: \"a\")\nfrom() |> mean()",
            Err(refused),
        ),
        (
            "x = from() |> yield(name: \"a\")\nx |> yield(name: \"b\")",
            Err(refused),
        ),
        ("yield(tables: from())", Err(refused)),
        (
            "f = (tables=<-) => (tables |> yield())\nfrom() |> f()",
            Err(refused),
        ),
    ] {
        let wire = Wire::responding(response("200 OK", "Content-Type: text/csv\r\n", "\r\n"));
        let client = wire.client();
        let rows = client.query(flux).pivot(&WEATHER).call();
        match expected {
            Ok((before, after)) => {
                rows.unwrap();
                let seen = wire.seen();
                let body: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
                assert_eq!(body["query"], format!("{before}{STEPS}{after}"));
            }
            Err(words) => {
                let error = rows.unwrap_err();
                assert!(
                    error.is_config() && error.to_string().contains(words),
                    "{flux}: {error}"
                );
                assert!(wire.seen().is_empty(), "{flux}");
            }
        }
    }
}
