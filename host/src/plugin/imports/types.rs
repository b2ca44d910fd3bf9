//! `types`: has no functions.

use super::context::Context;
use crate::plugin::bindings::flistry::plugin::types::Host;

/// Nothing to keep.
pub struct TypesState;

impl Host for Context<'_, TypesState> {}
