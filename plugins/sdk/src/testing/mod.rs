//! Tests of plugins: a hook is run natively, on a tree that stands in the test as text, and the host is a stand-in that
//! remembers what it was told. Not part of a component.
//!
//! ```
//! # use flistry_plugin::{Entry, Error, Facts, Filter, NoConfig, Plugin, Verdict};
//! # struct NoNotes;
//! # impl Plugin for NoNotes { type Config = NoConfig; }
//! # impl Filter for NoNotes {
//! #     fn new(_: &Facts, _: NoConfig) -> Result<Self, Error> { Ok(NoNotes) }
//! #     fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error> {
//! #         Ok(if entry.name() == "NOTES" { Verdict::drop("notes") } else { Verdict::Keep })
//! #     }
//! # }
//! use flistry_plugin::testing::Build;
//!
//! let done = Build::plain("docs").filter::<NoNotes>("{}", ["a/NOTES", "a/manual", "b -> a"]).unwrap();
//! assert_eq!(done.kept(), ["a", "a/manual", "b"]);
//! assert_eq!(done.reason("a/NOTES"), Some("notes"));
//! ```
//!
//! | | |
//! |---|---|
//! | [`Build`] | what the build is about, what is granted; runs a hook with a configuration |
//! | [`TestTree`] | entries, contents of files, what modules say of themselves |
//! | [`Filtered`], [`Edited`] | what the hook decided |
//! | [`Said`] | findings, explanations and log lines |
//! | [`entry`] | one entry, for a function that takes one |

mod build;
mod outcome;
mod tree;

pub use build::Build;
pub use outcome::{Edited, Filtered, Said};
pub use tree::{TestTree, entry};
