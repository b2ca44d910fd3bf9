//! WASI 0.2 that has nothing: for components of toolchains that import it whether they need it or not.
//!
//! No files, network, environment or arguments; a clock that stands at 1970; random numbers that are the same in every
//! run; what is written to stdout and stderr goes to the log; sleeping returns at once. What is not in the table of
//! `define` can be imported, and crashes the plugin where it is called.

use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType, Val};

use super::context::Context;
use super::log::LogState;
use crate::plugin::bindings::flistry::plugin::log::Level;
use crate::plugin::limits::Limit;

/// The packages that are stood in for; of version 0.2 only.
const PACKAGES: [&str; 7] =
    ["wasi:io/", "wasi:clocks/", "wasi:random/", "wasi:cli/", "wasi:filesystem/", "wasi:sockets/", "wasi:http/"];

/// How much may be written at once; the log's limit is what ends it.
const MAX_WRITE: u64 = 1 << 16;

struct Pollable;
struct IoError;
struct InputStream;
struct OutputStream;
/// A resource that nobody ever gets one of.
struct Nothing;

/// `stream-error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[allow(dead_code, reason = "part of the type; nothing here fails")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

/// `datetime`.
#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

/// What a run of a component with WASI keeps.
#[derive(Default)]
pub struct WasiState {
    /// What was written since the last line's end, to stdout and stderr.
    lines: [Vec<u8>; 2],
    drawn: u64,
}

/// What the functions work with: their own state, and the log that output goes to.
pub struct WasiContext<'a> {
    pub own: &'a mut WasiState,
    pub log: Context<'a, LogState>,
}

/// Finds them in the data of a store.
type Getter<T> = fn(&mut T) -> WasiContext<'_>;

/// Whether an import is one that is stood in for.
pub fn stands_in(import: &str) -> bool {
    let Some((interface, version)) = import.split_once('@') else { return false };
    version.starts_with("0.2.") && PACKAGES.iter().any(|package| interface.starts_with(package))
}

/// Defines what a component imports of WASI, under the very version that it asks for.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    component: &Component,
    get: Getter<T>,
) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (import, item) in component.component_type().imports(&engine) {
        let (true, ComponentItem::ComponentInstance(instance)) = (stands_in(import), item.ty) else { continue };
        let interface = import.split('@').next().unwrap_or(import);
        let mut to = linker.instance(import)?;
        for (name, item) in instance.exports(&engine) {
            match item.ty {
                ComponentItem::Resource(_) => to.resource(name, resource(name), |_, _| Ok(()))?,
                ComponentItem::ComponentFunc(_) if !define(&mut to, interface, name, get)? => {
                    let called = format!("{interface}.{name}");
                    to.func_new(name, move |_, _, _, _| {
                        Err(wasmtime::Error::msg(format!("it called {called}, which a plugin does not have")))
                    })?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// An interface that uses another's resource names it the same.
fn resource(name: &str) -> ResourceType {
    match name {
        "pollable" => ResourceType::host::<Pollable>(),
        "error" => ResourceType::host::<IoError>(),
        "input-stream" => ResourceType::host::<InputStream>(),
        "output-stream" => ResourceType::host::<OutputStream>(),
        _ => ResourceType::host::<Nothing>(),
    }
}

type Store<'a, T> = StoreContextMut<'a, T>;
type Stream = Resource<OutputStream>;
type StreamWritten = wasmtime::Result<(Result<(), StreamError>,)>;

/// Defines one function; `false` for one that can be imported and not called.
fn define<T: 'static>(
    to: &mut LinkerInstance<'_, T>,
    interface: &str,
    name: &str,
    get: Getter<T>,
) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("wasi:cli/environment", "get-environment") => {
            to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
        }
        ("wasi:cli/environment", "get-arguments") => {
            to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((Vec::<String>::new(),)))?;
        }
        ("wasi:cli/environment", "initial-cwd") => {
            to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((None::<String>,)))?
        }
        ("wasi:cli/exit", _) => {
            to.func_new(name, |_, _, _, _| Err(wasmtime::Error::msg("it ended its program instead of answering")))?;
        }
        ("wasi:cli/stdin", "get-stdin") => {
            to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((Resource::<InputStream>::new_own(0),)))?;
        }
        ("wasi:cli/stdout", "get-stdout") => to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((Stream::new_own(0),)))?,
        ("wasi:cli/stderr", "get-stderr") => to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((Stream::new_own(1),)))?,
        ("wasi:cli/terminal-stdin" | "wasi:cli/terminal-stdout" | "wasi:cli/terminal-stderr", _) => {
            to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((None::<Resource<Nothing>>,)))?;
        }
        ("wasi:filesystem/preopens", "get-directories") => {
            to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((Vec::<(Resource<Nothing>, String)>::new(),)))?;
        }
        ("wasi:filesystem/types", "filesystem-error-code") => {
            to.func_new(name, |_, _, _, results| {
                results[0] = Val::Option(None);
                Ok(())
            })?;
        }
        ("wasi:io/error", "[method]error.to-debug-string") => {
            to.func_wrap(name, |_: Store<'_, T>, (_,): (Resource<IoError>,)| Ok((String::from("an error"),)))?;
        }
        ("wasi:io/poll" | "wasi:io/streams", _) => return define_io(to, name, get),
        _ => return define_clock_or_random(to, interface, name, get),
    }
    Ok(true)
}

/// Time stands still, and random numbers are the same in every run.
fn define_clock_or_random<T: 'static>(
    to: &mut LinkerInstance<'_, T>,
    interface: &str,
    name: &str,
    get: Getter<T>,
) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("wasi:clocks/monotonic-clock", "now") => to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((0_u64,)))?,
        ("wasi:clocks/monotonic-clock", "resolution") => to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok((1_u64,)))?,
        ("wasi:clocks/monotonic-clock", "subscribe-instant" | "subscribe-duration") => {
            to.func_wrap(name, |_: Store<'_, T>, (_,): (u64,)| Ok((Resource::<Pollable>::new_own(0),)))?;
        }
        ("wasi:clocks/wall-clock", "now" | "resolution") => {
            let seconds = u64::from(name == "resolution");
            to.func_wrap(name, move |_: Store<'_, T>, (): ()| Ok((Datetime { seconds, nanoseconds: 0 },)))?;
        }
        ("wasi:random/random", "get-random-bytes") | ("wasi:random/insecure", "get-insecure-random-bytes") => {
            to.func_wrap(name, move |mut store: Store<'_, T>, (len,): (u64,)| {
                let WasiContext { own, log } = get(store.data_mut());
                log.meter.check(Limit::Call, len)?;
                let words = std::iter::repeat_with(|| own.draw().to_le_bytes());
                Ok((words.flatten().take(len as usize).collect::<Vec<u8>>(),))
            })?;
        }
        ("wasi:random/random", "get-random-u64") | ("wasi:random/insecure", "get-insecure-random-u64") => {
            to.func_wrap(name, move |mut store: Store<'_, T>, (): ()| Ok((get(store.data_mut()).own.draw(),)))?;
        }
        ("wasi:random/insecure-seed", "insecure-seed") => {
            to.func_wrap(name, |_: Store<'_, T>, (): ()| Ok(((1_u64, 2_u64),)))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Streams and waiting: input has ended, output goes to the log, everything is ready.
fn define_io<T: 'static>(to: &mut LinkerInstance<'_, T>, name: &str, get: Getter<T>) -> wasmtime::Result<bool> {
    let (what, method) = name.strip_prefix("[method]").and_then(|rest| rest.split_once('.')).unwrap_or(("", name));
    match (what, method) {
        ("", "poll") => to.func_wrap(name, |_: Store<'_, T>, (all,): (Vec<Resource<Pollable>>,)| {
            Ok(((0..all.len() as u32).collect::<Vec<u32>>(),))
        })?,
        ("pollable", "ready") => to.func_wrap(name, |_: Store<'_, T>, (_,): (Resource<Pollable>,)| Ok((true,)))?,
        ("pollable", "block") => to.func_wrap(name, |_: Store<'_, T>, (_,): (Resource<Pollable>,)| Ok(()))?,
        ("input-stream", "read" | "blocking-read") => {
            to.func_wrap(name, |_: Store<'_, T>, (_, _): (Resource<InputStream>, u64)| {
                Ok((Err::<Vec<u8>, _>(StreamError::Closed),))
            })?;
        }
        ("input-stream", "skip" | "blocking-skip") => {
            to.func_wrap(name, |_: Store<'_, T>, (_, _): (Resource<InputStream>, u64)| {
                Ok((Err::<u64, _>(StreamError::Closed),))
            })?;
        }
        ("input-stream", "subscribe") => to.func_wrap(name, |_: Store<'_, T>, (_,): (Resource<InputStream>,)| {
            Ok((Resource::<Pollable>::new_own(0),))
        })?,
        ("output-stream", "subscribe") => {
            to.func_wrap(name, |_: Store<'_, T>, (_,): (Stream,)| Ok((Resource::<Pollable>::new_own(0),)))?;
        }
        ("output-stream", "check-write") => {
            to.func_wrap(name, |_: Store<'_, T>, (_,): (Stream,)| Ok((Ok::<_, StreamError>(MAX_WRITE),)))?;
        }
        ("output-stream", "write" | "blocking-write-and-flush") => {
            to.func_wrap(name, move |mut store: Store<'_, T>, (stream, bytes): (Stream, Vec<u8>)| -> StreamWritten {
                get(store.data_mut()).write(stream.rep(), &bytes)?;
                Ok((Ok(()),))
            })?;
        }
        ("output-stream", "flush" | "blocking-flush") => {
            to.func_wrap(name, |_: Store<'_, T>, (_,): (Stream,)| -> StreamWritten { Ok((Ok(()),)) })?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

impl WasiState {
    /// The next of the numbers that every run gets: splitmix64, whose every seed is a good one.
    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.drawn;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl WasiContext<'_> {
    /// Logs whole lines and keeps the rest.
    fn write(&mut self, stream: u32, bytes: &[u8]) -> wasmtime::Result<()> {
        let stream = stream.min(1) as usize;
        let mut text = std::mem::take(&mut self.own.lines[stream]);
        text.extend_from_slice(bytes);
        // A line without an end would otherwise be endless.
        self.log.check_room(text.len())?;
        let mut lines = text.split(|byte| *byte == b'\n');
        let rest = lines.next_back().unwrap_or_default().to_vec();
        for line in lines {
            self.log.say(level(stream), &String::from_utf8_lossy(line))?;
        }
        self.own.lines[stream] = rest;
        Ok(())
    }

    /// Logs what was written without a line's end; the run is over.
    pub fn flush(&mut self) {
        for (stream, line) in std::mem::take(&mut self.own.lines).into_iter().enumerate() {
            if !line.is_empty() {
                // What is left over fits the limit, or it would not have been taken.
                let _ = self.log.say(level(stream), &String::from_utf8_lossy(&line));
            }
        }
    }
}

/// How much it matters what a program writes to stdout and stderr.
fn level(stream: usize) -> Level {
    if stream == 0 { Level::Debug } else { Level::Info }
}

#[cfg(test)]
mod tests;
