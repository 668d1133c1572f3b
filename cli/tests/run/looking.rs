//! Looking at a run: its figures, a page while it goes on, a report afterwards.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use insula_tests::{Folder, guests, in_time};

use super::{HELLO, insula_run};

#[test]
fn figures_are_told_at_the_end_where_they_are_wanted() -> Result<()> {
    let ran = insula_run([guests::HELLO, "--stats", "--deterministic", "1"])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(0), HELLO), "{ran:?}");
    let lines: Vec<_> = ran.stderr.lines().collect();
    let [isolates, messages, time, memory] = lines[..] else {
        panic!("four lines: {ran:?}");
    };
    assert_eq!(
        isolates,
        "insula: isolates  3 spawned, at most 3 at once; 3 ended"
    );
    // Two calls and their answers, a port along with each call.
    assert!(
        messages.starts_with("insula: messages  4 sent with "),
        "{messages}"
    );
    assert!(messages.contains(", 4 received with "), "{messages}");
    assert!(
        time.starts_with("insula: time ") && time.contains(" of CPU in "),
        "{time}"
    );
    assert!(memory.starts_with("insula: memory    at most "), "{memory}");
    Ok(())
}

#[test]
fn figures_are_in_the_last_event_for_programs() -> Result<()> {
    let ran = insula_run([guests::PANICS, "--json"])?;
    let last = ran.stdout.lines().last().context("it has a last line")?;
    let last: serde_json::Value = serde_json::from_str(last)?;
    let figures = &last["figures"];
    assert_eq!(figures["isolates"], 5, "{last:#}");
    assert_eq!(figures["ended"]["panicked"], 1, "{last:#}");
    assert!(figures["messages_sent"].as_u64() >= Some(3), "{last:#}");
    assert!(figures["bytes_received"].as_u64() > Some(0), "{last:#}");
    assert!(figures["peak_isolates"].as_u64() >= Some(2), "{last:#}");
    assert!(figures["peak_memory"].as_u64() >= Some(65_536), "{last:#}");
    Ok(())
}

#[test]
fn a_page_is_served_for_as_long_as_the_run_goes_on() -> Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command
        .args(["run", guests::MARKET, "--inspect", "127.0.0.1:0"])
        .args(["--message", r#"{"seconds":3600}"#])
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut run = command.spawn()?;
    let stderr = run.stderr.take().context("it is piped")?;
    let (url, rest) = in_time(move || -> Result<_> {
        let mut lines = BufReader::new(stderr).lines();
        let first = lines.next().context("it says where")??;
        let url = first.strip_prefix("insula: look at it: http://");
        let url = url.with_context(|| first.clone())?.to_owned();
        // Read on, so that nothing blocks.
        let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
        Ok((url, rest))
    })?;
    let (address, token) = url
        .trim_end_matches('/')
        .split_once('/')
        .context("a token")?;
    let ask = |head: &str, body: &str| -> Result<String> {
        let mut stream = TcpStream::connect(address)?;
        let length = body.len();
        write!(
            stream,
            "{head} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let page = ask(&format!("GET /{token}/"), "")?;
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains(">market.wasm<"),
        "{page}"
    );
    assert!(ask("GET /metrics", "")?.contains("insula_isolates "));
    let kill = r#"{"group":1,"isolate":1,"do":"kill-tree"}"#;
    assert!(ask("POST /api/act", kill)?.starts_with("HTTP/1.1 200"));
    let status = in_time(move || run.wait())?;
    assert_eq!(status.code(), Some(1));
    let rest = in_time(move || rest.join()).expect("it does not panic");
    assert!(
        rest.iter().any(|line| line == "insula: main#1 killed"),
        "{rest:?}"
    );
    assert!(
        TcpStream::connect(address).is_err(),
        "it is not served any more"
    );
    Ok(())
}

#[test]
fn a_report_is_written_when_the_run_is_over() -> Result<()> {
    let folder = Folder::new("cli-report")?;
    let path = folder.write(
        "out.html",
        "an old one that is far too long".repeat(100_000),
    )?;
    let file = path.to_str().context("it is text")?;
    let ran = insula_run([guests::HELLO, "--report", file])?;
    ran.printed(HELLO);
    let page = std::fs::read_to_string(&path)?;
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    for text in [
        "hello.wasm",
        "echo#3",
        "\"exitCount\":3",
        "Content-Security-Policy",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // The folders that the program lies in are nobody's business.
    assert!(!page.contains(guests::HELLO), "{}", guests::HELLO);
    Ok(())
}

/// What is there stays where there is no run, and nothing is left behind.
#[test]
fn a_report_of_nothing_is_not_written() -> Result<()> {
    let folder = Folder::new("cli-no-report")?;
    let path = folder.write("out.html", "of yesterday")?;
    let file = path.to_str().context("it is text")?;
    let ran = insula_run([guests::HELLO, "no_such_entry", "--report", file])?;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&path)?, "of yesterday");
    insula_run([guests::HELLO, "--report", file])?.printed(HELLO);
    let there = std::fs::read_dir(path.parent().context("a folder")?)?;
    let there: Vec<_> = there
        .map(|one| Ok(one?.file_name()))
        .collect::<Result<_>>()?;
    assert_eq!(there, ["out.html"]);
    Ok(())
}

#[test]
fn what_cannot_be_looked_at_is_told_before_anything_runs() -> Result<()> {
    let nowhere = "/nowhere/at/all/out.html";
    let no_file = format!("--report: {nowhere} cannot be written: ");
    for (flags, told) in [
        (["--report", nowhere], no_file.as_str()),
        (
            ["--report", "/dev/null"],
            "--report: /dev/null cannot be written: what is there is no ordinary file",
        ),
        (
            ["--inspect", "0.0.0.0:0"],
            "--inspect 0.0.0.0:0: other machines can reach that address; use 127.0.0.1:0, \
             or allow it with --inspect-remote",
        ),
        (
            ["--inspect", "192.0.2.1:9"],
            "--inspect 192.0.2.1:9: other machines",
        ),
    ] {
        let ran = insula_run([guests::HELLO, flags[0], flags[1]])?;
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{ran:?}");
        let told = format!("insula: {told}");
        assert!(ran.stderr.starts_with(&told), "{told} in {}", ran.stderr);
    }
    Ok(())
}
