//! Whether the kernel can decompress a firmware file: more than its ending has to be right.
//!
//! | file | what the kernel reads |
//! |---|---|
//! | `.xz` | one stream, checked with CRC32 or not at all: the one that `xz` makes by default, with CRC64, fails with `-EINVAL`; no delta filter |
//! | `.zst` | one frame whose header has the size of its contents: one that came out of a pipe lacks it |
//!
//! Only headers are read, of a file and of each of its blocks, and the index at the end of an `.xz`: a few bytes for each
//! 128 KiB.

use std::collections::HashSet;

use crate::progress::Warning;
use crate::tree::source::SourceFile;
use crate::tree::{EntryId, Tree};

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum HeaderFault {
    NotXz,
    XzCheck(u8),
    XzDelta,
    XzStreams,
    XzEnd,
    NotZstd,
    ZstdWithoutSize,
    ZstdFrames,
}

impl HeaderFault {
    fn as_str(self) -> &'static str {
        match self {
            HeaderFault::NotXz => "end in .xz and are no xz files",
            HeaderFault::XzCheck(4) => "are compressed by xz with the check CRC64",
            HeaderFault::XzCheck(_) => "are compressed by xz with a check that is not CRC32",
            HeaderFault::XzDelta => "are compressed by xz with its delta filter",
            HeaderFault::XzStreams => "are xz files of several streams, of which it reads the first",
            HeaderFault::XzEnd => "are xz files that were cut off or have something behind their end",
            HeaderFault::NotZstd => "end in .zst and are no zstd files, or damaged ones",
            HeaderFault::ZstdWithoutSize => "are compressed by zstd without the size of their contents, as from a pipe",
            HeaderFault::ZstdFrames => "are compressed by zstd in several frames",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            HeaderFault::NotXz
            | HeaderFault::XzCheck(_)
            | HeaderFault::XzDelta
            | HeaderFault::XzStreams
            | HeaderFault::XzEnd => "compress them with `xz --check=crc32`",
            _ => "compress each whole file by its name, with `zstd FILE`",
        }
    }
}

/// Looks at the headers of the files that the kernel would decompress; `open` opens a file, or has none for what is not in the
/// source, or can't be opened.
pub fn check(tree: &Tree, open: impl Fn(EntryId) -> Option<SourceFile>) -> Vec<Warning> {
    let mut faults: Vec<(HeaderFault, String)> = Vec::new();
    for ending in [".xz", ".zst"] {
        for (id, size) in decompressed(tree, ending) {
            let Some(file) = open(id) else { continue };
            let read = |from: u64, buffer: &mut [u8]| file.read_exact_at(buffer, from);
            let fault = if ending == ".xz" { xz(read, size) } else { zstd(read, size) };
            faults.extend(fault.map(|fault| (fault, tree.path(id))));
        }
    }
    faults.sort();
    let groups = faults.chunk_by(|(one, _), (other, _)| one == other);
    groups.map(|group| warning(group[0].0, &group[0].1, group.len())).collect()
}

/// The files with this ending that the kernel would decompress, each with its size in bytes. Where the plain file is there as
/// well, it finds that one.
pub(super) fn decompressed(tree: &Tree, ending: &str) -> Vec<(EntryId, u64)> {
    let compressed: Vec<(EntryId, u64)> = tree.files().filter(|(id, _)| tree.get(*id).name.ends_with(ending)).collect();
    if compressed.is_empty() {
        return compressed;
    }
    let paths: HashSet<String> = tree.iter().map(|(id, _)| tree.path(id)).collect();
    let is_read = |id| tree.path(id).strip_suffix(ending).is_some_and(|plain| !paths.contains(plain));
    compressed.into_iter().filter(|(id, _)| is_read(*id)).collect()
}

fn warning(fault: HeaderFault, first: &str, count: usize) -> Warning {
    let first = format!("/{first}");
    let first = crate::printable::Printable(&first);
    let (what, first) = match count {
        1 => ("1 firmware file".to_owned(), format!(": {first}")),
        count => (format!("{count} firmware files"), format!(" (the first: {first})")),
    };
    Warning::new(format!("{what}, which the kernel does not read: they {}{first}", fault.as_str()), fault.remedy())
}

/// The stream header, which is six bytes of magic and flags, whose second byte is the kind of check; the filters of the
/// first block; and whether the stream that ends with the file has begun with it.
fn xz<E>(read: impl Fn(u64, &mut [u8]) -> Result<(), E>, size: u64) -> Option<HeaderFault> {
    const MAGIC: &[u8] = b"\xfd7zXZ\0\0";
    let mut header = [0; 8];
    if read(0, &mut header).is_err() || !header.starts_with(MAGIC) {
        return Some(HeaderFault::NotXz);
    }
    // 0 is none, 1 is CRC32.
    if header[7] > 1 {
        return Some(HeaderFault::XzCheck(header[7]));
    }
    match xz_stream(&read, size) {
        None => Some(HeaderFault::XzEnd),
        Some(stream) if stream != size => Some(HeaderFault::XzStreams),
        Some(_) => has_delta(&read).then_some(HeaderFault::XzDelta),
    }
}

/// Bytes of a stream's header, and of its footer.
const XZ_HEADER: u64 = 12;

/// An index that is larger belongs to no firmware.
const MAX_XZ_INDEX: u64 = 1 << 20;

/// The length of the stream that ends at `end`, by its index: a zero byte, the number of blocks, the two lengths of each.
fn xz_stream<E>(read: impl Fn(u64, &mut [u8]) -> Result<(), E>, end: u64) -> Option<u64> {
    let footer_at = end.checked_sub(XZ_HEADER)?;
    let mut footer = [0; XZ_HEADER as usize];
    read(footer_at, &mut footer).ok()?;
    let index_len = (u64::from(u32::from_le_bytes(footer[4..8].try_into().ok()?)) + 1) * 4;
    if footer[10..] != *b"YZ" || index_len > MAX_XZ_INDEX {
        return None;
    }
    let mut index = vec![0; index_len as usize];
    read(footer_at.checked_sub(index_len)?, &mut index).ok()?;
    let mut rest = index.strip_prefix(&[0])?;
    let blocks = xz_number(&mut rest)?;
    let mut length = index_len + 2 * XZ_HEADER;
    for _ in 0..blocks {
        length = length.checked_add(xz_number(&mut rest)?.checked_next_multiple_of(4)?)?;
        // What it has when it is decompressed.
        xz_number(&mut rest)?;
    }
    Some(length)
}

/// A number of xz: seven bits a byte, the lowest first.
fn xz_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Whether the first block goes through the delta filter, which the kernel's decoder does not have. The header of a block is its
/// length, flags, its two lengths where the flags say so, and its filters: an id, the length of its settings, these.
fn has_delta<E>(read: impl Fn(u64, &mut [u8]) -> Result<(), E>) -> bool {
    const DELTA: u64 = 3;
    let filters = || {
        let mut length = [0];
        read(XZ_HEADER, &mut length).ok()?;
        let mut header = vec![0; (usize::from(length[0]) + 1) * 4];
        read(XZ_HEADER, &mut header).ok()?;
        let flags = header[1];
        let mut rest = &header[2..];
        for flag in [0x40, 0x80] {
            if flags & flag != 0 {
                xz_number(&mut rest)?;
            }
        }
        let mut delta = false;
        for _ in 0..=flags & 3 {
            delta |= xz_number(&mut rest)? == DELTA;
            let settings = usize::try_from(xz_number(&mut rest)?).ok()?;
            rest = rest.get(settings..)?;
        }
        Some(delta)
    };
    filters().unwrap_or(false)
}

/// A frame's header, then its blocks up to the last one, then nothing.
fn zstd<E>(read: impl Fn(u64, &mut [u8]) -> Result<(), E>, size: u64) -> Option<HeaderFault> {
    const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
    let mut header = [0; 5];
    if read(0, &mut header).is_err() || header[..4] != MAGIC {
        return Some(HeaderFault::NotZstd);
    }
    let descriptor = header[4];
    let single = descriptor & 0x20 != 0;
    let size_bytes = match (descriptor >> 6, single) {
        (0, false) => return Some(HeaderFault::ZstdWithoutSize),
        (0, true) => 1,
        (flag, _) => 1 << flag,
    };
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let mut at = 5 + u64::from(!single) + dictionary + size_bytes;
    loop {
        let mut block = [0; 4];
        if read(at, &mut block[..3]).is_err() {
            return Some(HeaderFault::NotZstd);
        }
        let block = u32::from_le_bytes(block);
        at += 3 + match (block >> 1) & 3 {
            // One byte, repeated.
            1 => 1,
            _ => u64::from(block >> 3),
        };
        if block & 1 == 1 {
            break;
        }
    }
    let end = at + if descriptor & 4 == 0 { 0 } else { 4 };
    match end.cmp(&size) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => Some(HeaderFault::ZstdFrames),
        std::cmp::Ordering::Greater => Some(HeaderFault::NotZstd),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::process::Command;

    use super::*;

    fn fault(name: &str, bytes: &[u8]) -> Option<HeaderFault> {
        let read = |from: u64, buffer: &mut [u8]| {
            let rest = bytes.get(from as usize..).unwrap_or_default();
            let rest = rest.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            buffer.copy_from_slice(rest);
            Ok::<(), io::Error>(())
        };
        if name.ends_with(".xz") { xz(read, bytes.len() as u64) } else { zstd(read, bytes.len() as u64) }
    }

    /// What a compressor makes of these bytes, from a file or from a pipe.
    fn compressed(command: &[&str], bytes: &[u8], pipe: bool) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("f");
        std::fs::write(&file, bytes).unwrap();
        // From a pipe zstd can't know the size.
        let script = if pipe { "cat \"$0\" | \"$@\" --stdout -q" } else { "\"$@\" --stdout -q \"$0\"" };
        let mut run = Command::new("sh");
        run.arg("-c").arg(script).arg(&file).args(command);
        let output = run.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    #[test]
    fn xz_is_read_with_crc32_or_no_check() {
        let made = |check: &str| compressed(&["xz", check], b"firmware", false);
        assert_eq!(fault("a.xz", &made("--check=crc32")), None);
        assert_eq!(fault("a.xz", &made("--check=none")), None);
        assert_eq!(fault("a.xz", &made("--check=crc64")), Some(HeaderFault::XzCheck(4)));
        assert_eq!(fault("a.xz", &made("--check=sha256")), Some(HeaderFault::XzCheck(10)));
        let whole = made("--check=crc32");
        assert_eq!(fault("a.xz", &[&whole[..], &whole].concat()), Some(HeaderFault::XzStreams));
        assert_eq!(fault("a.xz", &whole[..whole.len() - 4]), Some(HeaderFault::XzEnd));
        let filtered = |filter: &str| compressed(&["xz", "--check=crc32", filter, "--lzma2"], b"firmware", false);
        assert_eq!(fault("a.xz", &filtered("--delta")), Some(HeaderFault::XzDelta));
        assert_eq!(fault("a.xz", &filtered("--x86")), None);
        let large: Vec<u8> = (0..300_000_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let blocks = compressed(&["xz", "--check=crc32", "--block-size=100000", "-T1"], &large, false);
        assert_eq!((fault("a.xz", &blocks), fault("a.xz", &compressed(&["xz", "-Ccrc32"], b"", false))), (None, None));
        assert_eq!(
            (fault("a.xz", b"made up"), fault("a.xz", b"")),
            (Some(HeaderFault::NotXz), Some(HeaderFault::NotXz))
        );
    }

    #[test]
    fn zstd_is_read_as_one_frame_with_its_size() {
        let large: Vec<u8> = (0..700_000_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for contents in [&b""[..], b"firmware", &[7; 300_000], &large] {
            for options in [&["zstd", "-3"][..], &["zstd", "-19", "--no-check"]] {
                let whole = compressed(options, contents, false);
                assert_eq!(fault("a.zst", &whole), None, "{} bytes", contents.len());
                assert_eq!(fault("a.zst", &[&whole[..], &whole].concat()), Some(HeaderFault::ZstdFrames));
                assert_eq!(fault("a.zst", &whole[..whole.len() - 1]), Some(HeaderFault::NotZstd));
            }
            // What comes out of a pipe in one piece is as good as a file.
            if contents.len() < 256 << 10 {
                continue;
            }
            let piped = compressed(&["zstd"], contents, true);
            assert_eq!(fault("a.zst", &piped), Some(HeaderFault::ZstdWithoutSize), "{} bytes", contents.len());
        }
        assert_eq!(
            (fault("a.zst", b"made up"), fault("a.zst", b"")),
            (Some(HeaderFault::NotZstd), Some(HeaderFault::NotZstd))
        );
    }
}
