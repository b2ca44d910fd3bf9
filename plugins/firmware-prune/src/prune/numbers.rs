//! Which files of a family a driver takes, by their numbers.

use flistry_plugin::EntryTree;

use super::keeper::Keeper;
use crate::asked::Asked;
use crate::extras::{Extras, Takes};
use crate::pattern::{ENDINGS, Found};

/// What the extras say of a kernel's drivers.
pub struct Numbers<'a> {
    pub extras: &'a Extras,
    pub asked: &'a Asked,
    pub kernel: &'a str,
}

impl Numbers<'_> {
    /// Whether a driver takes what was found, by the name under which it was. `lowest` is what the family itself says.
    pub fn takes(&self, driver: &str, found: &Found, lowest: Option<u32>, tree: &EntryTree) -> Takes {
        let name = tree.entry(found.entry).name();
        let plain = name.strip_suffix(ENDINGS[found.ending]).unwrap_or(name);
        self.extras.takes(driver, plain, self.kernel, self.asked, lowest)
    }

    /// Whether a driver may take it; where it is certain that it does not, that is noted.
    pub fn takes_any(&self, driver: &str, found: &Found, lowest: Option<u32>, keeper: &mut Keeper<'_>) -> bool {
        match self.takes(driver, found, lowest, keeper.tree) {
            Takes::Yes | Takes::Unknown => true,
            Takes::Only(lowest, highest) => {
                let numbers = if lowest == highest { lowest.to_string() } else { format!("{lowest} to {highest}") };
                keeper.note(found.entry, || format!("{driver} of {} takes {numbers} only", self.kernel));
                false
            }
        }
    }
}
