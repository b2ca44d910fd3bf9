//! What flists are called. A naming plugin says it; what it says has to be a [`FlistName`].

use std::fmt;

use flistry_common::names::{FLIST_NAME_RULE, is_flist_name};
use serde::{Deserialize, Serialize};

use crate::printable::Printable;

/// The file name of an flist or of an alias: safe in a path, a URL and a shell script, ends in `.fl`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlistName(String);

/// A name that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be the name of an flist", Printable(.0))]
pub struct NameError(String);

impl NameError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        FLIST_NAME_RULE
    }
}

impl FlistName {
    /// Accepts a file name.
    pub fn new(text: &str) -> Result<FlistName, NameError> {
        match is_flist_name(text) {
            true => Ok(FlistName(text.to_owned())),
            false => Err(NameError(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FlistName {
    type Error = NameError;

    fn try_from(text: String) -> Result<FlistName, NameError> {
        FlistName::new(&text)
    }
}

impl From<FlistName> for String {
    fn from(name: FlistName) -> String {
        name.0
    }
}

impl fmt::Display for FlistName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_message() {
        assert_eq!(FlistName::new("modules-6.12.44-Zero-OS.fl").unwrap().as_str(), "modules-6.12.44-Zero-OS.fl");
        // Whatever a kernel's version may hold.
        assert!(FlistName::new("modules-6.13.0~rc1-1_2+b.fl").is_ok());
        let long = format!("{}.fl", "x".repeat(198));
        for text in ["m", ".fl", "-m.fl", "~m.fl", ".m.fl", "a/b.fl", "a b.fl", "é.fl", "", &long] {
            let error = FlistName::new(text).unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}` cannot be the name of an flist"));
            assert!(error.hint().starts_with("a name ends in .fl, has at most 200"));
        }
    }
    #[test]
    fn a_name_is_a_string_in_json_and_a_wrong_one_is_refused_there_too() {
        let name = FlistName::new("fw-latest.fl").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"fw-latest.fl\"");
        assert_eq!(serde_json::from_str::<FlistName>("\"fw-latest.fl\"").unwrap(), name);
        let error = serde_json::from_str::<FlistName>("\"../fw\\u001b.fl\"").unwrap_err();
        assert!(error.to_string().starts_with("`../fw\\u{1b}.fl` cannot be the name of an flist"), "{error}");
    }
}
