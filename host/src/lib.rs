//! flistry packs Linux kernel modules and firmware into flists: a small SQLite manifest of a file tree, and its contents as
//! encrypted blobs in a store that a node mounts them from.
//!
//! The modules are the pipeline:
//!
//! | stage | module | |
//! |---|---|---|
//! | configuration | [`config`], [`kernel`] | one validated value; the kernel version |
//! | source | [`source`] | the directory, opened once |
//! | scan | [`scan`] | everything in it, by lstat |
//! | policy | [`policy`], [`plugin`] | the WebAssembly components that decide: filter, name, post-pack |
//! | filter | [`filter`] | what goes in |
//! | normal form | [`normal`], [`tree`] | the same contents give the same manifest |
//! | name | [`naming`] | the manifest's file name and aliases |
//! | post-pack | [`plugin::apply`] | last changes before contents are read |
//! | compatibility | [`compatibility`] | what a node could not use |
//! | indexes | [`indexes`] | what modprobe looks things up in fits the modules |
//! | pack | [`pack`], [`block`] | contents to blobs |
//! | manifest | [`manifest`] | the SQLite file, written and read |
//! | route | [`route`] | no write credential leaves |
//! | read back | [`read_back`], [`verify`] | what a node will do |
//! | publish | [`publish`], [`report`] | names, last |
//! | units | [`zinit`] | what a node runs to mount them |
//!
//! [`plan`] is the pipeline up to the pack, [`pipeline`] the rest; [`store`] is where blobs lie; [`unpack`] and [`diff`] look
//! at what was made; [`scaffold`] and [`componentize`] are for authors of plugins. The library reads no environment and prints nothing: the program does both.

pub mod block;
pub mod build;
pub mod config;
pub mod error;
pub mod files;
pub mod kernel;
pub mod manifest;
pub mod pack;
pub mod plugin;
pub mod printable;
pub mod progress;
pub mod publish;
pub mod report;
pub mod store;
pub mod tree;
pub mod unpack;
pub mod verify;
pub mod zinit;
