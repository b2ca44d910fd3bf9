//! What is refused before any part of a component runs.

use std::sync::Arc;

use super::*;
use crate::kernel::kernel_image::KernelImage;
use crate::kernel::module_memory::ModuleMemory;
use crate::progress::Silent;
use crate::store::secrets::Secrets;

fn load(bytes: &[u8]) -> PluginError {
    load_with(bytes, LoadOptions::default())
}

fn load_with(bytes: &[u8], options: LoadOptions) -> PluginError {
    let engine = Engine::new(
        &Compiler::InProcess,
        None,
        Arc::new(ModuleMemory::of_one_run()),
        KernelImage::default(),
        Secrets::default(),
    )
    .unwrap();
    engine.load("p", bytes, options, &Silent).err().expect("it is refused")
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_file_that_is_not_a_component_is_refused() {
    let error = load(b"#!/bin/sh");
    assert_eq!(error.to_string(), "plugin `p` is not a WebAssembly component: it does not begin as WebAssembly does");
    assert!(error.is_configuration());
    assert!(load(&wat("(module)")).to_string().ends_with("it is a core module, not yet made into a component"));
    let whole = wat(r#"(component (import "flistry:plugin/log@0.1.0" (instance)))"#);
    let error = load(&whole[..whole.len() - 3]).to_string();
    assert!(error.contains("it is cut off or damaged at byte"), "{error}");
}

#[test]
fn an_import_that_is_not_offered_is_named() {
    let error = load(&wat(r#"(component (import "other:host/sockets@1.0.0" (instance)))"#));
    assert_eq!(
        error.to_string(),
        "plugin `p` wants the import `other:host/sockets@1.0.0`, which flistry does not offer"
    );
    let error = load(&wat(r#"(component (import "flistry:plugin/stores@0.1.0" (instance)))"#));
    assert_eq!(
        error.hint(),
        "a plugin may import types, log, build, configuration, trees, module-info, report and drafts of flistry:plugin, and \
         nothing else; build it without the rest"
    );
}

#[test]
fn another_world_is_refused() {
    let error = load(&wat("(component)")).to_string();
    assert_eq!(error, "plugin `p` does not fit: it exports none of flistry:plugin/filter, naming and post-pack");
    let error = load(&wat(r#"(component (import "flistry:plugin/log@0.2.0" (instance)))"#)).to_string();
    assert!(error.contains("`flistry:plugin/log@0.2.0` is of another version: this flistry's is 0.1.x"), "{error}");
    for version in ["0.1.0-rc1", "0.1.0+build", "0.1."] {
        let name = format!("flistry:plugin/log@{version}");
        let Ok(component) = wat::parse_str(format!(r#"(component (import "{name}" (instance)))"#)) else { continue };
        let error = load(&component);
        let what = format!(
            "plugin `p` does not fit: `{name}` is of a version that was never released: this flistry's is 0.1.x"
        );
        assert_eq!(error.to_string(), what);
        assert_eq!(error.hint(), "build it against flistry's wit/; `flistry plugin check` shows what it has");
    }
    let only = r#"(component (instance $i) (export "flistry:plugin/filter@0.1.0" (instance $i)))"#;
    assert!(load(&wat(only)).to_string().ends_with("it does not export flistry:plugin/validation"));
}

#[test]
fn the_pin_and_the_size_come_first() {
    let options = LoadOptions { expected_sha256: Some("00".repeat(32)), ..LoadOptions::default() };
    let error = load_with(b"\0asm", options);
    assert!(error.to_string().contains(&"00".repeat(32)));
    assert!(error.hint().contains(&crate::files::sha256(b"\0asm")));
    let limits = Limits { component_bytes: 3, ..Limits::default() };
    let error = load_with(b"\0asm", LoadOptions { limits, ..LoadOptions::default() });
    assert_eq!(error.to_string(), "plugin `p`, load: more bytes of the component than the allowed 3");
    assert!(error.hint().contains("`component-bytes`"));
}

#[test]
fn what_would_take_long_to_compile_is_not_compiled() {
    // Two modules, one of them nested in a component: all of it counts.
    let functions = "(func (local i32 i64)) (func (local f32) nop nop)";
    let component = wat(&format!("(component (core module {functions}) (component (core module {functions})))"));
    let load = |limits: Limits| load_with(&component, LoadOptions { limits, ..LoadOptions::default() });
    let cases: [(Limits, &str, &str); 4] = [
        (Limits { functions: 3, ..Limits::default() }, "functions than the allowed 3", "functions"),
        (Limits { locals: 5, ..Limits::default() }, "local variables than the allowed 5", "locals"),
        (Limits { code_bytes: 23, ..Limits::default() }, "bytes of code than the allowed 23", "code-bytes"),
        (
            Limits { function_bytes: 5, ..Limits::default() },
            "bytes of one function than the allowed 5",
            "function-bytes",
        ),
    ];
    for (limits, message, setting) in cases {
        let error = load(limits);
        assert_eq!(error.to_string(), format!("plugin `p`, load: more {message}"));
        assert!(error.hint().contains(&format!("raise its limit `{setting}`")) && error.is_configuration());
    }
    // Just enough: what is refused then is something else.
    let enough = Limits { functions: 4, locals: 6, code_bytes: 24, function_bytes: 6, ..Limits::default() };
    assert!(matches!(load(enough), PluginError::World { .. }));
}

#[test]
fn metadata_is_read_without_running() {
    let component = wat(r#"(component $demo
            (import "flistry:plugin/log@0.1.3" (instance))
            (@custom "version" "1.2.3") (@custom "description" "does things") (@custom "authors" "A. Author"))"#);
    let metadata = ComponentMetadata::read("p", &component).unwrap();
    assert_eq!(metadata.name.as_deref(), Some("demo"));
    assert_eq!(metadata.version.as_deref(), Some("1.2.3"));
    assert_eq!(metadata.description.as_deref(), Some("does things"));
    assert_eq!(metadata.authors.as_deref(), Some("A. Author"));
    assert_eq!(metadata.api.as_deref(), Some("0.1.3"));
}

/// A component for WASI, as toolchains make them: resources of one interface used by another, several versions.
const WITH_WASI: &str = r#"(component
    (import "wasi:io/poll@0.2.3" (instance $poll
        (export "pollable" (type (sub resource)))
        (export "[method]pollable.block" (func (param "self" (borrow 0))))))
    (alias export $poll "pollable" (type $pollable))
    (import "wasi:io/error@0.2.3" (instance $error (export "error" (type (sub resource)))))
    (alias export $error "error" (type $err))
    (import "wasi:io/streams@0.2.3" (instance $streams
        (export "pollable" (type $ready (eq $pollable)))
        (export "error" (type $why (eq $err)))
        (export "output-stream" (type $out (sub resource)))
        (type $failed (variant (case "last-operation-failed" (own $why)) (case "closed")))
        (export "stream-error" (type $e (eq $failed)))
        (export "[method]output-stream.blocking-write-and-flush"
            (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $e)))))
        (export "[method]output-stream.subscribe" (func (param "self" (borrow $out)) (result (own $ready))))))
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance
        (export "now" (func (result u64)))
        (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
    (import "wasi:filesystem/preopens@0.2.3" (instance
        (export "descriptor" (type $d (sub resource)))
        (export "get-directories" (func (result (list (tuple (own $d) string)))))))
    (import "wasi:cli/environment@0.2.3" (instance
        (export "get-environment" (func (result (list (tuple string string)))))))
    (import "wasi:sockets/tcp@0.2.3" (instance
        (export "anything" (func (param "port" u16) (result (result (error u8)))))))
    (instance $none)
    (export "flistry:plugin/validation@0.1.0" (instance $none))
    (export "flistry:plugin/naming@0.1.0" (instance $none)))"#;

#[test]
fn only_wasi_has_stand_ins() {
    // Everything links; only its own exports are empty.
    let error = load(&wat(WITH_WASI)).to_string();
    assert!(error.contains("does not have export `validate`"), "{error}");
    let later = WITH_WASI.replace("wasi:sockets/tcp@0.2.3", "wasi:sockets/tcp@0.3.0");
    assert!(matches!(load(&wat(&later)), PluginError::Import { import, .. } if import == "wasi:sockets/tcp@0.3.0"));
    let wrong = WITH_WASI.replace(r#"(export "now" (func (result u64)))"#, r#"(export "now" (func (result u32)))"#);
    let error = load(&wat(&wrong)).to_string();
    assert!(error.starts_with("plugin `p` does not fit: "), "{error}");
    assert!(error.contains("monotonic-clock"), "{error}");
}
