//! `[zinit]`, and `mount` and `unit` of `[flist.NAME]`: what a node runs. Where it is written is the node's, so paths are
//! absolute there, and nothing of it is looked for on this machine.

use serde::Deserialize;
use toml::Spanned;

use super::flistry_toml::{FlistToml, Lines, TomlError};
use crate::zinit::kernel_text::KernelText;
use crate::zinit::quote::is_quotable;
use crate::zinit::{Dialect, Form, Names, Order, Settings, UDEV_TRIGGER, is_unit_name};

/// Seconds; longer than any boot should take.
const MAX_WAIT: u32 = 3600;

/// Bytes of the longest path on a node: what the kernel itself takes.
const MAX_PATH: usize = 4095;

/// The table as it stands in a file; what it leaves out has the shipped file's value.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawZinit {
    output: Option<Spanned<String>>,
    dialects: Option<Spanned<Vec<Dialect>>>,
    form: Option<Form>,
    order: Option<Order>,
    manifests: Option<Spanned<String>>,
    scripts: Option<Spanned<String>>,
    cache: Option<Spanned<String>>,
    rfs: Option<Spanned<String>>,
    wait_seconds: Option<Spanned<u32>>,
    #[serde(default)]
    yaml: RawYaml,
    #[serde(default)]
    toml: RawToml,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawYaml {
    network: Option<Vec<Spanned<String>>>,
    udevd: Option<Vec<Spanned<String>>>,
    coldplug: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawToml {
    network: Option<Vec<Spanned<String>>>,
    udevd: Option<Vec<Spanned<String>>>,
    coldplug: Option<Spanned<String>>,
    target: Option<Spanned<String>>,
}

/// A dialect's part in both forms.
struct RawNames {
    network: Option<Vec<Spanned<String>>>,
    udevd: Option<Vec<Spanned<String>>>,
    coldplug: Option<Spanned<String>>,
}

/// The parsed table; the output folder is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZinitToml {
    /// The output folder.
    pub output: String,
    /// All the rest.
    pub settings: Settings,
}

impl Lines<'_> {
    /// A project's own table over the shipped one.
    pub(super) fn zinit(&self, own: RawZinit, shipped: RawZinit) -> Result<ZinitToml, TomlError> {
        let unset = |key: &str| self.error(0..0, key, "it is not set", "set it");
        let output = own.output.or(shipped.output).ok_or_else(|| unset("output"))?;
        if output.get_ref().is_empty() {
            return Err(self.error(output.span(), "output", "it is empty", "name a path"));
        }
        let dialects = own.dialects.or(shipped.dialects).ok_or_else(|| unset("dialects"))?;
        let both = "write \"yaml\" for zinit 0.2, \"toml\" for zinit 0.3, or both";
        if dialects.get_ref().is_empty() {
            return Err(self.error(dialects.span(), "dialects", "there is none", both));
        }
        let span = dialects.span();
        let mut dialects = dialects.into_inner();
        // One order, whatever the file's is: the same files come out.
        dialects.sort_unstable();
        if dialects.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.error(span, "dialects", "one is named twice", both));
        }
        let folder = |key: &str, own: Option<Spanned<String>>, shipped: Option<Spanned<String>>| {
            let path = own.or(shipped).ok_or_else(|| unset(key))?;
            self.node_path(key, &path)?;
            Ok(path.into_inner())
        };
        let rfs = own.rfs.or(shipped.rfs).ok_or_else(|| unset("rfs"))?;
        match rfs.get_ref().contains('/') {
            true => self.node_path("rfs", &rfs)?,
            false if rfs.get_ref().is_empty() || !is_quotable(rfs.get_ref()) || rfs.get_ref().starts_with('-') => {
                let hint = "write a command like \"rfs\", or its path on the node";
                return Err(self.error(rfs.span(), "rfs", "it is no command", hint));
            }
            false => {}
        }
        let wait = own.wait_seconds.or(shipped.wait_seconds).ok_or_else(|| unset("wait-seconds"))?;
        if *wait.get_ref() > MAX_WAIT {
            let hint = format!("at most {MAX_WAIT} seconds; a mount that comes later has a coldplug of its own");
            return Err(self.error(wait.span(), "wait-seconds", "it is too long", hint));
        }
        let names = |own: RawNames, shipped: RawNames| {
            Ok::<Names, TomlError>(Names {
                network: self.units("network", own.network.or(shipped.network).ok_or_else(|| unset("network"))?)?,
                udevd: self.units("udevd", own.udevd.or(shipped.udevd).ok_or_else(|| unset("udevd"))?)?,
                coldplug: self.unit("coldplug", own.coldplug.or(shipped.coldplug).ok_or_else(|| unset("coldplug"))?)?,
            })
        };
        let target = own.toml.target.or(shipped.toml.target).ok_or_else(|| unset("target"))?;
        Ok(ZinitToml {
            output: output.into_inner(),
            settings: Settings {
                dialects,
                form: own.form.or(shipped.form).ok_or_else(|| unset("form"))?,
                order: own.order.or(shipped.order).ok_or_else(|| unset("order"))?,
                manifests: folder("manifests", own.manifests, shipped.manifests)?,
                scripts: folder("scripts", own.scripts, shipped.scripts)?,
                cache: folder("cache", own.cache, shipped.cache)?,
                rfs: rfs.into_inner(),
                wait: wait.into_inner(),
                yaml: names(own.yaml.into(), shipped.yaml.into())?,
                target: self.unit("target", target)?,
                toml: names(
                    RawNames { network: own.toml.network, udevd: own.toml.udevd, coldplug: own.toml.coldplug },
                    RawNames {
                        network: shipped.toml.network,
                        udevd: shipped.toml.udevd,
                        coldplug: shipped.toml.coldplug,
                    },
                )?,
            },
        })
    }

    /// Where a node mounts an flist.
    pub(super) fn mount(&self, text: &Spanned<String>) -> Result<KernelText, TomlError> {
        self.node_path("mount", text)?;
        KernelText::parse(text.get_ref()).map_err(|error| {
            let hint = "the one placeholder is {kernel}, for which a node puts in its own version";
            self.error(text.span(), "mount", error.to_string(), hint)
        })
    }

    fn units(&self, key: &str, names: Vec<Spanned<String>>) -> Result<Vec<String>, TomlError> {
        names.into_iter().map(|name| self.unit(key, name)).collect()
    }

    /// The name of a unit.
    pub(super) fn unit(&self, key: &str, name: Spanned<String>) -> Result<String, TomlError> {
        match is_unit_name(name.get_ref()) {
            true => Ok(name.into_inner()),
            false => {
                let hint = "use up to 64 letters, digits, `.`, `_` and `-`, not beginning with `.` or `-`";
                let what = format!("{:?} cannot name a unit", name.get_ref());
                Err(self.error(name.span(), key, what, hint))
            }
        }
    }

    /// A path that means one place on a node, and that scripts and units can hold.
    fn node_path(&self, key: &str, path: &Spanned<String>) -> Result<(), TomlError> {
        let text = path.get_ref();
        let refused = |what: &str| {
            Err(self.error(path.span(), key, what, "write an absolute path on the node, like \"/usr/lib/firmware\""))
        };
        if !is_quotable(text) {
            return refused("it has a line break or another control character in it");
        }
        let Some(names) = text.strip_prefix('/') else { return refused("it is no absolute path") };
        match names.split('/').any(|name| matches!(name, "" | "." | "..")) || text.len() > MAX_PATH {
            true => refused("it is not a plain path: `.`, `..`, `//`, a `/` at its end, or too long"),
            false => Ok(()),
        }
    }
}

impl From<RawYaml> for RawNames {
    fn from(raw: RawYaml) -> Self {
        RawNames { network: raw.network, udevd: raw.udevd, coldplug: raw.coldplug }
    }
}

/// No two units have one name, no two flists one place, and no script takes the coldplug's.
pub(super) fn check_units(flists: &[FlistToml], zinit: &Settings) -> Result<(), TomlError> {
    let mounted: Vec<&FlistToml> = flists.iter().filter(|flist| flist.mount.is_some()).collect();
    for (index, flist) in mounted.iter().enumerate() {
        if flist.key == "coldplug" {
            let what = "its script would be the coldplug's";
            return Err(TomlError::new(flist.line, "", what, "give the flist another name"));
        }
        if let Some(other) = mounted[..index].iter().find(|other| other.unit == flist.unit) {
            let what = format!("its unit `{}` is also that of flist `{}`", flist.unit, other.key);
            return Err(TomlError::new(flist.line, "unit", what, "give each a `unit` of its own"));
        }
        if let Some(other) = mounted[..index].iter().find(|other| other.mount == flist.mount) {
            let what = format!("flist `{}` is mounted there already", other.key);
            return Err(TomlError::new(flist.line, "mount", what, "give each a `mount` of its own"));
        }
        let taken = [&zinit.yaml.coldplug, &zinit.toml.coldplug, &zinit.target, &UDEV_TRIGGER.to_owned()];
        if taken.contains(&&flist.unit) {
            let what = format!("its unit `{}` is named in [zinit], too", flist.unit);
            return Err(TomlError::new(flist.line, "unit", what, "give it another `unit`"));
        }
    }
    if zinit.toml.coldplug == zinit.target {
        let what = format!("coldplug and target are both `{}`", zinit.target);
        return Err(TomlError::new(1, "zinit.toml", what, "give them different names"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "zinit_tests.rs"]
mod tests;
