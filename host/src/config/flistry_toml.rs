//! `config/flistry.toml`: what is built, and how.
//!
//! The shipped file is embedded. It is the default of a project that has none; a setting that a project's file
//! leaves out has the shipped file's value, so that no default stands in two places. Flists are not mixed: a
//! file that has one replaces the shipped ones.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::node::{RawModules, RawNode, SystemMaps};
use super::plugin_toml::{PluginToml, RawPlugin};
use super::template::PathTemplate;
use super::zinit::{RawZinit, ZinitToml, check_units};
use crate::kernel::compatibility::NodeSettings;
use crate::tree::{FlistKind, Owner};
use crate::verify::Level;
use crate::zinit::kernel_text::KernelText;

/// The shipped `config/flistry.toml`.
pub const DEFAULT: &str = include_str!("../../../config/flistry.toml");

/// More threads than any builder has processors: surely a mistake.
const MAX_WORKERS: usize = 1024;

/// The parsed file: every setting has a value, paths are as they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct FlistryToml {
    /// The folder of finished flists.
    pub output: String,
    /// The local stores, each `[RANGE=]FOLDER-OR-URL`, with their line; none for the shipped file's.
    pub blobs: Vec<(String, Option<usize>)>,
    /// The pack cache's file.
    pub cache: String,
    /// How many threads pack; 0 for as many as there are processors.
    pub workers: usize,
    /// How thoroughly a build reads back.
    pub read_back: Level,
    /// Where manifests are copied to.
    pub publish_folder: Option<String>,
    /// The folder of compiled plugins.
    pub plugin_cache: String,
    /// What nodes can do with what is packed.
    pub node: NodeSettings,
    /// Where the kernel's symbol table may lie.
    pub system_maps: SystemMaps,
    /// The shipped file's and the project's own, which count where both have one of a name; in the order of their names.
    pub plugins: Vec<PluginToml>,
    /// In the file's order.
    pub flists: Vec<FlistToml>,
    /// What a node runs.
    pub zinit: ZinitToml,
}

/// One `[flist.NAME]`, before its placeholders are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlistToml {
    /// What it is called on the command line.
    pub key: String,
    /// The line of its table.
    pub line: usize,
    /// What kind of tree it packs.
    pub contents: FlistKind,
    /// Where the tree may lie.
    pub source: Vec<PathTemplate>,
    /// The plugins that decide what goes in.
    pub filters: Vec<String>,
    /// The plugin that names it.
    pub naming: String,
    /// The plugins that change it at last.
    pub post_pack: Vec<String>,
    /// Whom the entries belong to.
    pub owner: Owner,
    /// Where a node mounts it.
    pub mount: Option<KernelText>,
    /// The unit that mounts it.
    pub unit: String,
}

/// A line that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlError {
    /// The line, from 1.
    pub line: usize,
    /// The setting, where it is known.
    pub key: String,
    what: String,
    hint: String,
}

impl std::error::Error for TomlError {}

impl fmt::Display for TomlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.key.is_empty() { "" } else { ", " };
        write!(f, "config/flistry.toml, line {}{comma}{}: {}", self.line, self.key, self.what)
    }
}

impl TomlError {
    /// What is wrong at `line` with `key`, and what to do about it.
    pub(super) fn new(line: usize, key: impl Into<String>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        TomlError { line, key: key.into(), what: what.into(), hint: hint.into() }
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    output: Option<Spanned<String>>,
    #[serde(default)]
    store: RawStore,
    #[serde(default)]
    pack: RawPack,
    #[serde(default, rename = "read-back")]
    read_back: RawReadBack,
    #[serde(default)]
    publish: RawPublish,
    #[serde(default)]
    plugins: RawPlugins,
    #[serde(default)]
    node: RawNode,
    #[serde(default)]
    modules: RawModules,
    #[serde(default)]
    plugin: BTreeMap<Spanned<String>, Spanned<RawPlugin>>,
    #[serde(default)]
    flist: BTreeMap<Spanned<String>, Spanned<RawFlist>>,
    #[serde(default)]
    zinit: RawZinit,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStore {
    blobs: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    cache: Option<Spanned<String>>,
    workers: Option<Spanned<usize>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReadBack {
    level: Option<Level>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPublish {
    folder: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFlist {
    contents: FlistKind,
    source: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    filters: Vec<String>,
    naming: String,
    #[serde(default, rename = "post-pack")]
    post_pack: Vec<String>,
    #[serde(default)]
    owner: Owner,
    mount: Option<Spanned<String>>,
    unit: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlugins {
    cache: Option<Spanned<String>>,
}

impl FlistryToml {
    /// Parses a project's file.
    pub fn parse(text: &str) -> Result<FlistryToml, TomlError> {
        let lines = Lines(text);
        let shipped = lines.read(DEFAULT)?;
        let file = lines.read(text)?;
        let text_of = |key: &str, own: Option<Spanned<String>>, shipped: Option<Spanned<String>>| match own.or(shipped)
        {
            Some(value) if value.get_ref().is_empty() => {
                Err(lines.error(value.span(), key, "it is empty", "name a path"))
            }
            Some(value) => Ok(value.into_inner()),
            None => Err(lines.error(0..0, key, "it is not set", "set it")),
        };
        let is_own = file.store.blobs.is_some();
        let blobs = file.store.blobs.or(shipped.store.blobs);
        let (span, blobs) = blobs.map_or((0..0, Vec::new()), |blobs| (blobs.span(), blobs.into_inner()));
        if blobs.is_empty() {
            let hint = "name a folder, like [\"dist/blobs\"]";
            return Err(lines.error(span, "blobs", "there is no store for the blobs", hint));
        }
        let with_line = |blob: Spanned<String>| (blob.span(), blob.into_inner());
        let line = |start: usize| is_own.then(|| lines.number(start));
        let blobs = blobs.into_iter().map(with_line).map(|(span, blob)| (blob, line(span.start)));
        let workers = match file.pack.workers.or(shipped.pack.workers) {
            Some(n) if *n.get_ref() > MAX_WORKERS => {
                return Err(lines.error(
                    n.span(),
                    "workers",
                    "there are too many",
                    "write 0 for as many as there are processors",
                ));
            }
            workers => workers.map_or(0, Spanned::into_inner),
        };
        let flists = if file.flist.is_empty() { (shipped.flist, Lines(DEFAULT)) } else { (file.flist, Lines(text)) };
        let flists = flists.1.flists(flists.0)?;
        let zinit = lines.zinit(file.zinit, shipped.zinit)?;
        check_units(&flists, &zinit.settings)?;
        Ok(FlistryToml {
            output: text_of("output", file.output, shipped.output)?,
            blobs: blobs.collect(),
            cache: text_of("cache", file.pack.cache, shipped.pack.cache)?,
            workers,
            read_back: file.read_back.level.or(shipped.read_back.level).unwrap_or(Level::Sample),
            publish_folder: match file.publish.folder {
                None => None,
                folder => Some(text_of("folder", folder, None)?),
            },
            plugin_cache: text_of("cache", file.plugins.cache, shipped.plugins.cache)?,
            node: file.node.or(shipped.node),
            system_maps: match file.modules.system_map {
                Some(maps) => lines.system_maps(&maps)?,
                None => Lines(DEFAULT).system_maps(&shipped.modules.system_map.unwrap_or_default())?,
            },
            plugins: {
                let mut plugins = Lines(DEFAULT).plugins(shipped.plugin)?;
                plugins.extend(lines.plugins(file.plugin)?);
                plugins.into_values().collect()
            },
            flists,
            zinit,
        })
    }
}

/// Finds lines of a text by offset.
pub(super) struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn read(&self, text: &str) -> Result<RawFile, TomlError> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let hint = "`flistry default-config` prints each setting with its meaning";
            self.error(start..start, &self.key_at(start), error.message().trim().replace('\n', ", "), hint)
        })
    }

    fn number(&self, offset: usize) -> usize {
        1 + self.0.bytes().take(offset).filter(|b| *b == b'\n').count()
    }

    /// The key of the line at `offset`, where there is one before it.
    fn key_at(&self, offset: usize) -> String {
        let before = self.0.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = &before[start..];
        let key = line.split_once('=').map_or("", |(key, _)| key.trim());
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.';
        if key.bytes().all(plain) { key.to_owned() } else { String::new() }
    }

    pub(super) fn error(
        &self,
        span: Range<usize>,
        key: &str,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> TomlError {
        TomlError::new(self.number(span.start), key, what, hint)
    }

    fn path_template(&self, key: &str, hint: &str, text: &Spanned<String>) -> Result<PathTemplate, TomlError> {
        match text.get_ref().is_empty() {
            true => Err(self.error(text.span(), key, "it is empty", hint)),
            false => PathTemplate::parse(text.get_ref())
                .map_err(|error| self.error(text.span(), key, error.to_string(), error.hint())),
        }
    }

    fn system_maps(&self, maps: &[Spanned<String>]) -> Result<SystemMaps, TomlError> {
        maps.iter().map(|map| self.path_template("system-map", "name a file", map)).collect()
    }

    fn flists(&self, raw: BTreeMap<Spanned<String>, Spanned<RawFlist>>) -> Result<Vec<FlistToml>, TomlError> {
        // A map forgets the file's order; where each table stands tells it.
        let mut raw: Vec<_> = raw.into_iter().collect();
        raw.sort_by_key(|(key, _)| key.span().start);
        raw.into_iter().map(|(key, flist)| self.flist(key, flist.into_inner())).collect()
    }

    fn flist(&self, key: Spanned<String>, raw: RawFlist) -> Result<FlistToml, TomlError> {
        let line = self.number(key.span().start);
        let name = key.get_ref();
        if !is_plain(name) || name.len() > 64 {
            let hint = "use up to 64 letters, digits, `-` and `_`, not beginning with `-`";
            return Err(self.error(key.span(), "", format!("`{name}` cannot name an flist"), hint));
        }
        if raw.source.get_ref().is_empty() {
            let hint = "name the folder to pack, like [\"/lib/modules/{kernel}\"]";
            return Err(self.error(raw.source.span(), "source", "there is no folder to look for", hint));
        }
        let unit = match raw.unit {
            Some(unit) => self.unit("unit", unit)?,
            None => format!("rfs-{name}"),
        };
        Ok(FlistToml {
            line,
            mount: raw.mount.as_ref().map(|mount| self.mount(mount)).transpose()?,
            unit,
            contents: raw.contents,
            source: raw
                .source
                .get_ref()
                .iter()
                .map(|text| self.path_template("source", "name a folder", text))
                .collect::<Result<_, _>>()?,
            filters: raw.filters,
            naming: raw.naming,
            post_pack: raw.post_pack,
            owner: raw.owner,
            key: key.into_inner(),
        })
    }
}

/// Fit for the command line, a tag's key and a message.
pub(super) fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !name.is_empty() && name.bytes().all(plain) && !name.starts_with('-')
}

#[cfg(test)]
#[path = "flistry_toml_tests.rs"]
mod tests;
