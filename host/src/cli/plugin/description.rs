//! What a component is, without running it.

use std::fmt::{self, Display, Formatter};

use flistry::config::ComponentSource;
use flistry::plugin::{ComponentMetadata, Hook, Plugin};
use flistry::printable::Printable;
use serde::Serialize;

#[derive(Serialize)]
pub struct Description {
    /// A file, or `builtin:NAME`.
    component: String,
    metadata: ComponentMetadata,
    hooks: Vec<Hook>,
    imports: Vec<String>,
    sha256: String,
}

impl Description {
    pub fn of(plugin: &Plugin, component: &ComponentSource) -> Self {
        Description {
            component: component.to_string(),
            metadata: plugin.metadata().clone(),
            hooks: plugin.hooks().into_iter().collect(),
            imports: plugin.imports().to_vec(),
            sha256: plugin.digest().to_owned(),
        }
    }
}

impl Display for Description {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &str| writeln!(f, "{name:<12} {}", Printable(value));
        let ComponentMetadata { name, version, description, api, .. } = &self.metadata;
        line("name", name.as_deref().unwrap_or("unknown"))?;
        line("version", version.as_deref().unwrap_or("unknown"))?;
        line("description", description.as_deref().unwrap_or_default())?;
        line("interface", api.as_deref().unwrap_or("unknown"))?;
        line("hooks", &self.hooks.iter().map(|hook| hook.as_str()).collect::<Vec<_>>().join(", "))?;
        self.imports.iter().try_for_each(|import| line("import", import))?;
        // Ready to be copied into config/flistry.toml.
        writeln!(f, "sha256 = \"{}\"", self.sha256)
    }
}
