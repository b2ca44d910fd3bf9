//! What the modules that are kept need, by the source's `modules.dep`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::error::{IndexError, NeededIsGone};
use super::fit::{DEP, modules};
use crate::progress::Warning;
use crate::tree::source::Source;
use crate::tree::{LeftOut, Tree};

/// A module whose dependency was left out would not load. One whose dependency the source itself lacks would not either; that
/// is returned to be warned of, since without the kernel's symbols depmod does not notice it.
///
/// # Errors
/// [`IndexError::NeededIsGone`] lists what needs something that was left out.
pub fn check(source: &Source, tree: &Tree, left_out: &[LeftOut]) -> Result<Vec<Warning>, IndexError> {
    let mut text = Vec::new();
    match source.open(DEP).and_then(|mut file| file.read_to_end(&mut text)) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(IndexError::Read { path: source.path().join(DEP), error }),
    }
    let text = String::from_utf8_lossy(&text);
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

/// What the modules of a `modules.dep` need, by their paths. A malformed line is passed over: [`super::check`] finds it.
fn needs(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let line = |line| {
        let (module, needs): (&str, &str) = str::split_once(line, ':')?;
        Some((module, needs.split_whitespace().collect()))
    };
    text.lines().filter_map(line).collect()
}
