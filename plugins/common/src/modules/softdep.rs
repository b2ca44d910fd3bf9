//! `modules.softdep` and `modules.weakdep`: modules that modprobe loads beside another one, and modules that another one
//! may ask for later. Names are module names or aliases of one.
//!
//! ```text
//! softdep NAME pre: NAME … post: NAME …
//! softdep NAME NAME
//! weakdep NAME NAME …
//! ```
//!
//! depmod takes them from the modules' `.modinfo`; `modules.weakdep` only since kmod 33. [`StatedDeps::of_module`] is for a tree
//! without these files.

use super::error::IndexError;
use super::names::normalize;

/// What a line of either file says of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedDeps {
    /// Whose line it is, with underscores.
    pub module: String,
    /// To be loaded before.
    pub pre: Vec<String>,
    /// To be loaded after.
    pub post: Vec<String>,
    /// Named by a softdep that says neither. modprobe ignores them, but the module's author wanted them: so 6.12's cifs
    /// names all that it encrypts with.
    pub neither: Vec<String>,
    /// To be there, should the module ask.
    pub weak: Vec<String>,
}

impl StatedDeps {
    /// What a module says of itself: the pairs of its `.modinfo`, in which a key may stand several times.
    pub fn of_module(module: &str, info: &[(String, String)]) -> StatedDeps {
        let mut dep = StatedDeps { module: normalize(module), ..StatedDeps::default() };
        for (key, value) in info {
            match &**key {
                "softdep" => dep.add_soft(value.split_whitespace()),
                "weakdep" => dep.weak.extend(value.split_whitespace().map(str::to_owned)),
                _ => {}
            }
        }
        dep
    }

    fn add_soft<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        let mut list = &mut self.neither;
        for word in words {
            match word {
                "pre:" => list = &mut self.pre,
                "post:" => list = &mut self.post,
                name => list.push(name.to_owned()),
            }
        }
    }

    /// Everything that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pre.iter().chain(&self.post).chain(&self.neither).chain(&self.weak).map(String::as_str)
    }
}

/// Reads the text of either file. The error names the line.
pub fn parse_softdep(text: &str) -> Result<Vec<StatedDeps>, IndexError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let bad = |number, line: &str| IndexError::Softdep { line: number + 1, text: line.to_owned() };
    lines.map(|(number, line)| parse_line(line).ok_or_else(|| bad(number, line))).collect()
}

fn parse_line(line: &str) -> Option<StatedDeps> {
    let mut words = line.split_whitespace();
    let kind = words.next()?;
    let mut dep = StatedDeps { module: normalize(words.next()?), ..StatedDeps::default() };
    match kind {
        "weakdep" => dep.weak = words.map(str::to_owned).collect(),
        "softdep" => dep.add_soft(words),
        _ => return None,
    }
    Some(dep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_read() {
        let deps =
            parse_softdep("# Soft dependencies\nsoftdep nf-nat pre: a b post: c pre: d\nweakdep e f g\n").unwrap();
        assert_eq!((&*deps[0].module, &*deps[0].pre.join(" "), &*deps[0].post.join(" ")), ("nf_nat", "a b d", "c"));
        assert_eq!((&*deps[1].module, &*deps[1].weak.join(" ")), ("e", "f g"));
        assert_eq!(deps[0].names().collect::<Vec<_>>(), ["a", "b", "d", "c"]);
        let dep = &parse_softdep("softdep a b pre: c\n").unwrap()[0];
        assert_eq!((&dep.pre[..], &dep.neither[..]), (&["c".to_owned()][..], &["b".to_owned()][..]));
    }

    #[test]
    fn a_module_says_the_same_of_itself() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let info = [
            pair("alias", "pci:*"),
            pair("softdep", "pre: a b post: c"),
            pair("weakdep", "d"),
            pair("softdep", "x post: e"),
            pair("weakdep", "f g"),
        ];
        let dep = StatedDeps::of_module("nf-nat", &info);
        assert_eq!(dep.names().collect::<Vec<_>>(), ["a", "b", "c", "e", "x", "d", "f", "g"]);
        assert_eq!((&*dep.module, dep.pre.len(), dep.post.len(), dep.weak.len()), ("nf_nat", 2, 2, 3));
    }

    #[test]
    fn another_line_is_named() {
        let message = |text| parse_softdep(text).unwrap_err().to_string();
        assert_eq!(message("\nalias a b\n"), "line 2 is neither a softdep nor a weakdep: alias a b");
        assert_eq!(message("softdep"), "line 1 is neither a softdep nor a weakdep: softdep");
    }
}
