//! Written and read back through the mock server; `tests/real/v3.rs` does the same with a real one.

use crate::common::mock_server::Server;
use crate::common::v3_readback::every_string;
use influx_edge::api::FieldType;
use influx_edge::v3::{NewDatabase, NewTable};
use influx_edge::{Client, Stored};

fn client(server: &Server) -> Client {
    let builder = Client::builder(server.url()).token(server.token());
    builder.build().unwrap()
}

#[test]
fn every_string_comes_back() {
    let server = Server::v3();
    let (compared, asked) = every_string(&client(&server), "sensors", "strings", 5);
    assert!(compared >= 600 && asked >= 100, "{compared}, {asked}");
}

#[test]
fn a_database_from_its_creation_to_its_end() {
    let server = Server::v3();
    let client = client(&server);
    let (databases, sensors) = (client.v3_databases(), client.v3("sensors"));
    databases.create(&NewDatabase::new("sensors")).unwrap();
    assert_eq!(databases.list().unwrap(), ["_internal", "sensors"]);
    let weather = NewTable::new("weather")
        .tag("station")
        .field("temp_c", FieldType::Float);
    sensors.tables().create(&weather).unwrap();

    let lines = "weather,station=a temp_c=21.5 1\nweather temp_c=1i 2\nbad\nweather,station=b temp_c=-1 4\n";
    let error = sensors.write(lines).unwrap_err();
    assert_eq!(error.stored(), Stored::Partial);
    let named: Vec<_> = error.line_errors().iter().map(|line| line.number).collect();
    assert_eq!(named, [Some(2), Some(3)]);

    let mut rows = sensors
        .sql("SELECT * FROM weather ORDER BY time")
        .call()
        .unwrap();
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<f64>("temp_c").unwrap(), 21.5);
    assert_eq!(
        rows.next()
            .unwrap()
            .unwrap()
            .get::<&str>("station")
            .unwrap(),
        "b"
    );
    assert!(rows.next().unwrap().is_none());
    drop(rows);

    sensors.tables().delete("weather").unwrap();
    let error = sensors.sql("SELECT * FROM weather").call().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("table 'public.iox.weather' not found")
    );
    databases.delete("sensors").unwrap();
    assert!(databases.delete("sensors").unwrap_err().is_not_found());
    let error = sensors.sql("SELECT * FROM weather").call().unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[test]
fn a_token_from_its_creation_to_its_end() {
    let server = Server::v3_locked();
    let nobody = Client::builder(server.url()).build().unwrap();
    assert!(nobody.ping().unwrap_err().is_unauthorized());
    let admin = nobody.v3_tokens().create_admin().unwrap();
    assert!(nobody.v3_tokens().create_admin().unwrap_err().is_conflict());
    let client = |token: &str| Client::builder(server.url()).token(token).build().unwrap();
    let admin = client(admin.reveal_token());
    let logger = admin.v3_tokens().create("logger").unwrap();
    assert!(
        admin
            .v3_tokens()
            .create("logger")
            .unwrap_err()
            .is_conflict()
    );
    let logger = client(logger.reveal_token());
    logger.v3("sensors").write("t v=1 1").unwrap();
    admin.v3_tokens().delete("logger").unwrap();
    let error = logger.v3("sensors").write("t v=1 1").unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(
        admin
            .v3_tokens()
            .delete("logger")
            .unwrap_err()
            .is_not_found()
    );
    assert_eq!(admin.version().unwrap().as_deref(), Some("3.6.0-mock"));
    assert_eq!(admin.health().unwrap().status, "pass");
}

#[test]
fn what_it_does_not_have() {
    let server = Server::v3();
    let client = client(&server);
    let error = client.query("buckets()").call().unwrap_err();
    assert!(error.to_string().contains("client.v3(db).sql"), "{error}");
    // The way of 2.x to write is there.
    client.write("sensors", "t v=1 1").unwrap();
    assert_eq!(server.points("sensors").len(), 1);
}
