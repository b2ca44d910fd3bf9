//! What a store holds: the state of each interface that a plugin may import, put together.

use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};

use super::bindings::flistry::plugin::{build, configuration, drafts, log, module_info, report, trees, types};
use super::imports::{
    BuildState, ConfigurationState, Context, DraftsState, Import, LogState, ModuleInfoState, ReportState, TreesState,
    TypesState, WasiContext, WasiState,
};
use super::limits::{Limits, MemoryMeter};
use super::meter::Meter;
use super::secrecy::Secrecy;

/// One run.
pub(super) struct State {
    pub meter: Meter,
    pub memory: MemoryMeter,
    pub handles: ResourceTable,
    pub secrecy: Arc<Secrecy>,
    pub types: TypesState,
    pub answers: Answers,
    pub drafts: DraftsState,
    pub wasi: WasiState,
}

/// The state of an interface in a run, as its functions get it.
macro_rules! part {
    ($($place:ident).+) => {
        |run: &mut State| Context {
            own: &mut run.$($place).+,
            meter: &mut run.meter,
            handles: &mut run.handles,
            secrecy: &run.secrecy,
        }
    };
}

/// The interfaces that answer by what is built, and by what the configuration grants.
pub(super) struct Answers {
    pub log: LogState,
    pub build: BuildState,
    pub configuration: ConfigurationState,
    pub trees: TreesState,
    pub module_info: ModuleInfoState,
    pub report: ReportState,
}

impl State {
    pub fn new(limits: &Arc<Limits>, secrecy: Arc<Secrecy>, answers: Answers) -> State {
        let mut handles = ResourceTable::new();
        handles.set_max_capacity(usize::try_from(limits.handles).unwrap_or(usize::MAX));
        State {
            meter: Meter::new(limits.clone()),
            memory: MemoryMeter::new(limits.memory_bytes),
            handles,
            secrecy,
            types: TypesState,
            answers,
            drafts: DraftsState,
            wasi: WasiState::default(),
        }
    }

    /// Offers every interface of `flistry:plugin`.
    pub fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
        types::add_to_linker::<_, Import<TypesState>>(linker, part!(types))?;
        log::add_to_linker::<_, Import<LogState>>(linker, part!(answers.log))?;
        build::add_to_linker::<_, Import<BuildState>>(linker, part!(answers.build))?;
        configuration::add_to_linker::<_, Import<ConfigurationState>>(linker, part!(answers.configuration))?;
        trees::add_to_linker::<_, Import<TreesState>>(linker, part!(answers.trees))?;
        module_info::add_to_linker::<_, Import<ModuleInfoState>>(linker, part!(answers.module_info))?;
        report::add_to_linker::<_, Import<ReportState>>(linker, part!(answers.report))?;
        drafts::add_to_linker::<_, Import<DraftsState>>(linker, part!(drafts))
    }

    /// What WASI's stand-ins work with.
    pub fn wasi(&mut self) -> WasiContext<'_> {
        WasiContext {
            own: &mut self.wasi,
            log: Context {
                own: &mut self.answers.log,
                meter: &mut self.meter,
                handles: &mut self.handles,
                secrecy: &self.secrecy,
            },
        }
    }
}
