//! Who may ask: nobody without the token, no page of another site, and no name that
//! somebody else has pointed at this address.

use std::net::IpAddr;

use constant_time_eq::constant_time_eq;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, StatusCode};

/// Bytes of a token, from the system. It is written in hexadecimal.
const TOKEN: usize = 16;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// What every request is held against.
pub(crate) struct Guard {
    token: String,
    /// Names by which it may be asked for, beside addresses and `localhost`.
    hosts: Vec<String>,
}

/// Why a request is refused. What it says is for people at a console, and gives away
/// nothing that they have not said themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("this address is not served under that name")]
    Host,
    #[error("pages of other sites may not ask here; open the address that was printed")]
    Site,
    #[error("the token is missing or wrong; open the address that was printed")]
    Token,
    #[error("there is no such page")]
    Path,
    #[error("another method is wanted here")]
    Method,
    #[error("the request is too large or makes no sense")]
    Bad,
    #[error("there is no such isolate any more")]
    Gone,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Refusal::Host => StatusCode::MISDIRECTED_REQUEST,
            Refusal::Site | Refusal::Token => StatusCode::FORBIDDEN,
            Refusal::Path => StatusCode::NOT_FOUND,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::Bad => StatusCode::BAD_REQUEST,
            Refusal::Gone => StatusCode::GONE,
        }
    }
}

impl Guard {
    /// With a new token.
    ///
    /// # Errors
    ///
    /// Where the system has no random numbers.
    pub(crate) fn new(hosts: Vec<String>) -> std::io::Result<Self> {
        let mut bytes = [0; TOKEN];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Guard {
            token: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            hosts,
        })
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Whether it comes from where it may, whatever it asks for.
    pub(crate) fn check_source(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = text(headers, header::HOST).ok_or(Refusal::Host)?;
        if !self.is_ours(host) {
            return Err(Refusal::Host);
        }
        if let Some(origin) = text(headers, header::ORIGIN) {
            let own = origin.strip_prefix("http://");
            if own.is_none_or(|own| !own.eq_ignore_ascii_case(host)) {
                return Err(Refusal::Site);
            }
        }
        // Browsers say it, and no page can say otherwise. `none` is the address bar.
        match text(headers, FETCH_SITE) {
            None | Some("same-origin" | "none") => Ok(()),
            // Following a link shows the page to who clicked, and to nobody else.
            Some(_) if is_followed_link(headers) => Ok(()),
            Some(_) => Err(Refusal::Site),
        }
    }

    /// Whether a request for data, or for an action, brings the token. In a header that
    /// no other site's page can set without being asked for leave, which nobody gives.
    pub(crate) fn check_bearer(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let token = text(headers, header::AUTHORIZATION);
        let token = token.and_then(|value| value.strip_prefix("Bearer "));
        self.check_token(token.unwrap_or_default())
    }

    pub(crate) fn check_token(&self, token: &str) -> Result<(), Refusal> {
        match constant_time_eq(token.as_bytes(), self.token.as_bytes()) {
            true => Ok(()),
            false => Err(Refusal::Token),
        }
    }

    /// Whether a host's name is an address, or one of the names that are allowed. An
    /// address cannot be made to point elsewhere, a name can. At any port: ours may be
    /// forwarded from another one.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host, "80"),
        };
        if port.parse::<u16>().is_err() {
            return false;
        }
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        let is_address = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => name.parse::<std::net::Ipv4Addr>().is_ok(),
        };
        is_address
            || name.eq_ignore_ascii_case("localhost")
            || self
                .hosts
                .iter()
                .any(|host| name.eq_ignore_ascii_case(host))
    }
}

/// Only asking, or changing something: which a request of this method does.
pub(crate) fn check_method(method: &Method, changes: bool) -> Result<(), Refusal> {
    let right = match changes {
        true => method == Method::POST,
        false => method == Method::GET,
    };
    if right { Ok(()) } else { Err(Refusal::Method) }
}

/// Whether a browser shows the answer in a window of its own, where no page can look
/// into it.
fn is_followed_link(headers: &HeaderMap) -> bool {
    text(headers, FETCH_MODE) == Some("navigate") && text(headers, FETCH_DEST) == Some("document")
}

/// Whether only this machine can reach an address.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// A header that comes once; one that comes twice is none.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    match all.next() {
        None => Some(first.to_str().unwrap_or("\u{0}")),
        Some(_) => Some("\u{0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(vec!["box.example".to_owned()]).expect("random numbers")
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn names_that_can_be_pointed_here_are_refused() {
        let guard = guard();
        for (host, ours) in [
            ("127.0.0.1:4711", true),
            ("localhost:4711", true),
            ("LocalHost:4711", true),
            ("[::1]:4711", true),
            ("192.168.7.9:4711", true),
            ("box.example:4711", true),
            ("127.0.0.1", true),
            ("localhost:80", true),
            ("[::1]", true),
            ("localhost:4711x", false),
            ("localhost:", false),
            ("evil.example:4711", false),
            ("localhost.evil.example:4711", false),
            ("127.0.0.1.evil.example:4711", false),
            ("evil.example", false),
            ("[evil]:4711", false),
            ("", false),
        ] {
            let checked = guard.check_source(&headers(&[("host", host)]));
            assert_eq!(checked.is_ok(), ours, "{host}");
        }
        assert_eq!(guard.check_source(&HeaderMap::new()), Err(Refusal::Host));
        let twice = [("host", "127.0.0.1:4711"), ("host", "127.0.0.1:4711")];
        assert_eq!(guard.check_source(&headers(&twice)), Err(Refusal::Host));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let guard = guard();
        let host = ("host", "localhost:4711");
        for (more, allowed) in [
            (("origin", "http://localhost:4711"), true),
            (("origin", "http://localhost:4712"), false),
            (("origin", "https://localhost:4711"), false),
            (("origin", "http://127.0.0.1:4711"), false),
            (("origin", "null"), false),
            (("sec-fetch-site", "same-origin"), true),
            (("sec-fetch-site", "none"), true),
            (("sec-fetch-site", "same-site"), false),
            (("sec-fetch-site", "cross-site"), false),
        ] {
            let checked = guard.check_source(&headers(&[host, more]));
            let expected = if allowed { Ok(()) } else { Err(Refusal::Site) };
            assert_eq!(checked, expected, "{more:?}");
        }
    }

    #[test]
    fn a_link_is_followed_into_a_window_and_into_nothing_else() {
        let guard = guard();
        for (mode, dest, allowed) in [
            ("navigate", "document", true),
            ("navigate", "iframe", false),
            ("navigate", "embed", false),
            ("no-cors", "script", false),
            ("cors", "empty", false),
        ] {
            let checked = guard.check_source(&headers(&[
                ("host", "localhost:4711"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ]));
            assert_eq!(checked.is_ok(), allowed, "{mode} {dest}");
        }
    }

    #[test]
    fn only_the_whole_token_opens() {
        let (guard, other) = (guard(), guard());
        assert_ne!(guard.token(), other.token());
        assert_eq!(guard.token().len(), 2 * TOKEN);
        let with = |value: &str| guard.check_bearer(&headers(&[("authorization", value)]));
        let right = format!("Bearer {}", guard.token());
        assert_eq!(with(&right), Ok(()));
        for wrong in [
            "",
            "Bearer ",
            guard.token(),
            &right[..right.len() - 1],
            &format!("{right}0"),
            &format!("Bearer {}", other.token()),
        ] {
            assert_eq!(with(wrong), Err(Refusal::Token), "{wrong}");
        }
        assert_eq!(guard.check_bearer(&HeaderMap::new()), Err(Refusal::Token));
    }
}
