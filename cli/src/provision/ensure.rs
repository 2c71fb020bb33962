//! Creates and updates the resources of a file in order: labels, buckets, tokens, mappings, tasks.

use super::connect::Connection;
use super::file::{self, Wanted};
use super::items::{Done, Items};
use super::secret_file::SecretFile;
use crate::command::Matches;
use crate::failure::Failure;
use influx_edge::Client;
use influx_edge::api::{
    Attached, Bucket, Ensure, Ensured, Id, InOrg, Label, NewAuthorization, NewBucket, NewDbrp,
    NewLabel, NewTask, Permission, Plan, Resources, Status,
};

/// Ids by name; `None` for a resource that would be created, in a dry run.
type Ids<T> = Vec<(String, Option<Id<T>>)>;

struct Run<'a> {
    connection: &'a Connection,
    items: &'a mut Items,
    matches: &'a Matches,
    dry: bool,
    labels: Ids<Label>,
    buckets: Ids<Bucket>,
}

pub(super) fn all(
    matches: &Matches,
    connection: &Connection,
    wanted: &Wanted,
    items: &mut Items,
) -> Result<(), Failure> {
    let mut run = Run {
        connection,
        items,
        matches,
        dry: matches.has("dry-run"),
        labels: Ids::new(),
        buckets: Ids::new(),
    };
    wanted.labels.iter().try_for_each(|one| run.label(one))?;
    wanted.buckets.iter().try_for_each(|one| run.bucket(one))?;
    wanted.tokens.iter().try_for_each(|one| run.token(one))?;
    wanted.dbrps.iter().try_for_each(|one| run.dbrp(one))?;
    wanted.tasks.iter().try_for_each(|one| run.task(one))
}

impl<T> From<&Ensured<T>> for Done {
    fn from(ensured: &Ensured<T>) -> Done {
        match ensured {
            Ensured::Created(_) => Done::Created,
            Ensured::Changed(_) => Done::Changed,
            Ensured::Unchanged(_) => Done::Unchanged,
        }
    }
}

impl<T> From<&Plan<T>> for Done {
    fn from(plan: &Plan<T>) -> Done {
        match plan {
            Plan::Create => Done::Created,
            Plan::Change(_) => Done::Changed,
            Plan::Unchanged(_) => Done::Unchanged,
        }
    }
}

fn known<'a, T>(ids: &'a Ids<T>, name: &str) -> Option<&'a Option<Id<T>>> {
    let found = ids.iter().find(|(known, _)| known == name);
    found.map(|(_, id)| id)
}

fn status(active: bool) -> Status {
    match active {
        true => Status::Active,
        false => Status::Inactive,
    }
}

impl<'a> Run<'a> {
    /// Returns the resources of the file's organization.
    fn ours<T: InOrg>(&self, all: fn(&Client) -> Resources<'_, T>) -> Resources<'a, T> {
        let all = all(&self.connection.client);
        match &self.connection.org {
            Some(org) => all.in_org(org),
            None => all,
        }
    }

    /// Ensures a resource, or plans it in a dry run; its id is `None` if it would be created.
    fn ensure<T: Ensure>(
        &self,
        all: fn(&Client) -> Resources<'_, T>,
        new: &T::New,
        id: fn(&T) -> &Id<T>,
    ) -> Result<(Option<Id<T>>, Done), Failure> {
        if self.connection.is_new {
            return Ok((None, Done::Created));
        }
        if self.dry {
            let plan = self.ours(all).plan(new)?;
            return Ok((plan.get().map(|one| id(one).clone()), Done::from(&plan)));
        }
        let one = self.ours(all).ensure(new)?;
        Ok((Some(id(one.get()).clone()), Done::from(&one)))
    }

    fn label(&mut self, wanted: &file::Label) -> Result<(), Failure> {
        let pairs = wanted.properties.iter();
        let pairs = pairs.map(|(key, value)| (key.as_str(), value.as_str()));
        let new = NewLabel::new(&wanted.name).properties(pairs);
        let (id, done) = self.ensure(Client::labels, &new, |label| &label.id)?;
        let shown = id.as_ref().map(Id::as_str);
        self.items.add("label", &wanted.name, shown, done, "")?;
        self.labels.push((wanted.name.clone(), id));
        Ok(())
    }

    fn bucket(&mut self, wanted: &file::Bucket) -> Result<(), Failure> {
        let mut new = NewBucket::new(&wanted.name);
        if let Some(keep) = wanted.keep().map_err(Failure::settings)? {
            new = new.retention(keep);
        }
        if let Some(text) = &wanted.description {
            new = new.description(text);
        }
        let (id, done) = self.ensure(Client::buckets, &new, |bucket| &bucket.id)?;
        let shown = id.as_ref().map(Id::as_str);
        self.items.add("bucket", &wanted.name, shown, done, "")?;
        let owner = format!("bucket {}", wanted.name);
        let attached = id.as_ref().map(|id| self.ours(Client::buckets).labels(id));
        self.attach(&owner, attached, &wanted.labels)?;
        self.buckets.push((wanted.name.clone(), id));
        Ok(())
    }

    /// Attaches labels to a resource; `on` is `None` if that would be created.
    fn attach(
        &mut self,
        owner: &str,
        on: Option<Attached<'_, Label>>,
        labels: &[String],
    ) -> Result<(), Failure> {
        for label in labels {
            let id = known(&self.labels, label).cloned().flatten();
            let done = match (&on, &id) {
                (Some(on), Some(id)) if self.dry => {
                    match on.list()?.iter().any(|one| one.id == *id) {
                        true => Done::Unchanged,
                        false => Done::Created,
                    }
                }
                (Some(on), Some(id)) => Done::from(&on.ensure(id)?),
                _ => Done::Created,
            };
            let name = format!("{label} on {owner}");
            self.items.add("label", &name, None, done, "")?;
        }
        Ok(())
    }

    /// Returns the id of a bucket of the file or of the server; `None` if it would be created, in a dry run.
    fn bucket_id(&mut self, name: &str) -> Result<Option<Id<Bucket>>, Failure> {
        if let Some(id) = known(&self.buckets, name) {
            return Ok(id.clone());
        }
        let found = match self.connection.is_new {
            true => None,
            false => self.ours(Client::buckets).find_by_name(name)?,
        };
        let Some(bucket) = found else {
            return Err(Failure::settings(format_args!(
                "there is no bucket {name:?}, and no [[bucket]] in the file creates it"
            )));
        };
        self.buckets
            .push((name.to_owned(), Some(bucket.id.clone())));
        Ok(Some(bucket.id))
    }

    /// Returns a token's permissions; `None` if one of its buckets would be created, in a dry run.
    fn permissions(&mut self, wanted: &file::Token) -> Result<Option<Vec<Permission>>, Failure> {
        if wanted.all_access {
            return Ok(Some(Permission::all_access()));
        }
        let mut all = Vec::new();
        for (reads, buckets) in [(true, &wanted.read), (false, &wanted.write)] {
            for name in buckets {
                let Some(id) = self.bucket_id(name)? else {
                    return Ok(None);
                };
                all.push(match reads {
                    true => Permission::read().bucket(&id),
                    false => Permission::write().bucket(&id),
                });
            }
        }
        for text in &wanted.permissions {
            all.push(match text.split_once(':') {
                Some(("read", kind)) => Permission::read().all(kind),
                Some((_, kind)) => Permission::write().all(kind),
                None => continue,
            });
        }
        Ok(Some(all))
    }

    fn token(&mut self, wanted: &file::Token) -> Result<(), Failure> {
        let name = &wanted.name;
        let description = wanted.description.as_ref().unwrap_or(name);
        let Some(permissions) = self.permissions(wanted)? else {
            return self.items.add("token", name, None, Done::Created, "");
        };
        let mut new = NewAuthorization::new(permissions).description(description);
        if let Some(active) = wanted.active {
            new = new.status(status(active));
        }
        if self.connection.is_new {
            return self.items.add("token", name, None, Done::Created, "");
        }
        let plan = self.ours(Client::authorizations).plan(&new)?;
        let file = self.matches.path("token-dir").map(|dir| dir.join(name));
        if self.dry || plan.is_unchanged() {
            let id = plan.get().map(|token| token.id.as_str());
            let lost = plan.is_unchanged() && file.as_ref().is_some_and(|file| !file.exists());
            let note = match lost {
                true => "the token can't be read again and isn't in --token-dir",
                false => "",
            };
            return self.items.add("token", name, id, Done::from(&plan), note);
        }
        // The file comes first, because the server shows the token only once.
        let place = file.as_deref().map(SecretFile::make).transpose()?;
        let token = self.ours(Client::authorizations).ensure(&new)?;
        let id = &token.get().id;
        let mut note = String::new();
        if let (Some(secret), Some(place), Some(file)) = (token.get().reveal_token(), place, &file)
        {
            if let Err(failure) = place.keep(secret) {
                // Without its file the token is lost; the next run creates another.
                let _ = self.ours(Client::authorizations).delete(id);
                return Err(failure);
            }
            note = format!("in {}", file.display());
        }
        let shown = Some(id.as_str());
        self.items
            .add("token", name, shown, Done::from(&token), &note)?;
        match token.get().reveal_token() {
            Some(secret) if self.matches.has("show-tokens") => self.items.token(name, secret),
            _ => Ok(()),
        }
    }

    fn dbrp(&mut self, wanted: &file::Dbrp) -> Result<(), Failure> {
        let name = format!("{}/{}", wanted.database, wanted.retention_policy);
        let Some(bucket) = self.bucket_id(&wanted.bucket)? else {
            return self.items.add("dbrp", &name, None, Done::Created, "");
        };
        let mut new = NewDbrp::new(&bucket, &wanted.database, &wanted.retention_policy);
        if let Some(default) = wanted.default {
            new = new.default_for_database(default);
        }
        let (id, done) = self.ensure(Client::dbrps, &new, |dbrp| &dbrp.id)?;
        let shown = id.as_ref().map(Id::as_str);
        self.items.add("dbrp", &name, shown, done, "")
    }

    fn task(&mut self, wanted: &file::Task) -> Result<(), Failure> {
        let name = &wanted.name;
        let flux = wanted.flux.as_deref().unwrap_or_default();
        let mut new = match (&wanted.every, &wanted.cron) {
            (Some(every), _) => NewTask::every(name, every.as_str(), flux),
            (None, cron) => NewTask::cron(name, cron.as_deref().unwrap_or_default(), flux),
        };
        if let Some(offset) = &wanted.offset {
            new = new.offset(offset.as_str());
        }
        if let Some(text) = &wanted.description {
            new = new.description(text);
        }
        if let Some(active) = wanted.active {
            new = new.status(status(active));
        }
        let (id, done) = self.ensure(Client::tasks, &new, |task| &task.id)?;
        let shown = id.as_ref().map(Id::as_str);
        self.items.add("task", name, shown, done, "")?;
        let attached = id.as_ref().map(|id| self.ours(Client::tasks).labels(id));
        self.attach(&format!("task {name}"), attached, &wanted.labels)
    }
}
