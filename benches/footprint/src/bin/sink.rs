//! A process of its own that takes every request, so that only the client is measured. Writes are
//! responded with 204, queries with one short table. It prints its URL, and ends when its input does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{io, thread};

const ROWS: &str = "#datatype,string,long,double\r\n#group,false,false,false\r\n\
    #default,_result,,\r\n,result,table,_value\r\n,,0,20.5\r\n,,0,21.5\r\n\r\n";

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let (mut length, mut query, mut line) = (0, false, String::new());
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        query |= line.contains("/query");
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        if query {
            write!(
                writer,
                "HTTP/1.1 200 OK\r\nContent-Type: text/csv; charset=utf-8\r\n\
                 Content-Length: {}\r\n\r\n{ROWS}",
                ROWS.len()
            )?;
        } else {
            writer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
        }
    }
}
