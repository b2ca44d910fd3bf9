//! The modules of a tree, as kmod finds them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use flistry_common::modules::{ModuleFile, module_files, module_name, preference};
use flistry_common::symlinks::Resolved;

use crate::tree::entries::check_name;
use crate::tree::symlinks::NameIndex;
use crate::tree::{EntryId, Tree};

/// The modules that indexes have to know.
pub struct Modules<'a> {
    index: NameIndex<'a, EntryId>,
    found: Vec<ModuleFile<EntryId>>,
    /// The file of each path of `found`: indexes name modules tens of thousands of times.
    by_path: HashMap<String, EntryId>,
    files: HashSet<EntryId>,
    names: HashSet<String>,
}

/// A file to make indexes of, and where depmod is to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// The module's path, which indexes will name.
    pub path: String,
    /// The file's entry.
    pub file: EntryId,
}

impl<'a> Modules<'a> {
    /// Those of a tree that a node sees at `places`.
    pub fn of(tree: &'a Tree, places: &[String]) -> Modules<'a> {
        let index = NameIndex::from_tree(tree).seen_at(places);
        let found = module_files(&index, EntryId::ROOT);
        let by_path = found.iter().map(|module| (module.path.clone(), module.file)).collect();
        let files = found.iter().map(|module| module.file).collect();
        let names = found.iter().map(|module| module.name.clone()).collect();
        Modules { index, found, by_path, files, names }
    }

    /// Every path at which there is a module; several of them may lead to one file.
    pub fn iter(&self) -> impl Iterator<Item = &ModuleFile<EntryId>> {
        self.found.iter()
    }

    /// Each file that is a module, once, with the first of its paths.
    pub fn files(&self) -> Vec<&ModuleFile<EntryId>> {
        let mut seen = BTreeSet::new();
        self.found.iter().filter(|module| seen.insert(module.file)).collect()
    }

    /// The module at a path, of which there may be more than [`Modules::iter`] gives where symlinks lead round in a circle.
    pub fn at(&self, path: &str) -> Option<EntryId> {
        if let Some(file) = self.by_path.get(path) {
            return Some(*file);
        }
        if path.split('/').any(|name| check_name(name).is_err()) {
            return None;
        }
        match self.index.look_up(EntryId::ROOT, path) {
            (Resolved::Found(end), _) => self.files.get(&end).copied(),
            _ => None,
        }
    }

    /// The path that depmod prefers for a module's name, as far as that can be known without the source's indexes.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        let namesakes = self.found.iter().filter(|module| module.name == name);
        namesakes.min_by(|one, other| preference(one).cmp(&preference(other))).map(|module| &*module.path)
    }

    /// Whether there is a module of a name, with underscores.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// One file for each name: of several that one which the source's indexes have, at the path that they name it by. Which of
    /// them the file system would list first must not decide.
    pub fn to_index<'b>(&self, source: impl IntoIterator<Item = &'b str>) -> Vec<Indexed> {
        let mut chosen: BTreeMap<String, Indexed> = BTreeMap::new();
        for path in source {
            if let Some((name, file)) = module_name(path).zip(self.at(path)) {
                chosen.entry(name).or_insert_with(|| Indexed { path: path.to_owned(), file });
            }
        }
        let mut rest: Vec<&ModuleFile<EntryId>> = self.found.iter().collect();
        rest.sort_by(|one, other| preference(one).cmp(&preference(other)));
        for ModuleFile { path, name, file, .. } in rest {
            chosen.entry(name.clone()).or_insert_with(|| Indexed { path: path.clone(), file: *file });
        }
        let mut chosen: Vec<Indexed> = chosen.into_values().collect();
        chosen.sort_by(|one, other| one.path.cmp(&other.path));
        chosen
    }
}
