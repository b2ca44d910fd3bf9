//! Kernel modules made for a test: ELF objects in which kmod, binutils and the kernel find what they find in real ones.

use object::write::{Object, StandardSegment, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope};

/// A module in the making.
#[derive(Clone, Default)]
pub struct Module {
    modinfo: Vec<(String, String)>,
    strings: Vec<String>,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Module {
    /// A module of the sample's kernel.
    pub fn new() -> Module {
        Module::of_kernel("6.12.44-Zero-OS SMP preempt mod_unload ")
    }

    /// A module with this `vermagic`.
    pub fn of_kernel(vermagic: &str) -> Module {
        Module::default().info("license", "GPL").info("vermagic", vermagic)
    }

    /// Declares something in `.modinfo`.
    pub fn info(mut self, key: &str, value: &str) -> Module {
        self.modinfo.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Puts a string into the data, as the compiler does with a literal.
    pub fn string(mut self, string: &str) -> Module {
        self.strings.push(string.to_owned());
        self
    }

    /// Uses a symbol of the kernel or of another module.
    pub fn imports(mut self, symbol: &str) -> Module {
        self.imports.push(symbol.to_owned());
        self
    }

    /// Gives a symbol to other modules.
    pub fn exports(mut self, symbol: &str) -> Module {
        self.exports.push(symbol.to_owned());
        self
    }

    /// The file.
    pub fn elf(&self) -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let mut section = |segment, name: &str, kind, data: &[u8]| {
            let segment = object.segment_name(segment).to_vec();
            let section = object.add_section(segment, name.as_bytes().to_vec(), kind);
            object.append_section_data(section, data, 1);
            section
        };
        let modinfo: Vec<u8> =
            self.modinfo.iter().flat_map(|(key, value)| format!("{key}={value}\0").into_bytes()).collect();
        section(StandardSegment::Data, ".modinfo", SectionKind::ReadOnlyData, &modinfo);
        let strings = nul_ended(&self.strings);
        section(StandardSegment::Data, ".rodata.str1.1", SectionKind::ReadOnlyString, &strings);
        if !self.exports.is_empty() {
            section(StandardSegment::Data, "__ksymtab_strings", SectionKind::ReadOnlyString, &nul_ended(&self.exports));
        }
        section(StandardSegment::Data, ".gnu.linkonce.this_module", SectionKind::Data, &[0; 128]);
        let text = section(StandardSegment::Text, ".text", SectionKind::Text, &[0xc3; 16]);
        for (symbols, section) in
            [(&self.imports, SymbolSection::Undefined), (&self.exports, SymbolSection::Section(text))]
        {
            for name in symbols {
                object.add_symbol(Symbol {
                    name: name.as_bytes().to_vec(),
                    value: 0,
                    size: 0,
                    kind: SymbolKind::Text,
                    scope: SymbolScope::Dynamic,
                    weak: false,
                    section,
                    flags: SymbolFlags::None,
                });
            }
        }
        object.write().unwrap()
    }
}

fn nul_ended(strings: &[String]) -> Vec<u8> {
    strings.iter().flat_map(|string| format!("{string}\0").into_bytes()).collect()
}
