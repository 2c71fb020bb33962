//! `Fields`: the keys of a TOML table, one by one. Derived serde types would be a twelfth of the binary.

use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table with only known keys.
pub(super) struct Fields<'a> {
    text: &'a str,
    table: &'a DeTable<'a>,
    /// Its offset in the text.
    start: usize,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// Returns an error for an unknown key.
    pub(super) fn new(
        text: &'a str,
        table: &'a Spanned<DeTable<'a>>,
        known: &[&str],
    ) -> Result<Fields<'a>, String> {
        Fields::of(text, table.get_ref(), table.span().start, known)
    }

    fn of(
        text: &'a str,
        table: &'a DeTable<'a>,
        start: usize,
        known: &[&str],
    ) -> Result<Fields<'a>, String> {
        let unknown = table.keys().find(|key| !known.contains(&&**key.get_ref()));
        match unknown {
            None => Ok(Fields { text, table, start }),
            Some(key) => {
                let why = format!(
                    "{:?} is not a key here; the keys are {}",
                    key.get_ref(),
                    known.join(", ")
                );
                Err(at(text, key.span().start, &why))
            }
        }
    }

    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        let mut pairs = self.table.iter();
        let found = pairs.find(|(name, _)| &**name.get_ref() == key);
        found.map(|(_, value)| value)
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, key: &str, what: &str) -> String {
        let found = value.get_ref().type_str();
        let why = format!("{key} must be {what}, not of type {found}");
        at(self.text, value.span().start, &why)
    }

    fn string(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<String, String> {
        let text = value.get_ref().as_str();
        text.map(str::to_owned)
            .ok_or_else(|| self.wrong(value, key, "a string"))
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, String> {
        let value = self.value(key);
        value.map(|value| self.string(key, value)).transpose()
    }

    pub(super) fn needed(&self, key: &str) -> Result<String, String> {
        self.text(key)?
            .ok_or_else(|| at(self.text, self.start, &format!("{key} is missing")))
    }

    pub(super) fn path(&self, key: &str) -> Result<Option<PathBuf>, String> {
        Ok(self.text(key)?.map(PathBuf::from))
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, String> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let flag = value.get_ref().as_bool();
        flag.map(Some)
            .ok_or_else(|| self.wrong(value, key, "true or false"))
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, String> {
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        let Some(list) = value.get_ref().as_array() else {
            return Err(self.wrong(value, key, "a list of strings"));
        };
        list.iter().map(|one| self.string(key, one)).collect()
    }

    /// A table of strings.
    pub(super) fn pairs(&self, key: &str) -> Result<Vec<(String, String)>, String> {
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.wrong(value, key, "a table of strings"));
        };
        let pairs = table.iter().map(|(name, value)| {
            let text = self.string(name.get_ref(), value)?;
            Ok((name.get_ref().to_string(), text))
        });
        pairs.collect()
    }

    /// A nested table.
    pub(super) fn table(&self, key: &str, known: &[&str]) -> Result<Option<Fields<'a>>, String> {
        self.value(key)
            .map(|value| self.inner(key, value, known))
            .transpose()
    }

    fn inner(
        &self,
        key: &str,
        value: &'a Spanned<DeValue<'a>>,
        known: &[&str],
    ) -> Result<Fields<'a>, String> {
        match value.get_ref() {
            DeValue::Table(table) => Fields::of(self.text, table, value.span().start, known),
            _ => Err(self.wrong(value, key, "a table")),
        }
    }

    /// Calls `take` for each `[[key]]`.
    pub(super) fn tables(
        &self,
        key: &str,
        known: &[&str],
        take: &mut dyn FnMut(Fields<'a>) -> Result<(), String>,
    ) -> Result<(), String> {
        let Some(value) = self.value(key) else {
            return Ok(());
        };
        let Some(list) = value.get_ref().as_array() else {
            return Err(self.wrong(value, key, &format!("[[{key}]]")));
        };
        for one in list.iter() {
            take(self.inner(key, one, known)?)?;
        }
        Ok(())
    }
}

/// Puts the line number in front of a message.
pub(super) fn at(text: &str, offset: usize, why: &str) -> String {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count().saturating_add(1);
    format!("line {line}: {why}")
}
