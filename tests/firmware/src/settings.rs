//! What the board is told at its start: words `name=value` on the command line.

use crate::board::print;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// By `/api/v2/write`.
    V2,
    /// By InfluxDB 1.x' `/write`.
    V1,
}

/// The settings. Absent ones have the defaults of [`Settings::read`].
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    pub host: &'a str,
    pub org: &'a str,
    /// Empty: no credentials are sent.
    pub token: &'a str,
    /// Or a database of 1.x.
    pub bucket: &'a str,
    pub api: Api,
    /// The station's name, a tag.
    pub station: &'a str,
    /// Whether the newest value is read back.
    pub query: bool,
    /// How long a byte of the modem is waited for. QEMU's clock is the wall clock, and the machine that it
    /// runs on may be busy.
    pub limit_ms: u32,
    /// What of the board is tried in place of the station: see `checks.rs`.
    pub check: Option<&'a str>,
    /// Before this reading comes a line that no server takes.
    pub bad: Option<u32>,
}

impl<'a> Settings<'a> {
    /// Reads the command line, whose first word is the program's name. None for a word that means nothing,
    /// which is printed.
    pub fn read(line: &'a str) -> Option<Self> {
        let mut settings = Settings {
            host: "",
            org: "",
            token: "",
            bucket: "",
            api: Api::V2,
            station: "",
            query: false,
            limit_ms: 10_000,
            check: None,
            bad: None,
        };
        for word in line.split(' ').skip(1) {
            if settings.set(word).is_none() {
                print(format_args!("argument {word}\n"));
                return None;
            }
        }
        Some(settings)
    }

    fn set(&mut self, word: &'a str) -> Option<()> {
        let (name, value) = word.split_once('=')?;
        match name {
            "host" => self.host = value,
            "org" => self.org = value,
            "token" => self.token = value,
            "bucket" => self.bucket = value,
            "station" => self.station = value,
            "api" => {
                self.api = match value {
                    "v1" => Api::V1,
                    "v2" => Api::V2,
                    _ => return None,
                }
            }
            "query" => self.query = value == "yes",
            "limit" => self.limit_ms = value.parse().ok()?,
            "check" => self.check = Some(value),
            "bad" => self.bad = Some(value.parse().ok()?),
            _ => return None,
        }
        Some(())
    }
}
