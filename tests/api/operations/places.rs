//! Buckets, organizations, and schemas of measurements.

use super::{Case, case, id};
use crate::common::api::{documented, recorded};
use influx_edge::api::*;
use std::time::Duration;

const EDGE: &str = "97c45955947a12be";
const PLANT: &str = "fa3e1575bfeede79";
const ANA: &str = "11ac5699ad141000";
const LABEL: &str = "11ac5699ca541000";

pub(crate) fn cases() -> Vec<Case> {
    [buckets(), orgs(), schemas()]
        .into_iter()
        .flatten()
        .collect()
}

fn buckets() -> Vec<Case> {
    vec![
        case(
            "GET /api/v2/buckets",
            [recorded("buckets/list").also(&[("limit", "100"), ("offset", "0")])],
            |c| {
                let first = c.buckets().list().take(3);
                let all: Vec<_> = first.map(Result::unwrap).collect();
                let names: Vec<_> = all.iter().map(|b| b.name.as_str()).collect();
                assert_eq!(names[..3], ["_monitoring", "_tasks", "edge"]);
                assert!(all[0].is_system() && !all[2].is_system());
                assert_eq!(all[2].retention(), Some(days(1)));
                assert!(all[2].created_at.is_some());
            },
        ),
        case(
            "GET /api/v2/buckets",
            [recorded("buckets/find-by-name")],
            |c| {
                let found = c.buckets().find_by_name("edge").unwrap().unwrap();
                assert_eq!(found.id.as_str(), EDGE);
            },
        ),
        case(
            "GET /api/v2/buckets",
            [recorded("buckets/find-miss")],
            |c| {
                assert_eq!(c.buckets().find_by_name("nope").unwrap(), None);
            },
        ),
        case(
            "GET /api/v2/buckets",
            [recorded("buckets/find-miss-no-org")],
            |c| assert_eq!(c.buckets().find_by_name("nope").unwrap(), None),
        )
        .with(|b| b),
        case("POST /api/v2/buckets", [recorded("buckets/create")], |c| {
            let new = NewBucket::new("edge")
                .description("edge points")
                .retention(days(1));
            let made = c.buckets().create(&new).unwrap();
            assert_eq!(made.id.as_str(), EDGE);
            assert_eq!(made.description, "edge points");
            assert_eq!(made.shard_group_duration(), Some(hours(1)));
        }),
        case(
            "POST /api/v2/buckets",
            [recorded("buckets/create-infinite")],
            |c| {
                let made = c.buckets().create(&NewBucket::new("forever")).unwrap();
                assert_eq!(made.retention(), None);
            },
        ),
        case(
            "POST /api/v2/buckets",
            // A client that knows the organization's name finds its id first.
            [
                recorded("orgs/find-by-name"),
                recorded("buckets/create-duplicate"),
            ],
            |c| {
                let error = c.buckets().create(&NewBucket::new("edge")).unwrap_err();
                assert!(error.is_conflict());
                assert_eq!(error.status(), Some(422));
                assert!(
                    error.to_string().contains("create bucket \"edge\""),
                    "{error}"
                );
            },
        )
        .with(|b| b.org("acme")),
        case(
            "POST /api/v2/buckets",
            [recorded("buckets/create-unknown-org")],
            |c| {
                let org = id("00000000000000aa");
                let made = c.buckets().in_org(&org).create(&NewBucket::new("x"));
                assert!(made.unwrap_err().is_not_found());
            },
        ),
        case(
            "GET /api/v2/buckets/{bucketID}",
            [recorded("buckets/get-labelled")],
            |c| {
                let found = c.buckets().find(&id(EDGE)).unwrap().unwrap();
                assert_eq!(found.labels[0].properties["icon"], "sun");
                assert_eq!(found.retention(), None);
            },
        ),
        case(
            "GET /api/v2/buckets/{bucketID}",
            [recorded("buckets/get-unknown")],
            |c| {
                let found = c.buckets().find(&id("00000000000000aa")).unwrap();
                assert_eq!(found, None);
            },
        ),
        case(
            "PATCH /api/v2/buckets/{bucketID}",
            [recorded("buckets/update")],
            |c| {
                let update = BucketUpdate::new()
                    .name("edge-2")
                    .description("renamed")
                    .retention(days(2));
                let now = c.buckets().update(&id(EDGE), &update).unwrap();
                assert_eq!(
                    (now.name.as_str(), now.retention()),
                    ("edge-2", Some(days(2)))
                );
            },
        ),
        case(
            "PATCH /api/v2/buckets/{bucketID}",
            [recorded("buckets/update-name-only")],
            |c| {
                let update = BucketUpdate::new().name("edge");
                assert_eq!(c.buckets().update(&id(EDGE), &update).unwrap().name, "edge");
            },
        ),
        case(
            "PATCH /api/v2/buckets/{bucketID}",
            [recorded("buckets/update-infinite")],
            |c| {
                let update = BucketUpdate::new().retention(Duration::ZERO);
                assert_eq!(
                    c.buckets().update(&id(EDGE), &update).unwrap().retention(),
                    None
                );
            },
        ),
        case(
            "DELETE /api/v2/buckets/{bucketID}",
            [recorded("buckets/delete")],
            |c| {
                c.buckets().delete(&id("691906e869c9bc72")).unwrap();
            },
        ),
        case(
            "DELETE /api/v2/buckets/{bucketID}",
            [recorded("buckets/delete-unknown")],
            |c| {
                let error = c.buckets().delete(&id("00000000000000aa")).unwrap_err();
                assert!(error.is_not_found());
            },
        ),
        case(
            "DELETE /api/v2/buckets/{bucketID}",
            [recorded("buckets/delete-system")],
            |c| {
                let error = c.buckets().delete(&id("a505387dc726af06")).unwrap_err();
                assert_eq!(error.message(), "system buckets cannot be deleted");
            },
        ),
        case(
            "GET /api/v2/buckets/{bucketID}/labels",
            [recorded("buckets/labels")],
            |c| {
                assert_eq!(c.buckets().labels(&id(EDGE)).list().unwrap().len(), 1);
            },
        ),
        case(
            "POST /api/v2/buckets/{bucketID}/labels",
            [recorded("buckets/labels-add")],
            |c| {
                let label = c.buckets().labels(&id(EDGE)).add(&id(LABEL)).unwrap();
                assert_eq!(label.name, "outside");
            },
        ),
        case(
            "POST /api/v2/buckets/{bucketID}/labels",
            [recorded("buckets/labels-add-again")],
            |c| {
                let error = c.buckets().labels(&id(EDGE)).add(&id(LABEL)).unwrap_err();
                assert!(error.is_conflict());
            },
        ),
        case(
            "DELETE /api/v2/buckets/{bucketID}/labels/{labelID}",
            [recorded("buckets/labels-delete")],
            |c| c.buckets().labels(&id(EDGE)).remove(&id(LABEL)).unwrap(),
        ),
        case(
            "GET /api/v2/buckets/{bucketID}/members",
            [recorded("buckets/members")],
            |c| {
                let of = id(EDGE);
                let members = c.buckets().members(&of).list().unwrap();
                assert_eq!(members[0].role, "member");
                assert_eq!(members[0].status, Some(Status::Inactive));
            },
        ),
        case(
            "POST /api/v2/buckets/{bucketID}/members",
            [recorded("buckets/members-add")],
            |c| {
                let member = c.buckets().members(&id(EDGE)).add(&id(ANA)).unwrap();
                assert_eq!(member.name, "ana-maria");
            },
        ),
        case(
            "DELETE /api/v2/buckets/{bucketID}/members/{userID}",
            [recorded("buckets/members-delete")],
            |c| c.buckets().members(&id(EDGE)).remove(&id(ANA)).unwrap(),
        ),
        case(
            "GET /api/v2/buckets/{bucketID}/owners",
            [recorded("buckets/owners")],
            |c| {
                assert_eq!(
                    c.buckets().owners(&id(EDGE)).list().unwrap()[0].role,
                    "owner"
                );
            },
        ),
        case(
            "POST /api/v2/buckets/{bucketID}/owners",
            [recorded("buckets/owners-add")],
            |c| {
                let owner = c.buckets().owners(&id(EDGE)).add(&id(ANA)).unwrap();
                assert_eq!(owner.role, "owner");
            },
        ),
        case(
            "DELETE /api/v2/buckets/{bucketID}/owners/{userID}",
            [recorded("buckets/owners-delete")],
            |c| c.buckets().owners(&id(EDGE)).remove(&id(ANA)).unwrap(),
        ),
    ]
}

fn orgs() -> Vec<Case> {
    vec![
        case(
            "GET /api/v2/orgs",
            [
                recorded("orgs/list").also(&[("limit", "1"), ("offset", "0")]),
                recorded("orgs/page"),
            ],
            |c| {
                let all: Vec<_> = c
                    .organizations()
                    .list()
                    .page_size(1)
                    .take(2)
                    .map(Result::unwrap)
                    .collect();
                assert_eq!(all[1].description, "renamed");
            },
        ),
        case("GET /api/v2/orgs", [recorded("orgs/find-by-name")], |c| {
            let org = c.organizations().find_by_name("acme").unwrap().unwrap();
            assert_eq!(org.id.as_str(), crate::common::api::ORG);
        }),
        case("GET /api/v2/orgs", [recorded("orgs/find-miss")], |c| {
            assert_eq!(c.organizations().find_by_name("nobody").unwrap(), None);
        }),
        case("POST /api/v2/orgs", [recorded("orgs/create")], |c| {
            let new = NewOrganization::new("plant-2").description("second site");
            assert_eq!(c.organizations().create(&new).unwrap().id.as_str(), PLANT);
        }),
        case(
            "POST /api/v2/orgs",
            [recorded("orgs/create-duplicate")],
            |c| {
                let new = NewOrganization::new("plant-2");
                assert!(c.organizations().create(&new).unwrap_err().is_conflict());
            },
        ),
        case("GET /api/v2/orgs/{orgID}", [recorded("orgs/get")], |c| {
            assert_eq!(
                c.organizations().find(&id(PLANT)).unwrap().unwrap().name,
                "plant-2"
            );
        }),
        case(
            "GET /api/v2/orgs/{orgID}",
            [recorded("orgs/get-unknown")],
            |c| {
                assert_eq!(
                    c.organizations().find(&id("00000000000000aa")).unwrap(),
                    None
                );
            },
        ),
        case(
            "PATCH /api/v2/orgs/{orgID}",
            [recorded("orgs/update")],
            |c| {
                let update = OrganizationUpdate::new()
                    .name("plant-two")
                    .description("renamed");
                assert_eq!(
                    c.organizations().update(&id(PLANT), &update).unwrap().name,
                    "plant-two"
                );
            },
        ),
        case(
            "DELETE /api/v2/orgs/{orgID}",
            [recorded("orgs/delete")],
            |c| {
                c.organizations().delete(&id(PLANT)).unwrap();
            },
        ),
        case(
            "GET /api/v2/orgs/{orgID}/members",
            [recorded("orgs/members")],
            |c| {
                assert_eq!(
                    c.organizations().members(&id(PLANT)).list().unwrap().len(),
                    1
                );
            },
        ),
        case(
            "POST /api/v2/orgs/{orgID}/members",
            [recorded("orgs/members-add")],
            |c| {
                c.organizations().members(&id(PLANT)).add(&id(ANA)).unwrap();
            },
        ),
        case(
            "DELETE /api/v2/orgs/{orgID}/members/{userID}",
            [recorded("orgs/members-delete")],
            |c| {
                c.organizations()
                    .members(&id(PLANT))
                    .remove(&id(ANA))
                    .unwrap()
            },
        ),
        case(
            "GET /api/v2/orgs/{orgID}/owners",
            [recorded("orgs/owners")],
            |c| {
                assert_eq!(
                    c.organizations().owners(&id(PLANT)).list().unwrap().len(),
                    2
                );
            },
        ),
        case(
            "POST /api/v2/orgs/{orgID}/owners",
            [recorded("orgs/owners-add")],
            |c| {
                c.organizations().owners(&id(PLANT)).add(&id(ANA)).unwrap();
            },
        ),
        case(
            "POST /api/v2/orgs/{orgID}/owners",
            [recorded("orgs/owners-add-while-member")],
            |c| {
                let error = c
                    .organizations()
                    .owners(&id(PLANT))
                    .add(&id(ANA))
                    .unwrap_err();
                assert!(error.is_conflict());
            },
        ),
        case(
            "DELETE /api/v2/orgs/{orgID}/owners/{userID}",
            [recorded("orgs/owners-delete")],
            |c| {
                c.organizations()
                    .owners(&id(PLANT))
                    .remove(&id(ANA))
                    .unwrap()
            },
        ),
        case(
            "GET /api/v2/orgs/{orgID}/secrets",
            [recorded("orgs/secrets")],
            |c| {
                let keys = c.organizations().secrets(&id(PLANT)).unwrap();
                assert_eq!(keys, ["mqtt", "smtp"]);
            },
        ),
        case(
            "PATCH /api/v2/orgs/{orgID}/secrets",
            [recorded("orgs/secrets-put")],
            |c| {
                c.organizations()
                    .set_secrets(&id(PLANT), [("smtp", "pw"), ("mqtt", "hunter2")])
                    .unwrap();
            },
        ),
        case(
            "DELETE /api/v2/orgs/{orgID}/secrets/{secretID}",
            [
                recorded("orgs/secrets-delete"),
                recorded("orgs/secrets-delete-missing"),
                // What a path can't name.
                documented(
                    "POST",
                    "/api/v2/orgs/fa3e1575bfeede79/secrets/delete",
                    r#"{"secrets":["a/b"]}"#,
                    204,
                    "",
                ),
            ],
            |c| {
                c.organizations().delete_secret(&id(PLANT), "smtp").unwrap();
                c.organizations().delete_secret(&id(PLANT), "none").unwrap();
                c.organizations().delete_secret(&id(PLANT), "a/b").unwrap();
            },
        ),
    ]
}
/// InfluxDB Cloud only: by its documents.
fn schemas() -> Vec<Case> {
    const ONE: &str = r#"{"id":"1a3c5ae4fbd3ac00","orgID":"66de4893384f6b2b","bucketID":"97c45955947a12be","name":"cpu","columns":[{"name":"time","type":"timestamp"},{"name":"host","type":"tag"},{"name":"usage","type":"field","dataType":"float"}],"createdAt":"2021-01-21T00:48:40.993Z","updatedAt":"2021-01-21T00:48:40.993Z"}"#;
    fn columns() -> [SchemaColumn; 3] {
        [
            SchemaColumn::time(),
            SchemaColumn::tag("host"),
            SchemaColumn::field("usage", FieldType::Float),
        ]
    }
    vec![
        case(
            "GET /api/v2/buckets/{bucketID}/schema/measurements",
            [
                documented(
                    "GET",
                    "/api/v2/buckets/97c45955947a12be/schema/measurements?orgID=66de4893384f6b2b",
                    "",
                    200,
                    r#"{"measurementSchemas":[{"id":"1a3c5ae4fbd3ac00","name":"cpu"}]}"#,
                ),
                documented(
                    "GET",
                    "/api/v2/buckets/97c45955947a12be/schema/measurements?orgID=66de4893384f6b2b&name=mem",
                    "",
                    200,
                    r#"{"measurementSchemas":[]}"#,
                ),
            ],
            |c| {
                let of = id(EDGE);
                let schemas = c.buckets().schemas(&of);
                assert_eq!(
                    schemas.list().map(Result::unwrap).next().unwrap().name,
                    "cpu"
                );
                assert_eq!(schemas.find_by_name("mem").unwrap(), None);
            },
        ),
        case(
            "POST /api/v2/buckets/{bucketID}/schema/measurements",
            [documented(
                "POST",
                "/api/v2/buckets/97c45955947a12be/schema/measurements?orgID=66de4893384f6b2b",
                r#"{"name":"cpu","columns":[{"name":"time","type":"timestamp"},{"name":"host","type":"tag"},{"name":"usage","type":"field","dataType":"float"}]}"#,
                201,
                ONE,
            )],
            |c| {
                let made = c
                    .buckets()
                    .schemas(&id(EDGE))
                    .create(&NewMeasurementSchema::new("cpu", columns()))
                    .unwrap();
                assert_eq!(made.columns, columns());
            },
        ),
        case(
            "GET /api/v2/buckets/{bucketID}/schema/measurements/{measurementID}",
            [documented(
                "GET",
                "/api/v2/buckets/97c45955947a12be/schema/measurements/1a3c5ae4fbd3ac00?orgID=66de4893384f6b2b",
                "",
                200,
                ONE,
            )],
            |c| {
                let of = id(EDGE);
                let schemas = c.buckets().schemas(&of);
                assert!(schemas.find(&id("1a3c5ae4fbd3ac00")).unwrap().is_some());
            },
        ),
        case(
            "PATCH /api/v2/buckets/{bucketID}/schema/measurements/{measurementID}",
            [documented(
                "PATCH",
                "/api/v2/buckets/97c45955947a12be/schema/measurements/1a3c5ae4fbd3ac00?orgID=66de4893384f6b2b",
                r#"{"columns":[{"name":"time","type":"timestamp"},{"name":"host","type":"tag"},{"name":"usage","type":"field","dataType":"float"}]}"#,
                200,
                ONE,
            )],
            |c| {
                let of = id(EDGE);
                let schemas = c.buckets().schemas(&of);
                schemas.update(&id("1a3c5ae4fbd3ac00"), &columns()).unwrap();
            },
        ),
    ]
}
