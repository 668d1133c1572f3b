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
        let started = self.start_run(program, options).map(KilledWhenDropped);
        async move {
            let running = started?;
            let (isolate, results) = &running.0;
            match results.recv_async().await {
                Ok(result) => Ok(result.decode()?),
                Err(_) => Err(RunError::Ended(isolate.exited().await)),
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

struct KilledWhenDropped((Isolate, ReceivePort));

impl Drop for KilledWhenDropped {
    fn drop(&mut self) {
        self.0.0.kill();
    }
}
