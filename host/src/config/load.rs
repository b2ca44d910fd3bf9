//! From files to one [`Config`]: the only part that touches a disk.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flistry_common::text::text;
use time::UtcDateTime;

use super::assignments;
use super::cycle;
use super::error::ConfigError;
use super::flistry_toml::FlistryToml;
use super::layers::Layers;
use super::rfs_conf::{self, RFS_CONF, RfsConf};
use super::settings::{Config, Environment, Flist, PluginSettings, Storage};
use super::surroundings::Surroundings;
use crate::files;
use crate::kernel::KernelVersion;
use crate::kernel::kernel_config::KernelConfig;
use crate::plugin::Compiler;
use crate::progress::Warning;
use crate::publish::PublishSettings;
use crate::store::secrets::Secrets;
use crate::store::url::Ranged;
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

/// The credentials of a project, which need not be one as a whole: what no plugin may read or say that is tried out there.
///
/// # Errors
/// An `rfs.conf` that cannot be read.
pub fn project_secrets(project: &Path, env: &Environment) -> Result<Secrets, ConfigError> {
    Ok(rfs_conf::parse_secrets(read_optional(project, RFS_CONF)?.as_deref(), &env.0)?)
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
        // A route holds an absolute path, which must not depend on symlinks that may be changed.
        let project = project.canonicalize().map_err(|error| ConfigError::Read { file: "config", error })?;
        let (kernel, kernel_config) = kernel(&project, env)?;
        let text = read_optional(&project, FLISTRY_TOML)?.unwrap_or_default();
        let layers = Layers::new(&text)?;
        let toml: FlistryToml = layers.read()?;
        let rfs_conf = read_optional(&project, RFS_CONF)?;
        let rfs_conf = rfs_conf.map(|text| RfsConf::parse(&text, &env.0)).transpose()?;
        let secrets = match &rfs_conf {
            Some(conf) => conf.secrets.clone(),
            None => rfs_conf::parse_secrets(None, &env.0)?,
        };
        let firmware_tag = match &rfs_conf {
            Some(conf) => conf.firmware_tag.clone(),
            None => firmware_tag(&env.0)?,
        };
        let source_date_epoch = source_date_epoch(&env.0)?;
        // A build that is repeated for a date has that date's name.
        let date = source_date_epoch.and_then(|epoch| UtcDateTime::from_unix_timestamp(epoch).ok());
        let date = timestamp::day(date.unwrap_or(now));
        let release = firmware_tag.as_ref().unwrap_or(&date);

        let blobs = toml.store.clone();
        let settings = toml.resolve(&layers, &Surroundings { project: &project, kernel: &kernel, release })?;
        check_names(&settings.flists, &settings.plugins)?;
        let config = Config {
            source_date_epoch,
            flists: settings.flists,
            output: settings.output,
            publish: publish(settings.publish_directory, rfs_conf.as_ref()),
            warnings: warnings(&project, rfs_conf.as_ref(), &env.0),
            store: match rfs_conf {
                Some(conf) => s3_store(conf),
                None => blobs.resolve(&layers.table(&["store"]), &project)?,
            },
            pack: settings.pack,
            read_back: settings.read_back,
            plugin_cache: settings.plugin_cache,
            plugin_compiler: Compiler::InProcess,
            node: settings.node,
            system_maps: settings.system_maps,
            vmlinux: settings.vmlinux,
            search_path: search_path(&env.0),
            kernel_config: Arc::new(kernel_config),
            zinit: settings.zinit,
            variables: variables(&settings.plugins, &env.0, firmware_tag),
            secrets,
            plugins: settings.plugins,
            date,
            kernel,
            project,
        };
        check_trees(&config)?;
        config.check_given(&env.0)?;
        Ok(config)
    }
}

fn publish(directory: Option<PathBuf>, conf: Option<&RfsConf>) -> PublishSettings {
    PublishSettings {
        directory,
        manifests: conf.map(|conf| conf.manifests.clone()),
        upload: conf.is_some_and(|conf| conf.upload_manifests),
    }
}

fn s3_store(conf: RfsConf) -> Storage {
    Storage {
        write: vec![Ranged::all(conf.blobs)],
        route: vec![Ranged::all(conf.route)],
        write_credentials: vec![conf.write_credentials],
    }
}

fn warnings(project: &Path, conf: Option<&RfsConf>, env: &BTreeMap<String, String>) -> Vec<Warning> {
    match conf {
        Some(conf) => conf.warnings.iter().cloned().chain(readable_by_others(project)).collect(),
        None => settings_without_file(env).into_iter().collect(),
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
    text(bytes).map_err(|why| ConfigError::NotText { file, why })
}

fn readable_by_others(project: &Path) -> Option<Warning> {
    let mode = project.join(RFS_CONF).metadata().ok()?.permissions().mode();
    let warning =
        || Warning::new("config/rfs.conf holds credentials and others can read it", "chmod 600 config/rfs.conf");
    (mode & 0o044 != 0).then(warning)
}

/// Someone who sets the store in the environment alone does not expect a local directory.
fn settings_without_file(env: &BTreeMap<String, String>) -> Option<Warning> {
    let is_set = env.get("S3_ENDPOINT").is_some_and(|value| !value.is_empty());
    is_set.then(|| {
        Warning::new(
            "S3_ENDPOINT is set, but without config/rfs.conf the blobs go to a local directory",
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

/// A user's `PATH` often lacks the directories where depmod is.
fn search_path(env: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let path = env.get("PATH").map_or("", String::as_str);
    let directories = path.split(':').filter(|directory| !directory.is_empty()).chain(["/usr/sbin", "/sbin"]);
    directories.map(PathBuf::from).collect()
}

/// Each plugin that an flist names exists, and each tree that such a plugin is granted.
fn check_names(flists: &[Flist], plugins: &[PluginSettings]) -> Result<(), ConfigError> {
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

/// No two flists need each other's trees.
fn check_trees(config: &Config) -> Result<(), ConfigError> {
    let needs = |name| {
        let flist = config.flists.iter().find(|flist| flist.name == name);
        flist.into_iter().flat_map(|flist| config.needs(flist)).map(|needed| needed.name.as_str())
    };
    match cycle::find(config.flists.iter().map(|flist| flist.name.as_str()), needs) {
        Some(names) => Err(ConfigError::TreeCycle(names.into_iter().map(str::to_owned).collect())),
        None => Ok(()),
    }
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
