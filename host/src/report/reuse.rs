//! What a report is good for after the build: comparing the flist with its source, and following a change of its routes.

use super::build_report::{BuildReport, ManifestFacts};
use crate::files::sha256;
use crate::manifest::Manifest;
use crate::manifest::clean::CleanManifest;
use crate::tree::Owner;
use crate::tree::normal::NormalRules;
use crate::verify::source_comparison::KnownDifferences;

impl BuildReport {
    /// The differences to the source that the build meant.
    pub fn known_differences(&self) -> KnownDifferences {
        let left_out = self.decisions.left_out.iter();
        KnownDifferences {
            left_out: left_out.map(|left_out| (left_out.path.clone(), left_out.by.clone())).collect(),
            generated: self.generated.iter().cloned().collect(),
            exclude: Vec::new(),
        }
    }

    /// The normal form's rules that the build used.
    pub fn normal_rules(&self) -> NormalRules {
        NormalRules { owner: self.subject.owner, not_after: self.subject.source_date_epoch }
    }

    /// The report of the same flist with other routes, which are masked.
    pub fn with_routes(self, manifest: &CleanManifest, routes: Vec<String>) -> BuildReport {
        let facts = ManifestFacts::of(manifest);
        BuildReport { manifest: facts, route: routes, ..self }
    }
}

impl ManifestFacts {
    /// The facts of a finished manifest.
    pub(crate) fn of(manifest: &CleanManifest) -> ManifestFacts {
        ManifestFacts {
            bytes: manifest.bytes().len() as u64,
            sha256: sha256(manifest.bytes()),
            tags: manifest.manifest().tags.clone(),
        }
    }
}

/// The rules that a manifest without a report was made by, as far as its owners show.
pub fn normal_rules_of(manifest: &Manifest) -> NormalRules {
    let all_root = manifest.tree.iter().all(|(_, e)| (e.attributes.uid, e.attributes.gid) == (0, 0));
    let owner = if all_root { Owner::Root } else { Owner::Preserve };
    NormalRules { owner, not_after: None }
}
