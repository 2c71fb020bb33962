//! Writes, queries, deletes, first setup, and the state of the server.

use super::{Case, case};
use crate::common::api::{documented, recorded};
use influx_edge::Timestamp;
use influx_edge::client::Method;
use influx_edge::client::Setup;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("POST /api/v2/write", [recorded("write/ok")], |c| {
            let line = "weather,station=zrh-1 temp_c=21.5,hum=40i 1700000000000000000\n";
            c.write("edge", line).unwrap();
        })
        .with(|b| b.org("acme")),
        case(
            "POST /api/v2/query",
            // Recorded with `"type":"flux"` as well, which is the default.
            [documented(
                "POST",
                "/api/v2/query?org=acme",
                r#"{"query":"buckets()","dialect":{"header":true,"delimiter":",","annotations":["datatype","group","default"]}}"#,
                200,
                "#datatype,string,long,string\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,name\r\n,,0,edge\r\n\r\n",
            )],
            |c| {
                let mut rows = c.query("buckets()").call().unwrap();
                let row = rows.next().unwrap().unwrap();
                assert_eq!(row.get::<&str>("name").unwrap(), "edge");
                assert!(rows.next().unwrap().is_none());
            },
        )
        .with(|b| b.org("acme")),
        case("POST /api/v2/delete", [recorded("delete/ok")], |c| {
            let time = |text| Timestamp::parse(text).unwrap();
            c.delete_points(
                "edge",
                time("2023-11-14T22:13:20Z"),
                time("2023-11-14T22:13:21Z"),
            )
            .predicate(r#"_measurement="weather" AND station="zrh-2""#)
            .call()
            .unwrap();
        })
        .with(|b| b.org("acme")),
        case("GET /ping", [recorded("status/ping"), recorded("status/ping")], |c| {
            c.ping().unwrap();
            assert_eq!(c.version().unwrap().as_deref(), Some("v2.9.1"));
        }),
        case("HEAD /ping", [recorded("status/ping-head")], |c| {
            assert_eq!(c.request(Method::Head, "/ping").call().unwrap().status(), 204);
        }),
        case("GET /health", [recorded("status/health")], |c| {
            assert_eq!(c.health().unwrap().status, "pass");
        }),
        case("GET /ready", [recorded("status/ready")], |c| {
            assert_eq!(c.ready().unwrap().status, "ready");
        }),
        case("GET /api/v2/setup", [recorded("setup/allowed")], |c| {
            assert!(c.needs_setup().unwrap());
        }),
        case("POST /api/v2/setup", [recorded("setup/ok")], |c| {
            let setup = Setup::new("admin", "acme", "sensors")
                .password("correct horse")
                .token("edge-test-operator-token");
            let done = c.setup(&setup).unwrap();
            assert_eq!(done.token(), "edge-test-operator-token");
            assert_eq!(done.org_id, crate::common::api::ORG);
        }),
    ]
}
