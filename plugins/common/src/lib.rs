//! What flistry and its plugins must agree on, in one place for both.
//!
//! | module | holds |
//! |---|---|
//! | [`globs`] | patterns of paths, and rules made of them |
//! | [`fnmatch`] | the patterns of `modules.alias` and of firmware names |
//! | [`names`] | what the names of flists are made of |
//! | [`placeholders`] | text with `{name}` or `@NAME@` in it |
//! | [`symlinks`] | where a symlink leads within a tree, as Linux would resolve it |
//! | [`text`] | the text in a file's bytes |
//! | [`modules`] | names of kernel modules, and the indexes that depmod and the kernel's build make |
//!
//! It reads nothing itself: texts and trees come in, values go out.

#![forbid(unsafe_code)]

pub mod fnmatch;
pub mod globs;
pub mod modules;
pub mod names;
pub mod placeholders;
pub mod symlinks;
pub mod text;
