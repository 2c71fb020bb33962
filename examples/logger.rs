//! The program on the front page of `README.md`: a logger that survives a reading that is no number, an
//! outage and Ctrl-C, and reads back what it has written.
//!
//! `INFLUXDB_V2_URL=… INFLUXDB_V2_ORG=… INFLUXDB_V2_TOKEN=… cargo run --example logger -- FILE`, where the file
//! holds the temperature in thousandths of a degree, as Linux shows it. Undelivered lines wait in the
//! directory `spool`.

include!("logger/front_page.rs"); // as it stands there, in few lines
