//! `SecretFile`: a file for a secret, created before the secret is requested.

use crate::failure::Failure;
use crate::state::{beside, sync_parent};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Creates the directory of the secrets, for its owner only, unless it exists.
///
/// # Errors
/// Returns an error if it can't be created, for example because its parent doesn't exist.
pub(super) fn make_dir(dir: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(_) if dir.is_dir() => Ok(()),
        made => made.map_err(|why| {
            Failure::new(
                1,
                format_args!("the directory {} can't be created: {why}", dir.display()),
            )
        }),
    }
}

/// A temporary file next to its final path, readable only by its owner. It is renamed once the secret is on
/// disk, so that an earlier file is kept until then; if dropped before, it is removed.
pub(super) struct SecretFile {
    file: File,
    beside: PathBuf,
    place: PathBuf,
    kept: bool,
}

impl SecretFile {
    /// # Errors
    /// Returns an error if it can't be created. No secret is requested then.
    pub(super) fn make(place: &Path) -> Result<SecretFile, Failure> {
        let beside = beside(place, ".new");
        let made = || {
            // Left by an interrupted run.
            match fs::remove_file(&beside) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
                _ => {}
            }
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&beside)
        };
        let file =
            made().map_err(|why| Failure::new(1, format_args!("{}: {why}", beside.display())))?;
        Ok(SecretFile {
            file,
            beside,
            place: place.to_path_buf(),
            kept: false,
        })
    }

    /// # Errors
    /// Returns an error if the secret can't be stored.
    pub(super) fn keep(mut self, secret: &str) -> Result<(), Failure> {
        let kept = self
            .file
            .write_all(format!("{secret}\n").as_bytes())
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.beside, &self.place));
        kept.map_err(|why| Failure::new(1, format_args!("{}: {why}", self.place.display())))?;
        self.kept = true;
        // The rename is synced where the system can; the secret itself is on disk.
        let _ = sync_parent(&self.place);
        Ok(())
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.beside);
        }
    }
}
