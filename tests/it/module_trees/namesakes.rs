//! Of several files of one module name the source's `modules.dep` says which one modprobe loads; the order in which a file
//! system lists them says nothing.

use super::*;

/// Where copies of one module lie, and another that is dropped so that the indexes are made again.
const COPIES: [&str; 3] = ["extra/e1000e.ko.xz", "kernel/net/e1000e.ko.xz", "misc/e1000e.ko"];

/// The tree, made in this order; `modules.dep` says that `winner` is the one.
fn tree(order: &[&str], winner: Option<&str>, exclude: &[&str]) -> Tree {
    let settings = leave_out(&[&["kernel/gone.ko"], exclude].concat());
    let tree = Tree::new(&["leave-out"], &settings);
    tree.module("kernel/gone.ko", &Module::new());
    for path in order {
        // Different in what they say, so that the indexes tell whose they are.
        tree.module(path, &Module::new().info("alias", &alias(path)));
    }
    tree.depmod();
    let dep = std::fs::read_to_string(tree.path("modules.dep")).unwrap();
    let is_copy = |line: &&str| order.iter().any(|path| line.strip_suffix(':') == Some(*path));
    let found = dep.lines().find(is_copy).unwrap();
    match winner {
        Some(winner) => tree.file("modules.dep", dep.replace(found, &format!("{winner}:"))),
        None => tree.file("modules.dep", ""),
    };
    tree
}

/// A name that leads to one copy alone; a dash in it would be an underscore.
fn alias(path: &str) -> String {
    format!("of:{}", path.replace('-', "dash"))
}

/// What modprobe on a node loads for the name, and for the alias of each copy.
fn loads(tree: &Tree, name: &str, aliases: &[&str]) -> Vec<String> {
    tree.build().ok();
    let root = tree.unpack();
    let alias = aliases.iter().filter_map(|path| show_paths(&root, &alias(path)).ok());
    std::iter::once(show_paths(&root, name).unwrap()).chain(alias).flatten().collect()
}

const ORDERS: [[usize; 3]; 4] = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]];

#[test]
fn the_one_that_the_sources_indexes_have_stays_the_one() {
    for winner in COPIES {
        for order in ORDERS {
            let order = order.map(|place| COPIES[place]);
            // Its alias is the only one that leads anywhere.
            assert_eq!(loads(&tree(&order, Some(winner), &[]), "e1000e", &COPIES), [winner, winner], "{order:?}");
        }
    }
}

#[test]
fn without_indexes_updates_come_first_and_then_the_order_of_the_paths() {
    for order in ORDERS {
        let order = order.map(|place| COPIES[place]);
        assert_eq!(loads(&tree(&order, None, &[]), "e1000e", &[]), ["extra/e1000e.ko.xz"], "{order:?}");
    }
    let order = ["kernel/a.ko", "updates/a.ko", "extra/a.ko"];
    assert_eq!(loads(&tree(&order, None, &[]), "a", &[]), ["updates/a.ko"]);
}

#[test]
fn a_rule_that_excludes_a_directory_excludes_the_copy_in_it() {
    for order in ORDERS {
        let order = order.map(|place| COPIES[place]);
        let tree = tree(&order, Some(COPIES[0]), &["extra"]);
        assert_eq!(loads(&tree, "e1000e", &COPIES), [COPIES[1], COPIES[1]], "{order:?}");
        assert!(!tree.project.path("unpacked").join(TREE).join("extra").exists());
    }
}

#[test]
fn a_dash_and_an_underscore_are_one_name() {
    for order in [["kernel/a-b.ko", "kernel/a_b.ko"], ["kernel/a_b.ko", "kernel/a-b.ko"]] {
        for winner in order {
            assert_eq!(loads(&tree(&order, Some(winner), &[]), "a-b", &order), [winner, winner]);
        }
    }
}

#[test]
fn the_same_modules_in_whatever_order_give_the_same_flist() {
    let contents = ORDERS.map(|order| {
        let tree = tree(&order.map(|place| COPIES[place]), Some(COPIES[1]), &[]);
        tree.project.flistry_with(&["build"], &[("SOURCE_DATE_EPOCH", "1700000000")]).ok();
        tree.project.report(FLIST)["manifest"]["tags"]["flistry.contents"].clone()
    });
    assert!(contents.iter().all(|one| *one == contents[0]), "{contents:?}");
}
