//! A small modules tree, as depmod leaves one.

use flistry_plugin::testing::TestTree;

/// Modules, and what each needs.
const MODULES: [(&str, &str); 12] = [
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

const SOFTDEP: &str = "softdep r8169 pre: real-tek\nsoftdep btrfs pre: crc32c xor post: blake\n";
const ALIAS: &str =
    "alias pci:v00008086d00001521sv* igb\nalias pci:v*d*sv*bc01sc08* nvme\nalias crc32c crc32c-generic\n";

/// The text of `modules.dep`.
pub fn dep() -> String {
    MODULES.iter().map(|(path, needs)| format!("{path}: {needs}\n")).collect()
}

/// The tree.
pub fn drivers() -> TestTree {
    let tree = TestTree::new(["build -> /usr/src/linux", "modules.order", "vdso/vdso64.so"])
        .file("modules.dep", dep())
        .file("modules.softdep", SOFTDEP)
        .file("modules.weakdep", "weakdep iwlwifi iwlmvm iwldvm\n")
        .file("modules.alias", ALIAS)
        .file("modules.builtin", "kernel/fs/ext4/ext4.ko\nkernel/lib/raid6/xor.ko\n")
        .file("modules.builtin.modinfo", "ext4.alias=fs-ext4\0xor.license=GPL\0");
    MODULES.iter().fold(tree, |tree, (path, _)| tree.module(path, &[]))
}
