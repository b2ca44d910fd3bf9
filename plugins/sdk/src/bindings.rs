//! What wit-bindgen makes of `wit/`.
//!
//! A world for each interface that a plugin can export, rather than the worlds of `worlds.wit`: wit-component puts
//! together what a plugin asked for, so that one component can have any set of hooks.

#![allow(missing_docs)]

/// What every plugin imports, and the types that the hooks share.
pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package flistry:guest;
            world imports {
                import flistry:plugin/types@0.1.0;
                import flistry:plugin/log@0.1.0;
                import flistry:plugin/build@0.1.0;
                import flistry:plugin/configuration@0.1.0;
                import flistry:plugin/trees@0.1.0;
                import flistry:plugin/module-info@0.1.0;
                import flistry:plugin/report@0.1.0;
                import flistry:plugin/drafts@0.1.0;
            }
        ",
        world: "flistry:guest/imports",
        generate_all,
    });
}

/// The export of `validation`.
pub mod validation {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package flistry:guest;
            world exports-validation {
                export flistry:plugin/validation@0.1.0;
            }
        ",
        world: "flistry:guest/exports-validation",
        with: {
            "flistry:plugin/types@0.1.0": crate::bindings::imports::flistry::plugin::types,
        },
        pub_export_macro: true,
        export_macro_name: "export_validation",
        default_bindings_module: "flistry_plugin::bindings::validation",
    });
}

/// The export of `filter`.
pub mod filter {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package flistry:guest;
            world exports-filter {
                export flistry:plugin/filter@0.1.0;
            }
        ",
        world: "flistry:guest/exports-filter",
        with: {
            "flistry:plugin/types@0.1.0": crate::bindings::imports::flistry::plugin::types,
        },
        pub_export_macro: true,
        export_macro_name: "export_filter",
        default_bindings_module: "flistry_plugin::bindings::filter",
    });
}

/// The export of `naming`.
pub mod naming {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package flistry:guest;
            world exports-naming {
                export flistry:plugin/naming@0.1.0;
            }
        ",
        world: "flistry:guest/exports-naming",
        with: {
            "flistry:plugin/types@0.1.0": crate::bindings::imports::flistry::plugin::types,
        },
        pub_export_macro: true,
        export_macro_name: "export_naming",
        default_bindings_module: "flistry_plugin::bindings::naming",
    });
}

/// The export of `post-pack`.
pub mod post_pack {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package flistry:guest;
            world exports-post-pack {
                export flistry:plugin/post-pack@0.1.0;
            }
        ",
        world: "flistry:guest/exports-post-pack",
        with: {
            "flistry:plugin/types@0.1.0": crate::bindings::imports::flistry::plugin::types,
            "flistry:plugin/drafts@0.1.0": crate::bindings::imports::flistry::plugin::drafts,
        },
        pub_export_macro: true,
        export_macro_name: "export_post_pack",
        default_bindings_module: "flistry_plugin::bindings::post_pack",
    });
}
