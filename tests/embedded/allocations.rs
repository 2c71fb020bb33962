//! A board's calls allocate nothing, whatever becomes of them: counted. And how large its types are.

use crate::connection::{STORED, lines};
use crate::scripted::{CONFIG, response};
use embedded_io::{ErrorKind, ErrorType, Read, Write};
use influx_edge::Precision;
use influx_edge::csv::Decoder;
use influx_edge::embedded::{Backoff, Connection, Error, Queue, ResponseError, Rows};
use influx_edge::http::{Event, Operation, RequestHead, ResponseParser};
use std::time::Duration;

/// Plays responses without a heap.
struct Tape<'t> {
    responses: &'t [&'t [u8]],
    at: usize,
}

impl ErrorType for Tape<'_> {
    type Error = ErrorKind;
}

impl Read for Tape<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        let [first, rest @ ..] = self.responses else {
            return Ok(0);
        };
        let len = into.len().min(first.len() - self.at).min(100);
        into[..len].copy_from_slice(&first[self.at..self.at + len]);
        self.at += len;
        if self.at == first.len() {
            (self.responses, self.at) = (rest, 0);
        }
        Ok(len)
    }
}

impl Write for Tape<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

const CSV: &[u8] = b"#datatype,string,long,dateTime:RFC3339,double\r\n#group,false,false,false,false\r\n\
    #default,_result,,,\r\n,result,table,_time,_value\r\n,,0,2023-11-14T00:00:00Z,1.5\r\n,,0,2023-11-14T00:00:01Z,2.5\r\n\r\n";

#[test]
fn calls_allocate_nothing() {
    let body = br#"{"code":"invalid","message":"unable to parse 'bad': missing fields"}"#;
    let bad = response("400 Bad Request", "Retry-After: 7\r\n", body, Some(9));
    let rows = response("200 OK", "Content-Type: text/csv\r\n", CSV, Some(30));
    let responses = [STORED, &bad, STORED, &rows, &bad, &rows];
    let (mut buffer, mut text, mut ends, mut ring) = ([0; 512], [0; 512], [0; 64], [0; 256]);
    let transport = Tape {
        responses: &responses,
        at: 0,
    };
    let counted = allocation_counter::measure(|| {
        let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
        let mut queue = Queue::new(&mut ring, Precision::Second);
        let mut backoff = Backoff::new(1);
        for _ in 0..20 {
            queue
                .push(lines(b"good f=1 1\nbad\nbetter f=\"\n\" 2\n"))
                .unwrap();
        }
        for call in 0..3 {
            let result = queue.deliver(100, |lines| connection.write("b", lines));
            backoff.on_result(Duration::from_secs(1), &result);
            assert_eq!(result.is_err(), call == 1);
            if let Err(Error::Response(error)) = result {
                assert!(error.line.is_some());
                assert_eq!(connection.error_body().line_errors().count(), 1);
            }
        }
        assert!(connection.is_open() && backoff.is_due(Duration::ZERO));
        let mut sum = 0.0;
        let params: [(&str, &dyn influx_edge::flux::ToFlux); 1] = [("p", &"a \"b\"")];
        let mut decoder = Decoder::new(&mut text, &mut ends);
        let mut rows = connection
            .query("x(p: params.p)", &params, &mut decoder)
            .unwrap();
        while let Some(record) = rows.next().unwrap() {
            sum += record.get::<f64>("_value").unwrap();
        }
        assert!(sum > 3.9 && connection.is_open());
        assert!(
            connection
                .query("x", &[], &mut Decoder::new(&mut text, &mut ends))
                .is_err()
        );
        // A response that isn't read to its end closes the connection.
        assert!(
            connection
                .query("x", &[], &mut Decoder::new(&mut text, &mut ends))
                .is_ok()
        );
        assert!(!connection.is_open() && connection.server_time().is_some());
        assert!(connection.ping().is_err());
    });
    assert_eq!(counted.count_total, 0);

    let counted = allocation_counter::measure(|| {
        let mut parser = ResponseParser::new();
        let mut rest = &rows[..];
        loop {
            let (used, event) = parser.feed(rest).unwrap();
            if event == Event::End {
                break;
            }
            rest = &rest[used..];
        }
    });
    assert_eq!(counted.count_total, 0);
    let counted = allocation_counter::measure(|| {
        let head = RequestHead::new("h", Operation::write("a b", "c", Precision::Second));
        assert!(head.write_into(&mut [0; 256]).is_ok());
    });
    assert_eq!(counted.count_total, 0);
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![1])));
    assert_eq!(counted.count_total, 1, "the counter counts");
}

/// On machines with 64 bits; with 32 they are smaller.
#[cfg(target_pointer_width = "64")]
#[test]
fn types_stay_small() {
    for (name, size, most) in [
        ("Backoff", size_of::<Backoff>(), 16),
        ("ResponseError", size_of::<ResponseError>(), 40),
        ("Error<ErrorKind>", size_of::<Error<ErrorKind>>(), 48),
        ("Connection<()>", size_of::<Connection<'_, ()>>(), 344),
        ("ResponseParser", size_of::<ResponseParser>(), 320),
        ("Queue", size_of::<Queue<'_>>(), 104),
        ("Rows<()>", size_of::<Rows<'_, '_, ()>>(), 104),
    ] {
        println!("{name}: {size}");
        assert!(size <= most, "{name}: {size} bytes, {most} at most");
    }
}
