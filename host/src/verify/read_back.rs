//! Reading what was packed as a node will: through the read URL, with the read credentials.

use super::finding::{Finding, Verification};
use super::ladder::verify;
use super::level::ReadBackLevel;
use crate::block::BlobId;
use crate::manifest::Manifest;
use crate::manifest::clean::CleanManifest;
use crate::progress::Progress;
use crate::store::fetch::FetchError;
use crate::store::open::{open_read, open_route, open_route_ranges};
use crate::store::s3::S3Store;
use crate::store::url::{HttpUrl, Ranged, ReadUrl, S3Url, StoreUrl, WriteUrl};
use crate::store::{ReadBlobs, Refusal, StoreError, WriteBlobs};

/// A manifest whose blobs were read back: through its own route, whose key can't write ([`ProvenManifest::prove`]), or, in a
/// build into a store that no route leads to, from that store ([`ProvenManifest::prove_in`]).
pub struct ProvenManifest {
    clean: CleanManifest,
    verification: Verification,
}

impl ProvenManifest {
    /// Verifies a manifest through its route, and the route itself. `written` is where its blobs were sent.
    ///
    /// # Errors
    /// [`ReadBackError`] for anything that would keep a node from reading the flist, or let it do more than that.
    pub fn prove(
        clean: CleanManifest,
        route: &[Ranged<ReadUrl>],
        written: &[Ranged<WriteUrl>],
        level: ReadBackLevel,
        progress: &dyn Progress,
    ) -> Result<ProvenManifest, ReadBackError> {
        let verification = read_back(clean.manifest(), route, written, level, progress)?;
        prove_read_only(clean.manifest(), route)?;
        Ok(ProvenManifest { clean, verification })
    }

    /// Verifies a manifest in the store that its blobs went to.
    ///
    /// # Errors
    /// [`ReadBackError::Damaged`] where a blob is not what was sent, [`ReadBackError::Refused`] where the store does not
    /// answer.
    pub fn prove_in(
        clean: CleanManifest,
        store: &dyn ReadBlobs,
        level: ReadBackLevel,
        progress: &dyn Progress,
    ) -> Result<ProvenManifest, ReadBackError> {
        let refused = |error| ReadBackError::Refused { route: store.describe(), error, works: None };
        let mut verification = verify(clean.manifest(), store, level.into(), progress).map_err(refused)?;
        leave_the_sources_own(&mut verification);
        if !verification.findings.is_empty() {
            return Err(damaged(verification.findings));
        }
        Ok(ProvenManifest { clean, verification })
    }

    /// The manifest.
    pub fn clean(&self) -> &CleanManifest {
        &self.clean
    }

    /// What was proven of it.
    pub fn verification(&self) -> &Verification {
        &self.verification
    }
}

/// Verifies a manifest through its route. If blobs are missing, finds out whether the route leads to the bucket that
/// they were written to.
///
/// # Errors
/// [`ReadBackError`] for anything that would keep a node from reading the flist.
fn read_back(
    manifest: &Manifest,
    route: &[Ranged<ReadUrl>],
    written: &[Ranged<WriteUrl>],
    level: ReadBackLevel,
    progress: &dyn Progress,
) -> Result<Verification, ReadBackError> {
    for url in route {
        // Asks for what can't be there: the answer tells a wrong key or bucket from missing blobs, which a HEAD can't.
        let probed = open_route(&url.value).and_then(|store| store.probe());
        probed.map_err(|error| refused(manifest, route, written, error))?;
    }
    let store = open_route_ranges(route).map_err(|error| refused(manifest, route, written, error))?;
    let mut result =
        verify(manifest, &*store, level.into(), progress).map_err(|error| refused(manifest, route, written, error))?;
    leave_the_sources_own(&mut result);
    if result.findings.is_empty() {
        return Ok(result);
    }
    let mut findings = result.findings;
    if let Some(at) = findings.iter().position(is_forbidden)
        && let Finding::Blob { why: FetchError::Store(error), .. } = findings.swap_remove(at)
    {
        return Err(refused(manifest, route, written, error));
    }
    let missing = findings.iter().filter(|finding| is_missing(finding)).count() as u64;
    if missing == 0 {
        return Err(damaged(findings));
    }
    let first = findings.iter().find_map(|finding| match finding {
        Finding::Blob { id, why: FetchError::Store(StoreError::Missing { .. }), .. } => Some(*id),
        _ => None,
    });
    Err(ReadBackError::Elsewhere {
        route: described(route),
        written: written.iter().map(|url| url.value.to_string()).collect::<Vec<_>>().join(", "),
        missing,
        blobs: result.blobs,
        first: first.expect("one is missing"),
        works: first.and_then(|id| setting_that_works(&id, route, written)),
    })
}

/// A module that is broken in the source is stored as it is, which is what a read-back proves. The plan has warned of it.
fn leave_the_sources_own(verification: &mut Verification) {
    verification.findings.retain(|finding| !finding.is_of_the_source());
}

/// What is wrong, told apart by whether the store has what was packed.
fn damaged(findings: Vec<Finding>) -> ReadBackError {
    match findings.iter().all(|finding| matches!(finding, Finding::Index(_))) {
        true => ReadBackError::Unfit { findings },
        false => ReadBackError::Damaged { findings },
    }
}

fn described(route: &[Ranged<ReadUrl>]) -> String {
    route.iter().map(|url| url.value.to_string()).collect::<Vec<_>>().join(", ")
}

fn is_forbidden(finding: &Finding) -> bool {
    matches!(finding, Finding::Blob { why: FetchError::Store(StoreError::Missing { forbidden: true, .. }), .. })
}

fn is_missing(finding: &Finding) -> bool {
    matches!(finding, Finding::Blob { why: FetchError::Store(StoreError::Missing { .. }), .. })
}

/// The store answers that the credentials or the place are wrong: the place may be found, too.
fn refused(
    manifest: &Manifest,
    route: &[Ranged<ReadUrl>],
    written: &[Ranged<WriteUrl>],
    error: StoreError,
) -> ReadBackError {
    let works = match &error {
        StoreError::NoSuchBucket { .. } | StoreError::Refused { .. } | StoreError::Missing { .. } => {
            manifest.blobs().first().and_then(|(block, _)| setting_that_works(&block.id, route, written))
        }
        _ => None,
    };
    ReadBackError::Refused { route: described(route), error, works }
}

/// The setting with which the read key finds the blob, of those that lead to where it was written.
fn setting_that_works(id: &BlobId, route: &[Ranged<ReadUrl>], written: &[Ranged<WriteUrl>]) -> Option<String> {
    let [Ranged { value: route, .. }] = route else { return None };
    let StoreUrl::S3(written) = &written.iter().find(|url| url.range.contains(id.first_byte()))?.value.0 else {
        return None;
    };
    let whole = match written.prefix.as_str() {
        "" => written.bucket.clone(),
        prefix => format!("{}/{prefix}", written.bucket),
    };
    let candidates = [whole, written.bucket.clone(), written.prefix.clone()];
    candidates.into_iter().filter(|path| !path.is_empty()).find_map(|path| {
        let (url, setting) = match route.url() {
            StoreUrl::S3(url) => {
                let (bucket, prefix) = path.split_once('/').unwrap_or((&path, ""));
                let url = S3Url { bucket: bucket.into(), prefix: prefix.into(), ..url.clone() };
                (StoreUrl::S3(url), format!("ROUTE_PATH=/{path}"))
            }
            StoreUrl::Http(url) => {
                let url = StoreUrl::Http(HttpUrl { path: path.clone(), ..url.clone() });
                let setting = format!("WEB_ENDPOINT={url}");
                (url, setting)
            }
            StoreUrl::Dir(_) => return None,
        };
        open_read(&url).ok()?.size(id).ok().flatten().map(|_| setting)
    })
}

/// A node could not read the flist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBackError {
    /// Blobs that were written are not where the route leads.
    #[error(
        "the route does not lead to the blobs: {missing} of {blobs} are not there, the first is {first}\n  \
         the route:    {route}\n  written to:   {written}"
    )]
    Elsewhere {
        /// The route, masked.
        route: String,
        /// Where blobs were written, masked.
        written: String,
        /// How many are missing.
        missing: u64,
        /// Of how many.
        blobs: u64,
        /// One of them.
        first: BlobId,
        /// The setting that would work, if one was found.
        works: Option<String>,
    },
    /// What is read is not what was written.
    #[error("what the store gives back is not what was packed: {}", first_of(findings))]
    Damaged {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// What is read is what was written, and its parts don't fit together.
    #[error("what was packed does not fit together: {}", first_of(findings))]
    Unfit {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The store does not answer the read credentials.
    #[error("the flist can't be read through its route {route}: {error}")]
    Refused {
        /// The route, masked.
        route: String,
        /// The store's error.
        #[source]
        error: StoreError,
        /// The setting that would work, if one was found.
        works: Option<String>,
    },
    /// The key that nodes get can write.
    #[error("the read key can write to {route}: every node would hold a key that can replace what others read")]
    Writable {
        /// The route, masked.
        route: String,
    },
}

fn first_of(findings: &[Finding]) -> String {
    match findings {
        [] => String::new(),
        [one] => one.to_string(),
        [first, others @ ..] => format!("{first} (and {} more)", others.len()),
    }
}

impl ReadBackError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            ReadBackError::Elsewhere { works: Some(setting), .. }
            | ReadBackError::Refused { works: Some(setting), .. } => {
                Some(format!("{setting} in config/rfs.conf would work"))
            }
            ReadBackError::Elsewhere { works: None, .. } => Some(
                "ROUTE_ENDPOINT and ROUTE_PATH in config/rfs.conf must lead to what S3_BUCKET/S3_PREFIX name".into(),
            ),
            ReadBackError::Damaged { .. } => Some("delete the damaged blobs from the store and build again".into()),
            ReadBackError::Unfit { .. } => {
                Some("the store gives back what was packed: run depmod on the source, and build again".into())
            }
            ReadBackError::Refused { error, .. } => Some(route_hint(error)),
            ReadBackError::Writable { .. } => {
                Some("make READ_ACCESS_KEY a key of its own: garage bucket allow --read BUCKET --key KEY".into())
            }
        }
    }
}

/// What to do about a store's error where the store is the route's: other settings decide that one.
fn route_hint(error: &StoreError) -> String {
    match error {
        StoreError::Refused { reason: Refusal::Region, .. } => {
            "set ROUTE_REGION in config/rfs.conf to the server's region (Garage's default is garage)".into()
        }
        StoreError::NoSuchBucket { bucket, .. } => {
            format!("ROUTE_PATH in config/rfs.conf must begin with a bucket, or what a gateway takes for one: there is no \"{bucket}\"")
        }
        StoreError::FindsAnything { .. } => {
            "check WEB_ENDPOINT, or ROUTE_ENDPOINT and ROUTE_PATH, in config/rfs.conf; a web server with blobs has to answer \
             404 to what is not there, and no page in its place"
                .into()
        }
        error => error.hint(),
    }
}

/// Proves that the read credentials can't write: asks the store to replace a blob by itself, which does no harm where
/// it is granted.
///
/// # Errors
/// [`ReadBackError::Writable`] where it is; the store's own where it does not answer.
fn prove_read_only(manifest: &Manifest, route: &[Ranged<ReadUrl>]) -> Result<(), ReadBackError> {
    for url in route {
        let StoreUrl::S3(s3) = url.value.url() else { continue };
        let failed = |error| ReadBackError::Refused { route: url.value.to_string(), error, works: None };
        let store = S3Store::new(s3).map_err(failed)?;
        let mut blobs = manifest.blobs().into_iter().map(|(block, _)| block.id);
        let (id, blob) = match blobs.find(|id| url.range.contains(id.first_byte())) {
            Some(id) => (id, store.get(&id).map_err(failed)?),
            // With no blob to replace by itself, an empty one that no manifest can name.
            None => (BlobId::from([url.range.start; 32]), Vec::new()),
        };
        match store.put(&id, &blob) {
            Ok(()) => return Err(ReadBackError::Writable { route: url.value.to_string() }),
            // A gateway for reading may know no PUT at all; whatever it answers, it did not take the blob.
            Err(error) if !error.is_transient() => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}
