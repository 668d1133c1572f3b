//! Looks at a running Insula: a page for a browser, and a report of a run.
//!
//! ```no_run
//! use insula::{Program, Runtime, SpawnOptions};
//! use insula_inspector::RuntimeBuilderExt as _;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder().inspector(([127, 0, 0, 1], 0)).start()?;
//! println!("look at {}", runtime.inspector().url());
//!
//! let program = Program::from_file(&runtime, "plugin.wasm")?;
//! runtime.run_group(&program, SpawnOptions::new())?;
//! std::fs::write("report.html", runtime.watch().report("plugin.wasm", &[]))?;
//! # Ok(())
//! # }
//! ```
//!
//! Of a runtime that is there already, begin with a [`Watch`].
//!
//! # Who may look
//!
//! The page is for whoever starts the host, and for nobody else:
//!
//! - It is served on this machine alone, unless the host says
//!   [otherwise](InspectorBuilder::allow_remote).
//! - Every request needs a token of 128 random bits, which is in the
//!   [address](Inspector::url): the page takes it from there and sends it in a header.
//!   There is no cookie, which another site's page could make a browser send.
//! - Requests of other sites' pages are refused, and so are names that do not belong to
//!   this address (a page could have its own name point here). A link to the page may be
//!   followed from anywhere, and its port may be forwarded from another one.
//! - The page loads nothing from elsewhere, and runs no script but its own. What guests
//!   call themselves and say is shown as text.
//! - Requests are small, connections few and short, and answers bounded: a page that
//!   stalls costs the host no more than one answer, for 20 seconds.
//!
//! What goes over the wire is not encrypted: over a network, put it behind something that
//! does that.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod actions;
mod board;
mod guard;
mod inspected;
mod page;
mod report;
mod routes;
mod server;
mod timeline;
mod watch;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use actions::Actions;
use guard::Guard;
pub use inspected::{Inspected, InspectedBuilder, InspectedError, RuntimeBuilderExt};
use routes::Routes;
pub use watch::Watch;

/// Serves a page that shows what a runtime does. It ends when it is dropped; what was
/// paused from the page goes on then.
pub struct Inspector {
    address: SocketAddr,
    url: String,
    over: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

/// What an inspector is made with.
#[derive(Debug, Clone)]
#[must_use]
pub struct InspectorBuilder {
    address: SocketAddr,
    remote: bool,
    hosts: Vec<String>,
    title: String,
}

/// Why there is no inspector.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectorError {
    /// Others than this machine could reach the address.
    #[error(
        "{0} can be reached from other machines; use an address such as 127.0.0.1:0, \
         or allow it (`InspectorBuilder::allow_remote`)"
    )]
    Remote(SocketAddr),
    /// The address cannot be used.
    #[error("{address} cannot be used: {why}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        why: std::io::Error,
    },
    /// The system refuses a thread, or has no random numbers.
    #[error("the inspector cannot be started: {0}")]
    System(#[from] std::io::Error),
}

impl Inspector {
    /// One at a free port of this machine.
    pub fn builder() -> InspectorBuilder {
        InspectorBuilder {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            remote: false,
            hosts: Vec::new(),
            title: String::new(),
        }
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser. The token is in it: whoever knows it may look, and may
    /// pause and end isolates.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl InspectorBuilder {
    /// Where to serve it; port 0 is a free one. `127.0.0.1:0` by default.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Whether the address may be one that other machines can reach. Off by default.
    pub fn allow_remote(mut self, allow: bool) -> Self {
        self.remote = allow;
        self
    }

    /// A name by which it may be asked for, beside addresses and `localhost`.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// What is looked at, in a few words; the page shows it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Begins to serve.
    ///
    /// # Errors
    ///
    /// Where the address can be reached from elsewhere and that was not allowed, where it
    /// cannot be used, or the system refuses a thread.
    pub fn start(self, watch: &Watch) -> Result<Inspector, InspectorError> {
        let address = self.address;
        if !self.remote && !guard::is_loopback(address.ip()) {
            return Err(InspectorError::Remote(address));
        }
        let at = |why| InspectorError::Address { address, why };
        let listener = TcpListener::bind(address).map_err(at)?;
        listener.set_nonblocking(true).map_err(at)?;
        let address = listener.local_addr().map_err(at)?;
        let guard = Guard::new(self.hosts)?;
        let url = format!("http://{address}/{}/", guard.token());
        let routes = Arc::new(Routes {
            guard,
            shared: watch.shared().clone(),
            actions: Actions::new(),
            title: self.title,
        });
        let (over, told) = oneshot::channel();
        let server = std::thread::Builder::new()
            .name("insula-inspector".to_owned())
            .spawn(move || server::serve(listener, routes, told))?;
        Ok(Inspector {
            address,
            url,
            over: Some(over),
            server: Some(server),
        })
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

/// Without the token.
impl std::fmt::Debug for Inspector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspector")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
