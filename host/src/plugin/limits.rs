//! What a plugin may use up. Every limit is there so that a hostile or broken component can do nothing but fail.

use serde::Deserialize;
use wasmtime::ResourceLimiter;

/// The limits of one plugin. The defaults leave room for guests that bring an interpreter with them: a JavaScript
/// component has 12 MB, a Python one 18 MB.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Fuel for one call, about one unit an instruction. Deterministic: a build that passes once passes always.
    pub fuel: u64,
    /// Seconds for one call: a backstop against what fuel does not count. It must not be reached before the fuel is.
    pub wall_seconds: u64,
    /// Bytes of all memories and tables of one run together.
    pub memory_bytes: u64,
    /// Bytes that the plugin may hand to the host in one call across the border.
    pub call_bytes: u64,
    /// Bytes read from trees in one run. Modules count by their size as files, whether or not they are remembered.
    pub read_bytes: u64,
    /// Handles open at a time.
    pub handles: u64,
    /// Bytes logged in one call.
    pub log_bytes: u64,
    /// Operations of one post-pack hook.
    pub operations: u64,
    /// Bytes of a path or a symlink's target.
    pub path_bytes: u64,
    /// Bytes of a tag's value, and of a title.
    pub tag_bytes: u64,
    /// Bytes of the reason for which a filter drops an entry.
    pub reason_bytes: u64,
    /// Bytes logged in one run.
    pub total_log_bytes: u64,
    /// Bytes of all tags that a run sets or removes, with their keys.
    pub total_tag_bytes: u64,
    /// Bytes of all reasons that a run gives, for what is dropped and for what is explained.
    pub total_reason_bytes: u64,
    /// Bytes of all findings of a run, with their keys.
    pub total_finding_bytes: u64,
    /// Bytes of the paths and targets of all symlinks that a run adds.
    pub total_path_bytes: u64,
    /// Bytes of the component. This, and what follows up to the bytes of one function, is checked before it is compiled.
    pub component_bytes: u64,
    /// Functions of the component.
    pub functions: u64,
    /// Local variables of all its functions.
    pub locals: u64,
    /// Bytes of all its functions.
    pub code_bytes: u64,
    /// Bytes of one function: compiling a function of twice the length takes more than twice as long.
    pub function_bytes: u64,
    /// Seconds of processor time for compiling it, of all cores together.
    pub compile_seconds: u64,
    /// Bytes of memory for compiling it.
    pub compile_memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Limits {
            fuel: 20_000_000_000,
            wall_seconds: 300,
            memory_bytes: 512 * MIB,
            call_bytes: 64 * MIB,
            read_bytes: 4096 * MIB,
            handles: 1024,
            log_bytes: 256 << 10,
            operations: 100_000,
            path_bytes: 4096,
            tag_bytes: 1024,
            reason_bytes: 1024,
            total_log_bytes: 4 * MIB,
            total_tag_bytes: MIB,
            total_reason_bytes: 16 * MIB,
            total_finding_bytes: 16 * MIB,
            total_path_bytes: 8 * MIB,
            component_bytes: 64 * MIB,
            functions: 60_000,
            locals: 500_000,
            code_bytes: 32 * MIB,
            function_bytes: MIB,
            compile_seconds: 300,
            compile_memory_bytes: 2048 * MIB,
        }
    }
}

/// Which limit; its word is the setting's name, its text what it limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Limit {
    Fuel,
    WallClock,
    Memory,
    Call,
    Read,
    Handles,
    Log,
    Operations,
    Path,
    Tag,
    Reason,
    TotalLog,
    TotalTags,
    TotalReasons,
    TotalFindings,
    TotalPaths,
    Component,
    Functions,
    Locals,
    Code,
    Function,
    CompileSeconds,
    CompileMemory,
}

impl Limit {
    /// The setting that raises it.
    pub fn setting(self) -> &'static str {
        match self {
            Limit::Fuel => "fuel",
            Limit::WallClock => "wall-seconds",
            Limit::Memory => "memory-bytes",
            Limit::Call => "call-bytes",
            Limit::Read => "read-bytes",
            Limit::Handles => "handles",
            Limit::Log => "log-bytes",
            Limit::Operations => "operations",
            Limit::Path => "path-bytes",
            Limit::Tag => "tag-bytes",
            Limit::Reason => "reason-bytes",
            Limit::TotalLog => "total-log-bytes",
            Limit::TotalTags => "total-tag-bytes",
            Limit::TotalReasons => "total-reason-bytes",
            Limit::TotalFindings => "total-finding-bytes",
            Limit::TotalPaths => "total-path-bytes",
            Limit::Component => "component-bytes",
            Limit::Functions => "functions",
            Limit::Locals => "locals",
            Limit::Code => "code-bytes",
            Limit::Function => "function-bytes",
            Limit::CompileSeconds => "compile-seconds",
            Limit::CompileMemory => "compile-memory-bytes",
        }
    }

    /// What there was too much of.
    pub fn what(self) -> &'static str {
        match self {
            Limit::Fuel => "instructions in one call",
            Limit::WallClock => "seconds in one call",
            Limit::Memory => "bytes of memory",
            Limit::Call => "bytes handed to the host at once",
            Limit::Read => "bytes read from trees",
            Limit::Handles => "open handles",
            Limit::Log => "bytes logged in one call",
            Limit::Operations => "operations",
            Limit::Path => "bytes of a path",
            Limit::Tag => "bytes of a tag",
            Limit::Reason => "bytes of a reason",
            Limit::TotalLog => "bytes logged in one run",
            Limit::TotalTags => "bytes of tags in one run",
            Limit::TotalReasons => "bytes of reasons in one run",
            Limit::TotalFindings => "bytes of findings in one run",
            Limit::TotalPaths => "bytes of added symlinks in one run",
            Limit::Component => "bytes of the component",
            Limit::Functions => "functions",
            Limit::Locals => "local variables",
            Limit::Code => "bytes of code",
            Limit::Function => "bytes of one function",
            Limit::CompileSeconds => "seconds of compiling",
            Limit::CompileMemory => "bytes of memory for compiling",
        }
    }

    /// The amount that is allowed.
    pub fn amount(self, limits: &Limits) -> u64 {
        match self {
            Limit::Fuel => limits.fuel,
            Limit::WallClock => limits.wall_seconds,
            Limit::Memory => limits.memory_bytes,
            Limit::Call => limits.call_bytes,
            Limit::Read => limits.read_bytes,
            Limit::Handles => limits.handles,
            Limit::Log => limits.log_bytes,
            Limit::Operations => limits.operations,
            Limit::Path => limits.path_bytes,
            Limit::Tag => limits.tag_bytes,
            Limit::Reason => limits.reason_bytes,
            Limit::TotalLog => limits.total_log_bytes,
            Limit::TotalTags => limits.total_tag_bytes,
            Limit::TotalReasons => limits.total_reason_bytes,
            Limit::TotalFindings => limits.total_finding_bytes,
            Limit::TotalPaths => limits.total_path_bytes,
            Limit::Component => limits.component_bytes,
            Limit::Functions => limits.functions,
            Limit::Locals => limits.locals,
            Limit::Code => limits.code_bytes,
            Limit::Function => limits.function_bytes,
            Limit::CompileSeconds => limits.compile_seconds,
            Limit::CompileMemory => limits.compile_memory_bytes,
        }
    }
}

/// A limit was reached; a trap that says which.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("more {} than allowed", .0.what())]
pub(super) struct Breach(pub Limit);

/// Adds up all memories and tables of a store: wasmtime's own `StoreLimits` looks at each alone.
#[derive(Debug)]
pub(super) struct MemoryMeter {
    used: u64,
    most: u64,
    /// The most that was in use at a time.
    pub peak: u64,
}

impl MemoryMeter {
    pub fn new(most: u64) -> Self {
        MemoryMeter { used: 0, most, peak: 0 }
    }

    /// Traps instead of telling the guest that there is no memory: the guest's own answer to that would be a panic that
    /// names no limit.
    fn grow(&mut self, current: usize, desired: usize, unit: usize) -> wasmtime::Result<bool> {
        let more = (desired.saturating_sub(current) as u64).saturating_mul(unit as u64);
        let used = self.used.saturating_add(more);
        if used > self.most {
            return Err(wasmtime::Error::from(Breach(Limit::Memory)));
        }
        self.used = used;
        self.peak = self.peak.max(used);
        Ok(true)
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.grow(current, desired, 1)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // No element of a table takes more on any machine that flistry runs on.
        self.grow(current, desired, 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_as_in_the_configuration() {
        let limits: Limits = serde_json::from_str(r#"{ "memory-bytes": 7, "fuel": 9 }"#).unwrap();
        assert_eq!((limits.memory_bytes, limits.fuel), (7, 9));
        assert_eq!(limits.log_bytes, Limits::default().log_bytes);
        assert!(serde_json::from_str::<Limits>(r#"{ "memory": 7 }"#).is_err());
        for limit in [Limit::Fuel, Limit::WallClock, Limit::Memory, Limit::Call, Limit::Read, Limit::Handles]
            .into_iter()
            .chain([Limit::Log, Limit::Operations, Limit::Path, Limit::Tag, Limit::Reason, Limit::Component])
            .chain([Limit::TotalLog, Limit::TotalTags, Limit::TotalReasons, Limit::TotalFindings, Limit::TotalPaths])
            .chain([Limit::Functions, Limit::Locals, Limit::Code, Limit::Function])
            .chain([Limit::CompileSeconds, Limit::CompileMemory])
        {
            let text = format!(r#"{{ "{}": 3 }}"#, limit.setting());
            assert_eq!(limit.amount(&serde_json::from_str(&text).unwrap()), 3);
        }
    }

    #[test]
    fn memories_and_tables_are_added_up() {
        let mut meter = MemoryMeter::new(1000);
        assert!(meter.memory_growing(0, 600, None).unwrap());
        assert!(meter.table_growing(0, 20, None).unwrap());
        assert!(meter.memory_growing(0, 100, None).is_err());
        assert_eq!(meter.peak, 920);
    }
}
