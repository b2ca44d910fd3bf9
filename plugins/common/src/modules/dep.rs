//! `modules.dep`: which modules each module needs. A line is `PATH: PATH PATH …`, paths from the modules' directory.

use std::collections::{BTreeMap, BTreeSet};

use super::error::IndexError;

/// The hard dependencies of a modules tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulesDep(BTreeMap<String, Vec<String>>);

impl ModulesDep {
    /// Reads the file's text. The error names the line.
    pub fn parse(text: &str) -> Result<ModulesDep, IndexError> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let module = |(number, line): (usize, &str)| match line.split_once(':') {
            Some((module, needs)) if !module.is_empty() => {
                Ok((module.to_owned(), needs.split_whitespace().map(str::to_owned).collect()))
            }
            _ => Err(IndexError::Dep { line: number + 1, text: line.to_owned() }),
        };
        lines.map(module).collect::<Result<_, _>>().map(ModulesDep)
    }

    /// The modules' paths, in order.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a module has a line. modprobe does not find one that has none.
    pub fn has(&self, module: &str) -> bool {
        self.0.contains_key(module)
    }

    /// What a module needs, as its line says; nothing for one that has no line.
    pub fn needs(&self, module: &str) -> &[String] {
        self.0.get(module).map_or(&[], Vec::as_slice)
    }

    /// The modules `from` and all that they need.
    pub fn closure<'a>(&'a self, from: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = from.into_iter().collect();
        while let Some(module) = open.pop() {
            if found.insert(module) {
                open.extend(self.needs(module).iter().map(String::as_str));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_follows_every_line() {
        let text = "kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/c.ko kernel/d.ko\nkernel/c.ko:\nkernel/e.ko:\n";
        let dep = ModulesDep::parse(text).unwrap();
        assert_eq!(dep.modules().count(), 4);
        assert!(dep.has("kernel/c.ko") && !dep.has("kernel/d.ko"));
        assert_eq!(dep.needs("kernel/b.ko"), ["kernel/c.ko", "kernel/d.ko"]);
        let closure: Vec<_> = dep.closure(["kernel/a.ko"]).into_iter().collect();
        assert_eq!(closure, ["kernel/a.ko", "kernel/b.ko", "kernel/c.ko", "kernel/d.ko"]);
        // A circle, which depmod refuses to write, must still end.
        assert_eq!(ModulesDep::parse("a: b\nb: a\n").unwrap().closure(["a"]).len(), 2);
    }

    #[test]
    fn a_line_without_a_module_is_named() {
        let error = ModulesDep::parse("a.ko:\n\nb.ko\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3 of modules.dep names no module: b.ko");
    }
}
