//! Whether a node can use what is packed: looked at before anything is read or sent, and again by `verify`.
//!
//! | what | against |
//! |---|---|
//! | how modules are compressed | what the node's kmod reads (`[node]`), what the kernel was configured to write |
//! | how firmware is compressed | what the kernel's firmware loader reads (`CONFIG_FW_LOADER_COMPRESS…`) |
//! | symlinks | the tree: dangling ones, and those that lead out of it |
//! | CPU microcode | the kernel takes it from the initrd, before anything is mounted |
//! | FUSE, modules at all | the kernel's configuration |
//!
//! Which kernel modules were built for is looked at elsewhere ([`vermagic`](super::vermagic)).

use std::collections::BTreeMap;

use flistry_common::symlinks::{FIRMWARE_PLACES, Resolved, modules_places};
use serde::Deserialize;

use crate::kernel::firmware_headers::decompressed;
use crate::kernel::kernel_config::{KernelConfig, KernelOption};
use crate::kernel::modinfo::Compression;
use crate::kernel::remarks::Remarks;
use crate::progress::Warning;
use crate::tree::symlinks::NameIndex;
use crate::tree::{EntryId, FlistKind, Kind, Tree};

/// What nodes can do with what is packed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NodeSettings {
    /// The compressions of modules that the node's kmod reads.
    pub module_compression: Vec<Compression>,
    /// Whether what a node could not use ends a build.
    pub strict: bool,
}

/// Looks at a tree of that kind. `places` are where a node sees it, `kernel` is how the node's kernel was configured.
pub fn check(kind: FlistKind, tree: &Tree, places: &[String], kernel: &KernelConfig, node: &NodeSettings) -> Remarks {
    let mut remarks = Remarks::default();
    if kernel.get("CONFIG_FUSE_FS") == Some(&KernelOption::Unset) {
        remarks.unusable.push(Warning::new(
            "config/kernel.config has no CONFIG_FUSE_FS: no node with this kernel could mount the flist".to_owned(),
            "set it to y or m and build the kernel again",
        ));
    }
    match kind {
        FlistKind::Modules => modules(tree, kernel, node, &mut remarks),
        FlistKind::Firmware => firmware(tree, kernel, &mut remarks),
        FlistKind::Plain => {}
    }
    symlinks(kind, tree, places, node, &mut remarks);
    remarks
}

/// Where a node with that kernel sees an flist, which it may mount elsewhere besides: a symlink to an absolute path there stays
/// within it.
pub fn places(kind: FlistKind, kernel: &str, mount: Option<&str>) -> Vec<String> {
    let usual = match kind {
        FlistKind::Modules => modules_places(kernel).to_vec(),
        FlistKind::Firmware => FIRMWARE_PLACES.map(str::to_owned).to_vec(),
        FlistKind::Plain => Vec::new(),
    };
    usual.into_iter().chain(mount.map(str::to_owned)).collect()
}

fn modules(tree: &Tree, kernel: &KernelConfig, node: &NodeSettings, remarks: &mut Remarks) {
    if kernel.get("CONFIG_MODULES") == Some(&KernelOption::Unset) {
        let what = "config/kernel.config has no CONFIG_MODULES: this kernel loads none".to_owned();
        remarks.unusable.push(Warning::new(what, "set it and build the kernel again"));
    }
    let mut by_compression: BTreeMap<Compression, Group> = BTreeMap::new();
    for (id, _) in tree.files() {
        if let Some(compression) = Compression::of_module(&tree.get(id).name) {
            by_compression.entry(compression).or_default().add(id);
        }
    }
    for (compression, group) in &by_compression {
        if !node.module_compression.contains(compression) {
            let word = compression.as_str();
            let what = match compression {
                Compression::None => format!("{} not compressed, and", group.of("module", "is", "are")),
                _ => format!("{} compressed with {word}, which", group.of("module", "is", "are")),
            };
            let what = format!("{what} the node's kmod is not said to read{}", group.first(tree));
            let hint = format!(
                "if it does, as `modprobe --version` on a node tells, add \"{word}\" to `module-compression` of [node] in config/flistry.toml"
            );
            remarks.unusable.push(Warning::new(what, hint));
        }
    }
    let configured = [Compression::Gzip, Compression::Xz, Compression::Zstd].into_iter().find(|compression| {
        kernel.is_enabled(&format!("CONFIG_MODULE_COMPRESS_{}", compression.as_str().to_uppercase()))
    });
    if let Some(configured) = configured {
        for (other, group) in by_compression.iter().filter(|(other, _)| **other != configured) {
            let (how, word) = (other.as_str(), configured.as_str());
            let how =
                if *other == Compression::None { "not compressed".into() } else { format!("compressed with {how}") };
            let what = group.of("module", "is", "are");
            let first = group.first(tree);
            remarks.notes.push(format!("{what} {how}, config/kernel.config says {word}{first}"));
        }
    }
}

fn firmware(tree: &Tree, kernel: &KernelConfig, remarks: &mut Remarks) {
    for (ending, option, how) in
        [(".xz", "CONFIG_FW_LOADER_COMPRESS_XZ", "xz"), (".zst", "CONFIG_FW_LOADER_COMPRESS_ZSTD", "zstd")]
    {
        let mut group = Group::default();
        decompressed(tree, ending).into_iter().for_each(|(id, _)| group.add(id));
        if group.count() > 0 && !loads(kernel, option) {
            let what = format!(
                "{} compressed with {how}, which this kernel's firmware loader does not read ({option} is not set in config/kernel.config){}",
                group.of("firmware file", "is", "are"),
                group.first(tree)
            );
            remarks.unusable.push(Warning::new(what, "set it and build the kernel again, or decompress the firmware"));
        }
    }
    for microcode in ["amd-ucode", "intel-ucode"] {
        let is_it = |entry: &crate::tree::Entry| entry.parent == EntryId::ROOT && &*entry.name == microcode;
        if tree.iter().skip(1).any(|(_, entry)| is_it(entry)) {
            remarks.notes.push(format!(
                "/{microcode} does nothing for the boot: the kernel takes CPU microcode from the initrd, before an flist can be mounted"
            ));
        }
    }
}

/// Whether the kernel decompresses firmware so. Before 5.19 there was one option, for xz alone.
fn loads(kernel: &KernelConfig, option: &str) -> bool {
    const ALL: &str = "CONFIG_FW_LOADER_COMPRESS";
    let old = || option.ends_with("_XZ") && kernel.get("CONFIG_FW_LOADER_COMPRESS_ZSTD").is_none();
    kernel.is_enabled(ALL) && (kernel.is_enabled(option) || (kernel.get(option).is_none() && old()))
}

/// Symlinks of a modules tree to where the kernel was built: no node needs them.
const OF_THE_BUILD: [&str; 2] = ["build", "source"];

fn is_of_the_build(kind: FlistKind, tree: &Tree, id: EntryId) -> bool {
    let entry = tree.get(id);
    kind == FlistKind::Modules && entry.parent == EntryId::ROOT && OF_THE_BUILD.contains(&&*entry.name)
}

/// How many symlinks lead out of a tree of that kind to what a node may need.
pub fn outside(kind: FlistKind, tree: &Tree, places: &[String]) -> usize {
    let (_, outside) = astray(tree, places);
    outside.all.iter().filter(|id| !is_of_the_build(kind, tree, **id)).count()
}

/// The symlinks that lead to nothing, and those that lead out.
fn astray(tree: &Tree, places: &[String]) -> (Group, Group) {
    let index = NameIndex::from_tree(tree).seen_at(places);
    let (mut dangling, mut outside) = (Group::default(), Group::default());
    for (id, entry) in tree.iter() {
        if let Kind::Symlink { .. } = entry.kind {
            match index.resolve(id) {
                Resolved::Found(_) => {}
                Resolved::Dangling | Resolved::Loop => dangling.add(id),
                Resolved::Escaping => outside.add(id),
            }
        }
    }
    (dangling, outside)
}

/// A symlink that leads to nothing, or out, is a note, and ends a strict build.
fn symlinks(kind: FlistKind, tree: &Tree, places: &[String], node: &NodeSettings, remarks: &mut Remarks) {
    let (dangling, outside) = astray(tree, places);
    for (group, what, remedy) in [
        (dangling, "to nothing", "correct it, or let a filter drop it"),
        (outside, "out of the flist", "put what it leads to into the source, or let a filter drop it"),
    ] {
        let strict = node.strict && !group.all.iter().all(|id| is_of_the_build(kind, tree, *id));
        if group.count() > 0 {
            let what = format!("{} {what}{}", group.of("symlink", "leads", "lead"), group.first(tree));
            match strict {
                true => remarks.unusable.push(Warning::new(what, remedy)),
                false => remarks.notes.push(what),
            }
        }
    }
}

/// Entries of which the same is to be said.
#[derive(Default)]
struct Group {
    all: Vec<EntryId>,
}

impl Group {
    fn add(&mut self, id: EntryId) {
        self.all.push(id);
    }

    fn count(&self) -> usize {
        self.all.len()
    }

    /// `1 symlink leads`, `3 symlinks lead`.
    fn of(&self, noun: &str, one: &str, several: &str) -> String {
        match self.count() {
            1 => format!("1 {noun} {one}"),
            count => format!("{count} {noun}s {several}"),
        }
    }

    fn first(&self, tree: &Tree) -> String {
        let Some(&id) = self.all.first() else { return String::new() };
        let target = match &tree.get(id).kind {
            Kind::Symlink { target } => format!(" -> {}", String::from_utf8_lossy(target)),
            _ => String::new(),
        };
        let path = format!("/{}{target}", tree.path(id));
        let path = crate::printable::Printable(&path);
        if self.count() == 1 { format!(": {path}") } else { format!(" (the first: {path})") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Attributes, Entry, FlistKind, Permissions};

    /// A tree whose root has these entries, in order; `name -> target` is a symlink, `name/` a directory.
    fn tree(entries: &[&str]) -> Tree {
        let attributes = Attributes { permissions: Permissions::of_mode(0o644), uid: 0, gid: 0, mtime: 0 };
        let mut tree = Tree::new(attributes);
        for entry in entries {
            let (name, kind) = match (entry.split_once(" -> "), entry.strip_suffix('/')) {
                (Some((name, target)), _) => (name, Kind::Symlink { target: target.into() }),
                (None, Some(directory)) => (directory, Kind::Directory),
                (None, None) => (*entry, Kind::File { size: 1 }),
            };
            tree.push(Entry { parent: EntryId::ROOT, name: name.into(), kind, attributes }).unwrap();
        }
        tree
    }

    fn remarks(kind: FlistKind, entries: &[&str], kernel: &str) -> Vec<String> {
        let node = NodeSettings { module_compression: vec![Compression::None, Compression::Xz], strict: false };
        remarks_for(kind, entries, kernel, &node)
    }

    fn remarks_for(kind: FlistKind, entries: &[&str], kernel: &str, node: &NodeSettings) -> Vec<String> {
        let places = places(kind, "6.12.44", Some("/srv/fw"));
        let remarks = check(kind, &tree(entries), &places, &KernelConfig::parse(kernel).unwrap(), node);
        let notes = remarks.notes.iter().map(|note| format!("note: {note}"));
        remarks.unusable.into_iter().map(|warning| warning.what).chain(notes).collect()
    }

    #[test]
    fn modules_are_compressed_as_the_node_reads_them() {
        let of = |entries: &[&str], kernel: &str| remarks(FlistKind::Modules, entries, kernel);
        assert!(of(&["a.ko", "b.ko.xz"], "CONFIG_FUSE_FS=m\n").is_empty());
        assert_eq!(
            of(&["a.ko.zst", "b.ko.zst", "c.ko.gz"], ""),
            [
                "1 module is compressed with gzip, which the node's kmod is not said to read: /c.ko.gz",
                "2 modules are compressed with zstd, which the node's kmod is not said to read (the first: /a.ko.zst)",
            ]
        );
        assert_eq!(
            of(&["a.ko", "b.ko.xz"], "CONFIG_MODULE_COMPRESS_XZ=y\n"),
            ["note: 1 module is not compressed, config/kernel.config says xz: /a.ko"]
        );
    }

    #[test]
    fn firmware_is_compressed_as_the_kernel_reads_it() {
        let of = |entries: &[&str], kernel: &str| remarks(FlistKind::Firmware, entries, kernel);
        let both = ["a.bin.xz", "b.bin.zst", "c.bin", "c.bin.xz"];
        let xz = "1 firmware file is compressed with xz, which this kernel's firmware loader does not read \
                  (CONFIG_FW_LOADER_COMPRESS_XZ is not set in config/kernel.config): /a.bin.xz";
        let zstd = "1 firmware file is compressed with zstd, which this kernel's firmware loader does not read \
                    (CONFIG_FW_LOADER_COMPRESS_ZSTD is not set in config/kernel.config): /b.bin.zst";
        assert_eq!(of(&both, "# CONFIG_FW_LOADER_COMPRESS is not set\n"), [xz, zstd]);
        assert_eq!(of(&both, ""), [xz, zstd]);
        let on = "CONFIG_FW_LOADER_COMPRESS=y\n";
        assert_eq!(of(&both, on), [zstd], "before 5.19");
        let only_zstd = "# CONFIG_FW_LOADER_COMPRESS_XZ is not set\nCONFIG_FW_LOADER_COMPRESS_ZSTD=y\n";
        assert_eq!(of(&both, &format!("{on}{only_zstd}")), [xz]);
        let all = "CONFIG_FW_LOADER_COMPRESS_XZ=y\nCONFIG_FW_LOADER_COMPRESS_ZSTD=y\n";
        assert!(of(&both, &format!("{on}{all}")).is_empty());
    }

    #[test]
    fn microcode_and_symlinks_are_noted() {
        let entries = ["a -> b", "amd-ucode/", "c -> ../x", "d -> amd-ucode", "e -> /etc/x", "f -> f"];
        assert_eq!(
            remarks(FlistKind::Firmware, &entries, ""),
            [
                "note: /amd-ucode does nothing for the boot: the kernel takes CPU microcode from the initrd, before an flist can be mounted",
                "note: 2 symlinks lead to nothing (the first: /a -> b)",
                "note: 2 symlinks lead out of the flist (the first: /c -> ../x)",
            ]
        );
    }

    #[test]
    fn absolute_symlinks_to_where_a_node_has_the_flist_stay_within_it() {
        let entries =
            ["a -> /lib/firmware/d", "b -> /usr/lib/firmware/gone", "c -> /srv/fw/d", "d", "e -> /lib/modules/d"];
        let outside = |kind| remarks(kind, &entries, "").pop().unwrap_or_default();
        assert_eq!(outside(FlistKind::Firmware), "note: 1 symlink leads out of the flist: /e -> /lib/modules/d");
        assert_eq!(
            outside(FlistKind::Plain),
            "note: 3 symlinks lead out of the flist (the first: /a -> /lib/firmware/d)"
        );
    }

    #[test]
    fn symlinks_that_lead_to_nothing_or_out_end_a_strict_build() {
        let node = NodeSettings { module_compression: vec![Compression::None], strict: true };
        let strict = |kind, entries: &[&str]| remarks_for(kind, entries, "", &node);
        let found = strict(FlistKind::Firmware, &["a -> b", "c -> ../x"]);
        assert_eq!(found, ["1 symlink leads to nothing: /a -> b", "1 symlink leads out of the flist: /c -> ../x"]);
        // Where the kernel was built is nothing that a node needs.
        let build = ["build -> /usr/src/linux", "source -> /usr/src/linux"];
        assert!(strict(FlistKind::Modules, &build).iter().all(|remark| remark.starts_with("note: ")));
        assert!(
            !strict(FlistKind::Modules, &["build -> /usr/src/linux", "extra -> /opt/oot"])[0].starts_with("note: ")
        );
        assert!(!strict(FlistKind::Plain, &build)[0].starts_with("note: "));
    }

    #[test]
    fn a_kernel_that_can_not_mount_or_load_is_named() {
        let kernel = "# CONFIG_FUSE_FS is not set\n# CONFIG_MODULES is not set\n";
        assert_eq!(remarks(FlistKind::Modules, &[], kernel).len(), 2);
        assert_eq!(remarks(FlistKind::Plain, &[], kernel).len(), 1);
    }
}
