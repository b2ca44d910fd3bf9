//! Where the component of a plugin is: embedded in the program, or a file.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::files;
use crate::plugin::builtin;

/// Where a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentSource {
    /// Embedded in the program, under this name.
    Builtin(String),
    /// A file, absolute.
    File(PathBuf),
}

impl ComponentSource {
    /// Parses `builtin:NAME` or a file's path.
    ///
    /// # Errors
    /// No plugin of that name is built in.
    pub fn parse(text: &str) -> Result<ComponentSource, UnknownBuiltin> {
        match text.strip_prefix("builtin:") {
            Some(name) if builtin::component(name).is_some() => Ok(ComponentSource::Builtin(name.to_owned())),
            Some(unknown) => Err(UnknownBuiltin(unknown.to_owned())),
            None => Ok(ComponentSource::File(text.into())),
        }
    }

    /// The component's bytes; of a file larger than `most` bytes, one more than that, which loading refuses.
    ///
    /// # Errors
    /// The file cannot be read, or is not a regular file.
    pub fn read(&self, most: u64) -> io::Result<Cow<'static, [u8]>> {
        match self {
            ComponentSource::Builtin(name) => {
                builtin::component(name).map(Cow::Borrowed).ok_or_else(|| io::ErrorKind::NotFound.into())
            }
            ComponentSource::File(path) => files::read(path, most).map(Cow::Owned),
        }
    }
}

/// The name of a plugin that is not built in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no plugin `{0}` is built in")]
pub struct UnknownBuiltin(String);

impl UnknownBuiltin {
    /// What to do about it.
    pub fn hint(&self) -> String {
        format!("there are: {}", builtin::names().collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for ComponentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ComponentSource::Builtin(name) => write!(f, "builtin:{name}"),
            ComponentSource::File(path) => path.display().fmt(f),
        }
    }
}
