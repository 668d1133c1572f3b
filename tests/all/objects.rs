//! Part 6: any object goes through serde's derive, a send port inside included, and
//! decoding to the wrong type says what was expected, what was found, and where.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use insula::{
    CallError, DecodeError, DecodeErrorKind, ExitReason, Isolate, ReceivePort, SendPort,
    SpawnOptions, Value,
};
use insula_tests::{HANG, Host};
use serde::{Deserialize, Serialize};

use crate::guests;

#[test]
fn a_guest_sends_objects_and_reads_them_as_they_were() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::OBJECTS)?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            r#"main#1: Ada is now Admin { powers: ["all"] }"#,
            "main#1: hello by a port in an enum",
            r#"main#1: name "Ada", picture of Bytes"#,
            r#"main#1: role {"Member": 7}, born 1815, position [41.89, 12.48]"#,
            r#"main#1: role "Guest", born null"#,
            "main#1: user.address[2].zip: expected string, found int",
        ]
    );
    Ok(())
}

/// The types of the guest, with the host's send port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    name: String,
    born: Option<u16>,
    address: Vec<Address>,
    role: Role,
    settings: HashMap<String, bool>,
    picture: Vec<u8>,
    position: (f64, f64),
    mailbox: SendPort,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Address {
    street: String,
    zip: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Role {
    Guest,
    Member(u32),
    Admin { powers: Vec<String> },
}

#[derive(Serialize, Deserialize)]
enum Request {
    Promote(User),
    Greet { to: SendPort, greeting: String },
}

fn user(mailbox: SendPort) -> User {
    let address = |zip: &str| Address {
        street: "Via Biberatica".into(),
        zip: zip.into(),
    };
    User {
        name: "Ada".into(),
        born: None,
        address: ["00187", "", "ünïcödé"].map(address).into(),
        role: Role::Guest,
        settings: HashMap::from([("dark".into(), true), ("loud".into(), false)]),
        picture: (0..=255).collect(),
        position: (f64::MIN_POSITIVE, -0.0),
        mailbox,
    }
}

fn registry(host: &Host) -> Result<(Isolate, SendPort, ReceivePort)> {
    let program = host.program(guests::OBJECTS)?;
    let registry = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("registry"))?;
    let (mailbox, letters) = host.runtime.port();
    Ok((registry, mailbox, letters))
}

#[test]
fn the_host_exchanges_objects_with_a_guest() -> Result<()> {
    let host = Host::new()?;
    let (registry, mailbox, letters) = registry(&host)?;
    for role in [
        Role::Guest,
        Role::Member(u32::MAX),
        Role::Admin { powers: vec![] },
    ] {
        let user = User {
            role,
            born: Some(1815),
            ..user(mailbox.clone())
        };
        let request = Request::Promote(user.clone());
        let promoted: User = registry.port().call_timeout(&request, HANG)?;
        let powers = vec!["all".into()];
        let role = Role::Admin { powers };
        assert_eq!(promoted, User { role, ..user });
    }
    // The port in the struct that came back is the one that was put in.
    let user: User = registry
        .port()
        .call_timeout(&Request::Promote(user(mailbox.clone())), HANG)?;
    assert_eq!(user.mailbox, mailbox);
    let greeting = String::from("hello by a port in an enum");
    let to = user.mailbox;
    registry.port().send(&Request::Greet { to, greeting })?;
    let letter = letters.recv_timeout(HANG)?;
    assert_eq!(letter.decode::<String>()?, "hello by a port in an enum");
    Ok(())
}

/// What the guest says of a request that it cannot read: a line on its stderr. The
/// call then has no answer.
#[test]
fn a_guest_says_what_was_wrong_with_an_object_of_the_hosts() -> Result<()> {
    let host = Host::new()?;
    let (registry, mailbox, _letters) = registry(&host)?;
    let mut expected = Vec::new();
    let mut refused = |request: &Value, error: &str| {
        expected.push(format!("a message was dropped: {error}"));
        let answer = registry.port().call_timeout::<_, Value>(request, HANG);
        assert!(matches!(answer, Err(CallError::NoAnswer)), "{answer:?}");
    };
    let good = value_of(&host, &Request::Promote(user(mailbox)))?;

    let mut bad = good.clone();
    bad["Promote"]["address"][2]["zip"] = 187.into();
    refused(&bad, "Promote.address[2].zip: expected string, found int");
    let mut bad = good.clone();
    bad["Promote"]["mailbox"] = 1.into();
    refused(&bad, "Promote.mailbox: expected send port, found int");
    let mut bad = good.clone();
    bad["Promote"]["settings"]["loud"] = Value::Null;
    refused(&bad, "Promote.settings.loud: expected bool, found null");
    let mut bad = good.clone();
    bad["Promote"]["born"] = 70_000.into();
    refused(&bad, "Promote.born: expected u16, found int 70000");
    let mut bad = good.clone();
    bad["Promote"]["role"] = "Emperor".into();
    refused(
        &bad,
        "Promote.role: unknown variant `Emperor`, expected one of `Guest`, `Member`, `Admin`",
    );
    let mut bad = good.clone();
    bad["Promote"]["position"] = Value::list([1.0]);
    refused(
        &bad,
        "Promote.position: expected tuple of size 2, found length 1",
    );
    refused(
        &Value::map([("Promote", Value::map([("name", "Ada")]))]),
        "Promote: missing field `address`",
    );
    refused(&Value::Null, "expected string or map, found null");

    // It goes on after each of them.
    let answer: User = registry.port().call_timeout(&good, HANG)?;
    assert_eq!(answer.name, "Ada");
    assert_eq!(host.lines_of("registry#1"), expected);
    Ok(())
}

/// An object as a guest reads it that knows nothing of its type.
fn value_of(host: &Host, request: &Request) -> Result<Value> {
    let (port, received) = host.runtime.port();
    port.send(request)?;
    Ok(received.recv()?.decode()?)
}

#[test]
fn the_host_is_told_what_was_wrong_with_an_object_of_a_guests() -> Result<()> {
    #[derive(Debug, Deserialize)]
    struct Letter {
        #[expect(dead_code, reason = "it is only decoded")]
        user: User,
    }
    let host = Host::new()?;
    let program = host.program(guests::VALUES)?;
    let echo = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("echo"))?;
    let (mailbox, _letters) = host.runtime.port();
    let request = value_of(&host, &Request::Promote(user(mailbox)))?;
    let mut letter = Value::map([("user", request["Promote"].clone())]);
    echo.port().call_timeout::<_, Letter>(&letter, HANG)?;
    let cut = letter.clone();
    letter["user"]["address"][2]["zip"] = 187.into();
    let error = decode_error(echo.port().call_timeout::<_, Letter>(&letter, HANG));
    assert_eq!(
        error.to_string(),
        "user.address[2].zip: expected string, found int"
    );
    assert_eq!(error.path(), "user.address[2].zip");
    let DecodeErrorKind::WrongType { expected, found } = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!((&**expected, &**found), ("string", "int"));

    let error = decode_error(
        echo.port()
            .call_timeout::<_, BTreeMap<String, Vec<i64>>>(&cut, HANG),
    );
    assert_eq!(error.to_string(), "user: expected list, found map");
    let error = decode_error(echo.port().call_timeout::<_, SendPort>("a port", HANG));
    assert_eq!(error.to_string(), "expected send port, found string");
    let port = echo.port();
    let error = decode_error(port.call_timeout::<_, Vec<i64>>(&(1, port), HANG));
    assert_eq!(error.to_string(), "[1]: expected int, found send port");
    Ok(())
}

fn decode_error<T: std::fmt::Debug>(answer: Result<T, CallError>) -> DecodeError {
    match answer {
        Err(CallError::Decode(error)) => error,
        other => panic!("it is of another type: {other:?}"),
    }
}

#[test]
fn bytes_options_and_tuples_have_one_form() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::VALUES)?;
    let echo = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("echo"))?;
    let port = echo.port();
    let object = (
        vec![1u8, 2, 3],
        Some(7u8),
        None::<u8>,
        (),
        ('x', "text", 1.5f32),
        HashMap::from([(1u64, true)]),
    );
    let value: Value = port.call_timeout(&object, HANG)?;
    let map = Value::map([(1, true)]);
    let triple = Value::list([Value::from("x"), "text".into(), 1.5.into()]);
    let parts = [
        Value::Bytes(vec![1, 2, 3]),
        7.into(),
        Value::Null,
        Value::Null,
        triple,
        map,
    ];
    assert_eq!(value, Value::list(parts));
    // An int beyond the range of a message's is refused before it is sent.
    let error = port.send(&u128::MAX).expect_err("it has more than 64 bits");
    assert_eq!(
        error.to_string(),
        "the message could not be encoded: the integer 340282366920938463463374607431768211455 \
         does not fit in 64 bits; send it as a string or as bytes"
    );
    Ok(())
}
