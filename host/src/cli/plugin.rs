//! `flistry plugin build` and `check`: making a component and proving that it fits, without a build of flists.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{OsStringValueParser, TypedValueParser};
use flistry::config::{ComponentSource, read_config_file};
use flistry::error::Error;
use flistry::kernel::module_memory::ModuleMemory;
use flistry::plugin::author::componentize::{Toolchain, componentize};
use flistry::plugin::{Engine, Hook, LoadOptions, Plugin, PluginError};
use flistry::printable::Printable;
use flistry::tree::FlistKind;
use flistry::tree::file_cache::CacheAccess;
use serde_json::{Map, Value, json};

use super::Context;
use super::output::{Outcome, bytes, good};
use super::plugin_trial::{Answers, facts, run_hooks};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes a new plugin's crate, with a test, that builds as it stands
    New(super::plugin_new::Args),
    /// Compiles a plugin's crate and makes a component of it
    Build(BuildArgs),
    /// Says what a component is, and proves that it fits: its type, its configuration, the same answers twice
    Check(CheckArgs),
    /// Runs a component's hooks on a folder and shows what they would do
    Run(super::plugin_run::Args),
    /// Lists the plugins of config/flistry.toml: hooks, versions, digests, pins, grants
    List,
}

#[derive(clap::Args)]
pub struct BuildArgs {
    /// The crate's folder
    dir: PathBuf,
    /// The component; NAME.wasm in the crate's folder if not given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct CheckArgs {
    /// The component: a file, or builtin:NAME
    #[arg(value_name = "COMPONENT", value_parser = OsStringValueParser::new().try_map(component))]
    component: ComponentSource,
    /// Its configuration, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    config: String,
    /// A file whose text is put into the configuration, as `config-files` does; may be repeated
    #[arg(long = "config-file", value_name = "KEY=FILE", value_parser = variable)]
    config_files: Vec<(String, String)>,
}

/// Where compiled components are kept, below the project.
const COMPILED: &str = "dist/plugin-cache";
/// Where a project's builds remember what they learned of files.
const FILE_CACHE: &str = "dist/pack-cache.sqlite";

fn component(text: OsString) -> Result<ComponentSource, String> {
    match text.to_str() {
        Some(text) => ComponentSource::parse(text).map_err(|unknown| format!("{unknown}; {}", unknown.hint())),
        None => Ok(ComponentSource::File(text.into())),
    }
}

pub fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("there is no `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub fn build(args: BuildArgs, context: &Context) -> Result<Outcome, Error> {
    let toolchain = Toolchain::find(OsStr::new(context.variable("PATH").unwrap_or_default()))?;
    let built = toolchain.build(&args.dir)?;
    let component = componentize(&built.module, &built.metadata)?;
    let file = args.output.unwrap_or_else(|| args.dir.join(format!("{}.wasm", built.metadata.name)));
    std::fs::write(&file, &component).map_err(|error| Error::Write { path: file.clone(), error })?;
    // What was built is a plugin, or the author hears of it here.
    let args =
        CheckArgs { component: ComponentSource::File(file.clone()), config: "{}".to_owned(), config_files: Vec::new() };
    let plugin = load(&args, &[], context)?;
    let mut outcome = match check(&args, context) {
        // A plugin may need a configuration to be valid.
        Err(Error::Plugin(error)) if matches!(*error, PluginError::Configuration { .. }) => {
            let mut outcome = describe(&plugin, &args.component);
            writeln!(outcome.text, "not run: {error}; `flistry plugin check --config` runs it")
                .expect("a string takes all");
            outcome
        }
        other => other?,
    };
    outcome.text = format!(
        "{} {} ({}) with {toolchain}\n{}",
        good(&"built"),
        file.display(),
        bytes(component.len() as u64),
        outcome.text
    );
    outcome.json["built"] = json!(file);
    Ok(outcome)
}

pub fn check(args: &CheckArgs, context: &Context) -> Result<Outcome, Error> {
    let plugin = load(args, &[], context)?;
    plugin.validate()?;
    // A tree of its own: what is proven must not depend on where the command runs.
    let scratch = tempfile::tempdir().map_err(|error| Error::Write { path: std::env::temp_dir(), error })?;
    for (name, text) in [("a", "1"), ("b/c", "22"), ("b/d.ko", "333")] {
        let path = scratch.path().join(name);
        let written =
            std::fs::create_dir_all(path.parent().unwrap_or(scratch.path())).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| Error::Write { path, error })?;
    }
    let facts = facts("modules", FlistKind::Plain, "6.12.44-Zero-OS", BTreeMap::new());
    let first = answer(run_hooks(&plugin, facts.clone(), scratch.path().to_owned(), &[]))?;
    let second = answer(run_hooks(&plugin, facts, scratch.path().to_owned(), &[]))?;
    if first.as_ref().map(Answers::deterministic) != second.as_ref().map(Answers::deterministic) {
        return Err(Error::Usage {
            what: format!("{} gives other answers to the same questions", args.component),
            hint: "a plugin must not depend on a clock, on random numbers or on the order of a hash map".into(),
        });
    }

    let mut outcome = describe(&plugin, &args.component);
    let line = match first {
        Ok(first) => format!("{:<12} {} fuel, {} of memory", "used", first.fuel(), bytes(first.memory())),
        Err(refusal) => {
            format!("{:<12} it refuses the small plain tree of this check: {}", "answer", Printable(&refusal))
        }
    };
    outcome.text = format!("{line}\n{}", outcome.text);
    Ok(outcome)
}

/// What a plugin answers; that it refuses a tree that is not for it is an answer, too.
fn answer(run: Result<Answers, Error>) -> Result<Result<Answers, String>, Error> {
    match run {
        Ok(answers) => Ok(Ok(answers)),
        Err(Error::Plugin(error)) => match &*error {
            PluginError::Refused { message, code, .. } => Ok(Err(format!("{message} ({code})"))),
            _ => Err(Error::Plugin(error)),
        },
        Err(error) => Err(error),
    }
}

/// What a component is, without running it.
fn describe(plugin: &Plugin, component: &ComponentSource) -> Outcome {
    let metadata = plugin.metadata();
    let unknown = || "unknown".to_owned();
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(text, "{name:<12} {}", Printable(&value)).expect("a string takes all");
    };
    line("name", metadata.name.clone().unwrap_or_else(unknown));
    line("version", metadata.version.clone().unwrap_or_else(unknown));
    line("description", metadata.description.clone().unwrap_or_default());
    line("interface", metadata.api.clone().unwrap_or_else(unknown));
    line("hooks", plugin.hooks().into_iter().map(Hook::as_str).collect::<Vec<_>>().join(", "));
    for import in plugin.imports() {
        line("import", import.clone());
    }
    writeln!(text, "sha256 = \"{}\"", plugin.digest()).expect("a string takes all");
    let json = json!({
        "component": component.to_string(),
        "metadata": metadata,
        "hooks": plugin.hooks(),
        "imports": plugin.imports(),
        "sha256": plugin.digest(),
    });
    Outcome::done(text, json)
}

/// Loads a component with what it is given.
pub fn load(args: &CheckArgs, grants: &[(String, PathBuf)], context: &Context) -> Result<Plugin, Error> {
    let no_object = |what: String| Error::Usage { what, hint: "write an object like '{\"key\": 1}'".into() };
    let mut config: Map<String, Value> = serde_json::from_str(&args.config)
        .map_err(|error| no_object(format!("--config is no JSON object: {error}")))?;
    for (key, file) in &args.config_files {
        let (text, _) = read_config_file(Path::new(file)).map_err(|why| Error::Usage {
            what: format!("--config-file {key}={file}: it {why}"),
            hint: "name a text file of at most 1 MiB".into(),
        })?;
        if config.insert(key.clone(), Value::String(text)).is_some() {
            return Err(Error::Usage {
                what: format!("--config-file {key}={file}: `{key}` is set already"),
                hint: "set each key once".into(),
            });
        }
    }
    let config = Value::Object(config);
    let settings = LoadOptions {
        config,
        grants: grants.iter().map(|(flist, _)| flist.clone()).collect(),
        ..LoadOptions::default()
    };
    let read = args.component.read(settings.limits.component_bytes);
    let bytes = read.map_err(|error| Error::Read { path: args.component.to_string().into(), error })?;
    let failed = |error| Error::Read { path: context.project.clone(), error };
    let compiled = std::path::absolute(&context.project).map_err(failed)?.join(COMPILED);
    // Outside a project nothing is left behind.
    let in_project = context.project.join("config").is_dir();
    let cache = in_project.then_some(compiled.as_path());
    let modules = match in_project {
        true => ModuleMemory::new(&context.project.join(FILE_CACHE), CacheAccess::ReadOnly),
        false => ModuleMemory::of_one_run(),
    };
    let name = match &args.component {
        ComponentSource::Builtin(name) => name.clone(),
        ComponentSource::File(file) => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    Ok(Engine::new(cache, Arc::new(modules))?.load(&name, &bytes, settings)?)
}
