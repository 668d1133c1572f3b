//! What a module may ask of the compiler: one pass over its bytes before the
//! compiler sees any. Compiling happens on the host's time and in its memory,
//! and cannot be stopped once it has begun.

use insula_message::{Limit, LimitHit};
use wasmparser::{
    BinaryReaderError, ElementItems, ElementSectionReader, FunctionBody, FunctionSectionReader,
    KnownCustom, Name, NameSectionReader, Parser, Payload, TableSectionReader, TypeSectionReader,
};

use super::work;
use crate::engine;
use crate::error::LoadError;
use crate::limits::Limits;

// Each bound is far above what compilers write. Of the sample guests, of up to 700
// KiB, none has more than 45 types, 39 imports, 27 exports, 2 globals, 2 data
// segments, 4 custom sections, and 18 KB of code and 35 locals in one function.

/// Types of functions. Compilers write each one once.
const TYPES: u64 = 20_000;

/// Results of a function or a block, and parameters of a block. Each branch there
/// moves all of them, for two bytes of code; what compilers write has few.
pub(super) const VALUES: u64 = 16;

/// Imports. Each is looked up among what the host offers, one after the other.
const IMPORTS: u64 = 1_000;

/// Exports. Those that are entries are kept by name for as long as the program.
const EXPORTS: u64 = 10_000;

/// Globals. Each takes room in every isolate, of which the pool has 1 MiB.
const GLOBALS: u64 = 10_000;

/// Tables. A pool has one place for each isolate.
const TABLES: u64 = 1;

/// Segments of data, and of elements. Linkers write a few; the dropped ones are
/// kept count of in every isolate.
const SEGMENTS: u64 = 10_000;

/// Custom sections: names, debug information and what producers add.
const CUSTOM_SECTIONS: u64 = 1_000;

/// Bytes of code of one function: Cranelift's time and memory grow faster than a
/// function does, by what `work` says.
const FUNCTION_BYTES: u64 = 512 << 10;

/// Why a module is not given to the compiler.
pub(super) enum Refused {
    Invalid(BinaryReaderError),
    Limit(LimitHit),
    TooMuch {
        what: &'static str,
        found: u64,
        most: u64,
    },
}

impl From<BinaryReaderError> for Refused {
    fn from(error: BinaryReaderError) -> Self {
        Refused::Invalid(error)
    }
}

impl Refused {
    fn of(self, program: &str) -> LoadError {
        let program = program.to_owned();
        match self {
            Refused::Limit(hit) => LoadError::Limit { program, hit },
            Refused::TooMuch { what, found, most } => LoadError::TooMuch {
                program,
                what,
                found,
                most,
            },
            Refused::Invalid(error) => LoadError::Invalid {
                program,
                why: error.to_string(),
            },
        }
    }
}

/// Looks at a module's sections and at each of its functions. Gives how many bytes
/// each instance takes for them in the host's memory, at most.
pub(super) fn check(program: &str, bytes: &[u8], limits: &Limits) -> Result<u64, LoadError> {
    let mut pass = Pass::new(limits);
    for payload in Parser::new(0).parse_all(bytes) {
        let seen = payload
            .map_err(Refused::from)
            .and_then(|part| pass.see(part));
        seen.map_err(|refused| refused.of(program))?;
    }
    Ok(pass.instance_bytes())
}

/// What an instance has for a function that somebody may refer to, and as much for
/// one that it imports.
const FUNCTION_REFERENCE: u64 = 32;

/// What an instance has for a global.
const GLOBAL: u64 = 16;

/// An error where there are more than `most`.
pub(super) fn at_most(what: &'static str, found: u64, most: u64) -> Result<(), Refused> {
    if found <= most {
        return Ok(());
    }
    Err(Refused::TooMuch { what, found, most })
}

fn check_tables(tables: TableSectionReader<'_>) -> Result<(), Refused> {
    at_most("tables", tables.count().into(), TABLES)?;
    for table in tables {
        let elements = table?.ty.initial;
        at_most("elements in a table", elements, engine::TABLE_SLOT as u64)?;
    }
    Ok(())
}

/// What was seen of a module so far.
struct Pass<'a> {
    limits: &'a Limits,
    /// The parameters of each type, for the types of blocks.
    params: Vec<usize>,
    imports: u64,
    /// The type of each function, and how many bodies there were.
    functions: Vec<u32>,
    bodies: usize,
    globals: u64,
    exports: u64,
    /// In all element segments.
    elements: u64,
    custom_sections: u64,
    names: u64,
    work: u64,
}

impl<'a> Pass<'a> {
    fn new(limits: &'a Limits) -> Self {
        Pass {
            limits,
            params: Vec::new(),
            imports: 0,
            functions: Vec::new(),
            bodies: 0,
            globals: 0,
            exports: 0,
            elements: 0,
            custom_sections: 0,
            names: 0,
            work: 0,
        }
    }

    fn see(&mut self, part: Payload<'_>) -> Result<(), Refused> {
        match part {
            Payload::TypeSection(types) => self.types(types),
            Payload::ImportSection(imports) => {
                self.imports = imports.count().into();
                at_most("imports", self.imports, IMPORTS)
            }
            Payload::FunctionSection(functions) => self.functions(functions),
            Payload::TableSection(tables) => check_tables(tables),
            Payload::CodeSectionEntry(body) => self.body(&body),
            Payload::GlobalSection(globals) => {
                self.globals = globals.count().into();
                at_most("globals", self.globals, GLOBALS)
            }
            Payload::ExportSection(exports) => {
                self.exports = exports.count().into();
                at_most("exports", self.exports, EXPORTS)
            }
            Payload::DataSection(data) => at_most("data segments", data.count().into(), SEGMENTS),
            Payload::ElementSection(elements) => self.elements(elements),
            Payload::CustomSection(custom) => {
                self.custom_sections += 1;
                at_most("custom sections", self.custom_sections, CUSTOM_SECTIONS)?;
                match custom.as_known() {
                    KnownCustom::Name(names) => self.names(names),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn types(&mut self, types: TypeSectionReader<'_>) -> Result<(), Refused> {
        at_most("types", types.count().into(), TYPES)?;
        for of_function in types.into_iter_err_on_gc_types() {
            let of_function = of_function?;
            let results = of_function.results().len() as u64;
            at_most("results of one function", results, VALUES)?;
            self.params.push(of_function.params().len());
        }
        Ok(())
    }

    fn elements(&mut self, elements: ElementSectionReader<'_>) -> Result<(), Refused> {
        at_most("element segments", elements.count().into(), SEGMENTS)?;
        for segment in elements {
            let items = match segment?.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            self.elements += u64::from(items);
        }
        Ok(())
    }

    /// A function can be referred to where it is exported, in a segment or in a
    /// global.
    fn instance_bytes(&self) -> u64 {
        let all = self.functions.len() as u64 + self.imports;
        let referred = self.elements + self.exports + self.globals;
        (referred.min(all) + self.imports) * FUNCTION_REFERENCE + self.globals * GLOBAL
    }

    fn functions(&mut self, functions: FunctionSectionReader<'_>) -> Result<(), Refused> {
        if u64::from(functions.count()) > self.limits.program_functions {
            return Err(Refused::Limit(self.limits.hit(Limit::ProgramFunctions)));
        }
        self.functions = functions.into_iter().collect::<Result<_, _>>()?;
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Refused> {
        let bytes = body.range().len() as u64;
        at_most("bytes of code in one function", bytes, FUNCTION_BYTES)?;
        // A body without a function, and a type that is not there, are for the
        // validator to refuse.
        let own = self.functions.get(self.bodies);
        let own = own.and_then(|number| self.params.get(*number as usize));
        self.bodies += 1;
        let work = work::of(body, own.copied().unwrap_or(0), &self.params)?;
        self.work = self.work.saturating_add(work);
        at_most(
            "units of work for the compiler",
            self.work,
            work::OF_PROGRAM,
        )
    }

    /// The names of functions, for backtraces: a map that the compiler makes. More
    /// of them than functions are there for nothing but its size.
    fn names(&mut self, names: NameSectionReader<'_>) -> Result<(), Refused> {
        // A name section that is malformed is ignored by the compiler too.
        for part in names.into_iter().map_while(Result::ok) {
            if let Name::Function(functions) = part {
                self.names += u64::from(functions.count());
                let most = self.functions.len() as u64 + self.imports;
                at_most("names of functions", self.names, most)?;
            }
        }
        Ok(())
    }
}
