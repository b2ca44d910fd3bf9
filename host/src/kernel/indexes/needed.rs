//! What the modules that are kept need, by the source's `modules.dep`.

use flistry_common::modules::module_name;

use super::error::{IndexError, NeededIsGone};
use super::modules::Modules;
use super::source_dep::SourceDep;
use super::whereabouts::{Gone, Whereabouts};
use crate::progress::Warning;

/// A module whose dependency was left out would not load. One whose dependency the source itself lacks would not either; that
/// is returned to be warned of, since without the kernel's symbols depmod does not notice it.
///
/// # Errors
/// [`IndexError::NeededIsGone`] lists what needs something that was left out.
pub fn check(
    dep: &SourceDep,
    modules: &Modules<'_>,
    whereabouts: &Whereabouts<'_>,
) -> Result<Vec<Warning>, IndexError> {
    let (mut broken, mut lacking) = (Vec::new(), Vec::new());
    for path in dep.paths().filter(|path| modules.at(path).is_some()) {
        // Where another file has its name, new indexes have that.
        let is_there =
            |path: &str| modules.at(path).is_some() || module_name(path).is_some_and(|name| modules.has_name(&name));
        for needed in dep.needs(path).iter().filter(|needed| !is_there(needed)) {
            match whereabouts.of(needed) {
                Gone::LeftOut { by, reason, .. } => {
                    let [module, needs, by, reason] = [path, needed, by, reason].map(str::to_owned);
                    broken.push(NeededIsGone { module, needs, by, reason });
                }
                _ => lacking.push(format!("/{path} needs /{needed} by modules.dep, which the source lacks")),
            }
        }
    }
    if !broken.is_empty() {
        return Err(IndexError::NeededIsGone(broken));
    }
    let hint = "install the modules again, or run depmod if it is no longer needed";
    Ok(lacking.into_iter().map(|what| Warning::new(what, hint)).collect())
}
