//! `flistry plugin build`, `check` and `run`: making a component and trying it, without a build of flists.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flistry::componentize::{Toolchain, componentize};
use flistry::config::{Contents, Owner, read_config_file};
use flistry::error::Error;
use flistry::filter::Filtered;
use flistry::normal::{Rules, normalize};
use flistry::plugin::{
    Account, Engine, EntryView, Facts, Hook, Names, Operation, Plugin, PluginError, Removed, Settings, SourceTree,
    TreeView, Trees, Usage, Verdict, Wanted, apply,
};
use flistry::printable::Printable;
use flistry::progress::Progress;
use flistry::scan::{Scan, scan};
use flistry::source::Source;
use serde_json::{Map, Value, json};

use super::Context;
use super::output::{Outcome, bytes, good};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes a new plugin's crate, with a test, that builds as it stands
    New(super::plugin_new::Args),
    /// Compiles a plugin's crate and makes a component of it
    Build(BuildArgs),
    /// Says what a component is, and proves that it fits: its type, its configuration, the same answers twice
    Check(CheckArgs),
    /// Runs a component's hooks on a folder and shows what they would do
    Run(RunArgs),
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
    /// The component
    file: PathBuf,
    /// Its configuration, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    config: String,
    /// A file whose text is put into the configuration, as `config-files` does; may be repeated
    #[arg(long = "config-file", value_name = "KEY=FILE", value_parser = variable)]
    config_files: Vec<(String, String)>,
}

#[derive(clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    plugin: CheckArgs,
    /// The folder that stands for an flist's source
    #[arg(long, value_name = "DIR")]
    tree: PathBuf,
    /// Another flist's folder that the plugin may read, such as modules=DIR; may be repeated
    #[arg(long = "grant", value_name = "FLIST=DIR", value_parser = grant)]
    grants: Vec<(String, PathBuf)>,
    /// What the flist is called
    #[arg(long, default_value = "modules")]
    flist: String,
    /// What kind of tree it is: modules, firmware or plain
    #[arg(long, default_value = "modules", value_parser = contents)]
    contents: Contents,
    /// The kernel version
    #[arg(long, default_value = "6.12.44-Zero-OS")]
    kernel: String,
    /// A variable that the plugin is shown; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
}

/// Where compiled components are kept, below the project.
const COMPILED: &str = "dist/plugin-cache";

/// A folder's entries as a build without settings would pack them.
const RULES: Rules = Rules { owner: Owner::Root, not_after: None };

fn contents(word: &str) -> Result<Contents, String> {
    [Contents::Modules, Contents::Firmware, Contents::Plain]
        .into_iter()
        .find(|contents| contents.word() == word)
        .ok_or_else(|| "it is one of modules, firmware and plain".to_owned())
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("there is no `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn grant(text: &str) -> Result<(String, PathBuf), String> {
    let (flist, folder) = text.split_once('=').filter(|(flist, _)| !flist.is_empty()).ok_or("write FLIST=DIR")?;
    Ok((flist.to_owned(), PathBuf::from(folder)))
}

pub fn build(args: BuildArgs, context: &Context) -> Result<Outcome, Error> {
    let toolchain = Toolchain::find(OsStr::new(context.variable("PATH").unwrap_or_default()))?;
    let built = toolchain.build(&args.dir)?;
    let component = componentize(&built.module, &built.metadata)?;
    let file = args.output.unwrap_or_else(|| args.dir.join(format!("{}.wasm", built.metadata.name)));
    std::fs::write(&file, &component).map_err(|error| Error::Write { path: file.clone(), error })?;
    // What was built is a plugin, or the author hears of it here.
    let args = CheckArgs { file: file.clone(), config: "{}".to_owned(), config_files: Vec::new() };
    let plugin = load(&args, &[], context)?;
    let mut outcome = match check(args, context) {
        // A plugin may need a configuration to be valid.
        Err(Error::Plugin(error)) if matches!(*error, PluginError::Configuration { .. }) => {
            let mut outcome = describe(&plugin, &file);
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

pub fn check(args: CheckArgs, context: &Context) -> Result<Outcome, Error> {
    let plugin = load(&args, &[], context)?;
    plugin.validate()?;
    // A tree of its own: what is proven must not depend on where the command runs.
    let scratch = tempfile::tempdir().map_err(|error| Error::Write { path: std::env::temp_dir(), error })?;
    for (name, text) in [("a", "1"), ("b/c", "22"), ("b/d.ko", "333")] {
        let path = scratch.path().join(name);
        let written =
            std::fs::create_dir_all(path.parent().unwrap_or(scratch.path())).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| Error::Write { path, error })?;
    }
    let facts = facts("modules", Contents::Plain, "6.12.44-Zero-OS", BTreeMap::new());
    let first = answer(run_hooks(&plugin, facts.clone(), scratch.path().to_owned(), &[]))?;
    let second = answer(run_hooks(&plugin, facts, scratch.path().to_owned(), &[]))?;
    if first.as_ref().map(Answers::deterministic) != second.as_ref().map(Answers::deterministic) {
        return Err(Error::Usage {
            what: format!("{} gives other answers to the same questions", args.file.display()),
            hint: "a plugin must not depend on a clock, on random numbers or on the order of a hash map".into(),
        });
    }

    let mut outcome = describe(&plugin, &args.file);
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
fn describe(plugin: &Plugin, file: &Path) -> Outcome {
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
    line("hooks", plugin.hooks().into_iter().map(Hook::word).collect::<Vec<_>>().join(", "));
    for import in plugin.imports() {
        line("import", import.clone());
    }
    writeln!(text, "sha256 = \"{}\"", plugin.digest()).expect("a string takes all");
    let json = json!({
        "file": file,
        "metadata": metadata,
        "hooks": plugin.hooks(),
        "imports": plugin.imports(),
        "sha256": plugin.digest(),
    });
    Outcome::done(text, json)
}

pub fn run(args: RunArgs, context: &Context) -> Result<Outcome, Error> {
    let plugin = load(&args.plugin, &args.grants, context)?;
    plugin.validate()?;
    let facts = facts(&args.flist, args.contents, &args.kernel, args.variables.into_iter().collect());
    let done = run_hooks(&plugin, facts, args.tree, &args.grants)?;
    for warning in done.accounts().flat_map(|account| &account.warnings) {
        context.terminal.warn(warning.clone());
    }
    let mut text = String::new();
    let mut line = |value: String| writeln!(text, "{value}").expect("a string takes all");
    if let Some(Selection { dropped, kept, account }) = &done.filter {
        for (path, reason) in dropped {
            line(format!("drops /{} ({})", Printable(path), Printable(reason)));
        }
        line(format!("{} keeps {kept} entries, drops {}; {}", good(&"filter"), dropped.len(), used(account)));
    }
    if let Some((names, account)) = &done.names {
        line(format!("names it {}", names.file));
        for alias in &names.aliases {
            line(format!("alias {alias}"));
        }
        line(format!("{} \"{}\"; {}", good(&"naming"), Printable(&names.title), used(account)));
    }
    if let Some(Edit { operations, removed, account }) = &done.edit {
        for Removed { path, reason, .. } in removed {
            let why = reason.as_ref().map(|reason| format!(" ({})", Printable(reason))).unwrap_or_default();
            line(format!("removes /{}{why}", Printable(path)));
        }
        for operation in operations {
            match operation {
                Operation::Remove(_) => {}
                Operation::SetTag { key, value } => line(format!("tags {}={}", Printable(key), Printable(value))),
                Operation::RemoveTag { key } => line(format!("removes the tag {}", Printable(key))),
                Operation::AddSymlink { path, target } => {
                    line(format!("adds /{} -> {}", Printable(path), Printable(target)));
                }
            }
        }
        for (key, value) in &account.findings {
            line(format!("finds {}: {}", Printable(key), Printable(value)));
        }
        line(format!("{} {} operations; {}", good(&"post-pack"), operations.len(), used(account)));
    }
    Ok(Outcome::done(text, done.json()))
}

fn used(account: &Account) -> String {
    let usage = &account.usage;
    format!("{} fuel, {} of memory, {:.3} s", usage.fuel, bytes(usage.peak_memory), usage.seconds)
}

fn load(args: &CheckArgs, grants: &[(String, PathBuf)], context: &Context) -> Result<Plugin, Error> {
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
    let component = std::fs::read(&args.file).map_err(|error| Error::Read { path: args.file.clone(), error })?;
    let failed = |error| Error::Read { path: context.project.clone(), error };
    let compiled = std::path::absolute(&context.project).map_err(failed)?.join(COMPILED);
    // Outside a project nothing is left behind.
    let cache = context.project.join("config").is_dir().then_some(compiled.as_path());
    let name = args.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let grants = grants.iter().map(|(flist, _)| flist.clone()).collect();
    Ok(Engine::new(cache)?.load(&name, &component, Settings { config, grants, ..Settings::default() })?)
}

fn facts(flist: &str, contents: Contents, kernel: &str, variables: BTreeMap<String, String>) -> Facts {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    Facts {
        flist: flist.to_owned(),
        contents,
        kernel: kernel.to_owned(),
        date: now.strftime("%Y%m%d").to_string(),
        variables,
        figures: BTreeMap::new(),
    }
}

/// What a filter leaves.
struct Selection {
    /// Paths with the reasons.
    dropped: Vec<(String, String)>,
    kept: usize,
    account: Account,
}

/// What the hooks that there are answered.
#[derive(Default)]
struct Answers {
    filter: Option<Selection>,
    names: Option<(Names, Account)>,
    edit: Option<Edit>,
}

/// What a post-pack hook wants.
struct Edit {
    operations: Vec<Operation>,
    /// What goes, were it done.
    removed: Vec<Removed>,
    account: Account,
}

fn run_hooks(
    plugin: &Plugin,
    mut facts: Facts,
    folder: PathBuf,
    grants: &[(String, PathBuf)],
) -> Result<Answers, Error> {
    let mut trees = Trees::default();
    for (flist, folder) in grants {
        let (_, tree) = open(flist, folder)?;
        trees.by_name.insert(flist.clone(), Arc::new(tree) as Arc<dyn TreeView>);
    }
    let (scan, tree) = open(&facts.flist, &folder)?;
    let entries: Vec<EntryView> = tree.entries().to_vec();
    facts.figures.insert("entries".to_owned(), entries.len().to_string());
    trees.by_name.insert(facts.flist.clone(), Arc::new(tree));
    let hooks = plugin.hooks();
    let mut answers = Answers::default();
    if hooks.contains(&Hook::Filter) {
        let (verdicts, account) = plugin.filter(&facts, &trees, &entries)?;
        let dropped: Vec<(String, String)> = verdicts
            .iter()
            .zip(&entries)
            .filter_map(|(verdict, entry)| match verdict {
                Verdict::Keep => None,
                Verdict::Drop(reason) => Some((entry.path.clone(), reason.clone())),
            })
            .collect();
        answers.filter = Some(Selection { kept: entries.len() - dropped.len(), dropped, account });
    }
    if hooks.contains(&Hook::Naming) {
        answers.names = Some(plugin.name(&facts, &trees)?);
    }
    if hooks.contains(&Hook::PostPack) {
        let (input, _) = normalize(&scan, &Filtered::nothing(&scan), RULES)?;
        let entries = EntryView::of_tree(&input.tree);
        let (operations, account) = plugin.edit(&facts, &trees, &entries, &BTreeMap::new())?;
        // As a build would: what can't be carried out is an error here, too.
        let by = plugin.name_in_config().to_owned();
        let wanted = Wanted { by, operations: operations.clone(), reasons: account.reasons.clone() };
        let removed = apply(input, BTreeMap::new(), &[wanted])?.removed;
        answers.edit = Some(Edit { operations, removed, account });
    }
    Ok(answers)
}

/// A folder as an flist's source.
fn open(flist: &str, folder: &Path) -> Result<(Scan, SourceTree), Error> {
    let source = Source::open_ambient(flist, &[folder.to_owned()])?;
    let scan = scan(&source)?;
    let failed = |error| Error::Read { path: folder.to_owned(), error };
    let tree = SourceTree::new(&source, &scan, |_| true).map_err(failed)?;
    Ok((scan, tree))
}

impl Answers {
    fn accounts(&self) -> impl Iterator<Item = &Account> {
        let filter = self.filter.iter().map(|selection| &selection.account);
        let edit = self.edit.iter().map(|edit| &edit.account);
        filter.chain(self.names.iter().map(|(_, a)| a)).chain(edit)
    }

    fn usages(&self) -> impl Iterator<Item = &Usage> {
        self.accounts().map(|account| &account.usage)
    }

    fn fuel(&self) -> u64 {
        self.usages().map(|usage| usage.fuel).sum()
    }

    fn memory(&self) -> u64 {
        self.usages().map(|usage| usage.peak_memory).max().unwrap_or(0)
    }

    fn json(&self) -> Value {
        json!({
            "filter": self.filter.as_ref().map(|Selection { dropped, kept, account }| json!({
                "kept": kept,
                "dropped": dropped.iter().map(|(path, reason)| json!({ "path": path, "reason": reason })).collect::<Vec<_>>(),
                "used": account.usage,
                "explained": account.reasons,
                "found": account.findings,
            })),
            "naming": self.names.as_ref().map(|(names, account)| json!({
                "file": names.file.to_string(),
                "aliases": names.aliases.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "title": names.title,
                "used": account.usage,
                "explained": account.reasons,
                "found": account.findings,
            })),
            "post-pack": self.edit.as_ref().map(|Edit { operations, removed, account }| json!({
                "operations": operations.iter().map(|operation| format!("{operation:?}")).collect::<Vec<_>>(),
                "removed": removed,
                "used": account.usage,
                "explained": account.reasons,
                "found": account.findings,
            })),
        })
    }

    /// Everything that must be the same the next time: all but the time it took.
    fn deterministic(&self) -> String {
        let mut json = self.json();
        for hook in ["filter", "naming", "post-pack"] {
            if let Some(used) = json[hook].get_mut("used").and_then(Value::as_object_mut) {
                used.remove("seconds");
            }
        }
        json.to_string()
    }
}
