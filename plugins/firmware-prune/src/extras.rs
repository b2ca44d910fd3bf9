//! The reviewed data of `extras.toml`.

use std::collections::BTreeSet;

use flistry_plugin::globs::Glob;
use serde::Deserialize;

use crate::pattern::Pattern;

/// `extras.toml` as JSON, by the build script.
const DATA: &str = include_str!(concat!(env!("OUT_DIR"), "/extras.json"));

/// The whole file, compiled.
pub struct Extras {
    /// Firmware whose driver tries lower numbers than the one that a module names.
    pub families: Vec<Derived>,
    /// Files that belong to a firmware and are named after it.
    pub beside: Vec<Derived>,
    /// Files that no module names.
    pub extras: Vec<Extra>,
    /// Licences, which are kept beside what is kept.
    pub licences: Vec<Pattern>,
    /// Why those are kept.
    pub licences_why: String,
    /// Directories of the root with CPU microcode.
    pub microcode: Vec<String>,
}

/// Files of some drivers.
pub struct Extra {
    /// The drivers as the data has them, for messages.
    pub drivers: String,
    modules: Vec<Glob>,
    /// What is kept.
    pub files: Vec<Pattern>,
    /// Why they are kept, for messages.
    pub why: String,
}

/// Files whose names come from a firmware that a module names.
pub struct Derived {
    modules: Vec<Glob>,
    named: Glob,
    files: Vec<String>,
    /// Why they are kept.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    family: Vec<RawDerived>,
    beside: Vec<RawDerived>,
    extra: Vec<RawExtra>,
    licences: RawLicences,
    microcode: RawMicrocode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDerived {
    modules: Vec<String>,
    named: String,
    files: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExtra {
    #[serde(default)]
    modules: Vec<String>,
    files: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLicences {
    files: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMicrocode {
    directories: Vec<String>,
}

impl Extras {
    /// What is in the plugin's own file.
    pub fn shipped() -> Result<Extras, String> {
        Extras::parse(DATA)
    }

    fn parse(text: &str) -> Result<Extras, String> {
        let data: Data = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(Extras {
            families: data.family.into_iter().map(Derived::new).collect::<Result<_, _>>()?,
            beside: data.beside.into_iter().map(Derived::new).collect::<Result<_, _>>()?,
            extras: data.extra.into_iter().map(Extra::new).collect::<Result<_, _>>()?,
            licences: patterns(&data.licences.files)?,
            licences_why: data.licences.why,
            microcode: data.microcode.directories,
        })
    }
}

impl Extra {
    fn new(raw: RawExtra) -> Result<Extra, String> {
        let drivers = raw.modules.join(", ");
        Ok(Extra { drivers, modules: globs(&raw.modules)?, files: patterns(&raw.files)?, why: raw.why })
    }

    /// The driver that makes it apply; an empty name where it always does.
    pub fn applies<'a>(&self, drivers: &'a BTreeSet<String>) -> Option<&'a str> {
        if self.modules.is_empty() {
            return Some("");
        }
        drivers.iter().find(|driver| self.modules.iter().any(|glob| glob.matches(driver))).map(String::as_str)
    }
}

impl Derived {
    fn new(raw: RawDerived) -> Result<Derived, String> {
        let derived =
            Derived { modules: globs(&raw.modules)?, named: Glob::new(&raw.named)?, files: raw.files, why: raw.why };
        // What is made of the data must be a pattern whatever the name.
        for file in &derived.files {
            Pattern::of_extra(&file.replace("{family}", "f").replace("{stem}", "s"))?;
        }
        Ok(derived)
    }

    /// The files that go with `name`, if one of its drivers is meant.
    pub fn files<'a>(&self, name: &str, mut drivers: impl Iterator<Item = &'a str>) -> Vec<Pattern> {
        let meant = |driver: &str| self.modules.iter().any(|glob| glob.matches(driver));
        if !self.named.matches(name) || !drivers.any(meant) {
            return Vec::new();
        }
        let (stem, family) = (escape(stem(name)), family(name).map(escape));
        let file = |template: &String| {
            let family = if template.contains("{family}") { family.as_deref()? } else { "" };
            Pattern::of_extra(&template.replace("{family}", family).replace("{stem}", &stem)).ok()
        };
        self.files.iter().filter_map(file).collect()
    }
}

/// A name without its ending.
fn stem(name: &str) -> &str {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    name[file..].rfind('.').filter(|dot| *dot > 0).map_or(name, |dot| &name[..file + dot])
}

/// A name without its last number and its ending: `iwlwifi-cc-a0-77.ucode` is of the family `iwlwifi-cc-a0`, and
/// `iwlwifi-bz-b0-fm-c0-c101.ucode`, whose number counts something else, of `iwlwifi-bz-b0-fm-c0`.
fn family(name: &str) -> Option<&str> {
    let (family, number) = stem(name).rsplit_once('-')?;
    let digits = number.strip_prefix('c').unwrap_or(number);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(family)
}

/// A name in which nothing is a glob.
fn escape(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            [matches!(c, '*' | '?' | '[').then_some('['), Some(c)]
                .into_iter()
                .flatten()
                .chain(matches!(c, '*' | '?' | '[').then_some(']'))
        })
        .collect()
}

fn globs(texts: &[String]) -> Result<Vec<Glob>, String> {
    texts.iter().map(|text| Glob::new(text)).collect()
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, String> {
    texts.iter().map(|text| Pattern::of_extra(text)).collect()
}

#[cfg(test)]
mod tests {
    use flistry_plugin::EntryTree;
    use flistry_plugin::testing::TestTree;

    use super::*;

    fn files(name: &str, drivers: &[&str], files: &[&str]) -> Vec<String> {
        let (tree, extras) = (TestTree::from(files).to_entry_tree(), Extras::shipped().unwrap());
        let derived = extras.families.iter().chain(&extras.beside);
        let patterns = derived.flat_map(|derived| derived.files(name, drivers.iter().copied()));
        let found = patterns.flat_map(|pattern| pattern.find(&tree, EntryTree::ROOT));
        let mut found: Vec<String> = found.map(|found| tree.entry(found.entry).path.clone()).collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn the_shipped_data_is_good() {
        let extras = Extras::shipped().unwrap();
        assert!(extras.extras.iter().all(|extra| !extra.why.is_empty() && !extra.files.is_empty()));
        assert!(extras.families.iter().chain(&extras.beside).all(|derived| !derived.why.is_empty()));
        let of = |drivers: &[&str]| {
            let drivers: BTreeSet<String> = drivers.iter().map(|driver| (*driver).to_owned()).collect();
            extras.extras.iter().filter(|extra| extra.applies(&drivers).is_some()).count()
        };
        assert_eq!(of(&[]), 0, "each extra has its driver");
        assert_eq!((of(&["btintel"]), of(&["btusb", "rtw89_8852b"])), (1, 1));
    }

    #[test]
    fn a_family_is_what_differs_in_its_last_number() {
        assert_eq!(family("iwlwifi-cc-a0-77.ucode"), Some("iwlwifi-cc-a0"));
        assert_eq!(family("iwlwifi-bz-b0-fm-c0-c101.ucode"), Some("iwlwifi-bz-b0-fm-c0"));
        assert_eq!(family("rtw89/rtw8852b_fw-1.bin"), Some("rtw89/rtw8852b_fw"));
        assert_eq!((family("regulatory.db"), family("a-b.bin"), family("a-")), (None, None, None));
        assert_eq!((stem("a.b/c"), stem("a/.c"), stem("a/c.d.e")), ("a.b/c", "a/.c", "a/c.d"));
    }

    #[test]
    fn drivers_that_count_down_find_what_there_is() {
        let there =
            ["iwlwifi-cc-a0-72.ucode", "iwlwifi-cc-a0.pnvm", "iwlwifi-cc-b0-72.ucode", "iwlwifi-cc-a0-74.ucode.zst"];
        let found = ["iwlwifi-cc-a0-72.ucode", "iwlwifi-cc-a0-74.ucode.zst", "iwlwifi-cc-a0.pnvm"];
        assert_eq!(files("iwlwifi-cc-a0-77.ucode", &["iwlwifi"], &there), found);
        assert_eq!(files("iwlwifi-cc-a0-77.ucode", &["another"], &there), [""; 0]);
        let there = ["rtw89/rtw8852b_fw.bin", "rtw89/rtw8852b_fw-0.bin", "rtw89/rtw8852bt_fw.bin"];
        let found = ["rtw89/rtw8852b_fw-0.bin", "rtw89/rtw8852b_fw.bin"];
        assert_eq!(files("rtw89/rtw8852b_fw-1.bin", &["rtw89_8852b"], &there), found);
    }

    #[test]
    fn board_files_go_with_their_firmware() {
        let there = ["brcm/x-sdio.bin", "brcm/x-sdio.clm_blob", "brcm/x-sdio.acme,one.txt", "brcm/x-pcie.bin"];
        assert_eq!(files("brcm/x-sdio.bin", &["brcmfmac"], &there), [""; 0], "no name of the driver's");
        let there = ["brcm/brcmfmac1-sdio.bin", "brcm/brcmfmac1-sdio.clm_blob", "brcm/brcmfmac1-pcie.bin"];
        assert_eq!(files("brcm/brcmfmac1-sdio.bin", &["brcmfmac"], &there), there[..2]);
    }

    #[test]
    fn a_name_s_own_stars_stay_what_they_are() {
        assert_eq!(escape("a*b[c?"), "a[*]b[[]c[?]");
    }

    #[test]
    fn a_mistake_in_the_data_is_told() {
        let wrong = |from: &str, to: &str| Extras::parse(&DATA.replacen(from, to, 1)).err().unwrap();
        assert!(wrong("\"modules\"", "\"module\"").contains("unknown field `module`"));
        assert!(wrong("qca/*", "qca//*").contains("`qca//*` is not a path"));
        assert!(wrong("{family}.pnvm", "/{family}.pnvm").contains("is not a path"));
    }
}
