//! Any object, by serde's derive: sent as it is, and read as it was.

use insula_guest::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    name: String,
    born: Option<u16>,
    address: Vec<Address>,
    role: Role,
    settings: HashMap<String, bool>,
    picture: Vec<u8>,
    position: (f64, f64),
    /// A port is a field like any other.
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

/// A request, of which each kind has its own data.
#[derive(Serialize, Deserialize)]
enum Request {
    Promote(User),
    Greet { to: SendPort, greeting: String },
}

#[entry]
fn registry() {
    port().receive(|request: Request, reply| match request {
        Request::Promote(mut user) => {
            user.role = Role::Admin {
                powers: vec!["all".into()],
            };
            reply.expect("a reply port").send(user).expect("main lives");
        }
        Request::Greet { to, greeting } => to.send(greeting).expect("main lives"),
    });
}

#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = spawn_function(registry);
    let address = Address {
        street: "Via Biberatica".into(),
        zip: "00187".into(),
    };
    let user = User {
        name: "Ada".into(),
        born: Some(1815),
        address: vec![address; 3],
        role: Role::Member(7),
        settings: HashMap::from([("dark".into(), true), ("loud".into(), false)]),
        picture: (0..=255).collect(),
        position: (41.89, 12.48),
        mailbox: port().send_port(),
    };

    let promoted: User = registry.call(Request::Promote(user.clone())).await?;
    assert_eq!(
        promoted,
        User {
            role: Role::Admin {
                powers: vec!["all".into()]
            },
            ..user.clone()
        }
    );
    println!("{} is now {:?}", promoted.name, promoted.role);

    let greeting = "hello by a port in an enum".into();
    registry.send(Request::Greet {
        to: promoted.mailbox,
        greeting,
    })?;
    println!("{}", port().recv_as::<String>().await?);

    // The same object, read without its type.
    port().send_port().send(&user)?;
    let value: Value = port().recv_as().await?;
    println!(
        "name {:?}, picture of {:?}",
        value["name"],
        value["picture"].kind()
    );
    println!(
        "role {:?}, born {:?}, position {:?}",
        value["role"], value["born"], value["position"]
    );
    port().send_port().send(User {
        born: None,
        role: Role::Guest,
        ..user
    })?;
    let mut value: Value = port().recv_as().await?;
    println!("role {:?}, born {:?}", value["role"], value["born"]);

    // The error says where the wrong type is.
    value["address"][2]["zip"] = 187.into();
    port().send_port().send(Value::map([("user", value)]))?;
    let error = port()
        .recv_as::<HashMap<String, User>>()
        .await
        .expect_err("a zip is a number");
    println!("{error}");
    Ok(())
}
