//! kmod's binary indexes, read: a prefix tree from keys to values.
//!
//! All numbers are big-endian.
//!
//! ```text
//! file    u32 magic 0xB007F457 · u32 version 0x00020001 · u32 the root's offset · nodes
//! offset  bits 0 to 27: the node's place in the file; bit 31: it has a prefix; bit 30: values; bit 29: children
//! node    prefix, ended by NUL            where it has one
//!         u8 first · u8 last · u32 offset for each character from first to last, 0 for none    where it has children
//!         u32 count · count × (u32 priority · value, ended by NUL)                             where it has values
//! ```
//!
//! A node's key is its parent's, the character that leads to it, and its prefix. Facts from kmod 30 (`libkmod-index.c`).

const MAGIC: u32 = 0xB007_F457;
const VERSION: u32 = 0x0002_0001;
const PREFIX: u32 = 1 << 31;
const VALUES: u32 = 1 << 30;
const CHILDREN: u32 = 1 << 29;
const PLACE: u32 = (1 << 28) - 1;

/// Keys share their beginnings in the file. All keys and values together have about as many bytes as the file in Debian's
/// indexes; many times as many are not an honest file's.
const EXPANSION: usize = 32;

/// Every key with a value, in the keys' order; a key with several values stands several times. What is not UTF-8 is replaced.
///
/// # Errors
/// Says what is wrong with the file.
pub fn entries(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut header = TrieReader { bytes, at: 0 };
    if header.number()? != MAGIC {
        return Err("it does not start as kmod's indexes do".to_owned());
    }
    let version = header.number()?;
    if version != VERSION {
        return Err(format!("its version is {}.{}, not 2.1", version >> 16, version & 0xffff));
    }
    let mut entries = Vec::new();
    let mut key = Vec::new();
    let mut nodes = vec![Ahead { offset: header.number()?, depth: 0, character: None }];
    // A file that leads round in a circle, or to the same node again and again, gives more than it holds.
    let (mut children, mut text) = (bytes.len() / 4, EXPANSION * bytes.len());
    let circle = || "its nodes lead round in a circle".to_owned();
    while let Some(Ahead { offset, depth, character }) = nodes.pop() {
        key.truncate(depth);
        key.extend(character);
        let mut node = TrieReader { bytes, at: (offset & PLACE) as usize };
        if offset & PREFIX != 0 {
            key.extend_from_slice(node.text()?);
        }
        if offset & CHILDREN != 0 {
            let (first, last) = (node.byte()?, node.byte()?);
            let begin = nodes.len();
            for character in first..=last {
                let offset = node.number()?;
                if offset != 0 {
                    children = children.checked_sub(1).ok_or_else(circle)?;
                    nodes.push(Ahead { offset, depth: key.len(), character: Some(character) });
                }
            }
            nodes[begin..].reverse();
        }
        if offset & VALUES != 0 {
            for _ in 0..node.number()? {
                let _priority = node.number()?;
                let value = node.text()?;
                text = text.checked_sub(key.len() + value.len() + 1).ok_or_else(circle)?;
                let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
                entries.push((lossy(&key), lossy(value)));
            }
        }
    }
    Ok(entries)
}

/// A node that is to be read.
struct Ahead {
    offset: u32,
    /// How much of the key at hand is its parent's.
    depth: usize,
    /// What leads to it from there.
    character: Option<u8>,
}

/// Reads on from a place.
struct TrieReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> TrieReader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..len));
        self.at += len;
        taken.ok_or_else(|| format!("it ends after {} bytes, in the middle of a node", self.bytes.len()))
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?.try_into().expect("there are four");
        Ok(u32::from_be_bytes(bytes))
    }

    /// Up to the NUL, which is passed.
    fn text(&mut self) -> Result<&'a [u8], String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| *byte == 0).ok_or("a text has no end")?;
        let text = self.take(len)?;
        self.at += 1;
        Ok(text)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An index of these pairs, with one node for each character.
    pub fn index(pairs: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = [MAGIC, VERSION, 0].map(u32::to_be_bytes).concat();
        let pairs: Vec<(&[u8], &str)> = pairs.iter().map(|(key, value)| (key.as_bytes(), *value)).collect();
        let root = node(&pairs, &mut bytes);
        bytes[8..12].copy_from_slice(&root.to_be_bytes());
        bytes
    }

    fn node(pairs: &[(&[u8], &str)], bytes: &mut Vec<u8>) -> u32 {
        let heads: Vec<u8> = pairs.iter().filter_map(|(key, _)| key.first().copied()).collect();
        let range = heads.iter().min().zip(heads.iter().max());
        let mut children = Vec::new();
        for head in range.into_iter().flat_map(|(first, last)| *first..=*last) {
            let below: Vec<(&[u8], &str)> =
                pairs.iter().filter_map(|(key, value)| Some((key.strip_prefix(&[head])?, *value))).collect();
            children.push(if below.is_empty() { 0 } else { node(&below, bytes) });
        }
        let values: Vec<&str> = pairs.iter().filter(|(key, _)| key.is_empty()).map(|(_, value)| *value).collect();
        let mut offset = bytes.len() as u32;
        if let Some((first, last)) = range {
            offset |= CHILDREN;
            bytes.extend([*first, *last]);
            bytes.extend(children.iter().flat_map(|child| child.to_be_bytes()));
        }
        if !values.is_empty() {
            offset |= VALUES;
            bytes.extend((values.len() as u32).to_be_bytes());
            for value in values {
                bytes.extend(7_u32.to_be_bytes());
                bytes.extend(value.bytes().chain([0]));
            }
        }
        offset
    }

    #[test]
    fn keys_come_in_order_with_their_values() {
        let bytes = index(&[("b", "2"), ("ab", "1"), ("ab", "1'"), ("", "0")]);
        let entries = entries(&bytes).unwrap();
        let expected = [("", "0"), ("ab", "1"), ("ab", "1'"), ("b", "2")];
        assert_eq!(entries, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_depmod_made_is_read() {
        let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/sample/lib/modules/6.12.44-Zero-OS");
        let read = |name: &str| std::fs::read(format!("{tree}/{name}")).unwrap();
        let text = String::from_utf8(read("modules.dep")).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let index = entries(&read("modules.dep.bin")).unwrap();
        let mut values: Vec<&str> = index.iter().map(|(_, line)| line.as_str()).collect();
        lines.sort_unstable();
        values.sort_unstable();
        assert_eq!(values, lines);
        let aliases = entries(&read("modules.alias.bin")).unwrap();
        assert!(aliases.contains(&("mdio:0000000000011100110010010001????".to_owned(), "realtek".to_owned())));
    }

    #[test]
    fn what_is_no_index_says_why() {
        let good = index(&[("abc", "1")]);
        let message = |bytes: &[u8]| entries(bytes).unwrap_err();
        assert_eq!(message(b""), "it ends after 0 bytes, in the middle of a node");
        assert_eq!(message(b"some text"), "it does not start as kmod's indexes do");
        let mut other = good.clone();
        other[7] = 2;
        assert_eq!(message(&other), "its version is 2.2, not 2.1");
        assert_eq!(message(&[MAGIC, VERSION, PREFIX | 12].map(u32::to_be_bytes).concat()), "a text has no end");
        let mut circle = [MAGIC, VERSION, CHILDREN | 12].map(u32::to_be_bytes).concat();
        circle.extend(b"aa");
        circle.extend((CHILDREN | 12).to_be_bytes());
        assert_eq!(message(&circle), "its nodes lead round in a circle");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), root in any::<u32>()) {
            let _ = entries(&bytes);
            let mut file = [MAGIC, VERSION, root].map(u32::to_be_bytes).concat();
            file.extend(bytes);
            let _ = entries(&file);
        }

        #[test]
        fn a_damaged_index_does_not_panic(at in 0_usize..400, to in any::<u8>()) {
            let mut bytes = index(&[("pci:v1", "a"), ("pci:v2*", "b"), ("usb:*", "c"), ("symbol:x", "d")]);
            let at = at % bytes.len();
            bytes[at] = to;
            let _ = entries(&bytes);
        }
    }
}
