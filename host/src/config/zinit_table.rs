//! `[zinit]`, and the units and mount points of flists: what a node runs. Paths are the node's, so they are absolute, and
//! nothing of them is looked for on this machine.

use super::layers::{TableAt, TomlError};
use super::settings::Flist;
use crate::zinit::ZinitSettings;
use crate::zinit::quote::is_quotable;
use crate::zinit::settings::{UDEV_TRIGGER, is_unit_name};

/// Seconds; longer than any boot should take.
const MAX_WAIT: u32 = 3600;

/// Bytes of the longest path on a node: the kernel's own limit.
const MAX_PATH: usize = 4095;

/// Checks the table by itself, and sorts the dialects: the same files come out, whatever their order in the file.
pub(super) fn check(zinit: &mut ZinitSettings, at: &TableAt) -> Result<(), TomlError> {
    if zinit.output.as_os_str().is_empty() {
        return Err(at.key_error("output", "it is empty", "name a path"));
    }
    let both = "write \"yaml\" for zinit 0.2, \"toml\" for zinit 0.3, or both";
    if zinit.dialects.is_empty() {
        return Err(at.key_error("dialects", "there is none", both));
    }
    zinit.dialects.sort_unstable();
    if zinit.dialects.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(at.key_error("dialects", "one is named twice", both));
    }
    for (key, path) in [("manifests", &zinit.manifests), ("scripts", &zinit.scripts), ("cache", &zinit.cache)] {
        node_path(key, path, at)?;
    }
    if zinit.rfs.contains('/') {
        node_path("rfs", &zinit.rfs, at)?;
    } else if zinit.rfs.is_empty() || !is_quotable(&zinit.rfs) || zinit.rfs.starts_with('-') {
        return Err(at.key_error(
            "rfs",
            "it is not a command",
            "write a command like \"rfs\", or its path on the node",
        ));
    }
    if zinit.wait_seconds > MAX_WAIT {
        let hint = format!("at most {MAX_WAIT} seconds; a mount that comes later has a coldplug of its own");
        return Err(at.key_error("wait-seconds", "it is too long", hint));
    }
    let (yaml, toml) = (&zinit.yaml, &zinit.toml);
    let in_yaml = at.table("yaml");
    units("network", &yaml.network, &in_yaml)?;
    units("udevd", &yaml.udevd, &in_yaml)?;
    unit("coldplug", &yaml.coldplug, &in_yaml)?;
    let in_toml = at.table("toml");
    units("network", &toml.network, &in_toml)?;
    units("udevd", &toml.udevd, &in_toml)?;
    unit("coldplug", &toml.coldplug, &in_toml)?;
    unit("target", &toml.target, &in_toml)?;
    if toml.coldplug == toml.target {
        let what = format!("coldplug and target are both `{}`", toml.target);
        return Err(in_toml.key_error("target", what, "give them different names"));
    }
    Ok(())
}

fn units(key: &str, names: &[String], at: &TableAt) -> Result<(), TomlError> {
    let check =
        |(index, name): (usize, &String)| unit_name(name).map_err(|(what, hint)| at.item_error(key, index, what, hint));
    names.iter().enumerate().try_for_each(check)
}

fn unit(key: &str, name: &str, at: &TableAt) -> Result<(), TomlError> {
    unit_name(name).map_err(|(what, hint)| at.key_error(key, what, hint))
}

/// Accepts the name of a unit, else says what is wrong, and what to do about it.
pub(super) fn unit_name(name: &str) -> Result<(), (String, &'static str)> {
    let hint = "use up to 64 letters, digits, `.`, `_` and `-`, not beginning with `.` or `-`";
    match is_unit_name(name) {
        true => Ok(()),
        false => Err((format!("{name:?} cannot name a unit"), hint)),
    }
}

/// Accepts a path that means one place on a node, and that scripts and units can hold.
pub(super) fn node_path(key: &str, path: &str, at: &TableAt) -> Result<(), TomlError> {
    let hint = "write an absolute path on the node, like \"/usr/lib/firmware\"";
    let refused = |what: &str| Err(at.key_error(key, what, hint));
    if !is_quotable(path) {
        return refused("it has a line break or another control character in it");
    }
    let Some(names) = path.strip_prefix('/') else { return refused("it is not an absolute path") };
    match names.split('/').any(|name| matches!(name, "" | "." | "..")) || path.len() > MAX_PATH {
        true => refused("it is not a plain path: `.`, `..`, `//`, a `/` at its end, or too long"),
        false => Ok(()),
    }
}

/// No two units have one name, no two flists one mount point, and no script the coldplug's name.
pub(super) fn check_units(flists: &[Flist], zinit: &ZinitSettings, root: &TableAt) -> Result<(), TomlError> {
    let mounted: Vec<&Flist> = flists.iter().filter(|flist| flist.mount.is_some()).collect();
    let taken = [&zinit.yaml.coldplug, &zinit.toml.coldplug, &zinit.toml.target, UDEV_TRIGGER];
    for (index, flist) in mounted.iter().enumerate() {
        let at = root.table("flist");
        let at = at.table(&flist.name);
        if flist.name == "coldplug" {
            return Err(at.error("its script would overwrite the coldplug's", "give the flist another name"));
        }
        if let Some(other) = mounted[..index].iter().find(|other| other.unit == flist.unit) {
            let what = format!("its unit `{}` is also that of flist `{}`", flist.unit, other.name);
            return Err(at.key_error("unit", what, "give each a `unit` of its own"));
        }
        if let Some(other) = mounted[..index].iter().find(|other| other.mount == flist.mount) {
            let what = format!("flist `{}` is mounted there already", other.name);
            return Err(at.key_error("mount", what, "give each a `mount` of its own"));
        }
        if taken.contains(&flist.unit.as_str()) {
            let what = format!("[zinit] names its unit `{}` as well", flist.unit);
            return Err(at.key_error("unit", what, "give it another `unit`"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "zinit_table_tests.rs"]
mod tests;
