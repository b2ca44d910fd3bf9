//! Operations on a small tree, a case each.

use std::collections::BTreeMap;

use super::*;
use crate::plugin::error::PluginError;
use crate::tree::source::Contents;
use crate::tree::{Attributes, Entry, EntryId, Input, Kind, LeftOut, LeftOutStage, Permissions, Tree};

fn attributes() -> Attributes {
    Attributes { permissions: Permissions::of_mode(0o755), uid: 0, gid: 0, mtime: 7 }
}

/// `a`, `a/x` (file), `a/y` -> x, `b` -> a, `c` (file), `up` -> ..
fn input() -> Input {
    let mut tree = Tree::new(attributes());
    let mut contents = vec![None];
    let mut push = |parent, name: &str, kind: Kind| {
        contents.push(matches!(kind, Kind::File { .. }).then(|| Contents::Generated(name.into())));
        tree.push(Entry { parent, name: name.into(), kind, attributes: attributes() }).unwrap()
    };
    let link = |target: &str| Kind::Symlink { target: target.into() };
    let a = push(EntryId::ROOT, "a", Kind::Directory);
    push(a, "x", Kind::File { size: 1 });
    push(a, "y", link("x"));
    push(EntryId::ROOT, "b", link("a"));
    push(EntryId::ROOT, "c", Kind::File { size: 1 });
    push(EntryId::ROOT, "up", link(".."));
    Input::new(tree, contents)
}

fn run(wanted: &[(&str, Vec<Operation>)]) -> Result<Applied, PluginError> {
    let wanted: Vec<Wanted> = wanted
        .iter()
        .map(|(name, operations)| {
            let reasons = BTreeMap::from([(1, format!("{name} says so")), (2, "for itself".to_owned())]);
            Wanted { by: (*name).to_owned(), operations: operations.clone(), reasons }
        })
        .collect();
    apply(input(), BTreeMap::from([("keep".into(), "1".into())]), &wanted, &["/lib/tree".to_owned()])
}

fn refusal(operations: Vec<Operation>) -> String {
    run(&[("p", operations)]).err().expect("it is refused").to_string()
}

fn remove(id: u32) -> Operation {
    Operation::Remove(EntryId(id))
}

fn link(path: &str, target: &str) -> Operation {
    Operation::AddSymlink { path: path.into(), target: target.into() }
}

fn tag(key: &str, value: &str) -> Operation {
    Operation::SetTag { key: key.into(), value: value.into() }
}

fn paths(tree: &Tree) -> Vec<String> {
    tree.iter().map(|(id, _)| tree.path(id)).collect()
}

#[test]
fn adding_and_removing_leaves_a_tree_in_order() {
    let applied = run(&[("p", vec![remove(5), link("a/w", "x"), link("d", "a/x"), tag("t", "v")])]).unwrap();
    assert_eq!(paths(&applied.input.tree), ["", "a", "a/w", "a/x", "a/y", "b", "d", "up"]);
    assert_eq!(applied.input.contents(EntryId(3)), Some(&Contents::Generated("x".into())));
    assert_eq!(applied.input.tree.iter().filter(|(id, _)| applied.input.contents(*id).is_some()).count(), 1);
    assert_eq!(
        applied.removed,
        [LeftOut { path: "c".into(), stage: LeftOutStage::PostPack, by: "p".into(), reason: None, bytes: Some(1) }]
    );
    assert_eq!(applied.added.len(), 2);
    assert_eq!(applied.tags["t"], "v");
    assert_eq!(applied.tags["keep"], "1");
    // A symlink at the place of what the same plugin removes.
    let applied = run(&[("p", vec![remove(5), link("c", "a")])]).unwrap();
    assert_eq!(paths(&applied.input.tree), ["", "a", "a/x", "a/y", "b", "c", "up"]);
    // A directory goes with what is in it, if the symlinks to it go, too.
    let applied = run(&[("p", vec![remove(1), remove(4)])]).unwrap();
    assert_eq!(paths(&applied.input.tree), ["", "c", "up"]);
    assert_eq!(applied.removed.len(), 4);
}

#[test]
fn doing_nothing_changes_nothing() {
    let applied = run(&[("p", vec![]), ("q", vec![])]).unwrap();
    assert_eq!(applied.input.tree, input().tree);
    assert!(applied.removed.is_empty() && applied.added.is_empty());
}

#[test]
fn escaping_operations_are_refused() {
    let start = "plugin `p`, post-pack: it can't ";
    let cases = [
        (vec![remove(0)], "remove the root: an flist has one"),
        (vec![remove(99)], "remove entry 99: it does not exist"),
        (vec![link("../x", "c")], "add the symlink ../x -> c: its path has a name that means another directory"),
        (vec![link("/x", "c")], "add the symlink /x -> c: its path has an empty name"),
        (vec![link("a//x", "c")], "add the symlink a//x -> c: its path has an empty name"),
        (vec![link("", "c")], "add the symlink  -> c: its path has an empty name"),
        (vec![link("b/z", "x")], "add the symlink b/z -> x: its path leads through something that is not a directory"),
        (vec![link("nowhere/z", "x")], "add the symlink nowhere/z -> x: its directory does not exist"),
        (vec![link("z", "/etc")], "add the symlink z -> /etc: its target is absolute: it would lead out of the flist"),
        (vec![link("z", "../etc")], "add the symlink z -> ../etc: its target leads out of the flist"),
        (vec![link("a/z", "../up/etc")], "add the symlink a/z -> ../up/etc: its target leads out of the flist"),
        (vec![link("z", "")], "add the symlink z -> : its target is empty or has a NUL byte"),
        (vec![link("z", "gone")], "add the symlink z -> gone: its target does not exist"),
        (vec![link("z", "z")], "add the symlink z -> z: it is part of a loop"),
        (vec![link("y", "z"), link("z", "y")], "add the symlink y -> z: it is part of a loop"),
        (vec![link("c", "a")], "add the symlink c -> a: an entry of that name exists"),
        (vec![link("z", "a"), link("z", "c")], "add the symlink z -> c: it adds another symlink there"),
        (vec![remove(1), link("a/z", "x")], "add the symlink a/z -> x: it removes its directory"),
        (vec![remove(2)], "remove /a/x: the symlink /a/y would dangle; remove it as well"),
        (
            vec![tag("flistry.config", "x")],
            "change the tag \"flistry.config\": tags that begin with `flistry.` are the host's, and those that look like it",
        ),
        (vec![tag("", "x")], "change the tag \"\": a key has 1 to 64 bytes"),
    ];
    for (operations, text) in cases {
        assert_eq!(refusal(operations), format!("{start}{text}"));
    }
    assert!(refusal(vec![tag(&"k".repeat(65), "x")]).ends_with("a key has 1 to 64 bytes"));
}

#[test]
fn what_a_kept_symlink_leads_through_must_stay() {
    let attributes = attributes();
    // `d`, `d/out` -> /opt/x, `d/s` -> f, `f`, and symlinks that lead through these.
    let input = |kept: &str| {
        let mut tree = Tree::new(attributes);
        let mut push = |parent, name: &str, target: Option<&str>| {
            let kind = target.map_or(Kind::File { size: 1 }, |target| Kind::Symlink { target: target.into() });
            tree.push(Entry { parent, name: name.into(), kind, attributes }).unwrap()
        };
        push(EntryId::ROOT, "a", Some(kept));
        let f = push(EntryId::ROOT, "f", None);
        push(EntryId::ROOT, "out", Some("/opt/x"));
        let s = push(EntryId::ROOT, "s", Some("f"));
        assert_eq!((f, s), (EntryId(2), EntryId(4)));
        let contents = tree.iter().map(|(_, entry)| match entry.kind {
            Kind::File { .. } => Some(Contents::Generated(vec![1])),
            _ => None,
        });
        let contents = contents.collect();
        Input::new(tree, contents)
    };
    let run = |kept: &str, operations: Vec<Operation>| {
        let wanted = [Wanted { by: "p".into(), operations, reasons: BTreeMap::new() }];
        apply(input(kept), BTreeMap::new(), &wanted, &["/lib/tree".to_owned()])
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let refused = |gone: &str| {
        Err(format!("plugin `p`, post-pack: it can't remove /{gone}: the symlink /a would dangle; remove it as well"))
    };
    // The end, a symlink on the way, and either where a node sees the tree.
    assert_eq!(run("f", vec![remove(2), remove(4)]), refused("f"));
    for kept in ["s", "/lib/tree/s", "//lib/tree/./s"] {
        assert_eq!(run(kept, vec![remove(4)]), refused("s"), "{kept}");
    }
    assert_eq!(run("/lib/tree/f", vec![remove(2), remove(4)]), refused("f"));
    // Also where the way ends outside.
    assert_eq!(run("out", vec![remove(3)]), refused("out"));
    // What leads elsewhere needs nothing; what is put in its place leads on.
    assert_eq!(run("/lib/other/s", vec![remove(4)]), Ok(()));
    assert_eq!(run("gone", vec![remove(4)]), Ok(()));
    assert_eq!(run("s", vec![remove(4), link("s", "f")]), Ok(()));
    assert_eq!(run("s", vec![remove(1), remove(4)]), Ok(()));
}

#[test]
fn a_chain_that_is_too_long_is_no_loop() {
    // The first leads to an entry, each other one to the one before.
    let chain = |length: usize, first: &str| -> Vec<Operation> {
        let target = |n: usize| if n == 0 { first.to_owned() } else { format!("z{}", n - 1) };
        (0..length).map(|n| link(&format!("z{n}"), &target(n))).collect()
    };
    assert!(run(&[("p", chain(40, "a"))]).is_ok());
    let too_long = "plugin `p`, post-pack: it can't add the symlink z40 -> z39: its chain is too long: Linux follows at most \
                    40 symlinks";
    assert_eq!(refusal(chain(41, "a")), too_long);
    assert_eq!(refusal(chain(300, "a")), too_long);
    // One that ends in a circle is one, however long the way to it.
    let with_circle = |length| [vec![link("o", "p"), link("p", "o")], chain(length, "o")].concat();
    assert_eq!(refusal(with_circle(0)), "plugin `p`, post-pack: it can't add the symlink o -> p: it is part of a loop");
    let big_circle = |length: usize| chain(length, &format!("z{}", length - 1));
    for length in [41, 100] {
        assert!(refusal(big_circle(length)).ends_with("it is part of a loop"), "{length}");
    }
}

#[test]
fn the_key_of_a_tag_is_plain_and_not_like_the_host_s() {
    for key in ["a b", "a\tb", "a\nb", "größe", "a\u{202e}b", "\u{feff}x"] {
        let message = refusal(vec![tag(key, "x")]);
        assert!(message.ends_with("a key has letters, digits and signs of ASCII, and no blanks"), "{message}");
    }
    for key in
        ["FLISTRY.version", "Flistry.x", "fIistry.version", "f1istry.version", "fl1stry.x", "fli5try.x", "flistry."]
    {
        let message = refusal(vec![tag(key, "x")]);
        assert!(
            message.ends_with("tags that begin with `flistry.` are the host's, and those that look like it"),
            "{message}"
        );
    }
    for key in ["flistry", "flistry-x", "my.flistry.x", "firmware.kept", "org/x:y~z"] {
        assert!(run(&[("p", vec![tag(key, "x")])]).is_ok(), "{key}");
    }
}

#[test]
fn plugins_that_disagree_are_both_named() {
    let cases: [(Vec<Operation>, Vec<Operation>, &str); 4] = [
        (vec![tag("t", "1")], vec![tag("t", "2")], "tag `t`: the first sets \"1\", the second sets \"2\""),
        (vec![remove(5)], vec![link("c", "a")], "the first removes /c, the second adds a symlink there"),
        (vec![link("z", "a")], vec![link("z", "a")], "both add a symlink at /z"),
        (
            vec![remove(1), remove(4)],
            vec![link("a/z", "x")],
            "the first removes the directory of /a/z, the second adds that symlink",
        ),
    ];
    for (first, second, text) in cases {
        let error = run(&[("p", first), ("q", second)]).err().expect("it is refused");
        assert_eq!(error.to_string(), format!("plugins `p` and `q` disagree: {text}"));
    }
    // Two that want the same agree.
    assert!(run(&[("p", vec![tag("t", "1"), remove(5)]), ("q", vec![tag("t", "1"), remove(5)])]).is_ok());
}
