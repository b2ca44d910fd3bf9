//! What the modules that are kept need, by the source's `modules.dep`.

use std::collections::{BTreeMap, BTreeSet};

use flistry_common::text::lossy_text;

use super::error::{IndexError, NeededIsGone, not_text};
use super::fit::{DEP, MAX_INDEX_BYTES, modules};
use crate::progress::Warning;
use crate::tree::scan::Scan;
use crate::tree::source::Source;
use crate::tree::{Kind, LeftOut, Tree};

/// A module whose dependency was left out would not load. One whose dependency the source itself lacks would not either; that
/// is returned to be warned of, since without the kernel's symbols depmod does not notice it.
///
/// # Errors
/// [`IndexError::NeededIsGone`] lists what needs something that was left out.
pub fn check(source: &Source, scan: &Scan, tree: &Tree, left_out: &[LeftOut]) -> Result<Vec<Warning>, IndexError> {
    let Some(bytes) = modules_dep(source, scan)? else { return Ok(Vec::new()) };
    let failed = |why| IndexError::Read { path: source.path().join(DEP), error: not_text(why) };
    let text = lossy_text(&bytes).map_err(failed)?;
    let needs = needs(&text);
    let gone: BTreeMap<&str, &LeftOut> = left_out.iter().map(|entry| (&*entry.path, entry)).collect();
    let kept: BTreeSet<String> = modules(tree).map(|id| tree.path(id)).collect();
    let (mut broken, mut lacking) = (Vec::new(), Vec::new());
    for path in &kept {
        let needed = needs.get(&**path).into_iter().flatten();
        for needed in needed.filter(|needed| !kept.contains(**needed)) {
            match gone.get(needed) {
                Some(LeftOut { by, reason, .. }) => {
                    let reason = reason.as_deref().unwrap_or("removed");
                    let [module, needs, by, reason] = [&**path, needed, by, reason].map(str::to_owned);
                    broken.push(NeededIsGone { module, needs, by, reason });
                }
                None => lacking.push(format!("/{path} needs /{needed} by modules.dep, which the source lacks")),
            }
        }
    }
    if !broken.is_empty() {
        return Err(IndexError::NeededIsGone(broken));
    }
    let hint = "install the modules again, or run depmod if it is no longer needed";
    Ok(lacking.into_iter().map(|what| Warning::new(what, hint)).collect())
}

/// The source's `modules.dep`, whether it goes into the flist or not; `None` where there is none.
fn modules_dep(source: &Source, scan: &Scan) -> Result<Option<Vec<u8>>, IndexError> {
    let mut entries = scan.entries().iter().skip(1);
    let Some(dep) = entries.find(|entry| entry.parent == 0 && entry.name == DEP) else { return Ok(None) };
    let read = match dep.kind {
        Ok(Kind::File { .. }) => source.read_unchanged(DEP, &dep.identity, MAX_INDEX_BYTES).map_err(Into::into),
        _ => Err(std::io::Error::other("it is not a regular file")),
    };
    read.map(Some).map_err(|error| IndexError::Read { path: source.path().join(DEP), error })
}

/// What the modules of a `modules.dep` need, by their paths. A malformed line is passed over: [`super::check`] finds it.
fn needs(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let line = |line| {
        let (module, needs): (&str, &str) = str::split_once(line, ':')?;
        Some((module, needs.split_whitespace().collect()))
    };
    text.lines().filter_map(line).collect()
}
