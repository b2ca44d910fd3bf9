//! What modules are called.

/// What the names of modules' files end in: plain, and compressed as kmod reads them.
pub const MODULE_ENDINGS: [&str; 4] = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"];

/// A module's name from its path: `kernel/net/nf-nat.ko.xz` is `nf_nat`. `None` where the path is not a module's.
pub fn module_name(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?;
    let name = MODULE_ENDINGS.iter().find_map(|ending| file.strip_suffix(ending)).filter(|name| !name.is_empty())?;
    // The kernel knows only underscores.
    Some(name.replace('-', "_"))
}

/// A name or a pattern as kmod compares it: `-` becomes `_`, except within brackets, where it makes a range.
pub fn normalize(text: &str) -> String {
    let mut in_set = false;
    let one = |c| match c {
        '[' | ']' => {
            in_set = c == '[';
            c
        }
        '-' if !in_set => '_',
        c => c,
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_underscores() {
        assert_eq!(module_name("kernel/net/nf-nat.ko.xz").as_deref(), Some("nf_nat"));
        assert_eq!(module_name("a.ko").as_deref(), Some("a"));
        assert_eq!((module_name("modules.dep"), module_name(".ko"), module_name("a.ko.bz2")), (None, None, None));
    }

    #[test]
    fn a_range_keeps_its_dash() {
        assert_eq!(normalize("mdio-bus:0[0-9]-x"), "mdio_bus:0[0-9]_x");
    }
}
