//! What `explain` says of a path.

use std::collections::BTreeMap;

use super::super::build_report::{BuildReport, IndexesMade, ManifestFacts, ReadBack, SCHEMA, Subject};
use super::super::decisions::{Decisions, EntryReason, PluginRun};
use crate::manifest::name::FlistName;
use crate::pack::PackStats;
use crate::plugin::{AddedSymlink, Hook, Usage};
use crate::tree::{Counts, LeftOut, LeftOutStage, Owner};
use crate::verify::ReadBackLevel;

fn report(decisions: Decisions) -> BuildReport {
    BuildReport {
        schema: SCHEMA,
        flistry: "0.1.0".to_owned(),
        subject: Subject {
            flist: "modules".to_owned(),
            file: FlistName::new("modules.fl").unwrap(),
            aliases: Vec::new(),
            kernel: "6.12.44".to_owned(),
            source: "lib/modules".to_owned(),
            owner: Owner::Root,
            source_date_epoch: None,
        },
        built: "2025-01-01T00:00:00Z".to_owned(),
        store: Vec::new(),
        route: Vec::new(),
        entries: Counts::default(),
        decisions,
        indexes: None,
        generated: Vec::new(),
        pack: PackStats::default(),
        read_back: ReadBack { level: ReadBackLevel::Sample, blobs: 0, fetched: 0 },
        manifest: ManifestFacts { bytes: 0, sha256: String::new(), tags: BTreeMap::new() },
        stages: Vec::new(),
        warnings: Vec::new(),
    }
}

fn left_out(path: &str, stage: LeftOutStage, by: &str, reason: Option<&str>) -> LeftOut {
    LeftOut { path: path.to_owned(), stage, by: by.to_owned(), reason: reason.map(str::to_owned), bytes: None }
}

fn run(name: &str, hook: Hook, path: &str, reason: &str) -> PluginRun {
    PluginRun {
        name: name.to_owned(),
        hook,
        component: name.to_owned(),
        version: "1.0.0".to_owned(),
        sha256: String::new(),
        config_sha256: String::new(),
        used: Usage::default(),
        explained: vec![EntryReason { path: path.to_owned(), reason: reason.to_owned() }],
        found: Vec::new(),
    }
}

fn added(path: &str) -> AddedSymlink {
    AddedSymlink { path: path.to_owned(), target: "elsewhere".to_owned(), by: "links".to_owned() }
}

#[test]
fn nothing_is_said_of_a_path_that_no_plugin_touched() {
    let report = report(Decisions {
        left_out: vec![left_out("a/b", LeftOutStage::Filter, "rules", None)],
        plugins: vec![run("select", Hook::Filter, "a/c", "wanted")],
        ..Decisions::default()
    });
    for path in ["a", "a/b/c", "b", ""] {
        assert_eq!(report.explain(path), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn an_entry_left_out_names_the_stage_and_the_reason_if_there_is_one() {
    let report = report(Decisions {
        left_out: vec![
            left_out("a", LeftOutStage::Filter, "rules", Some("rule 1: exclude `a`")),
            left_out("b", LeftOutStage::PostPack, "tidy", None),
        ],
        ..Decisions::default()
    });
    assert_eq!(report.explain("a"), ["plugin `rules` dropped it: rule 1: exclude `a`"]);
    assert_eq!(report.explain("b"), ["plugin `tidy` removed it"]);
}

#[test]
fn what_plugins_did_comes_before_what_they_say_in_the_order_of_their_runs() {
    let report = report(Decisions {
        left_out: vec![left_out("a", LeftOutStage::PostPack, "tidy", Some("replaced"))],
        added: vec![added("a")],
        plugins: vec![run("select", Hook::Filter, "a", "selected"), run("tidy", Hook::PostPack, "a", "old")],
        ..Decisions::default()
    });
    let sentences = [
        "plugin `tidy` removed it: replaced",
        "plugin `links` added it",
        "plugin `select` (filter): selected",
        "plugin `tidy` (post-pack): old",
    ];
    assert_eq!(report.explain("a"), sentences);
}

#[test]
fn a_regenerated_index_is_attributed_to_depmod_alone() {
    let mut report = report(Decisions {
        added: vec![added("modules.link")],
        plugins: vec![run("select", Hook::Filter, "modules.dep", "an index")],
        ..Decisions::default()
    });
    report.generated = vec!["modules.dep".to_owned(), "modules.link".to_owned()];
    // Without depmod, only what plugins had to do with it is known.
    assert_eq!(report.explain("modules.dep"), ["plugin `select` (filter): an index"]);
    report.indexes = Some(IndexesMade { depmod: "kmod 30".to_owned(), system_map: None, why: Vec::new() });
    assert_eq!(report.explain("modules.dep"), ["depmod (kmod 30) made it for the modules that are in the flist"]);
    // A symlink of a plugin is generated too, but not by depmod.
    assert_eq!(report.explain("modules.link"), ["plugin `links` added it"]);
}
