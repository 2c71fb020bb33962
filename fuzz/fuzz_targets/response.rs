//! Responses: whatever a server sends, each kind of call returns a value or an error.
//!
//! The input's first byte selects the call and its second the head: one of a list, in front of the
//! rest of the input as body, or none, so that the rest is the whole response. The server is a
//! socket of the loopback.

#![no_main]

use influx_edge::{Client, Error};
use libfuzzer_sys::fuzz_target;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

const HEADS: [(&str, &str); 12] = [
    ("200 OK", "application/json"),
    ("200 OK", "text/csv; charset=utf-8"),
    ("204 No Content", "application/json"),
    ("400 Bad Request", "application/json; charset=utf-8"),
    ("401 Unauthorized", "application/json"),
    ("404 Not Found", "text/plain"),
    ("413 Request Entity Too Large", "text/html"),
    ("422 Unprocessable Entity", "application/json"),
    ("429 Too Many Requests", "application/json"),
    ("500 Internal Server Error", "application/json"),
    ("503 Service Unavailable", "text/html"),
    ("307 Temporary Redirect", "text/plain"),
];

/// What the server sends next.
static RESPONSE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket of the loopback");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // The client may have closed the connection.
            let _ = respond(stream);
        }
    });
    Client::builder(format!("http://{address}"))
        .org("acme")
        .token("token")
        .timeout(Duration::from_secs(5))
        .build()
        .expect("a valid client")
});

fuzz_target!(|input: &[u8]| {
    let Some(([call, head], body)) = input.split_first_chunk::<2>() else {
        return;
    };
    let mut response = Vec::new();
    if let Some((status, content_type)) = HEADS.get(usize::from(*head) % 16) {
        let _ = write!(
            response,
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
             X-Influxdb-Version: v2.7.1\r\nConnection: close\r\n\r\n",
            body.len()
        );
    }
    response.extend_from_slice(body);
    *RESPONSE.lock().expect("no panic in the server") = response;
    if let Err(error) = make(*call) {
        let _ = format!("{error} {error:?} {:?}", error.response());
    }
});

fn make(call: u8) -> Result<(), Error> {
    let client = &*CLIENT;
    match call % 8 {
        0 => client.write("sensors", "weather temp_c=21.5 1\nweather temp_c=21.6 2\n"),
        1 => {
            let mut rows = client.query("buckets()").call()?;
            while let Some(row) = rows.next()? {
                let _ = (row.get::<&str>("_field"), row.get::<f64>("_value"));
            }
            Ok(())
        }
        2 => client.health().map(|health| drop(format!("{health:?}"))),
        3 => client.ready().map(|ready| drop(format!("{ready:?}"))),
        4 => client.ping(),
        5 => {
            for bucket in client.buckets().list() {
                let _ = format!("{:?}", bucket?);
            }
            Ok(())
        }
        6 => {
            for task in client.tasks().list() {
                let _ = format!("{:?}", task?);
            }
            Ok(())
        }
        _ => client.version().map(drop),
    }
}

/// Reads one request and sends the response.
fn respond(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_complete(&request) {
        match stream.read(&mut buffer)? {
            0 => break,
            len => request.extend_from_slice(&buffer[..len]),
        }
    }
    let response = RESPONSE.lock().map(|next| next.clone()).unwrap_or_default();
    stream.write_all(&response)
}

fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    body.len() >= length
}
