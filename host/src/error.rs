//! Everything that can end a command, with its exit code.

use std::path::PathBuf;

use crate::config::{ComponentSource, ConfigError, ConfigFileError};
use crate::files::writing_hint;
use crate::kernel::indexes::IndexError;
use crate::kernel::modinfo::ModinfoError;
use crate::manifest::ManifestError;
use crate::manifest::clean::RouteError;
use crate::pack::PackError;
use crate::plugin::PluginError;
use crate::plugin::author::componentize::{ComponentizeError, ToolchainError};
use crate::plugin::author::scaffold::ScaffoldError;
use crate::printable::Printable;
use crate::progress::Warning;
use crate::publish::PublishError;
use crate::report::ReportError;
use crate::store::StoreError;
use crate::store::url::UrlError;
use crate::tree::filtered::FilterError;
use crate::tree::normal::UnpackableError;
use crate::tree::scan::ScanError;
use crate::tree::source::SourceError;
use crate::unpack::UnpackError;
use crate::verify::read_back::ReadBackError;
use crate::verify::rfs::RfsError;
use crate::verify::source_comparison::CompareError;
use crate::zinit::ZinitError;

/// Why a command ended. The message says what is wrong and where; [`Error::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is described by its own message or by the error that it holds")]
#[non_exhaustive]
pub enum Error {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{missing}; {there}")]
    OtherKernels {
        #[source]
        missing: SourceError,
        there: String,
        hint: String,
    },
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error(transparent)]
    Unpackable(#[from] UnpackableError),
    #[error("{} was built for kernel {}, this build is for {expected}", path.display(), Printable(found))]
    WrongKernel { path: PathBuf, found: String, expected: String },
    #[error("{} is not a usable module: {error}", path.display())]
    BadModule {
        path: PathBuf,
        #[source]
        error: ModinfoError,
    },
    #[error("flist `{flist}` would hold no {what}: {why}")]
    NoFile { flist: String, what: &'static str, why: NoFile },
    #[error("flist `{flist}` would hold {what}: {} lies in its source", path.display())]
    OwnFile { flist: String, path: PathBuf, what: &'static str },
    #[error("flist `{flist}` would hold the write key: {} lies in its source, as {}", file.display(), entry.display())]
    OwnCredentials { flist: String, file: PathBuf, entry: PathBuf },
    #[error(transparent)]
    Indexes(#[from] IndexError),
    #[error("flist `{flist}` holds what no node could use:{}", listed(what))]
    Unusable { flist: String, what: Vec<Warning> },
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("SQLite could not make the manifest: {0}")]
    Sqlite(#[source] rusqlite::Error),
    #[error("{}: {error}", path.display())]
    Manifest {
        path: PathBuf,
        #[source]
        error: ManifestError,
    },
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error(transparent)]
    ReadBack(Box<ReadBackError>),
    #[error(transparent)]
    Plugin(Box<PluginError>),
    #[error("plugin `{plugin}`: its component {component} cannot be read: {error}")]
    Component {
        plugin: String,
        component: ComponentSource,
        #[source]
        error: std::io::Error,
    },
    #[error(transparent)]
    ConfigFile(#[from] ConfigFileError),
    #[error("flists `{first}` and `{second}` would both be written to `{name}`")]
    SameName { name: String, first: String, second: String },
    #[error(transparent)]
    Scaffold(#[from] ScaffoldError),
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    #[error(transparent)]
    Componentize(#[from] ComponentizeError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Zinit(#[from] ZinitError),
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error(transparent)]
    Rfs(#[from] RfsError),
    #[error("cannot read {}: {error}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        error: std::io::Error,
    },
    #[error("cannot write {}: {error}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        error: std::io::Error,
    },
    #[error("{what}")]
    Usage { what: String, hint: String },
}

/// Why there is no file in what an flist would be made from; where that is of modules, no module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFile {
    /// The source has none.
    #[error("{} has none", .0.display())]
    Source(PathBuf),
    /// It has some by symlinks alone.
    #[error("{} has {} out of it, where no node finds anything", source_path.display(), lead(*symlinks))]
    Symlinks {
        /// The source.
        source_path: PathBuf,
        /// How many lead out.
        symlinks: usize,
    },
    /// The filters dropped them.
    #[error("of {files}, the filters drop all ({by})")]
    Filters {
        /// How many there were.
        files: usize,
        /// The filters that dropped something.
        by: String,
    },
    /// The post-pack plugins removed them.
    #[error("of {files}, the post-pack plugins remove all ({by})")]
    PostPack {
        /// How many there were.
        files: usize,
        /// The plugins that removed something.
        by: String,
    },
}

fn lead(symlinks: usize) -> String {
    if symlinks == 1 { "1 symlink, which leads".to_owned() } else { format!("{symlinks} symlinks, which lead") }
}

impl NoFile {
    /// What to do about it; `what` is what there is none of.
    pub fn remedy(&self, what: &str) -> String {
        match self {
            NoFile::Source(_) if what == "file" => "run the step that fills it",
            NoFile::Source(_) => "`make modules_install` fills it; `contents = \"plain\"` packs any tree",
            NoFile::Symlinks { .. } => "copy the files, as `cp -rL` does, and pack the copy",
            NoFile::Filters { .. } => "correct their configuration",
            NoFile::PostPack { .. } => {
                "correct their configuration, or take them out of `post-pack` of the flist in config/flistry.toml"
            }
        }
        .to_owned()
    }
}

/// Each on a line of its own.
fn listed(what: &[Warning]) -> String {
    what.iter().map(|warning| format!("\n  {warning}")).collect()
}

impl From<PluginError> for Error {
    fn from(error: PluginError) -> Self {
        Error::Plugin(Box::new(error))
    }
}

impl From<ReadBackError> for Error {
    fn from(error: ReadBackError) -> Self {
        Error::ReadBack(Box::new(error))
    }
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ExitCode {
    /// What was asked for was done.
    Done = 0,
    /// It could not be done.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Verification found damage.
    Damage = 3,
}

impl Error {
    /// The exit code that says what kind of error this is.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Error::Config(_)
            | Error::Url(_)
            | Error::Usage { .. }
            | Error::OwnFile { .. }
            | Error::OwnCredentials { .. }
            | Error::Component { .. }
            | Error::ConfigFile(_)
            | Error::Scaffold(ScaffoldError::Name(_) | ScaffoldError::Exists(_))
            | Error::SameName { .. } => ExitCode::Usage,
            Error::Plugin(error) if error.is_configuration() => ExitCode::Usage,
            Error::Publish(PublishError::Taken { .. }) => ExitCode::Usage,
            Error::Store(StoreError::Gap { .. }) => ExitCode::Usage,
            Error::Zinit(error) if error.is_configuration() => ExitCode::Usage,
            // What is not an flist at all is a wrong argument; a broken one is damage.
            Error::Manifest { error, .. } if error.is_damage() => ExitCode::Damage,
            Error::ReadBack(error) if matches!(**error, ReadBackError::Damaged { .. }) => ExitCode::Damage,
            Error::Unpack(error) if error.is_damage() => ExitCode::Damage,
            _ => ExitCode::Failed,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Config(error) => Some(error.hint()),
            Error::Url(error) => Some(error.hint()),
            Error::Source(error) => error.hint(),
            Error::OtherKernels { hint, .. } => Some(hint.clone()),
            Error::Scan(error) => error.hint(),
            Error::Filter(error) => error.hint(),
            Error::Unpackable(error) => error.hint(),
            Error::WrongKernel { .. } => {
                Some("rebuild the modules, or correct KERNEL_VERSION in config/build.conf and CONFIG_LOCALVERSION in config/kernel.config".into())
            }
            Error::BadModule { .. } => Some("install the modules again, or let a filter drop the file".into()),
            Error::NoFile { flist, what, why } => {
                let remedy = why.remedy(what);
                Some(format!("{remedy}; `allow-empty = true` of [flist.{flist}] builds it without a {what}"))
            }
            Error::OwnFile { .. } => Some("pack a directory that does not hold it, or let a filter drop it".into()),
            Error::OwnCredentials { .. } => {
                Some("take it out of the source, or pack another directory: plugins could read it before a filter drops it".into())
            }
            Error::Indexes(error) => Some(error.hint()),
            Error::Unusable { .. } => Some("`strict = false` of [node] in config/flistry.toml makes these warnings".into()),
            Error::Pack(error) => error.hint(),
            Error::Store(error) => Some(error.hint()),
            Error::Sqlite(_) => None,
            Error::Manifest { error, .. } => error.hint().map(str::to_owned),
            Error::Route(error) => error.hint(),
            Error::ReadBack(error) => error.hint(),
            Error::Plugin(error) => Some(error.hint()),
            Error::Component { plugin, .. } => Some(format!("correct `component` of [plugin.{plugin}] in config/flistry.toml")),
            Error::ConfigFile(error) => Some(error.hint()),
            Error::SameName { .. } => Some("configure their naming plugins so that each name and alias is one flist's".into()),
            Error::Scaffold(error) => Some(error.hint()),
            Error::Toolchain(error) => error.hint().map(str::to_owned),
            Error::Componentize(_) => Some("build it against the interface in wit/, best with the crate in plugins/sdk".into()),
            Error::Report(error) => Some(error.hint().to_owned()),
            Error::Publish(error) => error.hint(),
            Error::Zinit(error) => error.hint(),
            Error::Unpack(error) => error.hint(),
            Error::Compare(_) => Some("the source must be readable and as it was when it was packed".into()),
            Error::Rfs(error) => error.hint(),
            Error::Read { error, .. } => match error.kind() {
                std::io::ErrorKind::NotFound => Some("check the path".into()),
                _ => Some("it must be a file that this user may read".into()),
            },
            Error::Write { error, .. } => Some(writing_hint(error).to_owned()),
            Error::Usage { hint, .. } => Some(hint.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;
    use crate::block::{BlobId, Damage, DamagedBlob};
    use crate::config::ConfigFileProblem;
    use crate::store::Refusal;
    use crate::store::fetch::FetchError;
    use crate::verify::{FileDamage, Finding};

    /// The last error of the chain that `source` makes.
    fn cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
        let mut cause = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        cause
    }

    #[test]
    fn an_error_leads_to_what_caused_it() {
        let io = || io::Error::from(io::ErrorKind::StorageFull);
        let path = || PathBuf::from("x");
        let in_store = || StoreError::Io { store: "dir:///s".into(), action: "write", path: "ab".into(), source: io() };
        let module = || ModinfoError::Decompress(io());
        let errors: Vec<Error> = vec![
            in_store().into(),
            PackError::Store(in_store()).into(),
            PackError::Read { path: path(), error: io() }.into(),
            PublishError::Write { path: path(), error: io() }.into(),
            PublishError::Store(in_store()).into(),
            ReadBackError::Refused { route: "r".into(), error: in_store(), works: None }.into(),
            UnpackError::Fetch { path: "x".into(), error: FetchError::Store(in_store()) }.into(),
            ReportError::Read { path: path(), error: io() }.into(),
            ScaffoldError::Write { path: path(), error: io() }.into(),
            ToolchainError::Io { path: path(), error: io() }.into(),
            ZinitError::Write { path: path(), error: io() }.into(),
            CompareError::Read { path: path(), error: io() }.into(),
            RfsError::Run { rfs: path(), error: io() }.into(),
            SourceError::Open { path: path(), error: io() }.into(),
            IndexError::Stage { path: path(), error: io() }.into(),
            ConfigFileError {
                plugin: "p".into(),
                key: "k".into(),
                path: path(),
                problem: ConfigFileProblem::Read(io()),
            }
            .into(),
            Error::BadModule { path: path(), error: module() },
            Error::Write { path: path(), error: io() },
        ];
        for error in &errors {
            let found = cause(error).downcast_ref::<io::Error>();
            assert_eq!(found.map(io::Error::kind), Some(io::ErrorKind::StorageFull), "{error:?}");
        }
        let finding = Finding::File { path: "x".into(), why: FileDamage::Module(module()) };
        assert!(cause(&finding).is::<io::Error>());
    }

    #[test]
    fn what_is_wrong_is_a_cause_of_its_own() {
        let refused = Error::from(StoreError::Refused { store: "s3://h:1/b".into(), reason: Refusal::Signature });
        assert!(cause(&refused).is::<Refusal>());
        let damaged = DamagedBlob { id: BlobId::from([0; 32]), what: Damage::Id };
        assert!(cause(&FetchError::Damaged(damaged)).is::<Damage>());
        let sqlite = Error::Sqlite(rusqlite::Error::InvalidQuery);
        assert!(sqlite.source().is_some_and(|source| source.is::<rusqlite::Error>()));
        let line = crate::config::assignments::parse("echo", &std::collections::BTreeMap::new()).unwrap_err();
        assert!(
            cause(&Error::from(ConfigError::BuildConf(line))).is::<crate::config::assignments::AssignmentProblem>()
        );
    }
}
