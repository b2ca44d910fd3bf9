//! What a build is going to do, found out without touching anything: the pipeline's stages up to the pack.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Instant;

use crate::config::{Config, Contents, Flist};
use crate::error::Error;
use crate::filter::{Filtered, filter};
use crate::modinfo::{Compression, MAX_MODULE_BYTES, ModinfoError, kernel_of_module};
use crate::naming::FlistName;
use crate::normal::{Input, Rules, normalize};
use crate::progress::{Progress, Step};
use crate::report::Stage;
use crate::scan::{Scan, Scanned, scan};
use crate::source::Source;
use crate::store::url::StoreUrl;
use crate::tree::{Entry, Kind, Tree};

/// The plan of one flist.
pub struct Plan<'a> {
    /// The whole configuration.
    pub config: &'a Config,
    /// The flist's part of it.
    pub flist: &'a Flist,
    /// Where its files are.
    pub source: Source,
    /// What will be packed.
    pub input: Input,
    /// What was left out.
    pub filtered: Filtered,
    /// How long the stages so far took.
    pub stages: Vec<Stage>,
}

impl<'a> Plan<'a> {
    /// Finds and walks the source, filters it, and checks what can be checked before anything is read or sent.
    ///
    /// # Errors
    /// Whatever would end a build before it begins to pack.
    pub fn make(config: &'a Config, flist: &'a Flist, progress: &dyn Progress) -> Result<Plan<'a>, Error> {
        let mut clock = Clock::default();
        let source = Source::open_ambient(&flist.name, &flist.sources)?;
        progress.begin(Step::Scan, 0);
        let scan = scan(&source)?;
        clock.stage("scan");
        let filtered = filter(&scan, &flist.exclude)?;
        check_own_files(config, flist, &source, &scan, &filtered)?;
        let rules = Rules { owner: flist.owner, not_after: config.source_date_epoch };
        let (input, warnings) = normalize(&scan, &filtered, rules)?;
        for warning in warnings {
            progress.warn(warning);
        }
        clock.stage("filter");
        if flist.contents == Contents::Modules {
            check_kernel(config, &source, &input.tree)?;
            clock.stage("vermagic");
        }
        Ok(Plan { config, flist, source, input, filtered, stages: clock.stages })
    }

    /// The name that the manifest will have. The naming stage has only templates to expand, which loading the
    /// configuration did.
    pub fn file_name(&self) -> &FlistName {
        &self.flist.file_name
    }
}

/// Refuses to pack the project's credentials, and what the build itself writes: the one would be published, the other
/// would grow with every build.
fn check_own_files(
    config: &Config,
    flist: &Flist,
    source: &Source,
    scan: &Scan,
    filtered: &Filtered,
) -> Result<(), Error> {
    let own = |path: PathBuf, what| Err(Error::OwnFile { flist: flist.name.clone(), path, what });
    // By identity: a link or a second mount leads to the same file.
    let credentials = config.project.join("config/rfs.conf");
    if let Ok(metadata) = credentials.metadata() {
        let is_it = |entry: &Scanned| (entry.identity.dev, entry.identity.ino) == (metadata.dev(), metadata.ino());
        let mut kept = scan.entries().iter().enumerate().filter(|(index, _)| filtered.keeps(*index));
        if kept.any(|(_, entry)| is_it(entry)) {
            return own(credentials, "the write key");
        }
    }
    let stores = config.store.write.iter().filter_map(|store| match &store.value.0 {
        StoreUrl::Dir(path) => Some((path.clone(), "the blobs")),
        _ => None,
    });
    let written = [(config.output.clone(), "the finished flists"), (config.pack.cache.clone(), "the pack cache")];
    // By path: none of them needs to exist yet.
    let root = source.path().canonicalize().unwrap_or_else(|_| source.path().to_owned());
    for (path, what) in
        written.into_iter().chain(stores).chain(config.publish.folder.clone().map(|f| (f, "the finished flists")))
    {
        if let Ok(inside) = path.strip_prefix(&root)
            && !flist.exclude.iter().any(|pattern| pattern.excludes(&inside.to_string_lossy()))
        {
            return own(path, what);
        }
    }
    Ok(())
}

/// Reads one module's `vermagic`: a tree of another kernel would be mounted where no module of it loads.
fn check_kernel(config: &Config, source: &Source, tree: &Tree) -> Result<(), Error> {
    let module = tree.iter().find_map(|(id, entry)| match entry.kind {
        Kind::File { .. } => Some((id, Compression::of_module(&entry.name)?)),
        _ => None,
    });
    let Some((id, compression)) = module else {
        return Err(Error::NoModules { source_path: source.path().to_owned() });
    };
    let path = tree.path(id);
    let full = source.path().join(&path);
    let bytes = match read_module(source, &path, tree.get(id)) {
        Ok(bytes) => bytes,
        Err(error) => return Err(Error::Read { path: full, error }),
    };
    match kernel_of_module(&bytes, compression) {
        Ok(found) if found == config.kernel.as_str() => Ok(()),
        Ok(found) => Err(Error::WrongKernel { path: full, found, expected: config.kernel.to_string() }),
        Err(error) => Err(Error::BadModule { path: full, error }),
    }
}

fn read_module(source: &Source, path: &str, module: &Entry) -> std::io::Result<Vec<u8>> {
    let size = module.kind.size_column();
    if size > MAX_MODULE_BYTES {
        return Err(std::io::Error::other(ModinfoError::TooLarge(size).to_string()));
    }
    let mut bytes = Vec::new();
    source.open(path)?.take(MAX_MODULE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Measures stages that follow each other.
pub(crate) struct Clock {
    last: Instant,
    pub stages: Vec<Stage>,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { last: Instant::now(), stages: Vec::new() }
    }
}

impl Clock {
    /// A stage ends now; it began where the one before ended.
    pub fn stage(&mut self, name: &str) {
        let now = Instant::now();
        self.stages.push(Stage { name: name.to_owned(), seconds: (now - self.last).as_secs_f64() });
        self.last = now;
    }
}
