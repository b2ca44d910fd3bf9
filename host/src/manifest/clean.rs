//! What may leave the program: a manifest in which no write credential is found.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::manifest::{Manifest, ManifestError, read};
use crate::store::secret::Secret;
use crate::store::url::Credentials;
use crate::tree::Kind;

/// The bytes of an flist in which no write credential was found. Only this can be published.
pub struct CleanManifest {
    bytes: Vec<u8>,
    manifest: Manifest,
}

impl CleanManifest {
    /// Looks for the id and the secret of each write key: in the file's bytes as they lie, and in every text that it
    /// holds, as it is and percent-encoded.
    ///
    /// # Errors
    /// [`RouteError::WriteCredential`] says which key and where; the message does not show it.
    pub fn check(bytes: Vec<u8>, write_keys: &[Credentials]) -> Result<CleanManifest, RouteError> {
        let manifest = read(&bytes)?;
        for key in write_keys {
            let needles = [("id", Secret::new(&*key.access_key)), ("secret", key.secret_key.clone())];
            for (part, needle) in needles {
                if let Some(place) = find(&bytes, &manifest, needle.expose()) {
                    return Err(RouteError::WriteCredential { part, place });
                }
            }
        }
        Ok(CleanManifest { bytes, manifest })
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What they say.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

fn find(bytes: &[u8], manifest: &Manifest, needle: &str) -> Option<String> {
    if needle.is_empty() {
        return None;
    }
    let encoded = utf8_percent_encode(needle, NON_ALPHANUMERIC).to_string();
    let has = |text: &[u8]| contains(text, needle.as_bytes()) || contains(text, encoded.as_bytes());
    if manifest.routes.iter().any(|route| has(route.url().expose().as_bytes())) {
        return Some("the route table".to_owned());
    }
    if let Some((key, _)) = manifest.tags.iter().find(|(key, value)| has(key.as_bytes()) || has(value.as_bytes())) {
        // The key could be what was found.
        return Some(if has(key.as_bytes()) { "a tag".to_owned() } else { format!("the tag `{key}`") });
    }
    let in_entry = |entry: &crate::tree::Entry| {
        has(entry.name.as_bytes()) || matches!(&entry.kind, Kind::Symlink { target } if has(target))
    };
    if manifest.tree.iter().any(|(_, entry)| in_entry(entry)) {
        return Some("a name or a symlink's target".to_owned());
    }
    // SQLite leaves what a page held before in its free space.
    has(bytes).then(|| "the file's unused space".to_owned())
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

/// A manifest that must not be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// Every node would hold a key that can write.
    #[error("the {part} of the write key is in the manifest: in {place}")]
    WriteCredential {
        /// `id` or `secret`.
        part: &'static str,
        /// Where it was found.
        place: String,
    },
    /// It can't be looked through.
    #[error("the manifest can't be checked for credentials: {0}")]
    Manifest(#[from] ManifestError),
}

impl RouteError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            RouteError::WriteCredential { .. } => Some(
                "`flistry route patch` replaces the routes; if the key is elsewhere, remove it there and build again"
                    .into(),
            ),
            RouteError::Manifest(error) => error.hint().map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Blocks, Route, write};
    use crate::store::url::IdRange;
    use crate::tree::{Attributes, Permissions, Tree};

    fn manifest(route: &str, tag: &str) -> Vec<u8> {
        let attributes = Attributes { permissions: Permissions::of_mode(0o755), uid: 0, gid: 0, mtime: 0 };
        let mut blocks = Blocks::new();
        blocks.push([]);
        write(&Manifest {
            tree: Tree::new(attributes),
            blocks,
            tags: [("note".to_owned(), tag.to_owned())].into(),
            routes: vec![Route::from_text(IdRange { start: 0, end: 255 }, route)],
        })
        .unwrap()
    }

    fn check(bytes: Vec<u8>) -> Result<CleanManifest, RouteError> {
        let key = Credentials { access_key: "GKwrite".into(), secret_key: Secret::new("s3/cret+") };
        CleanManifest::check(bytes, &[key])
    }

    #[test]
    fn a_write_credential_is_found_wherever_it_is() {
        let message = |bytes| check(bytes).err().unwrap().to_string();
        assert_eq!(
            message(manifest("s3://GKwrite@h:1/b", "")),
            "the id of the write key is in the manifest: in the route table"
        );
        assert_eq!(
            message(manifest("s3://GKread:s3%2Fcret%2B@h:1/b", "")),
            "the secret of the write key is in the manifest: in the route table"
        );
        assert_eq!(
            message(manifest("dir:///x", "made with GKwrite")),
            "the id of the write key is in the manifest: in the tag `note`"
        );
        assert!(check(manifest("s3://GKread:other@h:1/b", "")).is_ok());
    }

    #[test]
    fn a_credential_in_unused_space_is_found_and_a_patch_removes_it() {
        let dirty = manifest("s3://GKwrite:s3/cret+@host:3900/bucket", "");
        // What `UPDATE route` in an SQLite shell does: the row is shorter, the old bytes stay.
        let mut updated = rusqlite::Connection::open_in_memory().unwrap();
        updated.deserialize_read_exact("main", &dirty[..], dirty.len(), false).unwrap();
        updated.execute("UPDATE route SET url = 'dir:///x'", []).unwrap();
        let updated = updated.serialize("main").unwrap().to_vec();
        assert!(check(updated).err().unwrap().to_string().ends_with("in the file's unused space"));

        let patched =
            crate::manifest::replace_routes(&dirty, &[Route::from_text(IdRange { start: 0, end: 255 }, "dir:///x")]);
        assert!(check(patched.unwrap()).is_ok());
    }
}
