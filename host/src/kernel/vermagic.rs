//! Whether the modules of a tree are of one kernel: by their `vermagic`, which the kernel compares with its own before it loads
//! a module.
//!
//! ```text
//! 6.12.44-Zero-OS SMP preempt mod_unload modversions
//! └─ release      └─ how the kernel was configured
//! ```
//!
//! A kernel with `modversions` does not compare the release of a module that has them as well: it compares the symbols'
//! checksums instead. So modules of another release of the same kABI load, and the other words must be the same all the same.

use std::collections::BTreeMap;

use super::remarks::Remarks;
use crate::progress::Warning;

/// A flag of kernels, and of modules, that have checksums of symbols.
const MODVERSIONS: &str = "modversions";

/// How many modules of a group are named.
const SHOWN: usize = 3;

/// What one module says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleVermagic {
    /// Its path.
    pub path: String,
    /// Its `vermagic`, or why it can't be read.
    pub vermagic: Result<String, String>,
}

/// A module's `vermagic` in its parts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Vermagic<'a> {
    release: &'a str,
    flags: &'a str,
}

impl<'a> Vermagic<'a> {
    fn parse(text: &'a str) -> Self {
        let (release, flags) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        Vermagic { release, flags: flags.trim() }
    }

    fn has_versions(&self) -> bool {
        self.flags.split(' ').any(|flag| flag == MODVERSIONS)
    }
}

/// The kernel release that a `vermagic` begins with.
pub fn release(vermagic: &str) -> &str {
    Vermagic::parse(vermagic).release
}

/// Compares what modules say with the kernel that they are to be loaded by, and with each other.
pub fn judge(kernel: &str, modules: &[ModuleVermagic]) -> Remarks {
    let parsed = || modules.iter().filter_map(|said| Some((said, Vermagic::parse(said.vermagic.as_ref().ok()?))));
    let flags = usual_flags(parsed().map(|(_, vermagic)| vermagic).filter(|vermagic| vermagic.release == kernel));
    let (mut foreign, mut same_kabi, mut odd) = (Vec::new(), Vec::new(), Vec::new());
    for (said, vermagic) in parsed() {
        if vermagic.release != kernel {
            let loads = vermagic.has_versions() && vermagic.flags == flags;
            let group = if loads { &mut same_kabi } else { &mut foreign };
            group.push((&*said.path, vermagic.release));
        } else if vermagic.flags != flags {
            odd.push((&*said.path, vermagic.flags));
        }
    }
    let broken = modules.iter().filter_map(|said| Some((&*said.path, &**said.vermagic.as_ref().err()?)));
    let broken: Vec<(&str, &str)> = broken.collect();

    let mut remarks = Remarks::default();
    let mut warn = |group: &[(&str, &str)], one: &str, several: &str, hint: &str| {
        if !group.is_empty() {
            let what = format!("{}: {}", counted(group, one, several), examples(group));
            remarks.unusable.push(Warning::new(what, hint));
        }
    };
    warn(&broken, "can't be read", "can't be read", "install the modules again, or let a filter drop what is broken");
    let of_another = format!("built for another kernel than {kernel}");
    warn(
        &foreign,
        &format!("was {of_another}"),
        &format!("were {of_another}"),
        "a kernel loads only modules of its own release: build them for this one, or let a filter drop them",
    );
    let otherwise = format!("built with other options than most modules of the tree (`{flags}`)");
    warn(
        &odd,
        &format!("was {otherwise}"),
        &format!("were {otherwise}"),
        "a kernel loads only modules with its own options: build them with its configuration, or let a filter drop them",
    );
    if !same_kabi.is_empty() {
        let what =
            format!("built for another release, and {kernel} loads such a module where the checksums of symbols agree");
        let what = counted(&same_kabi, &format!("was {what}"), &format!("were {what}"));
        remarks.notes.push(format!("{what}: {}", examples(&same_kabi)));
    }
    remarks
}

/// The flags that most modules have; of two that as many have the first in the alphabet.
fn usual_flags<'a>(vermagics: impl Iterator<Item = Vermagic<'a>>) -> &'a str {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for vermagic in vermagics {
        *count.entry(vermagic.flags).or_default() += 1;
    }
    count.into_iter().rev().max_by_key(|(_, count)| *count).map_or("", |(flags, _)| flags)
}

fn counted(group: &[(&str, &str)], one: &str, several: &str) -> String {
    match group.len() {
        1 => format!("1 module {one}"),
        count => format!("{count} modules {several}"),
    }
}

/// The first of a group, each with what is to be said of it.
fn examples(group: &[(&str, &str)]) -> String {
    let mut named: Vec<String> = group.iter().take(SHOWN).map(|(path, what)| format!("/{path} ({what})")).collect();
    if group.len() > SHOWN {
        named.push(format!("and {} more", group.len() - SHOWN));
    }
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNEL: &str = "6.12.44-Zero-OS";
    const OWN: &str = "6.12.44-Zero-OS SMP preempt mod_unload ";

    fn judged(modules: &[(&str, Result<&str, &str>)]) -> Vec<String> {
        let said = |(path, vermagic): &(&str, Result<&str, &str>)| ModuleVermagic {
            path: (*path).to_owned(),
            vermagic: vermagic.map(str::to_owned).map_err(str::to_owned),
        };
        let Remarks { unusable, notes } = judge(KERNEL, &modules.iter().map(said).collect::<Vec<_>>());
        let notes = notes.into_iter().map(|note| format!("note: {note}"));
        unusable.into_iter().map(|warning| warning.what).chain(notes).collect()
    }

    #[test]
    fn modules_of_one_kernel_are_nothing_to_speak_of() {
        assert!(judged(&[("a.ko", Ok(OWN)), ("b.ko", Ok(OWN.trim()))]).is_empty());
        assert!(judged(&[]).is_empty());
    }

    #[test]
    fn each_that_would_not_load_is_counted_and_the_first_are_named() {
        let found = judged(&[
            ("a.ko", Ok(OWN)),
            ("b.ko", Ok("6.12.40-Zero-OS SMP preempt mod_unload ")),
            ("c.ko", Ok("6.12.44-Zero-OS SMP mod_unload ")),
            ("d.ko", Ok(OWN)),
            ("e.ko", Err("it has no bytes")),
            ("f.ko", Err("it has no bytes")),
            ("g.ko", Err("it has no bytes")),
            ("h.ko", Err("it has no bytes")),
        ]);
        let right = [
            "4 modules can't be read: /e.ko (it has no bytes), /f.ko (it has no bytes), /g.ko (it has no bytes), and 1 more",
            "1 module was built for another kernel than 6.12.44-Zero-OS: /b.ko (6.12.40-Zero-OS)",
            "1 module was built with other options than most modules of the tree (`SMP preempt mod_unload`): /c.ko (SMP mod_unload)",
        ];
        assert_eq!(found, right);
    }

    #[test]
    fn another_release_of_the_same_kabi_is_a_note_where_both_have_checksums() {
        let own = "6.12.44-Zero-OS SMP preempt mod_unload modversions ";
        let found = judged(&[
            ("a.ko", Ok(own)),
            ("b.ko", Ok("6.12.40-Zero-OS SMP preempt mod_unload modversions ")),
            ("c.ko", Ok("6.12.40-Zero-OS SMP mod_unload modversions ")),
            ("d.ko", Ok("6.12.40-Zero-OS SMP preempt mod_unload ")),
        ]);
        let right = [
            "2 modules were built for another kernel than 6.12.44-Zero-OS: /c.ko (6.12.40-Zero-OS), /d.ko (6.12.40-Zero-OS)",
            "note: 1 module was built for another release, and 6.12.44-Zero-OS loads such a module where the checksums of \
             symbols agree: /b.ko (6.12.40-Zero-OS)",
        ];
        assert_eq!(found, right);
    }
}
