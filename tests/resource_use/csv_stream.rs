//! A long stream is read in constant memory.
//!
//! The gigabyte takes a while without optimisation:
//! `cargo test --release --test resource_use -- --ignored`.

use std::fmt::Write;
use std::fs;
use std::io::{self, Read};

use influx_edge::csv::{Item, Rows};

/// Writes tables as they are asked for; nothing is stored.
struct Tables {
    next: u64,
    count: u64,
    rows: u64,
    text: String,
    given: usize,
    bytes: u64,
}

impl Tables {
    fn write_next(&mut self) {
        self.text.clear();
        self.given = 0;
        let table = self.next;
        // Every tenth table has another schema; every hundredth has no rows, and the table behind
        // such a one has a header of its own.
        if table % 10 == 0 || table % 100 == 1 {
            let kind = ["double", "long", "string"][(table / 10 % 3) as usize];
            let id = if table % 100 == 0 {
                table.to_string()
            } else {
                String::new()
            };
            write!(
                self.text,
                "\r\n#datatype,string,long,dateTime:RFC3339,{kind},string\r\n\
                 #group,false,false,false,false,true\r\n#default,_result,{id},,,\r\n\
                 ,result,table,_time,_value,station\r\n"
            )
            .unwrap();
        }
        if table % 100 != 0 {
            for row in 0..self.rows {
                let minute = row % 60;
                write!(
                    self.text,
                    ",,{table},2023-11-14T22:{minute:02}:20.123456789Z,{row},station-{}\r\n",
                    table % 1000
                )
                .unwrap();
            }
        }
        self.next += 1;
    }
}

impl Read for Tables {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if self.next == self.count {
                return Ok(0);
            }
            self.write_next();
        }
        let rest = &self.text.as_bytes()[self.given..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        self.bytes += len as u64;
        Ok(len)
    }
}

/// Resident memory in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

fn read(count: u64, rows: u64) {
    let mut tables = Tables {
        next: 0,
        count,
        rows,
        text: String::with_capacity(1 << 20),
        given: 0,
        bytes: 0,
    };
    // The writer's own memory is touched before measuring.
    tables.write_next();
    tables.text.extend(std::iter::repeat_n(' ', 1 << 19));
    tables.next = 0;
    tables.write_next();

    let mut reader = Rows::new(&mut tables);
    let (mut seen_tables, mut seen_rows, mut sum) = (0, 0, 0);
    let mut before = None;
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            Item::Table(_) => seen_tables += 1,
            Item::Row(row) => {
                seen_rows += 1;
                let value: &str = row.get("_value").unwrap();
                sum += value.parse::<u64>().unwrap();
            }
        }
        // After the first MiB everything is as large as it will be.
        if before.is_none() && seen_rows > 20_000 {
            before = Some(resident());
        }
    }
    let grown = resident().saturating_sub(before.unwrap());
    let bytes = tables.bytes;
    println!("{bytes} bytes, {seen_tables} tables, {seen_rows} rows: grown by {grown} bytes");
    let full = count - count / 100;
    assert_eq!((seen_tables, seen_rows), (count, full * rows));
    assert_eq!(sum, full * (rows * (rows - 1) / 2));
    assert!(grown <= 1 << 20, "memory grew by {grown} bytes");
}

#[test]
fn ten_megabytes_of_a_thousand_tables() {
    let _alone = crate::alone();
    read(1_000, 190);
}

#[test]
#[ignore = "a gigabyte: run it with --release"]
fn a_gigabyte_of_a_hundred_thousand_tables() {
    let _alone = crate::alone();
    read(100_000, 190);
}
