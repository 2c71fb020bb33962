//! `SecretFile`: a file for a secret that is made before the secret is.

use crate::failure::Failure;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes the directory of the secrets, for its owner alone, unless it is there.
///
/// # Errors
/// Returns an error if it can't be made, for example because its parent isn't there.
pub(super) fn make_dir(dir: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(_) if dir.is_dir() => Ok(()),
        made => made.map_err(|why| {
            Failure::new(
                1,
                format_args!("the directory {} can't be made: {why}", dir.display()),
            )
        }),
    }
}

/// A file beside its place, open for its owner alone. The secret gets its name when it is on the disk, so
/// that one which was there stays until then. Removed when dropped without that.
pub(super) struct SecretFile {
    file: File,
    beside: PathBuf,
    place: PathBuf,
    kept: bool,
}

impl SecretFile {
    /// # Errors
    /// Returns an error if it can't be made: no secret is asked for then.
    pub(super) fn make(place: &Path) -> Result<SecretFile, Failure> {
        let mut beside = place.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let made = || {
            // Of a run that was interrupted.
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
    /// Returns an error if the secret can't be put on the disk.
    pub(super) fn keep(mut self, secret: &str) -> Result<(), Failure> {
        let kept = self
            .file
            .write_all(format!("{secret}\n").as_bytes())
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.beside, &self.place));
        kept.map_err(|why| Failure::new(1, format_args!("{}: {why}", self.place.display())))?;
        self.kept = true;
        // The new name, as far as the system can; the secret itself is there.
        if let Some(dir) = self.place.parent() {
            let _ = File::open(dir).and_then(|dir| dir.sync_all());
        }
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
