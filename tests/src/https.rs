//! A server that speaks TLS on loopback, with a certificate made for it.

use std::io::{BufRead as _, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use anyhow::Result;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The whole body, with its length.
    Body(Vec<u8>),
    /// The same without a length.
    Chunks(Vec<u8>),
    /// So many zeros, of which the length is told or not.
    Zeros {
        bytes: u64,
        told: bool,
    },
    /// The first half of the body, and the end of the connection.
    Half(Vec<u8>),
    /// The first half, and the rest once [`HttpsServer::go_on`] is called.
    Halves(Vec<u8>),
    /// Sends elsewhere.
    Redirect(String),
    Status(u16),
    /// Nothing, ever.
    Silence,
}

pub struct HttpsServer {
    address: SocketAddr,
    certificate: String,
    asked: Arc<Mutex<Vec<String>>>,
    go_on: mpsc::Sender<()>,
}

/// Who answers: a path is given.
type Answers = dyn Fn(&str) -> Answer + Send + Sync;

impl HttpsServer {
    /// A server that is there until the process ends.
    pub fn start(answers: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key.into())?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (go_on, may_go_on) = mpsc::channel();
        let server = HttpsServer {
            address: listener.local_addr()?,
            certificate: made.cert.pem(),
            asked: Arc::default(),
            go_on,
        };
        let serving = Arc::new(Serving {
            config: Arc::new(config),
            answers: Box::new(answers),
            asked: server.asked.clone(),
            may_go_on: Mutex::new(may_go_on),
        });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                // A client that goes away, or does not trust us, is none of our errors.
                thread::spawn(move || serving.serve(stream));
            }
        });
        Ok(server)
    }

    pub fn uri(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// The certificate, in a form that clients take.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets one of [`Answer::Halves`] go on.
    pub fn go_on(&self) {
        let _ = self.go_on.send(());
    }
}

struct Serving {
    config: Arc<ServerConfig>,
    answers: Box<Answers>,
    asked: Arc<Mutex<Vec<String>>>,
    may_go_on: Mutex<mpsc::Receiver<()>>,
}

impl Serving {
    fn serve(&self, stream: TcpStream) -> Result<()> {
        let connection = ServerConnection::new(self.config.clone())?;
        let mut stream = BufReader::new(StreamOwned::new(connection, stream));
        let mut first = String::new();
        stream.read_line(&mut first)?;
        let mut line = String::new();
        while stream.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = first.split(' ').nth(1).unwrap_or_default();
        let asked = self.asked.lock();
        asked
            .unwrap_or_else(PoisonError::into_inner)
            .push(path.to_owned());
        self.answer((self.answers)(path), stream.get_mut())
    }

    fn answer(
        &self,
        answer: Answer,
        to: &mut StreamOwned<ServerConnection, TcpStream>,
    ) -> Result<()> {
        let ok = |length: Option<u64>| match length {
            Some(length) => format!("200 OK\r\ncontent-length: {length}"),
            None => "200 OK".to_owned(),
        };
        let of = |body: &[u8]| ok(Some(body.len() as u64));
        match answer {
            Answer::Body(body) => {
                head(to, &of(&body))?;
                to.write_all(&body)?;
            }
            Answer::Chunks(body) => {
                head(to, "200 OK\r\ntransfer-encoding: chunked")?;
                for part in body.chunks(1_000) {
                    write!(to, "{:x}\r\n", part.len())?;
                    to.write_all(part)?;
                    to.write_all(b"\r\n")?;
                }
                to.write_all(b"0\r\n\r\n")?;
            }
            Answer::Zeros { bytes, told } => {
                head(to, &ok(told.then_some(bytes)))?;
                for _ in 0..bytes.div_ceil(1_024) {
                    to.write_all(&[0; 1_024])?;
                }
            }
            Answer::Half(body) => {
                head(to, &of(&body))?;
                to.write_all(&body[..body.len() / 2])?;
                to.flush()?;
                // Without the goodbye of TLS.
                return Ok(());
            }
            Answer::Halves(body) => {
                head(to, &of(&body))?;
                let (first, second) = body.split_at(body.len() / 2);
                to.write_all(first)?;
                to.flush()?;
                let may_go_on = self.may_go_on.lock();
                may_go_on.unwrap_or_else(PoisonError::into_inner).recv()?;
                to.write_all(second)?;
            }
            Answer::Redirect(uri) => head(
                to,
                &format!("302 Found\r\nlocation: {uri}\r\ncontent-length: 0"),
            )?,
            Answer::Status(status) => head(to, &format!("{status} No\r\ncontent-length: 0"))?,
            Answer::Silence => loop {
                thread::park();
            },
        }
        to.conn.send_close_notify();
        to.flush()?;
        Ok(())
    }
}

fn head(to: &mut impl Write, head: &str) -> Result<()> {
    Ok(write!(to, "HTTP/1.1 {head}\r\nconnection: close\r\n\r\n")?)
}
