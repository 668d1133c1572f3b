//! The inspector as a client meets it: who is let in, what is told, what can be done, and
//! what becomes of clients that misbehave.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use insula::{ExitReason, Isolate, Runtime, SpawnOptions};
use insula_inspector::{InspectedError, Inspector, InspectorError, RuntimeBuilderExt as _, Watch};
use insula_tests::{HANG, Host, guests, in_time};
use serde_json::Value;

/// A host with some idle isolates, that is being looked at.
struct Looked {
    inspector: Inspector,
    watch: Watch,
    main: Isolate,
    host: Host,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Looked {
    fn new() -> Result<Self> {
        let host = Host::new()?;
        let watch = Watch::start(&host.runtime)?;
        let inspector = Inspector::builder().title("<b>a & b</b>").start(&watch)?;
        let idle = host.program(guests::IDLE)?;
        let options = SpawnOptions::new().message(&3).name("<img src=x>");
        let main = host.runtime.spawn(&idle, options)?;
        main.port().call_timeout::<_, ()>(&(), HANG)?;
        Ok(Looked {
            inspector,
            watch,
            main,
            host,
        })
    }

    fn address(&self) -> SocketAddr {
        self.inspector.address()
    }

    fn token(&self) -> &str {
        self.inspector.url().rsplit('/').nth(1).unwrap_or_default()
    }

    fn send(&self, request: &str) -> Result<Answer> {
        send(self.address(), request)
    }

    /// With all that a browser sends from the page itself, and the token.
    fn get(&self, path: &str) -> Result<Answer> {
        let (address, token) = (self.address(), self.token());
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Sec-Fetch-Site: same-origin\r\n\r\n"
        ))
    }

    fn post(&self, body: &str) -> Result<Answer> {
        let (address, token, length) = (self.address(), self.token(), body.len());
        self.send(&format!(
            "POST /api/act HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn state(&self, query: &str) -> Result<Value> {
        let answer = self.get(&format!("/api/state?{query}"))?;
        ensure!(answer.status == 200, "{}", answer.head);
        Ok(serde_json::from_str(&answer.body)?)
    }

    /// Waits until a state is as is wanted.
    fn until(&self, query: &str, is_right: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = Instant::now() + HANG;
        loop {
            let state = self.state(query)?;
            if is_right(&state) {
                return Ok(state);
            }
            ensure!(
                Instant::now() < deadline,
                "it never comes to that: {state:#}"
            );
        }
    }
}

fn send(address: SocketAddr, request: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(HANG))?;
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").context("it has a head")?;
    let status = head.split(' ').nth(1).context("it has a status")?;
    Ok(Answer {
        status: status.parse()?,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// How an isolate is in a state's rows.
fn state_of(state: &Value, isolate: u64) -> Option<String> {
    let rows = state["rows"].as_array()?;
    let row = rows.iter().find(|row| row[1] == isolate)?;
    Some(row[5].as_str()?.to_owned())
}

#[test]
fn the_page_is_served_with_a_rule_that_lets_nothing_in() -> Result<()> {
    let looked = Looked::new()?;
    let token = looked.token().to_owned();
    for (file, kind) in [
        ("", "text/html; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let answer = looked.get(&format!("/{token}/{file}"))?;
        ensure!(answer.status == 200, "{file}: {}", answer.head);
        for line in [
            &format!("content-type: {kind}"),
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "x-frame-options: DENY",
            "cache-control: no-store",
        ] {
            ensure!(
                answer.head.contains(line),
                "{file}: {line} in {}",
                answer.head
            );
        }
        let allows = answer.head.to_lowercase().contains("access-control-allow");
        ensure!(
            !allows && !answer.head.contains("set-cookie"),
            "{}",
            answer.head
        );
    }
    let page = looked.get(&format!("/{token}/"))?.body;
    ensure!(
        page.contains("&lt;b&gt;a &amp; b&lt;/b&gt;") && !page.contains("<b>a"),
        "{page}"
    );
    // Nothing in it is from elsewhere, or in a place where the rule would not let it be.
    for text in ["http:", "https:", " style=", "onclick", "<script>"] {
        let found = page.replace("http://www.w3.org/2000/svg", "");
        ensure!(!found.contains(text), "{text} in {page}");
    }
    Ok(())
}

#[test]
fn nobody_is_let_in_without_the_token_or_from_elsewhere() -> Result<()> {
    let looked = Looked::new()?;
    let (address, token) = (looked.address(), looked.token().to_owned());
    let port = address.port();
    let wrong = "0".repeat(token.len());
    let bearer = format!("Authorization: Bearer {token}");
    let host = format!("Host: {address}");
    let rows: [(&str, String, &[&str], u16); 18] = [
        ("GET", "/".into(), &[&host], 403),
        ("GET", "/app.js".into(), &[&host], 403),
        ("GET", format!("/{wrong}/"), &[&host], 403),
        ("GET", format!("/{token}/nothing"), &[&host], 404),
        ("GET", format!("/{token}/../{token}/"), &[&host], 404),
        ("POST", format!("/{token}/"), &[&host], 405),
        ("GET", "/api/state".into(), &[&host], 403),
        ("GET", format!("/api/state?token={token}"), &[&host], 403),
        (
            "GET",
            "/api/state".into(),
            &[&host, &format!("Authorization: Bearer {wrong}")],
            403,
        ),
        (
            "GET",
            "/api/state".into(),
            &[&host, &format!("Cookie: token={token}")],
            403,
        ),
        ("GET", "/metrics".into(), &[&host], 403),
        (
            "GET",
            "/api/state".into(),
            &[&format!("Host: evil.example:{port}"), &bearer],
            421,
        ),
        (
            "GET",
            "/api/state".into(),
            &["Host: localhost.evil.example", &bearer],
            421,
        ),
        (
            "GET",
            "/api/state".into(),
            &[&host, &bearer, "Origin: http://evil.example"],
            403,
        ),
        (
            "GET",
            "/api/state".into(),
            &[&host, &bearer, "Sec-Fetch-Site: cross-site"],
            403,
        ),
        (
            "GET",
            format!("/{token}/"),
            &[&host, "Sec-Fetch-Site: same-site"],
            403,
        ),
        ("GET", "/api/act".into(), &[&host, &bearer], 405),
        (
            "OPTIONS",
            "/api/act".into(),
            &[&host, "Origin: http://evil.example"],
            403,
        ),
    ];
    for (method, path, headers, status) in rows {
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}\r\n\r\n",
            headers.join("\r\n")
        );
        let answer = looked.send(&request)?;
        ensure!(answer.status == status, "{request}: {}", answer.head);
        ensure!(!answer.body.contains(&token), "{request}: {}", answer.body);
    }
    ensure!(looked.get("/api/state")?.status == 200);
    ensure!(looked.main.exit_reason().is_none());
    Ok(())
}

/// As with `ssh -L 8080:127.0.0.1:PORT`, and a link in somebody's chat.
#[test]
fn a_forwarded_port_and_a_followed_link_lead_to_the_page() -> Result<()> {
    let looked = Looked::new()?;
    let token = looked.token().to_owned();
    let page = |headers: &str| {
        looked.send(&format!(
            "GET /{token}/ HTTP/1.1\r\nHost: localhost:8080\r\n{headers}\r\n"
        ))
    };
    let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: ";
    ensure!(page("")?.status == 200);
    ensure!(page(&format!("{link}document\r\n"))?.status == 200);
    ensure!(page(&format!("{link}iframe\r\n"))?.status == 403);
    // The page asks under the name that it was opened by.
    let asked = |origin: &str| {
        looked.send(&format!(
            "GET /api/state HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: {origin}\r\n\
             Authorization: Bearer {token}\r\nSec-Fetch-Site: same-origin\r\n\r\n"
        ))
    };
    ensure!(asked("http://localhost:8080")?.status == 200);
    ensure!(asked("http://localhost:8081")?.status == 403);
    Ok(())
}

#[test]
fn a_runtime_is_made_with_its_page() -> Result<()> {
    let builder = || Runtime::builder().max_isolates(4);
    let runtime = builder().inspector(([127, 0, 0, 1], 0)).start()?;
    let idle = std::fs::read(guests::IDLE)?;
    let idle = insula::Program::from_bytes(&runtime, &idle)?;
    let isolate = runtime.spawn(&idle, SpawnOptions::new().message(&0))?;
    let inspector = runtime.inspector();
    let token = inspector.url().rsplit('/').nth(1).context("a token")?;
    let state = || {
        let (address, token) = (inspector.address(), token);
        send(
            address,
            &format!(
                "GET /api/state HTTP/1.1\r\nHost: {address}\r\n\
                 Authorization: Bearer {token}\r\n\r\n"
            ),
        )
    };
    let state: Value = serde_json::from_str(&state()?.body)?;
    let name = isolate.name();
    ensure!(state.to_string().contains(name), "no {name} in {state}");
    ensure!(runtime.watch().report("idle", &[]).contains("</html>"));
    isolate.kill();

    let remote = builder().inspector(([0, 0, 0, 0], 0)).start();
    ensure!(
        matches!(
            remote,
            Err(InspectedError::Inspector(InspectorError::Remote(_)))
        ),
        "{remote:?}"
    );
    let remote = Inspector::builder()
        .address(([0, 0, 0, 0], 0).into())
        .allow_remote(true);
    builder().inspected_by(remote).start()?;
    Ok(())
}

#[test]
fn a_page_is_told_everything_once_and_then_what_is_new() -> Result<()> {
    let looked = Looked::new()?;
    let all = looked.until("look=0&flows=1", |state| {
        let rows = state["rows"].as_array();
        rows.is_some_and(|rows| rows.iter().all(|row| row[5] == "waiting"))
    })?;
    let rows = all["rows"].as_array().context("rows")?;
    ensure!(all["all"] == true && rows.len() == 4, "{all:#}");
    ensure!(rows[0][3] == "<img src=x>#1" && rows[1][2] == 1, "{all:#}");
    ensure!(
        all["totals"]["isolates"] == 4 && all["totals"]["received"] == 7,
        "{all:#}"
    );
    let flows = all["flows"]["entries"].as_array().context("flows")?;
    let one = serde_json::json!([[1, "main"], [1, "idler"], 3, 0]);
    ensure!(
        flows
            .iter()
            .any(|flow| flow[0] == one[0] && flow[1] == one[1] && flow[2] == 3),
        "{flows:?}"
    );
    let look = &all["look"];
    // Nothing happens: nothing is told.
    std::thread::sleep(Duration::from_millis(300));
    let later = looked.state(&format!("look={look}"))?;
    ensure!(
        later["all"] == false && later["rows"] == serde_json::json!([]),
        "{later:#}"
    );
    ensure!(later["flows"].is_null());
    // One that ends is gone, and its end is told.
    let killed = looked.post(r#"{"group":1,"isolate":3,"do":"kill"}"#)?;
    ensure!(killed.status == 200, "{}", killed.body);
    let query = format!("look={look}&exits=0");
    let after = looked.until(&query, |state| state["exitCount"] == 1)?;
    let after = match after["gone"] == serde_json::json!([[1, 3]]) {
        true => after,
        false => looked.until(&query, |state| state["gone"] == serde_json::json!([[1, 3]]))?,
    };
    let exit = &after["exits"][0];
    ensure!(exit["kind"] == "killed" && exit["row"][1] == 3, "{exit:#}");
    ensure!(
        exit["failed"] == false && exit["reason"] == "killed",
        "{exit:#}"
    );
    let known = looked.state("exits=1")?;
    ensure!(known["exits"] == serde_json::json!([]), "{known:#}");
    // Who claims to have seen what there never was is told everything.
    ensure!(looked.state("look=999999")?["all"] == true);
    ensure!(looked.state("look=nonsense&at=-1&&=&x")?["all"] == true);
    Ok(())
}

#[test]
fn an_isolate_is_paused_resumed_and_ended_and_nothing_else() -> Result<()> {
    let looked = Looked::new()?;
    let act = |deed: &str| looked.post(&format!(r#"{{"group":1,"isolate":2,"do":"{deed}"}}"#));
    let paused = act("pause")?;
    ensure!(paused.body == r#"{"paused":true}"#, "{}", paused.body);
    looked.until("", |state| state_of(state, 2).as_deref() == Some("paused"))?;
    ensure!(act("pause")?.status == 200, "twice is as good as once");
    ensure!(act("resume")?.body == r#"{"paused":false}"#);
    looked.until("", |state| state_of(state, 2).as_deref() == Some("waiting"))?;
    for (body, status) in [
        (r#"{"group":1,"isolate":2,"do":"explode"}"#, 400),
        (r#"{"group":1,"isolate":2}"#, 400),
        (r#"{"group":1,"isolate":2,"do":"kill","more":1}"#, 400),
        (r#"{"group":1,"isolate":-2,"do":"kill"}"#, 400),
        ("", 400),
        (r#"{"group":1,"isolate":99,"do":"kill"}"#, 410),
        (r#"{"group":99,"isolate":1,"do":"kill"}"#, 410),
    ] {
        let answer = looked.post(body)?;
        ensure!(answer.status == status, "{body}: {}", answer.head);
    }
    ensure!(looked.host.runtime.figures().isolates == 4);
    let tree = looked.post(r#"{"group":1,"isolate":1,"do":"kill-tree"}"#)?;
    ensure!(tree.status == 200, "{}", tree.body);
    let Looked { main, .. } = looked;
    ensure!(in_time(move || main.join()) == ExitReason::Killed);
    Ok(())
}

/// A group in which everybody waits is over as soon as nobody holds on to it: not while
/// one is paused from the page, and again when nobody looks on any more.
#[test]
fn what_is_paused_from_the_page_is_not_over_before_it_is_resumed() -> Result<()> {
    let looked = Looked::new()?;
    let paused = looked.post(r#"{"group":1,"isolate":2,"do":"pause"}"#)?;
    ensure!(paused.status == 200, "{}", paused.body);
    let group = looked.main.group().clone();
    let Looked {
        inspector,
        watch,
        main,
        host,
    } = looked;
    drop(main);
    ensure!(group.alive() == 4);
    drop(inspector);
    in_time(move || group.wait());
    ensure!(host.exits().iter().all(|(_, reason)| reason.is_ended()));
    drop(watch);
    Ok(())
}

#[test]
fn metrics_can_be_scraped_with_the_token() -> Result<()> {
    let looked = Looked::new()?;
    let answer = looked.get("/metrics")?;
    ensure!(answer.status == 200 && answer.head.contains("application/openmetrics-text"));
    ensure!(answer.body.contains("insula_isolates 4\n") && answer.body.ends_with("# EOF\n"));
    Ok(())
}

#[test]
fn requests_that_are_too_large_are_refused() -> Result<()> {
    let looked = Looked::new()?;
    let (address, token) = (looked.address(), looked.token().to_owned());
    let large = "x".repeat(5 << 10);
    let answer = looked.post(&large)?;
    ensure!(answer.status == 400, "{}", answer.head);
    // It is not even read to its end.
    let head = format!(
        "POST /api/act HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 99999999999\r\n\r\n{large}"
    );
    ensure!(looked.send(&head)?.status == 400);
    for (name, lines) in [("one", 1), ("many", 100)] {
        let value = "x".repeat(if lines == 1 { 40 << 10 } else { 10 });
        let headers: String = (0..lines)
            .map(|line| format!("X-{line}: {value}\r\n"))
            .collect();
        let request = format!("GET /api/state HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        // Some of it may still be on its way when the connection is closed.
        if let Ok(answer) = looked.send(&request) {
            ensure!(answer.status == 431, "{name}: {}", answer.head);
        }
    }
    ensure!(looked.get("/api/state")?.status == 200);
    Ok(())
}

#[test]
fn who_stalls_takes_a_place_for_a_while_and_no_more() -> Result<()> {
    let looked = Looked::new()?;
    let (address, token) = (looked.address(), looked.token().to_owned());
    // Some that say nothing, some that never end their head, and some that do not read.
    let mut stalled = Vec::new();
    for number in 0..40 {
        let mut stream = TcpStream::connect(address)?;
        let said = match number % 3 {
            0 => String::new(),
            1 => format!("GET /api/state HTTP/1.1\r\nHost: {address}\r\nX: "),
            _ => format!(
                "GET /api/state HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
            ),
        };
        // Those that find no place are hung up on.
        let _ = stream.write_all(said.as_bytes());
        stalled.push(stream);
    }
    // The places are free again without anybody's doing.
    let deadline = Instant::now() + HANG;
    while looked.get("/api/state").map(|answer| answer.status).ok() != Some(200) {
        ensure!(Instant::now() < deadline, "nobody is served any more");
        std::thread::sleep(Duration::from_millis(50));
    }
    // A server that is dropped does not wait for them.
    in_time(move || drop(looked));
    for stream in &stalled {
        let _ = stream.shutdown(Shutdown::Both);
    }
    Ok(())
}

#[test]
fn an_address_that_others_can_reach_has_to_be_allowed() -> Result<()> {
    let runtime = Runtime::builder().max_isolates(4).start()?;
    let watch = Watch::start(&runtime)?;
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let refused = Inspector::builder().address(everywhere).start(&watch);
    ensure!(
        matches!(refused, Err(InspectorError::Remote(_))),
        "{refused:?}"
    );
    let allowed = Inspector::builder().address(everywhere).allow_remote(true);
    let inspector = allowed.allow_host("box.example").start(&watch)?;
    let port = inspector.address().port();
    let token = inspector.url().rsplit('/').nth(1).context("a token")?;
    for (host, status) in [("box.example", 200), ("evil.example", 421)] {
        let answer = send(
            SocketAddr::from(([127, 0, 0, 1], port)),
            &format!("GET /{token}/ HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"),
        )?;
        ensure!(answer.status == status, "{host}: {}", answer.head);
    }
    let taken = Inspector::builder().address(SocketAddr::from(([127, 0, 0, 1], port)));
    let taken = taken.start(&watch);
    ensure!(
        matches!(taken, Err(InspectorError::Address { .. })),
        "{taken:?}"
    );
    // The token is in no text but the address itself.
    ensure!(!format!("{inspector:?}").contains(token));
    Ok(())
}

#[test]
fn a_report_is_one_page_in_which_guests_texts_are_texts() -> Result<()> {
    let host = Host::new()?;
    let watch = Watch::start(&host.runtime)?;
    let panics = host.program(guests::PANICS)?;
    let name = "</script><script>alert(1)</script><!--";
    host.run(&panics, SpawnOptions::new().name(name))?;
    let page = watch.report("a <b>", &[("What", "</p><img src=x>")]);
    let (start, end) = (
        "<script type=\"application/json\" id=\"data\">",
        "</script>",
    );
    let data = page.split_once(start).context("data")?.1;
    let data = data.split_once(end).context("data ends")?.0;
    let data: Value = serde_json::from_str(data)?;
    let exits = data["exits"].as_array().context("exits")?;
    ensure!(
        exits
            .iter()
            .any(|exit| exit["row"][3] == format!("{name}#1")),
        "{data:#}"
    );
    ensure!(exits.len() as u64 == data["totals"]["spawned"].as_u64().unwrap_or(0));
    ensure!(data["about"][0][1] == "</p><img src=x>" && data["leftOut"] == 0);
    ensure!(
        data["whole"]
            .as_array()
            .is_some_and(|samples| samples.len() > 1)
    );
    for text in ["alert(1)</script>", "<img", "<!--", "a <b>"] {
        ensure!(!page.contains(text), "{text}");
    }
    ensure!(page.contains("default-src 'none'; script-src 'sha256-"));
    ensure!(page.matches("<script").count() == 2 && page.matches("</script").count() == 2);
    Ok(())
}
