//! What goes wrong with a plugin. Every message names the plugin.

use super::limits::{Breach, Limits};
use crate::printable::is_unprintable;

/// What stands in a hook's place before there is a plugin.
pub(super) const LOADING: &str = "load";

/// Bytes of a plugin's own text that are shown.
const SHOWN: usize = 1024;

/// A plugin that can't be used, or that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The file is not a component at all.
    #[error("plugin `{plugin}` is not a WebAssembly component: {what}")]
    NotComponent {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What it is instead.
        what: String,
    },
    /// The file is not the one that was pinned.
    #[error("plugin `{plugin}` has the SHA-256 {found}, the configuration wants {expected}")]
    Digest {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What the configuration says.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// It wants an import that flistry does not offer.
    #[error("plugin `{plugin}` wants the import `{import}`, which flistry does not offer")]
    Import {
        /// The plugin's name in the configuration.
        plugin: String,
        /// The import's name.
        import: String,
        /// The names of all interfaces that there are.
        offered: String,
    },
    /// It is a component, but not a plugin for this flistry.
    #[error("plugin `{plugin}` does not fit: {what}")]
    World {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What is missing or different.
        what: String,
    },
    /// It could not be compiled, for a reason that is not known to be its own.
    #[error("plugin `{plugin}` can't be compiled: {what}")]
    Compiler {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What happened.
        what: String,
    },
    /// It was asked for a hook that it does not have.
    #[error("plugin `{plugin}` has no {hook} hook; it has {has}")]
    NoHook {
        /// The plugin's name in the configuration.
        plugin: String,
        /// The hook that was asked for.
        hook: &'static str,
        /// The hooks that there are.
        has: String,
    },
    /// It refuses its configuration, in its own words.
    #[error("plugin `{plugin}` refuses its configuration: {message} ({code})")]
    Configuration {
        /// The plugin's name in the configuration.
        plugin: String,
        /// The plugin's word for it.
        code: String,
        /// The plugin's sentence.
        message: String,
    },
    /// It gave up, in its own words.
    #[error("plugin `{plugin}`, {hook}: {}{message} ({code})", at(.entry))]
    Refused {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What was called.
        hook: &'static str,
        /// The plugin's word for it.
        code: String,
        /// The plugin's sentence.
        message: String,
        /// The path that it is about.
        entry: Option<String>,
    },
    /// A credential stands in what it says.
    #[error("plugin `{plugin}`, {hook}: it tried to give out {whose}")]
    Leak {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What was called.
        hook: &'static str,
        /// Whose credential.
        whose: &'static str,
    },
    /// It reached a limit.
    #[error("plugin `{plugin}`, {hook}: more {limit} than the allowed {amount}")]
    Limit {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What was called.
        hook: &'static str,
        /// What there was too much of.
        limit: &'static str,
        /// How much is allowed.
        amount: u64,
        /// The setting to raise.
        setting: &'static str,
    },
    /// It crashed.
    #[error("plugin `{plugin}`, {hook}: it crashed: {what}")]
    Trap {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What was called.
        hook: &'static str,
        /// How it crashed.
        what: String,
    },
    /// Its answer makes no sense.
    #[error("plugin `{plugin}`, {hook}: {what}")]
    Answer {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What was called.
        hook: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// A name that can't be one with the value that a variable has.
    #[error("plugin `{plugin}`, naming: {what}, with {variable}=`{value}`")]
    Variable {
        /// The plugin's name in the configuration.
        plugin: String,
        /// What is wrong with the name.
        what: String,
        /// The variable, which the configuration grants to the plugin.
        variable: String,
        /// Its value.
        value: String,
    },
    /// An operation that can't be carried out.
    #[error("plugin `{plugin}`, post-pack: it can't {operation}: {what}")]
    Operation {
        /// The plugin's name in the configuration.
        plugin: String,
        /// The operation.
        operation: String,
        /// Why it can't.
        what: String,
    },
    /// Two plugins want different things.
    #[error("plugins `{first}` and `{second}` disagree: {what}")]
    Conflict {
        /// The one that runs first.
        first: String,
        /// The other.
        second: String,
        /// What they disagree about.
        what: String,
    },
    /// WebAssembly can't be run here at all.
    #[error("the plugin engine does not start: {what}")]
    Engine {
        /// Why it does not start.
        what: String,
    },
}

fn at(entry: &Option<String>) -> String {
    entry.as_ref().map(|path| format!("/{path}: ")).unwrap_or_default()
}

impl PluginError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            PluginError::NotComponent { .. } => {
                "name a file that `flistry plugin build` made, or one that any toolchain made into a component".into()
            }
            PluginError::Digest { found, .. } => {
                format!("if the change is meant, look at what the plugin does and set `sha256 = \"{found}\"`")
            }
            PluginError::Import { import, .. } if import.starts_with("wasi:") => {
                "flistry stands in for WASI 0.2 without files, network and environment; build the plugin for that, or \
                 for wasm32-unknown-unknown, which needs no WASI"
                    .into()
            }
            PluginError::Import { offered, .. } => {
                format!("a plugin may import {offered} of flistry:plugin, and nothing else; build it without the rest")
            }
            PluginError::World { .. } => "build it against flistry's wit/; `flistry plugin check` shows what it has".into(),
            PluginError::Compiler { .. } => {
                "the component may be made to break the compiler: ask whoever built it, or take it out of \
                 config/flistry.toml; on a machine that is short of memory or processes, try again later"
                    .into()
            }
            PluginError::NoHook { .. } => "name it where a hook of its own is wanted".into(),
            PluginError::Configuration { .. } => "correct the plugin's `config` in config/flistry.toml".into(),
            PluginError::Refused { .. } => "the words are the plugin's own; see its documentation".into(),
            PluginError::Leak { .. } => {
                "take the plugin out of config/flistry.toml, find out where it read the key, and replace the key".into()
            }
            PluginError::Limit { setting: "wall-seconds", .. } => {
                "the machine may be busy: run it again, or raise the plugin's limit `wall-seconds` in config/flistry.toml"
                    .into()
            }
            PluginError::Limit { setting, .. } => {
                format!("if the plugin is right to need more, raise its limit `{setting}` in config/flistry.toml")
            }
            PluginError::Trap { .. } | PluginError::Answer { .. } => {
                "this is a fault of the plugin: tell its author, or take it out of config/flistry.toml".into()
            }
            PluginError::Variable { variable, .. } => {
                format!("set {variable} to something else, or configure the plugin otherwise; if neither helps, tell its author")
            }
            PluginError::Operation { .. } => "nothing was changed; correct the plugin or its configuration".into(),
            PluginError::Conflict { .. } => "nothing was changed; take one of the two out, or configure it otherwise".into(),
            PluginError::Engine { .. } => "check that the cache directory is writable and that memory is left".into(),
        }
    }

    /// Whether the configuration is what is wrong (exit code 2), not the run (1).
    pub fn is_configuration(&self) -> bool {
        match self {
            PluginError::NotComponent { .. }
            | PluginError::Digest { .. }
            | PluginError::Import { .. }
            | PluginError::World { .. }
            | PluginError::NoHook { .. }
            | PluginError::Configuration { .. } => true,
            // Nothing ran yet: the component is larger than the configuration lets it be.
            PluginError::Limit { hook, .. } => *hook == LOADING,
            _ => false,
        }
    }

    pub(super) fn limit(plugin: &str, hook: &'static str, Breach(limit): Breach, limits: &Limits) -> Self {
        let (what, amount, setting) = (limit.what(), limit.amount(limits), limit.setting());
        PluginError::Limit { plugin: plugin.to_owned(), hook, limit: what, amount, setting }
    }
}

/// Something that a plugin asked or said in a host call that makes no sense; its text follows the plugin's name and hook.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Misuse(pub String);

/// A plugin's text, safe to show: nothing that a terminal would obey or nobody would see, not endless.
pub(super) fn clean(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN);
    let mut shown: String = text[..end].chars().map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect();
    if end < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limit;
    use super::*;

    #[test]
    fn a_message_names_the_plugin_and_a_hint_the_setting() {
        let error =
            PluginError::limit("prune", "post-pack", Breach(Limit::Fuel), &Limits { fuel: 7, ..Limits::default() });
        assert_eq!(error.to_string(), "plugin `prune`, post-pack: more instructions in one call than the allowed 7");
        assert!(error.hint().contains("raise its limit `fuel`"));
        assert!(!error.is_configuration());
        let error = PluginError::limit("big", "load", Breach(Limit::Component), &Limits::default());
        assert!(error.is_configuration());
    }

    #[test]
    fn a_plugins_own_words_are_shown_safely() {
        let error = PluginError::Refused {
            plugin: "p".into(),
            hook: "filter",
            code: "bad-glob".into(),
            message: clean("no\u{1b}[31m\u{202e}"),
            entry: Some("a/b".into()),
        };
        assert_eq!(error.to_string(), "plugin `p`, filter: /a/b: no\u{fffd}[31m\u{fffd} (bad-glob)");
        assert!(clean(&"ä".repeat(5000)).len() <= SHOWN + '…'.len_utf8());
    }
}
