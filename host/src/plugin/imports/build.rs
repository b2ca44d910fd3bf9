//! `build`: what is being built.

use super::context::Context;
use crate::kernel::kernel_config::KernelOption;
use crate::plugin::bindings::flistry::plugin::build::Host;
use crate::plugin::bindings::flistry::plugin::types::Attributes;
use crate::plugin::error::Misuse;
use crate::plugin::facts::BuildFacts;

/// The facts of the build; none while a configuration is validated.
pub struct BuildState(pub Option<BuildFacts>);

impl Context<'_, BuildState> {
    fn facts(&self) -> wasmtime::Result<&BuildFacts> {
        let nothing =
            || Misuse("it asks what is being built, and nothing is: its configuration is validated".to_owned());
        self.own.0.as_ref().ok_or_else(|| nothing().into())
    }
}

impl Host for Context<'_, BuildState> {
    fn flist(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts()?.flist.clone())
    }

    fn contents(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts()?.kind.as_str().to_owned())
    }

    fn kernel(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts()?.kernel.clone())
    }

    fn date(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts()?.date.clone())
    }

    fn variables(&mut self) -> wasmtime::Result<Attributes> {
        Ok(self.facts()?.variables.clone().into_iter().collect())
    }

    fn kernel_option(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.facts()?.kernel_config.get(&name).and_then(KernelOption::value).map(str::to_owned))
    }

    fn entries(&mut self) -> wasmtime::Result<u64> {
        Ok(self.facts()?.figures.entries)
    }

    fn files(&mut self) -> wasmtime::Result<u64> {
        Ok(self.facts()?.figures.files)
    }

    fn bytes(&mut self) -> wasmtime::Result<u64> {
        Ok(self.facts()?.figures.bytes)
    }

    fn file_name(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.facts()?.file_name.as_ref().map(ToString::to_string))
    }

    fn mount(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.facts()?.mount.clone())
    }
}
