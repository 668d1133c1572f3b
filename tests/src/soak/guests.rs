//! The guests of the soak.

use std::path::Path;

use anyhow::Result;
use insula::{Program, Runtime};

use super::hostile::{BYSTANDER, HOSTILE, module};
use crate::{guest, guests};

/// All programs that the driver spawns from.
pub struct Guests {
    /// Answers for the whole time.
    pub bystander: Program,
    pub actor: Program,
    pub spin: Program,
    /// Guests of the SDK's, each with its entries.
    pub sdk: Vec<Program>,
    /// Guests in WebAssembly text that use up something.
    pub hostile: Vec<Program>,
    /// The `file:` URI of the guests' folder.
    pub folder: String,
}

impl Guests {
    pub fn load(runtime: &Runtime) -> Result<Self> {
        let from_file = |module: &str| Program::from_file(runtime, module);
        let sdk = [
            guests::BACKPRESSURE,
            guests::CALLS,
            guests::CAPABILITIES,
            guests::CONTROLS,
            guests::ERRORS,
            guests::FUTURES,
            guests::IDLE,
            guests::LAST_WORDS,
            guests::LINKS,
            guests::NAMES,
            guests::PANICS,
            guests::PINGPONG,
            guests::RUN,
            guests::SUPERVISORS,
            guests::UNREACHABLE,
            guests::URI,
        ];
        let from_text = |body: &str| -> Result<Program> {
            Ok(Program::from_bytes(
                runtime,
                &wat::parse_str(module(body))?,
            )?)
        };
        let folder = guest("shout");
        let folder = folder.parent().unwrap_or(Path::new("/"));
        Ok(Guests {
            bystander: from_text(BYSTANDER)?,
            actor: from_file(guests::ACTOR)?,
            spin: from_file(guests::SPIN)?,
            sdk: sdk.into_iter().map(from_file).collect::<Result<_, _>>()?,
            hostile: HOSTILE.into_iter().map(from_text).collect::<Result<_>>()?,
            folder: insula::file_uri(folder).unwrap_or_default(),
        })
    }
}
