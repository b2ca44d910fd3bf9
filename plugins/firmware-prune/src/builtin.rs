//! Which drivers are built into the kernel, and what firmware they name: `modules.builtin`, one path a line, and
//! `modules.builtin.modinfo`, `MODULE.KEY=VALUE` records that each end in a NUL.

use std::collections::BTreeSet;

use flistry_plugin::modules::{module_name, parse_builtin_modinfo, without_records};

/// The drivers that are built in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Builtins {
    /// Their names, as far as they are known.
    pub drivers: BTreeSet<String>,
    /// Driver and firmware, in the file's order.
    pub firmware: Vec<(String, String)>,
    /// Why the firmware is not known. Nothing may be removed then.
    pub unknown: Option<String>,
}

/// Reads the two files; `None` for one that is not there.
pub fn builtins(list: Option<&str>, modinfo: Option<&[u8]>) -> Builtins {
    let mut found = Builtins::default();
    let lines = || list.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty());
    found.drivers = lines().filter_map(module_name).collect();
    let Some(bytes) = modinfo.filter(|bytes| bytes.iter().any(|byte| *byte != 0)) else {
        let what = if modinfo.is_some() { "empty" } else { "missing" };
        // An empty list says that nothing is built in.
        found.unknown = match list {
            None => Some(format!(
                "modules.builtin.modinfo is {what}, and modules.builtin does not say that nothing is built in"
            )),
            Some(_) => match lines().count() {
                0 => None,
                count => Some(format!("modules.builtin.modinfo is {what}, and modules.builtin has {count} drivers")),
            },
        };
        return found;
    };
    match parse_builtin_modinfo(bytes).collect::<Result<Vec<_>, _>>() {
        Ok(records) => {
            let missing = without_records(list.unwrap_or_default(), bytes);
            if let Some(first) = missing.first() {
                let count = missing.len();
                found.unknown = Some(format!(
                    "modules.builtin.modinfo is not whole: it has no record of {count} of the drivers in modules.builtin, such as {first}"
                ));
            }
            let firmware = records.iter().filter(|info| info.key == "firmware");
            found.firmware = firmware.map(|info| (info.module.clone(), info.value.clone())).collect();
            found.drivers.extend(records.into_iter().map(|info| info.module));
        }
        Err(damage) => found.unknown = Some(format!("modules.builtin.modinfo is damaged: {damage}")),
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn firmware_is_read_with_its_driver() {
        let found = builtins(
            Some("kernel/fs/ext4/ext4.ko\nkernel/drivers/net/e100.ko\n"),
            Some(b"ext4.license=GPL\0e100.firmware=e100/a.bin\0e100.firmware=e100/b=.bin\0snd-x.parm=a:b\n\0\0c.license=\0"),
        );
        let firmware = |name: &str| ("e100".to_owned(), name.to_owned());
        assert_eq!(found.firmware, [firmware("e100/a.bin"), firmware("e100/b=.bin")]);
        assert_eq!(found.drivers.iter().collect::<Vec<_>>(), ["c", "e100", "ext4", "snd_x"]);
        assert_eq!(found.unknown, None);
    }

    #[test]
    fn an_empty_or_missing_file_is_unknown_unless_nothing_is_built_in() {
        let unknown = |list, modinfo| builtins(list, modinfo).unknown.unwrap_or_default();
        let list = Some("kernel/a.ko\nkernel/b.ko\n");
        assert_eq!(unknown(list, Some(b"")), "modules.builtin.modinfo is empty, and modules.builtin has 2 drivers");
        assert_eq!(unknown(list, Some(b"\0\0")), unknown(list, Some(b"")));
        assert_eq!(unknown(list, None), "modules.builtin.modinfo is missing, and modules.builtin has 2 drivers");
        assert_eq!(
            unknown(None, None),
            "modules.builtin.modinfo is missing, and modules.builtin does not say that nothing is built in"
        );
        for modinfo in [None, Some(&b""[..])] {
            assert_eq!(unknown(Some("\n"), modinfo), "");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_between_two_records_is_unknown() {
        let list = "kernel/fs/ext4/ext4.ko\nkernel/drivers/net/e100.ko\n";
        let whole = b"ext4.license=GPL\0ext4.file=fs/ext4/ext4\0e100.license=GPL\0e100.file=drivers/net/e100\0e100.firmware=a\0";
        assert_eq!(builtins(Some(list), Some(whole)).unknown, None);
        let cut = &whole[..b"ext4.license=GPL\0ext4.file=fs/ext4/ext4\0".len()];
        let what = "modules.builtin.modinfo is not whole: it has no record of 1 of the drivers in modules.builtin, such as e100";
        assert_eq!(builtins(Some(list), Some(cut)).unknown.as_deref(), Some(what));
    }

    #[test]
    fn a_damaged_file_is_unknown() {
        let unknown = |modinfo| builtins(None, Some(modinfo)).unknown.unwrap_or_default();
        assert_eq!(
            unknown(b"a.license=GPL\0b.firm"),
            "modules.builtin.modinfo is damaged: its last record is truncated"
        );
        assert_eq!(
            unknown(b"firmware=x\0"),
            "modules.builtin.modinfo is damaged: `firmware=x` is not MODULE.KEY=VALUE"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(list in any::<String>(), modinfo in "[a.=\0\n-]{0,30}") {
            builtins(Some(&list), Some(modinfo.as_bytes()));
        }
    }
}
