//! The benchmark's guest in raw wasmtime, with the imports that its entries call and
//! nothing behind them.

use std::time::Instant;

use insula_message::{Port, decode, encode, serialize_port};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wasmtime::error::Context;
use wasmtime::{
    Caller, InstancePre, Linker, Memory, Module, ModuleExport, Result, Store, TypedFunc,
};

use crate::timing::Report;

/// The one send port that there is.
#[derive(Clone, PartialEq, Debug)]
struct Nowhere;

impl Port for Nowhere {}

impl Serialize for Nowhere {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serialize_port(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Nowhere {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        insula_message::deserialize_port(deserializer)
    }
}

/// What an entry that measures is asked.
#[derive(Serialize)]
struct Task {
    size: u64,
    millis: u64,
    to: Nowhere,
}

/// A number as the guest expects it.
pub fn number() -> Result<Vec<u8>> {
    message(&u64::MAX)
}

/// So many bytes as the guest expects them.
pub fn bytes(size: usize) -> Result<Vec<u8>> {
    message(&vec![7u8; size])
}

fn message(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode::<Nowhere, _>(value, &mut bytes)?;
    Ok(bytes)
}

/// What an instance's store holds.
struct State {
    memory: Option<Memory>,
    realloc: Option<TypedFunc<(u32, u32, u32, u32), u32>>,
    /// Where the guest has lent a place for messages, and how large it is.
    lent: Option<(usize, usize)>,
    first: Vec<u8>,
    token: u64,
    /// A message, on its way in and then on its way out.
    buffer: Vec<u8>,
    has_message: bool,
    sent_at: Option<Instant>,
    began: Instant,
}

/// A module, ready to be instantiated with an entry.
pub struct Template {
    instance: InstancePre<State>,
    entry: ModuleExport,
    memory: ModuleExport,
    realloc: ModuleExport,
    wake: ModuleExport,
    deliver: ModuleExport,
    first: Vec<u8>,
}

/// An instance whose entry has run.
pub struct Guest {
    store: Store<State>,
    wake: TypedFunc<(), ()>,
    deliver: TypedFunc<Delivered, ()>,
}

/// A token, a length, no reply as a tag and a handle, no port lost, and that it is the
/// last message.
type Delivered = (u64, u32, u32, u32, u32, u32);

impl Template {
    pub fn new(module: &Module, entry: &str) -> Result<Template> {
        let mut linker = Linker::new(module.engine());
        link(&mut linker)?;
        linker.define_unknown_imports_as_traps(module)?;
        let export = |name: &str| {
            let index = module.get_export_index(name);
            index.with_context(|| format!("the guest has no `{name}`"))
        };
        let first = match entry {
            "compute" => message(&Task {
                size: 1,
                millis: 0,
                to: Nowhere,
            }),
            _ => message(&Nowhere),
        };
        Ok(Template {
            instance: linker.instantiate_pre(module)?,
            entry: export(&format!("insula:entry/{entry}"))?,
            memory: export("memory")?,
            realloc: export("cabi_realloc")?,
            wake: export("wake")?,
            deliver: export("deliver")?,
            first: first?,
        })
    }

    /// Makes an instance and runs its entry.
    pub fn instantiate(&self) -> Result<Guest> {
        let state = State {
            memory: None,
            realloc: None,
            lent: None,
            first: self.first.clone(),
            token: 0,
            buffer: Vec::new(),
            has_message: false,
            sent_at: None,
            began: Instant::now(),
        };
        let mut store = Store::new(self.instance.module().engine(), state);
        store.set_epoch_deadline(1 << 40);
        let instance = self.instance.instantiate(&mut store)?;
        let mut export = |place: &ModuleExport| {
            let export = instance.get_module_export(&mut store, place);
            export.context("a guest's export is missing")
        };
        let places = [
            &self.memory,
            &self.realloc,
            &self.wake,
            &self.deliver,
            &self.entry,
        ];
        let [memory, realloc, wake, deliver, entry] = places.map(&mut export);
        let function = "an export is no function";
        let realloc = realloc?.into_func().context(function)?.typed(&store)?;
        let wake = wake?.into_func().context(function)?.typed(&store)?;
        let deliver = deliver?.into_func().context(function)?.typed(&store)?;
        let entry: TypedFunc<(), ()> = entry?.into_func().context(function)?.typed(&store)?;
        store.data_mut().memory = memory?.into_memory();
        store.data_mut().realloc = Some(realloc);
        entry.call(&mut store, ())?;
        Ok(Guest {
            store,
            wake,
            deliver,
        })
    }
}

impl Guest {
    /// Hands the message to the guest, and puts in its place what the guest sends.
    pub fn wake(&mut self, message: &mut Vec<u8>) -> Result<()> {
        let state = self.store.data_mut();
        state.sent_at = None;
        match (state.memory, state.lent) {
            (Some(memory), Some((place, size))) if message.len() <= size => {
                let (token, length) = (state.token, u32::try_from(message.len())?);
                memory.write(&mut self.store, place, message)?;
                let message = (token, length, 0, 0, 0, 1);
                self.deliver.call(&mut self.store, message)?;
            }
            _ => {
                std::mem::swap(&mut state.buffer, message);
                state.has_message = true;
                self.wake.call(&mut self.store, ())?;
            }
        }
        std::mem::swap(&mut self.store.data_mut().buffer, message);
        Ok(())
    }

    /// When it has sent its first message.
    pub fn sent_at(&self) -> Option<Instant> {
        self.store.data().sent_at
    }

    /// The report that it has sent.
    pub fn report(&self) -> Result<Report> {
        let bytes = &self.store.data().buffer;
        decode::<Nowhere, _>(bytes, Vec::new()).context("the guest's report")
    }
}

const PORTS: &str = "insula:isolate/ports@0.1.0";
const SELF: &str = "insula:isolate/self@0.1.0";
const WASI: &str = "wasi_snapshot_preview1";

/// The handles that a guest gets.
const SEND_PORT: u32 = 1;
const RECEIVE_PORT: u32 = 2;

fn link(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(PORTS, "[method]send-port.send", send)?;
    linker.func_wrap(PORTS, "[resource-drop]send-port", |_: u32| {})?;
    linker.func_wrap(PORTS, "[resource-drop]receive-port", |_: u32| {})?;
    linker.func_wrap(PORTS, "[method]receive-port.listen", |_: u32, _: u32| {})?;
    linker.func_wrap(PORTS, "receive", receive)?;
    linker.func_wrap(PORTS, "lend", lend)?;
    linker.func_wrap(SELF, "first-message", first_message)?;
    linker.func_wrap(SELF, "first-port", first_port)?;
    linker.func_wrap(
        SELF,
        "result-port",
        |mut caller: Caller<'_, State>, answer: u32| write(&mut caller, answer, &[0]),
    )?;
    linker.func_wrap(WASI, "clock_time_get", clock_time_get)?;
    Ok(())
}

fn memory<'a>(caller: &'a mut Caller<'_, State>) -> Result<(&'a mut [u8], &'a mut State)> {
    let memory = caller.data().memory.context("no memory")?;
    Ok(memory.data_and_store_mut(caller))
}

fn write(caller: &mut Caller<'_, State>, at: u32, bytes: &[u8]) -> Result<()> {
    let (memory, _) = memory(caller)?;
    let place = memory
        .get_mut(at as usize..)
        .and_then(|rest| rest.get_mut(..bytes.len()));
    place
        .context("a place outside of the memory")?
        .copy_from_slice(bytes);
    Ok(())
}

/// Has the guest make room for bytes and copies them there.
fn give(caller: &mut Caller<'_, State>, bytes: &[u8], align: u32) -> Result<u32> {
    let realloc = caller.data_mut().realloc.take();
    let realloc = realloc.context("no cabi_realloc")?;
    let place = realloc.call(&mut *caller, (0, 0, align, u32::try_from(bytes.len())?))?;
    caller.data_mut().realloc = Some(realloc);
    write(caller, place, bytes)?;
    Ok(place)
}

#[expect(clippy::too_many_arguments, reason = "the lowered signature")]
fn send(
    mut caller: Caller<'_, State>,
    _to: u32,
    bytes: u32,
    length: u32,
    _ports: u32,
    _port_count: u32,
    _has_reply: u32,
    _reply: u32,
) -> Result<u32> {
    let (memory, state) = memory(&mut caller)?;
    let message = memory
        .get(bytes as usize..)
        .and_then(|rest| rest.get(..length as usize));
    state.buffer.clear();
    state
        .buffer
        .extend_from_slice(message.context("a message outside of the memory")?);
    state.sent_at.get_or_insert_with(Instant::now);
    Ok(0)
}

fn first_message(mut caller: Caller<'_, State>, answer: u32) -> Result<()> {
    let first = std::mem::take(&mut caller.data_mut().first);
    let bytes = give(&mut caller, &first, 1)?;
    let ports = give(&mut caller, &SEND_PORT.to_le_bytes(), 4)?;
    let record = [1, bytes, u32::try_from(first.len())?, ports, 1, 0];
    write(
        &mut caller,
        answer,
        record.map(u32::to_le_bytes).as_flattened(),
    )
}

fn first_port(mut caller: Caller<'_, State>, token: u64, answer: u32) -> Result<()> {
    caller.data_mut().token = token;
    write(
        &mut caller,
        answer,
        [1, RECEIVE_PORT].map(u32::to_le_bytes).as_flattened(),
    )
}

fn lend(mut caller: Caller<'_, State>, place: u32, size: u32) {
    caller.data_mut().lent = Some((place as usize, size as usize));
}

/// The message in the buffer, once.
fn receive(mut caller: Caller<'_, State>, answer: u32) -> Result<()> {
    if !std::mem::replace(&mut caller.data_mut().has_message, false) {
        return write(&mut caller, answer, &[0]);
    }
    let message = std::mem::take(&mut caller.data_mut().buffer);
    let bytes = give(&mut caller, &message, 1)?;
    let length = u32::try_from(message.len())?;
    caller.data_mut().buffer = message;
    let token = caller.data().token;
    let (low, high) = (token as u32, (token >> 32) as u32);
    // An option, an event, a message: its token, bytes, no ports, no reply, none lost,
    // and that it is the last.
    let record = [1, 0, 0, 0, low, high, bytes, length, 4, 0, 0, 0, 0, 1];
    write(
        &mut caller,
        answer,
        record.map(u32::to_le_bytes).as_flattened(),
    )
}

fn clock_time_get(
    mut caller: Caller<'_, State>,
    _clock: u32,
    _precision: u64,
    time: u32,
) -> Result<u32> {
    let nanos = caller.data().began.elapsed().as_nanos() as u64;
    write(&mut caller, time, &nanos.to_le_bytes())?;
    Ok(0)
}
