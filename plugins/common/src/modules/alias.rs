//! `modules.alias`: under which names modprobe finds modules, those of hardware (`pci:v00008086d*`) and others (`fs-ext4`).
//! A line is `alias PATTERN MODULE`, the pattern one of fnmatch(3).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::error::IndexError;
use super::names::normalize;
use crate::fnmatch;

/// The aliases of a modules tree. Names and patterns are compared as kmod does, in [`normalize`]d form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulesAlias {
    /// By what their patterns begin with: most look-ups have to try a few of thousands.
    by_prefix: BTreeMap<String, Vec<Alias>>,
    /// Those without a wildcard as they are written, and their modules.
    literal: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Alias {
    pattern: String,
    module: String,
}

impl ModulesAlias {
    /// Reads the file's text. The error names the line.
    pub fn parse(text: &str) -> Result<ModulesAlias, IndexError> {
        let mut aliases = ModulesAlias::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // A pattern may have spaces in it, a module's name never.
            let alias = line.strip_prefix("alias").filter(|rest| rest.starts_with(char::is_whitespace));
            let alias = alias.and_then(|rest| rest.trim_start().rsplit_once(char::is_whitespace));
            let Some((pattern, module)) = alias else {
                return Err(IndexError::Alias { line: number + 1, text: line.to_owned() });
            };
            aliases.add(pattern.trim_end(), module);
        }
        Ok(aliases)
    }

    /// Adds an alias of a module.
    pub fn add(&mut self, as_written: &str, module: &str) {
        let pattern = normalize(as_written);
        let prefix = fnmatch::literal_prefix(&pattern).to_owned();
        if prefix == pattern {
            self.literal.push((as_written.to_owned(), normalize(module)));
        }
        self.by_prefix.entry(prefix).or_default().push(Alias { pattern, module: normalize(module) });
    }

    /// The aliases without a wildcard as they are written, with their modules: what other code may ask for by name.
    pub fn literal(&self) -> impl Iterator<Item = (&str, &str)> {
        self.literal.iter().map(|(alias, module)| (&**alias, &**module))
    }

    /// The modules that modprobe would load for a name that is not a module's: all that have an alias that matches it.
    pub fn modules(&self, name: &str) -> BTreeSet<&str> {
        let name = normalize(name);
        let prefixes = (0..=name.len()).filter_map(|end| self.by_prefix.get(name.get(..end)?));
        let found = prefixes.flatten().filter(|alias| fnmatch::matches(&alias.pattern, &name));
        found.map(|alias| &*alias.module).collect()
    }

    /// The modules with an alias that `pattern` matches as it is written, or that matches `pattern`: `pci:v00008086*` has
    /// the drivers that name one vendor's devices, `pci:*` all that drive a PCI device, and a device's own modalias, as
    /// `/sys` shows it, those that would be loaded for it.
    pub fn matching(&self, pattern: &str) -> BTreeSet<&str> {
        let normal = normalize(pattern);
        let prefix = fnmatch::literal_prefix(&normal);
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let near = self.by_prefix.range::<str, _>(from).take_while(|(known, _)| known.starts_with(prefix));
        let as_written = near.flat_map(|(_, aliases)| aliases).filter(|a| fnmatch::matches(&normal, &a.pattern));
        as_written.map(|alias| &*alias.module).chain(self.modules(pattern)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "# Aliases extracted from modules themselves.\n\
        alias pci:v00008086d00002723sv*sd*bc*sc*i* iwlwifi\n\
        alias pci:v*d*sv*sd*bc01sc08i02* nvme\n\
        alias pci:v000010ECd00008168sv*sd*bc*sc*i* r8169\n\
        alias crc32c crc32c_generic\n\
        alias crc32c crc32c-intel\n\
        alias fs-fuse fuse\n\
        alias dmi*:svnA CO*:pn* of_spaces\n\
        alias mdio:000000[0-1]1 realtek\n";

    fn aliases() -> ModulesAlias {
        ModulesAlias::parse(TEXT).unwrap()
    }

    #[test]
    fn a_name_has_all_modules_whose_aliases_match() {
        let aliases = aliases();
        let modules = |name| aliases.modules(name).into_iter().collect::<Vec<_>>();
        assert_eq!(modules("crc32c"), ["crc32c_generic", "crc32c_intel"]);
        assert_eq!((modules("fs-fuse"), modules("fs_fuse")), (vec!["fuse"], vec!["fuse"]));
        assert_eq!(modules("pci:v00008086d00002723sv00008086sd00000084bc02sc80i00"), ["iwlwifi"]);
        assert_eq!(modules("pci:v00008086d00000001sv0sd0bc01sc08i02"), ["nvme"]);
        assert_eq!((modules("mdio:00000011"), modules("mdio:00000021")), (vec!["realtek"], vec![]));
        assert_eq!((modules("dmi:svnA CORP:pn1"), modules("iwlwifi")), (vec!["of_spaces"], vec![]));
    }

    #[test]
    fn a_pattern_has_the_modules_whose_aliases_it_matches_or_that_match_it() {
        let aliases = aliases();
        let modules = |pattern| aliases.matching(pattern).into_iter().collect::<Vec<_>>();
        assert_eq!(modules("pci:*"), ["iwlwifi", "nvme", "r8169"]);
        assert_eq!(modules("pci:v00008086*"), ["iwlwifi"]);
        assert_eq!(modules("pci:v*bc01*"), ["nvme"]);
        assert_eq!(modules("pci:v00008086d00002723sv0sd0bc01sc08i02"), ["iwlwifi", "nvme"]);
        assert_eq!((modules("fs-*"), modules("mdio:*")), (vec!["fuse"], vec!["realtek"]));
        assert_eq!((modules("*").len(), modules("usb:*").len(), modules("pci").len()), (8, 0, 0));
    }

    #[test]
    fn aliases_without_a_wildcard_stay_as_they_are_written() {
        let aliases = aliases();
        let literal: Vec<_> = aliases.literal().collect();
        assert_eq!(literal, [("crc32c", "crc32c_generic"), ("crc32c", "crc32c_intel"), ("fs-fuse", "fuse")]);
    }

    #[test]
    fn another_line_is_named() {
        let message = |text| ModulesAlias::parse(text).unwrap_err().to_string();
        assert_eq!(message("\nsoftdep a b\n"), "line 2 of modules.alias is not an alias: softdep a b");
        assert_eq!(message("alias a"), "line 1 of modules.alias is not an alias: alias a");
        assert_eq!(message("aliases a b"), "line 1 of modules.alias is not an alias: aliases a b");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(alias [ -ä]{0,9} [a-c]{1,2}\n|.{0,20}\n){0,4}", name in ".{0,9}") {
            if let Ok(aliases) = ModulesAlias::parse(&text) {
                prop_assert!(aliases.modules(&name).is_subset(&aliases.matching(&name)));
            }
        }
    }
}
