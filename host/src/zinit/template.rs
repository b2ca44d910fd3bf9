//! The templates of scripts and units: real files in `config/zinit/`, embedded. A project's own `config/zinit/NAME` takes
//! the place of each.
//!
//! A placeholder is `@NAME@`. What stands in its place is quoted already, so a template puts no quotes around it.

use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::files;
use crate::progress::Warning;

/// Where a project's own templates lie.
const FOLDER: &str = "config/zinit";

/// Bytes of the largest template that is read.
const MAX_FILE: u64 = 64 * 1024;

/// One of the templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The script that mounts an flist.
    MountScript,
    /// The script that has udev look again.
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
const KINDS: [Kind; 7] = [
    Kind::MountScript,
    Kind::ColdplugScript,
    Kind::MountYaml,
    Kind::ColdplugYaml,
    Kind::MountToml,
    Kind::TargetToml,
    Kind::ColdplugToml,
];

/// What is known of a kind: its file, the shipped text, the placeholders that have to be in it, and those that may.
struct Facts {
    file: &'static str,
    shipped: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

impl Kind {
    fn facts(self) -> Facts {
        match self {
            Kind::MountScript => Facts {
                file: "mount.sh",
                shipped: include_str!("../../../config/zinit/mount.sh"),
                required: &["MANIFEST", "TARGET"],
                optional: &["CACHE", "FORM", "MANIFESTS", "NAME", "OVERRIDE", "RFS", "VARIABLE"],
            },
            Kind::ColdplugScript => Facts {
                file: "coldplug.sh",
                shipped: include_str!("../../../config/zinit/coldplug.sh"),
                required: &[],
                optional: &["INDEXES", "LATE", "TARGETS", "WAIT"],
            },
            Kind::MountYaml => Facts {
                file: "mount.yaml",
                shipped: include_str!("../../../config/zinit/mount.yaml"),
                required: &["EXEC"],
                optional: &["AFTER", "NAME", "ONESHOT", "TEST"],
            },
            Kind::ColdplugYaml => Facts {
                file: "coldplug.yaml",
                shipped: include_str!("../../../config/zinit/coldplug.yaml"),
                required: &["EXEC"],
                optional: &["AFTER"],
            },
            Kind::MountToml => Facts {
                file: "mount.toml",
                shipped: include_str!("../../../config/zinit/mount.toml"),
                required: &["EXEC", "UNIT"],
                optional: &["NAME", "ONESHOT", "REQUIRES", "RESTART", "TEST"],
            },
            Kind::TargetToml => Facts {
                file: "target.toml",
                shipped: include_str!("../../../config/zinit/target.toml"),
                required: &["REQUIRES", "UNIT"],
                optional: &[],
            },
            Kind::ColdplugToml => Facts {
                file: "coldplug.toml",
                shipped: include_str!("../../../config/zinit/coldplug.toml"),
                required: &["EXEC", "UNIT"],
                optional: &["AFTER", "WANTS"],
            },
        }
    }

    /// The template's path from the project's folder.
    pub fn path(self) -> String {
        format!("{FOLDER}/{}", self.facts().file)
    }

    /// The placeholders that there are, as they are written.
    fn known(self) -> String {
        let Facts { required, optional, .. } = self.facts();
        let mut names: Vec<&str> = required.iter().chain(optional).copied().collect();
        names.sort_unstable();
        names.iter().map(|name| format!("@{name}@")).collect::<Vec<_>>().join(", ")
    }
}

/// A template that can't be used. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It can't be read.
    #[error("{file} cannot be read: {error}")]
    Read {
        /// Which one, from the project's folder.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// It has a placeholder that there is not.
    #[error("{file}, line {line}: there is no placeholder @{name}@")]
    Unknown {
        /// The template.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What stands between the signs.
        name: String,
        /// What there is.
        known: String,
    },
    /// It lacks a placeholder without which it can't do its work.
    #[error("{file} (its last line is {line}): the placeholder @{name}@ is missing")]
    Missing {
        /// The template.
        file: String,
        /// Its last line.
        line: usize,
        /// The placeholder.
        name: &'static str,
        /// What there is.
        known: String,
    },
}

impl TemplateError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            TemplateError::Read { .. } => {
                format!(
                    "a template is UTF-8 text of at most {MAX_FILE} bytes; without the file, the shipped one is used"
                )
            }
            TemplateError::Unknown { known, .. } => format!("there are: {known}"),
            TemplateError::Missing { known, .. } => format!("put it in; there are: {known}"),
        }
    }
}

/// The templates of a project: its own, else the shipped ones.
#[derive(Debug)]
pub struct Templates {
    texts: Vec<(Kind, String)>,
    /// What is odd but no error.
    pub warnings: Vec<Warning>,
}

impl Templates {
    /// The shipped ones.
    pub fn shipped() -> Templates {
        let texts = KINDS.into_iter().map(|kind| (kind, kind.facts().shipped.to_owned())).collect();
        Templates { texts, warnings: Vec::new() }
    }

    /// Reads and checks a project's own, and takes the shipped one for each that it has not.
    ///
    /// # Errors
    /// A file that can't be read, or whose placeholders are not those of its kind.
    pub fn load(project: &Path) -> Result<Templates, TemplateError> {
        let mut templates = Templates::shipped();
        for (kind, text) in &mut templates.texts {
            if let Some(own) = read(project, *kind)? {
                check(*kind, &own)?;
                *text = own;
            }
        }
        templates.warnings.extend(strangers(project));
        Ok(templates)
    }

    /// A template with values in the place of its placeholders. Each that there is has a value.
    pub(super) fn render(&self, kind: Kind, values: &[(&str, String)]) -> String {
        let text = self.texts.iter().find(|(known, _)| *known == kind).map_or("", |(_, text)| text);
        let mut rendered = String::with_capacity(text.len());
        for part in parts(text) {
            rendered.push_str(match part {
                Part::Text(text) => text,
                Part::Placeholder { name, .. } => {
                    let value = values.iter().find(|(known, _)| *known == name);
                    value.map(|(_, value)| value.as_str()).expect("a template's placeholders were checked")
                }
            });
        }
        rendered
    }
}

fn read(project: &Path, kind: Kind) -> Result<Option<String>, TemplateError> {
    let failed = |error| TemplateError::Read { file: kind.path(), error };
    let path = project.join(kind.path());
    let file = match files::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    if file.metadata().map_err(failed)?.len() > MAX_FILE {
        return Err(failed(std::io::Error::other("it is too large")));
    }
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(failed)?;
    Ok(Some(text))
}

/// Each placeholder is one of the kind's, and none of those is missing that it needs.
fn check(kind: Kind, text: &str) -> Result<(), TemplateError> {
    let Facts { required, optional, .. } = kind.facts();
    let mut missing: Vec<&'static str> = required.to_vec();
    for part in parts(text) {
        let Part::Placeholder { name, offset } = part else { continue };
        if !required.contains(&name) && !optional.contains(&name) {
            let line = 1 + text.bytes().take(offset).filter(|b| *b == b'\n').count();
            return Err(TemplateError::Unknown { file: kind.path(), line, name: name.to_owned(), known: kind.known() });
        }
        missing.retain(|needed| *needed != name);
    }
    match missing.first() {
        Some(name) => {
            Err(TemplateError::Missing { file: kind.path(), line: text.lines().count(), name, known: kind.known() })
        }
        None => Ok(()),
    }
}

/// Files in a project's folder that take no template's place, which is surely not what was meant.
fn strangers(project: &Path) -> Vec<Warning> {
    let Ok(entries) = std::fs::read_dir(project.join(FOLDER)) else { return Vec::new() };
    let known: Vec<&str> = KINDS.iter().map(|kind| kind.facts().file).collect();
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !known.contains(&name.as_str()) && !name.starts_with('.') && !name.ends_with(".md"));
    names.sort();
    let hint = format!("the templates are: {}", known.join(", "));
    let warning = |name: String| Warning::new(format!("{FOLDER}/{name} takes the place of no template"), hint.clone());
    names.into_iter().map(warning).collect()
}

enum Part<'a> {
    Text(&'a str),
    Placeholder { name: &'a str, offset: usize },
}

/// Takes a text apart. A lone `@` is text, as in `"$@"`.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(sign) = text[at..].find('@').map(|found| at + found) {
        let rest = &text[sign + 1..];
        let length = rest.bytes().take_while(|b| b.is_ascii_uppercase() || *b == b'_').count();
        if length > 0 && rest[length..].starts_with('@') {
            parts.push(Part::Text(&text[start..sign]));
            parts.push(Part::Placeholder { name: &rest[..length], offset: sign });
            start = sign + length + 2;
            at = start;
        } else {
            at = sign + 1;
        }
    }
    parts.push(Part::Text(&text[start..]));
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own(file: &str, text: &str) -> (tempfile::TempDir, Result<Templates, TemplateError>) {
        let project = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(project.path().join(FOLDER)).unwrap();
        std::fs::write(project.path().join(FOLDER).join(file), text).unwrap();
        let templates = Templates::load(project.path());
        (project, templates)
    }

    #[test]
    fn the_shipped_templates_pass_their_own_check() {
        for kind in KINDS {
            check(kind, kind.facts().shipped).unwrap_or_else(|error| panic!("{error}"));
            // And they use all that there is: a placeholder that none uses is one that nobody tests.
            for name in kind.facts().optional {
                assert!(kind.facts().shipped.contains(&format!("@{name}@")), "{}: {name}", kind.path());
            }
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/zinit");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), KINDS.len());
    }

    #[test]
    fn a_project_replaces_one() {
        let (_project, templates) =
            own("target.toml", "[target]\nname = @UNIT@ # \"$@\" a@b @\nrequires = @REQUIRES@\n");
        let values = [("UNIT", "\"u\"".to_owned()), ("REQUIRES", "[]".to_owned())];
        let rendered = templates.unwrap().render(Kind::TargetToml, &values);
        assert_eq!(rendered, "[target]\nname = \"u\" # \"$@\" a@b @\nrequires = []\n");
        // A value is not looked at again.
        let values = [("UNIT", "@REQUIRES@".to_owned()), ("REQUIRES", "x".to_owned())];
        assert!(Templates::shipped().render(Kind::TargetToml, &values).contains("name = @REQUIRES@\n"));
    }

    #[test]
    fn each_mistake_has_its_message() {
        let (_project, error) = own("mount.sh", "#!/bin/sh\n@TARGET@\n@MANIFEST@ @TARGTE@\n");
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "config/zinit/mount.sh, line 3: there is no placeholder @TARGTE@");
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
        let error = Templates::load(project.path()).unwrap_err();
        assert_eq!(error.to_string(), "config/zinit/mount.toml cannot be read: it is not a regular file");
        assert!(error.hint().contains("at most 65536 bytes"));
    }

    #[test]
    fn a_file_that_is_no_template_is_told() {
        let (_project, templates) = own("mounts.sh", "");
        let warnings = templates.unwrap().warnings;
        assert_eq!(warnings[0].what, "config/zinit/mounts.sh takes the place of no template");
        assert_eq!(warnings.len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", signs in "[@A-C_é\n]{0,30}") {
            for kind in KINDS {
                let _ = (check(kind, &text), check(kind, &signs));
            }
            let whole: String = parts(&signs).iter().map(|part| match part {
                Part::Text(text) => (*text).to_owned(),
                Part::Placeholder { name, .. } => format!("@{name}@"),
            }).collect();
            prop_assert_eq!(whole, signs);
        }
    }
}
