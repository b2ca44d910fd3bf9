//! Why one path is in an flist or not, in sentences.

use super::build_report::BuildReport;
use super::decisions::EntryReason;
use crate::plugin::AddedSymlink;
use crate::tree::{LeftOut, LeftOutStage};

impl BuildReport {
    /// Why an entry is not in the flist, or what was said of it: one sentence for each plugin. Empty where no plugin has
    /// to do with it.
    pub fn explain(&self, path: &str) -> Vec<String> {
        let mut sentences = Vec::new();
        let generated =
            self.generated.iter().any(|made| made == path) && !self.decisions.added.iter().any(|a| a.path == path);
        if let (true, Some(made)) = (generated, &self.indexes) {
            // What a plugin said was about the source's file.
            return vec![format!("depmod ({}) made it for the modules that are in the flist", made.depmod)];
        }
        for LeftOut { stage, by, reason, .. } in self.decisions.left_out.iter().filter(|entry| entry.path == path) {
            let did = match stage {
                LeftOutStage::Filter => "dropped",
                LeftOutStage::PostPack => "removed",
            };
            let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            sentences.push(format!("plugin `{by}` {did} it{why}"));
        }
        if let Some(AddedSymlink { by, .. }) = self.decisions.added.iter().find(|added| added.path == path) {
            sentences.push(format!("plugin `{by}` added it"));
        }
        for run in &self.decisions.plugins {
            if let Some(EntryReason { reason, .. }) = run.explained.iter().find(|explained| explained.path == path) {
                sentences.push(format!("plugin `{}` ({}): {reason}", run.name, run.hook.as_str()));
            }
        }
        sentences
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
