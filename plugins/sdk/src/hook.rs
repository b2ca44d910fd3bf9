//! The traits of the hooks, and what [`export!`](crate::export) makes of them.

use serde::de::DeserializeOwned;

#[cfg(target_family = "wasm")]
use crate::host::configuration;
use crate::{Draft, Entry, Error, Facts, Names, Verdict};

/// What every plugin has.
pub trait Plugin {
    /// The `config` table of the plugin's entry in flistry.toml. Give it `#[serde(deny_unknown_fields)]`, so that the
    /// message for a typo lists the settings that there are.
    type Config: DeserializeOwned;

    /// Refuses a configuration that the type alone does not refuse, before a build begins.
    fn check(_config: &Self::Config) -> Result<(), Error> {
        Ok(())
    }
}

/// Decides what goes into an flist. One value serves a whole run.
pub trait Filter: Plugin + Sized + 'static {
    /// Makes the filter before the first entry: the place to look at the whole tree.
    fn new(facts: &Facts, config: Self::Config) -> Result<Self, Error>;

    /// What becomes of an entry. Each is asked about once, in the order of the tree. Dropping a directory does not drop what
    /// is in it, and the directories of what is kept are kept.
    fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error>;
}

/// Names an flist.
pub trait Naming: Plugin {
    /// The manifest's file name, its aliases and its title.
    fn name(facts: &Facts, config: Self::Config) -> Result<Names, Error>;
}

/// Edits a manifest before the contents are read.
pub trait PostPack: Plugin {
    /// Collects changes on `draft`; the host makes all of them or none.
    fn edit(facts: &Facts, config: Self::Config, draft: &Draft) -> Result<(), Error>;
}

/// A configuration as it comes from the host, read and checked.
pub fn config<P: Plugin>(json: &str) -> Result<P::Config, Error> {
    let config = crate::config::parse(json)?;
    P::check(&config)?;
    Ok(config)
}

/// What every call of a plugin begins with.
#[cfg(target_family = "wasm")]
pub fn begin<P: Plugin>() -> Result<P::Config, Error> {
    log_panics();
    config::<P>(&configuration::json())
}

/// The same for a hook.
#[cfg(target_family = "wasm")]
pub fn begin_hook<P: Plugin>() -> Result<(Facts, P::Config), Error> {
    let config = begin::<P>()?;
    Ok((Facts::of_build(), config))
}

/// A trap says only that it was one: the panic's message goes to the log before.
#[cfg(target_family = "wasm")]
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| crate::log::warn(&panic.to_string())));
}

/// Makes the component's exports: `export!(TYPE: HOOK, …)` with the hooks `filter`, `naming` and `post_pack`.
#[macro_export]
macro_rules! export {
    ($plugin:ident: $($hook:ident),+ $(,)?) => {
        #[cfg(not(target_family = "wasm"))]
        const _: () = {
            $($crate::__has_hook!($hook, $plugin);)+
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Component;

            impl $crate::bindings::validation::exports::flistry::plugin::validation::Guest for Component {
                fn validate() -> Result<(), $crate::Error> {
                    $crate::hook::begin::<$plugin>().map(|_| ())
                }
            }

            $crate::bindings::validation::export_validation!(Component with_types_in $crate::bindings::validation);
            $($crate::__export_hook!($hook, $plugin);)+
        };
    };
}

/// A native test has nothing to export: it only says that the traits are there.
#[doc(hidden)]
#[macro_export]
macro_rules! __has_hook {
    (filter, $plugin:ident) => {
        $crate::__has_hook!(Filter for $plugin);
    };
    (naming, $plugin:ident) => {
        $crate::__has_hook!(Naming for $plugin);
    };
    (post_pack, $plugin:ident) => {
        $crate::__has_hook!(PostPack for $plugin);
    };
    ($hook:ident for $plugin:ident) => {
        const _: fn() = {
            fn has_hook<P: $crate::$hook>() {}
            has_hook::<$plugin>
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_hook {
    (filter, $plugin:ident) => {
        struct FilterResource(std::cell::RefCell<$plugin>);

        impl $crate::bindings::filter::exports::flistry::plugin::filter::Guest for Component {
            type Filter = FilterResource;
        }

        impl $crate::bindings::filter::exports::flistry::plugin::filter::GuestFilter for FilterResource {
            fn create()
            -> Result<$crate::bindings::filter::exports::flistry::plugin::filter::Filter, $crate::Error> {
                let (facts, config) = $crate::hook::begin_hook::<$plugin>()?;
                let filter = FilterResource(std::cell::RefCell::new(<$plugin as $crate::Filter>::new(&facts, config)?));
                Ok($crate::bindings::filter::exports::flistry::plugin::filter::Filter::new(filter))
            }

            fn decide(&self, batch: Vec<$crate::Entry>) -> Result<Vec<$crate::Verdict>, $crate::Error> {
                let mut filter = self.0.borrow_mut();
                batch.iter().map(|entry| $crate::Filter::decide(&mut *filter, entry)).collect()
            }
        }

        $crate::bindings::filter::export_filter!(Component with_types_in $crate::bindings::filter);
    };
    (naming, $plugin:ident) => {
        impl $crate::bindings::naming::exports::flistry::plugin::naming::Guest for Component {
            fn name() -> Result<$crate::Names, $crate::Error> {
                let (facts, config) = $crate::hook::begin_hook::<$plugin>()?;
                <$plugin as $crate::Naming>::name(&facts, config)
            }
        }

        $crate::bindings::naming::export_naming!(Component with_types_in $crate::bindings::naming);
    };
    (post_pack, $plugin:ident) => {
        impl $crate::bindings::post_pack::exports::flistry::plugin::post_pack::Guest for Component {
            fn edit(draft: &$crate::Draft) -> Result<(), $crate::Error> {
                let (facts, config) = $crate::hook::begin_hook::<$plugin>()?;
                <$plugin as $crate::PostPack>::edit(&facts, config, draft)
            }
        }

        $crate::bindings::post_pack::export_post_pack!(Component with_types_in $crate::bindings::post_pack);
    };
}
