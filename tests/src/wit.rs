//! The contract in `wit/`, as wit-parser reads it: every function that a guest
//! may import, lowered, with the meaning of each parameter.

use anyhow::{Context, Result, bail, ensure};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{
    Function, Handle, InterfaceId, LiftLowerAbi, ManglingAndAbi, Resolve, ResourceIntrinsic,
    SizeAlign, Type, TypeDefKind, TypeId, WasmImport, WorldItem, WorldKey,
};

// By its path, as the fuzzers read this file too.
#[path = "wit/memory.rs"]
mod memory;

const WIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
const MANGLING: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

pub struct Contract {
    pub resolve: Resolve,
    pub sizes: SizeAlign,
    pub imports: Vec<Lowered>,
    pub exports: Vec<Lowered>,
}

/// A function as a core module sees it.
#[derive(Debug, Clone)]
pub struct Lowered {
    pub module: String,
    pub name: String,
    pub params: Vec<Param>,
    pub results: Vec<Core>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    I32,
    I64,
}

/// What a core parameter, or a field of a record in memory, means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    /// A number that may have any value.
    Scalar(Core),
    /// A case of an enum that has so many.
    Enum(u32),
    /// The handle of a resource.
    Handle(String),
    /// Which case of an option is given; so many parts of its payload come next.
    Tag(usize),
    /// Which case of a variant is given. Only the last of so many has a payload, of
    /// which so many parts come next.
    Case {
        last: u32,
        parts: usize,
    },
    /// Where a text or a list begins; its length comes next.
    Pointer(Element),
    Length(Element),
    /// Where the parameters lie that are too many to be passed.
    Record(Record),
    /// Where the result is to be written.
    Answer {
        size: u32,
        align: u32,
    },
}

/// What a text or a list is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    Utf8,
    Byte,
    Handle(String),
    Record(Record),
}

/// A record as it lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub size: u32,
    pub align: u32,
    pub fields: Vec<Field>,
}

/// One number in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it lies, from the beginning of the record.
    pub offset: u32,
    /// How many bytes it has.
    pub width: u32,
    pub means: Param,
}

impl Element {
    pub fn size(&self) -> u32 {
        match self {
            Element::Utf8 | Element::Byte => 1,
            Element::Handle(_) => 4,
            Element::Record(record) => record.size,
        }
    }

    pub fn align(&self) -> u32 {
        match self {
            Element::Record(record) => record.align,
            other => other.size(),
        }
    }
}

impl Param {
    pub fn core(&self) -> Core {
        match self {
            Param::Scalar(core) => *core,
            _ => Core::I32,
        }
    }
}

impl Contract {
    pub fn read() -> Result<Self> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_path(WIT)?;
        let world = resolve.select_world(&[package], Some("guest"))?;
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        let mut contract = Contract {
            resolve,
            sizes,
            imports: Vec::new(),
            exports: Vec::new(),
        };
        let world = contract.resolve.worlds[world].clone();
        for (key, item) in &world.imports {
            match item {
                WorldItem::Interface { id, .. } => contract.import_interface(key, *id)?,
                WorldItem::Type { .. } => {}
                WorldItem::Function(_) => bail!("{key:?}: a function outside of an interface"),
            }
        }
        for (key, item) in &world.exports {
            let WorldItem::Function(function) = item else {
                bail!("{key:?}: no plain function")
            };
            let export = contract.lower(
                AbiVariant::GuestExport,
                String::new(),
                function.name.clone(),
                function,
            );
            contract
                .exports
                .push(export.with_context(|| function.name.clone())?);
        }
        Ok(contract)
    }

    /// The import of this name.
    pub fn import(&self, module: &str, name: &str) -> Option<&Lowered> {
        self.imports
            .iter()
            .find(|import| import.module == module && import.name == name)
    }

    /// A type of an interface, by name.
    pub fn find_type(&self, interface: &str, name: &str) -> Result<TypeId> {
        self.resolve
            .interfaces
            .iter()
            .filter(|(_, found)| found.name.as_deref() == Some(interface))
            .find_map(|(_, found)| found.types.get(name).copied())
            .with_context(|| format!("there is no type {interface}.{name}"))
    }

    fn import_interface(&mut self, key: &WorldKey, id: InterfaceId) -> Result<()> {
        let interface = self.resolve.interfaces[id].clone();
        for function in interface.functions.values() {
            let import = WasmImport::Func {
                interface: Some(key),
                func: function,
            };
            let (module, name) = self.resolve.wasm_import_name(MANGLING, import);
            let lowered = self
                .lower(AbiVariant::GuestImport, module, name, function)
                .with_context(|| function.name.clone())?;
            self.imports.push(lowered);
        }
        for resource in interface.types.values().copied() {
            if !matches!(self.resolve.types[resource].kind, TypeDefKind::Resource) {
                continue;
            }
            let import = WasmImport::ResourceIntrinsic {
                interface: Some(key),
                resource,
                intrinsic: ResourceIntrinsic::ImportedDrop,
            };
            let (module, name) = self.resolve.wasm_import_name(MANGLING, import);
            let params = vec![Param::Handle(self.name_of(resource)?)];
            self.imports.push(Lowered {
                module,
                name,
                params,
                results: Vec::new(),
            });
        }
        Ok(())
    }

    /// Lowers a function, and compares what each parameter means with what
    /// wit-parser says its core type is.
    fn lower(
        &self,
        variant: AbiVariant,
        module: String,
        name: String,
        function: &Function,
    ) -> Result<Lowered> {
        let signature = self.resolve.wasm_signature(variant, function);
        let types: Vec<_> = function.params.iter().map(|param| &param.ty).collect();
        let mut params = Vec::new();
        if signature.indirect_params {
            params.push(Param::Record(memory::record(self, &types)?));
        } else {
            for ty in types {
                self.flatten(ty, &mut params)?;
            }
        }
        if signature.retptr && variant == AbiVariant::GuestImport {
            let result = function.result.context("a place for no result")?;
            params.push(Param::Answer {
                size: self.sizes.size(&result).size_wasm32().try_into()?,
                align: self.sizes.align(&result).align_wasm32().try_into()?,
            });
        }
        let meant: Vec<_> = params.iter().map(Param::core).collect();
        let lowered: Vec<_> = signature.params.iter().map(core).collect::<Result<_>>()?;
        ensure!(
            meant == lowered,
            "its parameters are {lowered:?}, read here as {params:?}"
        );
        let results = signature.results.iter().map(core).collect::<Result<_>>()?;
        Ok(Lowered {
            module,
            name,
            params,
            results,
        })
    }

    /// What is neither a number nor known here is an error: it may be a pointer
    /// that no test passes badly.
    fn flatten(&self, ty: &Type, params: &mut Vec<Param>) -> Result<()> {
        match ty {
            Type::Bool | Type::U32 => params.push(Param::Scalar(Core::I32)),
            Type::U64 => params.push(Param::Scalar(Core::I64)),
            Type::String => {
                params.extend([Param::Pointer(Element::Utf8), Param::Length(Element::Utf8)])
            }
            Type::Id(id) => match &self.resolve.types[*id].kind {
                TypeDefKind::Type(other) => self.flatten(other, params)?,
                TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => {
                    params.push(Param::Handle(self.name_of(*id)?));
                }
                TypeDefKind::Option(payload) => {
                    let tag = params.len();
                    self.flatten(payload, params)?;
                    params.insert(tag, Param::Tag(params.len() - tag));
                }
                TypeDefKind::Record(record) => {
                    for field in &record.fields {
                        self.flatten(&field.ty, params)?;
                    }
                }
                TypeDefKind::Enum(found) => params.push(Param::Enum(found.cases.len() as u32)),
                TypeDefKind::List(element) => {
                    let element = self.element(element)?;
                    params.extend([Param::Pointer(element.clone()), Param::Length(element)]);
                }
                other => bail!(
                    "a parameter of a kind that is new to this test: {}",
                    other.as_str()
                ),
            },
            other => bail!("a parameter of a kind that is new to this test: {other:?}"),
        }
        Ok(())
    }

    fn element(&self, ty: &Type) -> Result<Element> {
        match ty {
            Type::U8 => Ok(Element::Byte),
            Type::Id(id) => match &self.resolve.types[*id].kind {
                TypeDefKind::Handle(Handle::Borrow(id)) => Ok(Element::Handle(self.name_of(*id)?)),
                TypeDefKind::Record(_) => Ok(Element::Record(memory::record(self, &[ty])?)),
                other => bail!(
                    "a list of a kind that is new to this test: {}",
                    other.as_str()
                ),
            },
            // As a record of a pointer and a length.
            Type::String => Ok(Element::Record(memory::record(self, &[ty])?)),
            other => bail!("a list of a kind that is new to this test: {other:?}"),
        }
    }

    /// The name of a resource, also through `use`.
    fn name_of(&self, id: TypeId) -> Result<String> {
        let ty = &self.resolve.types[id];
        match &ty.kind {
            TypeDefKind::Type(Type::Id(other)) => self.name_of(*other),
            _ => ty.name.clone().context("a resource without a name"),
        }
    }
}

fn core(ty: &WasmType) -> Result<Core> {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => Ok(Core::I32),
        WasmType::I64 => Ok(Core::I64),
        other => bail!("a core type that is new to this test: {other:?}"),
    }
}
