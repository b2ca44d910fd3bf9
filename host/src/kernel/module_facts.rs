//! What the file of a kernel module tells: its `.modinfo`, the strings in its data, and the symbols that it imports.
//!
//! `.modinfo` is what a module declares. What a driver asks for while it runs (a firmware file, another module, a cipher) is
//! often declared nowhere, but its name, or the format that it is made of, has to stand in the module's data.

use object::{Object, ObjectSymbol};

use super::modinfo::{Compression, ModinfoError, pairs_of, parse, plain};
use super::object_strings::{FingerprintSet, ObjectStrings};

/// What a module's file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFacts {
    /// The pairs of `.modinfo`, in its order.
    pub modinfo: Vec<(String, String)>,
    /// The printable strings in the data that the kernel loads.
    pub strings: ObjectStrings,
    /// The symbols that the module takes from the kernel and from other modules.
    pub imports: FingerprintSet,
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
        let imports = FingerprintSet::new(imported.filter(|name| !name.is_empty()));
        Ok(ModuleFacts { modinfo: pairs_of(&elf)?, strings: ObjectStrings::of(&elf)?, imports })
    }

    /// The bytes that it takes to remember this, about.
    pub fn bytes(&self) -> u64 {
        let pairs = self.modinfo.iter().map(|(key, value)| key.len() + value.len() + 2).sum::<usize>();
        let ObjectStrings { names, messages } = &self.strings;
        (pairs + names.as_bytes().len() + messages.as_bytes().len() + self.imports.as_bytes().len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    const FUSE: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../config/sample/lib/modules/6.12.44-Zero-OS/kernel/fs/fuse/fuse.ko");

    proptest! {
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
