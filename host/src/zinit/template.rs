//! The templates of scripts and units: real files in `config/zinit/`, embedded. A project's own `config/zinit/NAME` replaces the
//! one of that name.
//!
//! A placeholder is `@NAME@`. Its value is quoted already, so a template puts no quotes around it.

use std::io::{Error, ErrorKind};
use std::path::Path;

use flistry_common::placeholders::{Piece, split_at_signs};
use flistry_common::text::text;

use crate::files;
use crate::progress::{Progress, Warning};

/// Where a project's own templates lie.
const DIRECTORY: &str = "config/zinit";

/// Bytes of the largest template that is read.
const MAX_TEMPLATE: u64 = 64 * 1024;

/// One of the templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// The script that mounts an flist.
    MountScript,
    /// The script that has udev look at all devices again.
    ColdplugScript,
    /// zinit 0.2: a mount.
    MountYaml,
    /// zinit 0.2: the coldplug.
    ColdplugYaml,
    /// zinit 0.3: a mount.
    MountToml,
    /// zinit 0.3: all mounts.
    TargetToml,
    /// zinit 0.3: the coldplug.
    ColdplugToml,
}

/// All of them.
const KINDS: [TemplateKind; 7] = [
    TemplateKind::MountScript,
    TemplateKind::ColdplugScript,
    TemplateKind::MountYaml,
    TemplateKind::ColdplugYaml,
    TemplateKind::MountToml,
    TemplateKind::TargetToml,
    TemplateKind::ColdplugToml,
];

/// A kind's file, its shipped text, the placeholders that must be in it, and those that may.
struct Facts {
    file: &'static str,
    shipped: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

impl TemplateKind {
    fn facts(self) -> Facts {
        match self {
            TemplateKind::MountScript => Facts {
                file: "mount.sh",
                shipped: include_str!("../../../config/zinit/mount.sh"),
                required: &["MANIFEST", "TARGET"],
                optional: &["CACHE", "FORM", "MANIFESTS", "NAME", "OVERRIDE", "RFS", "VARIABLE"],
            },
            TemplateKind::ColdplugScript => Facts {
                file: "coldplug.sh",
                shipped: include_str!("../../../config/zinit/coldplug.sh"),
                required: &[],
                optional: &["INDEXES", "LATE", "TARGETS", "WAIT"],
            },
            TemplateKind::MountYaml => Facts {
                file: "mount.yaml",
                shipped: include_str!("../../../config/zinit/mount.yaml"),
                required: &["EXEC"],
                optional: &["AFTER", "NAME", "ONESHOT", "TEST"],
            },
            TemplateKind::ColdplugYaml => Facts {
                file: "coldplug.yaml",
                shipped: include_str!("../../../config/zinit/coldplug.yaml"),
                required: &["EXEC"],
                optional: &["AFTER"],
            },
            TemplateKind::MountToml => Facts {
                file: "mount.toml",
                shipped: include_str!("../../../config/zinit/mount.toml"),
                required: &["EXEC", "UNIT"],
                optional: &["NAME", "ONESHOT", "REQUIRES", "RESTART", "TEST"],
            },
            TemplateKind::TargetToml => Facts {
                file: "target.toml",
                shipped: include_str!("../../../config/zinit/target.toml"),
                required: &["REQUIRES", "UNIT"],
                optional: &[],
            },
            TemplateKind::ColdplugToml => Facts {
                file: "coldplug.toml",
                shipped: include_str!("../../../config/zinit/coldplug.toml"),
                required: &["EXEC", "UNIT"],
                optional: &["AFTER", "WANTS"],
            },
        }
    }

    /// The template's path from the project's directory.
    pub fn path(self) -> String {
        format!("{DIRECTORY}/{}", self.facts().file)
    }

    /// All placeholders, as they are written.
    fn known(self) -> String {
        let Facts { required, optional, .. } = self.facts();
        let mut names: Vec<&str> = required.iter().chain(optional).copied().collect();
        names.sort_unstable();
        names.iter().map(|name| format!("@{name}@")).collect::<Vec<_>>().join(", ")
    }
}

/// A template that cannot be used. Each message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateFileError {
    /// It cannot be read.
    #[error("{file} cannot be read: {error}")]
    Read {
        /// Which one, from the project's directory.
        file: String,
        /// What the system says.
        #[source]
        error: Error,
    },
    /// It has a placeholder that does not exist.
    #[error("{file}, line {line}: unknown placeholder @{name}@")]
    Unknown {
        /// The template.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is between the signs.
        name: String,
        /// All placeholders.
        known: String,
    },
    /// It lacks a placeholder without which it cannot work.
    #[error("{file} (its last line is {line}): the placeholder @{name}@ is missing")]
    Missing {
        /// The template.
        file: String,
        /// Its last line.
        line: usize,
        /// The placeholder.
        name: &'static str,
        /// All placeholders.
        known: String,
    },
}

impl TemplateFileError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            TemplateFileError::Read { .. } => {
                format!(
                    "a template is UTF-8 text of at most {MAX_TEMPLATE} bytes; without the file, the shipped one is used"
                )
            }
            TemplateFileError::Unknown { known, .. } => format!("there are: {known}"),
            TemplateFileError::Missing { known, .. } => format!("put it in; there are: {known}"),
        }
    }
}

/// The templates of a project: its own, else the shipped ones.
#[derive(Debug)]
pub struct Templates {
    texts: Vec<(TemplateKind, String)>,
}

impl Templates {
    /// The shipped ones.
    pub fn shipped() -> Templates {
        let texts = KINDS.into_iter().map(|kind| (kind, kind.facts().shipped.to_owned())).collect();
        Templates { texts }
    }

    /// Reads and checks a project's own, and takes the shipped one for each that it does not have. Warns of files beside
    /// them that are not templates.
    ///
    /// # Errors
    /// A file that cannot be read, or whose placeholders are not those of its kind.
    pub fn load(project: &Path, progress: &dyn Progress) -> Result<Templates, TemplateFileError> {
        let mut templates = Templates::shipped();
        for (kind, text) in &mut templates.texts {
            if let Some(own) = read(project, *kind)? {
                check(*kind, &own)?;
                *text = own;
            }
        }
        strangers(project).into_iter().for_each(|warning| progress.warn(warning));
        Ok(templates)
    }

    /// A template with values in place of its placeholders, each of which has one.
    pub(super) fn render(&self, kind: TemplateKind, values: &[(&str, String)]) -> String {
        let text = self.texts.iter().find(|(known, _)| *known == kind).map_or("", |(_, text)| text);
        let mut rendered = String::with_capacity(text.len());
        for piece in split_at_signs(text) {
            rendered.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Placeholder { name, .. } => {
                    let value = values.iter().find(|(known, _)| *known == name);
                    value.map(|(_, value)| value.as_str()).expect("a template's placeholders were checked")
                }
            });
        }
        rendered
    }
}

fn read(project: &Path, kind: TemplateKind) -> Result<Option<String>, TemplateFileError> {
    let failed = |error| TemplateFileError::Read { file: kind.path(), error };
    let bytes = match files::read(&project.join(kind.path()), MAX_TEMPLATE) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(failed)?,
    };
    if bytes.len() as u64 > MAX_TEMPLATE {
        return Err(failed(Error::other("it is too large")));
    }
    text(bytes).map(Some).map_err(|why| failed(Error::other(format!("it {why}"))))
}

/// Each placeholder is one of the kind's, and none that it needs is missing.
fn check(kind: TemplateKind, text: &str) -> Result<(), TemplateFileError> {
    let Facts { required, optional, .. } = kind.facts();
    let mut missing: Vec<&'static str> = required.to_vec();
    for piece in split_at_signs(text) {
        let Piece::Placeholder { name, offset } = piece else { continue };
        if !required.contains(&name) && !optional.contains(&name) {
            let line = 1 + text.bytes().take(offset).filter(|b| *b == b'\n').count();
            return Err(TemplateFileError::Unknown {
                file: kind.path(),
                line,
                name: name.to_owned(),
                known: kind.known(),
            });
        }
        missing.retain(|needed| *needed != name);
    }
    match missing.first() {
        Some(name) => {
            Err(TemplateFileError::Missing { file: kind.path(), line: text.lines().count(), name, known: kind.known() })
        }
        None => Ok(()),
    }
}

/// Files in a project's directory that take no template's place, which is surely a mistake.
fn strangers(project: &Path) -> Vec<Warning> {
    let Ok(entries) = std::fs::read_dir(project.join(DIRECTORY)) else { return Vec::new() };
    let known: Vec<&str> = KINDS.iter().map(|kind| kind.facts().file).collect();
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !known.contains(&name.as_str()) && !name.starts_with('.') && !name.ends_with(".md"));
    names.sort();
    let hint = format!("the templates are: {}", known.join(", "));
    let warning = |name: String| Warning::new(format!("{DIRECTORY}/{name} is not a template's name"), hint.clone());
    names.into_iter().map(warning).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::progress::{Recorder, Silent};

    fn own(file: &str, text: &str) -> (tempfile::TempDir, Result<Templates, TemplateFileError>) {
        let project = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(project.path().join(DIRECTORY)).unwrap();
        std::fs::write(project.path().join(DIRECTORY).join(file), text).unwrap();
        let templates = Templates::load(project.path(), &Silent);
        (project, templates)
    }

    #[test]
    fn the_shipped_templates_pass_their_own_check() {
        for kind in KINDS {
            check(kind, kind.facts().shipped).unwrap_or_else(|error| panic!("{error}"));
            // And together they use every placeholder: one that none uses would be one that nobody tests.
            for name in kind.facts().optional {
                assert!(kind.facts().shipped.contains(&format!("@{name}@")), "{}: {name}", kind.path());
            }
        }
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/zinit");
        assert_eq!(std::fs::read_dir(directory).unwrap().count(), KINDS.len());
    }

    #[test]
    fn a_project_replaces_one() {
        let (_project, templates) =
            own("target.toml", "[target]\nname = @UNIT@ # \"$@\" a@b @\nrequires = @REQUIRES@\n");
        let values = [("UNIT", "\"u\"".to_owned()), ("REQUIRES", "[]".to_owned())];
        let rendered = templates.unwrap().render(TemplateKind::TargetToml, &values);
        assert_eq!(rendered, "[target]\nname = \"u\" # \"$@\" a@b @\nrequires = []\n");
        // A value is not looked at again.
        let values = [("UNIT", "@REQUIRES@".to_owned()), ("REQUIRES", "x".to_owned())];
        assert!(Templates::shipped().render(TemplateKind::TargetToml, &values).contains("name = @REQUIRES@\n"));
    }

    #[test]
    fn each_mistake_has_its_message() {
        let (_project, error) = own("mount.sh", "#!/bin/sh\n@TARGET@\n@MANIFEST@ @TARGTE@\n");
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "config/zinit/mount.sh, line 3: unknown placeholder @TARGTE@");
        let known =
            "there are: @CACHE@, @FORM@, @MANIFEST@, @MANIFESTS@, @NAME@, @OVERRIDE@, @RFS@, @TARGET@, @VARIABLE@";
        assert_eq!(error.hint(), known);
        let (_project, error) = own("mount.yaml", "test: @TEST@\n");
        let error = error.unwrap_err();
        let missing = "config/zinit/mount.yaml (its last line is 1): the placeholder @EXEC@ is missing";
        assert_eq!(error.to_string(), missing);
        assert_eq!(error.hint(), "put it in; there are: @AFTER@, @EXEC@, @NAME@, @ONESHOT@, @TEST@");
        let (project, _) = own("x", "");
        std::fs::create_dir(project.path().join("config/zinit/mount.toml")).unwrap();
        let error = Templates::load(project.path(), &Silent).unwrap_err();
        assert_eq!(error.to_string(), "config/zinit/mount.toml cannot be read: it is not a regular file");
        assert!(error.hint().contains("at most 65536 bytes"));
    }

    #[test]
    fn a_file_that_is_not_a_template_is_reported() {
        let (project, _) = own("mounts.sh", "");
        let recorder = Recorder::new(&Silent, Vec::new());
        Templates::load(project.path(), &recorder).unwrap();
        let warnings = recorder.warnings();
        assert_eq!(warnings[0].what, "config/zinit/mounts.sh is not a template's name");
        assert_eq!(warnings.len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", signs in "[@A-C_é\n]{0,30}") {
            for kind in KINDS {
                let _ = (check(kind, &text), check(kind, &signs));
            }
        }
    }
}
