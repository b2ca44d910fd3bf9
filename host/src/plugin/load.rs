//! From bytes to a plugin that can be run.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use wasmtime::component::{Component, InstancePre};

use super::bindings::exports::flistry::plugin as exports;
use super::compiler::telling;
use super::engine::{Engine, EngineParts};
use super::error::{LOADING, PluginError, clean};
use super::hook::Hook;
use super::imports::{add_wasi_to_linker, stands_in};
use super::limits::{Breach, Limit, Limits};
use super::metadata::{CodeSize, ComponentMetadata, Outline, PACKAGE};
use super::state::State;
use crate::files::sha256;
use crate::progress::Progress;

/// The interfaces of our package that a plugin may import.
const OFFERED: [&str; 8] = ["types", "log", "build", "configuration", "trees", "module-info", "report", "drafts"];

/// The version of the interface; 0.1 and 0.2 never match, 0.1.1 and 0.1.2 do.
const API: &str = "0.1.";

/// What the configuration says of a plugin.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// What it is given as its configuration; [`Value::Null`] counts as `{}`.
    pub config: Value,
    /// What it may use up.
    pub limits: Limits,
    /// The flists whose trees it may open, besides the one that is built.
    pub grants: Vec<String>,
    /// The pin: the component's SHA-256 in hexadecimal.
    pub expected_sha256: Option<String>,
}

/// A component that was compiled and whose surface was checked. Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    pub(super) name: Arc<str>,
    pub(super) shared: Arc<EngineParts>,
    pub(super) pre: InstancePre<State>,
    pub(super) limits: Arc<Limits>,
    pub(super) grants: Arc<[String]>,
    /// The configuration as the plugin gets it.
    pub(super) config: Arc<str>,
    pub(super) hooks: Hooks,
    imports: Arc<[String]>,
    metadata: ComponentMetadata,
    digest: String,
}

/// Where the exports are. Each hook is one that a component may or may not have.
#[derive(Clone)]
pub(super) struct Hooks {
    pub validation: exports::validation::GuestIndices,
    pub filter: Option<exports::filter::GuestIndices>,
    pub naming: Option<exports::naming::GuestIndices>,
    pub post_pack: Option<exports::post_pack::GuestIndices>,
}

impl Engine {
    /// Compiles a component and finds out what it is. `name` is what messages call it; `progress` is told where compiling
    /// takes a while.
    ///
    /// # Errors
    /// Says what is wrong with the file; nothing of it runs.
    pub fn load(
        &self,
        name: &str,
        bytes: &[u8],
        options: LoadOptions,
        progress: &dyn Progress,
    ) -> Result<Plugin, PluginError> {
        if bytes.len() as u64 > options.limits.component_bytes {
            return Err(PluginError::limit(name, LOADING, Breach(Limit::Component), &options.limits));
        }
        let digest = sha256(bytes);
        if let Some(expected) = options.expected_sha256
            && !expected.eq_ignore_ascii_case(&digest)
        {
            return Err(PluginError::Digest { plugin: name.to_owned(), expected, found: digest });
        }
        let outline = Outline::read(name, bytes)?;
        check_code(&outline.code, &options.limits)
            .map_err(|breach| PluginError::limit(name, LOADING, breach, &options.limits))?;
        check_surface(name, &outline)?;
        let component = telling(name, bytes.len() as u64, progress, || {
            self.shared.compile(name, (bytes, &digest), &options.limits)
        })?;
        let misfit =
            |error: wasmtime::Error| PluginError::World { plugin: name.to_owned(), what: clean(&format!("{error:#}")) };
        let mut linker = self.shared.linker.clone();
        add_wasi_to_linker(&mut linker, &component, State::wasi).map_err(misfit)?;
        let pre = linker.instantiate_pre(&component).map_err(misfit)?;
        let hooks = Hooks {
            validation: exports::validation::GuestIndices::new(&pre).map_err(misfit)?,
            filter: exports::filter::GuestIndices::new(&pre).ok(),
            naming: exports::naming::GuestIndices::new(&pre).ok(),
            post_pack: exports::post_pack::GuestIndices::new(&pre).ok(),
        };
        let config = match options.config {
            Value::Null => "{}".to_owned(),
            value => value.to_string(),
        };
        Ok(Plugin {
            name: name.into(),
            shared: self.shared.clone(),
            pre,
            limits: Arc::new(options.limits),
            grants: options.grants.into(),
            config: config.into(),
            hooks,
            imports: outline.imports.into(),
            metadata: outline.metadata,
            digest,
        })
    }
}

impl EngineParts {
    fn compile(&self, name: &str, (bytes, digest): (&[u8], &str), limits: &Limits) -> Result<Component, PluginError> {
        if let Some(compiler) = &self.compiler {
            compiler.ensure_compiles(&self.engine, name, (bytes, digest), limits)?;
        }
        Component::from_binary(&self.engine, bytes)
            .map_err(|error| PluginError::NotComponent { plugin: name.to_owned(), what: clean(&format!("{error:#}")) })
    }
}

/// The least that bounds the compiler is what it is given.
fn check_code(code: &CodeSize, limits: &Limits) -> Result<(), Breach> {
    let found = [
        (Limit::Functions, code.functions),
        (Limit::Locals, code.locals),
        (Limit::Code, code.bytes),
        (Limit::Function, code.largest_function),
    ];
    match found.into_iter().find(|(limit, found)| *found > limit.amount(limits)) {
        Some((limit, _)) => Err(Breach(limit)),
        None => Ok(()),
    }
}

/// `A, B and C`.
fn offered_names() -> String {
    let (last, others) = OFFERED.split_last().expect("there are some");
    format!("{} and {last}", others.join(", "))
}

/// Whether the version of an interface is one that this flistry has; the error ends where this flistry's is told.
fn fits(version: &str) -> Result<(), &'static str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match version.strip_prefix(API) {
        Some(patch) if is_number(patch) => Ok(()),
        // What was being worked on then, nobody has now.
        Some(_) => Err("a version that was never released:"),
        None => Err("another version:"),
    }
}

/// Names an import that nobody grants, and an interface that is another version's.
fn check_surface(plugin: &str, outline: &Outline) -> Result<(), PluginError> {
    let ours = |name: &str| name.strip_prefix(PACKAGE)?.split_once('@').map(|(i, v)| (i.to_owned(), v.to_owned()));
    let world = |what: String| PluginError::World { plugin: plugin.to_owned(), what };
    for name in outline.imports.iter().chain(&outline.exports) {
        if let Some((_, version)) = ours(name)
            && let Err(what) = fits(&version)
        {
            return Err(world(clean(&format!("`{name}` is of {what} this flistry's is {API}x"))));
        }
    }
    for import in &outline.imports {
        let offered = ours(import).is_some_and(|(interface, _)| OFFERED.contains(&&*interface)) || stands_in(import);
        if !offered {
            return Err(PluginError::Import {
                plugin: plugin.to_owned(),
                import: clean(import),
                offered: offered_names(),
            });
        }
    }
    let exports = |wanted: &str| outline.exports.iter().any(|name| ours(name).is_some_and(|(i, _)| i == wanted));
    if !Hook::ALL.into_iter().any(|hook| exports(hook.as_str())) {
        return Err(world(format!("it exports none of {PACKAGE}filter, naming and post-pack")));
    }
    if !exports("validation") {
        return Err(world(format!("it does not export {PACKAGE}validation")));
    }
    Ok(())
}

impl Plugin {
    /// Its name in the configuration.
    pub fn name_in_config(&self) -> &str {
        &self.name
    }

    /// The component's SHA-256 in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// SHA-256 of the configuration as the plugin gets it.
    pub fn config_digest(&self) -> String {
        sha256(self.config.as_bytes())
    }

    /// What it says of itself.
    pub fn metadata(&self) -> &ComponentMetadata {
        &self.metadata
    }

    /// The hooks that it has.
    pub fn hooks(&self) -> BTreeSet<Hook> {
        let has = |hook: &Hook| match hook {
            Hook::Filter => self.hooks.filter.is_some(),
            Hook::Naming => self.hooks.naming.is_some(),
            Hook::PostPack => self.hooks.post_pack.is_some(),
        };
        Hook::ALL.into_iter().filter(has).collect()
    }

    /// What it imports, by full names.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// The flists whose trees it may open.
    pub fn grants(&self) -> &[String] {
        &self.grants
    }

    /// What it may use up.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The error of asking for a hook that it does not have.
    pub(super) fn no_hook(&self, hook: Hook) -> PluginError {
        let has: Vec<_> = self.hooks().into_iter().map(Hook::as_str).collect();
        PluginError::NoHook { plugin: self.name.to_string(), hook: hook.as_str(), has: has.join(" and ") }
    }
}
