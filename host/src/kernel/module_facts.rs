//! What the file of a kernel module tells: its `.modinfo`, the strings in its data, and the symbols that it imports.
//!
//! `.modinfo` is what a module declares. What a driver asks for while it runs (a firmware file, another module, a cipher) is
//! often declared nowhere, but its name, or the format that it is made of, has to stand in the module's data.

use object::elf::{SHF_ALLOC, SHF_EXECINSTR};
use object::{Object, ObjectSection, ObjectSymbol, ReadRef, SectionFlags};

use super::modinfo::{Compression, ModinfoError, pairs_of, parse, plain};

/// Runs of fewer characters are noise: two bytes of a table are printable by chance everywhere.
const MIN_STRING: usize = 3;

/// A longer run is no name: Linux looks up names of 255 bytes at most.
const MAX_STRING: usize = 255;

/// Sections of loaded data that hold no strings of the driver's own: what it declares, and tables of the build.
const OTHER_DATA: [&str; 4] = [".modinfo", "__versions", "__ksymtab_strings", ".gnu.linkonce.this_module"];

/// What a module's file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFacts {
    /// The pairs of `.modinfo`, in its order.
    pub modinfo: Vec<(String, String)>,
    /// The printable strings in the data that the kernel loads.
    pub strings: StringSet,
    /// The symbols that the module takes from the kernel and from other modules.
    pub imports: StringSet,
}

impl ModuleFacts {
    /// What the file of a module with these bytes tells.
    ///
    /// # Errors
    /// Says why the file is not a readable module.
    pub fn of_file(bytes: &[u8], compression: Compression) -> Result<ModuleFacts, ModinfoError> {
        let plain = plain(bytes, compression)?;
        let elf = parse(&plain)?;
        let imported = elf.symbols().filter(|symbol| symbol.is_undefined()).filter_map(|symbol| symbol.name().ok());
        Ok(ModuleFacts { modinfo: pairs_of(&elf)?, strings: strings_of(&elf)?, imports: StringSet::new(imported) })
    }

    /// The bytes that it takes to remember this, about.
    pub fn bytes(&self) -> u64 {
        let pairs = self.modinfo.iter().map(|(key, value)| key.len() + value.len() + 2).sum::<usize>();
        (pairs + self.strings.0.len() + self.imports.0.len()) as u64
    }
}

/// The printable strings of an object's loaded data, such as a kernel's own file.
///
/// # Errors
/// Where a section leads out of the file.
pub(super) fn strings_of<'data, R: ReadRef<'data>>(elf: &object::File<'data, R>) -> Result<StringSet, ModinfoError> {
    let mut found = Vec::new();
    for section in elf.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        let loaded = sh_flags & u64::from(SHF_ALLOC) != 0 && sh_flags & u64::from(SHF_EXECINSTR) == 0;
        if loaded && !section.name().is_ok_and(|name| OTHER_DATA.contains(&name)) {
            let data: &'data [u8] = section.data().map_err(ModinfoError::NotElf)?;
            runs(data, |run| found.push(run));
        }
    }
    Ok(StringSet::new(found))
}

/// Every longest run of printable ASCII, as binutils' `strings` finds them: a name may fill an array to its last byte, and
/// end without a NUL.
fn runs<'data>(data: &'data [u8], mut found: impl FnMut(&'data str)) {
    for run in data.split(|byte| !(b' '..=b'~').contains(byte)) {
        if (MIN_STRING..=MAX_STRING).contains(&run.len())
            && let Ok(run) = std::str::from_utf8(run)
        {
            found(run);
        }
    }
}

/// Strings in order, each once; none is empty or has a NUL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringSet(Box<[u8]>);

impl StringSet {
    /// The set of these strings.
    pub fn new<'a>(strings: impl IntoIterator<Item = &'a str>) -> StringSet {
        let usable = |string: &&str| !string.is_empty() && !string.contains('\0');
        let mut strings: Vec<&str> = strings.into_iter().filter(usable).collect();
        strings.sort_unstable();
        strings.dedup();
        let mut bytes = Vec::with_capacity(strings.iter().map(|string| string.len() + 1).sum());
        for string in strings {
            bytes.extend_from_slice(string.as_bytes());
            bytes.push(0);
        }
        StringSet(bytes.into())
    }

    /// A set from the bytes that [`StringSet::as_bytes`] gave.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> StringSet {
        StringSet(bytes.into())
    }

    /// Each string, ended by a NUL.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The strings in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(|byte| *byte == 0).filter_map(|string| std::str::from_utf8(string).ok()).filter(|s| !s.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    const FUSE: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../config/sample/lib/modules/6.12.44-Zero-OS/kernel/fs/fuse/fuse.ko");

    #[test]
    fn a_run_is_as_long_as_it_can_be() {
        let found = |data: &[u8]| {
            let mut found = Vec::new();
            runs(data, |run| found.push(run.to_owned()));
            found
        };
        assert_eq!(found(b"a/b.bin\0\0\x013 of %d\nab\0abc"), ["a/b.bin", "3 of %d", "abc"]);
        assert_eq!(found("größe.bin\0".as_bytes()), ["e.bin"]);
        assert_eq!(found(&[b'x'; 255]).len(), 1);
        assert!(found(&[b'x'; 256]).is_empty());
    }

    proptest! {
        #[test]
        fn a_set_gives_back_what_it_was_given(strings in proptest::collection::btree_set("[a-z%/ ]{1,9}", 0..20)) {
            let set = StringSet::new(strings.iter().map(String::as_str));
            prop_assert!(set.iter().eq(strings.iter().map(String::as_str)));
            prop_assert_eq!(StringSet::from_bytes(set.as_bytes().to_vec()), set);
        }

        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..6000, to in any::<u8>()) {
            let _ = ModuleFacts::of_file(&bytes, Compression::None);
            bytes.splice(..0, *b"\x7fELF\x02\x01\x01");
            let _ = ModuleFacts::of_file(&bytes, Compression::None);
            let mut damaged = std::fs::read(Path::new(FUSE)).unwrap();
            let at = at % damaged.len();
            damaged[at] = to;
            let _ = ModuleFacts::of_file(&damaged, Compression::None);
        }
    }
}
