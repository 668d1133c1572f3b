//! The request, and what may be wrong with its answer.

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider};

use super::Fetch;
use crate::progress::Progress;

/// How long a server may take in all, however often something comes.
const LONGEST: Duration = Duration::from_secs(3_600);

/// How often a server may send us elsewhere.
const REDIRECTS: u32 = 5;

const NOBODY: &str = "nobody answers there: is the host right, and is there a network?";

/// How much is read at once.
const PART: usize = 64 << 10;

/// Fetches the bytes, no more than there may be.
pub fn get(fetch: &Fetch) -> Result<Vec<u8>> {
    let agent = agent(fetch)?;
    let waiting = Progress::of(&format!("asking for {}", fetch.uri));
    let response = agent.get(fetch.uri).call();
    drop(waiting);
    let mut response = response.map_err(|error| explain(fetch, &error))?;
    let announced = response.body().content_length();
    if announced.is_some_and(|bytes| bytes > fetch.most) {
        return Err(too_large(fetch));
    }
    let progress = Progress::of_bytes(&format!("fetching {}", fetch.uri), announced);
    let mut body = response.body_mut().as_reader();
    let (mut bytes, mut part) = (Vec::new(), vec![0; PART]);
    loop {
        let read = match body.read(&mut part) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) => return Err(explain(fetch, &ureq::Error::from(error))),
        };
        bytes.extend_from_slice(&part[..read]);
        let length = bytes.len() as u64;
        if length > fetch.most {
            return Err(too_large(fetch));
        }
        progress.is_at(length);
    }
    if announced.is_some_and(|announced| announced > bytes.len() as u64) {
        bail!(
            "{}: the server stopped before the end: try again",
            fetch.uri
        );
    }
    Ok(bytes)
}

fn agent(fetch: &Fetch) -> Result<Agent> {
    let roots = roots(fetch.ca_file)?;
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(roots))
        .build();
    let config = Agent::config_builder()
        .https_only(true)
        .max_redirects(REDIRECTS)
        .user_agent(concat!("insula/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(LONGEST))
        .timeout_resolve(Some(fetch.patience))
        .timeout_connect(Some(fetch.patience))
        .timeout_send_request(Some(fetch.patience))
        .timeout_recv_response(Some(fetch.patience))
        .timeout_per_read(Some(fetch.patience))
        .tls_config(tls)
        .build();
    Ok(config.new_agent())
}

/// Whom the system trusts, or SSL_CERT_FILE, and who else is to be.
fn roots(ca_file: Option<&Path>) -> Result<Vec<Certificate<'static>>> {
    let system = rustls_native_certs::load_native_certs().certs;
    let system = system.iter();
    let mut roots: Vec<_> = system
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    if let Some(file) = ca_file {
        let of = || format!("--ca-file {}", file.display());
        let pem = std::fs::read(file).with_context(of)?;
        let before = roots.len();
        for item in ureq::tls::parse_pem(&pem) {
            if let PemItem::Certificate(certificate) = item.with_context(of)? {
                roots.push(certificate);
            }
        }
        if roots.len() == before {
            bail!(
                "{}: there is no certificate in it (a PEM file has them)",
                of()
            );
        }
    }
    if roots.is_empty() {
        bail!(
            "this system trusts nobody, so nothing can be fetched: install its certificates \
             (the package `ca-certificates`), or name a file of them with `--ca-file`"
        );
    }
    Ok(roots)
}

fn too_large(fetch: &Fetch) -> Error {
    anyhow!(
        "{} is larger than {} bytes, which is what one program may have (raise it with \
         `--limit program_bytes=..`)",
        fetch.uri,
        fetch.most
    )
}

/// What happened, and what to do.
fn explain(fetch: &Fetch, error: &ureq::Error) -> Error {
    use ureq::Error as E;
    let seconds = fetch.patience.as_secs_f64();
    let why = match error {
        E::StatusCode(status) => {
            format!("the server answers with status {status}: is the URI right?")
        }
        E::Timeout(_) | E::BodyStalled => format!(
            "nothing came for {seconds} s: try again, or wait longer with `--fetch-timeout`"
        ),
        E::HostNotFound => {
            "there is no such host: is its name right, and is there a network?".to_owned()
        }
        E::Io(error) if error.kind() == ErrorKind::ConnectionRefused => NOBODY.to_owned(),
        E::ConnectionFailed => NOBODY.to_owned(),
        E::TooManyRedirects => format!("the server sends on more than {REDIRECTS} times"),
        E::RequireHttpsOnly(uri) => format!(
            "the server sends on to {}, and only https: is fetched",
            insula::harmless(uri)
        ),
        E::BadUri(why) => format!("it is no URI: {why}"),
        E::Rustls(error) => not_trusted(error),
        E::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => not_trusted(error),
            None if error.kind() == ErrorKind::UnexpectedEof => {
                "the server stopped before the end: try again".to_owned()
            }
            None => error.to_string(),
        },
        other => other.to_string(),
    };
    anyhow!(
        "{} could not be fetched: {}",
        fetch.uri,
        insula::harmless(&why)
    )
}

fn not_trusted(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => format!(
            "its server cannot be trusted: {why} (`--ca-file FILE` says whom to trust beside \
             those whom the system trusts)"
        ),
        other => format!("no connection that is safe could be made: {other}"),
    }
}
