//! A response to read, and what reading it has to come to. Shared by the two crates of this folder.

use influx_edge::Timestamp;

/// What everybody has to come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    pub rows: u64,
    pub values: f64,
    /// The sum of the times in nanoseconds, or of their texts' lengths where nobody parses them.
    pub times: i64,
    /// The length of all stations.
    pub text: usize,
}

impl Sum {
    pub fn add(&mut self, time: i64, value: f64, text: usize) {
        self.rows += 1;
        self.values += value;
        self.times = self.times.wrapping_add(time);
        self.text += text;
    }
}

/// One table: time, value and the three names that go with it.
pub fn body(size: usize) -> Vec<u8> {
    let mut body = String::with_capacity(size + 400);
    body.push_str("#datatype,string,long,dateTime:RFC3339,double,string,string,string\r\n");
    body.push_str("#group,false,false,false,false,true,true,true\r\n#default,_result,,,,,,\r\n");
    body.push_str(",result,table,_time,_value,_field,_measurement,station\r\n");
    let (mut nanos, mut state) = (1_700_000_000_000_000_000, 1_u64);
    while body.len() < size {
        nanos += 1_000_000_000;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let value = (state % 10_000) as f64 / 100.0;
        let time = Timestamp::from_nanos(nanos);
        body.push_str(&format!(",,0,{time},{value},temp_c,weather,zrh-1\r\n"));
    }
    body.push_str("\r\n");
    body.into_bytes()
}
