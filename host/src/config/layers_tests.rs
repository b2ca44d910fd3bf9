//! What is merged, what is replaced, and where each value came from.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

const SHIPPED: &str = "text = \"shipped\"\nlist = [\"a\", \"b\"]\n\n[table]\none = 1\ntwo = 2\n\n[table.deep]\nthree = 3\n\n\
                       [plugin.p]\na = 1\nb = 2\n[plugin.q]\na = 1\n\n[flist.x]\na = 1\n[flist.y]\na = 1\n";

#[track_caller]
fn merged(own: &str) -> toml::Table {
    Layers::merge(SHIPPED, own).unwrap().read().unwrap()
}

fn value(text: &str) -> toml::Table {
    text.parse().unwrap()
}

#[test]
fn without_a_file_there_is_the_shipped_one() {
    assert_eq!(merged(""), value(SHIPPED));
    assert_eq!(merged("# nothing but a comment"), value(SHIPPED));
}

#[test]
fn tables_are_merged_key_by_key() {
    let found = merged("[table]\ntwo = 22\n[table.deep]\nfour = 4\n[table.own]\nfive = 5\n");
    assert_eq!(found["table"], value("one = 1\ntwo = 22\ndeep = { three = 3, four = 4 }\nown = { five = 5 }").into());
    // However it is spelt.
    assert_eq!(merged("table.deep.three = 33")["table"]["deep"]["three"].as_integer(), Some(33));
    assert_eq!(merged("table = { one = 11 }")["table"]["two"].as_integer(), Some(2));
}

#[test]
fn anything_else_is_replaced() {
    let found = merged("text = \"own\"\nlist = []\n");
    assert_eq!((found["text"].as_str(), found["list"].as_array().map(Vec::len)), (Some("own"), Some(0)));
    // Also by another type, which reading it then refuses.
    assert_eq!(merged("table = 1")["table"].as_integer(), Some(1));
    assert!(merged("[text]\na = 1")["text"].is_table());
}

#[test]
fn a_plugin_is_replaced_as_a_whole() {
    let found = merged("[plugin.p]\nc = 3\n[plugin.r]\na = 1\n");
    assert_eq!(found["plugin"], value("p = { c = 3 }\nq = { a = 1 }\nr = { a = 1 }").into());
}

#[test]
fn flists_are_not_mixed() {
    assert_eq!(merged("[flist.z]\na = 2\n")["flist"], value("z = { a = 2 }").into());
    assert_eq!(merged("[flist.x]\nb = 2\n")["flist"], value("x = { b = 2 }").into());
    // A table without any flist in it does not ask for none.
    assert_eq!(merged("[flist]\n")["flist"], value("x = { a = 1 }\ny = { a = 1 }").into());
}

#[test]
fn text_that_is_not_toml_is_reported_with_its_line() {
    let error = |own| Layers::merge(SHIPPED, own).err().unwrap().to_string();
    assert!(error("a = 1\nb = \n").starts_with("config/flistry.toml, line 2, b: "), "{}", error("a = 1\nb = \n"));
    assert!(error("\n[table").starts_with("config/flistry.toml, line 2: "), "{}", error("\n[table"));
}

#[test]
fn an_error_names_the_layer_and_the_line() {
    let layers =
        Layers::merge(SHIPPED, "# a comment\n[table]\ntwo = 2\n\n[plugin.p]\nlist = [\n  1,\n  2 ]\n").unwrap();
    let at = |error: TomlError| error.to_string();
    let table = layers.table(&["table"]);
    assert_eq!(at(table.key_error("two", "x", "")), "config/flistry.toml, line 3, two: x");
    assert_eq!(at(table.key_error("one", "x", "")), "the shipped config/flistry.toml, line 5, one: x");
    assert_eq!(at(table.key_error("deep.three", "x", "")), "the shipped config/flistry.toml, line 9, deep.three: x");
    let plugin = layers.table(&["plugin", "p"]);
    assert_eq!(at(plugin.item_error("list", 1, "x", "")), "config/flistry.toml, line 8, list: x");
    assert_eq!(at(plugin.error("x", "")), "config/flistry.toml, line 5: x");
    // A key that is not set: its table.
    assert_eq!(at(plugin.key_error("unset", "x", "")), "config/flistry.toml, line 5, unset: x");
    assert_eq!(at(layers.table(&["plugin"]).table("q").error("x", "")), "the shipped config/flistry.toml, line 14: x");
}

#[test]
fn reading_names_the_line_of_what_it_refuses() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is not read, but refused")]
    struct Expected {
        text: String,
        list: Vec<String>,
        table: BTreeMap<String, toml::Value>,
        plugin: toml::Table,
        flist: toml::Table,
    }
    let error = |own| Layers::merge(SHIPPED, own).unwrap().read::<Expected>().unwrap_err().to_string();
    assert!(Layers::merge(SHIPPED, "").unwrap().read::<Expected>().is_ok());
    assert!(
        error("\ntxet = 1").starts_with("config/flistry.toml, line 2: unknown field `txet`, expected one of `text`")
    );
    assert!(error("\n\ntext = 1").starts_with("config/flistry.toml, line 3, text: invalid type: integer `1`"));
    assert!(error("list = [\"a\",\n 1]").starts_with("config/flistry.toml, line 2: invalid type: integer `1`"));
}
