//! What there is to select from: the tree's modules, and what its indexes say of them.

use std::collections::{BTreeMap, BTreeSet};

use flistry_plugin::modules::{
    ModulesAlias, ModulesBuiltin, ModulesDep, StatedDeps, module_name, normalize, parse_builtin_modinfo, parse_softdep,
};
use flistry_plugin::symlinks::Resolved;
use flistry_plugin::{Entry, EntryId, EntryTree, Error, Kind, module_info, trees};

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
    dep: ModulesDep,
    /// By the module's name, from `modules.softdep` and `modules.weakdep`.
    soft: Stated,
    weak: Stated,
    pub alias: ModulesAlias,
    pub builtin: ModulesBuiltin,
    /// The soft and weak dependencies of what is built in.
    pub stated_by_builtin: Vec<StatedDeps>,
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
    /// Reads the indexes of a tree.
    ///
    /// # Errors
    /// Where it has no modules or no `modules.dep`, or an index can't be read.
    pub fn read(source: &'a trees::Tree) -> Result<Tree<'a>, Error> {
        let entries = EntryTree::new(source.all());
        let modules: Vec<Module> = entries.entries().iter().filter_map(Module::from_entry).collect();
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
        let by_path = modules.iter().enumerate().map(|(at, module)| (module.path.clone(), at)).collect();
        let mut by_name = BTreeMap::new();
        for (at, module) in modules.iter().enumerate() {
            if dep.has(&module.path) || !by_name.contains_key(&module.name) {
                by_name.insert(module.name.clone(), at);
            }
        }
        Ok(Tree {
            by_name,
            soft: stated("modules.softdep")?,
            weak: stated("modules.weakdep")?,
            alias: ModulesAlias::parse(&source.text("modules.alias")?.unwrap_or_default())?,
            builtin: ModulesBuiltin::parse(&source.text("modules.builtin")?.unwrap_or_default(), &modinfo),
            stated_by_builtin: stated_by_builtin(&modinfo),
            source,
            by_path,
            dep,
            modules,
            entries,
        })
    }

    /// The paths that a module's line of `modules.dep` names; `None` where it has none.
    pub fn hard(&self, module: usize) -> Option<&[String]> {
        let path = &*self.modules[module].path;
        self.dep.has(path).then(|| self.dep.needs(path))
    }

    /// The module at a path.
    pub fn at(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
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
                let files: Vec<EntryId> = modules.iter().map(|module| self.file_of(*module)).collect();
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

    /// The modules by the symbols that they export, from `modules.symbols`; nothing where depmod wrote none.
    pub fn exporting(&self) -> Result<BTreeMap<String, String>, Error> {
        let text = self.source.text("modules.symbols")?.unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.strip_prefix("alias symbol:")?.split_once(' '));
        Ok(lines.map(|(symbol, module)| (symbol.to_owned(), normalize(module.trim()))).collect())
    }

    /// The file of a module that may be a symlink.
    pub fn file_of(&self, module: usize) -> EntryId {
        let id = self.modules[module].id;
        self.target(self.entries.entry(id)).map_or(id, |file| file.id)
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

impl Module {
    fn from_entry(entry: &Entry) -> Option<Module> {
        let is_one = matches!(entry.kind, Kind::File | Kind::Symlink);
        let name = module_name(&entry.path).filter(|_| is_one)?;
        Some(Module { id: entry.id, name, path: entry.path.clone() })
    }
}
