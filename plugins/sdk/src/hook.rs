//! The traits of the hooks, and what [`export!`](crate::export) makes of them.

use serde::de::DeserializeOwned;

use crate::{Entry, Error, Facts, Manifest, Names, Verdict};

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
    /// Before the first entry: the place to look at the whole tree.
    fn begin(facts: &Facts, config: Self::Config) -> Result<Self, Error>;

    /// What becomes of an entry. Each is asked for once. Dropping a folder does not drop what is in it, and the folders
    /// of what is kept are kept.
    fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error>;
}

/// Names an flist.
pub trait Naming: Plugin {
    /// The manifest's file name, its aliases and its title.
    fn name(facts: &Facts, config: Self::Config) -> Result<Names, Error>;
}

/// Edits a manifest before the contents are packed.
pub trait PostPack: Plugin {
    /// Collects operations on `manifest`; the host applies all of them or none.
    fn edit(facts: &Facts, config: Self::Config, manifest: &Manifest) -> Result<(), Error>;
}

/// The plugin's configuration, read and checked.
pub fn config<P: Plugin>(text: &str) -> Result<P::Config, Error> {
    log_panics();
    let config = crate::config::parse(text)?;
    P::check(&config)?;
    Ok(config)
}

/// A trap says only that it was one: the panic's message goes to the log before.
fn log_panics() {
    if cfg!(target_family = "wasm") {
        std::panic::set_hook(Box::new(|panic| crate::log::warn(&panic.to_string())));
    }
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

            impl $crate::bindings::configuration::exports::flistry::plugin::configuration::Guest for Component {
                fn validate(config: String) -> Result<(), $crate::Error> {
                    $crate::hook::config::<$plugin>(&config).map(|_| ())
                }
            }

            $crate::bindings::configuration::export_configuration!(
                Component with_types_in $crate::bindings::configuration
            );
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
        std::thread_local! {
            static FILTER: std::cell::RefCell<Option<$plugin>> = const { std::cell::RefCell::new(None) };
        }

        impl $crate::bindings::filter::exports::flistry::plugin::filter::Guest for Component {
            fn begin(facts: $crate::Facts, config: String) -> Result<(), $crate::Error> {
                let filter = <$plugin as $crate::Filter>::begin(&facts, $crate::hook::config::<$plugin>(&config)?)?;
                FILTER.set(Some(filter));
                Ok(())
            }

            fn decide(batch: Vec<$crate::Entry>) -> Result<Vec<($crate::EntryId, $crate::Verdict)>, $crate::Error> {
                FILTER.with_borrow_mut(|filter| {
                    let filter = filter.as_mut().expect("the host calls begin first");
                    let decide = |entry: &$crate::Entry| Ok((entry.id, $crate::Filter::decide(filter, entry)?));
                    batch.iter().map(decide).collect()
                })
            }
        }

        $crate::bindings::filter::export_filter!(Component with_types_in $crate::bindings::filter);
    };
    (naming, $plugin:ident) => {
        impl $crate::bindings::naming::exports::flistry::plugin::naming::Guest for Component {
            fn name(facts: $crate::Facts, config: String) -> Result<$crate::Names, $crate::Error> {
                <$plugin as $crate::Naming>::name(&facts, $crate::hook::config::<$plugin>(&config)?)
            }
        }

        $crate::bindings::naming::export_naming!(Component with_types_in $crate::bindings::naming);
    };
    (post_pack, $plugin:ident) => {
        impl $crate::bindings::post_pack::exports::flistry::plugin::post_pack::Guest for Component {
            fn edit(facts: $crate::Facts, config: String, manifest: &$crate::Manifest) -> Result<(), $crate::Error> {
                <$plugin as $crate::PostPack>::edit(&facts, $crate::hook::config::<$plugin>(&config)?, manifest)
            }
        }

        $crate::bindings::post_pack::export_post_pack!(Component with_types_in $crate::bindings::post_pack);
    };
}
