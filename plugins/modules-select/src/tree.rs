//! What there is to select from: the tree's modules, and what its indexes say of them.

use std::collections::{BTreeMap, BTreeSet};

use flistry_plugin::modules::{
    ModulesAlias, ModulesBuiltin, ModulesDep, StatedDeps, module_name, normalize, parse_softdep,
};
use flistry_plugin::{Attributes, Entry, EntryId, Error, Kind, module_info, trees};

/// What the plugin reads: an open tree, or a test's.
pub trait Source {
    /// All entries, in order.
    fn entries(&self) -> Vec<Entry>;
    /// A file's contents; `None` where there is no such entry.
    fn contents(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;
    /// What modules say of themselves.
    fn info(&self, modules: &[EntryId]) -> Vec<Result<Attributes, Error>>;
}

impl Source for trees::Tree {
    fn entries(&self) -> Vec<Entry> {
        self.all().collect()
    }

    fn contents(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        self.find(path).map(|file| self.contents(&file)).transpose()
    }

    fn info(&self, modules: &[EntryId]) -> Vec<Result<Attributes, Error>> {
        module_info::read(self, modules)
    }
}

/// A modules tree.
pub struct Tree<'a> {
    source: &'a dyn Source,
    /// All entries, by their ids.
    pub entries: Vec<Entry>,
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
}

/// Where soft or weak dependencies are stated.
enum Stated {
    /// In an index, by the module's name.
    Index(BTreeMap<String, Vec<StatedDeps>>),
    /// There is no index: in the modules.
    Modules,
}

/// A module's file, or a link to one.
pub struct Module {
    /// Its entry.
    pub id: EntryId,
    /// Its name, with underscores.
    pub name: String,
    /// Its path from the tree's root.
    pub path: String,
}

/// What a name leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// These modules: several where it is an alias.
    Modules(Vec<usize>),
    /// Something that is built into the kernel.
    Builtin,
    /// Nothing that there is.
    Nothing,
}

impl<'a> Tree<'a> {
    /// Reads the indexes of a tree.
    ///
    /// # Errors
    /// Where it has no modules or no `modules.dep`, or an index can't be read.
    pub fn read(source: &'a dyn Source) -> Result<Tree<'a>, Error> {
        let entries = source.entries();
        let modules: Vec<Module> = entries.iter().filter_map(Module::of).collect();
        if modules.is_empty() {
            return Err(Error::new("no-modules", "there is no module in the tree to select from"));
        }
        let text = |path: &str| -> Result<Option<String>, Error> {
            let Some(bytes) = source.contents(path)? else { return Ok(None) };
            String::from_utf8(bytes).map(Some).map_err(|_| Error::new("not-text", format!("{path} is not UTF-8")))
        };
        let Some(dep) = text("modules.dep")? else {
            let what = "the tree has no modules.dep, which says what modules need: run `depmod -b ROOT KERNEL` on it";
            return Err(Error::new("no-modules-dep", what));
        };
        let stated = |path: &str| -> Result<Stated, Error> {
            let Some(text) = text(path)? else { return Ok(Stated::Modules) };
            let mut by_name: BTreeMap<String, Vec<StatedDeps>> = BTreeMap::new();
            for dep in parse_softdep(&text).map_err(|error| Error::new(error.code(), format!("{path}: {error}")))? {
                by_name.entry(dep.module.clone()).or_default().push(dep);
            }
            Ok(Stated::Index(by_name))
        };
        let dep = ModulesDep::parse(&dep)?;
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
            alias: ModulesAlias::parse(&text("modules.alias")?.unwrap_or_default())?,
            builtin: ModulesBuiltin::parse(
                &text("modules.builtin")?.unwrap_or_default(),
                &source.contents("modules.builtin.modinfo")?.unwrap_or_default(),
            ),
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
                self.source.info(&files)
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

    /// What a link leads to within the tree.
    pub fn target<'b>(&'b self, entry: &'b Entry) -> Option<&'b Entry> {
        let mut at = entry;
        // Linux follows as many in one look-up.
        for _ in 0..40 {
            let target = at.target.as_deref().filter(|target| !target.starts_with('/'))?;
            let mut parts: Vec<&str> = at.path.split('/').collect();
            parts.pop();
            for part in target.split('/') {
                match part {
                    "" | "." => {}
                    ".." => drop(parts.pop()?),
                    name => parts.push(name),
                }
            }
            let path = parts.join("/");
            let found = self.entries.binary_search_by(|entry| entry.path.split('/').cmp(path.split('/')));
            at = &self.entries[found.ok()?];
            if at.kind != Kind::Symlink {
                return Some(at);
            }
        }
        None
    }

    /// The file of a module that may be a link.
    fn file_of(&self, module: usize) -> EntryId {
        let id = self.modules[module].id;
        let entry = &self.entries[id as usize];
        if entry.kind == Kind::Symlink { self.target(entry).map_or(id, |file| file.id) } else { id }
    }
}

impl Module {
    fn of(entry: &Entry) -> Option<Module> {
        let is_one = matches!(entry.kind, Kind::File | Kind::Symlink);
        let name = module_name(&entry.path).filter(|_| is_one)?;
        Some(Module { id: entry.id, name, path: entry.path.clone() })
    }
}
