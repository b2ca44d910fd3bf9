//! zinit 0.3's units: what its reader takes from a file, and the values that it refuses. It ignores a key that it does not
//! know, so a typo would only show on a node, by what does not happen there; this model refuses it.
//!
//! Of zinit 0.3.9, with its defaults. Times are in milliseconds.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::settings::is_unit_name;

/// One file of `/etc/zinit/system` or `/etc/zinit/services`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TomlUnit {
    /// A process.
    Service(Box<Service>),
    /// A group of units.
    Target(Target),
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What runs.
    pub service: Definition,
    /// What it waits for.
    #[serde(default)]
    pub dependencies: Dependencies,
    /// When it is started again, and given up.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// When it is ready.
    pub health: Option<Health>,
    /// Where output goes.
    #[serde(default)]
    pub logging: Logging,
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The unit's name.
    pub name: String,
    /// The command, for `/bin/sh -c`.
    pub exec: String,
    /// The directory that it runs in.
    pub dir: Option<String>,
    /// Not started again when it ends.
    #[serde(default)]
    pub oneshot: bool,
    /// Variables of the command.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// `start` (default), `stop` or `ignore`.
    pub status: Option<Status>,
    /// `user` (default) or `system`.
    pub class: Option<Class>,
    /// Whether the system fails with it.
    #[serde(default)]
    pub critical: bool,
    /// Ports that it uses.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// Whether others on these ports are killed.
    #[serde(default)]
    pub kill_others: bool,
    /// Names of processes that are killed first.
    #[serde(default)]
    pub process_filters: Vec<String>,
}

/// What zinit does with a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "zinit's own words")]
pub enum Status {
    Start,
    Stop,
    Ignore,
}

/// Whether it is spared by commands for all services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "zinit's own words")]
pub enum Class {
    User,
    System,
}

/// What a unit waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependencies {
    /// Waits until each was attempted.
    #[serde(default)]
    pub after: Vec<String>,
    /// Waits until each is ready; a missing one fails this unit for good.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Does not wait.
    #[serde(default)]
    pub wants: Vec<String>,
    /// Units that never run at the same time.
    #[serde(default)]
    pub conflicts: Vec<String>,
}

/// When a service is started again, and given up. What a file does not set has zinit's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "zinit's own words")]
pub struct Lifecycle {
    pub restart: Option<Restart>,
    pub restart_delay_ms: Option<u64>,
    pub restart_delay_max_ms: Option<u64>,
    pub max_restarts: Option<u32>,
    pub stability_period_ms: Option<u64>,
    pub start_timeout_ms: Option<u64>,
    pub stop_timeout_ms: Option<u64>,
    pub stop_signal: Option<String>,
}

/// When a service is started again; never, if it is a oneshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "zinit's own words")]
pub enum Restart {
    Always,
    OnFailure,
    Never,
}

/// When a service is ready. What a file does not set has zinit's default, with which it is killed after three failures.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// What kind of test it is.
    pub r#type: HealthType,
    /// What is tested: a command, for `exec`.
    pub target: String,
    /// For `http`.
    pub expect_status: Option<u16>,
    /// From one test to the next.
    pub interval_ms: Option<u64>,
    /// How long a test may take.
    pub timeout_ms: Option<u64>,
    /// Failures until it is killed.
    pub retries: Option<u32>,
    /// Until the first test.
    pub start_period_ms: Option<u64>,
}

/// Kinds of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "zinit's own words")]
pub enum HealthType {
    Tcp,
    Http,
    Exec,
}

/// Where output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "zinit's own words")]
pub struct Logging {
    pub buffer_lines: Option<usize>,
    pub file: Option<String>,
    pub forward: Option<String>,
}

/// A group of units.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The group.
    pub target: TargetDefinition,
    /// What belongs to it.
    #[serde(default)]
    pub dependencies: Dependencies,
}

/// The group itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetDefinition {
    /// The unit's name.
    pub name: String,
    /// Whether the system fails with it.
    #[serde(default)]
    pub critical: bool,
}

impl TomlUnit {
    /// Parses a unit.
    ///
    /// # Errors
    /// In one line, what zinit would ignore or refuse.
    pub fn parse(text: &str) -> Result<TomlUnit, String> {
        let table: toml::Table = text.parse().map_err(one_line)?;
        if table.contains_key("target") {
            let target: Target = toml::from_str(text).map_err(one_line)?;
            check_names(&target.target.name, &target.dependencies)?;
            return Ok(TomlUnit::Target(target));
        }
        let service: Service = toml::from_str(text).map_err(one_line)?;
        check_names(&service.service.name, &service.dependencies)?;
        service.check()?;
        Ok(TomlUnit::Service(Box::new(service)))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            TomlUnit::Service(service) => &service.service.name,
            TomlUnit::Target(target) => &target.target.name,
        }
    }

    /// What it waits for.
    pub fn dependencies(&self) -> &Dependencies {
        match self {
            TomlUnit::Service(service) => &service.dependencies,
            TomlUnit::Target(target) => &target.dependencies,
        }
    }
}

impl Service {
    /// The values that zinit refuses, with the whole unit.
    fn check(&self) -> Result<(), String> {
        let zero = |name: &str, value: Option<u64>| match value {
            Some(0) => Err(format!("`{name}` is 0")),
            _ => Ok(()),
        };
        let Lifecycle { restart_delay_ms, restart_delay_max_ms, start_timeout_ms, stop_timeout_ms, .. } =
            &self.lifecycle;
        zero("restart_delay_ms", *restart_delay_ms)?;
        zero("restart_delay_max_ms", *restart_delay_max_ms)?;
        zero("start_timeout_ms", *start_timeout_ms)?;
        zero("stop_timeout_ms", *stop_timeout_ms)?;
        if restart_delay_max_ms.unwrap_or(300_000) < restart_delay_ms.unwrap_or(1000) {
            return Err("`restart_delay_max_ms` is less than `restart_delay_ms`".to_owned());
        }
        if self.service.exec.is_empty() {
            return Err("`exec` is empty".to_owned());
        }
        if let Some(health) = &self.health {
            zero("retries", health.retries.map(u64::from))?;
            zero("interval_ms", health.interval_ms)?;
            zero("timeout_ms", health.timeout_ms)?;
            if health.target.is_empty() {
                return Err("`target` of [health] is empty".to_owned());
            }
        }
        Ok(())
    }
}

fn check_names(own: &str, dependencies: &Dependencies) -> Result<(), String> {
    let Dependencies { after, requires, wants, conflicts } = dependencies;
    let others = [after, requires, wants, conflicts].into_iter().flatten().map(String::as_str);
    match [own].into_iter().chain(others).find(|name| !is_unit_name(name)) {
        Some(name) => Err(format!("`{name}` cannot name a unit")),
        None => Ok(()),
    }
}

fn one_line(error: toml::de::Error) -> String {
    error.message().trim().replace('\n', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "[service]\nname = \"a\"\nexec = \"b\"\n";

    #[test]
    fn services_and_targets_are_told_apart() {
        assert!(matches!(TomlUnit::parse(SERVICE).unwrap(), TomlUnit::Service(_)));
        let target = TomlUnit::parse("[target]\nname = \"t\"\n[dependencies]\nrequires = [\"a\"]\n").unwrap();
        assert_eq!((target.name(), &*target.dependencies().requires[0]), ("t", "a"));
    }

    #[test]
    fn what_zinit_would_ignore_is_refused() {
        for (tail, word) in [
            ("one_shot = true", "one_shot"),
            ("[dependancies]\n", "dependancies"),
            ("[dependencies]\nrequire = []", "require"),
            ("[lifecycle]\nrestarts = 1", "restarts"),
            ("[lifecycle]\nrestart = \"on_failure\"", "on_failure"),
            ("[health]\ntype = \"exec\"\ntarget = \"x\"\ninterval = 1", "interval"),
            ("[health]\ntype = \"exec\"\n", "target"),
            ("[logging]\nlines = 1", "lines"),
            ("[target]\nname = \"x\"", "service"),
        ] {
            let error = TomlUnit::parse(&format!("{SERVICE}{tail}")).expect_err(tail);
            assert!(error.contains(word) && !error.contains('\n'), "{tail}: {error}");
        }
    }

    #[test]
    fn what_zinit_refuses_is_refused() {
        for (tail, error) in [
            ("[lifecycle]\nrestart_delay_ms = 0", "`restart_delay_ms` is 0"),
            ("[lifecycle]\nrestart_delay_max_ms = 1", "`restart_delay_max_ms` is less than `restart_delay_ms`"),
            ("[health]\ntype = \"exec\"\ntarget = \"x\"\nretries = 0", "`retries` is 0"),
            ("[health]\ntype = \"exec\"\ntarget = \"\"", "`target` of [health] is empty"),
            ("[dependencies]\nafter = [\"a b\"]", "`a b` cannot name a unit"),
        ] {
            assert_eq!(TomlUnit::parse(&format!("{SERVICE}{tail}")).unwrap_err(), error);
        }
    }
}
