//! Errors of helpers as errors of a hook.

use flistry_common::modules::IndexError;

use crate::Error;

impl From<IndexError> for Error {
    fn from(error: IndexError) -> Error {
        Error::new(error.code(), error.to_string())
    }
}
