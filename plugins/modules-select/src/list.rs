//! The list file: one module a line, as a builder's `modules.conf` or a file of modules-load.d has it.
//!
//! ```text
//! # a comment; so is what follows a module
//! e1000e                    a module's name, or an alias such as fs-ext4
//! stage1:igb:none           a stage, a module, the firmware package that it goes with
//! ```
//!
//! A line is of the second kind if it begins with `stage`: an alias has colons, too. What stands behind a name (options, a
//! firmware package) is for others.

use flistry_plugin::modules::module_name;

/// A line that names a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// What stands before the first colon, such as `stage1`; empty in a plain line.
    pub stage: String,
    /// A module's name or an alias, as it is written.
    pub name: String,
}

/// Reads the text. The error names the line.
pub fn parse(text: &str) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    // Editors of other systems put a byte order mark before the first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with(';') {
            continue;
        }
        let (stage, name) = if line.starts_with("stage") && line.contains(':') {
            let mut fields = line.split(':').map(str::trim);
            let (stage, name) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            if fields.count() > 1 {
                return Err(format!("line {number} has more than a stage, a module and a firmware package: {line}"));
            }
            (stage, name)
        } else {
            ("", line.split_whitespace().next().unwrap_or_default())
        };
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("line {number} has no module's name where one should be: {line}"));
        }
        if name.contains('/') {
            return Err(format!("line {number} names a path, for which there are rules: {line}"));
        }
        let name = module_name(name).unwrap_or_else(|| name.to_owned());
        lines.push(Line { number, stage: stage.to_owned(), name });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(usize, String, String)> {
        parse(text).unwrap().into_iter().map(|line| (line.number, line.stage, line.name)).collect()
    }

    fn line(number: usize, stage: &str, name: &str) -> (usize, String, String) {
        (number, stage.to_owned(), name.to_owned())
    }

    #[test]
    fn plain_lines_and_those_with_a_stage_are_read() {
        let text =
            "# network\n\n; more\ne1000e\n  nf-nat  # NAT\nloop max_loop=8\nfs-ext4\npci:v00008086d*\nbnx2.ko.xz\r\n";
        let names = ["e1000e", "nf-nat", "loop", "fs-ext4", "pci:v00008086d*", "bnx2"];
        let expected: Vec<_> = (4..).zip(names).map(|(number, name)| line(number, "", name)).collect();
        assert_eq!(read(text), expected);
        let text = "stage1:virtio_net:none\nstage2 : bnx2 : firmware-bnx2 # old\nstage1:igb\n";
        assert_eq!(read(text), [line(1, "stage1", "virtio_net"), line(2, "stage2", "bnx2"), line(3, "stage1", "igb")]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_name() {
        assert_eq!(read("\u{feff}igb\n"), [line(1, "", "igb")]);
        assert_eq!(read("\u{feff}# a comment\nigb\n"), [line(2, "", "igb")]);
        assert_eq!(read("\u{feff}stage1:igb:none\n"), [line(1, "stage1", "igb")]);
        assert!(read("\u{feff}").is_empty());
    }

    #[test]
    fn each_mistake_has_its_message() {
        let message = |text| parse(text).unwrap_err();
        assert_eq!(
            message("a\nstage1:b:c:d"),
            "line 2 has more than a stage, a module and a firmware package: stage1:b:c:d"
        );
        assert_eq!(message("stage1::none"), "line 1 has no module's name where one should be: stage1::none");
        assert_eq!(message("stage1:a b"), "line 1 has no module's name where one should be: stage1:a b");
        assert_eq!(
            message("kernel/fs/fuse/fuse.ko"),
            "line 1 names a path, for which there are rules: kernel/fs/fuse/fuse.ko"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}", lines in "(stage[1:# a-]{0,6}\n){0,4}") {
            let _ = parse(&text);
            let _ = parse(&lines);
        }
    }
}
