//! The command line, case by case: what is typed and what comes back stand in `tests/cmd/*.trycmd`. After a change that is
//! meant, `TRYCMD=overwrite cargo test --test it command_line` writes them anew, to be read before they are committed.

#[test]
fn cases() {
    trycmd::TestCases::new().case("../tests/cmd/*.trycmd").env("FIRMWARE_TAG", "tag").run();
}
