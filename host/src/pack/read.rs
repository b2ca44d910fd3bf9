//! Reading one block of a file, and knowing that the file was not written to meanwhile.

use std::path::PathBuf;

use super::error::PackError;
use crate::block::{BLOCK_SIZE, block_len};
use crate::tree::Input;
use crate::tree::source::{Contents, FileIdentity, Source, SourceFile, SourceReadError};
use crate::tree::{EntryId, Kind};

/// Bytes of all names of a file's extended attributes at the most, by Linux (`XATTR_LIST_MAX`).
const MAX_ATTRIBUTE_NAMES: usize = 64 * 1024;

/// Reads blocks; keeps the file of the block before open, since blocks of one file mostly follow each other.
pub(super) struct Reader<'a> {
    source: &'a Source,
    input: &'a Input,
    open: Option<(EntryId, SourceFile)>,
    /// Files with extended attributes that an flist can't hold, and the attributes' names.
    pub lost_attributes: Vec<(EntryId, String)>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a Source, input: &'a Input) -> Self {
        Reader { source, input, open: None, lost_attributes: Vec::new() }
    }

    /// Fills `buffer` with a block's plain bytes.
    pub fn read(&mut self, file: EntryId, index: u64, buffer: &mut Vec<u8>) -> Result<(), PackError> {
        let Kind::File { size } = self.input.tree.get(file).kind else { unreachable!("blocks are of files") };
        let (offset, len) = (index * BLOCK_SIZE as u64, block_len(size, index));
        match self.input.contents(file).expect("only regular files are packed") {
            Contents::Generated(bytes) => {
                buffer.clear();
                buffer.extend_from_slice(&bytes[offset as usize..offset as usize + len]);
                Ok(())
            }
            Contents::Source(identity) => {
                buffer.resize(len, 0);
                self.read_source(file, identity, offset, buffer)
            }
        }
    }

    fn read_source(
        &mut self,
        id: EntryId,
        was: &FileIdentity,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), PackError> {
        let open = self.open.take();
        let failed = |error| match error {
            SourceReadError::Changed => PackError::Changed { path: self.path(id) },
            SourceReadError::System(error) => PackError::Read { path: self.path(id), error },
        };
        let file = match open {
            Some((open, file)) if open == id => file,
            _ => self.source.open_unchanged(&self.input.tree.path(id), was).map_err(failed)?,
        };
        file.read_exact_at(buffer, offset).map_err(failed)?;
        if offset == 0 {
            let names = lost_attributes(&file);
            if !names.is_empty() {
                self.lost_attributes.push((id, names));
            }
        }
        self.open = Some((id, file));
        Ok(())
    }

    fn path(&self, id: EntryId) -> PathBuf {
        self.source.path().join(self.input.tree.path(id))
    }
}

/// The names of extended attributes that mean something on a node: capabilities, access lists, a user's own.
/// SELinux labels are the builder's.
fn lost_attributes(file: &SourceFile) -> String {
    let mut names = [0; MAX_ATTRIBUTE_NAMES];
    let Ok(len) = rustix::fs::flistxattr(file, &mut names[..]) else { return String::new() };
    let lost: Vec<_> = names[..len]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty() && *name != b"security.selinux")
        .map(String::from_utf8_lossy)
        .collect();
    lost.join(", ")
}
