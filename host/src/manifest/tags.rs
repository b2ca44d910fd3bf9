//! The tags that flistry writes into a manifest. A key that begins with [`RESERVED`] is flistry's own; no plugin may set it.

/// What the keys of flistry's own tags begin with.
pub const RESERVED: &str = "flistry.";

/// The kernel version that the flist was built for.
pub const KERNEL: &str = "flistry.kernel";

/// What the flist is made of: `modules`, `firmware` or `plain`.
pub const KIND: &str = "flistry.type";

/// The version of flistry that built it.
pub const VERSION: &str = "flistry.version";

/// A digest of the packed entries and block ids.
pub const CONTENTS: &str = "flistry.contents";

/// A digest of the configuration that decided the entries.
pub const CONFIG: &str = "flistry.config";

/// What made the module indexes, such as `kmod 30`; only where the build made them.
pub const DEPMOD: &str = "flistry.depmod";

/// The key of the tag that says which plugin had a part in the flist; `name` is the configuration's.
pub fn plugin(name: &str) -> String {
    format!("flistry.plugin.{name}")
}
