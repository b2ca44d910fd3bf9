//! A filter against the copy of `wit/` beside it, which is 0.1.0 as it shipped and never changes, and neither does the
//! component: every later host has to run it. It asks for everything that 0.1.0 offered to a filter, and drops files whose
//! name ends in `.drop`.

use exports::flistry::plugin::configuration::Guest as Configuration;
use exports::flistry::plugin::filter::{Guest as Filter, Verdict};
use flistry::plugin::log::{Level, log};
use flistry::plugin::types::{Entry, EntryId, Error, Facts, Kind};
use flistry::plugin::{module_info, trees};

wit_bindgen::generate!({ path: "wit", world: "filter-plugin", generate_all });

struct Snapshot;

export!(Snapshot);

impl Configuration for Snapshot {
    fn validate(config: String) -> Result<(), Error> {
        match &*config {
            "{}" => Ok(()),
            _ => Err(Error { code: "bad-config".to_owned(), message: "there are no settings".to_owned(), entry: None }),
        }
    }
}

impl Filter for Snapshot {
    fn begin(facts: Facts, _config: String) -> Result<(), Error> {
        let tree = trees::open(&facts.flist)?;
        let root = tree.entries(0, 1);
        assert!(root.len() == 1 && root[0].path.is_empty() && root[0].kind == Kind::Directory);
        assert_eq!(tree.find("").map(|entry| entry.id), Some(0));
        let mut all = Vec::new();
        while all.len() < tree.len() as usize {
            all.extend(tree.entries(all.len() as u32, u32::MAX));
        }
        if let Some(file) = all.iter().find(|entry| entry.kind == Kind::File) {
            assert!(tree.read(file.id, 0, 16)?.len() as u64 == file.size.min(16));
            assert!(tree.read(file.id, file.size, 16)?.is_empty());
            assert_eq!(module_info::read(&tree, &[file.id]).len(), 1);
        }
        log(Level::Info, &format!("{} entries of {}", all.len(), facts.flist));
        Ok(())
    }

    fn decide(batch: Vec<Entry>) -> Result<Vec<(EntryId, Verdict)>, Error> {
        let verdict = |entry: &Entry| match entry.path.ends_with(".drop") {
            true => Verdict::Drop("its name ends in .drop".to_owned()),
            false => Verdict::Keep,
        };
        Ok(batch.iter().map(|entry| (entry.id, verdict(entry))).collect())
    }
}
