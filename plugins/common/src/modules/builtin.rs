//! What is built into the kernel: `modules.builtin` names it, `modules.builtin.modinfo` says of it what `.modinfo` says of
//! a module. The kernel's build writes both; modprobe of something that is built in does nothing, and does not fail.

use std::collections::{BTreeMap, BTreeSet};

use super::alias::ModulesAlias;
use super::error::ModinfoError;
use super::names::{module_name, normalize};

/// What is built in: names, and aliases of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulesBuiltin {
    /// Paths by names.
    modules: BTreeMap<String, String>,
    aliases: ModulesAlias,
}

/// A record of `modules.builtin.modinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltinInfo {
    /// The module that it is about, with underscores.
    pub module: String,
    /// Such as `alias` or `firmware`.
    pub key: String,
    /// What the key is set to.
    pub value: String,
}

impl ModulesBuiltin {
    /// Reads the text of `modules.builtin`, a path a line, and the bytes of `modules.builtin.modinfo`; either may be empty.
    /// Records that can't be read are ignored: aliases are all that is taken from them.
    pub fn parse(paths: &str, modinfo: &[u8]) -> ModulesBuiltin {
        let mut aliases = ModulesAlias::default();
        for info in parse_builtin_modinfo(modinfo).flatten().filter(|info| info.key == "alias") {
            aliases.add(&info.value, &info.module);
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

/// What `modules.builtin` lists and `modules.builtin.modinfo` says nothing of, by name: the kernel's build writes a record
/// `file=` for everything that it lists, so the rest of the file is missing. A file without such records, of an older kernel,
/// must at least have a record of each. Nothing is missing where one of the files is empty.
pub fn without_records(paths: &str, modinfo: &[u8]) -> Vec<String> {
    let records: Vec<BuiltinInfo> = parse_builtin_modinfo(modinfo).flatten().collect();
    let has_files = records.iter().any(|info| info.key == "file");
    let known = records.iter().filter(|info| !has_files || info.key == "file");
    let known: BTreeSet<&str> = known.map(|info| &*info.module).collect();
    let listed = paths.lines().map(str::trim).filter_map(module_name);
    listed.filter(|name| !records.is_empty() && !known.contains(&**name)).collect()
}

/// The records of `modules.builtin.modinfo`, `MODULE.KEY=VALUE` with a zero byte after each. What is not UTF-8 becomes U+FFFD:
/// the file has authors' names in it.
pub fn parse_builtin_modinfo(bytes: &[u8]) -> impl Iterator<Item = Result<BuiltinInfo, ModinfoError>> {
    let records = bytes.split_inclusive(|byte| *byte == 0).filter(|record| *record != b"\0");
    records.map(|record| {
        let record = record.strip_suffix(b"\0").ok_or(ModinfoError::Truncated)?;
        let text = String::from_utf8_lossy(record);
        let pair = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
        let ((module, key), value) = pair.ok_or_else(|| ModinfoError::Malformed(text.to_string()))?;
        Ok(BuiltinInfo { module: normalize(module), key: key.to_owned(), value: value.to_owned() })
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

        let info: Vec<BuiltinInfo> = parse_builtin_modinfo(modinfo).flatten().collect();
        let pairs: Vec<_> = info.iter().map(|info| (&*info.module, &*info.key, &*info.value)).collect();
        assert_eq!(pairs[0], ("ext4", "author", "J\u{fffd}r\u{fffd}me"));
        assert_eq!(pairs[2], ("e100", "firmware", "e100/d101m_ucode.bin"));
        assert_eq!((pairs.len(), pairs[4]), (5, ("e100", "file", "a=b")));
    }

    #[test]
    fn records_that_are_missing_are_noticed() {
        let whole = b"a.license=GPL\0a.file=fs/a\0b-x.license=GPL\0b-x.file=fs/b-x\0".to_vec();
        let list = "kernel/fs/a.ko\nkernel/fs/b-x.ko\n";
        assert!(without_records(list, &whole).is_empty() && without_records(list, b"").is_empty());
        let cut: Vec<u8> = whole.iter().copied().take(24).collect();
        assert_eq!(without_records(list, &cut), ["b_x"]);
        // Within what is said of one driver.
        let cut: Vec<u8> = whole.iter().copied().take(b"a.license=GPL\0a.file=fs/a\0b-x.license=GPL\0".len()).collect();
        assert_eq!(without_records(list, &cut), ["b_x"]);
        assert_eq!(without_records(list, b"a.license=GPL\0"), ["b_x"]);
    }

    #[test]
    fn damage_is_told() {
        let records = parse_builtin_modinfo(b"a.license=GPL\0\0firmware=x\0a=b.c\0b.fi");
        let errors: Vec<String> = records.filter_map(Result::err).map(|error| error.to_string()).collect();
        assert_eq!(
            errors,
            ["`firmware=x` is not MODULE.KEY=VALUE", "`a=b.c` is not MODULE.KEY=VALUE", "its last record is truncated"]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(paths in ".{0,40}", modinfo in proptest::collection::vec(any::<u8>(), 0..60)) {
            ModulesBuiltin::parse(&paths, &modinfo);
        }
    }
}
