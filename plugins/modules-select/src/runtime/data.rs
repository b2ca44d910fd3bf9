//! The reviewed data of `runtime.toml`.

use std::collections::BTreeMap;

use flistry_plugin::Error;
use flistry_plugin::globs::Glob;
use flistry_plugin::modules::normalize;
use serde::Deserialize;

/// `runtime.toml` as JSON, by the build script.
const DATA: &str = include_str!(concat!(env!("OUT_DIR"), "/runtime.json"));

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// How modules ask for what their own strings name.
    pub names: Vec<Names>,
    /// What only formats hint at, or user space names.
    pub family: Vec<Family>,
}

/// One way to ask by a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// A module that imports one of these asks in this way.
    pub symbols: Vec<String>,
    /// What stands before the module's string in the name that it asks for. `{module}` is the module's own name.
    pub prefix: String,
    /// Whether a string may be a template, whose parts have names of their own.
    #[serde(default)]
    pub templates: bool,
}

/// What some modules ask for, whatever their strings say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    #[serde(default)]
    modules: Vec<String>,
    /// The modules that ask are those that import one of these.
    #[serde(default)]
    pub imports: Vec<String>,
    /// Names or aliases, or globs on them.
    #[serde(default)]
    pub asks: Vec<String>,
    /// By an option of the kernel's configuration, a name with `{value}` in it.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Whether they are only reported.
    #[serde(default)]
    pub report: bool,
    /// Why, for the report.
    pub why: String,
    #[serde(skip)]
    globs: Vec<Glob>,
}

impl Data {
    /// What is in the plugin's own file.
    pub fn shipped() -> Result<Data, Error> {
        Data::parse(DATA).map_err(|what| Error::new("bad-data", format!("the plugin's own runtime.toml: {what}")))
    }

    fn parse(text: &str) -> Result<Data, String> {
        let mut data: Data = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for family in &mut data.family {
            let globs = family.modules.iter().map(|name| Glob::new(&normalize(name)));
            family.globs = globs.collect::<Result<_, _>>()?;
        }
        Ok(data)
    }

    /// All symbols that matter.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().flat_map(|names| &names.symbols);
        names.chain(self.family.iter().flat_map(|family| &family.imports)).map(String::as_str)
    }
}

impl Family {
    /// Whether the module of this name is one of those that ask.
    pub fn has(&self, module: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(module))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_shipped_data_is_sound() {
        let data = Data::shipped().unwrap();
        assert_eq!((&*data.names[0].prefix, &*data.names[1].prefix), ("", "crypto-"));
        let prefixes: BTreeSet<&str> = data.names.iter().map(|names| &*names.prefix).collect();
        assert_eq!(prefixes.len(), data.names.len());
        assert!(data.names.iter().all(|names| !names.symbols.is_empty()));
        for family in &data.family {
            assert!(family.modules.is_empty() != family.imports.is_empty(), "{}: who asks?", family.why);
            assert!(family.asks.is_empty() != family.options.is_empty(), "{}: for what?", family.why);
            assert!(family.options.values().all(|name| name.contains("{value}")), "{}", family.why);
            assert!(!family.why.is_empty() && !family.report || family.options.is_empty(), "{}", family.why);
            assert!(family.asks.iter().all(|name| Glob::new(&normalize(name)).is_ok()), "{}", family.why);
        }
        let of = |module| data.family.iter().filter(|family| family.has(module)).count();
        assert_eq!((of("snd_hda_codec"), of("dm_crypt"), of("loop")), (1, 3, 0));
    }
}
