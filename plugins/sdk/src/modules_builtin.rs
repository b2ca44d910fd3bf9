//! What is built into the kernel: `modules.builtin` names it, `modules.builtin.modinfo` says of it what `.modinfo` says of
//! a module. The kernel's build writes both; modprobe of something that is built in does nothing, and does not fail.

use std::collections::BTreeMap;

use crate::modules_alias::{ModulesAlias, normalize};
use crate::modules_dep::module_name;

/// What is built in: names, and aliases of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulesBuiltin {
    /// Paths by names.
    modules: BTreeMap<String, String>,
    aliases: ModulesAlias,
}

/// A pair of `modules.builtin.modinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// What it is about, with underscores.
    pub module: String,
    /// Such as `alias` or `firmware`.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl ModulesBuiltin {
    /// Of the text of `modules.builtin`, a path a line, and the bytes of `modules.builtin.modinfo`; either may be empty.
    pub fn parse(paths: &str, modinfo: &[u8]) -> ModulesBuiltin {
        let mut aliases = ModulesAlias::default();
        for Info { module, value, .. } in parse_modinfo(modinfo).filter(|info| info.key == "alias") {
            aliases.add(&value, &module);
        }
        let module = |path: &str| Some((module_name(path)?, path.to_owned()));
        ModulesBuiltin { modules: paths.lines().map(str::trim).filter_map(module).collect(), aliases }
    }

    /// What it is called, and where it would lie if it were a module: `ext4`, `kernel/fs/ext4/ext4.ko`.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.modules.iter().map(|(name, path)| (&**name, &**path))
    }

    /// Whether something of this name is built in.
    pub fn has(&self, name: &str) -> bool {
        self.modules.contains_key(&normalize(name))
    }

    /// The aliases of what is built in.
    pub fn aliases(&self) -> &ModulesAlias {
        &self.aliases
    }
}

/// The pairs of `modules.builtin.modinfo`, `MODULE.KEY=VALUE` with a zero byte after each. What is no such pair is passed
/// over, and what is not UTF-8 shown as U+FFFD: the file has authors' names in it.
pub fn parse_modinfo(bytes: &[u8]) -> impl Iterator<Item = Info> {
    bytes.split(|byte| *byte == 0).filter_map(|pair| {
        let pair = String::from_utf8_lossy(pair);
        let (module, rest) = pair.split_once('.')?;
        let (key, value) = rest.split_once('=')?;
        Some(Info { module: normalize(module), key: key.to_owned(), value: value.to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_files_are_read() {
        let modinfo = b"ext4.author=J\xe9r\xf4me\0ext4.alias=fs-ext4\0e100.firmware=e100/d101m_ucode.bin\0\
                        crc-x.alias=crc-*\0nonsense\0e100.file=a=b\0";
        let builtin = ModulesBuiltin::parse("kernel/fs/ext4/ext4.ko\n\nkernel/lib/crc-x.ko\n", modinfo);
        assert!(builtin.has("ext4") && builtin.has("crc_x") && builtin.has("crc-x") && !builtin.has("xfs"));
        assert_eq!(builtin.modules().nth(1), Some(("ext4", "kernel/fs/ext4/ext4.ko")));
        let by_alias = |name| builtin.aliases().modules(name).into_iter().collect::<Vec<_>>();
        assert_eq!((by_alias("fs-ext4"), by_alias("crc-7"), by_alias("ext4")), (vec!["ext4"], vec!["crc_x"], vec![]));

        let info: Vec<Info> = parse_modinfo(modinfo).collect();
        let pairs: Vec<_> = info.iter().map(|info| (&*info.module, &*info.key, &*info.value)).collect();
        assert_eq!(pairs[0], ("ext4", "author", "J\u{fffd}r\u{fffd}me"));
        assert_eq!(pairs[2], ("e100", "firmware", "e100/d101m_ucode.bin"));
        assert_eq!((pairs.len(), pairs[4]), (5, ("e100", "file", "a=b")));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(paths in ".{0,40}", modinfo in proptest::collection::vec(any::<u8>(), 0..60)) {
            ModulesBuiltin::parse(&paths, &modinfo);
        }
    }
}
