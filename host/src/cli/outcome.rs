//! What a command gives back, and for whom.

use std::fmt::Display;
use std::path::Path;

use clap::ValueEnum;
use flistry::error::{Error, ExitCode};
use serde::Serialize;

/// Whom the output is for.
#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum Format {
    /// For people
    Text,
    /// For machines: one JSON value
    Json,
}

/// The number at the top of each JSON value. It changes when a key changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// The result of a command: `Display` writes it for people, each line with its end, and `Serialize` for machines.
/// docs/json.md lists the keys.
pub trait Outcome: Display + Serialize {
    /// How the process ends.
    fn exit_code(&self) -> ExitCode {
        ExitCode::Done
    }

    /// What could not be done, after or beside the work that was.
    fn failures(&self) -> Vec<Failure<'_>> {
        Vec::new()
    }
}

/// Something that could not be done.
pub struct Failure<'a> {
    /// Of several files, which one it is about.
    pub file: Option<&'a Path>,
    pub error: &'a Error,
}

/// A JSON value with [`SCHEMA`] in front.
#[derive(Serialize)]
pub struct Versioned<T> {
    schema: u32,
    #[serde(flatten)]
    value: T,
}

impl<T> Versioned<T> {
    pub fn new(value: T) -> Self {
        Versioned { schema: SCHEMA, value }
    }
}
