//! `NAME.fl.report.json`: how an flist was made. It stands beside the flist and holds what varies from run to run, which the
//! manifest must not; and no secret, since every URL in it was masked when it was written.
//!
//! | file | holds |
//! |---|---|
//! | `build_report` | the report |
//! | `decisions` | what plugins decided |
//! | `error` | why a report cannot be used |
//! | `explain` | why one path is in an flist or not |
//! | `read` | a report beside an flist, or a directory of them, read again |
//! | `reuse` | what it is good for after the build |

mod build_report;
mod decisions;
mod error;
mod explain;
mod read;
mod reuse;

pub use build_report::{BuildReport, IndexesMade, ManifestFacts, ReadBack, SCHEMA, Stage, Subject, file_name};
pub use decisions::{Decisions, EntryReason, PluginRun};
pub use error::ReportError;
pub(crate) use read::MAX_REPORT;
pub use read::{ReportedBuild, ReportedManifest, all_in, beside};
pub use reuse::normal_rules_of;
