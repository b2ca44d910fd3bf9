//! A row of an flist's route table as it is shown.

use flistry::manifest::Route;
use flistry::printable::Printable;
use flistry::store::url::StoreUrl;
use serde::Serialize;

#[derive(Serialize)]
pub struct RouteRow {
    /// The blob ids that it is for, by their first byte: `00-7f`.
    pub range: String,
    pub url: String,
}

impl RouteRow {
    /// The row without its secret, whatever kind of URL it has.
    pub fn masked(route: &Route) -> Self {
        let text = route.url().expose();
        let url = StoreUrl::parse(text).map_or_else(|_| mask_foreign(text), |url| url.to_string());
        RouteRow { range: route.range.to_string(), url }
    }

    /// The row as it stands in the manifest.
    pub fn with_secrets(route: &Route) -> Self {
        RouteRow { range: route.range.to_string(), url: route.url().expose().to_owned() }
    }
}

impl std::fmt::Display for RouteRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.range, self.url)
    }
}

/// In another program's kind of URL, whatever is before an `@` or after a `?` may be a secret.
fn mask_foreign(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "***".to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, ""), |(place, _)| (place, "?***"));
    let place = match place.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => place.to_owned(),
    };
    Printable(&format!("{scheme}://{place}{query}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_url_is_masked() {
        assert_eq!(mask_foreign("zdb://h:9900/ns"), "zdb://h:9900/ns");
        assert_eq!(mask_foreign("zdb://user:p@ss@h:9900/ns"), "zdb://***@h:9900/ns");
        assert_eq!(mask_foreign("zdb://h:9900/ns?password=x"), "zdb://h:9900/ns?***");
        assert_eq!(mask_foreign("nonsense"), "***");
    }
}
