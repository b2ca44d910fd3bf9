//! The file `module-info`.
//!
//! | bytes | |
//! |---|---|
//! | 8 | `flistmi` and the format's version |
//! | 4 | how many records |
//! | | the records, in the order of their keys |
//! | 32 | BLAKE2b-256 of everything before |
//!
//! A record is device, inode, size, modification and change time (8 bytes each, times in nanoseconds since 1970), the
//! compression and how often the file was written without the module (a byte each), and the number of pairs with the
//! pairs: key and value, each with its length in front. Numbers are little-endian; lengths and counts have 4 bytes.

use std::sync::Arc;

use crate::kernel::modinfo::Compression;
use crate::tree::source::FileIdentity;

/// The beginning. The last byte changes with every change of the layout, or of what is read out of a module: an older
/// file is then started again.
const MAGIC: [u8; 8] = *b"flistmi\x01";

/// Bytes of the largest file, several times what a kernel with everything as a module takes.
pub const MAX_BYTES: u64 = 64 << 20;

const SUM_BYTES: usize = 32;

/// A module's pairs of key and value, in its order.
pub type Pairs = Arc<Vec<(String, String)>>;

/// A file's identity and how it is compressed: a hard link may have another ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModuleKey {
    pub identity: FileIdentity,
    pub compression: Compression,
}

/// One module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: ModuleKey,
    pub unused: u8,
    pub pairs: Pairs,
}

/// The file's bytes. What would make it larger than [`MAX_BYTES`] is left out, what was not used for longest first.
pub fn write(mut records: Vec<Record>) -> Vec<u8> {
    records.sort_by_key(|record| record.unused);
    let mut room = MAX_BYTES as usize - MAGIC.len() - 4 - SUM_BYTES;
    records.retain(|record| match room.checked_sub(bytes_of(record)) {
        Some(rest) => {
            room = rest;
            true
        }
        None => false,
    });
    let order = |record: &Record| {
        let FileIdentity { dev, ino, size, mtime_ns, ctime_ns } = record.key.identity;
        (dev, ino, size, mtime_ns, ctime_ns, record.key.compression as u8)
    };
    records.sort_by_key(order);

    let mut bytes = MAGIC.to_vec();
    bytes.extend((records.len() as u32).to_le_bytes());
    for record in &records {
        let (dev, ino, size, mtime, ctime, compression) = order(record);
        for number in [dev, ino, size, mtime as u64, ctime as u64] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([compression, record.unused]);
        bytes.extend((record.pairs.len() as u32).to_le_bytes());
        for text in record.pairs.iter().flat_map(|(key, value)| [key, value]) {
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
    }
    let sum = sum(&bytes);
    bytes.extend(sum);
    bytes
}

/// The records of a file. The error says what is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Vec<Record>, &'static str> {
    if !bytes.starts_with(&MAGIC) {
        return Err("it is of another version, or something else");
    }
    let (body, found) = bytes.split_last_chunk::<SUM_BYTES>().ok_or("it is cut off")?;
    if sum(body) != *found {
        return Err("it is damaged");
    }
    // From here on only a file that somebody made is wrong.
    let mut rest = Rest(&body[MAGIC.len().min(body.len())..]);
    let records = (0..rest.count()?).map(|_| rest.record()).collect::<Option<Vec<_>>>();
    records.filter(|_| rest.0.is_empty()).ok_or("its records make no sense")
}

fn bytes_of(record: &Record) -> usize {
    let texts = record.pairs.iter().map(|(key, value)| 8 + key.len() + value.len());
    5 * 8 + 2 + 4 + texts.sum::<usize>()
}

fn sum(bytes: &[u8]) -> [u8; SUM_BYTES] {
    let hash = blake2b_simd::Params::new().hash_length(SUM_BYTES).hash(bytes);
    hash.as_bytes().try_into().expect("the hash has the length that was asked for")
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn count(&mut self) -> Result<u32, &'static str> {
        self.u32().ok_or("it is cut off")
    }

    fn record(&mut self) -> Option<Record> {
        let identity = FileIdentity {
            dev: self.u64()?,
            ino: self.u64()?,
            size: self.u64()?,
            mtime_ns: self.u64()? as i64,
            ctime_ns: self.u64()? as i64,
        };
        let [compression, unused] = self.take::<2>()?;
        let compression = [Compression::None, Compression::Gzip, Compression::Xz, Compression::Zstd]
            .into_iter()
            .find(|known| *known as u8 == compression)?;
        // Collected one by one: a count is not believed.
        let pairs = (0..self.u32()?).map(|_| Some((self.text()?, self.text()?))).collect::<Option<Vec<_>>>()?;
        Some(Record { key: ModuleKey { identity, compression }, unused, pairs: Arc::new(pairs) })
    }

    fn text(&mut self) -> Option<String> {
        let len = self.u32()? as usize;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(ino: u64, unused: u8, value: &str) -> Record {
        let identity = FileIdentity { dev: 1, ino, size: 3, mtime_ns: -4, ctime_ns: i64::MAX };
        let pairs = vec![("firmware".to_owned(), value.to_owned()), (String::new(), "ä".to_owned())];
        Record { key: ModuleKey { identity, compression: Compression::Xz }, unused, pairs: Arc::new(pairs) }
    }

    #[test]
    fn what_is_written_is_read_in_one_order() {
        let (a, b) = (record(1, 2, "a"), record(2, 0, "b"));
        let bytes = write(vec![b.clone(), a.clone()]);
        assert_eq!(bytes, write(vec![a.clone(), b.clone()]));
        assert_eq!(read(&bytes).unwrap(), [a, b]);
        assert_eq!(read(&write(Vec::new())).unwrap(), []);
    }

    #[test]
    fn a_file_has_its_end() {
        let large = "x".repeat(MAX_BYTES as usize / 3);
        let records = [0, 2, 1].map(|unused| record(unused.into(), unused, &large));
        let bytes = write(records.to_vec());
        assert!(bytes.len() as u64 <= MAX_BYTES);
        let left: Vec<u8> = read(&bytes).unwrap().iter().map(|record| record.unused).collect();
        assert_eq!(left, [0, 1]);
    }

    #[test]
    fn any_damage_is_seen() {
        let bytes = write(vec![record(1, 0, "a.fw")]);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x20;
            assert!(read(&changed).is_err(), "byte {at}");
            assert!(read(&bytes[..at]).is_err(), "cut at {at}");
        }
        assert!(read(&[&bytes[..], b"x"].concat()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..200), count in 0u32..4) {
            // With a good sum, so that the records are reached.
            let mut bytes = [&MAGIC[..], &count.to_le_bytes(), &body].concat();
            let sum = sum(&bytes);
            bytes.extend(sum);
            let _ = read(&bytes);
            let _ = read(&body);
        }
    }
}
