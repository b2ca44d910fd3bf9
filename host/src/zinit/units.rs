//! From mounts to files: what each script mounts, and which unit waits for which.
//!
//! Nothing waits for a mount but the coldplug, and that one not for ever. zinit 0.2's `after` and zinit 0.3's `requires`
//! both wait for a mount that fails until it succeeds, so the coldplug has neither: its script does the waiting.

use super::template::Kind;
use super::{Dialect, FileKind, Form, GeneratedFile, Mount, Order, Settings, Templates, ZinitError, quote, toml, yaml};
use crate::tree::FlistKind;

/// The coldplug's script.
const COLDPLUG: &str = "coldplug.sh";

/// All files for some mounts: scripts, then units, in an order that depends on the configuration alone. Each unit is read
/// back through the strict model of its dialect.
///
/// # Errors
/// No mounts; a unit that zinit would not take as it is meant, which only a project's own template can give.
pub fn plan(mounts: &[Mount], settings: &Settings, templates: &Templates) -> Result<Vec<GeneratedFile>, ZinitError> {
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

fn script(mount: &Mount, settings: &Settings, templates: &Templates) -> GeneratedFile {
    let variable = mount.variable();
    let values = [
        ("CACHE", quote::word(&settings.cache)),
        ("FORM", settings.form.as_str().to_owned()),
        ("MANIFEST", mount.manifest.word("1")),
        ("MANIFESTS", quote::word(&settings.manifests)),
        ("NAME", mount.flist.clone()),
        ("OVERRIDE", format!("\"${{{variable}:-}}\"")),
        ("RFS", quote::word(&settings.rfs)),
        ("TARGET", mount.target.word("KERNEL")),
        ("VARIABLE", variable),
    ];
    let text = templates.render(Kind::MountScript, &values);
    GeneratedFile { kind: FileKind::Script, name: mount.script(), text }
}

/// Where mounts are, as words of a shell script.
fn words<'a>(mounts: impl Iterator<Item = &'a Mount>) -> String {
    mounts.map(|mount| mount.target.word("KERNEL")).collect::<Vec<_>>().join(" ")
}

fn coldplug_script(mounts: &[Mount], settings: &Settings, templates: &Templates) -> GeneratedFile {
    // depmod knows modules by this path alone.
    let has_indexes = |mount: &&Mount| {
        mount.kind == FlistKind::Modules && mount.target.to_string().ends_with("/lib/modules/{kernel}")
    };
    let late = match (settings.form, settings.order) {
        // A oneshot is not tried again.
        (Form::Oneshot, _) => "leave",
        (Form::Supervised, Order::AfterUdevTrigger) => "stay",
        // The system waits for this one to end.
        (Form::Supervised, Order::BeforeUdevTrigger) => "background",
    };
    let values = [
        ("INDEXES", words(mounts.iter().filter(has_indexes))),
        ("LATE", late.to_owned()),
        ("TARGETS", words(mounts.iter())),
        ("WAIT", settings.wait.to_string()),
    ];
    let text = templates.render(Kind::ColdplugScript, &values);
    GeneratedFile { kind: FileKind::Script, name: COLDPLUG.to_owned(), text }
}

fn yaml_units(mounts: &[Mount], settings: &Settings, templates: &Templates) -> Result<Vec<GeneratedFile>, ZinitError> {
    const DIALECT: Dialect = Dialect::Yaml;
    let unit = |kind: Kind, name: &str, values: &[(&str, String)]| -> Result<GeneratedFile, ZinitError> {
        let text = templates.render(kind, values);
        yaml::Unit::parse(&text).map_err(|what| ZinitError::Unit { template: kind.path(), what })?;
        Ok(GeneratedFile { kind: FileKind::Unit(DIALECT), name: format!("{name}.yaml"), text })
    };
    let mut files = Vec::new();
    for mount in mounts {
        let script = quote::word(&mount.script_path(settings));
        let values = [
            ("AFTER", quote::list(DIALECT, &settings.yaml.network)),
            ("EXEC", quote::string(DIALECT, &script)),
            ("NAME", mount.flist.clone()),
            ("ONESHOT", (settings.form == Form::Oneshot).to_string()),
            ("TEST", quote::string(DIALECT, &format!("{script} test"))),
        ];
        files.push(unit(Kind::MountYaml, &mount.unit, &values)?);
    }
    let after = match settings.order {
        Order::AfterUdevTrigger => [settings.yaml.network.clone(), settings.yaml.udevd.clone()].concat(),
        // The system waits for this one, so it must not wait for the network.
        Order::BeforeUdevTrigger => settings.yaml.udevd.clone(),
    };
    let values = [
        ("AFTER", quote::list(DIALECT, &after)),
        ("EXEC", quote::string(DIALECT, &quote::word(&format!("{}/{COLDPLUG}", settings.scripts)))),
    ];
    files.push(unit(Kind::ColdplugYaml, settings.coldplug(DIALECT), &values)?);
    Ok(files)
}

fn toml_units(mounts: &[Mount], settings: &Settings, templates: &Templates) -> Result<Vec<GeneratedFile>, ZinitError> {
    const DIALECT: Dialect = Dialect::Toml;
    let unit = |kind: Kind, name: &str, values: &[(&str, String)]| -> Result<GeneratedFile, ZinitError> {
        let text = templates.render(kind, values);
        toml::Unit::parse(&text).map_err(|what| ZinitError::Unit { template: kind.path(), what })?;
        Ok(GeneratedFile { kind: FileKind::Unit(DIALECT), name: format!("{name}.toml"), text })
    };
    // The shell that zinit starts makes room for the script: a signal then reaches rfs.
    let exec = |path: &str| quote::string(DIALECT, &format!("exec {}", quote::word(path)));
    let mut files = Vec::new();
    for mount in mounts {
        let script = mount.script_path(settings);
        let restart = if settings.form == Form::Oneshot { "never" } else { "always" };
        let values = [
            ("EXEC", exec(&script)),
            ("NAME", mount.flist.clone()),
            ("ONESHOT", (settings.form == Form::Oneshot).to_string()),
            ("REQUIRES", quote::list(DIALECT, &settings.toml.network)),
            ("RESTART", quote::string(DIALECT, restart)),
            ("TEST", quote::string(DIALECT, &format!("{} test", quote::word(&script)))),
            ("UNIT", quote::string(DIALECT, &mount.unit)),
        ];
        files.push(unit(Kind::MountToml, &mount.unit, &values)?);
    }
    let units: Vec<String> = mounts.iter().map(|mount| mount.unit.clone()).collect();
    let values = [("REQUIRES", quote::list(DIALECT, &units)), ("UNIT", quote::string(DIALECT, &settings.target))];
    files.push(unit(Kind::TargetToml, &settings.target, &values)?);
    let after = match settings.order {
        Order::AfterUdevTrigger => [settings.toml.udevd.clone(), units].concat(),
        Order::BeforeUdevTrigger => settings.toml.udevd.clone(),
    };
    let values = [
        ("AFTER", quote::list(DIALECT, &after)),
        ("EXEC", exec(&format!("{}/{COLDPLUG}", settings.scripts))),
        ("UNIT", quote::string(DIALECT, settings.coldplug(DIALECT))),
        ("WANTS", quote::list(DIALECT, std::slice::from_ref(&settings.target))),
    ];
    files.push(unit(Kind::ColdplugToml, settings.coldplug(DIALECT), &values)?);
    Ok(files)
}
