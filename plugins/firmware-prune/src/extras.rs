//! The reviewed data of `extras.toml`.

use std::collections::BTreeSet;

use flistry_plugin::globs::Glob;
use serde::Deserialize;

use crate::asked::Asked;
use crate::pattern::Pattern;

/// `extras.toml` as JSON, by the build script.
const DATA: &str = include_str!(concat!(env!("OUT_DIR"), "/extras.json"));

/// The whole file, compiled.
pub struct Extras {
    /// Firmware whose driver tries lower numbers than the one that a module names.
    pub families: Vec<Derived>,
    /// Which numbers of a family drivers of some kernels take.
    pub ranges: Vec<Range>,
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
    /// The lowest number that the driver takes, where it is the same in all kernels.
    pub lowest: Option<u32>,
    /// Why they are kept.
    pub why: String,
}

/// The numbers that a driver takes, as its source says for some kernels.
pub struct Range {
    modules: Vec<Glob>,
    kernels: Vec<String>,
    /// What the driver of these kernels names: another number there is another driver, of which nothing is known.
    shown_by: String,
    families: Vec<Glob>,
    lowest: u32,
    highest: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    family: Vec<RawDerived>,
    range: Vec<RawRange>,
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
    lowest: Option<u32>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRange {
    modules: Vec<String>,
    kernels: Vec<String>,
    shown_by: String,
    families: Vec<String>,
    lowest: u32,
    highest: u32,
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
            ranges: data.range.into_iter().map(Range::new).collect::<Result<_, _>>()?,
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
        let derived = Derived {
            modules: globs(&raw.modules)?,
            named: Glob::new(&raw.named)?,
            files: raw.files,
            lowest: raw.lowest,
            why: raw.why,
        };
        // What is made of the data must be a pattern whatever the name.
        for file in &derived.files {
            Pattern::of_extra(&file.replace("{family}", "f").replace("{stem}", "s"))?;
        }
        Ok(derived)
    }

    /// Whether a driver is meant.
    pub fn is_for(&self, driver: &str) -> bool {
        self.modules.iter().any(|glob| glob.matches(driver))
    }

    /// The files that go with `name`, if one of its drivers is meant.
    pub fn files<'a>(&self, name: &str, mut drivers: impl Iterator<Item = &'a str>) -> Vec<Pattern> {
        if !self.named.matches(name) || !drivers.any(|driver| self.is_for(driver)) {
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

impl Range {
    fn new(raw: RawRange) -> Result<Range, String> {
        let RawRange { modules, kernels, shown_by, families, lowest, highest } = raw;
        if lowest > highest {
            return Err(format!("`{shown_by}`: no number is from {lowest} to {highest}"));
        }
        Ok(Range { modules: globs(&modules)?, kernels, shown_by, families: globs(&families)?, lowest, highest })
    }

    /// Whether it is certain for this driver of this kernel.
    fn is_of(&self, driver: &str, kernel: &str, asked: &Asked) -> bool {
        let of_kernel = |version: &String| {
            kernel.strip_prefix(version.as_str()).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        let names_it =
            || asked.names.get(&self.shown_by).is_some_and(|drivers| drivers.iter().any(|other| other.name == driver));
        self.modules.iter().any(|glob| glob.matches(driver)) && self.kernels.iter().any(of_kernel) && names_it()
    }
}

/// What is known of whether a driver takes a file of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// It does.
    Yes,
    /// It does not: these are the numbers that it takes.
    Only(u32, u32),
    /// Nothing says.
    Unknown,
}

impl Extras {
    /// Whether a driver takes a file, by the number in its name. `lowest` is what the family itself says.
    pub fn takes(&self, driver: &str, file: &str, kernel: &str, asked: &Asked, lowest: Option<u32>) -> Takes {
        let file = file.rsplit('/').next().unwrap_or(file);
        let Some((family, number)) = family(file).zip(number(file)) else {
            return if lowest.is_some() { Takes::Yes } else { Takes::Unknown };
        };
        let mut ranges = self.ranges.iter().filter(|range| range.families.iter().any(|glob| glob.matches(family)));
        match (ranges.find(|range| range.is_of(driver, kernel, asked)), lowest) {
            (Some(range), _) if (range.lowest..=range.highest).contains(&number) => Takes::Yes,
            (Some(range), _) => Takes::Only(range.lowest, range.highest),
            (None, Some(lowest)) if number >= lowest => Takes::Yes,
            _ => Takes::Unknown,
        }
    }
}

/// The number that [`family`] leaves out, unless it counts something else.
fn number(name: &str) -> Option<u32> {
    stem(name).rsplit_once('-')?.1.parse().ok()
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
    fn a_number_is_taken_by_the_driver_of_a_kernel_whose_source_says_so() {
        let extras = Extras::shipped().unwrap();
        let mut asked = Asked::default();
        asked.name("iwlwifi-cc-a0-77.ucode", "iwlwifi", false);
        asked.name("iwlwifi-so-a0-gf-a0-89.ucode", "iwlwifi", false);
        let takes = |file, kernel| extras.takes("iwlwifi", file, kernel, &asked, None);
        assert_eq!(takes("iwlwifi-cc-a0-77.ucode", "6.12.44-Zero-OS"), Takes::Yes);
        assert_eq!(takes("iwlwifi-cc-a0-72.ucode", "6.12.44-Zero-OS"), Takes::Only(77, 77));
        assert_eq!(takes("intel/iwlwifi-so-a0-gf4-a0-72.ucode", "6.12"), Takes::Only(77, 89));
        assert_eq!(takes("iwlwifi-so-a0-gf4-a0-83.ucode", "6.12-rc1"), Takes::Yes);
        // Another kernel, a driver that names another number, a number that counts something else, no number.
        assert_eq!(takes("iwlwifi-cc-a0-72.ucode", "6.120.1"), Takes::Unknown);
        assert_eq!(takes("iwlwifi-bz-a0-gf-a0-72.ucode", "6.12.44"), Takes::Unknown);
        assert_eq!(takes("iwlwifi-so-a0-gf-a0-c101.ucode", "6.12.44"), Takes::Unknown);
        assert_eq!(takes("iwlwifi-cc-a0.pnvm", "6.12.44"), Takes::Unknown);
        // What a family itself says holds for all kernels.
        let takes = |file, lowest| extras.takes("iwl3945", file, "7.0.1", &asked, Some(lowest));
        assert_eq!([takes("iwlwifi-3945-1.ucode", 1), takes("iwlwifi-3945-1.ucode", 2)], [Takes::Yes, Takes::Unknown]);
        assert_eq!(takes("htc_9271.fw", 0), Takes::Yes);
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
        assert!(wrong("\"lowest\":77", "\"lowest\":97").contains("no number is from 97 to"));
    }
}
