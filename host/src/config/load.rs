//! From files to one [`Config`]: the only part that touches a disk.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use time::UtcDateTime;

use super::config_files::RFS_CONF;
use super::flistry_toml::{self, FlistToml, FlistryToml};
use super::plugin_toml::PluginToml;
use super::rfs_conf::{self, RfsConf};
use super::{
    ComponentSource, Config, ConfigError, Environment, Flist, PackSettings, PluginSettings, Storage, assignments,
};
use crate::files;
use crate::kernel::KernelVersion;
use crate::kernel::kernel_config::KernelConfig;
use crate::progress::Warning;
use crate::publish::PublishSettings;
use crate::store::url::{IdRange, Ranged, ReadUrl, StoreUrl, WriteUrl};
use crate::tree::timestamp;

const BUILD_CONF: &str = "config/build.conf";
const KERNEL_CONFIG: &str = "config/kernel.config";
const FLISTRY_TOML: &str = "config/flistry.toml";

/// Bytes of the largest file that is read. A kernel's configuration has about 300 KB.
const MAX_FILE: u64 = 1024 * 1024;

/// The version of the kernel that the project builds. Needs `build.conf` and `kernel.config` alone.
pub fn kernel_version(project: &Path, env: &Environment) -> Result<KernelVersion, ConfigError> {
    kernel(project, env).map(|(version, _)| version)
}

fn kernel(project: &Path, env: &Environment) -> Result<(KernelVersion, KernelConfig), ConfigError> {
    check_project(project)?;
    let build_conf = assignments::parse(&read(project, BUILD_CONF)?, &env.0).map_err(ConfigError::BuildConf)?;
    let config = KernelConfig::parse(&read(project, KERNEL_CONFIG)?).map_err(ConfigError::KernelConfig)?;
    Ok((KernelVersion::derive(build_conf.get("KERNEL_VERSION").map_or("", |set| &set.value), &config)?, config))
}

impl Config {
    /// Reads and checks a project's configuration; `now` dates the build.
    pub fn load(project: &Path, env: &Environment, now: UtcDateTime) -> Result<Config, ConfigError> {
        check_project(project)?;
        // A route holds an absolute path, which must not depend on links that may be changed.
        let project = project.canonicalize().map_err(|error| ConfigError::Read { file: "config", error })?;
        let (kernel, kernel_config) = kernel(&project, env)?;
        let toml = read_optional(&project, FLISTRY_TOML)?;
        let toml = FlistryToml::parse(toml.as_deref().unwrap_or(flistry_toml::DEFAULT))?;

        let mut warnings = Vec::new();
        let rfs_conf = match read_optional(&project, RFS_CONF)? {
            Some(text) => Some(RfsConf::parse(&text, &env.0)?),
            None => None,
        };
        match &rfs_conf {
            Some(conf) => {
                warnings.extend(conf.warnings.iter().cloned());
                warnings.extend(readable_by_others(&project));
            }
            None => warnings.extend(settings_without_file(&env.0)),
        }
        let firmware_tag = match &rfs_conf {
            Some(conf) => conf.firmware_tag.clone(),
            None => firmware_tag(&env.0)?,
        };
        let source_date_epoch = source_date_epoch(&env.0)?;
        // A build that is repeated for a date has that date's name.
        let date = source_date_epoch.and_then(|epoch| UtcDateTime::from_unix_timestamp(epoch).ok());
        let date = timestamp::day(date.unwrap_or(now));
        let release = firmware_tag.as_ref().unwrap_or(&date);
        let flists: Vec<Flist> = toml.flists.iter().map(|flist| expand(flist, &project, &kernel, release)).collect();
        let system_maps = toml.system_maps.iter().map(|map| project.join(map.expand(&kernel, release))).collect();
        let plugins: Vec<PluginSettings> = toml.plugins.into_iter().map(|plugin| place(plugin, &project)).collect();
        check_plugins(&flists, &plugins)?;
        let variables = variables(&plugins, &env.0, firmware_tag);

        let publish = PublishSettings {
            directory: toml.publish_folder.map(|folder| project.join(folder)),
            manifests: rfs_conf.as_ref().map(|conf| conf.manifests.clone()),
            upload: rfs_conf.as_ref().is_some_and(|conf| conf.upload_manifests),
        };
        let config = Config {
            source_date_epoch,
            flists,
            output: project.join(&toml.output),
            store: match rfs_conf {
                Some(conf) => Storage {
                    write: vec![Ranged::all(conf.blobs)],
                    route: vec![Ranged::all(conf.route)],
                    write_credentials: vec![conf.write_credentials],
                },
                None => local_store(&toml.blobs, &project)?,
            },
            publish,
            pack: PackSettings { cache: project.join(&toml.cache), workers: workers(toml.workers) },
            read_back: toml.read_back,
            plugin_cache: project.join(&toml.plugin_cache),
            node: toml.node,
            system_maps,
            search_path: search_path(&env.0),
            kernel_config,
            zinit_output: project.join(&toml.zinit.output),
            zinit: toml.zinit.settings,
            plugins,
            variables,
            warnings,
            date,
            kernel,
            project,
        };
        match cycle(&config) {
            Some(flists) => Err(ConfigError::TreeCycle(flists)),
            None => Ok(config),
        }
    }
}

fn check_project(project: &Path) -> Result<(), ConfigError> {
    match project.join("config").is_dir() {
        true => Ok(()),
        false => Err(ConfigError::NotAProject(project.to_owned())),
    }
}

fn read_optional(project: &Path, file: &'static str) -> Result<Option<String>, ConfigError> {
    match read(project, file) {
        Ok(text) => Ok(Some(text)),
        Err(ConfigError::Read { error, .. }) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(project: &Path, file: &'static str) -> Result<String, ConfigError> {
    let failed = |error| ConfigError::Read { file, error };
    let bytes = files::read(&project.join(file), MAX_FILE).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(ConfigError::TooLarge { file, limit: MAX_FILE });
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::NotText(file))
}

fn readable_by_others(project: &Path) -> Option<Warning> {
    let mode = project.join(RFS_CONF).metadata().ok()?.permissions().mode();
    let warning =
        || Warning::new("config/rfs.conf holds credentials and others can read it", "chmod 600 config/rfs.conf");
    (mode & 0o044 != 0).then(warning)
}

/// Someone who sets the store in the environment alone does not expect a local folder.
fn settings_without_file(env: &BTreeMap<String, String>) -> Option<Warning> {
    let is_set = env.get("S3_ENDPOINT").is_some_and(|value| !value.is_empty());
    is_set.then(|| {
        Warning::new(
            "S3_ENDPOINT is set, but without config/rfs.conf the blobs go to a local folder",
            "create an empty config/rfs.conf to take all settings from the environment",
        )
    })
}

fn firmware_tag(env: &BTreeMap<String, String>) -> Result<Option<String>, ConfigError> {
    match env.get("FIRMWARE_TAG") {
        Some(tag) if !rfs_conf::is_release(tag) => Err(ConfigError::FirmwareTag),
        tag => Ok(tag.filter(|tag| !tag.is_empty()).cloned()),
    }
}

fn source_date_epoch(env: &BTreeMap<String, String>) -> Result<Option<i64>, ConfigError> {
    let Some(text) = env.get("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(Some).ok_or(ConfigError::SourceDateEpoch)
}

/// A user's `PATH` often leaves out where depmod is.
fn search_path(env: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let path = env.get("PATH").map_or("", String::as_str);
    let folders = path.split(':').filter(|folder| !folder.is_empty()).chain(["/usr/sbin", "/sbin"]);
    folders.map(PathBuf::from).collect()
}

fn workers(configured: usize) -> NonZeroUsize {
    let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(configured).unwrap_or_else(all)
}

fn expand(flist: &FlistToml, project: &Path, kernel: &KernelVersion, release: &str) -> Flist {
    Flist {
        name: flist.key.clone(),
        kind: flist.contents,
        sources: flist.source.iter().map(|source| project.join(source.expand(kernel, release))).collect(),
        filters: flist.filters.clone(),
        naming: flist.naming.clone(),
        post_pack: flist.post_pack.clone(),
        owner: flist.owner,
        mount: flist.mount.clone(),
        unit: flist.unit.clone(),
    }
}

fn place(plugin: PluginToml, project: &Path) -> PluginSettings {
    PluginSettings {
        component: match plugin.component {
            ComponentSource::File(path) => ComponentSource::File(project.join(path)),
            builtin => builtin,
        },
        name: plugin.name,
        sha256: plugin.sha256,
        config: plugin.config,
        config_files: plugin.config_files,
        variables: plugin.variables,
        trees: plugin.trees,
        limits: plugin.limits,
    }
}

/// Each plugin that an flist names is there, and each tree that such a plugin is granted.
fn check_plugins(flists: &[Flist], plugins: &[PluginSettings]) -> Result<(), ConfigError> {
    for flist in flists {
        for name in flist.plugins() {
            let Some(plugin) = plugins.iter().find(|plugin| plugin.name == name) else {
                let known = plugins.iter().map(|plugin| plugin.name.clone()).collect();
                return Err(ConfigError::UnknownPlugin { flist: flist.name.clone(), name: name.to_owned(), known });
            };
            if let Some(tree) = plugin.trees.iter().find(|tree| !flists.iter().any(|flist| flist.name == **tree)) {
                let known = flists.iter().map(|flist| flist.name.clone()).collect();
                return Err(ConfigError::UnknownTree { plugin: name.to_owned(), tree: tree.clone(), known });
            }
        }
    }
    Ok(())
}

/// Flists that need each other's trees: none of them could be filtered first. From one of them back to it.
fn cycle(config: &Config) -> Option<Vec<String>> {
    fn walk<'a>(config: &'a Config, flist: &'a Flist, way: &mut Vec<&'a str>, done: &mut Vec<&'a str>) -> bool {
        if let Some(at) = way.iter().position(|name| *name == flist.name) {
            way.drain(..at);
            way.push(&flist.name);
            return true;
        }
        if done.contains(&&*flist.name) {
            return false;
        }
        way.push(&flist.name);
        if config.needs(flist).any(|needed| walk(config, needed, way, done)) {
            return true;
        }
        way.pop();
        done.push(&flist.name);
        false
    }
    let (mut way, mut done) = (Vec::new(), Vec::new());
    let found = config.flists.iter().any(|flist| walk(config, flist, &mut way, &mut done));
    found.then(|| way.into_iter().map(str::to_owned).collect())
}

/// The variables that some plugin is granted and that are set. `FIRMWARE_TAG` may be set in rfs.conf, the others in the
/// environment alone.
fn variables(
    plugins: &[PluginSettings],
    env: &BTreeMap<String, String>,
    firmware_tag: Option<String>,
) -> BTreeMap<String, String> {
    let granted = plugins.iter().flat_map(|plugin| &plugin.variables);
    let value = |name: &String| match &**name {
        "FIRMWARE_TAG" => firmware_tag.clone(),
        _ => env.get(name).cloned(),
    };
    granted.filter_map(|name| Some((name.clone(), value(name)?))).collect()
}

/// Local folders are read where they are written.
fn local_store(blobs: &[(String, Option<usize>)], project: &Path) -> Result<Storage, ConfigError> {
    let (mut write, mut route) = (Vec::new(), Vec::new());
    for (text, line) in blobs {
        let failed = |error| ConfigError::Blobs { line: *line, error };
        let Ranged { range, value } = Ranged::parse_or_folder(text, project).map_err(failed)?;
        if !matches!(value, StoreUrl::Dir(_)) {
            return Err(ConfigError::BlobsNotLocal(*line));
        }
        route.push(Ranged { range, value: ReadUrl::new(value.clone()).map_err(failed)? });
        write.push(Ranged { range, value: WriteUrl(value) });
    }
    match IdRange::first_gap(write.iter().map(|store| store.range)) {
        Some(gap) => Err(ConfigError::BlobsGap(gap)),
        None => Ok(Storage { write, route, write_credentials: Vec::new() }),
    }
}
