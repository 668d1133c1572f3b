//! `RuntimeBuilder::inspector`: a runtime that is looked at from its first moment.

use std::net::SocketAddr;
use std::ops::Deref;

use insula::{Runtime, RuntimeBuilder, StartError};

use crate::{Inspector, InspectorBuilder, InspectorError, Watch};

/// Makes a runtime and the page about it in one go.
///
/// ```no_run
/// use insula::{Program, Runtime, SpawnOptions};
/// use insula_inspector::RuntimeBuilderExt as _;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = Runtime::builder().inspector(([127, 0, 0, 1], 0)).start()?;
/// println!("look at {}", runtime.inspector().url());
/// let program = Program::from_file(&runtime, "plugin.wasm")?;
/// runtime.run_group(&program, SpawnOptions::new())?;
/// # Ok(())
/// # }
/// ```
pub trait RuntimeBuilderExt: Sized {
    /// Serves an [`Inspector`] at this address once the runtime is started; port 0 is a
    /// free one.
    fn inspector(self, address: impl Into<SocketAddr>) -> InspectedBuilder {
        self.inspected_by(Inspector::builder().address(address.into()))
    }

    /// The same, with an inspector of which more was said.
    fn inspected_by(self, inspector: InspectorBuilder) -> InspectedBuilder;
}

impl RuntimeBuilderExt for RuntimeBuilder {
    fn inspected_by(self, inspector: InspectorBuilder) -> InspectedBuilder {
        InspectedBuilder {
            runtime: self,
            inspector,
        }
    }
}

/// A runtime and its inspector, not started yet.
#[must_use]
pub struct InspectedBuilder {
    runtime: RuntimeBuilder,
    inspector: InspectorBuilder,
}

/// Why there is no inspected runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectedError {
    /// The runtime was not started.
    #[error(transparent)]
    Runtime(#[from] StartError),
    /// The runtime was, and is shut down again: there is no page about it.
    #[error(transparent)]
    Inspector(#[from] InspectorError),
}

impl InspectedBuilder {
    /// Starts both.
    ///
    /// # Errors
    ///
    /// Where one of them cannot be started.
    pub fn start(self) -> Result<Inspected, InspectedError> {
        let runtime = self.runtime.start()?;
        let watch = Watch::start(&runtime).map_err(InspectorError::from)?;
        let inspector = self.inspector.start(&watch)?;
        Ok(Inspected {
            inspector,
            watch,
            runtime,
        })
    }
}

/// A [`Runtime`], to be used as one, with a page about it.
pub struct Inspected {
    // In the order in which they go.
    inspector: Inspector,
    watch: Watch,
    runtime: Runtime,
}

impl Inspected {
    /// The page's server.
    pub fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// What the page is made from, for a [report](Watch::report).
    pub fn watch(&self) -> &Watch {
        &self.watch
    }
}

impl Deref for Inspected {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        &self.runtime
    }
}

impl std::fmt::Debug for Inspected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspected")
            .field("inspector", &self.inspector)
            .finish_non_exhaustive()
    }
}
