//! What the functions of an imported interface work with: its own state, and what all interfaces of a run share.

use std::marker::PhantomData;

use wasmtime::component::{HasData, ResourceTable};

use crate::plugin::meter::Meter;
use crate::plugin::secrecy::Secrecy;

/// One interface's view of a run. The generated traits are implemented on it, each for the state of its interface.
pub struct Context<'a, S> {
    /// The interface's own state.
    pub own: &'a mut S,
    /// What the run has used.
    pub meter: &'a mut Meter,
    /// What the plugin's handles stand for.
    pub handles: &'a mut ResourceTable,
    /// What it may not read or say.
    pub secrecy: &'a Secrecy,
}

/// Tells wasmtime that an interface is implemented on the [`Context`] of the state `S`.
pub struct Import<S>(PhantomData<S>);

impl<S: 'static> HasData for Import<S> {
    type Data<'a> = Context<'a, S>;
}
