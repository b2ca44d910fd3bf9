//! What a component says of itself, read without compiling or running it.
//!
//! Name, version, description and authors stand in the custom sections that the component tools write: `component-name`,
//! `version`, `description`, `authors`, the last three plain UTF-8. The API version is that of the interfaces of
//! `flistry:plugin` that the component names.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentName, ComponentNameSectionReader, Encoding, FunctionBody, Parser, Payload,
};

use super::error::{PluginError, clean};

/// The package whose interfaces make a component a plugin.
pub(super) const PACKAGE: &str = "flistry:plugin/";

/// What a component says of itself. What it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ComponentMetadata {
    /// Its name.
    pub name: Option<String>,
    /// Its own version.
    pub version: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Option<String>,
    /// The version of `flistry:plugin` that it was built against.
    pub api: Option<String>,
}

/// A component from the outside.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub metadata: ComponentMetadata,
    /// The names of all imports.
    pub imports: Vec<String>,
    /// The names of all exports.
    pub exports: Vec<String>,
    /// What there is to compile.
    pub code: CodeSize,
}

/// How much code a component has, in all its modules together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CodeSize {
    pub functions: u64,
    pub locals: u64,
    pub bytes: u64,
    pub largest_function: u64,
}

impl CodeSize {
    fn add(&mut self, body: &FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        let bytes = body.range().len() as u64;
        self.functions += 1;
        self.bytes += bytes;
        self.largest_function = self.largest_function.max(bytes);
        for locals in body.get_locals_reader()? {
            self.locals = self.locals.saturating_add(u64::from(locals?.0));
        }
        Ok(())
    }
}

impl ComponentMetadata {
    /// Reads what stands in a component.
    ///
    /// # Errors
    /// [`PluginError::NotComponent`] with `plugin`'s name.
    pub fn read(plugin: &str, bytes: &[u8]) -> Result<ComponentMetadata, PluginError> {
        Ok(Outline::read(plugin, bytes)?.metadata)
    }
}

impl Outline {
    /// Takes a component apart as far as its surface.
    pub fn read(plugin: &str, bytes: &[u8]) -> Result<Outline, PluginError> {
        let refuse = |what: &str| PluginError::NotComponent { plugin: plugin.to_owned(), what: what.to_owned() };
        if !bytes.starts_with(b"\0asm") {
            return Err(refuse("it does not begin as WebAssembly does"));
        }
        let broken = |error: wasmparser::BinaryReaderError| {
            refuse(&format!(
                "it is cut off or damaged at byte {} of {}: {}",
                error.offset(),
                bytes.len(),
                error.message()
            ))
        };
        let mut outline = Outline::default();
        // Sections of what is nested inside are not the component's own.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(broken)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(refuse("it is a core module, not yet made into a component"));
                }
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(reader) if depth == 1 => {
                    for import in reader {
                        outline.imports.push(import.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(reader) if depth == 1 => {
                    for export in reader {
                        outline.exports.push(export.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if depth == 1 => {
                    outline.metadata.custom(section.name(), section.data(), section.data_offset() as u64);
                }
                // Also of what is nested: all of it is compiled.
                Payload::CodeSectionEntry(body) => outline.code.add(&body).map_err(broken)?,
                _ => {}
            }
        }
        let mut names = outline.exports.iter().chain(&outline.imports);
        outline.metadata.api =
            names.find_map(|name| name.strip_prefix(PACKAGE)?.split_once('@')).map(|(_, v)| v.to_owned());
        Ok(outline)
    }
}

impl ComponentMetadata {
    fn custom(&mut self, name: &str, data: &[u8], offset: u64) {
        let text = || std::str::from_utf8(data).ok().map(clean);
        match name {
            "version" => self.version = text(),
            "description" => self.description = text(),
            "authors" => self.authors = text(),
            "component-name" => {
                let names = ComponentNameSectionReader::new(BinaryReader::new(data, offset as _));
                // A damaged name is no reason to refuse a component: no tool needs it.
                self.name = names.into_iter().flatten().find_map(|name| match name {
                    ComponentName::Component { name, .. } => Some(clean(name)),
                    _ => None,
                });
            }
            _ => {}
        }
    }
}
