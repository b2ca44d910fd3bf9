//! What modules are called.

/// What a compressed module's path ends in, after `.ko`.
const COMPRESSIONS: [&str; 3] = [".gz", ".xz", ".zst"];

/// A module's path without the ending of its compression, and that ending, which is empty for a plain module:
/// `kernel/net/nf-nat.ko.xz` is `kernel/net/nf-nat.ko` and `.xz`. `None` where the path is not a module's.
pub fn split_compression(path: &str) -> Option<(&str, &str)> {
    let plain = COMPRESSIONS.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path);
    plain.ends_with(".ko").then(|| path.split_at(plain.len()))
}

/// A module's name from its path: `kernel/net/nf-nat.ko.xz` is `nf_nat`. `None` where the path is not a module's.
pub fn module_name(path: &str) -> Option<String> {
    let (plain, _) = split_compression(path)?;
    let name = plain.rsplit('/').next()?.strip_suffix(".ko").filter(|name| !name.is_empty())?;
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
    fn a_compression_is_split_off() {
        assert_eq!(split_compression("a/b.ko.zst"), Some(("a/b.ko", ".zst")));
        assert_eq!(split_compression("b.ko"), Some(("b.ko", "")));
        assert_eq!((split_compression("a.xz"), split_compression("a.kotlin")), (None, None));
    }

    #[test]
    fn a_range_keeps_its_dash() {
        assert_eq!(normalize("mdio-bus:0[0-9]-x"), "mdio_bus:0[0-9]_x");
    }
}
