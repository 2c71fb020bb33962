//! A real InfluxDB 3, written to and read through this crate alone. Runs when `INFLUXDB3_URL` (and, of a
//! server with tokens, `INFLUXDB3_TOKEN`) says where one is; the database and the token that it makes begin
//! with `influx_edge_v3` and are deleted afterwards.

use crate::common::gzip;
use crate::common::hostile::connect::now;
use crate::common::v3_readback::every_string;
use influx_edge::api::{FieldType, days, hours};
use influx_edge::v3::{NewDatabase, NewTable};
use influx_edge::{Client, Stored};

/// A client, and whether it has a token.
fn server() -> Option<(Client, bool)> {
    let Ok(url) = std::env::var("INFLUXDB3_URL") else {
        println!("skipped: INFLUXDB3_URL not set");
        return None;
    };
    let mut builder = gzip::forced(Client::builder(url));
    let token = std::env::var("INFLUXDB3_TOKEN").ok();
    if let Some(token) = &token {
        builder = builder.token(token);
    }
    let client = builder.build().unwrap();
    let version = client.version().unwrap().unwrap_or_default();
    assert!(
        version.trim_start_matches('v').starts_with("3."),
        "{version}"
    );
    Some((client, token.is_some()))
}

/// A database of one's own, deleted at the end.
struct Own<'a> {
    client: &'a Client,
    name: String,
}

impl<'a> Own<'a> {
    fn of(client: &'a Client, purpose: &str) -> Self {
        let name = format!("influx_edge_v3_{purpose}_{}", now() / 1_000_000_000);
        let new = NewDatabase::new(&name).retention(days(36_500));
        client.v3_databases().create(&new).unwrap();
        Own { client, name }
    }
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.client.v3_databases().delete(&self.name) {
            println!("{error}");
        }
    }
}

#[test]
fn every_string_comes_back() {
    let Some((client, _)) = server() else { return };
    let own = Own::of(&client, "strings");
    let (compared, asked) = every_string(&client, &own.name, "strings", 1);
    println!("{compared} strings read back, {asked} of them asked for");
}

#[test]
fn databases_and_tables() {
    let Some((client, _)) = server() else { return };
    assert_eq!(client.health().unwrap().status, "pass");
    let own = Own::of(&client, "tables");
    let databases = client.v3_databases();
    assert!(databases.list().unwrap().contains(&own.name));
    let again = databases.create(&NewDatabase::new(&own.name)).unwrap_err();
    assert!(again.is_conflict(), "{again}");
    for keep in [hours(25), days(7), days(0)] {
        databases.set_retention(&own.name, keep).unwrap();
    }
    assert!(
        databases
            .delete("influx_edge_v3_none")
            .unwrap_err()
            .is_not_found()
    );

    let db = client.v3(&own.name);
    let weather = NewTable::new("weather")
        .tag("station")
        .field("f", FieldType::Float)
        .field("i", FieldType::Integer)
        .field("u", FieldType::Unsigned)
        .field("b", FieldType::Boolean)
        .field("s", FieldType::String);
    db.tables().create(&weather).unwrap();
    assert!(db.tables().create(&weather).unwrap_err().is_conflict());
    let error = db
        .write("weather,station=a f=1,i=1i,u=1u,b=true,s=\"x\" 1\nweather f=1i 2\nbad\n")
        .unwrap_err();
    assert_eq!(error.stored(), Stored::Partial, "{error}");
    let named: Vec<_> = error.line_errors().iter().map(|line| line.number).collect();
    assert_eq!(named, [Some(2), Some(3)]);
    let mut rows = db.sql("SELECT * FROM weather").call().unwrap();
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<u64>("u").unwrap(), 1);
    assert!(row.get::<bool>("b").unwrap());
    assert!(rows.next().unwrap().is_none());
    drop(rows);
    db.tables().delete("weather").unwrap();
    assert!(db.tables().delete("weather").unwrap_err().is_not_found());
}

#[test]
fn tokens() {
    let Some((client, has_token)) = server() else {
        return;
    };
    if !has_token {
        println!("skipped: INFLUXDB3_TOKEN not set");
        return;
    }
    let name = format!("influx_edge_v3_{}", now());
    let token = client.v3_tokens().create(&name).unwrap();
    assert!(client.v3_tokens().create(&name).unwrap_err().is_conflict());
    let theirs = Client::builder(client.url()).token(token.reveal_token());
    theirs.build().unwrap().ping().unwrap();
    client.v3_tokens().delete(&name).unwrap();
    assert!(client.v3_tokens().delete(&name).is_err());
    assert!(client.v3_tokens().create_admin().unwrap_err().is_conflict());
}

#[test]
fn what_it_does_not_have() {
    let Some((client, _)) = server() else { return };
    let error = client.query("buckets()").call().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is InfluxDB 3, which has no Flux"),
        "{error}"
    );
    let error = client.buckets().list().next().unwrap().unwrap_err();
    assert!(
        error.to_string().contains("client.v3_databases()"),
        "{error}"
    );
}
