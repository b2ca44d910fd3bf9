//! What there is to select from: the tree's modules, and what its indexes say of them.

use std::collections::{BTreeMap, BTreeSet};

use flistry_plugin::modules::{
    ModulesAlias, ModulesBuiltin, ModulesDep, StatedDeps, module_files, module_name, normalize, parse_builtin_modinfo,
    parse_softdep, without_records,
};
use flistry_plugin::symlinks::Resolved;
use flistry_plugin::{Entry, EntryId, EntryTree, Error, Kind, module_info, trees};

/// How many modules are asked about at once: enough for all cores, and an answer of a few megabytes.
const BATCH: usize = 1024;

/// A modules tree.
pub struct Tree<'a> {
    /// The tree itself.
    pub source: &'a trees::Tree,
    /// All entries.
    pub entries: EntryTree,
    /// The modules among them, in the order of their paths.
    pub modules: Vec<Module>,
    by_path: BTreeMap<String, usize>,
    /// By their names. Of several files of a name it is the one that `modules.dep` has: modprobe finds no other.
    by_name: BTreeMap<String, usize>,
    /// Of those that `modules.dep` has and a rule excludes: the file of the same name that takes the place.
    instead: BTreeMap<usize, usize>,
    dep: ModulesDep,
    /// By the module's name, from `modules.softdep` and `modules.weakdep`.
    soft: Stated,
    weak: Stated,
    pub alias: ModulesAlias,
    pub builtin: ModulesBuiltin,
    /// The soft and weak dependencies of what is built in.
    pub stated_by_builtin: Vec<StatedDeps>,
    /// What the tree does not tell and should, in words.
    pub unknown: Vec<String>,
}

/// Where soft or weak dependencies are stated.
enum Stated {
    /// In an index, by the module's name.
    Index(BTreeMap<String, Vec<StatedDeps>>),
    /// In the modules: the tree has no index of them.
    Modules,
}

/// A module's file, or a symlink to one.
pub struct Module {
    /// The entry of that file or symlink.
    pub id: EntryId,
    /// What the kernel calls it, with underscores.
    pub name: String,
    /// Where it is, from the tree's root.
    pub path: String,
    /// Where it is, too: by symlinks to directories.
    pub others: Vec<String>,
}

/// What a name leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// These modules: several where it is an alias.
    Modules(Vec<usize>),
    /// Something that is built into the kernel.
    Builtin,
    /// Neither.
    Nothing,
}

impl<'a> Tree<'a> {
    /// Reads the indexes of a tree that a node sees at `places`. What depmod would read from the modules is read from there if
    /// its index is missing.
    ///
    /// # Errors
    /// Where it has no modules or no `modules.dep`, or an index can't be read.
    pub fn read(source: &'a trees::Tree, places: &[String]) -> Result<Tree<'a>, Error> {
        let entries = EntryTree::new(source.all()).seen_at(places);
        let modules = Module::all(&entries);
        if modules.is_empty() {
            return Err(Error::new("no-modules", "there is no module in the tree to select from"));
        }
        let Some(dep) = source.text("modules.dep")? else {
            let what = "the tree has no modules.dep, which says what modules need: run `depmod -b ROOT KERNEL` on it";
            return Err(Error::new("no-modules-dep", what));
        };
        let stated = |path: &str| -> Result<Stated, Error> {
            let Some(text) = source.text(path)? else { return Ok(Stated::Modules) };
            let mut by_name: BTreeMap<String, Vec<StatedDeps>> = BTreeMap::new();
            for dep in parse_softdep(&text).map_err(|error| Error::new(error.code(), format!("{path}: {error}")))? {
                by_name.entry(dep.module.clone()).or_default().push(dep);
            }
            Ok(Stated::Index(by_name))
        };
        let dep = ModulesDep::parse(&dep)?;
        let modinfo = source.find("modules.builtin.modinfo").map(|file| source.contents(&file)).transpose()?;
        let modinfo = modinfo.unwrap_or_default();
        let paths =
            modules.iter().enumerate().flat_map(|(at, module)| module.paths().map(move |path| (path.to_owned(), at)));
        let by_path = paths.collect();
        let mut by_name = BTreeMap::new();
        for (at, module) in modules.iter().enumerate() {
            if module.paths().any(|path| dep.has(path)) || !by_name.contains_key(&module.name) {
                by_name.insert(module.name.clone(), at);
            }
        }
        let alias = match source.text("modules.alias")? {
            Some(text) => ModulesAlias::parse(&text)?,
            None => aliases_of(source, &modules)?,
        };
        let builtin = source.text("modules.builtin")?;
        let unknown = unknown(builtin.as_deref(), &modinfo);
        Ok(Tree {
            by_name,
            soft: stated("modules.softdep")?,
            weak: stated("modules.weakdep")?,
            alias,
            builtin: ModulesBuiltin::parse(&builtin.unwrap_or_default(), &modinfo),
            unknown,
            stated_by_builtin: stated_by_builtin(&modinfo),
            source,
            by_path,
            instead: BTreeMap::new(),
            dep,
            modules,
            entries,
        })
    }

    /// The paths that a module's line of `modules.dep` names; `None` where it has none.
    pub fn hard(&self, module: usize) -> Option<&[String]> {
        let path = self.modules[module].paths().find(|path| self.dep.has(path))?;
        Some(self.dep.needs(path))
    }

    /// Lets another file of its name take the place of each that a rule excludes: the host makes the indexes again, and
    /// modprobe finds what is left. Returns whether there is one.
    pub fn replace(&mut self, is_excluded: impl Fn(usize) -> bool) -> bool {
        for at in self.by_name.values_mut().filter(|at| is_excluded(**at)) {
            let name = &self.modules[*at].name;
            let mut namesakes = self.modules.iter().enumerate().filter(|(_, module)| module.name == *name);
            if let Some((other, _)) = namesakes.find(|(other, _)| !is_excluded(*other)) {
                self.instead.insert(std::mem::replace(at, other), other);
            }
        }
        !self.instead.is_empty()
    }

    /// The module at a path, or what takes its place.
    pub fn at(&self, path: &str) -> Option<usize> {
        let at = self.by_path.get(path)?;
        Some(*self.instead.get(at).unwrap_or(at))
    }

    /// Whether a module takes the place of one that a rule excludes.
    pub fn takes_a_place(&self, module: usize) -> bool {
        self.instead.values().any(|other| *other == module)
    }

    /// The modules whose symbols a module imports: what depmod would find that it needs.
    ///
    /// # Errors
    /// Where the module can't be read, or the tree has no `modules.symbols`.
    pub fn importing(&self, module: usize) -> Result<Vec<usize>, Error> {
        let exporting = self.exporting()?;
        let symbols: Vec<String> = exporting.keys().cloned().collect();
        let imported = module_info::imports(self.source, &[self.modules[module].id], &symbols).remove(0)?;
        let needed = imported.iter().filter_map(|place| self.named(&exporting[&symbols[*place as usize]]));
        Ok(needed.filter(|needed| *needed != module).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// The module of a name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The soft and weak dependencies of modules, for each in its place.
    pub fn stated(&self, modules: &[usize]) -> Result<Vec<Vec<StatedDeps>>, Error> {
        // Reading modules takes long, and is for trees that an older depmod indexed.
        let info = match (&self.soft, &self.weak) {
            (Stated::Index(_), Stated::Index(_)) => Vec::new(),
            _ => {
                let files: Vec<EntryId> = modules.iter().map(|module| self.modules[*module].id).collect();
                module_info::read(self.source, &files)
            }
        };
        let of = |(place, module): (usize, &usize)| {
            let module = &self.modules[*module];
            let own = match info.get(place) {
                Some(Ok(info)) => StatedDeps::of_module(&module.name, info),
                Some(Err(error)) => {
                    let what = format!("{}: what it needs can't be read: {}", module.path, error.message);
                    return Err(Error::new(&error.code, what));
                }
                None => StatedDeps::default(),
            };
            let mut deps = Vec::new();
            for stated in [&self.soft, &self.weak] {
                if let Stated::Index(index) = stated {
                    deps.extend(index.get(&module.name).into_iter().flatten().cloned());
                }
            }
            let soft = matches!(self.soft, Stated::Modules);
            let weak = matches!(self.weak, Stated::Modules);
            deps.push(StatedDeps {
                module: module.name.clone(),
                pre: if soft { own.pre } else { Vec::new() },
                post: if soft { own.post } else { Vec::new() },
                neither: if soft { own.neither } else { Vec::new() },
                weak: if weak { own.weak } else { Vec::new() },
            });
            Ok(deps)
        };
        modules.iter().enumerate().map(of).collect()
    }

    /// What a name leads to, in the order in which modprobe looks: a module's name, an alias, what is built in.
    pub fn look_up(&self, name: &str) -> Found {
        let normal = normalize(name);
        if let Some(module) = self.named(&normal) {
            return Found::Modules(vec![module]);
        }
        let modules: BTreeSet<usize> = self.alias.modules(&normal).into_iter().filter_map(|m| self.named(m)).collect();
        if !modules.is_empty() {
            return Found::Modules(modules.into_iter().collect());
        }
        match self.builtin.has(&normal) || !self.builtin.aliases().modules(&normal).is_empty() {
            true => Found::Builtin,
            false => Found::Nothing,
        }
    }

    /// The entry that a symlink leads to within the tree.
    pub fn target(&self, symlink: &Entry) -> Option<&Entry> {
        match self.entries.follow(symlink.id) {
            Resolved::Found(followed) => Some(self.entries.entry(followed.end)),
            _ => None,
        }
    }

    /// The modules by the symbols that they export, from `modules.symbols`.
    ///
    /// # Errors
    /// Where the tree has none: nothing else says which module a symbol would be taken from.
    pub fn exporting(&self) -> Result<BTreeMap<String, String>, Error> {
        let Some(text) = self.source.text("modules.symbols")? else {
            let what =
                "the tree has no modules.symbols, which says what modules export: run `depmod -b ROOT KERNEL` on it";
            return Err(Error::new("no-modules-symbols", what));
        };
        let lines = text.lines().filter_map(|line| line.strip_prefix("alias symbol:")?.split_once(' '));
        Ok(lines.map(|(symbol, module)| (symbol.to_owned(), normalize(module.trim()))).collect())
    }
}

/// What drivers that are built in name. A record that can't be read is ignored, as everywhere where this file helps to find
/// more.
fn stated_by_builtin(modinfo: &[u8]) -> Vec<StatedDeps> {
    let mut pairs: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for info in parse_builtin_modinfo(modinfo).flatten().filter(|info| matches!(&*info.key, "softdep" | "weakdep")) {
        pairs.entry(info.module).or_default().push((info.key, info.value));
    }
    pairs.iter().map(|(module, pairs)| StatedDeps::of_module(module, pairs)).collect()
}

/// The aliases that the modules themselves declare, for a tree without `modules.alias`.
fn aliases_of(source: &trees::Tree, modules: &[Module]) -> Result<ModulesAlias, Error> {
    let mut aliases = ModulesAlias::default();
    for batch in modules.chunks(BATCH) {
        let ids: Vec<EntryId> = batch.iter().map(|module| module.id).collect();
        for (module, info) in batch.iter().zip(module_info::read(source, &ids)) {
            let failed = |error: Error| {
                let what =
                    format!("the tree has no modules.alias, and {} can't be read: {}", module.path, error.message);
                Error::new("no-modules-alias", what)
            };
            for (_, alias) in info.map_err(failed)?.iter().filter(|(key, _)| key == "alias") {
                aliases.add(alias, &module.name);
            }
        }
    }
    Ok(aliases)
}

/// What the files of the kernel's build leave open.
fn unknown(builtin: Option<&str>, modinfo: &[u8]) -> Vec<String> {
    let Some(builtin) = builtin else {
        return vec!["the tree has no modules.builtin: what is built into the kernel is not known".to_owned()];
    };
    let missing = without_records(builtin, modinfo);
    let of = |first: &String| {
        let count = missing.len();
        format!(
            "modules.builtin.modinfo has no record of {count} of the drivers in modules.builtin, such as {first}: what they need is not known"
        )
    };
    missing.first().map(of).into_iter().collect()
}

impl Module {
    /// Those at whose paths depmod finds a module, and symlinks with a module's name that lead nowhere or out: a rule may be
    /// about these, too.
    fn all(tree: &EntryTree) -> Vec<Module> {
        let mut by_entry: BTreeMap<EntryId, Module> = BTreeMap::new();
        for entry in tree.entries().iter().filter(|entry| matches!(entry.kind, Kind::File | Kind::Symlink)) {
            if let Some(name) = module_name(&entry.path) {
                let (id, path) = (entry.id, entry.path.clone());
                by_entry.insert(id, Module { id, name, path, others: Vec::new() });
            }
        }
        for found in module_files(tree, EntryTree::ROOT) {
            if let Some(module) = by_entry.get_mut(&found.entry).filter(|module| module.path != found.path) {
                module.others.push(found.path);
            }
        }
        by_entry.into_values().collect()
    }

    /// All its paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.path).chain(self.others.iter().map(String::as_str))
    }
}
