//! Where a new crate has the SDK from.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Where the files of the SDK lie that come along.
pub const VENDOR: &str = "vendor";

/// What was packed when this command was built.
mod packed {
    include!(concat!(env!("OUT_DIR"), "/sdk.rs"));
}

/// Where a new project has the SDK from.
pub enum Sdk {
    /// For C: its sources, which come along.
    Sources,
    /// From files that come along.
    Vendored,
    /// From crates.io, in the version of this command.
    Published,
    /// From a checkout, at this path.
    Checkout(String),
}

impl Sdk {
    /// The one that comes with this command.
    pub fn own() -> Self {
        if packed::FILES.is_empty() {
            Sdk::Published
        } else {
            Sdk::Vendored
        }
    }

    /// That of a checkout.
    pub fn checkout(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        let sdk = folder.join("guest-sdk");
        if !sdk.join("Cargo.toml").is_file() {
            bail!(
                "--sdk {shown}: there is no guest-sdk/Cargo.toml in it: give the folder of a checkout of Insula"
            );
        }
        let whole = sdk
            .canonicalize()
            .with_context(|| format!("--sdk {shown}"))?;
        let whole = whole
            .to_str()
            .with_context(|| format!("--sdk {shown}: its path is no UTF-8"))?;
        // What Windows puts before a whole path is nothing that cargo takes.
        let whole = whole.strip_prefix(r"\\?\").unwrap_or(whole);
        Ok(Sdk::Checkout(whole.to_owned()))
    }

    /// The value of the dependency `insula-guest`, as TOML.
    pub fn dependency(&self) -> String {
        match self {
            // Nothing in C depends on a crate.
            Sdk::Sources => String::new(),
            Sdk::Vendored => format!("{{ path = \"{VENDOR}/insula-guest\" }}"),
            Sdk::Published => format!("{:?}", env!("CARGO_PKG_VERSION")),
            Sdk::Checkout(path) => {
                // JSON's texts are TOML's.
                let path = serde_json::Value::from(path.as_str());
                format!("{{ path = {path} }}")
            }
        }
    }

    /// Its files, where they come along.
    pub fn files(&self) -> Vec<(String, String)> {
        let (folder, files) = match self {
            Sdk::Sources => ("insula", insula_guest_c::FILES),
            Sdk::Vendored => (VENDOR, packed::FILES),
            Sdk::Published | Sdk::Checkout(_) => (VENDOR, &[][..]),
        };
        let files = files.iter();
        files
            .map(|(path, text)| (format!("{folder}/{path}"), (*text).to_owned()))
            .collect()
    }

    /// What the crate's README says of it.
    pub fn note(&self) -> &'static str {
        match self {
            Sdk::Vendored => {
                "`vendor/` is the SDK, as it came with `insula new`. Once it is on crates.io, \
                 `insula-guest = \"0.1\"` in Cargo.toml does the same without it.\n"
            }
            Sdk::Sources | Sdk::Published | Sdk::Checkout(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_the_sdk_names_its_version() {
        let version = concat!("\"", env!("CARGO_PKG_VERSION"), "\"");
        assert_eq!(Sdk::Published.dependency(), version);
        assert!(Sdk::Published.files().is_empty());
        let checkout = Sdk::Checkout(r#"C:\a "b"\guest-sdk"#.to_owned());
        let dependency = r#"{ path = "C:\\a \"b\"\\guest-sdk" }"#;
        assert_eq!(checkout.dependency(), dependency);
    }
}
