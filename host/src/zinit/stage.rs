//! The part of a build that is about the node: templates are checked before anything is packed, scripts and units are written
//! after the last flist is published.

use std::path::Path;

use super::error::ZinitError;
use super::last_build;
use super::mount::MountPoint;
use super::output::{self, ConflictPolicy};
use super::settings::ZinitSettings;
use super::template::Templates;
use super::units;
use super::write::Written;
use crate::progress::{Progress, Step};

/// Reads a project's templates and proves that they can be used for these mount points.
///
/// # Errors
/// A template that cannot be used, or that gives a unit which zinit would misread.
pub fn templates(
    project: &Path,
    points: &[MountPoint],
    settings: &ZinitSettings,
    progress: &dyn Progress,
) -> Result<Templates, ZinitError> {
    let templates = Templates::load(project, progress)?;
    let mounts = last_build::before_build(points);
    if !mounts.is_empty() {
        units::plan(&mounts, settings, &templates)?;
    }
    Ok(templates)
}

/// Writes scripts and units for all flists of `points` that have a report in `flists`, the directory of finished flists. None
/// if there are none.
///
/// # Errors
/// What cannot be read or written.
pub fn after_build(
    flists: &Path,
    points: &[MountPoint],
    settings: &ZinitSettings,
    templates: &Templates,
    progress: &dyn Progress,
) -> Result<Option<Written>, ZinitError> {
    let mounts = last_build::built(points, flists, progress)?;
    if mounts.is_empty() {
        return Ok(None);
    }
    progress.begin(Step::Units, 0);
    let files = units::plan(&mounts, settings, templates)?;
    let written = output::write(&settings.output, &files, ConflictPolicy::KeepChanged, progress)?;
    Ok(Some(written))
}
