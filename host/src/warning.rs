//! What a user should know though nothing failed.

use std::fmt;

/// One warning: what is the matter, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is the matter, and where.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Warning {
    /// A warning with a remedy.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Warning { what: what.into(), hint: Some(hint.into()) }
    }

    /// A warning that nothing can be done about.
    pub fn bare(what: impl Into<String>) -> Self {
        Warning { what: what.into(), hint: None }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
