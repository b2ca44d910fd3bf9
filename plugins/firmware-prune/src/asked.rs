//! What the modules and the built-in drivers ask for.

use std::collections::{BTreeMap, BTreeSet};

use crate::builtin::Builtins;

/// How many modules a text names before it counts the rest.
const MAX_NAMED: usize = 5;

/// Names of firmware with those who name them.
#[derive(Debug, Default)]
pub struct Asked {
    /// All modules and built-in drivers.
    pub drivers: BTreeSet<String>,
    /// Each name as it stands in a module, with who names it.
    pub names: BTreeMap<String, BTreeSet<Driver>>,
    /// Paths of files that stand as whole strings in the data of drivers.
    pub strings: BTreeMap<String, BTreeSet<Driver>>,
    /// Formats that paths of files can be made of.
    pub formats: BTreeMap<String, BTreeSet<Driver>>,
    /// Those who load firmware.
    pub loaders: BTreeSet<Driver>,
    /// Why what is asked for is not fully known.
    pub unknown: Vec<String>,
}

/// Who names a firmware.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Driver {
    /// Its name, with underscores.
    pub name: String,
    /// Whether it is built into the kernel.
    pub built_in: bool,
}

impl Asked {
    /// A module names a firmware.
    pub fn name(&mut self, name: &str, driver: &str, built_in: bool) {
        let drivers = self.names.entry(name.to_owned()).or_default();
        drivers.insert(Driver { name: driver.to_owned(), built_in });
    }

    /// A driver has the path of a file in its data.
    pub fn string(&mut self, path: &str, driver: &Driver) {
        self.strings.entry(path.to_owned()).or_default().insert(driver.clone());
    }

    /// A driver has a format in its data.
    pub fn format(&mut self, text: &str, driver: &Driver) {
        self.formats.entry(text.to_owned()).or_default().insert(driver.clone());
    }

    /// Adds what is built in.
    pub fn add_builtins(&mut self, builtins: Builtins) {
        for (driver, name) in &builtins.firmware {
            self.name(name, driver, true);
        }
        self.drivers.extend(builtins.drivers);
        self.unknown.extend(builtins.unknown);
    }
}

impl Driver {
    /// A module.
    pub fn module(name: &str) -> Driver {
        Driver { name: name.to_owned(), built_in: false }
    }
}

/// `named by a, b and 3 more`.
pub fn by<'a>(drivers: impl IntoIterator<Item = &'a Driver>) -> String {
    format!("named by {}", some(drivers))
}

/// `a, b and 3 more`.
pub fn some<'a>(drivers: impl IntoIterator<Item = &'a Driver>) -> String {
    let mut drivers = drivers.into_iter();
    let text =
        |driver: &Driver| if driver.built_in { format!("{} (built in)", driver.name) } else { driver.name.clone() };
    let shown: Vec<String> = drivers.by_ref().take(MAX_NAMED).map(text).collect();
    match drivers.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_a_firmware_is_told_in_a_few_words() {
        let mut asked = Asked::default();
        asked.name("x", "e100", true);
        asked.name("x", "b", false);
        assert_eq!(by(&asked.names["x"]), "named by b, e100 (built in)");
        (0..9).for_each(|number| asked.name("x", &format!("a{number}"), false));
        assert_eq!(by(&asked.names["x"]), "named by a0, a1, a2, a3, a4 and 6 more");
    }
}
