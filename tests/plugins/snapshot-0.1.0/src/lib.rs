//! A plugin against the copy of `wit/` beside it, which is 0.1.0 as it shipped and never changes, and neither does the
//! component: every later host has to run it. It has all hooks and calls every function that 0.1.0 offered. Its filter drops
//! files whose name ends in `.drop`; its post-pack hook tags the flist with how many entries it had.

use exports::flistry::plugin::filter::{Filter, Guest as FilterHook, GuestFilter, Verdict};
use exports::flistry::plugin::naming::{Guest as Naming, Names};
use exports::flistry::plugin::post_pack::{Draft, Guest as PostPack};
use exports::flistry::plugin::validation::Guest as Validation;
use flistry::plugin::log::{Level, log};
use flistry::plugin::types::{Entry, Error, Kind};
use flistry::plugin::{build, configuration, module_info, report, trees};

wit_bindgen::generate!({ path: "wit", world: "every-hook", generate_all });

struct Snapshot;

export!(Snapshot);

impl Validation for Snapshot {
    fn validate() -> Result<(), Error> {
        match &*configuration::json() {
            "{}" => Ok(()),
            _ => Err(Error { code: "bad-config".to_owned(), message: "there are no settings".to_owned(), entry: None }),
        }
    }
}

impl FilterHook for Snapshot {
    type Filter = DropFiles;
}

struct DropFiles;

impl GuestFilter for DropFiles {
    fn create() -> Result<Filter, Error> {
        let tree = trees::open(&build::flist())?;
        let root = tree.entries(0, 1);
        assert!(root.len() == 1 && root[0].path.is_empty() && root[0].kind == Kind::Directory);
        assert_eq!(tree.find("").map(|entry| entry.id), Some(0));
        let mut all = Vec::new();
        while all.len() < tree.len() as usize {
            all.extend(tree.entries(all.len() as u32, u32::MAX));
        }
        assert_eq!(build::entries(), all.len() as u64);
        assert_eq!(build::files(), all.iter().filter(|entry| entry.kind == Kind::File).count() as u64);
        if let Some(file) = all.iter().find(|entry| entry.kind == Kind::File) {
            assert!(build::bytes() >= file.size);
            assert!(tree.read(file.id, 0, 16)?.len() as u64 == file.size.min(16));
            assert!(tree.read(file.id, file.size, 16)?.is_empty());
            assert_eq!(module_info::read(&tree, &[file.id]).len(), 1);
        }
        let (contents, kernel, date, variables) = (build::contents(), build::kernel(), build::date(), build::variables());
        assert!(!contents.is_empty() && !kernel.is_empty() && date.len() == 8 && variables.is_empty());
        assert_eq!(build::file_name(), None);
        report::finding("entries", &all.len().to_string());
        log(Level::Info, &format!("{} entries of {}", all.len(), build::flist()));
        Ok(Filter::new(DropFiles))
    }

    fn decide(&self, batch: Vec<Entry>) -> Result<Vec<Verdict>, Error> {
        let verdict = |entry: &Entry| match entry.path.ends_with(".drop") {
            true => Verdict::Drop("its name ends in .drop".to_owned()),
            false => Verdict::Keep,
        };
        Ok(batch.iter().map(verdict).collect())
    }
}

impl Naming for Snapshot {
    fn name() -> Result<Names, Error> {
        let file = format!("{}-{}.fl", build::flist(), build::kernel());
        Ok(Names { file, aliases: vec![format!("{}.fl", build::flist())], title: Some("A snapshot".to_owned()) })
    }
}

impl PostPack for Snapshot {
    fn edit(draft: &Draft) -> Result<(), Error> {
        let (len, tags) = (draft.len(), draft.tags());
        let all = draft.entries(0, len);
        if let Some(entry) = all.last().filter(|entry| entry.id != 0) {
            draft.remove(entry.id);
            report::explain(entry.id, "it is the last");
            draft.add_symlink("added", ".");
        }
        draft.set_tag("entries", &len.to_string());
        for (key, _) in tags {
            draft.remove_tag(&key);
        }
        Ok(())
    }
}
