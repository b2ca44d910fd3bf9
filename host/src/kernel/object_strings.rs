//! The strings in an object's data: those that can be names, word for word, and messages by their fingerprints.
//!
//! Most strings of a driver have a space and are for people. They are no names, and nobody asks what they say; whether a
//! driver has one as a whole is still told. A fingerprint is a fifth of such a string.

use object::elf::{SHF_ALLOC, SHF_EXECINSTR};
use object::{Object, ObjectSection, ReadRef, SectionFlags};

use super::modinfo::ModinfoError;

/// Runs of fewer characters are noise: two bytes of a table are printable by chance everywhere.
const MIN_STRING: usize = 3;

/// A longer run is no name: Linux looks up names of 255 bytes at most.
const MAX_STRING: usize = 255;

/// Sections of loaded data that hold no strings of the driver's own: what it declares, and tables of the build.
const OTHER_DATA: [&str; 4] = [".modinfo", "__versions", "__ksymtab_strings", ".gnu.linkonce.this_module"];

/// The printable strings in the data that the kernel loads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectStrings {
    /// Those without a space.
    pub names: StringSet,
    /// Those with one.
    pub messages: FingerprintSet,
}

impl ObjectStrings {
    /// Those of an object, such as a module or a kernel's own file.
    ///
    /// # Errors
    /// Where a section leads out of the file.
    pub(super) fn of<'data, R: ReadRef<'data>>(elf: &object::File<'data, R>) -> Result<ObjectStrings, ModinfoError> {
        let (mut names, mut messages) = (Vec::new(), Vec::new());
        for section in elf.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            let loaded = sh_flags & u64::from(SHF_ALLOC) != 0 && sh_flags & u64::from(SHF_EXECINSTR) == 0;
            if loaded && !section.name().is_ok_and(|name| OTHER_DATA.contains(&name)) {
                let data: &'data [u8] = section.data().map_err(ModinfoError::NotElf)?;
                runs(data, |run| if is_message(run) { messages.push(run) } else { names.push(run) });
            }
        }
        Ok(ObjectStrings { names: StringSet::new(names), messages: FingerprintSet::new(messages) })
    }
}

/// Whether a string is for people.
pub fn is_message(string: &str) -> bool {
    string.contains(' ')
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
pub struct StringSet(Box<str>);

impl StringSet {
    /// The set of these strings.
    pub fn new<'a>(strings: impl IntoIterator<Item = &'a str>) -> StringSet {
        let usable = |string: &&str| !string.is_empty() && !string.contains('\0');
        let mut strings: Vec<&str> = strings.into_iter().filter(usable).collect();
        strings.sort_unstable();
        strings.dedup();
        let mut all = String::with_capacity(strings.iter().map(|string| string.len() + 1).sum());
        for string in strings {
            all.push_str(string);
            all.push('\0');
        }
        StringSet(all.into())
    }

    /// A set from the bytes that [`StringSet::as_bytes`] gave; none where they are no text.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<StringSet> {
        std::str::from_utf8(bytes).ok().map(|all| StringSet(all.into()))
    }

    /// Each string, ended by a NUL.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The strings in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_terminator('\0')
    }
}

/// What tells one string from another: 64 bits of its hash. That two of the million strings of a kernel's modules have the same
/// one happens to one kernel in forty million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; Fingerprint::BYTES]);

impl Fingerprint {
    const BYTES: usize = 8;

    /// The fingerprint of a string.
    pub fn of(string: &str) -> Fingerprint {
        let hash = blake2b_simd::Params::new().hash_length(Fingerprint::BYTES).hash(string.as_bytes());
        Fingerprint(hash.as_bytes().try_into().expect("the hash is as long as was asked for"))
    }
}

/// Strings that are only ever asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FingerprintSet(Box<[u8]>);

impl FingerprintSet {
    /// The set of these strings.
    pub fn new<'a>(strings: impl IntoIterator<Item = &'a str>) -> FingerprintSet {
        let mut all: Vec<Fingerprint> = strings.into_iter().map(Fingerprint::of).collect();
        all.sort_unstable();
        all.dedup();
        FingerprintSet(all.iter().flat_map(|fingerprint| fingerprint.0).collect())
    }

    /// Whether a string with this fingerprint is in it.
    pub fn has(&self, fingerprint: Fingerprint) -> bool {
        self.0.as_chunks::<{ Fingerprint::BYTES }>().0.binary_search(&fingerprint.0).is_ok()
    }

    /// A set from the bytes that [`FingerprintSet::as_bytes`] gave.
    pub(super) fn from_bytes(bytes: &[u8]) -> FingerprintSet {
        FingerprintSet(bytes.into())
    }

    /// The fingerprints in order.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            prop_assert_eq!(StringSet::from_bytes(set.as_bytes()), Some(set));
        }

        #[test]
        fn a_set_of_fingerprints_has_what_it_was_given(
            strings in proptest::collection::hash_set("[a-z ]{1,9}", 0..20),
            others in proptest::collection::hash_set("[a-z ]{1,9}", 0..20),
        ) {
            let set = FingerprintSet::new(strings.iter().map(String::as_str));
            for string in strings.iter().chain(&others) {
                prop_assert_eq!(set.has(Fingerprint::of(string)), strings.contains(string));
            }
            prop_assert_eq!(FingerprintSet::from_bytes(set.as_bytes()), set);
        }
    }
}
