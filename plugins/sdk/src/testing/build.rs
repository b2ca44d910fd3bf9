//! A build as a plugin sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::outcome::{Edited, Filtered, Said};
use super::tree::TestTree;
use crate::host::{Draft, World};
use crate::{Error, Facts, Filter, Kind, Names, Naming, PostPack, Verdict, hook};

/// What a build is about, and what the configuration grants. It runs hooks.
#[derive(Clone, Debug)]
pub struct Build {
    facts: Facts,
    granted: BTreeMap<String, TestTree>,
    tags: Vec<(String, String)>,
    kernel: Option<BTreeSet<String>>,
    options: BTreeMap<String, String>,
}

impl Build {
    /// Of the flist `modules`, which has kernel modules.
    pub fn modules() -> Build {
        Build::new("modules", "modules")
    }

    /// Of the flist `firmware`, which has firmware.
    pub fn firmware() -> Build {
        Build::new("firmware", "firmware")
    }

    /// Of an flist with other contents.
    pub fn plain(flist: &str) -> Build {
        Build::new(flist, "plain")
    }

    /// For kernel 6.12.44-Zero-OS, on 10 June 2025.
    fn new(flist: &str, contents: &str) -> Build {
        let facts = Facts {
            flist: flist.to_owned(),
            contents: contents.to_owned(),
            kernel: "6.12.44-Zero-OS".to_owned(),
            date: "20250610".to_owned(),
            ..Facts::default()
        };
        Build { facts, granted: BTreeMap::new(), tags: Vec::new(), kernel: None, options: BTreeMap::new() }
    }

    /// The flist's name in the configuration.
    pub fn flist(mut self, name: &str) -> Build {
        name.clone_into(&mut self.facts.flist);
        self
    }

    /// The full kernel version.
    pub fn kernel(mut self, version: &str) -> Build {
        version.clone_into(&mut self.facts.kernel);
        self
    }

    /// The build's date, `YYYYMMDD`.
    pub fn date(mut self, date: &str) -> Build {
        date.clone_into(&mut self.facts.date);
        self
    }

    /// A variable that is set and granted.
    pub fn variable(mut self, key: &str, value: &str) -> Build {
        self.facts.variables.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Another flist's tree, which the plugin may read. Its own flist's is granted without this.
    pub fn grant(mut self, flist: &str, tree: impl Into<TestTree>) -> Build {
        self.granted.insert(flist.to_owned(), tree.into());
        self
    }

    /// A tag that the draft has before the hook.
    pub fn tag(mut self, key: &str, value: &str) -> Build {
        self.tags.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The strings of the kernel itself, whose `vmlinux` the project has.
    pub fn kernel_strings(mut self, strings: &[&str]) -> Build {
        self.kernel = Some(strings.iter().map(|string| (*string).to_owned()).collect());
        self
    }

    /// An option of the kernel's configuration, such as `CONFIG_NLS_DEFAULT`.
    pub fn kernel_option(mut self, name: &str, value: &str) -> Build {
        self.options.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The facts, for a function that takes them.
    pub fn facts(&self) -> Facts {
        self.facts.clone()
    }

    /// Checks a configuration, a JSON object, and lets a filter decide about each entry of a tree but the root.
    ///
    /// # Errors
    /// The plugin's: of its check, its making or a decision.
    pub fn filter<P: Filter>(&self, config: &str, tree: impl Into<TestTree>) -> Result<Filtered, Error> {
        let tree = tree.into();
        let facts = self.facts_of(&tree);
        let entries = tree.entries();
        let (verdicts, world) = self.world(&tree).run(|| {
            let mut filter = P::new(&facts, hook::config::<P>(config)?)?;
            let verdicts = entries.iter().skip(1).map(|entry| filter.decide(entry));
            // Nobody is asked about the root.
            std::iter::once(Ok(Verdict::Keep)).chain(verdicts).collect::<Result<_, _>>()
        });
        Ok(Filtered { verdicts: verdicts?, said: Said::new(world, &entries), entries })
    }

    /// Checks a configuration and has an flist with this tree named.
    ///
    /// # Errors
    /// The plugin's: of its check or its answer.
    pub fn name<P: Naming>(&self, config: &str, tree: impl Into<TestTree>) -> Result<Names, Error> {
        let tree = tree.into();
        let facts = self.facts_of(&tree);
        self.world(&tree).run(|| P::name(&facts, hook::config::<P>(config)?)).0
    }

    /// Checks a configuration and has a draft with this tree edited, which is called `FLIST.fl`.
    ///
    /// # Errors
    /// The plugin's: of its check or its answer.
    pub fn edit<P: PostPack>(&self, config: &str, tree: impl Into<TestTree>) -> Result<Edited, Error> {
        let tree = tree.into();
        let facts = Facts { file_name: Some(format!("{}.fl", self.facts.flist)), ..self.facts_of(&tree) };
        let draft = Draft::new(Rc::new(tree.snapshot()), self.tags.clone());
        let (edited, world) = self.world(&tree).run(|| P::edit(&facts, hook::config::<P>(config)?, &draft));
        edited?;
        let entries = tree.entries();
        let said = Said::new(world, &entries);
        Ok(Edited::new(entries, self.tags.clone(), draft.into_operations(), said))
    }

    fn facts_of(&self, tree: &TestTree) -> Facts {
        let entries = tree.entries();
        let files = entries.iter().filter(|entry| entry.kind == Kind::File);
        let (files, bytes) = files.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size));
        Facts { entries: entries.len() as u64, files, bytes, ..self.facts() }
    }

    fn world(&self, tree: &TestTree) -> World {
        let own = (&self.facts.flist, tree);
        let trees = self.granted.iter().chain([own]);
        let trees = trees.map(|(name, tree)| (name.clone(), Rc::new(tree.snapshot())));
        World { trees: trees.collect(), kernel: self.kernel.clone(), options: self.options.clone(), ..World::default() }
    }
}
