//! A writer has its client's default tags.

use crate::common::wire::{NO_CONTENT, Wire};
use influx_edge::client::ClientBuilder;
use influx_edge::writer::WriterBuilder;
use std::time::Duration;

/// The line that a writer makes of one with the tags `own=1` and `site=of the line`, and of one without.
fn lines(writer: WriterBuilder) -> String {
    let mut w = writer.build().unwrap();
    w.write_with(|enc| {
        let line = enc.line("m").tag("own", 1).tag("site", "line");
        line.field("f", 1).timestamp(1)?;
        enc.line("n").tag("site", "").field("f", 1).timestamp(2)
    })
    .unwrap();
    let text = w.unsent().map(|(_, lines)| lines.bytes).collect::<Vec<_>>();
    let text = String::from_utf8(text.concat()).unwrap();
    drop(w.close_within(Duration::ZERO));
    text
}

#[test]
fn tags_of_the_client_and_of_the_writer() {
    let tags = |builder: ClientBuilder| {
        builder
            .default_tag("site", "north hall")
            .default_tag("a,b", "=")
            .default_tag("gone", "${env.INFLUX_EDGE_NO_SUCH_NAME}")
            .build()
            .unwrap()
    };
    let wire = Wire::responding(NO_CONTENT);
    let none = wire.client();
    let some = tags(wire.builder());
    let table = [
        (none.writer("b"), ",own=1,site=line", ""),
        (
            none.writer("b").default_tag("host", "h"),
            ",own=1,site=line,host=h",
            ",host=h",
        ),
        (
            some.writer("b"),
            ",own=1,site=line,a\\,b=\\=",
            ",site=north\\ hall,a\\,b=\\=",
        ),
        (some.writer("b").client_tags(false), ",own=1,site=line", ""),
        (
            some.writer("b").client_tags(false).default_tag("host", "h"),
            ",own=1,site=line,host=h",
            ",host=h",
        ),
        // The writer's own replaces the client's of the same key, escaped or not.
        (
            some.writer("b")
                .default_tag("a,b", "w")
                .default_tag("host", "h"),
            ",own=1,site=line,a\\,b=w,host=h",
            ",a\\,b=w,host=h,site=north\\ hall",
        ),
        (
            some.writer("b")
                .default_tag("site", "south")
                .default_tag("own", "w"),
            ",own=1,site=line,a\\,b=\\=",
            ",site=south,own=w,a\\,b=\\=",
        ),
        // An empty one of the writer's replaces nothing.
        (
            some.writer("b").default_tag("site", ""),
            ",own=1,site=line,a\\,b=\\=",
            ",site=north\\ hall,a\\,b=\\=",
        ),
        // The client of another organization has them, too.
        (
            some.in_org("other").writer("b").client_tags(true),
            ",own=1,site=line,a\\,b=\\=",
            ",site=north\\ hall,a\\,b=\\=",
        ),
    ];
    for (writer, first, second) in table {
        assert_eq!(
            lines(writer),
            format!("m{first} f=1i 1\nn{second} f=1i 2\n")
        );
    }
}

#[test]
fn tags_of_the_environment() {
    let wire = Wire::responding(NO_CONTENT);
    let url = wire.url();
    let variables = [
        ("INFLUXDB_V2_URL", &*url),
        ("INFLUXDB_V2_ORG", "acme"),
        ("INFLUXDB_V2_TAG_SITE", "environment"),
    ];
    let variables = variables.map(|(name, value)| (name.to_string(), value.to_string()));
    let client = ClientBuilder::from_variables(variables)
        .unwrap()
        .build()
        .unwrap();
    let text = lines(client.writer("b"));
    assert!(text.ends_with("=environment f=1i 2\n"), "{text}");
}

#[test]
fn tags_of_a_file() {
    let url = Wire::responding(NO_CONTENT).url();
    let path = std::env::temp_dir().join(format!("influx-edge-tags-{}.toml", std::process::id()));
    std::fs::write(
        &path,
        format!("[influx2]\nurl = \"{url}\"\n[tags]\nsite = \"file\"\n"),
    )
    .unwrap();
    let client = ClientBuilder::from_config_file(&path)
        .and_then(ClientBuilder::build)
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let text = lines(client.writer("b"));
    assert_eq!(text, "m,own=1,site=line f=1i 1\nn,site=file f=1i 2\n");
    assert_eq!(
        lines(client.writer("b").client_tags(false)),
        "m,own=1,site=line f=1i 1\nn f=1i 2\n"
    );
}
