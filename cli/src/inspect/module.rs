//! What a module says about itself, read without compiling it.

use std::collections::HashSet;

use anyhow::Result;
use insula::Import;
use serde::Serialize;
use wasmparser::{
    ConstExpr, ElementItems, ElementKind, ExternalKind, FunctionBody, Operator, Parser, Payload,
    TypeRef,
};

/// Bytes of one page of linear memory.
const PAGE: u64 = 64 << 10;

/// The kind of what a host can offer: it shares nothing else with a guest.
const FUNCTION: &str = "function";

/// What is in a module.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Module {
    /// Bytes of the whole file.
    pub bytes: usize,
    /// Functions of its own.
    pub functions: usize,
    /// Bytes of their code.
    pub code_bytes: usize,
    /// Bytes that its memory begins with.
    pub data_bytes: usize,
    /// Bytes of names, debug information and other things that do not run.
    pub custom_bytes: usize,
    pub memories: Vec<Sizes>,
    pub tables: Vec<Sizes>,
    pub imports: Vec<Imported>,
}

/// How large something is at first, and may grow by its own account: a memory in
/// bytes, a table in elements.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Sizes {
    pub minimum: u64,
    pub maximum: Option<u64>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    pub module: String,
    pub name: String,
    pub kind: &'static str,
    /// Whether anything in the program calls it or passes it on.
    pub used: bool,
    /// Whether the host offers it.
    pub known: bool,
}

/// The functions that a module mentions, by their numbers: those that are imported
/// come first.
#[derive(Default)]
struct Mentioned(HashSet<u32>);

/// Reads a module. `offered` is what the host links.
pub fn read(bytes: &[u8], offered: &[Import]) -> Result<Module> {
    let mut module = Module {
        bytes: bytes.len(),
        ..Module::default()
    };
    let mut mentioned = Mentioned::default();
    for payload in Parser::new(0).parse_all(bytes) {
        module.add(payload?, offered, &mut mentioned)?;
    }
    let functions = module
        .imports
        .iter_mut()
        .filter(|import| import.kind == FUNCTION);
    for (import, number) in functions.zip(0..) {
        import.used = mentioned.0.contains(&number);
    }
    Ok(module)
}

impl Module {
    fn add(
        &mut self,
        payload: Payload,
        offered: &[Import],
        mentioned: &mut Mentioned,
    ) -> Result<()> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.import(import.module, import.name, import.ty, offered);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let memory = memory?;
                    self.memories.push(pages(memory.initial, memory.maximum));
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    let table = table?.ty;
                    self.tables.push(Sizes {
                        minimum: table.initial,
                        maximum: table.maximum,
                    });
                }
            }
            Payload::CodeSectionEntry(body) => {
                self.functions += 1;
                self.code_bytes += body.range().len();
                mentioned.in_body(&body)?;
            }
            Payload::DataSection(data) => {
                for data in data {
                    self.data_bytes += data?.data.len();
                }
            }
            Payload::CustomSection(custom) => self.custom_bytes += custom.data().len(),
            other => mentioned.outside(other)?,
        }
        Ok(())
    }

    fn import(&mut self, module: &str, name: &str, ty: TypeRef, offered: &[Import]) {
        match ty {
            TypeRef::Memory(memory) => self.memories.push(pages(memory.initial, memory.maximum)),
            TypeRef::Table(table) => self.tables.push(Sizes {
                minimum: table.initial,
                maximum: table.maximum,
            }),
            _ => {}
        }
        let kind = match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => FUNCTION,
            TypeRef::Table(_) => "table",
            TypeRef::Memory(_) => "memory",
            TypeRef::Global(_) => "global",
            TypeRef::Tag(_) => "tag",
        };
        let is_this = |known: &Import| known.module == module && known.name == name;
        self.imports.push(Imported {
            module: module.to_owned(),
            name: name.to_owned(),
            kind,
            used: kind != FUNCTION,
            known: kind == FUNCTION && offered.iter().any(is_this),
        });
    }
}

fn pages(minimum: u64, maximum: Option<u64>) -> Sizes {
    Sizes {
        minimum: minimum.saturating_mul(PAGE),
        maximum: maximum.map(|maximum| maximum.saturating_mul(PAGE)),
    }
}

impl Mentioned {
    /// Functions that are called, or passed on as a value.
    fn in_body(&mut self, body: &FunctionBody) -> Result<()> {
        for operator in body.get_operators_reader()? {
            self.in_operator(&operator?);
        }
        Ok(())
    }

    fn in_operator(&mut self, operator: &Operator) {
        if let Operator::Call { function_index }
        | Operator::ReturnCall { function_index }
        | Operator::RefFunc { function_index } = operator
        {
            self.0.insert(*function_index);
        }
    }

    fn in_expression(&mut self, expression: &ConstExpr) -> Result<()> {
        for operator in expression.get_operators_reader() {
            self.in_operator(&operator?);
        }
        Ok(())
    }

    /// Functions that stand in a table or a global, are exported, or start the module.
    fn outside(&mut self, payload: Payload) -> Result<()> {
        match payload {
            Payload::StartSection { func, .. } => {
                self.0.insert(func);
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.0.insert(export.index);
                    }
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    self.in_expression(&global?.init_expr)?;
                }
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    let element = element?;
                    // What is only declared is mentioned where it is used.
                    if !matches!(element.kind, ElementKind::Declared) {
                        self.in_elements(element.items)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn in_elements(&mut self, items: ElementItems) -> Result<()> {
        match items {
            ElementItems::Functions(functions) => {
                for function in functions {
                    self.0.insert(function?);
                }
            }
            ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    self.in_expression(&expression?)?;
                }
            }
        }
        Ok(())
    }
}
