// One expression, the address of a server of its own, for the examples in the documentation:
//
//     # let url = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"));
//
// It responds on the loopback, by `responses.txt` beside this file, what a real server was recorded to
// respond. To what isn't there it says 501, since 404 is no error to a delete, nor is it to a find. What
// is written must be lines to InfluxDB's own parser. Every example compiles it anew, so it calls what
// is generic with types that all of them share.
{
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};

    type Job = Box<dyn FnOnce() + Send>;

    const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

    fn file(name: &str) -> String {
        let path = format!("{TESTS}/{name}");
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The head and the body of one request; `None` at the end.
    fn receive(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let start = head.len();
            if stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
            match head[start..].trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("Content-Length") => {
                    length = value.parse().ok()?;
                }
                None if head.ends_with("\r\n\r\n") => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        Some((head, String::from_utf8(body).ok()?))
    }

    /// The status line and the headers but one, and the body.
    fn response(head: &str, body: &str) -> (String, String) {
        let mut words = head.split([' ', '?']);
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let mut good = !body.is_empty();
        for line in influxdb_line_protocol::parse_lines(body) {
            good &= line.is_ok();
        }
        for rule in file("doc/responses.txt").lines() {
            let parts: Vec<&str> = rule.split('|').map(str::trim).collect();
            let [asked, has, name] = parts[..] else {
                continue;
            };
            let (of, at) = asked.split_once(' ').unwrap_or((asked, ""));
            let meant = ["*", method].contains(&of) && ["*", path].contains(&at);
            let has = has.replace("\\n", "\n");
            if !meant || !(head.contains(&has) || body.contains(&has)) {
                continue;
            }
            let text = file(&format!("recordings/{name}"));
            let recorded: serde_json::Value = serde_json::from_str(&text).expect("a recording");
            let recorded = &recorded["response"];
            let writes = path.ends_with("/write") || path.ends_with("/write_lp");
            if writes && recorded["status"] == 204 && !good {
                break;
            }
            let mut head = format!("HTTP/1.1 {} As recorded\r\n", recorded["status"]);
            for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
                let framing = ["transfer-encoding", "content-length"];
                if !framing.contains(&&*name.to_ascii_lowercase()) {
                    head += &format!("{name}: {}\r\n", value.as_str().unwrap_or(""));
                }
            }
            return (head, recorded["body"].as_str().unwrap_or("").to_owned());
        }
        let wrong = format!("responses.txt has no response to this {method} {path}");
        (
            String::from("HTTP/1.1 501 Not Implemented\r\nContent-Type: application/json\r\n"),
            format!(r#"{{"code":"not implemented","message":"{wrong}"}}"#),
        )
    }

    fn serve(stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let (head, body) = receive(&mut stream)?;
            let (mut response, body) = response(&head, &body);
            if !response.contains(" 204 ") {
                response += &format!("Content-Length: {}\r\n", body.len());
            }
            response += "\r\n";
            if !head.starts_with("HEAD ") {
                response += &body;
            }
            stream.get_mut().write_all(response.as_bytes()).ok()?;
        }
    }

    fn listen(listener: TcpListener) {
        for stream in listener.incoming().flatten() {
            let serve: Job = Box::new(move || {
                serve(stream);
            });
            std::thread::spawn(serve);
        }
    }

    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of the loopback");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let listen: Job = Box::new(move || listen(listener));
    std::thread::spawn(listen);
    url
}
