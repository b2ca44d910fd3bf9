//! Compiling a plugin: within limits, in a process of its own, and said where it takes a while.

use std::path::Path;
use std::sync::{Arc, Mutex};

use flistry::kernel::kernel_image::KernelImage;
use flistry::kernel::module_memory::ModuleMemory;
use flistry::plugin::{Compiler, Engine, Limits, LoadOptions, Plugin, PluginError};
use flistry::progress::{Progress, Silent, Step, Warning};
use flistry::store::secrets::Secrets;

use crate::support::project::{PLAIN_TOML, Project};
use crate::support::repository;

/// A component that has the surface of a plugin, and as much code.
fn component(functions: usize) -> Vec<u8> {
    let body = "local.get 0 i32.const 7 i32.mul local.set 0 ".repeat(60);
    let functions = format!("(func (param i32) (result i32) {body} local.get 0)").repeat(functions);
    let text = format!(
        r#"(component (core module {functions}) (instance $none)
            (export "flistry:plugin/validation@0.1.0" (instance $none))
            (export "flistry:plugin/naming@0.1.0" (instance $none)))"#
    );
    wat::parse_str(text).unwrap()
}

/// Seconds of the compiler's.
const LONG: usize = 30_000;

fn this_flistry() -> Compiler {
    Compiler::Program(env!("CARGO_BIN_EXE_flistry").into())
}

fn load(
    compiler: &Compiler,
    cache: Option<&Path>,
    bytes: &[u8],
    limits: Limits,
    progress: &dyn Progress,
) -> Result<Plugin, PluginError> {
    let modules = Arc::new(ModuleMemory::of_one_run());
    let engine = Engine::new(compiler, cache, modules, KernelImage::default(), Secrets::default()).unwrap();
    engine.load("p", bytes, LoadOptions { limits, ..LoadOptions::default() }, progress)
}

fn error(compiler: &Compiler, bytes: &[u8], limits: Limits) -> PluginError {
    load(compiler, None, bytes, limits, &Silent).err().expect("it is refused")
}

#[test]
fn compiling_that_takes_too_long_is_ended() {
    let limits = Limits { compile_seconds: 1, ..Limits::default() };
    let error = error(&this_flistry(), &component(LONG), limits);
    assert_eq!(error.to_string(), "plugin `p`, load: more seconds of compiling than the allowed 1");
    assert_eq!(
        error.hint(),
        "if the plugin is right to need more, raise its limit `compile-seconds` in config/flistry.toml"
    );
    assert!(error.is_configuration());
}

#[test]
fn compiling_that_takes_too_much_memory_is_ended() {
    let limits = Limits { compile_memory_bytes: 48 << 20, ..Limits::default() };
    let error = error(&this_flistry(), &component(LONG), limits);
    assert_eq!(error.to_string(), "plugin `p`, load: more bytes of memory for compiling than the allowed 50331648");
    assert_eq!(
        error.hint(),
        "if the plugin is right to need more, raise its limit `compile-memory-bytes` in config/flistry.toml"
    );
}

/// The processor's time does not run while a process waits, so a clock runs beside it. What takes a while is said.
#[test]
fn a_compiler_that_only_waits_is_ended() {
    let project = Project::plain();
    let sleeping = project.write_script("sleeping", "#!/bin/sh\nexec /bin/sleep 600\n");
    let begun = std::time::Instant::now();
    let limits = Limits { compile_seconds: 1, ..Limits::default() };
    let (bytes, steps) = (component(1), Steps::default());
    let error = load(&Compiler::Program(sleeping), None, &bytes, limits, &steps).err().unwrap();
    assert_eq!(error.to_string(), "plugin `p`, load: more seconds of compiling than the allowed 1");
    assert!(begun.elapsed().as_secs() < 60);
    let (subject, steps) = steps.0.into_inner().unwrap();
    assert_eq!(steps, [format!("plugin `p`: Compile {}", bytes.len())]);
    assert_eq!(subject, "");
}

#[test]
fn a_compiler_that_ends_otherwise_is_named_and_not_quoted() {
    let project = Project::plain();
    let cases = [
        (
            "killed",
            "#!/bin/sh\necho raw words >&2\nkill -9 $$\n",
            "the compiler's process ended with signal: 9 (SIGKILL)",
        ),
        ("crashed", "#!/bin/sh\necho raw words >&2\nexit 101\n", "the compiler's process ended with exit status: 101"),
    ];
    for (name, script, what) in cases {
        let program = project.write_script(name, script);
        let error = error(&Compiler::Program(program), &component(1), Limits::default());
        assert_eq!(error.to_string(), format!("plugin `p` can't be compiled: {what}"));
        assert!(error.hint().starts_with("the component may be made to break the compiler: "), "{}", error.hint());
        assert!(!error.is_configuration());
    }
    let error = error(&Compiler::Program("/nowhere/flistry".into()), &component(1), Limits::default());
    assert!(error.to_string().starts_with("plugin `p` can't be compiled: no process could be started for it: "));
}

/// What the compiler says of a component is shown as every text of a component's is.
#[test]
fn what_is_wrong_with_a_component_is_said_by_the_compiler_and_shown_safely() {
    let broken = r#"(component (core module (func (result i32) i64.const 1)) (instance $none)
        (export "flistry:plugin/validation@0.1.0" (instance $none))
        (export "flistry:plugin/naming@0.1.0" (instance $none)))"#;
    let broken = wat::parse_str(broken).unwrap();
    let here = error(&Compiler::InProcess, &broken, Limits::default());
    let there = error(&this_flistry(), &broken, Limits::default());
    assert!(there.to_string().contains("type mismatch: expected i32, found i64"), "{there}");
    assert_eq!(there.to_string(), here.to_string());

    let project = Project::plain();
    let program = project.write_script("colourful", "#!/bin/sh\nprintf 'no\\033[31m' >&2\nexit 1\n");
    let error = error(&Compiler::Program(program), &component(1), Limits::default());
    assert_eq!(error.to_string(), "plugin `p` is not a WebAssembly component: no\u{fffd}[31m");
}

#[test]
fn what_was_compiled_once_needs_no_process_again() {
    let cache = tempfile::tempdir().unwrap();
    let builtin = std::fs::read(repository("plugins/built/zos-naming.wasm")).unwrap();
    let load = |compiler: &Compiler, bytes: &[u8]| {
        load(compiler, Some(cache.path()), bytes, Limits::default(), &Silent).map(drop)
    };
    load(&this_flistry(), &builtin).unwrap();
    let none = Compiler::Program("/nowhere/flistry".into());
    load(&none, &builtin).unwrap();
    // Another component is not known by that.
    assert!(matches!(load(&none, &component(1)), Err(PluginError::Compiler { .. })));
}

/// Steps that were begun, with what they were about.
#[derive(Default)]
struct Steps(Mutex<(String, Vec<String>)>);

impl Progress for Steps {
    fn begin(&self, step: Step, total: u64) {
        let mut steps = self.0.lock().unwrap();
        let line = format!("{}: {step:?} {total}", steps.0);
        steps.1.push(line);
    }
    fn advance(&self, _: u64) {}
    fn warn(&self, _: Warning) {}
    fn about(&self, subject: &str) {
        self.0.lock().unwrap().0 = subject.to_owned();
    }
}

#[test]
fn what_is_compiled_at_once_is_not_said() {
    let steps = Steps::default();
    let builtin = std::fs::read(repository("plugins/built/zos-naming.wasm")).unwrap();
    load(&this_flistry(), None, &builtin, Limits::default(), &steps).unwrap();
    assert_eq!(steps.0.into_inner().unwrap().1, Vec::<String>::new());
}

#[test]
fn limits_on_compiling_come_from_the_configuration() {
    let project = Project::plain();
    std::fs::write(project.path("slow.wasm"), component(LONG)).unwrap();
    let plugin = "[plugin.slow]\ncomponent = \"slow.wasm\"\nlimits = { compile-seconds = 1 }\n";
    project.write(
        "config/flistry.toml",
        &format!("{plugin}{}", PLAIN_TOML.replace("naming = \"name\"", "naming = \"slow\"")),
    );
    project.flistry(&["build"]).fails(
        2,
        "plugin `slow`, load: more seconds of compiling than the allowed 1",
        "if the plugin is right to need more, raise its limit `compile-seconds` in config/flistry.toml",
    );
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
    // Nobody calls it, so nobody is shown it.
    assert!(!project.flistry(&["--help"]).stdout.contains("compile-component"));
}
