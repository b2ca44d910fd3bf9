//! What modules ask for while they run: other modules by name, ciphers, character sets, drivers of devices that they make.
//! It is declared nowhere. That a module asks shows in the symbols that it imports, and for what in its strings.

mod data;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};

use flistry_plugin::modules::normalize;
use flistry_plugin::{EntryId, Error, globs::Glob, kernel_option, module_info};

use self::data::{Data, Family};
use self::vocabulary::{Meaning, Vocabulary, glob_of, parts};
use crate::tree::{Found, Tree};

/// The place of request_module itself among the ways to ask.
const BY_NAME: usize = 0;

/// Modules in one directory of this depth belong together: `kernel/drivers/media`.
const SUBSYSTEM_DEPTH: usize = 3;

/// Looks into modules.
pub struct Runtime<'t, 'a> {
    tree: &'t Tree<'a>,
    data: Data,
    vocabulary: Vocabulary,
    symbols: Vec<String>,
    /// What each family asks for, in the data's order; found when it is first needed.
    families: Vec<Option<Vec<Ask>>>,
    hints: Hints,
}

/// What a module asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The modules that are meant: several where it is an alias.
    pub modules: Vec<usize>,
    /// The name or alias that is asked for, or a pattern.
    pub name: String,
}

/// What may be asked for, with those that may ask.
#[derive(Default)]
pub struct Hints {
    /// By the module whose name or cipher stands in a module's strings.
    pub named: BTreeMap<usize, BTreeSet<usize>>,
    /// By a pattern that some modules' formats or the data have: which modules fit, who may ask.
    pub patterns: BTreeMap<String, (BTreeSet<usize>, BTreeSet<usize>)>,
    /// Modules that can't be looked into, and why.
    pub unreadable: BTreeMap<usize, String>,
}

/// What is known of one module of a batch.
struct Asker {
    at: usize,
    /// The ways in which it asks.
    ways: BTreeSet<usize>,
    /// The families that it belongs to.
    families: Vec<usize>,
}

impl<'t, 'a> Runtime<'t, 'a> {
    /// For the modules of a tree.
    pub fn new(tree: &'t Tree<'a>) -> Result<Runtime<'t, 'a>, Error> {
        let data = Data::shipped()?;
        let symbols: BTreeSet<&str> = data.symbols().collect();
        let symbols = symbols.into_iter().map(str::to_owned).collect();
        let (vocabulary, families) = (Vocabulary::of(tree, &data), vec![None; data.family.len()]);
        Ok(Runtime { tree, data, vocabulary, symbols, families, hints: Hints::default() })
    }

    /// What each of some modules asks for.
    pub fn asked(&mut self, modules: &[usize]) -> Result<Vec<Vec<Ask>>, Error> {
        let ids: Vec<EntryId> = modules.iter().map(|module| self.tree.modules[*module].id).collect();
        let imports = module_info::imports(self.tree.source, &ids, &self.symbols);
        let held = module_info::holds(self.tree.source, &ids, &self.vocabulary.strings);
        let (mut asked, mut looked_into) = (Vec::new(), Vec::new());
        for ((at, imports), held) in modules.iter().copied().zip(imports).zip(held) {
            let mut asks = Vec::new();
            match imports.and_then(|imports| Ok((imports, held?))) {
                Ok((imports, held)) => {
                    let module = self.look(at, &imports);
                    self.by_strings(&module, &held, &mut asks);
                    for family in &module.families {
                        self.by_family(*family, at, &mut asks);
                    }
                    looked_into.push(module);
                }
                Err(error) => {
                    self.hints.unreadable.insert(at, error.message);
                    looked_into.push(Asker { at, ways: BTreeSet::new(), families: Vec::new() });
                }
            }
            asked.push(asks);
        }
        self.by_templates(&looked_into, &mut asked)?;
        self.by_formats(&looked_into, &mut asked)?;
        Ok(asked)
    }

    /// What was found and is no ask for certain.
    pub fn into_hints(self) -> Hints {
        self.hints
    }

    fn look(&self, at: usize, imports: &[u32]) -> Asker {
        let imports: BTreeSet<&str> = imports.iter().map(|place| &*self.symbols[*place as usize]).collect();
        let has = |symbols: &[String]| symbols.iter().any(|symbol| imports.contains(&**symbol));
        let ways = self.data.names.iter().enumerate().filter(|(_, names)| has(&names.symbols));
        let name = &self.tree.modules[at].name;
        let families = self.data.family.iter().enumerate();
        let families = families.filter(|(_, family)| family.has(name) || has(&family.imports));
        Asker { at, ways: ways.map(|(way, _)| way).collect(), families: families.map(|(place, _)| place).collect() }
    }

    /// Asks by the names that a module holds as whole strings.
    fn by_strings(&mut self, module: &Asker, held: &[u32], asks: &mut Vec<Ask>) {
        for place in held {
            let place = *place as usize;
            let (string, meanings) = (&self.vocabulary.strings[place], &self.vocabulary.meanings[place]);
            for meaning in meanings {
                let others: Vec<usize> = meaning.modules.iter().copied().filter(|other| *other != module.at).collect();
                if self.asks(module, string, meaning, meanings) {
                    if !others.is_empty() {
                        asks.push(Ask { modules: others, name: meaning.name.clone() });
                    }
                } else if meaning.way == BY_NAME || self.data.names[meaning.way].templates {
                    for other in others {
                        self.hints.named.entry(other).or_default().insert(module.at);
                    }
                }
            }
        }
    }

    /// Whether a string that a module holds is one that it asks for.
    fn asks(&self, module: &Asker, string: &str, meaning: &Meaning, all: &[Meaning]) -> bool {
        let own = &self.tree.modules[module.at].name;
        if !module.ways.contains(&meaning.way) || meaning.asker.as_ref().is_some_and(|asker| asker != own) {
            return false;
        }
        if meaning.way != BY_NAME {
            return true;
        }
        // A cipher is asked for as `crypto-NAME`, though its module often has the alias NAME as well.
        let is_cipher = |other: &Meaning| self.data.names[other.way].templates && other.modules == meaning.modules;
        // `dst` and `core` are words of every second driver, and names of modules that have nothing to do with it.
        let is_word = string.bytes().all(|byte| byte.is_ascii_alphabetic());
        !all.iter().any(is_cipher)
            && (!is_word || meaning.modules.iter().any(|other| self.belong_together(module.at, *other)))
    }

    /// Whether a module builds upon the one that may ask for it, or is of the same subsystem.
    fn belong_together(&self, asker: usize, other: usize) -> bool {
        let (asker, needs) = (&self.tree.modules[asker].path, self.tree.hard(other).unwrap_or_default());
        let subsystem = |path: &str| {
            let parts: Vec<&str> = path.split('/').collect();
            (parts.len() > SUBSYSTEM_DEPTH).then(|| parts[..SUBSYSTEM_DEPTH].join("/"))
        };
        let own = subsystem(asker);
        needs.contains(asker) || (own.is_some() && own == subsystem(&self.tree.modules[other].path))
    }

    fn by_family(&mut self, place: usize, asker: usize, asks: &mut Vec<Ask>) {
        let family = &self.data.family[place];
        let found = self.families[place].get_or_insert_with(|| of_family(self.tree, family));
        if family.report {
            for ask in found {
                let (fitting, by) = self.hints.patterns.entry(format!("{}: {}", ask.name, family.why)).or_default();
                fitting.extend(ask.modules.iter().filter(|module| **module != asker));
                by.insert(asker);
            }
        } else {
            asks.extend(found.iter().cloned());
        }
    }

    /// Asks by what templates of ciphers are made of.
    fn by_templates(&mut self, modules: &[Asker], asked: &mut [Vec<Ask>]) -> Result<(), Error> {
        let ways = self.data.names.iter().enumerate().filter(|(_, names)| names.templates);
        for (way, names) in ways {
            self.with_strings(modules, way, "(", |place, string| {
                for part in parts(string) {
                    let name = format!("{}{part}", names.prefix);
                    if let Found::Modules(found) = self.tree.look_up(&name) {
                        let others = found.into_iter().filter(|other| *other != modules[place].at);
                        asked[place].push(Ask { modules: others.collect(), name });
                    }
                }
            })?;
        }
        Ok(())
    }

    /// Asks by symbols of other modules, as symbol_request() does, and hints by formats.
    fn by_formats(&mut self, modules: &[Asker], asked: &mut [Vec<Ask>]) -> Result<(), Error> {
        let (mut symbols, mut patterns) = (Vec::new(), Vec::new());
        self.with_strings(modules, BY_NAME, "%:", |place, string| {
            if let Some(symbol) = string.strip_prefix("symbol:") {
                symbols.push((place, symbol.to_owned()));
            } else if glob_of(string).is_some() {
                patterns.push((place, string.to_owned()));
            }
        })?;
        if !symbols.is_empty() {
            let exporting = self.tree.exporting()?;
            for (place, symbol) in symbols {
                if let Some(module) = exporting.get(&symbol).and_then(|module| self.tree.named(module)) {
                    asked[place].push(Ask { modules: vec![module], name: format!("symbol:{symbol}") });
                }
            }
        }
        for (place, format) in patterns {
            let Some(glob) = glob_of(&format).filter(|glob| glob.contains('*')) else { continue };
            let (fitting, by) = self.hints.patterns.entry(format).or_default();
            if by.is_empty() {
                fitting.extend(fitting_to(self.tree, &glob));
            }
            fitting.remove(&modules[place].at);
            by.insert(modules[place].at);
        }
        Ok(())
    }

    /// Shows `take` the strings, with one of some characters, of those modules that ask in one way.
    fn with_strings(
        &self,
        modules: &[Asker],
        way: usize,
        characters: &str,
        mut take: impl FnMut(usize, &str),
    ) -> Result<(), Error> {
        let asking: Vec<usize> = (0..modules.len()).filter(|place| modules[*place].ways.contains(&way)).collect();
        if asking.is_empty() {
            return Ok(());
        }
        let ids: Vec<EntryId> = asking.iter().map(|place| self.tree.modules[modules[*place].at].id).collect();
        for (place, strings) in asking.into_iter().zip(module_info::strings_with(self.tree.source, &ids, characters)) {
            strings?.iter().for_each(|string| take(place, string));
        }
        Ok(())
    }
}

/// What a family asks for in a tree.
fn of_family(tree: &Tree<'_>, family: &Family) -> Vec<Ask> {
    let options = family.options.iter().filter_map(|(option, name)| {
        let value = kernel_option(option).filter(|value| !value.is_empty())?;
        Some(name.replace("{value}", &value))
    });
    let asks = family.asks.iter().cloned().chain(options).map(|name| {
        let modules = match name.contains(['*', '?']) {
            true => fitting_to(tree, &normalize(&name)).into_iter().collect(),
            false => match tree.look_up(&name) {
                Found::Modules(found) => found,
                Found::Builtin | Found::Nothing => Vec::new(),
            },
        };
        Ask { modules, name }
    });
    asks.filter(|ask| !ask.modules.is_empty()).collect()
}

/// The modules with a name or an alias that a glob matches.
fn fitting_to(tree: &Tree<'_>, glob: &str) -> BTreeSet<usize> {
    let by_alias = tree.alias.matching(glob).into_iter().filter_map(|name| tree.named(name));
    let Ok(name) = Glob::new(glob) else { return by_alias.collect() };
    let by_name = (0..tree.modules.len()).filter(|at| name.matches(&tree.modules[*at].name));
    by_alias.chain(by_name).collect()
}
