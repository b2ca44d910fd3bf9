//! What a kernel module says of itself.
//!
//! A module is an ELF object whose `.modinfo` section holds `key=value` strings, each ended by a NUL. Modules are
//! installed plain (`.ko`) or compressed (`.ko.gz`, `.ko.xz`, `.ko.zst`).

use std::borrow::Cow;
use std::io::Read;

use flistry_common::modules::split_compression;
use object::{Object, ObjectSection};

use super::vermagic;

/// No module is larger than this when it is decompressed; the largest of Debian's 6.12 has 20 MiB.
pub const MAX_MODULE_BYTES: u64 = 256 * 1024 * 1024;

/// How a module file is compressed, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// `.ko`
    None,
    /// `.ko.gz`
    Gzip,
    /// `.ko.xz`
    Xz,
    /// `.ko.zst`
    Zstd,
}

impl Compression {
    /// The compression of a module with this file name; `None` if it is not a module's name.
    pub fn of_module(name: &str) -> Option<Compression> {
        let (_, ending) = split_compression(name)?;
        Some(match ending {
            ".gz" => Compression::Gzip,
            ".xz" => Compression::Xz,
            ".zst" => Compression::Zstd,
            _ => Compression::None,
        })
    }

    /// The compression that a file's first bytes tell of; `None` where they are nothing that a module begins with.
    fn of_contents(bytes: &[u8]) -> Option<Compression> {
        let magics: [(&[u8], Compression); 4] = [
            (b"\x7fELF", Compression::None),
            (b"\x1f\x8b", Compression::Gzip),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        ];
        magics.into_iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, compression)| compression)
    }

    /// The compression that the configuration calls so.
    pub fn from_name(name: &str) -> Option<Compression> {
        [Compression::None, Compression::Gzip, Compression::Xz, Compression::Zstd]
            .into_iter()
            .find(|compression| compression.as_str() == name)
    }

    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Xz => "xz",
            Compression::Zstd => "zstd",
        }
    }

    /// A module's bytes, decompressed. As kmod does, it goes by the first bytes, and by the name where they tell nothing.
    pub(super) fn decompress(self, bytes: &[u8]) -> std::io::Result<Cow<'_, [u8]>> {
        let mut plain = Vec::new();
        let read = match Compression::of_contents(bytes).unwrap_or(self) {
            Compression::None => return Ok(Cow::Borrowed(bytes)),
            Compression::Gzip => {
                flate2::read::MultiGzDecoder::new(bytes).take(MAX_MODULE_BYTES + 1).read_to_end(&mut plain)
            }
            Compression::Xz => liblzma::read::XzDecoder::new(bytes).take(MAX_MODULE_BYTES + 1).read_to_end(&mut plain),
            Compression::Zstd => zstd::Decoder::new(bytes)?.take(MAX_MODULE_BYTES + 1).read_to_end(&mut plain),
        }?;
        if read as u64 > MAX_MODULE_BYTES {
            return Err(std::io::Error::other(format!("it decompresses to more than {MAX_MODULE_BYTES} bytes")));
        }
        Ok(Cow::Owned(plain))
    }
}

/// The kernel version that a module was built for: the first word of its `vermagic`.
///
/// # Errors
/// Says why the file is not a readable module.
pub fn kernel_of_module(bytes: &[u8], compression: Compression) -> Result<String, ModinfoError> {
    let plain = plain(bytes, compression)?;
    let pairs = pairs_of(&parse(&plain)?)?;
    vermagic_in(&pairs).map(|vermagic| vermagic::release(vermagic).to_owned())
}

/// The `vermagic` among a module's pairs: what the kernel compares before it loads a module.
///
/// # Errors
/// [`ModinfoError::NoVermagic`] where there is none.
pub fn vermagic_in(pairs: &[(String, String)]) -> Result<&str, ModinfoError> {
    let vermagic = pairs.iter().find(|(key, _)| key == "vermagic").map(|(_, value)| value.trim());
    vermagic.filter(|vermagic| !vermagic.is_empty()).ok_or(ModinfoError::NoVermagic)
}

/// A module's bytes, decompressed.
///
/// # Errors
/// Where they don't decompress, or there are none.
pub(super) fn plain(bytes: &[u8], compression: Compression) -> Result<Cow<'_, [u8]>, ModinfoError> {
    if bytes.is_empty() {
        return Err(ModinfoError::Empty);
    }
    compression.decompress(bytes).map_err(ModinfoError::Decompress)
}

/// All pairs of a module's `.modinfo`, in its order; what has no `=` is left out, what is not UTF-8 replaced.
///
/// # Errors
/// Says why the object is not a readable module.
pub(super) fn pairs_of(elf: &object::File<'_>) -> Result<Vec<(String, String)>, ModinfoError> {
    let pair = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    Ok(modinfo_of(elf)?.split(|byte| *byte == 0).filter_map(pair).collect())
}

/// A module's bytes as an ELF object.
pub(super) fn parse(plain: &[u8]) -> Result<object::File<'_>, ModinfoError> {
    match plain {
        [] => Err(ModinfoError::Empty),
        plain => object::File::parse(plain).map_err(ModinfoError::NotElf),
    }
}

fn modinfo_of<'data>(elf: &object::File<'data>) -> Result<&'data [u8], ModinfoError> {
    let section = elf.section_by_name(".modinfo").ok_or(ModinfoError::NoModinfo)?;
    section.data().map_err(ModinfoError::NotElf)
}

/// A file that has a module's name and is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModinfoError {
    /// A file of zero bytes, compressed or not.
    #[error("it has no bytes")]
    Empty,
    /// The compressed bytes are broken.
    #[error("it does not decompress: {0}")]
    Decompress(#[source] std::io::Error),
    /// More bytes than any module has.
    #[error("{0} bytes are too much for a module")]
    TooLarge(u64),
    /// Not an ELF object.
    #[error("it is no ELF object: {0}")]
    NotElf(#[source] object::read::Error),
    /// An ELF object, but no module.
    #[error("it has no .modinfo section")]
    NoModinfo,
    /// A module that does not say for which kernel.
    #[error("its .modinfo has no vermagic")]
    NoVermagic,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_known_by_their_names() {
        let of = Compression::of_module;
        assert_eq!(of("e1000.ko"), Some(Compression::None));
        assert_eq!(of("e1000.ko.xz"), Some(Compression::Xz));
        assert_eq!(of("a.ko.gz"), Some(Compression::Gzip));
        assert_eq!(of("a.ko.zst"), Some(Compression::Zstd));
        assert_eq!(of("modules.dep"), None);
        assert_eq!(of("notes.kotlin"), None);
        assert_eq!(of("a.ko.bz2"), None);
    }

    #[test]
    fn a_module_is_read_by_its_first_bytes_as_kmod_reads_it() {
        let fuse =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../config/sample/lib/modules/6.12.44-Zero-OS/kernel/fs/fuse/fuse.ko");
        let plain = std::fs::read(fuse).unwrap();
        let packed = zstd::encode_all(&*plain, 1).unwrap();
        for (bytes, name) in [(&packed, Compression::None), (&packed, Compression::Xz), (&plain, Compression::Zstd)] {
            assert_eq!(kernel_of_module(bytes, name).unwrap(), "6.12.44-Zero-OS");
        }
    }

    #[test]
    fn what_is_no_module_says_why() {
        let error = |bytes: &[u8], how| kernel_of_module(bytes, how).unwrap_err().to_string();
        assert!(error(b"text", Compression::None).starts_with("it is no ELF object"));
        assert!(error(b"text", Compression::Xz).starts_with("it does not decompress"));
        assert!(error(b"text", Compression::Gzip).starts_with("it does not decompress"));
        assert_eq!(error(b"", Compression::None), "it has no bytes");
        assert_eq!(error(b"", Compression::Xz), "it has no bytes");
        let nothing = zstd::encode_all(&b""[..], 1).unwrap();
        assert_eq!(error(&nothing, Compression::Zstd), "it has no bytes");
        assert!(error(b"text", Compression::Zstd).starts_with("it does not decompress"));
    }
}
