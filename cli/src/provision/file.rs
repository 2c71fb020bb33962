//! The file of `provision`: the wanted state of a server.

use super::fields::{Fields, at};
use crate::command;
use crate::failure::Failure;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) struct Wanted {
    pub(super) org: Option<String>,
    pub(super) create_org: bool,
    pub(super) setup: Option<Setup>,
    pub(super) labels: Vec<Label>,
    pub(super) buckets: Vec<Bucket>,
    pub(super) tokens: Vec<Token>,
    pub(super) dbrps: Vec<Dbrp>,
    pub(super) tasks: Vec<Task>,
}

/// The first user of a new server.
pub(super) struct Setup {
    pub(super) user: String,
    pub(super) password_file: PathBuf,
    /// The first bucket; default: the first of the file.
    pub(super) bucket: Option<String>,
    /// Holds the operator's token, or is created with it.
    pub(super) token_file: Option<PathBuf>,
}

pub(super) struct Label {
    pub(super) name: String,
    pub(super) properties: Vec<(String, String)>,
}

pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) retention: Option<String>,
    pub(super) description: Option<String>,
    pub(super) labels: Vec<String>,
}

pub(super) struct Token {
    /// The name of its file.
    pub(super) name: String,
    /// Identifies it on the server; default: the name.
    pub(super) description: Option<String>,
    /// Buckets.
    pub(super) read: Vec<String>,
    pub(super) write: Vec<String>,
    /// `read:tasks`, `write:buckets`: all of a kind in the organization.
    pub(super) permissions: Vec<String>,
    pub(super) all_access: bool,
    pub(super) active: Option<bool>,
}

pub(super) struct Dbrp {
    pub(super) database: String,
    pub(super) retention_policy: String,
    pub(super) bucket: String,
    pub(super) default: Option<bool>,
}

pub(super) struct Task {
    pub(super) name: String,
    pub(super) every: Option<String>,
    pub(super) cron: Option<String>,
    pub(super) offset: Option<String>,
    pub(super) flux: Option<String>,
    pub(super) flux_file: Option<PathBuf>,
    pub(super) description: Option<String>,
    pub(super) active: Option<bool>,
    pub(super) labels: Vec<String>,
}

// The keys of the file and of its tables.
const KEYS: &[&str] = &[
    "org",
    "create_org",
    "setup",
    "label",
    "bucket",
    "token",
    "dbrp",
    "task",
];
const SETUP: &[&str] = &["user", "password_file", "bucket", "token_file"];
const LABEL: &[&str] = &["name", "properties"];
const BUCKET: &[&str] = &["name", "retention", "description", "labels"];
const TOKEN: &[&str] = &[
    "name",
    "description",
    "read",
    "write",
    "permissions",
    "all_access",
    "active",
];
const DBRP: &[&str] = &["database", "retention_policy", "bucket", "default"];
const TASK: &[&str] = &[
    "name",
    "every",
    "cron",
    "offset",
    "flux",
    "flux_file",
    "description",
    "active",
    "labels",
];

impl Wanted {
    fn of(fields: &Fields<'_>) -> Result<Wanted, String> {
        let mut wanted = Wanted {
            org: fields.text("org")?,
            create_org: fields.flag("create_org")?.unwrap_or(false),
            setup: None,
            labels: Vec::new(),
            buckets: Vec::new(),
            tokens: Vec::new(),
            dbrps: Vec::new(),
            tasks: Vec::new(),
        };
        if let Some(one) = fields.table("setup", SETUP)? {
            wanted.setup = Some(Setup {
                user: one.needed("user")?,
                password_file: one.needed("password_file")?.into(),
                bucket: one.text("bucket")?,
                token_file: one.path("token_file")?,
            });
        }
        fields.tables("label", LABEL, &mut |one| {
            wanted.labels.push(Label {
                name: one.needed("name")?,
                properties: one.pairs("properties")?,
            });
            Ok(())
        })?;
        fields.tables("bucket", BUCKET, &mut |one| {
            wanted.buckets.push(Bucket {
                name: one.needed("name")?,
                retention: one.text("retention")?,
                description: one.text("description")?,
                labels: one.texts("labels")?,
            });
            Ok(())
        })?;
        fields.tables("token", TOKEN, &mut |one| {
            wanted.tokens.push(Token {
                name: one.needed("name")?,
                description: one.text("description")?,
                read: one.texts("read")?,
                write: one.texts("write")?,
                permissions: one.texts("permissions")?,
                all_access: one.flag("all_access")?.unwrap_or(false),
                active: one.flag("active")?,
            });
            Ok(())
        })?;
        fields.tables("dbrp", DBRP, &mut |one| {
            wanted.dbrps.push(Dbrp {
                database: one.needed("database")?,
                retention_policy: one.needed("retention_policy")?,
                bucket: one.needed("bucket")?,
                default: one.flag("default")?,
            });
            Ok(())
        })?;
        fields.tables("task", TASK, &mut |one| {
            wanted.tasks.push(Task {
                name: one.needed("name")?,
                every: one.text("every")?,
                cron: one.text("cron")?,
                offset: one.text("offset")?,
                flux: one.text("flux")?,
                flux_file: one.path("flux_file")?,
                description: one.text("description")?,
                active: one.flag("active")?,
                labels: one.texts("labels")?,
            });
            Ok(())
        })?;
        Ok(wanted)
    }

    /// Reads and checks a file and the Flux files that it names.
    ///
    /// # Errors
    /// Returns an error if a file can't be read or is invalid. Nothing has been sent by then.
    pub(super) fn read(path: &Path) -> Result<Wanted, Failure> {
        let wrong = |why: &dyn std::fmt::Display| {
            Failure::settings(format_args!("{}: {why}", path.display()))
        };
        let text = text(path)?;
        // The error's own text shows the line, which may hold a secret.
        let table = toml::de::DeTable::parse(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            wrong(&at(&text, start, error.message()))
        })?;
        let fields = Fields::new(&text, &table, KEYS).map_err(|why| wrong(&why))?;
        let mut wanted = Wanted::of(&fields).map_err(|why| wrong(&why))?;
        let dir = path.parent().unwrap_or(Path::new(""));
        if let Some(setup) = &mut wanted.setup {
            setup.password_file = dir.join(&setup.password_file);
            setup.token_file = setup.token_file.take().map(|file| dir.join(file));
        }
        for task in &mut wanted.tasks {
            if let Some(file) = task.flux_file.take() {
                if task.flux.is_some() {
                    return Err(wrong(&format_args!(
                        "task {:?} has both flux and flux_file; only one is allowed",
                        task.name
                    )));
                }
                task.flux = Some(self::text(&dir.join(file))?);
            }
        }
        wanted.check().map_err(|why| wrong(&why))?;
        Ok(wanted)
    }

    fn check(&self) -> Result<(), String> {
        unique("label", self.labels.iter().map(|one| &one.name))?;
        unique("bucket", self.buckets.iter().map(|one| &one.name))?;
        unique("token", self.tokens.iter().map(|one| &one.name))?;
        unique("task", self.tasks.iter().map(|one| &one.name))?;
        let buckets = self
            .buckets
            .iter()
            .map(|one| ("bucket", &one.name, &one.labels));
        let tasks = self
            .tasks
            .iter()
            .map(|one| ("task", &one.name, &one.labels));
        for (kind, name, labels) in buckets.chain(tasks) {
            for label in labels {
                if !self.labels.iter().any(|one| one.name == *label) {
                    return Err(format!(
                        "{kind} {name:?} has the label {label:?}, but there is no [[label]] of this name"
                    ));
                }
            }
        }
        for bucket in &self.buckets {
            bucket.keep()?;
        }
        self.tokens.iter().try_for_each(Token::check)?;
        for task in &self.tasks {
            let name = &task.name;
            if task.every.is_some() == task.cron.is_some() {
                return Err(format!("task {name:?} needs either every or cron"));
            }
            if task.flux.is_none() {
                return Err(format!("task {name:?} needs flux or flux_file"));
            }
        }
        if self.create_org && self.org.is_none() {
            return Err("create_org is set, but org isn't".to_owned());
        }
        if let Some(setup) = &self.setup {
            if self.org.is_none() {
                return Err("[setup] needs org: the first organization of a new server".to_owned());
            }
            if setup.bucket.is_none() && self.buckets.is_empty() {
                return Err(
                    "[setup] needs bucket or a [[bucket]]: the first one of a new server"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }
}

impl Bucket {
    /// Returns the retention period: zero is for ever, `None` leaves it unchanged.
    pub(super) fn keep(&self) -> Result<Option<Duration>, String> {
        let name = &self.name;
        match self.retention.as_deref() {
            None => Ok(None),
            Some("forever") => Ok(Some(Duration::ZERO)),
            Some(text) => match command::duration(text) {
                // A bare number would be in seconds, which is hardly ever meant.
                Some(keep) if !text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(keep)),
                _ => Err(format!(
                    "bucket {name:?} has the retention {text:?}: expected a time such as 30d or 12h, or forever"
                )),
            },
        }
    }
}

impl Token {
    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(format!(
                "token {name:?}: the name is also a file name, without / and without a leading dot"
            ));
        }
        for text in &self.permissions {
            match text.split_once(':') {
                Some(("read" | "write", kind)) if !kind.is_empty() => {}
                _ => {
                    return Err(format!(
                        "token {name:?} has the permission {text:?}: expected one such as read:tasks or write:buckets"
                    ));
                }
            }
        }
        let some = [&self.read, &self.write, &self.permissions];
        match (self.all_access, some.iter().any(|some| !some.is_empty())) {
            (false, false) => Err(format!(
                "token {name:?} has no permissions: set read, write, permissions or all_access"
            )),
            (true, true) => Err(format!(
                "token {name:?} has all_access and other permissions; only one is allowed"
            )),
            _ => Ok(()),
        }
    }
}

fn unique<'a>(kind: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let names: Vec<&String> = names.collect();
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|before| before == name) {
            return Err(format!("{kind} {name:?} is defined twice"));
        }
    }
    Ok(())
}

/// Reads a file.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|why| Failure::no_input(path.display(), why))
}

/// Reads a file that holds only a secret.
pub(super) fn secret(path: &Path) -> Result<String, Failure> {
    let text = text(path)?;
    match text.trim() {
        "" => Err(Failure::settings(format_args!(
            "{}: the file is empty",
            path.display()
        ))),
        secret => Ok(secret.to_owned()),
    }
}
