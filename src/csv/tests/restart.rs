//! A decoder that was used before decodes as a new one does.

use crate::csv::{DecodeError, Decoder, Step};
use std::{format, string::String, vec::Vec};

/// Documents, and what isn't one: broken off, failed, with a byte order mark, without annotations.
const DOCUMENTS: &[&[u8]] = &[
    b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n#default,_result,,,\r\n\
      ,result,table,_value,station\r\n,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n\r\n\
      #datatype,string,long,string\r\n#group,false,false,false\r\n#default,_result,,\r\n\
      ,result,table,_value\r\n,,1,\"a \"\"quoted\"\"\r\ntext\"\r\n\r\n",
    b"\xEF\xBB\xBF#datatype,string,long,double\n#group,false,false,false\n#default,x,,\n,result,table,_value\n,,0,1\n",
    b"error,reference\r\nfailed to execute,897\r\n",
    b"#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,late,1\r\n\r\n",
    b"{\"code\":\"internal error\",\"message\":\"panic\"}",
    b"#datatype,string,long,nonsense\r\n#group,false,false,false\r\n#default,x,,\r\n,result,table,_value\r\n,,0,1\r\n",
    b"<html>\r\n<body>\r\n",
    b",,,,\r\n\r\n\r\n#",
    b"",
];

/// Every step, the cells of every record, and the end.
fn decoded(decoder: &mut Decoder<'_>, mut document: &[u8], finished: bool) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let step = match document {
            [] if finished => decoder.finish(),
            _ => decoder.feed(document).map(|(used, step)| {
                document = &document[used..];
                step
            }),
        };
        match step {
            Ok(Step::Record) => {
                let record = decoder.record();
                let cells: Vec<_> = record.cells().map(|cell| cell.as_bytes()).collect();
                seen.push(format!("{} {cells:?}", record.row_number()));
            }
            Ok(Step::Table) => seen.push(format!("{:?}", decoder.table())),
            Ok(Step::NeedInput) if !finished => return seen,
            Ok(Step::NeedInput) => {}
            Ok(Step::End) => return seen,
            Err(error) => {
                let report = match error {
                    DecodeError::Server => format!("{:?}", decoder.server_error()),
                    _ => format!("{error} {:?}", decoder.offending_row()),
                };
                seen.push(report);
                return seen;
            }
        }
    }
}

#[test]
fn after_any_start_of_any_document_any_document_is_decoded() {
    for first in DOCUMENTS {
        for cut in 0..=first.len() {
            for finished in [false, true] {
                for second in DOCUMENTS {
                    let (mut text, mut ends) = ([0; 256], [0; 32]);
                    let mut decoder = Decoder::new(&mut text, &mut ends);
                    decoded(&mut decoder, &first[..cut], finished);
                    decoder.restart();
                    let again = decoded(&mut decoder, second, true);

                    let (mut text, mut ends) = ([0; 256], [0; 32]);
                    let fresh = decoded(&mut Decoder::new(&mut text, &mut ends), second, true);
                    assert_eq!(again, fresh, "{cut} bytes of {first:?}, then {second:?}");
                }
            }
        }
    }
}
