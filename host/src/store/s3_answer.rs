//! What an S3 server means by an answer that is not success.
//!
//! The status alone does not say: a 403 is a wrong key, a wrong clock or a missing object. The explanation is a
//! little XML, of which `<Code>` and, for Garage, `<Message>` are looked at. Neither is repeated to the user save a
//! code that is a plain word.

use super::client::Answer;
use super::error::{Refusal, StoreError};

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// GET or HEAD.
    Read,
    /// PUT.
    Write,
}

/// The error for `answer`.
pub(super) fn explain(
    asked: Asked,
    name: &str,
    store: &str,
    bucket: &str,
    anonymous: bool,
    answer: &Answer,
) -> StoreError {
    let (status, code) = (answer.status.as_u16(), code(&answer.body));
    let missing = |forbidden| StoreError::Missing { name: name.into(), store: store.into(), forbidden };
    let refused = |reason| StoreError::Refused { store: store.into(), reason };
    if let Some(reason) = wrong_key(&answer.body) {
        return refused(reason);
    }
    match (status, asked, code.as_deref()) {
        (404, _, Some("NoSuchBucket")) | (404, Asked::Write, _) => {
            StoreError::NoSuchBucket { store: store.into(), bucket: bucket.into() }
        }
        (404, Asked::Read, _) => missing(false),
        (403, Asked::Read, _) => missing(true),
        (401 | 403, _, _) if anonymous => refused(Refusal::Anonymous),
        (403, Asked::Write, _) => refused(Refusal::Write),
        (401, _, _) => refused(Refusal::Forbidden),
        _ => StoreError::Server { store: store.into(), status, code },
    }
}

/// Whether the credentials themselves are wrong, whatever they were used for.
fn wrong_key(body: &[u8]) -> Option<Refusal> {
    match element(body, "Code")? {
        "InvalidAccessKeyId" => Some(Refusal::UnknownKey),
        "SignatureDoesNotMatch" => Some(Refusal::Signature),
        "AuthorizationHeaderMalformed" => Some(Refusal::Region),
        "RequestTimeTooSkewed" => Some(Refusal::Clock),
        // Garage has one code for these, and says the rest in words.
        "AccessDenied" => match element(body, "Message")? {
            message if message.contains("No such key") => Some(Refusal::UnknownKey),
            message if message.contains("Invalid signature") => Some(Refusal::Signature),
            _ => None,
        },
        _ => None,
    }
}

/// The answer's error code.
pub(super) fn code(body: &[u8]) -> Option<String> {
    let code = element(body, "Code")?;
    let is_word = !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_word.then(|| code.to_owned())
}

/// The text of the first `<name>` element. An error's answer is flat, so no parser is needed.
fn element<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let text = str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0.trim())
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn explained(asked: Asked, status: u16, code: &str, message: &str) -> StoreError {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: HeaderMap::new(), body: body.into_bytes() };
        explain(asked, "abcd", "s3://h:1/zos", "zos", false, &answer)
    }

    #[test]
    fn codes_tell_a_403_apart() {
        let refused = |asked, code, message| match explained(asked, 403, code, message) {
            StoreError::Refused { reason, .. } => Some(reason),
            _ => None,
        };
        assert_eq!(refused(Asked::Read, "InvalidAccessKeyId", ""), Some(Refusal::UnknownKey));
        assert_eq!(refused(Asked::Read, "SignatureDoesNotMatch", ""), Some(Refusal::Signature));
        assert_eq!(refused(Asked::Read, "RequestTimeTooSkewed", ""), Some(Refusal::Clock));
        assert_eq!(refused(Asked::Read, "AccessDenied", "Forbidden: No such key: GK1"), Some(Refusal::UnknownKey));
        assert_eq!(refused(Asked::Read, "AccessDenied", "Forbidden: Invalid signature"), Some(Refusal::Signature));
        assert_eq!(refused(Asked::Write, "AccessDenied", "Forbidden: not allowed"), Some(Refusal::Write));
        let aws = explained(Asked::Read, 403, "AccessDenied", "Access Denied");
        assert!(matches!(aws, StoreError::Missing { forbidden: true, .. }), "{aws}");
    }

    #[test]
    fn a_404_is_the_object_or_the_bucket() {
        assert!(matches!(
            explained(Asked::Read, 404, "NoSuchKey", "Key not found"),
            StoreError::Missing { forbidden: false, .. }
        ));
        assert!(matches!(explained(Asked::Read, 404, "NoSuchBucket", ""), StoreError::NoSuchBucket { .. }));
        assert!(matches!(explained(Asked::Write, 404, "", ""), StoreError::NoSuchBucket { .. }));
    }

    #[test]
    fn a_servers_words_are_not_repeated() {
        let error = explained(Asked::Read, 403, "AccessDenied", "Forbidden: No such key: GK31c2f218a2e44f485b94239e");
        assert!(!format!("{error} {error:?} {}", error.hint()).contains("GK31"));
        let error = explained(Asked::Read, 400, "No such key: GK31", "");
        assert_eq!(error.to_string(), "s3://h:1/zos answered with status 400");
        let error = explained(Asked::Write, 503, "SlowDown", "");
        assert_eq!(error.to_string(), "s3://h:1/zos answered with status 503 (SlowDown)");
    }
}
