//! The kernel version that a build is for.
