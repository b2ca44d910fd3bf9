//! From mounts to files: what each script mounts, and which unit waits for which.
//!
//! Nothing waits for a mount but the coldplug, and that one not for ever. zinit 0.2's `after` and zinit 0.3's `requires`
//! both wait until a failing mount succeeds, so the coldplug has neither: its script does the waiting.

use super::error::ZinitError;
use super::generated::{GeneratedFile, GeneratedKind};
use super::mount::Mount;
use super::quote;
use super::settings::{BootOrder, Dialect, Form, ZinitSettings};
use super::template::{TemplateKind, Templates};
use super::toml_unit::TomlUnit;
use super::yaml_unit::YamlUnit;
use crate::tree::FlistKind;

/// The coldplug's script.
const COLDPLUG: &str = "coldplug.sh";

/// All files for some mounts: scripts, then units, in an order that depends on the configuration alone. Each unit is read
/// back through the strict model of its dialect.
///
/// # Errors
/// No mounts; a unit that zinit would misread, which only a project's own template can give.
pub fn plan(
    mounts: &[Mount],
    settings: &ZinitSettings,
    templates: &Templates,
) -> Result<Vec<GeneratedFile>, ZinitError> {
    if mounts.is_empty() {
        return Err(ZinitError::NothingToMount);
    }
    let mut files: Vec<GeneratedFile> = mounts
        .iter()
        .map(|mount| script(mount, settings, templates))
        .chain([coldplug_script(mounts, settings, templates)])
        .collect();
    for dialect in &settings.dialects {
        match dialect {
            Dialect::Yaml => files.extend(yaml_units(mounts, settings, templates)?),
            Dialect::Toml => files.extend(toml_units(mounts, settings, templates)?),
        }
    }
    Ok(files)
}

fn script(mount: &Mount, settings: &ZinitSettings, templates: &Templates) -> GeneratedFile {
    let variable = mount.point.variable();
    let values = [
        ("CACHE", quote::word(&settings.cache)),
        ("FORM", settings.form.as_str().to_owned()),
        ("MANIFEST", mount.manifest.word("1")),
        ("MANIFESTS", quote::word(&settings.manifests)),
        ("NAME", mount.point.flist.clone()),
        ("OVERRIDE", format!("\"${{{variable}:-}}\"")),
        ("RFS", quote::word(&settings.rfs)),
        ("TARGET", mount.point.target.word("KERNEL")),
        ("VARIABLE", variable),
    ];
    let text = templates.render(TemplateKind::MountScript, &values);
    GeneratedFile { kind: GeneratedKind::Script, name: mount.point.script(), text }
}

/// The mount points, as words of a shell script.
fn words<'a>(mounts: impl Iterator<Item = &'a Mount>) -> String {
    mounts.map(|mount| mount.point.target.word("KERNEL")).collect::<Vec<_>>().join(" ")
}

fn coldplug_script(mounts: &[Mount], settings: &ZinitSettings, templates: &Templates) -> GeneratedFile {
    // depmod finds modules at this path alone.
    let has_indexes = |mount: &&Mount| {
        mount.point.kind == FlistKind::Modules && mount.point.target.to_string().ends_with("/lib/modules/{kernel}")
    };
    let late = match (settings.form, settings.order) {
        // A oneshot is not tried again.
        (Form::Oneshot, _) => "leave",
        (Form::Supervised, BootOrder::AfterUdevTrigger) => "stay",
        // The system waits for this one to end.
        (Form::Supervised, BootOrder::BeforeUdevTrigger) => "background",
    };
    let values = [
        ("INDEXES", words(mounts.iter().filter(has_indexes))),
        ("LATE", late.to_owned()),
        ("TARGETS", words(mounts.iter())),
        ("WAIT", settings.wait_seconds.to_string()),
    ];
    let text = templates.render(TemplateKind::ColdplugScript, &values);
    GeneratedFile { kind: GeneratedKind::Script, name: COLDPLUG.to_owned(), text }
}

fn yaml_units(
    mounts: &[Mount],
    settings: &ZinitSettings,
    templates: &Templates,
) -> Result<Vec<GeneratedFile>, ZinitError> {
    const DIALECT: Dialect = Dialect::Yaml;
    let unit = |kind: TemplateKind, name: &str, values: &[(&str, String)]| -> Result<GeneratedFile, ZinitError> {
        let text = templates.render(kind, values);
        YamlUnit::parse(&text).map_err(|what| ZinitError::Unit { template: kind.path(), what })?;
        Ok(GeneratedFile { kind: GeneratedKind::Unit(DIALECT), name: format!("{name}.yaml"), text })
    };
    let mut files = Vec::new();
    for mount in mounts {
        let script = quote::word(&mount.point.script_path(settings));
        let values = [
            ("AFTER", quote::list(DIALECT, &settings.yaml.network)),
            ("EXEC", quote::string(DIALECT, &script)),
            ("NAME", mount.point.flist.clone()),
            ("ONESHOT", (settings.form == Form::Oneshot).to_string()),
            ("TEST", quote::string(DIALECT, &format!("{script} test"))),
        ];
        files.push(unit(TemplateKind::MountYaml, &mount.point.unit, &values)?);
    }
    let after = match settings.order {
        BootOrder::AfterUdevTrigger => [settings.yaml.network.clone(), settings.yaml.udevd.clone()].concat(),
        // The system waits for this one, so it must not wait for the network.
        BootOrder::BeforeUdevTrigger => settings.yaml.udevd.clone(),
    };
    let values = [
        ("AFTER", quote::list(DIALECT, &after)),
        ("EXEC", quote::string(DIALECT, &quote::word(&format!("{}/{COLDPLUG}", settings.scripts)))),
    ];
    files.push(unit(TemplateKind::ColdplugYaml, settings.coldplug(DIALECT), &values)?);
    Ok(files)
}

fn toml_units(
    mounts: &[Mount],
    settings: &ZinitSettings,
    templates: &Templates,
) -> Result<Vec<GeneratedFile>, ZinitError> {
    const DIALECT: Dialect = Dialect::Toml;
    let unit = |kind: TemplateKind, name: &str, values: &[(&str, String)]| -> Result<GeneratedFile, ZinitError> {
        let text = templates.render(kind, values);
        TomlUnit::parse(&text).map_err(|what| ZinitError::Unit { template: kind.path(), what })?;
        Ok(GeneratedFile { kind: GeneratedKind::Unit(DIALECT), name: format!("{name}.toml"), text })
    };
    // The shell that zinit starts makes room for the script: a signal then reaches rfs.
    let exec = |path: &str| quote::string(DIALECT, &format!("exec {}", quote::word(path)));
    let mut files = Vec::new();
    for mount in mounts {
        let script = mount.point.script_path(settings);
        let restart = if settings.form == Form::Oneshot { "never" } else { "always" };
        let values = [
            ("EXEC", exec(&script)),
            ("NAME", mount.point.flist.clone()),
            ("ONESHOT", (settings.form == Form::Oneshot).to_string()),
            ("REQUIRES", quote::list(DIALECT, &settings.toml.network)),
            ("RESTART", quote::string(DIALECT, restart)),
            ("TEST", quote::string(DIALECT, &format!("{} test", quote::word(&script)))),
            ("UNIT", quote::string(DIALECT, &mount.point.unit)),
        ];
        files.push(unit(TemplateKind::MountToml, &mount.point.unit, &values)?);
    }
    let units: Vec<String> = mounts.iter().map(|mount| mount.point.unit.clone()).collect();
    let values = [("REQUIRES", quote::list(DIALECT, &units)), ("UNIT", quote::string(DIALECT, &settings.toml.target))];
    files.push(unit(TemplateKind::TargetToml, &settings.toml.target, &values)?);
    let after = match settings.order {
        BootOrder::AfterUdevTrigger => [settings.toml.udevd.clone(), units].concat(),
        BootOrder::BeforeUdevTrigger => settings.toml.udevd.clone(),
    };
    let values = [
        ("AFTER", quote::list(DIALECT, &after)),
        ("EXEC", exec(&format!("{}/{COLDPLUG}", settings.scripts))),
        ("UNIT", quote::string(DIALECT, settings.coldplug(DIALECT))),
        ("WANTS", quote::list(DIALECT, std::slice::from_ref(&settings.toml.target))),
    ];
    files.push(unit(TemplateKind::ColdplugToml, settings.coldplug(DIALECT), &values)?);
    Ok(files)
}
