//! `WHENCE`, the list of linux-firmware: it has the symlinks that `copy-firmware.sh` makes, and a checkout does not.

use flistry_plugin::{EntryId, EntryTree};

use crate::pattern::ENDINGS;

/// A symlink that is listed and not there, though what it leads to is.
#[derive(Debug, PartialEq, Eq)]
pub struct Unmade {
    /// Where it would be.
    pub path: String,
    /// What it would lead to: each file or directory with the target's name, compressed or not.
    pub targets: Vec<EntryId>,
}

/// The listed symlinks that nobody made.
pub fn unmade(text: &str, tree: &EntryTree) -> Vec<Unmade> {
    let links = text.lines().filter_map(link);
    let unmade = links.filter_map(|(path, target)| {
        let there =
            |path: &str| ENDINGS.iter().filter_map(|ending| tree.find(&format!("{path}{ending}"))).collect::<Vec<_>>();
        let targets = there(&beside(&path, &target)?);
        // What leads through another listed symlink to a directory is reached when that one is.
        (there(&path).is_empty() && !targets.is_empty()).then_some(Unmade { path, targets })
    });
    unmade.collect()
}

/// `Link: a -> b`, where a space in a name stands behind a backslash, or the name in quotes.
fn link(line: &str) -> Option<(String, String)> {
    let (path, target) = line.strip_prefix("Link:")?.split_once(" -> ")?;
    let name = |text: &str| {
        let text = text.trim();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        text.replace('\\', "")
    };
    Some((name(path), name(target)))
}

/// Where a relative target leads from a path; none where it leads out.
fn beside(path: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::TestTree;

    use super::*;

    #[test]
    fn symlinks_that_are_listed_and_not_made_are_found_with_what_they_lead_to() {
        let whence = "Driver: brcmfmac\nFile: cypress/g.bin\nLink: brcm/f.bin -> ../cypress/g.bin\nLink: made.bin -> cypress/g.bin\n\
                      Link: nvidia/tu117 -> tu116\nLink: gone.bin -> nowhere.bin\nLink: out.bin -> ../../x\n\
                      Link: brcm/Acme\\ Tab.txt -> f.txt\nLink: \"a b\" -> \"brcm/f.txt\"\nLink: packed.bin -> z.bin\nLink: \n";
        let lines = [
            "cypress/g.bin",
            "made.bin -> cypress/g.bin",
            "nvidia/tu116/a.bin",
            "brcm/f.txt.zst",
            "z.bin.xz",
            "packed.bin.xz -> z.bin.xz",
        ];
        let tree = TestTree::from(lines).to_entry_tree();
        let found: Vec<String> = unmade(whence, &tree)
            .into_iter()
            .map(|Unmade { path, targets }| format!("{path} -> {}", tree.entry(targets[0]).path))
            .collect();
        let all = [
            "brcm/f.bin -> cypress/g.bin",
            "nvidia/tu117 -> nvidia/tu116",
            "brcm/Acme Tab.txt -> brcm/f.txt.zst",
            "a b -> brcm/f.txt.zst",
        ];
        assert_eq!(found, all);
    }
}
