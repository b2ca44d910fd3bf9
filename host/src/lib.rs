//! flistry packs Linux kernel modules and firmware into flists.

pub mod block;
pub mod secret;
pub mod warning;
