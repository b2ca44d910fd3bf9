//! A component that is named on the command line, with the configuration that it is given.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{OsStringValueParser, TypedValueParser};
use flistry::config::{ComponentSource, credential_in, credential_in_file, project_secrets, read_config_file};
use flistry::error::Error;
use flistry::kernel::kernel_image::KernelImage;
use flistry::kernel::module_memory::ModuleMemory;
use flistry::plugin::{Engine, LoadOptions, Plugin};
use flistry::store::secrets::Secrets;
use flistry::tree::file_cache::{CacheAccess, CachePlace};
use serde_json::{Map, Value};

use crate::cli::context::{CommandContext, compiler};

#[derive(clap::Args)]
pub struct ComponentArgs {
    /// The component: a file, or builtin:NAME
    #[arg(value_name = "COMPONENT", value_parser = OsStringValueParser::new().try_map(parse_source))]
    pub component: ComponentSource,
    /// Its configuration, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    config: String,
    /// A file whose text is put into the configuration, as `config-files` does; may be repeated
    #[arg(long = "config-file", value_name = "KEY=FILE", value_parser = parse_pair)]
    config_files: Vec<(String, String)>,
}

/// Where compiled components are kept, below the project.
const COMPILED: &str = "dist/plugin-cache";

/// Where a project's builds remember what they learned of files.
const FILE_CACHE: &str = "dist/pack-cache.sqlite";

fn parse_source(text: OsString) -> Result<ComponentSource, String> {
    match text.to_str() {
        Some(text) => ComponentSource::parse(text).map_err(|unknown| format!("{unknown}; {}", unknown.hint())),
        None => Ok(ComponentSource::File(text.into())),
    }
}

/// `NAME=VALUE`.
pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("there is no `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The error of an argument that would give a plugin a credential.
pub fn holds_credential(argument: &str, whose: &str) -> Error {
    Error::Usage {
        what: format!("{argument}: it holds {whose}, and no plugin ever sees a credential"),
        hint: "try the plugin without it".into(),
    }
}

impl ComponentArgs {
    /// A component in a file, without a configuration.
    pub fn from_file(file: PathBuf) -> Self {
        ComponentArgs { component: ComponentSource::File(file), config: "{}".to_owned(), config_files: Vec::new() }
    }

    /// Loads the component. It may open the trees of the flists in `grants`.
    pub fn load(&self, grants: &[(String, PathBuf)], context: &CommandContext) -> Result<Plugin, Error> {
        let grants = grants.iter().map(|(flist, _)| flist.clone()).collect();
        let secrets = project_secrets(&context.project, &context.environment)?;
        let options = LoadOptions { config: self.config(&secrets)?, grants, ..LoadOptions::default() };
        let read = self.component.read(options.limits.component_bytes);
        let bytes = read.map_err(|error| Error::Read { path: self.component.to_string().into(), error })?;
        let failed = |error| Error::Read { path: context.project.clone(), error };
        let compiled = std::path::absolute(&context.project).map_err(failed)?.join(COMPILED);
        // Outside a project nothing is left behind.
        let in_project = context.project.join("config").is_dir();
        let cache = in_project.then_some(compiled.as_path());
        let modules = match in_project {
            true => {
                let place = CachePlace::new(&context.project.join(FILE_CACHE), CacheAccess::ReadOnly);
                ModuleMemory::new(Arc::new(place))
            }
            false => ModuleMemory::of_one_run(),
        };
        let name = match &self.component {
            ComponentSource::Builtin(name) => name.clone(),
            ComponentSource::File(file) => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let engine = Engine::new(&compiler(), cache, Arc::new(modules), KernelImage::default(), secrets)?;
        Ok(engine.load(&name, &bytes, options, &context.terminal)?)
    }

    fn config(&self, secrets: &Secrets) -> Result<Value, Error> {
        let mut config: Map<String, Value> = serde_json::from_str(&self.config).map_err(|error| Error::Usage {
            what: format!("--config is not a JSON object: {error}"),
            hint: "write an object like '{\"key\": 1}'".into(),
        })?;
        if let Some(whose) = config.values().find_map(|value| credential_in(secrets, value)) {
            return Err(holds_credential("--config", whose));
        }
        for (key, file) in &self.config_files {
            let (text, _) = read_config_file(Path::new(file)).map_err(|why| Error::Usage {
                what: format!("--config-file {key}={file}: it {why}"),
                hint: "name a text file of at most 1 MiB".into(),
            })?;
            if let Some(whose) = credential_in_file(secrets, &text) {
                return Err(holds_credential(&format!("--config-file {key}={file}"), whose));
            }
            if config.insert(key.clone(), Value::String(text)).is_some() {
                return Err(Error::Usage {
                    what: format!("--config-file {key}={file}: `{key}` is set already"),
                    hint: "set each key once".into(),
                });
            }
        }
        Ok(Value::Object(config))
    }
}
