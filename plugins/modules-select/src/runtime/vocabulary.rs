//! Which strings of a module name something that the tree has.

use std::collections::{BTreeMap, BTreeSet};

use flistry_plugin::modules::{normalize, split_compression};

use super::data::Data;
use crate::tree::Tree;

/// A name with more separators is looked for with all of one kind, and as its file is spelled.
const MIXED: usize = 3;

/// All strings that mean something, with what they mean.
pub struct Vocabulary {
    /// The strings, in order.
    pub strings: Vec<String>,
    /// For each string in its place.
    pub meanings: Vec<Vec<Meaning>>,
}

/// What a string means to a module that asks in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The way: its place in the data.
    pub way: usize,
    /// The only module to which it means that; none where it is any.
    pub asker: Option<String>,
    /// The name or alias that is asked for.
    pub name: String,
    /// The modules that have it.
    pub modules: Vec<usize>,
}

impl Vocabulary {
    /// Of a tree's names and aliases.
    pub fn of(tree: &Tree<'_>, data: &Data) -> Vocabulary {
        let mut words: BTreeMap<String, Vec<Meaning>> = BTreeMap::new();
        for (name, modules) in names(tree) {
            for (way, names) in data.names.iter().enumerate() {
                let (before, own) = names.prefix.split_once("{module}").unwrap_or((&names.prefix, ""));
                let Some(rest) = name.strip_prefix(before) else { continue };
                let (asker, string) = match own {
                    "" => (None, rest),
                    own => match rest.split_once(own) {
                        Some((asker, string)) => (Some(normalize(asker)), string),
                        None => continue,
                    },
                };
                if !string.is_empty() {
                    let modules = modules.iter().copied().collect();
                    let meaning = Meaning { way, asker, name: name.clone(), modules };
                    words.entry(string.to_owned()).or_default().push(meaning);
                }
            }
        }
        let (strings, meanings) = words.into_iter().unzip();
        Vocabulary { strings, meanings }
    }
}

/// Every name and alias of the tree as other code may spell it, with its modules.
fn names(tree: &Tree<'_>) -> BTreeMap<String, BTreeSet<usize>> {
    let mut names: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (alias, module) in tree.alias.literal() {
        if let Some(module) = tree.named(module) {
            names.entry(alias.to_owned()).or_default().insert(module);
            names.entry(normalize(alias)).or_default().insert(module);
        }
    }
    // What is both is a module's name: modprobe looks for that first.
    for module in &tree.modules {
        let Some(at) = tree.named(&module.name) else { continue };
        let file = module.path.rsplit('/').next().unwrap_or_default();
        let file = split_compression(file).and_then(|(plain, _)| plain.strip_suffix(".ko")).unwrap_or(file);
        for spelled in spellings(&module.name).into_iter().chain([file.to_owned()]) {
            names.insert(spelled, BTreeSet::from([at]));
        }
    }
    names
}

/// How a name with underscores may be spelled: `-` and `_` are the same to modprobe. Of a long name not every mixture.
fn spellings(name: &str) -> Vec<String> {
    if name.matches('_').count() > MIXED {
        return vec![name.to_owned(), name.replace('_', "-")];
    }
    let mut spelled = vec![String::new()];
    for part in name.split_inclusive('_') {
        let with = |separator: &str| part.strip_suffix('_').map(|part| format!("{part}{separator}"));
        let parts = match (with("_"), with("-")) {
            (Some(under), Some(dash)) => vec![under, dash],
            _ => vec![part.to_owned()],
        };
        spelled = spelled.iter().flat_map(|before| parts.iter().map(move |part| format!("{before}{part}"))).collect();
    }
    spelled
}

/// The parts of a template of ciphers, which have names of their own: `authenc(hmac(sha256),cbc(%s))` is made of `authenc`,
/// `hmac`, `sha256` and `cbc`; so is `%sauthenc(%s)` of `authenc`. None where a string is no such template.
pub fn parts(string: &str) -> Vec<&str> {
    let is_one = |c: char| c.is_ascii_alphanumeric() || "-_(),.%".contains(c);
    if !string.contains('(') || !string.chars().all(is_one) {
        return Vec::new();
    }
    let texts = string.split(['(', ')', ',']).flat_map(|part| {
        let conversions = part.split('%').skip(1).map(after_conversion);
        part.split('%').take(1).chain(conversions.flatten())
    });
    texts.filter(|text| !text.is_empty()).collect::<BTreeSet<&str>>().into_iter().collect()
}

/// What comes after the conversion that begins behind a `%`: flags, width and length are before its letter.
fn after_conversion(rest: &str) -> Option<&str> {
    let conversion = rest.find(|c: char| "diouxXcsp".contains(c))?;
    Some(&rest[conversion + 1..])
}

/// The glob that a format stands for, if its text says enough: `ipt_%s` is `ipt_*`.
pub fn glob_of(format: &str) -> Option<String> {
    let is_one = |c: char| c.is_ascii_alphanumeric() || "-_:.%*".contains(c);
    let literal = format.split('%').next().unwrap_or_default();
    if literal.len() < 4 || !literal.contains(['-', '_', ':']) || !format.chars().all(is_one) {
        return None;
    }
    let mut glob = literal.to_owned();
    for part in format.split('%').skip(1) {
        glob.push('*');
        glob.push_str(after_conversion(part)?);
    }
    Some(normalize(&glob))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_may_be_spelled_in_many_ways() {
        assert_eq!(spellings("loop"), ["loop"]);
        assert_eq!(spellings("dm_crypt"), ["dm_crypt", "dm-crypt"]);
        assert_eq!(spellings("tpm_tis_spi"), ["tpm_tis_spi", "tpm_tis-spi", "tpm-tis_spi", "tpm-tis-spi"]);
        assert_eq!(spellings("a_b_c_d_e"), ["a_b_c_d_e", "a-b-c-d-e"]);
    }

    #[test]
    fn a_template_has_parts() {
        assert_eq!(parts("ccm(aes)"), ["aes", "ccm"]);
        assert_eq!(parts("authenc(hmac(sha256),rfc3686(ctr(%s)))"), ["authenc", "ctr", "hmac", "rfc3686", "sha256"]);
        assert_eq!(parts("rfc7539(chacha20,poly1305)"), ["chacha20", "poly1305", "rfc7539"]);
        assert_eq!((parts("authenc("), parts("%s(%s)")), (vec!["authenc"], vec![]));
        // As esp4 has it.
        assert_eq!(parts("%s%sauthenc(%s,%s)%s"), ["authenc"]);
        assert_eq!(parts("pkcs1pad(%s,%-3.5s)x%luy(ctr-%s)"), ["ctr-", "pkcs1pad", "x", "y"]);
        for other in ["aes", "failed (%d)", "a(b): c", ""] {
            assert!(parts(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_format_stands_for_a_glob_where_its_text_says_enough() {
        let glob = |format| glob_of(format).unwrap();
        assert_eq!((glob("ipt_%s"), glob("nft-chain-%u-%.*s")), ("ipt_*".into(), "nft_chain_*_*".into()));
        assert_eq!((glob("w1-family-0x%02X"), glob("rpc-auth-%u")), ("w1_family_0x*".into(), "rpc_auth_*".into()));
        for other in ["%s", "hci%u", "phys-", "nfs: %s", "dm-%", "a-%s", "failed-%s, sorry", "%s-name"] {
            assert_eq!(glob_of(other).filter(|glob| glob.contains('*')), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_string_panics(string in "[a-c%(),.*ä -]{0,12}") {
            parts(&string);
            glob_of(&string);
        }
    }
}
