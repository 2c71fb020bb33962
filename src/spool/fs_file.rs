//! Files of the standard library as [`FsFile`].

use super::fs::{FsFile, Status};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Elsewhere a directory can't be opened as a file, and its entries need no sync of their own.
pub(super) const SYNCS_DIRECTORIES: bool = cfg!(all(unix, not(target_os = "espidf")));

/// Creates a directory, accessible to its owner only.
pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700).create(path);
    #[cfg(not(unix))]
    return fs::create_dir(path);
}

impl FsFile for File {
    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, at)
    }

    #[cfg(unix)]
    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(self, buf, at)
    }

    // No other thread uses the file's position: a spool has one owner.
    #[cfg(not(unix))]
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        use io::{Read, Seek};
        let mut file = self;
        file.seek(io::SeekFrom::Start(at))?;
        file.read(buf)
    }

    #[cfg(not(unix))]
    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize> {
        use io::{Seek, Write};
        let mut file = self;
        file.seek(io::SeekFrom::Start(at))?;
        file.write(buf)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    #[cfg(all(unix, not(target_os = "espidf")))]
    fn status(&self) -> io::Result<Status> {
        let stat = rustix::fs::fstat(self)?;
        Ok(Status {
            len: u64::try_from(stat.st_size).unwrap_or(0),
            linked: stat.st_nlink > 0,
            shared: stat.st_nlink > 1,
        })
    }

    // On ESP-IDF every link count is 0.
    #[cfg(not(all(unix, not(target_os = "espidf"))))]
    fn status(&self) -> io::Result<Status> {
        Ok(Status {
            len: self.metadata()?.len(),
            linked: true,
            shared: false,
        })
    }
}
