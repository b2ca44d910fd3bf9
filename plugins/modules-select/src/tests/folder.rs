//! A tree in memory, as the plugin sees one.

use std::collections::BTreeMap;

use flistry_plugin::{Attributes, Entry, EntryId, Error, Kind};

use crate::tree::Source;

/// A tree by its paths: what files hold, and where links lead to.
#[derive(Clone)]
pub struct Folder {
    pub files: BTreeMap<&'static str, String>,
    pub links: BTreeMap<&'static str, &'static str>,
    pub info: BTreeMap<&'static str, Attributes>,
}

impl Source for Folder {
    fn entries(&self) -> Vec<Entry> {
        let mut paths: BTreeMap<Vec<&str>, (Kind, Option<&str>)> = BTreeMap::new();
        paths.insert(vec![""], (Kind::Directory, None));
        let files = self.files.keys().map(|path| (*path, Kind::File, None));
        let links = self.links.iter().map(|(path, target)| (*path, Kind::Symlink, Some(*target)));
        for (path, kind, target) in files.chain(links) {
            for (end, _) in path.match_indices('/') {
                paths.insert(path[..end].split('/').collect(), (Kind::Directory, None));
            }
            paths.insert(path.split('/').collect(), (kind, target));
        }
        let numbered = (0..).zip(paths);
        let entry = numbered.map(|(id, (path, (kind, target)))| Entry {
            id,
            path: path.join("/"),
            kind,
            size: 0,
            mode: 0o644,
            target: target.map(str::to_owned),
            attributes: Vec::new(),
        });
        entry.collect()
    }

    fn contents(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.files.get(path).map(|text| text.clone().into_bytes()))
    }

    fn info(&self, modules: &[EntryId]) -> Vec<Result<Attributes, Error>> {
        let entries = self.entries();
        let of = |id: &EntryId| Ok(self.info.get(&*entries[*id as usize].path).cloned().unwrap_or_default());
        modules.iter().map(of).collect()
    }
}

/// Network, sound and disk drivers, as a kernel build and depmod leave them.
pub fn folder() -> Folder {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let modules = [
        ("kernel/crypto/crc32c_generic.ko.xz", ""),
        ("kernel/drivers/net/igb.ko.xz", "kernel/drivers/net/phy/libphy.ko.xz"),
        ("kernel/drivers/net/phy/libphy.ko.xz", ""),
        ("kernel/drivers/net/phy/real-tek.ko.xz", "kernel/drivers/net/phy/libphy.ko.xz"),
        ("kernel/drivers/net/r8169.ko.xz", "kernel/drivers/net/phy/libphy.ko.xz"),
        ("kernel/drivers/net/wifi/iwlmvm.ko.xz", "kernel/drivers/net/wifi/iwlwifi.ko.xz"),
        ("kernel/drivers/net/wifi/iwlwifi.ko.xz", ""),
        ("kernel/drivers/nvme/nvme.ko.xz", "kernel/drivers/nvme/nvme-core.ko.xz"),
        ("kernel/drivers/nvme/nvme-core.ko.xz", ""),
        ("kernel/fs/btrfs.ko.xz", ""),
        ("kernel/sound/snd-hda.ko.xz", "kernel/sound/snd_pcm.ko.xz"),
        ("kernel/sound/snd_pcm.ko.xz", ""),
    ];
    for (path, needs) in modules {
        files.insert(path, String::new());
        files.entry("modules.dep").or_default().push_str(&format!("{path}: {needs}\n"));
    }
    for (path, text) in [
        ("modules.softdep", "softdep r8169 pre: real-tek\nsoftdep btrfs pre: crc32c xor post: blake\n"),
        ("modules.weakdep", "weakdep iwlwifi iwlmvm iwldvm\n"),
        (
            "modules.alias",
            "alias pci:v00008086d00001521sv* igb\nalias pci:v*d*sv*bc01sc08* nvme\nalias crc32c crc32c-generic\n",
        ),
        ("modules.builtin", "kernel/fs/ext4/ext4.ko\nkernel/lib/raid6/xor.ko\n"),
        ("modules.builtin.modinfo", "ext4.alias=fs-ext4\0"),
        ("modules.order", ""),
        ("vdso/vdso64.so", ""),
    ] {
        files.insert(path, text.to_owned());
    }
    Folder { files, links: [("build", "/usr/src/linux")].into(), info: BTreeMap::new() }
}
