//! Files that are no module, no program, or one that is there to make compiling
//! it take for ever.

use anyhow::Result;
use insula_tests::hostile::{End, Row, file};

use crate::bad_programs::bytes::number;

/// Where every module begins.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

const NO_MODULE: &[&str] = &["no valid module"];

/// A list as WebAssembly has them: how many, and then each.
fn list(count: u64, content: &[u8]) -> Vec<u8> {
    [number(count as usize), content.to_vec()].concat()
}

fn named(name: &[u8]) -> Vec<u8> {
    list(name.len() as u64, name)
}

/// A module of sections, each with its number.
fn module(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut module = HEADER.to_vec();
    for (number, content) in sections {
        module.push(*number);
        module.extend(named(content));
    }
    module
}

const TYPES: u8 = 1;
const IMPORTS: u8 = 2;
const FUNCTIONS: u8 = 3;
const MEMORIES: u8 = 5;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;
const DATA: u8 = 11;

/// The type of functions that take and give nothing, first of all types.
fn one_type() -> (u8, Vec<u8>) {
    (TYPES, list(1, &[0x60, 0, 0]))
}

/// A memory of one page.
fn one_memory() -> (u8, Vec<u8>) {
    (MEMORIES, list(1, &[0, 1]))
}

/// The memory, and the first function as the entry `main`.
fn exports() -> (u8, Vec<u8>) {
    let memory = [named(b"memory"), vec![2, 0]].concat();
    let main = [named(b"insula:entry/main"), vec![0, 0]].concat();
    (EXPORTS, list(2, &[memory, main].concat()))
}

/// A program whose one function has these locals and this code.
fn with_body(locals: &[u8], code: &[u8]) -> Vec<u8> {
    let body = named(&[locals, code, &[END]].concat());
    module(&[
        one_type(),
        (FUNCTIONS, list(1, &[0])),
        one_memory(),
        exports(),
        (CODE, list(1, &body)),
    ])
}

/// A program with so many functions of this code.
fn with_functions(count: usize, code: &[u8]) -> Vec<u8> {
    let body = named(&[&[0], code, &[END]].concat());
    module(&[
        one_type(),
        (FUNCTIONS, list(count as u64, &vec![0; count])),
        one_memory(),
        exports(),
        (CODE, list(count as u64, &body.repeat(count))),
    ])
}

/// A program, and sections behind its last one or in front of its first.
fn with_more(before: &[(u8, Vec<u8>)], after: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let body = named(&[0, END]);
    let mut sections = before.to_vec();
    sections.extend([
        one_type(),
        (FUNCTIONS, list(1, &[0])),
        one_memory(),
        exports(),
        (CODE, list(1, &body)),
    ]);
    sections.extend_from_slice(after);
    module(&sections)
}

const END: u8 = 0x0b;
const BLOCK: &[u8] = &[0x02, 0x40];
const NO_LOCALS: &[u8] = &[0];

fn invalid(name: &str, bytes: Vec<u8>) -> Row {
    file(name, bytes, End::NotLoaded("Invalid", NO_MODULE))
}

/// More than is given to the compiler.
fn refused(name: &str, case: &'static str, words: &'static [&'static str], bytes: Vec<u8>) -> Row {
    file(name, bytes, End::NotLoaded(case, words))
}

fn fine(name: &str, bytes: Vec<u8>) -> Row {
    file(name, bytes, End::Ended)
}

/// Small to say and large to have.
fn bombs() -> Vec<Row> {
    let nested = |depth: usize| {
        let code = [BLOCK.repeat(depth), vec![END; depth]].concat();
        with_body(NO_LOCALS, &code)
    };
    let locals = |count: u64| {
        with_body(
            &list(1, &[number(count as usize), vec![0x7e]].concat()),
            &[],
        )
    };
    // br_table with so many targets, inside of a block.
    let targets = |count: u64| {
        let targets = vec![0; count as usize + 1];
        let code = [BLOCK, &[0x41, 0, 0x0e], &list(count, &targets), &[END]].concat();
        with_body(NO_LOCALS, &code)
    };
    let segments = |count: usize| {
        let empty = [0, 0x41, 0, END, 0];
        with_more(&[], &[(DATA, list(count as u64, &empty.repeat(count)))])
    };
    let many_types =
        |count: usize| module(&[(TYPES, list(count as u64, &[0x60, 0, 0].repeat(count)))]);
    let imports = |count: usize| {
        let import = [named(b"env"), named(b"f"), vec![0, 0]].concat();
        module(&[
            one_type(),
            (IMPORTS, list(count as u64, &import.repeat(count))),
        ])
    };
    let add = [0x41, 7, 0x41, 9, 0x6a, 0x1a];
    vec![
        refused(
            "8 MiB of code in one function",
            "TooMuch",
            &["bytes of code"],
            with_body(NO_LOCALS, &add.repeat(1_400_000)),
        ),
        refused(
            "a million functions and one",
            "Limit",
            &["Limits::program_functions"],
            with_functions(1_000_001, &[]),
        ),
        fine("3,000 functions", with_functions(3_000, &add)),
        fine("2,000 blocks in each other", nested(2_000)),
        refused("50,001 locals", "TooMuch", &["locals"], locals(50_001)),
        refused(
            "4 billion locals",
            "TooMuch",
            &["locals"],
            locals(u64::from(u32::MAX)),
        ),
        refused(
            "a jump table of a million places",
            "TooMuch",
            &["bytes of code"],
            targets(1_000_000),
        ),
        refused(
            "100,001 pieces of data",
            "TooMuch",
            &["data segments"],
            segments(100_001),
        ),
        refused(
            "a million types and one",
            "TooMuch",
            &["types"],
            many_types(1_000_001),
        ),
        refused(
            "a million imports and one",
            "TooMuch",
            &["imports"],
            imports(1_000_001),
        ),
        file(
            "900 imports of what is not there",
            with_imports(900),
            End::NotLoaded("UnknownImports", &["env::f", "and 850 more"]),
        ),
        invalid(
            "1,001 parameters",
            module(&[(
                TYPES,
                list(
                    1,
                    &[vec![0x60], list(1001, &[0x7f; 1001]), vec![0]].concat(),
                ),
            )]),
        ),
    ]
}

fn with_imports(count: usize) -> Vec<u8> {
    let import = [named(b"env"), named(b"f"), vec![0, 0]].concat();
    let memory = [named(b"memory"), vec![2, 0]].concat();
    let main = [named(b"insula:entry/main"), vec![0, 0]].concat();
    module(&[
        one_type(),
        (IMPORTS, list(count as u64, &import.repeat(count))),
        one_memory(),
        (EXPORTS, list(2, &[memory, main].concat())),
    ])
}

/// What is told of the module and is not so.
fn lies() -> Vec<Row> {
    let custom = |name: &[u8], content: &[u8]| (0, [named(name), content.to_vec()].concat());
    let names = |content: &[u8]| custom(b"name", content);
    let long_name = vec![b'n'; 2 << 20];
    let exported = |name: &[u8], times: usize| {
        let memory = [named(b"memory"), vec![2, 0]].concat();
        let main = [named(name), vec![0, 0]].concat();
        let exports = list(1 + times as u64, &[memory, main.repeat(times)].concat());
        module(&[
            one_type(),
            (FUNCTIONS, list(1, &[0])),
            one_memory(),
            (EXPORTS, exports),
            (CODE, list(1, &named(&[0, END]))),
        ])
    };
    let memory = |pages: u64| {
        module(&[
            one_type(),
            (FUNCTIONS, list(1, &[0])),
            (
                MEMORIES,
                list(1, &[vec![0], number(pages as usize)].concat()),
            ),
            exports(),
            (CODE, list(1, &named(&[0, END]))),
        ])
    };
    let raw = |bytes: &[u8]| [HEADER, bytes].concat();
    vec![
        invalid(
            "a number of six bytes",
            raw(&[TYPES, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]),
        ),
        invalid(
            "a section of 4 GiB",
            raw(&[TYPES, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ),
        invalid("a section twice", with_more(&[one_type()], &[])),
        invalid(
            "code without functions",
            module(&[(CODE, list(1, &named(&[0, END])))]),
        ),
        invalid(
            "a body that does not end",
            module(&[
                one_type(),
                (FUNCTIONS, list(1, &[0])),
                (CODE, list(1, &named(&[0, 1]))),
            ]),
        ),
        invalid("an export's name of 2 MiB", exported(&long_name, 1)),
        invalid("the same export twice", exported(b"insula:entry/main", 2)),
        invalid("a memory of 2^20 pages", memory(1 << 20)),
        fine(
            "an entry's name of line ends and nulls",
            exported(b"insula:entry/\n\0\x1b[2J", 1),
        ),
        fine("an entry without a name", exported(b"insula:entry/", 1)),
        refused(
            "names that lie",
            "TooMuch",
            &["names of functions"],
            with_more(&[], &[names(&[1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f])]),
        ),
        fine(
            "names of what is not there",
            with_more(&[], &[names(&[1, 4, 1, 99, 1, b'x'])]),
        ),
        refused(
            "10,000 sections that mean nothing",
            "TooMuch",
            &["custom sections"],
            with_more(&vec![custom(b"x", b"y"); 10_000], &[]),
        ),
        fine(
            "a section of 4 MiB that means nothing",
            with_more(&[custom(b"x", &vec![7; 4 << 20])], &[]),
        ),
    ]
}

/// Proposals that guests do not need.
fn proposals() -> Vec<Row> {
    let memory = "(memory (export \"memory\") 1)";
    let entry = "(func (export \"insula:entry/main\"))";
    let with = |more: &str| format!("{memory} {entry} {more}");
    [
        ("a 64-bit memory", format!("(memory (export \"memory\") i64 1) {entry}")),
        ("a memory that threads share", format!("(memory (export \"memory\") 1 1 shared) {entry}")),
        ("two memories", with("(memory 1)")),
        ("a memory of small pages", format!("(memory (export \"memory\") 1 (pagesize 1)) {entry}")),
        ("a 64-bit table", with("(table i64 1 funcref)")),
        ("atomic operations", with("(func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))")),
        ("structures", with("(type (struct (field i32)))")),
        ("tail calls", with("(func $again (return_call $again))")),
        ("typed references to functions", with("(type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0)))")),
        ("exceptions", with("(tag $t) (func (throw $t))")),
        ("vectors that the machine defines", with("(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))")),
        ("stacks to switch", with("(type $f (func)) (type $c (cont $f))")),
        ("128-bit sums", with("(func (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))")),
    ]
    .into_iter()
    .map(|(name, text)| {
        let bytes = wat::parse_str(format!("(module {text})")).expect("it is text");
        invalid(name, bytes)
    })
    .collect()
}

pub fn rows() -> Vec<Row> {
    [bombs(), lies(), proposals()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn module_files() -> Result<()> {
    super::group("module files")
}
