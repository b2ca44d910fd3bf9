//! Kinds of entries by their names in configurations and messages.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Kind;

/// What serde makes of [`Kind`], whose definition is generated.
#[derive(Deserialize, Serialize)]
#[serde(remote = "Kind", rename_all = "kebab-case")]
enum Named {
    Directory,
    File,
    Symlink,
    CharDevice,
    BlockDevice,
    Fifo,
    Unknown,
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Named::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        Named::deserialize(deserializer)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Directory => "directory",
            Kind::File => "file",
            Kind::Symlink => "symlink",
            Kind::CharDevice => "char-device",
            Kind::BlockDevice => "block-device",
            Kind::Fifo => "fifo",
            Kind::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_and_shown_by_one_name() {
        for name in ["directory", "file", "symlink", "char-device", "block-device", "fifo", "unknown"] {
            let kind: Kind = serde_json::from_value(name.into()).unwrap();
            assert_eq!((kind.to_string(), serde_json::to_value(kind).unwrap()), (name.to_owned(), name.into()));
        }
    }
}
