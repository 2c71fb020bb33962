use super::{Yields, yields};

#[test]
fn yields_are_found() {
    let end = "END";
    for (flux, found) in [
        ("", ""),
        ("from(bucket: \"b\") |> range(start: -1h)", ""),
        ("from(bucket: \"b\") |> yield()", end),
        (
            "from(bucket: \"b\")\n\t|> yield( name : \"x\" ) // done\n",
            end,
        ),
        (
            "from(bucket: \"b\") // é |> yield()\n|>yield(name: f(x: [1], y: {a: 1}))",
            end,
        ),
        ("x = from(bucket: \"b\")\nx |> yield(name: \"a\")", end),
        // In the middle, in front, twice, in a function, as a call of its own.
        ("from(bucket: \"b\") |> yield() |> mean()", "elsewhere"),
        (
            "from(bucket: \"b\") |> yield()\nfrom(bucket: \"c\")",
            "elsewhere",
        ),
        (
            "x = from(bucket: \"b\") |> yield()\nx |> yield(name: \"2\")",
            "elsewhere",
        ),
        (
            "f = (tables=<-) => (tables |> yield())\nfrom(bucket: \"b\") |> f()",
            "elsewhere",
        ),
        ("yield(tables: from(bucket: \"b\"))", "elsewhere"),
        // None of these is a call of it.
        ("// |> yield()\nfrom(bucket: \"b\")", ""),
        ("from(bucket: \"|> yield()\")", ""),
        (
            "from(bucket: \"b\") |> map(fn: (r) => ({r with yield: r.yield}))",
            "",
        ),
        ("from(bucket: \"b\") |> my.yield()", ""),
        ("from(bucket: \"b\") |> yields()", ""),
        ("yield = 1\nfrom(bucket: \"b\")", ""),
        // What is not Flux.
        ("|> yield(", end),
        ("))) |> yield()", end),
        ("yield", ""),
    ] {
        let expected = match found {
            "" => Yields::None,
            "END" => Yields::AtEnd(flux.rfind("|>").unwrap()),
            _ => Yields::Elsewhere,
        };
        assert_eq!(yields(flux), expected, "{flux}");
    }
}
