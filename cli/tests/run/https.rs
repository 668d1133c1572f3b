//! Programs from `https:` URIs: pinned by their digest, bounded in size and time,
//! fetched once.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use insula_policy::Digest;
use insula_tests::https::{Answer, HttpsServer};
use insula_tests::{Folder, guests};

use super::{HELLO, Ran, finish};

/// A server with programs, a cache and who is trusted.
struct Web {
    server: HttpsServer,
    folder: Folder,
    /// The digest of what is at `/hello.wasm`.
    digest: String,
}

impl Web {
    fn new(name: &str) -> Result<Self> {
        let hello = std::fs::read(guests::HELLO)?;
        let digest = Digest::of(&hello).to_string();
        let server = HttpsServer::start(move |path| match path {
            "/hello.wasm" => Answer::Body(hello.clone()),
            "/chunks.wasm" => Answer::Chunks(hello.clone()),
            "/half.wasm" => Answer::Half(hello.clone()),
            "/moved.wasm" => Answer::Redirect("/hello.wasm".to_owned()),
            "/plain.wasm" => Answer::Redirect("http://localhost:1/hello.wasm".to_owned()),
            "/round.wasm" => Answer::Redirect("/round.wasm".to_owned()),
            "/large.wasm" => Answer::Zeros {
                bytes: 5 << 20,
                told: true,
            },
            "/endless.wasm" => Answer::Zeros {
                bytes: 1 << 40,
                told: false,
            },
            "/silent.wasm" => Answer::Silence,
            _ => Answer::Status(404),
        })?;
        let folder = Folder::new(name)?;
        folder.write("ca.pem", server.certificate())?;
        Ok(Web {
            server,
            folder,
            digest,
        })
    }

    fn command(&self, command: &str, path: &str) -> Command {
        let mut insula = Command::new(env!("CARGO_BIN_EXE_insula"));
        insula.arg(command).arg(self.server.uri(path));
        insula.arg("--cache").arg(self.folder.path("cache"));
        // Loopback is behind no proxy.
        for proxy in [
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "http_proxy",
            "HTTP_PROXY",
            "no_proxy",
            "NO_PROXY",
        ] {
            insula.env_remove(proxy);
        }
        insula
    }

    fn run(&self, path: &str, flags: &[&str]) -> Result<Ran> {
        let mut command = self.command("run", path);
        command.arg("--ca-file").arg(self.folder.path("ca.pem"));
        command.args(flags);
        finish(command)
    }

    fn pinned(&self, path: &str) -> Result<Ran> {
        self.run(path, &["--digest", &self.digest])
    }

    fn kept(&self) -> PathBuf {
        let digest = self.digest.trim_start_matches("sha256:");
        self.folder.path(&format!("cache/programs/{digest}.wasm"))
    }

    /// It did not run, for a reason with these words.
    #[track_caller]
    fn refuses(&self, ran: &Ran, words: &str) {
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(words), "no {words}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(!self.kept().exists());
    }
}

#[test]
fn a_pinned_program_is_fetched_once() -> Result<()> {
    let web = Web::new("cli-https")?;
    for _ in 0..2 {
        web.pinned("/hello.wasm")?.printed(HELLO);
        assert_eq!(web.server.asked(), ["/hello.wasm"]);
    }
    // What is kept is used by its digest alone, wherever it came from.
    web.pinned("/nowhere.wasm")?.printed(HELLO);
    assert_eq!(web.server.asked().len(), 1);
    web.run(
        "/hello.wasm",
        &["--digest", &web.digest.to_uppercase().replace("SHA", "sha")],
    )?
    .printed(HELLO);
    assert_eq!(web.server.asked().len(), 1);
    Ok(())
}

#[test]
fn what_was_changed_in_the_cache_is_fetched_again() -> Result<()> {
    let web = Web::new("cli-https-changed")?;
    web.pinned("/hello.wasm")?.printed(HELLO);
    std::fs::write(web.kept(), b"\0asm and something else")?;
    web.pinned("/hello.wasm")?.printed(HELLO);
    assert_eq!(web.server.asked().len(), 2);
    assert_eq!(std::fs::read(web.kept())?, std::fs::read(guests::HELLO)?);
    Ok(())
}

#[test]
fn nothing_is_kept_where_that_is_asked_for() -> Result<()> {
    let web = Web::new("cli-https-uncached")?;
    let uri = web.server.uri("/hello.wasm");
    for times in 1..=2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
        command.args(["run", &uri, "--no-cache", "--digest", &web.digest]);
        command.arg("--ca-file").arg(web.folder.path("ca.pem"));
        finish(command)?.printed(HELLO);
        assert_eq!(web.server.asked().len(), times);
    }
    Ok(())
}

#[test]
fn a_redirection_is_followed_within_https() -> Result<()> {
    let web = Web::new("cli-https-redirect")?;
    let ran = web.pinned("/plain.wasm")?;
    web.refuses(
        &ran,
        "the server sends on to http://localhost:1/hello.wasm, and only https: is fetched",
    );
    let ran = web.pinned("/round.wasm")?;
    web.refuses(&ran, "the server sends on more than 5 times");
    web.pinned("/moved.wasm")?.printed(HELLO);
    Ok(())
}

#[test]
fn a_body_without_a_length_is_as_good() -> Result<()> {
    Web::new("cli-https-chunks")?
        .pinned("/chunks.wasm")?
        .printed(HELLO);
    Ok(())
}

#[test]
fn what_is_not_pinned_is_refused_with_the_digest_that_it_has() -> Result<()> {
    let web = Web::new("cli-https-unpinned")?;
    let ran = web.run("/hello.wasm", &[])?;
    web.refuses(&ran, &format!("add `--digest {}`", web.digest));
    Ok(())
}

#[test]
fn another_program_than_was_pinned_is_refused() -> Result<()> {
    let web = Web::new("cli-https-other")?;
    let other = Digest::of(b"another program").to_string();
    let ran = web.run("/hello.wasm", &["--digest", &other])?;
    let says = format!("its digest is {}, and it has to be {other}", web.digest);
    web.refuses(&ran, &says);
    let ran = web.run("/hello.wasm", &["--digest", "sha256:12"])?;
    assert_eq!(ran.status, Some(2));
    assert!(
        ran.stderr
            .contains("is no digest: it has to be sha256: and 64 hexadecimal digits")
    );
    Ok(())
}

#[test]
fn size_is_bounded_whether_it_is_told_or_not() -> Result<()> {
    let web = Web::new("cli-https-large")?;
    for path in ["/large.wasm", "/endless.wasm"] {
        let digest = &*web.digest;
        let ran = web.run(path, &["--limit=program_bytes=1MiB", "--digest", digest])?;
        web.refuses(
            &ran,
            "is larger than 1048576 bytes, which is what one program may have",
        );
    }
    Ok(())
}

#[test]
fn what_does_not_come_or_only_in_part_is_an_error() -> Result<()> {
    let web = Web::new("cli-https-broken")?;
    let ran = web.run(
        "/silent.wasm",
        &["--digest", &web.digest, "--fetch-timeout=200ms"],
    )?;
    web.refuses(
        &ran,
        "nothing came for 0.2 s: try again, or wait longer with `--fetch-timeout`",
    );
    let ran = web.pinned("/half.wasm")?;
    web.refuses(&ran, "the server stopped before the end");
    let ran = web.pinned("/nowhere.wasm")?;
    web.refuses(&ran, "the server answers with status 404");
    Ok(())
}

#[test]
fn a_server_that_nobody_trusts_is_refused() -> Result<()> {
    let web = Web::new("cli-https-trust")?;
    let mut command = web.command("run", "/hello.wasm");
    command.args(["--digest", &web.digest]);
    let other = Web::new("cli-https-trust-another")?;
    command.env("SSL_CERT_FILE", other.folder.path("ca.pem"));
    web.refuses(&finish(command)?, "its server cannot be trusted");
    // The environment names whom the system trusts.
    let mut command = web.command("run", "/hello.wasm");
    command.args(["--digest", &web.digest]);
    command.env("SSL_CERT_FILE", web.folder.path("ca.pem"));
    finish(command)?.printed(HELLO);
    Ok(())
}

#[test]
fn http_and_names_of_users_are_refused_before_anything_is_sent() -> Result<()> {
    for (uri, words) in [
        (
            "http://localhost:1/x.wasm",
            "http: is open to whoever is on the way",
        ),
        (
            "HTTP://localhost:1/x.wasm",
            "http: is open to whoever is on the way",
        ),
        (
            "https://me:secret@localhost:1/x.wasm",
            "leave out what is before the @",
        ),
    ] {
        let ran = super::insula(["run", uri])?;
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
        assert!(ran.stderr.contains(words), "{ran:?}");
        assert!(!ran.stderr.contains("secret"), "{ran:?}");
    }
    Ok(())
}

#[test]
fn a_policy_pins_a_program_too_and_files_can_be_pinned() -> Result<()> {
    let web = Web::new("cli-https-policy")?;
    let policy = format!("digest = \"{}\"\n", web.digest);
    let policy = web.folder.write("policy.toml", policy)?;
    let policy = format!("--policy={}", policy.display());
    web.run("/hello.wasm", &[&policy])?.printed(HELLO);
    super::insula_run([guests::HELLO, &policy])?.printed(HELLO);
    let ran = super::insula_run([guests::SHOUT, &policy])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{ran:?}");
    assert!(
        ran.stderr.contains("was not run: its digest is sha256:"),
        "{ran:?}"
    );
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../guests/hello");
    let ran = super::insula_run([folder, &policy])?;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("a crate is built anew"), "{ran:?}");
    Ok(())
}

#[test]
fn inspect_fetches_too() -> Result<()> {
    let web = Web::new("cli-https-inspect")?;
    let mut command = web.command("inspect", "/hello.wasm");
    command.arg("--ca-file").arg(web.folder.path("ca.pem"));
    command.args(["--json", "--digest", &web.digest]);
    let ran = finish(command)?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&ran.stdout)?;
    assert_eq!(report["program"], web.server.uri("/hello.wasm"));
    assert_eq!(report["default_entry"], "main");
    assert!(web.kept().exists());
    Ok(())
}

/// The environment says which proxy there is, if one is.
#[test]
fn a_proxy_is_used_where_it_is_set() -> Result<()> {
    let web = Web::new("cli-https-proxy")?;
    let run = |variables: &[(&str, &str)]| {
        let mut command = web.command("run", "/hello.wasm");
        command.arg("--ca-file").arg(web.folder.path("ca.pem"));
        command.args(["--digest", &web.digest]);
        command.envs(variables.iter().copied());
        finish(command)
    };
    // Nobody listens there.
    let ran = run(&[("HTTPS_PROXY", "http://localhost:1")])?;
    web.refuses(&ran, "could not be fetched");
    assert_eq!(web.server.asked(), [""; 0]);
    run(&[
        ("HTTPS_PROXY", "http://localhost:1"),
        ("NO_PROXY", "localhost"),
    ])?
    .printed(HELLO);
    Ok(())
}

/// What a program may spawn is fetched before it runs: it cannot say what is asked for.
#[test]
fn programs_that_may_be_spawned_are_fetched_before() -> Result<()> {
    let shout = std::fs::read(guests::SHOUT)?;
    let digest = Digest::of(&shout).to_string();
    let mut web = Web::new("cli-https-grant")?;
    web.server = HttpsServer::start(move |_| Answer::Body(shout.clone()))?;
    web.folder.write("ca.pem", web.server.certificate())?;
    let uri = web.server.uri("/shout.wasm");
    let run_with = |flags: &[&str]| {
        let other = web.server.uri("/other.wasm");
        let message = serde_json::json!([uri, other]).to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
        command.args(["run", guests::URI, "--message", &message]);
        command.args(flags);
        command.arg("--cache").arg(web.folder.path("cache"));
        command.arg("--ca-file").arg(web.folder.path("ca.pem"));
        for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(proxy);
        }
        finish(command)
    };
    let run = |grant: &str| run_with(&["--grant-uri", grant]);
    let policy = format!("capabilities.programs = [\"{uri}#{digest}\"]");
    let policy = web.folder.write("policy.toml", policy)?;
    for ran in [
        run(&format!("{uri}#{digest}"))?,
        run_with(&["--policy", &policy.to_string_lossy()])?,
    ] {
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
        let lines: Vec<_> = ran.stdout.lines().collect();
        assert_eq!(
            lines[0],
            format!("[main#1] {uri}: HELLO FROM ANOTHER PROGRAM AND A MESSAGE")
        );
        assert!(lines[1].contains("/other.wasm: refused: "), "{lines:?}");
        assert_eq!(web.server.asked(), ["/shout.wasm"]);
    }

    let other = Digest::of(b"another program");
    web.refuses(&run(&format!("{uri}#{other}"))?, "and it has to be");
    web.refuses(&run(&uri)?, "has no digest behind it, as in https://");
    web.refuses(&run(&format!("{uri}#sha256:1"))?, "is no digest");
    Ok(())
}
