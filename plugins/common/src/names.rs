//! What names are made of: those of flists, and what becomes a part of them, which are kernel versions and releases.

/// Bytes of the longest name of an flist; leaves room for `.report.json` and a temporary's suffix within a file system's 255.
pub const MAX_FLIST_NAME: usize = 200;

/// [`is_flist_name`] in words.
pub const FLIST_NAME_RULE: &str = "a name ends in .fl, has at most 200 letters, digits, `.`, `_`, `+`, `~` and `-`, and \
                                   starts with none of `.`, `~` and `-`";

/// Whether all of a text can be a part of a name. It means the same in a path, a URL and a quoted word of a script then.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte))
}

/// Whether a text is no option, no hidden file and no home directory at the beginning of a name.
pub fn is_plain_start(text: &str) -> bool {
    is_plain(text) && !text.starts_with(['.', '~', '-'])
}

/// Whether a text can be the name of an flist.
pub fn is_flist_name(text: &str) -> bool {
    is_plain_start(text) && text.ends_with(".fl") && text.len() <= MAX_FLIST_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_version_may_hold_a_name_may_hold() {
        for name in
            ["modules-6.12.44-Zero-OS.fl", "modules-6.13.0~rc1-1_2+b.fl", "a~.fl", &format!("{}.fl", "x".repeat(197))]
        {
            assert!(is_flist_name(name), "{name}");
        }
        for name in
            ["m", ".fl", "-m.fl", "~m.fl", ".m.fl", "a/b.fl", "a b.fl", "é.fl", "", &format!("{}.fl", "x".repeat(198))]
        {
            assert!(!is_flist_name(name), "{name}");
        }
        assert!(is_plain("") && is_plain("-~.") && !is_plain("a/b") && !is_plain_start("~a"));
    }
}
