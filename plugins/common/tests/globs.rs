//! The globs mean what an established implementation makes of them.

use flistry_common::globs::Glob;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    // But for `[!a]`, which crosses a slash in globset's.
    #[test]
    fn they_agree_with_globset(
        pattern in "(([ab?*]|\\[a-b\\]|\\{a,bb\\}){1,4}|\\*\\*)(/(([ab?*]|\\{b,a/b\\}){1,3}|\\*\\*)){0,3}",
        path in "[abc]{1,4}(/[abc]{1,3}){0,4}",
    ) {
        let theirs = globset::GlobBuilder::new(&pattern).literal_separator(true).build();
        if let (Ok(ours), Ok(theirs)) = (Glob::new(&pattern), theirs) {
            prop_assert_eq!(ours.matches(&path), theirs.compile_matcher().is_match(&path), "{} {}", pattern, path);
        }
    }
}
