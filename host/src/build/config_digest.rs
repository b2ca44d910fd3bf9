//! The configuration's digest, which a manifest records.

use std::fmt::Display;

use crate::block::digest;
use crate::build::policy::Policy;
use crate::config::{Config, Flist};

/// BLAKE2b-256 of what decides the manifest's entries for a given source tree: the kernel, the epoch, and the
/// flist's contents and owner, its filters and post-pack plugins with their configurations, and the variables that
/// these may see.
///
/// Left out are secrets; names and paths, and with them the naming plugin, so that neither a date nor a project's place makes a difference; and
/// the route, which can be replaced in a finished manifest.
pub(crate) fn config_digest(config: &Config, flist: &Flist, policy: &Policy) -> [u8; 32] {
    let mut canonical = Canonical::default();
    // Bumped when what follows changes: else an old digest would claim what it never covered.
    canonical.field("flistry configuration", 2);
    canonical.field("kernel", &config.kernel);
    if let Some(epoch) = config.source_date_epoch {
        canonical.field("epoch", epoch);
    }
    canonical.field("contents", flist.kind.as_str());
    canonical.field("owner", flist.owner.as_str());
    for (hook, plugins) in [("filter", &flist.filters), ("post-pack", &flist.post_pack)] {
        for name in plugins {
            let plugin = policy.plugin(name);
            canonical.field(hook, plugin.digest());
            canonical.field("configuration", plugin.config_digest());
            for variable in &config.plugin(name).variables {
                canonical.field("variable", variable);
                canonical.field("is", config.variables.get(variable).map_or("", String::as_str));
            }
        }
    }
    canonical.digest()
}

/// Fields with their lengths in front, so that no two lists of fields give the same bytes.
#[derive(Default)]
struct Canonical(Vec<u8>);

impl Canonical {
    fn field(&mut self, name: &str, value: impl Display) {
        for text in [name, &value.to_string()] {
            self.0.extend((text.len() as u64).to_le_bytes());
            self.0.extend(text.as_bytes());
        }
    }

    fn digest(&self) -> [u8; 32] {
        digest(&blake2b_simd::Params::new().hash_length(32).hash(&self.0))
    }
}
