//! What a component finds behind WASI, asked by a small one.

use std::sync::Arc;

use wasmtime::component::{Instance, ResourceTable};
use wasmtime::{Engine, Store};

use super::*;
use crate::plugin::limits::{Breach, Limits};
use crate::plugin::meter::Meter;
use crate::plugin::secrecy::Secrecy;

/// Calls what it imports, and has the answers as numbers.
const COMPONENT: &str = r#"(component
    (import "wasi:io/poll@0.2.3" (instance $poll
        (export "pollable" (type (sub resource)))
        (export "[method]pollable.block" (func (param "self" (borrow 0))))))
    (alias export $poll "pollable" (type $pollable))
    (import "wasi:io/error@0.2.3" (instance $error (export "error" (type (sub resource)))))
    (alias export $error "error" (type $io-error))
    (import "wasi:io/streams@0.2.3" (instance $streams
        (export "error" (type $why (eq $io-error)))
        (export "output-stream" (type $out (sub resource)))
        (type $failed (variant (case "last-operation-failed" (own $why)) (case "closed")))
        (export "stream-error" (type $e (eq $failed)))
        (export "[method]output-stream.blocking-write-and-flush"
            (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $e)))))))
    (alias export $streams "output-stream" (type $output))
    (import "wasi:cli/stdout@0.2.3" (instance $stdout
        (export "output-stream" (type $stream (eq $output)))
        (export "get-stdout" (func (result (own $stream))))))
    (import "wasi:cli/environment@0.2.3" (instance $environment
        (export "get-environment" (func (result (list (tuple string string)))))))
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
        (export "pollable" (type $ready (eq $pollable)))
        (export "now" (func (result u64)))
        (export "subscribe-duration" (func (param "when" u64) (result (own $ready))))))
    (import "wasi:random/random@0.2.3" (instance $random (export "get-random-u64" (func (result u64)))))
    (import "wasi:sockets/instance-network@0.2.3" (instance $sockets
        (export "instance-network" (func (result u64)))))

    (core module $memory
        (memory (export "memory") 1)
        (data (i32.const 0) "a line\nand a half")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $memory (instantiate $memory))
    (alias core export $memory "memory" (core memory $bytes))
    (alias core export $memory "realloc" (core func $realloc))

    (core func $now (canon lower (func $clock "now")))
    (core func $subscribe (canon lower (func $clock "subscribe-duration")))
    (core func $block (canon lower (func $poll "[method]pollable.block")))
    (core func $draw (canon lower (func $random "get-random-u64")))
    (core func $network (canon lower (func $sockets "instance-network")))
    (core func $get-stdout (canon lower (func $stdout "get-stdout")))
    (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
        (memory $bytes) (realloc $realloc)))
    (core func $variables (canon lower (func $environment "get-environment") (memory $bytes) (realloc $realloc)))

    (core module $code
        (import "host" "memory" (memory 1))
        (import "host" "now" (func $now (result i64)))
        (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
        (import "host" "block" (func $block (param i32)))
        (import "host" "draw" (func $draw (result i64)))
        (import "host" "network" (func $network (result i64)))
        (import "host" "stdout" (func $stdout (result i32)))
        (import "host" "write" (func $write (param i32 i32 i32 i32)))
        (import "host" "variables" (func $variables (param i32)))
        (func (export "now") (result i64) (call $now))
        (func (export "sleep") (result i64) (call $block (call $subscribe (i64.const -1))) (i64.const 0))
        (func (export "draw") (result i64) (call $draw))
        (func (export "network") (result i64) (call $network))
        (func (export "write") (result i64)
            (call $write (call $stdout) (i32.const 0) (i32.const 17) (i32.const 512))
            (i64.load8_u (i32.const 512)))
        (func (export "variables") (result i64)
            (call $variables (i32.const 512))
            (i64.load32_u (i32.const 516))))
    (core instance $code (instantiate $code (with "host" (instance
        (export "memory" (memory $bytes))
        (export "now" (func $now))
        (export "subscribe" (func $subscribe))
        (export "block" (func $block))
        (export "draw" (func $draw))
        (export "network" (func $network))
        (export "stdout" (func $get-stdout))
        (export "write" (func $write))
        (export "variables" (func $variables))))))
    (func (export "now") (result u64) (canon lift (core func $code "now")))
    (func (export "sleep") (result u64) (canon lift (core func $code "sleep")))
    (func (export "draw") (result u64) (canon lift (core func $code "draw")))
    (func (export "network") (result u64) (canon lift (core func $code "network")))
    (func (export "write") (result u64) (canon lift (core func $code "write")))
    (func (export "variables") (result u64) (canon lift (core func $code "variables"))))"#;

/// What the functions need of a run.
struct Host {
    wasi: WasiState,
    log: LogState,
    meter: Meter,
    handles: ResourceTable,
    secrecy: Secrecy,
}

impl Host {
    fn context(&mut self) -> WasiContext<'_> {
        let (meter, handles) = (&mut self.meter, &mut self.handles);
        let log = Context { own: &mut self.log, meter, handles, secrecy: &self.secrecy };
        WasiContext { own: &mut self.wasi, log }
    }
}

struct GuestRun {
    store: Store<Host>,
    instance: Instance,
}

impl GuestRun {
    fn new(limits: Limits) -> GuestRun {
        let engine = Engine::default();
        let component = Component::new(&engine, wat::parse_str(COMPONENT).unwrap()).unwrap();
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, &component, Host::context).unwrap();
        let host = Host {
            wasi: WasiState::default(),
            log: LogState::new("p".into()),
            meter: Meter::new(Arc::new(limits)),
            handles: ResourceTable::new(),
            secrecy: Secrecy::default(),
        };
        let mut store = Store::new(&engine, host);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        GuestRun { store, instance }
    }

    fn call(&mut self, function: &str) -> wasmtime::Result<u64> {
        let function = self.instance.get_typed_func::<(), (u64,)>(&mut self.store, function)?;
        function.call(&mut self.store, ()).map(|(answer,)| answer)
    }
}

#[test]
fn there_is_no_clock_no_randomness_and_no_environment() {
    let answers = || {
        let mut run = GuestRun::new(Limits::default());
        ["now", "sleep", "now", "variables", "draw", "draw"].map(|function| run.call(function).unwrap())
    };
    let [now, _, later, variables, first, second] = answers();
    assert_eq!((now, later, variables), (0, 0, 0));
    assert_ne!(first, second);
    assert_eq!(answers(), answers());
}

#[test]
fn output_goes_to_the_log_by_lines_and_counts_there() {
    let mut run = GuestRun::new(Limits { log_bytes: 40, ..Limits::default() });
    assert_eq!(run.call("write").unwrap(), 0);
    assert_eq!(run.store.data().wasi.lines, [b"and a half".to_vec(), Vec::new()]);
    assert_eq!(run.store.data().meter.bytes_out, 6);
    let error = (0..3).find_map(|_| run.call("write").err()).expect("the log is full");
    assert_eq!(error.downcast_ref::<Breach>().unwrap().0, Limit::Log);
}

#[test]
fn an_unfinished_line_is_logged_at_the_end() {
    let mut run = GuestRun::new(Limits::default());
    run.call("write").unwrap();
    run.store.data_mut().context().flush();
    assert!(run.store.data().wasi.lines.iter().all(Vec::is_empty));
    assert_eq!(run.store.data().meter.bytes_out, 16);
}

#[test]
fn the_rest_can_be_imported_but_not_called() {
    let error = GuestRun::new(Limits::default()).call("network").unwrap_err();
    let what = "it called wasi:sockets/instance-network.instance-network, which a plugin does not have";
    assert_eq!(error.root_cause().to_string(), what);
}
