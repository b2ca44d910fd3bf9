//! What no plugin may read or say: the credentials of the project.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use super::view::TreeView;
use crate::kernel::module_facts::ModuleFacts;
use crate::kernel::object_strings::StringSet;
use crate::store::secrets::Secrets;
use crate::tree::source::FileIdentity;

/// The credentials, and what is known of files that they may stand in.
#[derive(Default)]
pub(super) struct Secrecy {
    secrets: Secrets,
    /// Whose credential stands in a file; each is looked through once.
    searched: Mutex<HashMap<FileIdentity, Option<&'static str>>>,
    /// The same for what modules tell, which may be compressed in their files.
    modules: Mutex<HashMap<FileIdentity, Option<&'static str>>>,
}

/// A plugin said a credential; a trap that says whose.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it tried to give out {0}")]
pub(super) struct Leak(pub &'static str);

/// What a plugin is told in the place of something that a credential stands in.
pub(super) fn secret_stands_in_it(whose: &str) -> String {
    format!("{whose} stands in it, and no plugin ever sees a credential")
}

impl Secrecy {
    pub fn new(secrets: Secrets) -> Secrecy {
        Secrecy { secrets, searched: Mutex::default(), modules: Mutex::default() }
    }

    /// Fails where a credential stands in what a plugin says.
    pub fn check(&self, said: &str) -> Result<(), Leak> {
        match self.secrets.find(said.as_bytes()) {
            Some(whose) => Err(Leak(whose)),
            None => Ok(()),
        }
    }

    /// Whose credential stands in what a module tells. All of that is looked at, whatever part is asked for: a plugin that
    /// is refused one answer must not take the others for the whole.
    pub fn in_module(&self, identity: Option<FileIdentity>, facts: &ModuleFacts) -> Option<&'static str> {
        let identity = identity.filter(|_| !self.secrets.is_empty())?;
        if let Some(known) = self.modules.lock().expect("no holder panics").get(&identity) {
            return *known;
        }
        // No credential has a NUL.
        let pairs: String = facts.modinfo.iter().flat_map(|(key, value)| [key, "\0", value, "\0"]).collect();
        let found = self.secrets.find(pairs.as_bytes()).or_else(|| self.in_strings(&facts.strings.names));
        self.modules.lock().expect("no holder panics").insert(identity, found);
        found
    }

    /// Whose credential stands in one of the strings.
    pub fn in_strings(&self, strings: &StringSet) -> Option<&'static str> {
        self.secrets.find(strings.as_bytes())
    }

    /// Whose credential stands in a file of a tree. All of it is looked at, whatever part is to be read.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn in_file(&self, tree: &dyn TreeView, id: u32) -> io::Result<Option<&'static str>> {
        let Some(identity) = tree.identity(id).filter(|_| !self.secrets.is_empty()) else { return Ok(None) };
        if let Some(known) = self.searched.lock().expect("no holder panics").get(&identity) {
            return Ok(*known);
        }
        let found = self.secrets.find_in_file(|offset, len| tree.read(id, offset, len))?;
        self.searched.lock().expect("no holder panics").insert(identity, found);
        Ok(found)
    }
}
