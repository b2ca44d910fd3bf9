//! Removes the firmware that no kernel module asks for, before its contents are read.
//!
//! A module names its firmware in `.modinfo`, literally or with `*`, `?` and `[…]`; built-in drivers do in
//! `modules.builtin.modinfo`. What they name is kept where the kernel looks for it, with the symlinks that lead there. Many
//! drivers name nothing: so is what stands in a driver's data, as a whole string or as a format, and what drivers are known
//! to load besides (`extras.toml`). The rest goes.
//!
//! | file | |
//! |---|---|
//! | `settings` | the configuration |
//! | `builtin`, `asked` | what modules and built-in drivers name |
//! | `paths`, `formats`, `strings` | what stands in the data of drivers |
//! | `extras` | the reviewed data of `extras.toml` |
//! | `root`, `pattern` | names in the firmware tree |
//! | `whence` | the symlinks that a checkout of linux-firmware lacks |
//! | `prune`, `reasons` | the decision |
//!
//! Whatever is not known keeps files: a module that can't be read, or built-in drivers that are listed nowhere, mean that nothing
//! is removed for not being named.

mod asked;
mod builtin;
mod extras;
mod formats;
mod paths;
mod pattern;
mod prune;
mod reasons;
mod root;
mod settings;
mod strings;
mod whence;

use std::collections::BTreeSet;

use flistry_plugin::modules::module_files;
use flistry_plugin::symlinks::{FIRMWARE_PLACES, modules_places};
use flistry_plugin::trees::Tree;
use flistry_plugin::{
    Draft, Entry, EntryTree, Error, Facts, Kind, Plugin, PostPack, export, log, module_info, report, trees,
};

use asked::{Asked, Driver};
use builtin::builtins;
use extras::Extras;
use paths::Paths;
use prune::{Decision, prune};
use root::roots;
use settings::Config;
use whence::{Unmade, unmade};

/// How many modules are asked about at once: enough for all cores, and an answer of a few megabytes.
const BATCH: usize = 1024;

/// How many missing names an error lists.
const MAX_MISSING_TOLD: usize = 10;

/// The plugin has no state: all of it is in a [`Decision`].
struct FirmwarePrune;

impl Plugin for FirmwarePrune {
    type Config = Config;

    fn check(config: &Config) -> Result<(), Error> {
        config.settings().map(|_| ())
    }
}

impl PostPack for FirmwarePrune {
    fn edit(facts: &Facts, config: Config, draft: &Draft) -> Result<(), Error> {
        if facts.contents == "modules" {
            let what = format!("flist `{}` has modules: firmware-prune is for an flist of firmware", facts.flist);
            return Err(Error::new("no-firmware", what));
        }
        let settings = config.settings()?;
        let extras = Extras::shipped().map_err(|what| Error::new("bad-extras", what))?;
        let places = FIRMWARE_PLACES.iter().map(|place| (*place).to_owned()).chain(facts.mount.clone());
        let tree = EntryTree::new(draft.all()).seen_at(places);
        let paths = Paths::new(&tree, &roots(&tree, &facts.kernel));
        let mut asked = Asked::default();
        if paths.too_many {
            asked.unknown.push("symlinks to directories lead to more names of files than can be looked up".to_owned());
        }
        for flist in &settings.modules {
            read_modules(flist, &facts.kernel, &paths, &mut asked)?;
        }
        strings::of_kernel(&paths, &mut asked)?;
        if asked.drivers.is_empty() {
            asked.unknown.push(format!("flist `{}` has no modules", settings.modules.join("`, `")));
        }
        for why in &asked.unknown {
            log::warn(&format!("{why}: all firmware is kept"));
        }
        let whence = text(&trees::open(&facts.flist)?, "WHENCE")?;
        let unmade = whence.map(|whence| unmade(&whence, &tree)).unwrap_or_default();
        if let Some(warning) = warning(&unmade) {
            log::warn(&warning);
        }
        let decision = prune(&tree, &paths, &asked, &unmade, &facts.kernel, &settings, &extras);
        tell(&decision);
        if settings.strict && !decision.missing.is_empty() {
            return Err(Error::new("firmware-missing", missing(&decision.missing)));
        }
        for id in &decision.remove {
            draft.remove(*id);
        }
        for (key, count) in [
            ("firmware.kept", decision.kept),
            ("firmware.removed", decision.removed),
            ("firmware.removed-bytes", decision.removed_bytes),
            ("firmware.missing", decision.missing.len() as u64),
        ] {
            draft.set_tag(key, &count.to_string());
        }
        Ok(())
    }
}

/// Adds what the modules of an flist ask for, and what is built in beside them.
fn read_modules(flist: &str, kernel: &str, paths: &Paths, asked: &mut Asked) -> Result<(), Error> {
    let tree = trees::open(flist)?;
    let entries = EntryTree::new(tree.all()).seen_at(modules_places(kernel));
    // One file may be a module under several names.
    let mut seen = BTreeSet::new();
    let modules: Vec<_> = module_files(&entries, EntryTree::ROOT)
        .into_iter()
        .filter(|module| seen.insert((module.file, module.name.clone())))
        .map(|module| (module.entry, module.name, module.path))
        .collect();
    for batch in modules.chunks(BATCH) {
        let ids: Vec<_> = batch.iter().map(|(id, ..)| *id).collect();
        for ((_, name, path), answer) in batch.iter().zip(module_info::read(&tree, &ids)) {
            asked.drivers.insert(name.clone());
            match answer {
                Ok(pairs) => {
                    let firmware = pairs.iter().filter(|(key, _)| key == "firmware");
                    firmware.for_each(|(_, firmware)| asked.name(firmware, name, false));
                }
                Err(error) => asked.unknown.push(format!("{path}: {}", error.message)),
            }
        }
    }
    let drivers: Vec<_> = modules.iter().map(|(id, name, _)| (*id, Driver::module(name))).collect();
    strings::of_modules(&tree, &drivers, paths, asked);
    let list = text(&tree, "modules.builtin")?;
    let modinfo = file(&tree, "modules.builtin.modinfo").map(|file| tree.contents(&file)).transpose()?;
    asked.add_builtins(builtins(list.as_deref(), modinfo.as_deref()));
    Ok(())
}

fn file(tree: &Tree, path: &str) -> Option<Entry> {
    tree.find(path).filter(|entry| entry.kind == Kind::File)
}

fn text(tree: &Tree, path: &str) -> Result<Option<String>, Error> {
    if file(tree, path).is_some() { tree.lossy_text(path) } else { Ok(None) }
}

/// What to do about symlinks that nobody made.
fn warning(unmade: &[Unmade]) -> Option<String> {
    let first = &unmade.first()?.path;
    let symlinks = match unmade.len() {
        1 => "a symlink that is".to_owned(),
        count => format!("{count} symlinks that are"),
    };
    Some(format!(
        "WHENCE lists {symlinks} not there, the first is {first}: a driver that asks by such a name finds nothing. Run \
         `copy-firmware.sh` of linux-firmware, and pack the directory that it makes"
    ))
}

fn tell(decision: &Decision) {
    for (id, reason) in &decision.reasons {
        report::explain_id(*id, reason);
    }
    for (key, value) in &decision.findings {
        report::finding(key, value);
    }
    log::info(&format!(
        "{} files and symlinks kept, {} removed with {} bytes; {} named and missing",
        decision.kept,
        decision.removed,
        decision.removed_bytes,
        decision.missing.len()
    ));
}

/// What is wrong with missing firmware where it is an error.
fn missing(missing: &[String]) -> String {
    let told: Vec<String> = missing.iter().take(MAX_MISSING_TOLD).map(|name| reasons::shorten(name, 80)).collect();
    let more = match missing.len().saturating_sub(MAX_MISSING_TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!(
        "{} named by modules, and not there: {}{more}. Add the firmware, or what may be missing to `allow`",
        if missing.len() == 1 {
            "a firmware file is".to_owned()
        } else {
            format!("{} firmware files are", missing.len())
        },
        told.join("; ")
    )
}

export!(FirmwarePrune: post_pack);

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::{Build, TestTree};

    use super::*;

    #[test]
    fn the_data_of_modules_and_of_the_kernel_is_looked_into() {
        let modules = TestTree::new(["modules.builtin"])
            .module("kernel/ccp.ko.xz", &[("firmware", "amd/amd_sev_fam17h_model0xh.sbin")])
            .strings("kernel/ccp.ko.xz", &["amd/amd_sev_fam%.2xh_model%.1xxh.sbin", "%s.bin"])
            .imports("kernel/ccp.ko.xz", &["firmware_request_nowarn"])
            .module("kernel/rt2800pci.ko", &[])
            .strings("kernel/rt2800pci.ko", &["rt3290.bin", "/rt2870.bin"])
            .module("kernel/snd-hda.ko", &[])
            .imports("kernel/snd-hda.ko", &["request_firmware"]);
        let firmware = [
            "amd/amd_sev_fam17h_model0xh.sbin",
            "amd/amd_sev_fam19h_modelaxh.sbin",
            "amd/amd_other.sbin",
            "rt3290.bin.zst",
            "rt2870.bin",
            "e100/u.bin",
            "z.bin",
        ];
        let build = Build::firmware().grant("modules", modules).kernel_strings(&["e100/u.bin"]);
        let done = build.edit::<FirmwarePrune>("{}", firmware).unwrap();
        let kept: Vec<&str> = firmware.into_iter().filter(|path| done.kept().contains(path)).collect();
        assert_eq!(kept, [firmware[0], firmware[1], "rt3290.bin.zst", "rt2870.bin", "e100/u.bin"]);
        let reason = |path: &str| done.said.explained[path].clone();
        assert_eq!(reason(firmware[1]), "format in ccp (amd/amd_sev_fam%.2xh_model%.1xxh.sbin)");
        assert_eq!(
            (reason("rt3290.bin.zst"), reason("rt2870.bin")),
            ("string in rt2800pci".into(), "string in rt2800pci".into())
        );
        assert_eq!(reason("e100/u.bin"), "string in the kernel");
        assert_eq!(reason("z.bin"), "no module names it");
        let unnamed = "snd_hda: it loads firmware, and neither what it names nor its strings say which";
        assert_eq!(done.said.findings("unnamed"), [unnamed]);
    }

    #[test]
    fn a_checkout_without_its_symlinks_is_told_and_loses_nothing_of_what_they_lead_to() {
        let modules = TestTree::new(["modules.builtin"]).module("kernel/m.ko", &[("firmware", "brcm/f.bin")]);
        let whence = "Link: brcm/f.bin -> ../cypress/g.bin\nLink: nvidia/tu117 -> tu116\n";
        let firmware = TestTree::new(["cypress/g.bin", "cypress/h.bin", "nvidia/tu116/a.bin"]).file("WHENCE", whence);
        let done = Build::firmware().grant("modules", modules).edit::<FirmwarePrune>("{}", firmware).unwrap();
        let files: Vec<&str> = done.kept().into_iter().filter(|path| path.ends_with(".bin")).collect();
        assert_eq!(files, ["cypress/g.bin", "nvidia/tu116/a.bin"]);
        assert_eq!(done.said.explained["cypress/g.bin"], "WHENCE has the symlink brcm/f.bin to it, which is not there");
        let warning = "WHENCE lists 2 symlinks that are not there, the first is brcm/f.bin: a driver that asks by such a name finds \
                       nothing. Run `copy-firmware.sh` of linux-firmware, and pack the directory that it makes";
        assert!(done.said.log.iter().any(|(_, line)| line == warning), "{:?}", done.said.log);
        assert_eq!(done.said.findings("unmade"), ["brcm/f.bin", "nvidia/tu117"]);
        // What a driver asks for is still not there.
        assert_eq!(done.said.findings("missing"), ["brcm/f.bin, named by m"]);
    }

    #[test]
    fn strict_wants_what_is_named_in_the_flist() {
        let modules =
            TestTree::new(["modules.builtin"]).module("kernel/m.ko", &[("firmware", "a.bin"), ("firmware", "b.bin")]);
        let build = Build::firmware().grant("modules", modules);
        let firmware = ["a.bin -> /opt/a.bin", "b.bin", "c -> /opt/c"];
        let error = build.edit::<FirmwarePrune>(r#"{"strict": true}"#, firmware).err().unwrap();
        assert!(error.message.contains("not there: a.bin, named by m, leads out of the flist"), "{}", error.message);
        for lenient in [r#"{"strict": true, "allow": ["a.bin"]}"#, "{}"] {
            let done = build.edit::<FirmwarePrune>(lenient, firmware).unwrap();
            assert_eq!(done.kept(), ["a.bin", "b.bin"]);
        }
    }

    #[test]
    fn each_mistake_in_the_configuration_has_its_message() {
        let message = |json| flistry_plugin::hook::config::<FirmwarePrune>(json).err().unwrap().message;
        assert_eq!(
            message(r#"{"modules": []}"#),
            "`modules` names no flist: without modules nothing says which firmware is needed"
        );
        assert_eq!(message(r#"{"keep": ["a["]}"#), "`keep`: the pattern `a[` is not a glob: `[` without `]`");
        assert!(
            message(r#"{"drop": [""]}"#).starts_with("`drop`: ")
                && message(r#"{"allow": [""]}"#).starts_with("`allow`: ")
        );
        assert_eq!(
            message(r#"{"microcode": "leave"}"#),
            "`microcode`: unknown variant `leave`, expected `keep` or `drop`"
        );
        assert!(message(r#"{"stric": true}"#).contains("unknown field `stric`"));
        assert!(flistry_plugin::hook::config::<FirmwarePrune>("{}").is_ok());
    }

    #[test]
    fn strict_names_the_first_that_are_missing() {
        assert_eq!(
            missing(&["a, named by b".to_owned()]),
            "a firmware file is named by modules, and not there: a, named by b. Add the firmware, or what may be missing to `allow`"
        );
        let many: Vec<String> = (0..30).map(|number| format!("{number}{}", "x".repeat(200))).collect();
        let text = missing(&many);
        assert!(text.starts_with("30 firmware files are named by modules, and not there: 0xx"));
        assert!(text.contains("; and 20 more. Add") && text.len() < 1024, "the host shows no more: {}", text.len());
    }
}
