//! How much work a function's body is for the compiler. Its bytes alone do not
//! say: some of Cranelift's work grows with the square of what a body has, or with a
//! product.

use wasmparser::{BlockType, FunctionBody, Operator};

use super::bounds::{Refused, VALUES, at_most};

/// For one function. A unit is about what an instruction takes of Cranelift's time.
/// The worst functions of this much work took 16 s of CPU time (10,000 locals in nested
/// loops, 37 times as long as ordinary code of as many bytes; where the bodies are
/// smaller up to 86 times) and 410 MiB, in a development build:
/// `cargo test --test hostile compile_cost -- --ignored --nocapture`.
const OF_FUNCTION: u64 = 8 << 20;

/// For all functions together: so that what was begun and is not awaited any more
/// ends too. By the figures above that is a quarter of an hour of CPU time at worst.
pub(super) const OF_PROGRAM: u64 = 512 << 20;

/// How many units a call is: what lives is put away for it.
const CALL: u64 = 16;

/// Locals of one function, its parameters not counted. Compilers that optimise reuse
/// them; WebAssembly itself allows 50,000.
const LOCALS: u64 = 10_000;

/// Blocks, loops and branches of one function: a `switch` of some thousand cases has
/// as many blocks.
const FORKS: u64 = 16_384;

/// Loops of one function. Each asks whether its time is over, which is a branch more.
const LOOPS: u64 = 2_048;

/// Loops inside of each other: what takes longest of all for its size. People write a
/// handful.
const LOOP_DEPTH: u64 = 64;

/// The work of the body of a function with so many parameters. `params` has the
/// parameters of all types.
pub(super) fn of(
    body: &FunctionBody<'_>,
    own_params: usize,
    params: &[usize],
) -> Result<u64, Refused> {
    let mut locals = 0;
    for declared in body.get_locals_reader()? {
        locals += u64::from(declared?.0);
    }
    at_most("locals in one function", locals, LOCALS)?;
    locals += own_params as u64;
    let mut seen = Seen::default();
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        seen.see(&operators.read()?, params)?;
    }
    at_most("blocks and branches in one function", seen.forks, FORKS)?;
    at_most("loops in one function", seen.loops, LOOPS)?;
    let work = seen.work(locals);
    at_most(
        "units of work for the compiler in one function",
        work,
        OF_FUNCTION,
    )?;
    Ok(work)
}

/// What a body has.
#[derive(Default)]
struct Seen {
    operators: u64,
    /// Uses of locals, parameters included.
    uses: u64,
    /// Where control flow parts or meets.
    forks: u64,
    loops: u64,
    calls: u64,
    /// The blocks that are open, and whether each is a loop.
    open: Vec<bool>,
    loops_open: u64,
    /// The most loops that were open at once.
    depth: u64,
}

impl Seen {
    fn see(&mut self, operator: &Operator<'_>, params: &[usize]) -> Result<(), Refused> {
        self.operators += 1;
        match operator {
            Operator::LocalGet { .. } | Operator::LocalSet { .. } | Operator::LocalTee { .. } => {
                self.uses += 1;
            }
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                self.forks += 1;
                check_block(*blockty, params)?;
                self.open(matches!(operator, Operator::Loop { .. }))?;
            }
            Operator::End => self.close(),
            Operator::Call { .. } | Operator::CallIndirect { .. } => self.calls += 1,
            Operator::Else | Operator::BrIf { .. } | Operator::BrTable { .. } => self.forks += 1,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, is_loop: bool) -> Result<(), Refused> {
        self.open.push(is_loop);
        self.loops += u64::from(is_loop);
        self.loops_open += u64::from(is_loop);
        self.depth = self.depth.max(self.loops_open);
        at_most("loops inside of each other", self.loops_open, LOOP_DEPTH)
    }

    /// The last end is the function's own.
    fn close(&mut self) {
        let was_loop = self.open.pop().unwrap_or(false);
        self.loops_open -= u64::from(was_loop);
    }

    fn work(&self, locals: u64) -> u64 {
        // Each local that is used has a value wherever control flow meets, and in
        // loops it is looked up through all that are around. The squares are as
        // measured.
        let met = self.forks + self.loops * self.depth / 4;
        self.operators
            + locals
            + self.calls * CALL
            + self.uses.min(locals) * met
            + self.forks * self.forks / 128
            + self.loops * self.loops / 3
    }
}

fn check_block(block: BlockType, params: &[usize]) -> Result<(), Refused> {
    let BlockType::FuncType(number) = block else {
        return Ok(());
    };
    // One that is not there is for the validator to refuse.
    let found = params.get(number as usize).copied().unwrap_or(0);
    at_most("parameters of one block", found as u64, VALUES)
}
