//! Labels, mappings for InfluxDB 1.x clients, and variables.

use super::{Case, case, id};
use crate::common::api::{documented, recorded};
use influx_edge::api::*;

const EDGE: &str = "97c45955947a12be";
const LABEL: &str = "11ac5699ca541000";
const DBRP: &str = "11ac5699eb941000";
const STATIONS: &str = "11ac5699ef7b4000";

pub(crate) fn cases() -> Vec<Case> {
    [labels(), dbrps(), variables()]
        .into_iter()
        .flatten()
        .collect()
}

fn labels() -> Vec<Case> {
    vec![
        case("GET /api/v2/labels", [recorded("labels/list"), recorded("labels/list")], |c| {
            assert_eq!(c.labels().list().count(), 1);
            let found = c.labels().find_by_name("outdoor").unwrap().unwrap();
            assert_eq!(found.properties["color"], "#00ff00");
        }),
        case("POST /api/v2/labels", [recorded("labels/create")], |c| {
            let new = NewLabel::new("outdoor")
                .property("color", "#00ff00")
                .property("description", "outside");
            assert_eq!(c.labels().create(&new).unwrap().id.as_str(), LABEL);
        }),
        case("POST /api/v2/labels", [recorded("labels/create-duplicate")], |c| {
            let error = c.labels().create(&NewLabel::new("outdoor")).unwrap_err();
            assert!(error.is_conflict());
        }),
        case(
            "POST /api/v2/labels",
            [
                recorded("labels/get"),
                documented(
                    "POST",
                    "/api/v2/labels",
                    r##"{"orgID":"66de4893384f6b2b","name":"copy","properties":{"color":"#00ff00","description":"outside"}}"##,
                    201,
                    r#"{"label":{"id":"11ac5699ca541001","name":"copy","properties":null}}"#,
                ),
            ],
            |c| {
                let copy = c.labels().duplicate(&id(LABEL), "copy").unwrap();
                assert!(copy.name == "copy" && copy.properties.is_empty());
            },
        )
        .with(|b| b),
        case("GET /api/v2/labels/{labelID}", [recorded("labels/get")], |c| {
            assert_eq!(c.labels().find(&id(LABEL)).unwrap().unwrap().name, "outdoor");
        }),
        case("GET /api/v2/labels/{labelID}", [recorded("labels/get-unknown")], |c| {
            assert_eq!(c.labels().find(&id("00000000000000aa")).unwrap(), None);
        }),
        case("PATCH /api/v2/labels/{labelID}", [recorded("labels/update")], |c| {
            let update = LabelUpdate::new()
                .name("outside")
                .without_property("color")
                .property("icon", "sun");
            let now = c.labels().update(&id(LABEL), &update).unwrap();
            assert!(!now.properties.contains_key("color"));
        }),
        case("DELETE /api/v2/labels/{labelID}", [recorded("labels/delete")], |c| {
            c.labels().delete(&id(LABEL)).unwrap();
        }),
    ]
}

fn dbrps() -> Vec<Case> {
    vec![
        case("GET /api/v2/dbrps", [recorded("dbrps/list")], |c| {
            let all: Vec<_> = c.dbrps().list().map(Result::unwrap).collect();
            assert_eq!(
                (all[0].database.as_str(), all[0].is_virtual),
                ("plant", false)
            );
            assert!(all[1].is_virtual);
        }),
        case(
            "GET /api/v2/dbrps",
            [documented(
                "GET",
                "/api/v2/dbrps?orgID=66de4893384f6b2b&db=plant&rp=autogen&bucketID=97c45955947a12be&default=true",
                "",
                200,
                r#"{"content":[]}"#,
            )],
            |c| {
                let list = c
                    .dbrps()
                    .list()
                    .database("plant")
                    .retention_policy("autogen");
                let list = list.bucket(&id(EDGE)).default_for_database(true);
                assert_eq!(list.count(), 0);
            },
        ),
        case("POST /api/v2/dbrps", [recorded("dbrps/create")], |c| {
            let new = NewDbrp::new(&id(EDGE), "plant", "autogen").default_for_database(true);
            assert_eq!(c.dbrps().create(&new).unwrap().id.as_str(), DBRP);
        }),
        case(
            "POST /api/v2/dbrps",
            [recorded("dbrps/create-duplicate")],
            |c| {
                let new = NewDbrp::new(&id(EDGE), "plant", "autogen").default_for_database(true);
                assert!(c.dbrps().create(&new).unwrap_err().is_conflict());
            },
        ),
        case("GET /api/v2/dbrps/{dbrpID}", [recorded("dbrps/get")], |c| {
            let found = c.dbrps().find(&id(DBRP)).unwrap().unwrap();
            assert_eq!(found.retention_policy, "autogen");
        }),
        case(
            "PATCH /api/v2/dbrps/{dbrpID}",
            [recorded("dbrps/get"), recorded("dbrps/update")],
            |c| {
                let update = DbrpUpdate::new()
                    .retention_policy("weekly")
                    .default_for_database(true);
                let now = c.dbrps().update(&id(DBRP), &update).unwrap();
                assert_eq!(now.retention_policy, "weekly");
            },
        ),
        case(
            "DELETE /api/v2/dbrps/{dbrpID}",
            [recorded("dbrps/get"), recorded("dbrps/delete")],
            |c| {
                c.dbrps().delete(&id(DBRP)).unwrap();
            },
        ),
    ]
}

fn variables() -> Vec<Case> {
    vec![
        case(
            "GET /api/v2/variables",
            // OSS gives all of them whatever the offset.
            [
                recorded("variables/list").also(&[("limit", "100"), ("offset", "0")]),
                recorded("variables/list").also(&[("limit", "100"), ("offset", "100")]),
            ],
            |c| {
                let all: Vec<_> = c.variables().list().map(Result::unwrap).collect();
                assert_eq!(all.len(), 3);
                assert_eq!(
                    all[0].arguments,
                    VariableArguments::constant(["zrh-1", "zrh-2"])
                );
                assert_eq!(
                    all[1].arguments,
                    VariableArguments::map([("a", "1"), ("b", "2")])
                );
                assert_eq!(all[2].arguments, VariableArguments::flux("buckets()"));
                assert!(all[0].selected.is_empty());
            },
        ),
        case(
            "GET /api/v2/variables",
            [
                recorded("variables/list").also(&[("limit", "100"), ("offset", "0")]),
                recorded("variables/list").also(&[("limit", "100"), ("offset", "0")]),
                recorded("variables/list").also(&[("limit", "100"), ("offset", "100")]),
            ],
            |c| {
                let found = c.variables().find_by_name("names").unwrap();
                assert_eq!(found.unwrap().name, "names");
                assert_eq!(c.variables().find_by_name("nope").unwrap(), None);
            },
        ),
        case(
            "POST /api/v2/variables",
            [
                recorded("variables/create"),
                recorded("variables/create-map"),
                recorded("variables/create-query"),
            ],
            |c| {
                for (name, arguments) in [
                    ("stations", VariableArguments::constant(["zrh-1", "zrh-2"])),
                    ("names", VariableArguments::map([("a", "1"), ("b", "2")])),
                    ("bucketsq", VariableArguments::flux("buckets()")),
                ] {
                    let new = NewVariable::new(name, arguments.clone());
                    assert_eq!(c.variables().create(&new).unwrap().arguments, arguments);
                }
            },
        ),
        case(
            "GET /api/v2/variables/{variableID}",
            [recorded("variables/get")],
            |c| {
                let found = c.variables().find(&id(STATIONS)).unwrap().unwrap();
                assert_eq!(found.name, "stations");
            },
        ),
        case(
            "PATCH /api/v2/variables/{variableID}",
            [recorded("variables/update")],
            |c| {
                let update = VariableUpdate::new()
                    .name("stationnames")
                    .selected(["zrh-1"]);
                let now = c.variables().update(&id(STATIONS), &update).unwrap();
                assert_eq!(now.selected, ["zrh-1"]);
            },
        ),
        case(
            "PUT /api/v2/variables/{variableID}",
            [documented(
                "PUT",
                "/api/v2/variables/11ac5699ef7b4000",
                r#"{"orgID":"66de4893384f6b2b","name":"stations","description":"all","arguments":{"type":"constant","values":["a"]},"selected":["a"]}"#,
                200,
                r#"{"id":"11ac5699ef7b4000","name":"stations","arguments":{"type":"new kind","values":{"x":1}},"sort_order":2}"#,
            )],
            |c| {
                let new = NewVariable::new("stations", VariableArguments::constant(["a"]))
                    .description("all")
                    .select("a");
                let now = c.variables().replace(&id(STATIONS), &new).unwrap();
                assert_eq!(now.arguments, VariableArguments::Unknown);
            },
        ),
        case(
            "DELETE /api/v2/variables/{variableID}",
            [recorded("variables/delete")],
            |c| {
                c.variables().delete(&id(STATIONS)).unwrap();
            },
        ),
        case(
            "GET /api/v2/variables/{variableID}/labels",
            [documented(
                "GET",
                "/api/v2/variables/11ac5699ef7b4000/labels",
                "",
                200,
                r#"{"labels":[{"id":"11ac5699ca541000","orgID":"66de4893384f6b2b","name":"outside"}],"links":{"self":"x"}}"#,
            )],
            |c| {
                let of = id(STATIONS);
                let labels = c.variables().labels(&of).list().unwrap();
                assert_eq!(labels[0].name, "outside");
            },
        ),
        case(
            "POST /api/v2/variables/{variableID}/labels",
            [documented(
                "POST",
                "/api/v2/variables/11ac5699ef7b4000/labels",
                r#"{"labelID":"11ac5699ca541000"}"#,
                201,
                r#"{"label":{"id":"11ac5699ca541000","name":"outside"},"links":{}}"#,
            )],
            |c| {
                let of = id(STATIONS);
                let labels = c.variables().labels(&of);
                assert_eq!(labels.add(&id(LABEL)).unwrap().name, "outside");
            },
        ),
        case(
            "DELETE /api/v2/variables/{variableID}/labels/{labelID}",
            [documented(
                "DELETE",
                "/api/v2/variables/11ac5699ef7b4000/labels/11ac5699ca541000",
                "",
                204,
                "",
            )],
            |c| {
                c.variables()
                    .labels(&id(STATIONS))
                    .remove(&id(LABEL))
                    .unwrap()
            },
        ),
    ]
}
