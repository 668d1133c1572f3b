//! Running an entry for its result.

use insula_message::FromMessage;

use crate::error::{RunError, SpawnError};
use crate::handle::Isolate;
use crate::message::SendPort;
use crate::program::Program;
use crate::receive_port::ReceivePort;
use crate::runtime::Runtime;
use crate::spawn_options::SpawnOptions;

impl Runtime {
    /// Runs an entry in an isolate of its own, the first of a new group, and
    /// waits for what it returns. `options` name the entry and its argument.
    ///
    /// # Errors
    ///
    /// Where it is not spawned, ends without a result, or gives another one than
    /// an `R`.
    pub fn run<R: FromMessage<SendPort>>(
        &self,
        program: &Program,
        options: SpawnOptions,
    ) -> Result<R, RunError> {
        let (isolate, results) = self.start_run(program, options)?;
        match results.recv() {
            Ok(result) => Ok(result.decode()?),
            Err(_) => Err(RunError::Ended(isolate.join())),
        }
    }

    /// The same as a future, for any executor. The isolate is spawned at once,
    /// and killed when the future is dropped before it is ready.
    pub fn run_async<R: FromMessage<SendPort>>(
        &self,
        program: &Program,
        options: SpawnOptions,
    ) -> impl Future<Output = Result<R, RunError>> + use<R> {
        let started = self.start_run(program, options);
        // Made here, as a future may be dropped before it is polled.
        let started = started.map(|(isolate, results)| (Running::new(isolate), results));
        async move {
            let (mut running, results) = started?;
            match results.recv_async().await {
                Ok(result) => {
                    // It ends by itself: to kill it now could only take away what it
                    // still prints.
                    running.done = true;
                    Ok(result.decode()?)
                }
                Err(_) => Err(RunError::Ended(running.isolate.exited().await)),
            }
        }
    }

    fn start_run(
        &self,
        program: &Program,
        mut options: SpawnOptions,
    ) -> Result<(Isolate, ReceivePort), SpawnError> {
        let (result, results) = self.port();
        options.result = Some(result);
        Ok((self.spawn(program, options)?, results))
    }
}

/// An isolate that is killed when nobody waits for its result any more.
struct Running {
    isolate: Isolate,
    done: bool,
}

impl Running {
    fn new(isolate: Isolate) -> Self {
        Running {
            isolate,
            done: false,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.done {
            self.isolate.kill();
        }
    }
}
