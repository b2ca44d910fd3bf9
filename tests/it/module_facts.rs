//! What flistry finds in the file of a module is what binutils finds there. These need `strings` and `nm`.

use std::process::Command;

use flistry::kernel::modinfo::Compression;
use flistry::kernel::module_facts::ModuleFacts;
use flistry::kernel::object_strings::{Fingerprint, FingerprintSet};

use crate::support::module::Module;

/// What another program prints of the bytes.
fn lines(program: &str, arguments: &[&str], bytes: &[u8]) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = Command::new(program).args(arguments).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn driver() -> Module {
    Module::new()
        .info("firmware", "rtlwifi/rtl8723efw.bin")
        .string("rtlwifi/rtl8723fw.bin")
        .string("amd/amd_sev_fam%.2xh_model%.1xxh.sbin")
        .string("\u{1}3failed to load %s\n")
        .string("ab")
        .string(&"long".repeat(64))
        .imports("request_firmware_nowait")
        .imports("release_firmware")
        .exports("rtl_ready")
}

fn facts(bytes: &[u8]) -> ModuleFacts {
    ModuleFacts::of_file(bytes, Compression::None).unwrap()
}

#[test]
fn strings_are_those_that_binutils_finds_but_for_what_the_module_declares() {
    let elf = driver().elf();
    let facts = facts(&elf);
    let found: Vec<&str> = facts.strings.names.iter().collect();
    let (names, message) = (["amd/amd_sev_fam%.2xh_model%.1xxh.sbin", "rtlwifi/rtl8723fw.bin"], "3failed to load %s");
    assert_eq!(found, names);
    assert!(facts.strings.messages.has(Fingerprint::of(message)));
    let binutils = lines("strings", &["--data", "--bytes=3"], &elf);
    assert!(names.iter().chain([&message]).all(|string| binutils.iter().any(|line| line == string)), "{binutils:?}");
}

#[test]
fn imports_are_the_symbols_that_nm_calls_undefined() {
    let elf = driver().elf();
    let nm = lines("nm", &["--undefined-only", "--format=just-symbols"], &elf);
    assert_eq!(nm.len(), 2);
    assert_eq!(facts(&elf).imports, FingerprintSet::new(nm.iter().map(String::as_str)));
}

#[test]
fn what_is_declared_stays_in_its_order() {
    let pairs = facts(&driver().elf()).modinfo;
    let keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["license", "vermagic", "firmware"]);
}
