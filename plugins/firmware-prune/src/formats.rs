//! Names of firmware that a driver makes of a `printf` format, `amd/amd_sev_fam%.2xh_model%.1xxh.sbin`: which paths can come
//! of it.

use crate::paths::Paths;

/// Characters in a row that say enough without a directory: `speedtch-%d.bin`.
const ENOUGH: usize = 6;

/// Characters in a row that say enough in a directory.
const STEM: usize = 2;

/// A format that says enough of a path to be looked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Format(Vec<FormatPart>);

#[derive(Debug, PartialEq, Eq)]
enum FormatPart {
    Text(String),
    /// At least so many characters of a kind.
    Run(Kind, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Signed,
    Decimal,
    Hexadecimal,
    Octal,
    /// One character of any kind but a slash.
    Character,
    /// Anything within a name.
    Name,
    /// Anything, slashes too.
    Path,
}

impl Format {
    /// Reads a format; none where it says too little, as `%s/%s` and `%s.bin` do. A directory alone, `goodix/%s`, says
    /// enough only in what `loads` firmware.
    pub fn new(text: &str, loads: bool) -> Option<Format> {
        if text.contains(' ') || !text.contains('%') {
            return None;
        }
        let directory = directory(text);
        let parts = parts(text, if directory { Kind::Path } else { Kind::Name })?;
        // What follows the last dot is an ending, which says nothing of the driver.
        let file =
            parts.iter().rposition(|part| matches!(part, FormatPart::Text(text) if text.contains('/'))).unwrap_or(0);
        let row = parts[file..].iter().enumerate().map(|(at, part)| match part {
            FormatPart::Text(text) => {
                let name = if at == 0 { text.rsplit('/').next().unwrap_or(text) } else { text };
                longest_row(if file + at + 1 == parts.len() {
                    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
                } else {
                    name
                })
            }
            FormatPart::Run(..) => 0,
        });
        let row = row.max().unwrap_or(0);
        (row >= ENOUGH || directory && (row >= STEM || loads)).then_some(Format(parts))
    }

    /// What a path begins with, as far as that is always the same.
    fn prefix(&self) -> &str {
        match self.0.first() {
            Some(FormatPart::Text(text)) => text,
            _ => "",
        }
    }

    /// The names that can come of it.
    pub fn find<'a>(&'a self, paths: &'a Paths) -> impl Iterator<Item = &'a str> {
        let mut texts = self.0.iter().filter_map(|part| match part {
            FormatPart::Text(text) => Some(text.as_str()),
            FormatPart::Run(..) => None,
        });
        let may_be = texts.all(|text| paths.may_hold(text));
        let names = may_be.then(|| paths.with_prefix(self.prefix()));
        names.into_iter().flatten().filter(|name| self.matches(name))
    }

    /// Whether a path can come of it.
    fn matches(&self, path: &str) -> bool {
        let path = path.as_bytes();
        let ends = |text: &str| path.ends_with(text.as_bytes());
        if matches!(self.0.last(), Some(FormatPart::Text(text)) if !ends(text)) {
            return false;
        }
        // The places in the path that the parts so far can end at.
        let mut places = vec![0];
        for part in &self.0 {
            let mut next: Vec<usize> = places.iter().flat_map(|place| part.ends(path, *place)).collect();
            next.sort_unstable();
            next.dedup();
            if next.is_empty() {
                return false;
            }
            places = next;
        }
        places.last() == Some(&path.len())
    }
}

impl FormatPart {
    /// The places at which this part can end, if it begins at one.
    fn ends(&self, path: &[u8], from: usize) -> Vec<usize> {
        let rest = &path[from..];
        match self {
            FormatPart::Text(text) if rest.starts_with(text.as_bytes()) => vec![from + text.len()],
            FormatPart::Text(_) => Vec::new(),
            FormatPart::Run(Kind::Character, _) => {
                rest.first().filter(|byte| **byte != b'/').map(|_| from + 1).into_iter().collect()
            }
            FormatPart::Run(kind, least) => {
                let sign = usize::from(*kind == Kind::Signed && rest.first() == Some(&b'-'));
                let length = sign + rest[sign..].iter().take_while(|byte| kind.has(**byte)).count();
                (sign + least..=length).map(|length| from + length).collect()
            }
        }
    }
}

impl Kind {
    fn has(self, byte: u8) -> bool {
        match self {
            Kind::Signed | Kind::Decimal => byte.is_ascii_digit(),
            Kind::Hexadecimal => byte.is_ascii_hexdigit(),
            Kind::Octal => matches!(byte, b'0'..=b'7'),
            Kind::Character | Kind::Name => byte != b'/',
            Kind::Path => true,
        }
    }
}

/// Whether a format begins with a directory, or with what a directory's name begins with: `b43%s/%s.fw`.
fn directory(text: &str) -> bool {
    let Some((first, _)) = text.split_once('/') else { return false };
    let begins = first.split('%').next().unwrap_or_default();
    begins.len() >= STEM && begins.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn longest_row(text: &str) -> usize {
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'));
    names.filter(|name| name.bytes().any(|byte| byte.is_ascii_alphabetic())).map(str::len).max().unwrap_or(0)
}

/// None for what is no format that the kernel knows.
fn parts(text: &str, any: Kind) -> Option<Vec<FormatPart>> {
    let mut parts = Vec::new();
    let mut push = |part: FormatPart| match (parts.last_mut(), part) {
        (Some(FormatPart::Text(before)), FormatPart::Text(text)) => before.push_str(&text),
        (_, part) => parts.push(part),
    };
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        if at > 0 {
            push(FormatPart::Text(rest[..at].to_owned()));
        }
        let (part, after) = conversion(&rest[at + 1..], any)?;
        push(part);
        rest = after;
    }
    if !rest.is_empty() {
        push(FormatPart::Text(rest.to_owned()));
    }
    Some(parts)
}

/// What a conversion stands for, and the text behind it.
fn conversion(text: &str, any: Kind) -> Option<(FormatPart, &str)> {
    let after = text.trim_start_matches(['-', '+', '#', '0']);
    let zeros = text[..text.len() - after.len()].contains('0');
    let (width, after) = number(after);
    let (precision, after) = match after.strip_prefix('.') {
        Some(after) => number(after),
        None => (0, after),
    };
    let after = after.trim_start_matches(['h', 'l', 'L', 'q', 'j', 'z', 't']);
    let digits = precision.max(if zeros { width } else { 0 }).max(1);
    let conversion = after.chars().next()?;
    let after = &after[conversion.len_utf8()..];
    let part = match conversion {
        '%' => FormatPart::Text("%".to_owned()),
        'd' | 'i' => FormatPart::Run(Kind::Signed, digits),
        'u' => FormatPart::Run(Kind::Decimal, digits),
        'x' | 'X' => FormatPart::Run(Kind::Hexadecimal, digits),
        'o' => FormatPart::Run(Kind::Octal, digits),
        'c' => FormatPart::Run(Kind::Character, 1),
        's' => FormatPart::Run(any, 0),
        // The kernel's own: the letters and digits behind it say what of a pointer, such as the address of a network card.
        'p' => {
            return Some((
                FormatPart::Run(Kind::Name, 1),
                after.trim_start_matches(|c: char| c.is_ascii_alphanumeric()),
            ));
        }
        _ => return None,
    };
    Some((part, after))
}

/// A width or a precision, 0 for `*` and for none.
fn number(text: &str) -> (usize, &str) {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '*');
    (text[..text.len() - after.len()].parse().unwrap_or(0), after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(format: &str, path: &str) -> bool {
        Format::new(format, true).unwrap_or_else(|| panic!("{format} says enough")).matches(path)
    }

    #[test]
    fn a_format_stands_for_what_the_kernel_can_make_of_it() {
        let sev = "amd/amd_sev_fam%.2xh_model%.1xxh.sbin";
        assert!(matches(sev, "amd/amd_sev_fam19h_modelaxh.sbin") && matches(sev, "amd/amd_sev_fam17h_model0xh.sbin"));
        for other in ["amd/amd_sev.fw", "amd/amd_sev_fam1h_modelaxh.sbin", "amd/amd_sev_fam19h_modelzxh.sbin"] {
            assert!(!matches(sev, other), "{other}");
        }
        assert!(matches("b43%s/%s.fw", "b43/b0g0initvals5.fw") && matches("b43%s/%s.fw", "b43-open/ucode5.fw"));
        assert!(!matches("b43%s/%s.fw", "b43legacy/ucode2.bin"));
        assert!(matches("moxa/moxa-%04x.fw", "moxa/moxa-1110.fw") && !matches("moxa/moxa-%04x.fw", "moxa/moxa-11.fw"));
        assert!(matches("cxgb3/t3%c_psram-1.1.0.bin", "cxgb3/t3b_psram-1.1.0.bin"));
        assert!(matches("netronome/serial-%pMF-%02x-%02x.nffw", "netronome/serial-00-15-4d-12-20-65-10-ff.nffw"));
        assert!(matches("speedtch-%d.bin.%x.%02x", "speedtch-2.bin.4.00") && matches("abcdef%d%%", "abcdef-1%"));
        assert!(
            matches("abcdef%-5lld.%*u", "abcdef12.3")
                && !matches("abcdef%u", "abcdef-1")
                && !matches("abcdef%d", "abcdef-")
        );
    }

    #[test]
    fn text_crosses_a_slash_only_behind_a_directory() {
        assert!(matches("nvidia/%s/%s.bin", "nvidia/tu102/acr/bl.bin"));
        assert!(matches("speedtch%s.bin", "speedtch-1.bin") && !matches("speedtch%s.bin", "speedtch/1.bin"));
    }

    #[test]
    fn a_format_must_say_enough() {
        for little in
            ["%s/%s", "%s.bin", "%s-%d.ucode", "%s/%pUL.bin", "plain.bin", "loading of it: %s", "a%d/", "%d/%d/x%d"]
        {
            assert_eq!(Format::new(little, true), None, "{little}");
        }
        for bad in ["amdgpu/%", "amdgpu/%y.bin", "amdgpu/abc%n"] {
            assert_eq!(Format::new(bad, true), None, "{bad}");
        }
        assert!(Format::new("goodix/%s", true).is_some() && Format::new("goodix/%s", false).is_none());
        assert!(Format::new("qca/nvm_%08x.bin", false).is_some() && Format::new("qca/%s.bin", false).is_none());
    }

    #[test]
    fn many_runs_of_text_are_matched_quickly() {
        let format = Format::new(&format!("abcdef/{}x", "%s".repeat(60)), true).unwrap();
        assert!(!format.matches(&format!("abcdef/{}", "y".repeat(250))));
    }

    proptest! {
        #[test]
        fn no_text_panics(format in "[a-z%.s/dx0-9*ä]{0,24}", path in "[a-zä/.0-9-]{0,20}") {
            if let Some(format) = Format::new(&format, true) {
                format.matches(&path);
            }
        }
    }
}
