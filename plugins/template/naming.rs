//! Names an flist by what it is, for which kernel, and when it was built.

use flistry_plugin::{Error, Facts, Names, Naming, Plugin, export};
use serde::Deserialize;

struct Dated;

/// The table `config` of the plugin's entry in flistry.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The first word of each name.
    product: String,
}

impl Plugin for Dated {
    type Config = Config;

    /// Refuses a configuration before a build begins.
    fn check(config: &Config) -> Result<(), Error> {
        match config.product.is_empty() {
            true => Err(Error::new("no-product", "`product` is empty: it is the first word of each name")),
            false => Ok(()),
        }
    }
}

impl Naming for Dated {
    fn name(facts: &Facts, config: Config) -> Result<Names, Error> {
        let product = config.product;
        Ok(Names {
            file: format!("{product}-{}-{}-{}.fl", facts.flist, facts.kernel, facts.date),
            // What a node mounts, which does not know the date.
            aliases: vec![format!("{product}-{}-{}.fl", facts.flist, facts.kernel)],
            title: Some(format!("{} of {product}", facts.flist)),
        })
    }
}

export!(Dated: naming);

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::Build;

    #[test]
    fn the_name_has_kernel_and_date() {
        let build = Build::modules().kernel("6.12.44").date("20250610");
        let names = build.name::<super::Dated>(r#"{"product": "acme"}"#, ["a.ko"]).unwrap();
        assert_eq!(names.file, "acme-modules-6.12.44-20250610.fl");
        assert_eq!(names.aliases, ["acme-modules-6.12.44.fl"]);
    }
}
