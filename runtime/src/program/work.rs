//! How much work a function's body is for the compiler. Its bytes alone do not
//! say: some of Cranelift's work grows with the *product* of what a body has.

use wasmparser::{BlockType, FunctionBody, Operator};

use super::bounds::{Refused, VALUES, at_most};

/// For one function. A unit is an instruction, a local, or one local at one place
/// where control flow meets: for each of those the compiler keeps a value.
const OF_FUNCTION: u64 = 16 << 20;

/// For all functions together: so that what was begun and is not awaited any more
/// ends too.
pub(super) const OF_PROGRAM: u64 = 1 << 30;

/// Locals of one function, its parameters not counted. Compilers reuse them: an
/// interpreter's loop has a few hundred, unoptimised code some thousand.
const LOCALS: u64 = 10_000;

/// Blocks, loops and branches of one function: Cranelift's time grows with their
/// square. An interpreter's loop has some thousand.
const FORKS: u64 = 16_384;

/// Loops of one function, likewise. Each looks at the clock, which is a branch more.
const LOOPS: u64 = 2_048;

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
                self.loops += u64::from(matches!(operator, Operator::Loop { .. }));
                check_block(*blockty, params)?;
            }
            Operator::Else | Operator::BrIf { .. } | Operator::BrTable { .. } => self.forks += 1,
            _ => {}
        }
        Ok(())
    }

    fn work(&self, locals: u64) -> u64 {
        // A local that is not used meets nowhere.
        self.operators + locals + self.uses.min(locals) * self.forks
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
