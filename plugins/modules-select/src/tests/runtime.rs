//! What modules ask for while they run.

use super::*;

/// A tree with wireless drivers, ciphers, sound, character sets and a few words.
fn asking() -> TestTree {
    let modules = [
        ("kernel/arch/x86/crypto/aesni-intel.ko.xz", ""),
        ("kernel/crypto/ccm.ko.xz", ""),
        ("kernel/crypto/hmac-x.ko.xz", ""),
        ("kernel/crypto/sha256_generic.ko.xz", ""),
        ("kernel/drivers/media/core/dst.ko.xz", ""),
        ("kernel/drivers/media/frontends/stv0299.ko.xz", ""),
        ("kernel/drivers/media/rc/rc-nebula.ko.xz", ""),
        ("kernel/drivers/media/tuners/tuner.ko.xz", ""),
        ("kernel/drivers/media/usb/bttv.ko.xz", ""),
        ("kernel/drivers/mfd/mfd-core.ko.xz", ""),
        ("kernel/drivers/mfd/cros_ec_dev.ko.xz", "kernel/drivers/mfd/mfd-core.ko.xz"),
        ("kernel/drivers/media/cec/cros-ec-cec.ko.xz", ""),
        ("kernel/drivers/net/wifi/iwlmvm.ko.xz", "kernel/drivers/net/wifi/iwlwifi.ko.xz"),
        ("kernel/drivers/net/wifi/iwlwifi.ko.xz", "kernel/net/mac80211.ko.xz"),
        ("kernel/drivers/scsi/ahci.ko.xz", ""),
        ("kernel/drivers/scsi/sd_mod.ko.xz", ""),
        ("kernel/drivers/scsi/st.ko.xz", ""),
        ("kernel/fs/fat/vfat.ko.xz", ""),
        ("kernel/fs/nls/nls_ascii.ko.xz", ""),
        ("kernel/fs/nls/nls_cp437.ko.xz", ""),
        ("kernel/fs/nls/nls_cp850.ko.xz", ""),
        ("kernel/fs/nls/nls_iso8859-15.ko.xz", ""),
        ("kernel/lib/raid6.ko.xz", ""),
        ("kernel/net/ipt_ah.ko.xz", ""),
        ("kernel/net/mac80211.ko.xz", ""),
        ("kernel/net/nf_asker.ko.xz", ""),
        ("kernel/sound/hda/snd-hda-codec.ko.xz", ""),
        ("kernel/sound/hda/snd-hda-codec-realtek.ko.xz", "kernel/sound/hda/snd-hda-codec.ko.xz"),
        ("kernel/sound/hda/snd-hda-intel.ko.xz", "kernel/sound/hda/snd-hda-codec.ko.xz"),
    ];
    let alias = "alias crypto-ccm ccm\nalias ccm ccm\nalias crypto-aes aesni_intel\nalias aes aesni_intel\n\
                 alias crypto-sha256 sha256_generic\nalias crypto-hmac hmac-x\nalias platform:cros-ec-cec cros-ec-cec\n\
                 alias hdaudio:v10EC0236r*a01* snd_hda_codec_realtek\nalias auxiliary:bttv.eth raid6\n";
    let tree = TestTree::new(["modules.order"])
        .file("modules.dep", modules.map(|(path, needs)| format!("{path}: {needs}\n")).concat())
        .file("modules.softdep", "")
        .file("modules.weakdep", "")
        .file("modules.alias", alias)
        .file("modules.symbols", "# Aliases for symbols\nalias symbol:stv0299_attach stv0299\n")
        .file("modules.builtin", "kernel/fs/ext4/ext4.ko\n")
        .file("modules.builtin.modinfo", "");
    modules.iter().fold(tree, |tree, (path, _)| tree.module(path, &[]))
}

fn path(name: &str) -> String {
    let entries = asking().entries();
    let found = entries.iter().find(|entry| entry.path.ends_with(&format!("/{name}.ko.xz")));
    found.unwrap_or_else(|| panic!("no {name}")).path.clone()
}

/// The tree in which one module has imports and strings.
fn with(module: &str, imports: &[&str], strings: &[&str]) -> TestTree {
    asking().imports(&path(module), imports).strings(&path(module), strings)
}

/// The names of what is kept with a module.
fn along(tree: &TestTree, module: &str) -> String {
    let kept = kept_in(tree, &format!(r#"{{"list": "{module}"}}"#));
    kept.keys().filter(|name| *name != module).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn found_in(tree: &TestTree, json: &str, key: &str) -> Vec<String> {
    select_in(tree, json).unwrap().said.findings(key).into_iter().map(str::to_owned).collect()
}

#[test]
fn ciphers_that_a_module_asks_for_come_along_part_by_part() {
    let tree = with("mac80211", &["crypto_alloc_aead"], &["ccm(aes)", "hmac(sha256) is not it", "cmac(%s)"]);
    let kept = kept_in(&tree, r#"{"list": "iwlwifi"}"#);
    assert_eq!(names(&kept), "aesni-intel ccm iwlwifi mac80211");
    assert_eq!(
        kept["ccm"],
        "asked for at run time by mac80211 (crypto-ccm), needed by iwlwifi (hard), selected by line 1 of `list`, `iwlwifi`"
    );
    assert_eq!(found_in(&tree, r#"{"list": "iwlwifi"}"#, "at-run-time"), ["2 modules"]);
    // Each way to a cipher is one; a cipher alone is as good as a template.
    for symbol in ["crypto_alloc_shash", "crypto_has_alg", "crypto_grab_skcipher", "crypto_alloc_base"] {
        assert_eq!(along(&with("vfat", &[symbol], &["sha256"]), "vfat"), "nls_cp437 sha256_generic", "{symbol}");
    }
    // Without the symbol it is only a string, and so it is for another way to ask.
    for symbols in [&["printk"][..], &["__request_module"]] {
        let tree = with("raid6", symbols, &["sha256", "ccm", "hmac(sha256)"]);
        assert_eq!(along(&tree, "raid6"), "", "{symbols:?}");
        assert_eq!(
            found_in(&tree, r#"{"list": "raid6"}"#, "hinted"),
            ["ccm, named in raid6", "sha256_generic, named in raid6"]
        );
    }
}

#[test]
fn modules_that_a_module_asks_for_by_name_come_along() {
    let ask = |strings: &[&str]| along(&with("bttv", &["__request_module"], strings), "bttv");
    // However it is spelled, and with the name of a symbol.
    assert_eq!(ask(&["rc-nebula"]), "rc-nebula");
    assert_eq!(ask(&["rc_nebula", "nls_iso8859_15"]), "nls_iso8859-15 rc-nebula");
    assert_eq!(ask(&["symbol:stv0299_attach", "symbol:other_attach"]), "stv0299");
    // A word is a name where both are of a subsystem, or one builds upon the other.
    assert_eq!(ask(&["tuner"]), "tuner");
    let tree = with("iwlwifi", &["__request_module"], &["iwlmvm", "dst"]);
    assert_eq!(along(&tree, "iwlwifi"), "iwlmvm mac80211");
    assert_eq!(found_in(&tree, r#"{"list": "iwlwifi"}"#, "hinted"), ["dst, named in iwlwifi"]);
    // Only one that asks does ask.
    assert_eq!(along(&with("bttv", &[], &["rc-nebula", "symbol:stv0299_attach"]), "bttv"), "");
}

#[test]
fn what_a_module_s_asks_for_asks_too() {
    let tree = with("iwlwifi", &["__request_module"], &["iwlmvm"])
        .imports(&path("iwlmvm"), &["crypto_alloc_shash"])
        .strings(&path("iwlmvm"), &["hmac(sha256)"]);
    let kept = kept_in(&tree, r#"{"list": "iwlwifi"}"#);
    assert_eq!(names(&kept), "hmac-x iwlmvm iwlwifi mac80211 sha256_generic");
    assert!(
        kept["hmac-x"].starts_with(
            "asked for at run time by iwlmvm (crypto-hmac), asked for at run time by iwlwifi (iwlmvm), selected"
        ),
        "{kept:?}"
    );
}

#[test]
fn devices_that_a_module_makes_have_their_drivers() {
    let cells = with("cros_ec_dev", &["mfd_add_devices"], &["cros-ec-cec"]);
    let kept = kept_in(&cells, r#"{"list": "cros_ec_dev"}"#);
    assert_eq!(names(&kept), "cros-ec-cec cros_ec_dev mfd-core");
    assert!(kept["cros-ec-cec"].starts_with("asked for at run time by cros_ec_dev (platform:cros-ec-cec), selected"));
    // Devices on the auxiliary bus have their maker's name before theirs.
    assert_eq!(along(&with("bttv", &["__auxiliary_device_add"], &["eth"]), "bttv"), "raid6");
    assert_eq!(along(&with("vfat", &["__auxiliary_device_add"], &["eth"]), "vfat"), "nls_cp437");
}

#[test]
fn what_formats_only_hint_at_goes_by_families() {
    assert_eq!(along(&asking(), "snd-hda-intel"), "snd-hda-codec snd-hda-codec-realtek");
    let disks = with("ahci", &["scsi_host_alloc"], &[]);
    assert_eq!(along(&disks, "ahci"), "sd_mod");
    assert_eq!(
        found_in(&disks, r#"{"list": "ahci"}"#, "hinted"),
        ["st, by st: tapes, changers, enclosures and generic access of a SCSI host of ahci"]
    );
    // A format of no family is told.
    let tree = with("nf_asker", &["__request_module"], &["ipt_%s", "%s", "mac%d"]);
    assert_eq!(along(&tree, "nf_asker"), "");
    assert_eq!(found_in(&tree, r#"{"list": "nf_asker"}"#, "hinted"), ["ipt_ah, by ipt_%s of nf_asker"]);
}

#[test]
fn character_sets_come_by_the_kernel_s_configuration() {
    let tree = with("vfat", &["load_nls"], &["ascii", "cp%d"]);
    let kept = |build: Build| {
        let explained = build.filter::<ModulesSelect>(r#"{"list": "vfat"}"#, &tree).unwrap().said.explained;
        let name = |path: &String| path.rsplit('/').next().unwrap().trim_end_matches(".ko.xz").to_owned();
        explained.keys().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(kept(Build::modules()), "vfat nls_ascii nls_cp437");
    let configured = Build::modules()
        .kernel_option("CONFIG_FAT_DEFAULT_CODEPAGE", "850")
        .kernel_option("CONFIG_FAT_DEFAULT_IOCHARSET", "iso8859-15");
    assert_eq!(kept(configured), "vfat nls_ascii nls_cp437 nls_cp850 nls_iso8859-15");
}

#[test]
fn the_setting_says_what_becomes_of_it() {
    let tree = with("mac80211", &["crypto_alloc_aead"], &["ccm(aes)", "dst"]);
    let json = |runtime: &str| format!(r#"{{"list": "iwlwifi", "runtime": "{runtime}"}}"#);
    let kept = |runtime| names(&kept_in(&tree, &json(runtime)));
    assert_eq!(kept("include"), "aesni-intel ccm iwlwifi mac80211");
    assert_eq!((kept("report"), kept("off")), ("iwlwifi mac80211".into(), "iwlwifi mac80211".into()));
    assert_eq!(
        found_in(&tree, &json("report"), "asked-for"),
        ["aesni_intel, at run time by mac80211 (crypto-aes)", "ccm, at run time by mac80211 (crypto-ccm)"]
    );
    assert_eq!(found_in(&tree, &json("report"), "hinted"), ["dst, named in mac80211"]);
    for key in ["asked-for", "hinted", "at-run-time"] {
        assert!(found_in(&tree, &json("off"), key).is_empty(), "{key}");
    }
    let (_, message) = refused(&tree, &json("maybe"));
    assert!(message.contains("unknown variant `maybe`, expected one of `include`, `report`, `off`"), "{message}");
}

#[test]
fn what_is_excluded_and_asked_for_is_kept_and_told() {
    let tree = with("mac80211", &["crypto_alloc_aead"], &["ccm(%s)"]);
    let json = r#"{"list": "iwlwifi", "rules": [{"exclude": {"directory": "kernel/crypto"}}]}"#;
    assert_eq!(names(&kept_in(&tree, json)), "ccm iwlwifi mac80211");
    let found = found_in(&tree, json, "excluded-but-needed");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with(
            "ccm: left out by rule 1: exclude directory `kernel/crypto`, but asked for at run time by mac80211 (crypto-ccm)"
        ),
        "{found:?}"
    );
}

#[test]
fn a_module_that_can_t_be_looked_into_is_told() {
    let tree = asking().lines(["kernel/lib/raid6.ko.xz"]);
    assert_eq!(along(&tree, "raid6"), "");
    assert_eq!(found_in(&tree, r#"{"list": "raid6"}"#, "unknown").len(), 1);
}

#[test]
fn what_the_kernel_has_built_in_has_dependencies_too() {
    let modinfo = "ext4.softdep=pre: sha256 nope\0ext4.softdep=post: rc-nebula\0ext4.alias=fs-ext4\0";
    let tree = asking().file("modules.alias", "alias sha256 sha256_generic\n").file("modules.builtin.modinfo", modinfo);
    let kept = kept_in(&tree, r#"{"list": "raid6"}"#);
    assert_eq!(names(&kept), "raid6 rc-nebula sha256_generic");
    assert_eq!(kept["sha256_generic"], "needed by ext4 (soft, pre), which is built into the kernel");
    assert_eq!(kept["rc-nebula"], "needed by ext4 (soft, post), which is built into the kernel");
    assert_eq!(found_in(&tree, r#"{"list": "raid6"}"#, "absent"), ["nope, soft or weak dependency of ext4"]);
    // Against a rule, too.
    let json = r#"{"list": "raid6", "rules": [{"exclude": {"name": "rc-*"}}]}"#;
    assert_eq!(
        found_in(&tree, json, "excluded-but-needed"),
        [
            "rc_nebula: left out by rule 1: exclude name `rc_*`, but needed by ext4 (soft, post), which is built into the kernel"
        ]
    );
}
