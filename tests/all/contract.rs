//! The WIT is the contract: what the host links is what the WIT lowers to, no
//! more and no less, and results lie where the host writes them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use insula_tests::Host;
use wasmtime::ValType;
use wit_parser::{Type, TypeDefKind};

use insula_tests::wit::{Contract, Core, Element, Lowered, Param};

type Signature = (Vec<Core>, Vec<Core>);

fn lowered(function: &Lowered) -> Signature {
    let params = function.params.iter().map(|param| param.core()).collect();
    (params, function.results.clone())
}

fn core(ty: ValType) -> Result<Core> {
    match ty {
        ValType::I32 => Ok(Core::I32),
        ValType::I64 => Ok(Core::I64),
        other => bail!("the contract has no {other}"),
    }
}

#[test]
fn the_host_links_exactly_what_the_wit_lowers_to() -> Result<()> {
    let host = Host::new()?;
    let mut linked = BTreeMap::new();
    for import in host.runtime.imports() {
        if import.module == "wasi_snapshot_preview1" {
            continue;
        }
        let params = import.ty.params().map(core).collect::<Result<_>>()?;
        let results = import.ty.results().map(core).collect::<Result<_>>()?;
        let name = (import.module.clone(), import.name.clone());
        let twice = linked.insert(name, (params, results));
        assert_eq!(twice, None, "{} is linked twice", import.name);
    }
    let contract: BTreeMap<_, _> = Contract::read()?
        .imports
        .iter()
        .map(|import| {
            (
                (import.module.clone(), import.name.clone()),
                lowered(import),
            )
        })
        .collect();
    assert!(contract.len() >= 50, "the WIT was not read: {contract:?}");
    assert_eq!(linked, contract);
    Ok(())
}

#[test]
fn names_carry_the_version_and_drops_are_there() -> Result<()> {
    let contract = Contract::read()?;
    for (interface, name) in [
        ("ports", "[method]send-port.send"),
        ("ports", "[resource-drop]send-port"),
        ("ports", "[resource-drop]receive-port"),
        ("ports", "receive"),
        ("timers", "[static]timer.start"),
        ("timers", "[resource-drop]timer"),
        ("isolates", "spawn"),
        ("self", "fail"),
    ] {
        let module = format!("insula:isolate/{interface}@0.1.0");
        assert!(contract.import(&module, name).is_some(), "{module} {name}");
    }
    Ok(())
}

/// The sends of a hot path have no place for a result: the status is one `i32`.
#[test]
fn send_answers_with_one_number() -> Result<()> {
    let contract = Contract::read()?;
    let send = contract.import("insula:isolate/ports@0.1.0", "[method]send-port.send");
    let (params, results) = lowered(send.context("no send")?);
    assert_eq!((params, results), (vec![Core::I32; 7], vec![Core::I32]));
    Ok(())
}

#[test]
fn the_fixed_exports_are_the_two_that_begin_a_turn() -> Result<()> {
    let exports: Vec<_> = Contract::read()?
        .exports
        .iter()
        .map(|export| (export.name.clone(), lowered(export)))
        .collect();
    let deliver = [&[Core::I64][..], &[Core::I32; 5]].concat();
    assert_eq!(
        exports,
        [
            ("wake".to_owned(), (Vec::new(), Vec::new())),
            ("deliver".to_owned(), (deliver, Vec::new())),
        ]
    );
    Ok(())
}

fn layout(contract: &Contract, ty: &Type) -> (usize, usize) {
    let sizes = &contract.sizes;
    (sizes.size(ty).size_wasm32(), sizes.align(ty).align_wasm32())
}

/// Size and alignment of every result that is written to memory. These are the
/// numbers in `runtime/src/abi`.
#[test]
fn results_have_the_sizes_that_the_host_writes() -> Result<()> {
    let contract = Contract::read()?;
    let mut found = BTreeMap::new();
    for interface in contract
        .resolve
        .interfaces
        .iter()
        .map(|(_, interface)| interface)
    {
        for function in interface.functions.values() {
            if let Some(result) = &function.result {
                let interface = interface.name.as_deref().unwrap_or_default();
                found.insert(
                    format!("{interface} {}", function.name),
                    layout(&contract, result),
                );
            }
        }
    }
    let expected = [
        ("control [method]isolate.add-error-listener", (1, 1)),
        ("control [method]isolate.add-exit-listener", (1, 1)),
        ("control [method]isolate.add-monitor", (1, 1)),
        ("control [method]isolate.control-port", (16, 4)),
        ("control [method]isolate.kill", (1, 1)),
        ("control [method]isolate.link", (1, 1)),
        ("control [method]isolate.name", (8, 4)),
        ("control [method]isolate.pause", (16, 4)),
        ("control [method]isolate.pause-capability", (16, 4)),
        ("control [method]isolate.ping", (1, 1)),
        ("control [method]isolate.resume", (1, 1)),
        ("control [method]isolate.set-errors-fatal", (1, 1)),
        ("control [method]isolate.tie", (1, 1)),
        ("control [method]isolate.terminate-capability", (16, 4)),
        ("control [method]isolate.tie", (1, 1)),
        ("control [static]isolate.current", (16, 4)),
        ("control [static]isolate.from-parts", (16, 4)),
        ("isolates spawn", (16, 4)),
        ("names lookup", (16, 4)),
        ("names register", (16, 4)),
        ("names unregister", (1, 1)),
        ("ports [method]receive-port.sender", (16, 4)),
        ("ports [method]send-port.call", (20, 4)),
        ("ports [method]send-port.duplicate", (16, 4)),
        ("ports [method]send-port.identity", (8, 8)),
        ("ports [method]send-port.is-closed", (1, 1)),
        ("ports [method]send-port.send", (1, 1)),
        ("ports [method]send-port.send-when-ready", (16, 4)),
        ("ports [method]send-port.when-closed", (16, 4)),
        ("ports [static]receive-port.open", (16, 4)),
        ("ports [static]send-port.capability", (16, 4)),
        ("ports receive", (56, 8)),
        ("self entry", (8, 4)),
        ("self first-message", (24, 4)),
        ("self first-port", (8, 4)),
        ("self name", (8, 4)),
        ("self result-port", (8, 4)),
        ("timers [static]timer.start", (16, 4)),
    ];
    let expected = expected.map(|(name, layout)| (name.to_owned(), layout));
    assert_eq!(found, BTreeMap::from(expected));
    Ok(())
}

/// Where the fields of each record lie.
#[test]
fn records_have_the_offsets_that_the_host_writes() -> Result<()> {
    let contract = Contract::read()?;
    for (interface, record, expected) in [
        (
            "ports",
            "message",
            vec![
                ("token", 0),
                ("bytes", 8),
                ("ports", 16),
                ("reply", 24),
                ("lost-ports", 32),
                ("last", 36),
            ],
        ),
        (
            "self",
            "taken-message",
            vec![("bytes", 0), ("ports", 8), ("lost-ports", 16)],
        ),
        ("refusals", "refusal", vec![("kind", 0), ("text", 4)]),
        ("ports", "settled", vec![("token", 0), ("status", 8)]),
        ("control", "outgoing", vec![("bytes", 0), ("ports", 8)]),
        ("isolates", "limit", vec![("name", 0), ("value", 8)]),
        (
            "isolates",
            "folder",
            vec![("path", 0), ("name", 8), ("writable", 16)],
        ),
        (
            "isolates",
            "capabilities",
            vec![
                ("folders", 0),
                ("environment", 8),
                ("programs", 16),
                ("arguments", 24),
                ("clock", 25),
                ("random", 26),
            ],
        ),
        ("isolates", "spawned", vec![("isolate", 0), ("port", 4)]),
        (
            "isolates",
            "spawn-request",
            vec![
                ("uri", 0),
                ("entry", 12),
                ("message", 20),
                ("name", 40),
                ("paused", 52),
                ("errors-fatal", 53),
                ("on-exit", 56),
                ("on-error", 64),
                ("result", 72),
                ("limits", 80),
                ("reach", 88),
            ],
        ),
    ] {
        let id = contract.find_type(interface, record)?;
        let TypeDefKind::Record(fields) = &contract.resolve.types[id].kind else {
            bail!("{record} is no record");
        };
        let offsets = contract
            .sizes
            .field_offsets(fields.fields.iter().map(|field| &field.ty));
        let names = fields.fields.iter().map(|field| field.name.as_str());
        let found: Vec<_> = names
            .zip(offsets.iter().map(|(offset, _)| offset.size_wasm32()))
            .collect();
        assert_eq!(found, expected, "{record}");
    }
    Ok(())
}

/// The records that the host reads and writes, whole: where each number in them
/// lies.
#[test]
fn a_spawn_request_lies_in_memory_as_the_host_reads_it() -> Result<()> {
    let contract = Contract::read()?;
    let spawn = contract.import("insula:isolate/isolates@0.1.0", "spawn");
    let spawn = spawn.context("no spawn")?;
    let [Param::Record(request), Param::Answer { .. }] = spawn.params.as_slice() else {
        bail!("spawn takes {:?}", spawn.params);
    };
    assert_eq!((request.size, request.align), (120, 4));
    let places: Vec<_> = request.fields.iter().map(|field| field.offset).collect();
    let expected = [
        [0, 4, 8].as_slice(),
        &[12, 16],
        &[20, 24, 28, 32, 36],
        &[40, 44, 48],
        &[52, 53],
        &[56, 60, 64, 68, 72, 76],
        &[80, 84],
        &[88, 92, 96, 100, 104, 108, 112, 116, 117, 118],
    ];
    assert_eq!(places, expected.concat());
    let limits = request.fields.iter().find_map(|field| match &field.means {
        Param::Pointer(Element::Record(limit)) => Some(limit),
        _ => None,
    });
    let limit = limits.context("no limits")?;
    assert_eq!((limit.size, limit.align), (16, 8));
    Ok(())
}

/// Where payloads lie behind their tags, and in which order the cases come.
#[test]
fn variants_have_the_tags_and_payloads_that_the_host_writes() -> Result<()> {
    let contract = Contract::read()?;
    for (interface, name, expected, payload, size) in [
        (
            "ports",
            "event",
            vec!["message", "unreachable", "timer", "settled"],
            8,
            (48, 8),
        ),
        (
            "ports",
            "call-refusal",
            vec!["unsent", "refused"],
            4,
            (16, 4),
        ),
        (
            "isolates",
            "reach",
            vec!["usual", "whole", "only"],
            4,
            (32, 4),
        ),
    ] {
        let id = contract.find_type(interface, name)?;
        let TypeDefKind::Variant(variant) = &contract.resolve.types[id].kind else {
            bail!("{name} is no variant");
        };
        let cases = variant.cases.iter().map(|case| case.name.as_str());
        assert_eq!(cases.collect::<Vec<_>>(), expected);
        let payloads = variant.cases.iter().map(|case| case.ty.as_ref());
        let offset = contract.sizes.payload_offset(variant.tag(), payloads);
        assert_eq!(offset.size_wasm32(), payload);
        assert_eq!(layout(&contract, &Type::Id(id)), size);
    }

    for (interface, name, expected) in [
        (
            "control",
            "priority",
            vec!["immediate", "before-next-event"],
        ),
        (
            "ports",
            "send-status",
            vec!["sent", "full", "too-large", "closed"],
        ),
        (
            "refusals",
            "refusal-kind",
            vec![
                "limit",
                "no-such-entry",
                "uri-not-granted",
                "bad-uri",
                "no-such-limit",
                "not-control",
                "name-taken",
                "closed",
                "capability-not-held",
            ],
        ),
        ("isolates", "clock", vec!["usual", "same", "frozen", "off"]),
    ] {
        let id = contract.find_type(interface, name)?;
        let TypeDefKind::Enum(found) = &contract.resolve.types[id].kind else {
            bail!("{name} is no enum");
        };
        let cases: Vec<_> = found.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(cases, expected, "{name}");
    }
    Ok(())
}
