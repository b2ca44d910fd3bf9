//! The strings of the kernel itself, by its `vmlinux`: what built-in drivers ask for stands there, as that of a module in its
//! file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use object::read::ReadCache;

use super::modinfo::ModinfoError;
use super::object_strings::ObjectStrings;

/// A kernel's `vmlinux`, where a project has one. It is read when it is asked for, and once.
#[derive(Default)]
pub struct KernelImage {
    candidates: Vec<PathBuf>,
    strings: OnceLock<Result<Option<ObjectStrings>, KernelImageError>>,
}

/// A file that is there and is not a kernel's `vmlinux`.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the kernel {}: {why}", path.display())]
pub struct KernelImageError {
    path: PathBuf,
    #[source]
    why: NotAKernel,
}

#[derive(Debug, thiserror::Error)]
enum NotAKernel {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("it is compressed; `vmlinux` is the ELF file, as extract-vmlinux of the kernel's sources unpacks it")]
    Compressed,
    #[error("it does not start as an ELF object does")]
    OtherFile,
    #[error("{0}")]
    NotElf(#[from] ModinfoError),
}

impl KernelImage {
    /// The first of `candidates` that exists.
    pub fn new(candidates: &[PathBuf]) -> KernelImage {
        KernelImage { candidates: candidates.to_vec(), strings: OnceLock::new() }
    }

    /// Its strings; `None` where none of the candidates exists.
    ///
    /// # Errors
    /// Where the first that exists is not a kernel's ELF file.
    pub fn strings(&self) -> Result<Option<&ObjectStrings>, &KernelImageError> {
        let read = || {
            for path in &self.candidates {
                match crate::files::open(path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(KernelImageError { path: path.clone(), why: error.into() }),
                    Ok(file) => return read_strings(file, path).map(Some),
                }
            }
            Ok(None)
        };
        self.strings.get_or_init(read).as_ref().map(Option::as_ref)
    }
}

fn read_strings(mut file: File, path: &Path) -> Result<ObjectStrings, KernelImageError> {
    let failed = |why| KernelImageError { path: path.to_owned(), why };
    let mut magic = [0; 4];
    let read = file.read(&mut magic).map_err(|error| failed(error.into()))?;
    if magic[..read] != *b"\x7fELF" {
        let compressed =
            magic.starts_with(b"\x1f\x8b") || magic.starts_with(b"\xfd7zX") || magic == *b"\x28\xb5\x2f\xfd";
        let image = magic.starts_with(b"MZ");
        return Err(failed(match compressed || image {
            true => NotAKernel::Compressed,
            false => NotAKernel::OtherFile,
        }));
    }
    // Debug information can be most of a gigabyte: only what is looked at is read.
    let cache = ReadCache::new(file);
    let elf = object::File::parse(&cache).map_err(|error| failed(ModinfoError::NotElf(error).into()))?;
    ObjectStrings::of(&elf).map_err(|error| failed(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module is an ELF object as a kernel is.
    fn elf() -> Vec<u8> {
        let fuse = "../config/sample/lib/modules/6.12.44-Zero-OS/kernel/fs/fuse/fuse.ko";
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(fuse)).unwrap()
    }

    #[test]
    fn the_first_that_exists_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let [missing, there] = ["missing", "vmlinux"].map(|name| directory.path().join(name));
        std::fs::write(&there, elf()).unwrap();
        let image = KernelImage::new(&[missing.clone(), there]);
        assert!(image.strings().unwrap().is_some());
        assert!(KernelImage::new(&[missing]).strings().unwrap().is_none());
    }

    #[test]
    fn what_is_not_a_kernel_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vmlinux");
        let message = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let image = KernelImage::new(std::slice::from_ref(&path));
            let message = image.strings().unwrap_err().to_string();
            message.strip_prefix(&format!("cannot read the kernel {}: ", path.display())).unwrap().to_owned()
        };
        assert_eq!(message(b"text"), "it does not start as an ELF object does");
        let compressed =
            "it is compressed; `vmlinux` is the ELF file, as extract-vmlinux of the kernel's sources unpacks it";
        assert_eq!(message(b"MZ image"), compressed);
        assert_eq!(message(&[0x1f, 0x8b, 8, 0]), compressed);
        assert!(message(&elf()[..200]).starts_with("it is no ELF object: "));
    }
}
