//! What stands in the data of modules and of the kernel: paths of files as whole strings, and formats.
//!
//! A module whose file can't be read is an error for each question; the first one, about `.modinfo`, reports it.

use flistry_plugin::trees::Tree;
use flistry_plugin::{EntryId, Error, module_info};

use crate::asked::{Asked, Driver};
use crate::formats::Format;
use crate::paths::Paths;

/// How the kernel's drivers load firmware.
const LOADS: [&str; 8] = [
    "request_firmware",
    "request_firmware_direct",
    "request_firmware_into_buf",
    "request_firmware_nowait",
    "request_partial_firmware_into_buf",
    "firmware_request_nowarn",
    "firmware_request_nowait_nowarn",
    "firmware_request_platform",
];

/// How many modules are asked for their formats at once: an answer of a few megabytes.
const BATCH: usize = 1024;

/// Adds what stands in modules.
pub fn of_modules(tree: &Tree, modules: &[(EntryId, Driver)], paths: &Paths, asked: &mut Asked) {
    let ids: Vec<EntryId> = modules.iter().map(|(id, _)| *id).collect();
    let symbols = LOADS.map(str::to_owned);
    let mut loads = vec![false; modules.len()];
    for (place, (answer, (_, driver))) in
        module_info::imports(tree, &ids, &symbols).into_iter().zip(modules).enumerate()
    {
        if answer.is_ok_and(|imported| !imported.is_empty()) {
            loads[place] = true;
            asked.loaders.insert(driver.clone());
        }
    }
    for (answer, (_, driver)) in module_info::holds(tree, &ids, &paths.spellings()).into_iter().zip(modules) {
        for spelling in answer.unwrap_or_default() {
            asked.string(paths.meant(spelling), driver);
        }
    }
    for (batch, loads) in modules.chunks(BATCH).zip(loads.chunks(BATCH)) {
        let ids: Vec<EntryId> = batch.iter().map(|(id, _)| *id).collect();
        let answers = module_info::strings_with(tree, &ids, "%");
        for ((answer, (_, driver)), loads) in answers.into_iter().zip(batch).zip(loads) {
            formats(&answer.unwrap_or_default(), driver, *loads, paths, asked);
        }
    }
}

/// Adds what stands in the kernel itself, where the project has it. Which of its drivers it is, nothing says.
///
/// # Errors
/// The kernel's file can't be read.
pub fn of_kernel(paths: &Paths, asked: &mut Asked) -> Result<(), Error> {
    let Some(texts) = module_info::kernel_strings_with("%")? else { return Ok(()) };
    let kernel = Driver { name: "the kernel".to_owned(), built_in: false };
    for spelling in module_info::kernel_holds(&paths.spellings())?.unwrap_or_default() {
        asked.string(paths.meant(spelling), &kernel);
    }
    formats(&texts, &kernel, false, paths, asked);
    Ok(())
}

/// Adds those formats that a file of the tree can come of.
fn formats(texts: &[String], driver: &Driver, loads: bool, paths: &Paths, asked: &mut Asked) {
    for text in texts {
        if let Some(format) = Format::new(text, loads)
            && format.find(paths).next().is_some()
        {
            asked.format(text, driver);
        }
    }
}
