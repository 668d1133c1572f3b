//! `insula:isolate/control`: knowing and controlling isolates.

use std::sync::Arc;

use crate::control::{Part, Priority};
use crate::controller::Controller;
use crate::handles::Handle;
use crate::isolate::IsolateCore;
use crate::listeners::{ExitListener, REASON_ROOM};
use crate::port::{Message, SendStatus};
use crate::promise::Promise;
use crate::state::{State, Stop};

use super::answer::{HandleAnswer, RefusalKind};
use super::imports::Imports;
use super::memory::{Span, is_given, send_port, view, wrong_handle};
use super::own::give_text;
use super::ports::Outgoing;
use super::{Guest, broken, enter};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("control", "[static]isolate.current", current)?;
    imports.function("control", "[static]isolate.from-parts", from_parts)?;
    imports.function("control", "[method]isolate.control-port", control_port)?;
    imports.function(
        "control",
        "[method]isolate.pause-capability",
        pause_capability,
    )?;
    imports.function(
        "control",
        "[method]isolate.terminate-capability",
        terminate_capability,
    )?;
    imports.function("control", "[method]isolate.name", name)?;
    imports.function("control", "[method]isolate.pause", pause)?;
    imports.function("control", "[method]isolate.resume", resume)?;
    imports.function("control", "[method]isolate.kill", kill)?;
    imports.function(
        "control",
        "[method]isolate.set-errors-fatal",
        set_errors_fatal,
    )?;
    imports.function("control", "[method]isolate.ping", ping)?;
    imports.function(
        "control",
        "[method]isolate.add-exit-listener",
        add_exit_listener,
    )?;
    imports.function(
        "control",
        "[method]isolate.remove-exit-listener",
        remove_exit_listener,
    )?;
    imports.function("control", "[method]isolate.add-monitor", add_monitor)?;
    imports.function("control", "[method]isolate.remove-monitor", remove_monitor)?;
    imports.function(
        "control",
        "[method]isolate.add-error-listener",
        add_error_listener,
    )?;
    imports.function(
        "control",
        "[method]isolate.remove-error-listener",
        remove_error_listener,
    )?;
    imports.function("control", "[method]isolate.link", link_isolate)?;
    imports.function("control", "[method]isolate.tie", tie)?;
    imports.function("control", "[method]isolate.unlink", unlink)?;
    imports.function("control", "[resource-drop]isolate", drop_isolate)
}

fn controller(state: &State, handle: u32) -> wasmtime::Result<&Controller> {
    state
        .handles
        .isolate(handle)
        .or_else(|wrong| wrong_handle(handle, "isolate", wrong))
}

fn isolate(state: &State, handle: u32) -> wasmtime::Result<Arc<IsolateCore>> {
    Ok(controller(state, handle)?.isolate().clone())
}

fn current(mut guest: Guest<'_>, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.current")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let own = Controller::whole(&state.isolate, Some(state.isolate.group()));
    answer.give(&mut guest, Handle::Isolate(own))
}

fn from_parts(
    mut guest: Guest<'_>,
    control_port: u32,
    has_pause: u32,
    pause: u32,
    has_terminate: u32,
    terminate: u32,
    answer: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "isolate.from-parts")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let control_port = send_port(state, control_port)?;
    let optional = |given: u32, port: u32| {
        let given = is_given(given)?.then(|| send_port(state, port));
        given.transpose()
    };
    let pause = optional(has_pause, pause)?;
    let terminate = optional(has_terminate, terminate)?;
    let holder = Some(state.isolate.group());
    match Controller::from_parts(control_port, pause, terminate, holder) {
        Some(made) => answer.give(&mut guest, Handle::Isolate(made)),
        None => answer.refuse(
            &mut guest,
            RefusalKind::NotControl,
            "the port is no isolate's control port",
        ),
    }
}

fn control_port(mut guest: Guest<'_>, of: u32, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.control-port")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let controller = controller(state, of)?;
    match controller.part_for(Part::ControlPort, state.isolate.group()) {
        Ok(Some(port)) => answer.give(&mut guest, Handle::SendPort(port)),
        Ok(None) => unreachable!("it takes no right to name an isolate"),
        Err(hit) => answer.refuse_limit(&mut guest, hit),
    }
}

fn pause_capability(guest: Guest<'_>, of: u32, answer: u32) -> wasmtime::Result<()> {
    capability(guest, "isolate.pause-capability", Part::Pause, of, answer)
}

fn terminate_capability(guest: Guest<'_>, of: u32, answer: u32) -> wasmtime::Result<()> {
    let name = "isolate.terminate-capability";
    capability(guest, name, Part::Terminate, of, answer)
}

fn capability(
    mut guest: Guest<'_>,
    name: &str,
    part: Part,
    of: u32,
    answer: u32,
) -> wasmtime::Result<()> {
    enter(&guest, name)?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    match controller(state, of)?.part_for(part, state.isolate.group()) {
        Ok(port) => answer.give_optional(&mut guest, port),
        Err(hit) => answer.refuse_limit(&mut guest, hit),
    }
}

fn name(mut guest: Guest<'_>, of: u32, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.name")?;
    let name = isolate(guest.data(), of)?.name().to_owned();
    give_text(&mut guest, &name, answer)
}

fn pause(mut guest: Guest<'_>, of: u32, by: u32, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.pause")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let by = send_port(state, by)?.id();
    let controller = controller(state, of)?;
    if !controller.may_pause() {
        return answer.answer_bool(&mut guest, false);
    }
    match controller.isolate().pause(by) {
        Ok(()) => answer.answer_bool(&mut guest, true),
        Err(hit) => answer.refuse_limit(&mut guest, hit),
    }
}

fn resume(guest: Guest<'_>, of: u32, by: u32) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.resume")?;
    let state = guest.data();
    let by = send_port(state, by)?.id();
    let controller = controller(state, of)?;
    if controller.may_pause() {
        controller.isolate().resume(by);
    }
    Ok(controller.may_pause().into())
}

fn kill(guest: Guest<'_>, of: u32, when: u32, tree: u32) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.kill")?;
    let state = guest.data();
    let when = priority(when)?;
    let controller = controller(state, of)?;
    if !controller.may_terminate() {
        return Ok(false.into());
    }
    controller.isolate().kill(when, tree != 0);
    // Of itself it takes effect in here.
    state.check_stopped()?;
    Ok(true.into())
}

fn set_errors_fatal(guest: Guest<'_>, of: u32, on: u32) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.set-errors-fatal")?;
    let controller = controller(guest.data(), of)?;
    if controller.may_terminate() {
        controller.isolate().set_errors_fatal(on != 0);
    }
    Ok(controller.may_terminate().into())
}

fn priority(lowered: u32) -> wasmtime::Result<Priority> {
    match lowered {
        0 => Ok(Priority::Immediate),
        1 => Ok(Priority::BeforeNextEvent),
        other => broken(format!("a priority is {other}, and it has to be 0 or 1")),
    }
}

/// A message in the guest's memory that is sent later, as it is lowered.
struct Later {
    bytes: Span,
    ports: (u32, u32),
}

impl Later {
    fn new(bytes: (u32, u32), ports: (u32, u32)) -> Self {
        Later {
            bytes: Span::new(bytes.0, bytes.1),
            ports,
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the lowered signature")]
fn ping(
    guest: Guest<'_>,
    of: u32,
    to: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
    when: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.ping")?;
    let when = priority(when)?;
    let response = Later::new((bytes, length), (ports, port_count));
    with_response(guest, of, to, response, 0, |isolate, message, room| {
        isolate.ping(message, room, when)
    })
}

fn add_exit_listener(
    guest: Guest<'_>,
    of: u32,
    to: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.add-exit-listener")?;
    let response = Later::new((bytes, length), (ports, port_count));
    with_response(guest, of, to, response, 0, |isolate, message, room| {
        isolate.add_exit_listener(ExitListener::new(room, message))
    })
}

fn add_monitor(
    guest: Guest<'_>,
    of: u32,
    to: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.add-monitor")?;
    let response = Later::new((bytes, length), (ports, port_count));
    with_response(
        guest,
        of,
        to,
        response,
        REASON_ROOM,
        |isolate, message, room| isolate.add_monitor(ExitListener::new(room, message)),
    )
}

fn with_response(
    mut guest: Guest<'_>,
    of: u32,
    to: u32,
    response: Later,
    more: usize,
    then: impl FnOnce(&Arc<IsolateCore>, Message, Promise) -> SendStatus,
) -> wasmtime::Result<u32> {
    let (memory, state) = view(&mut guest)?;
    let isolate = isolate(state, of)?;
    let to = send_port(state, to)?;
    let outgoing = Outgoing::new(memory, response.bytes, response.ports)?;
    let room = match outgoing.check_size(state, false) {
        Err(hit) => {
            state.isolate.met(hit);
            Err(SendStatus::TooLarge)
        }
        // Before it is copied: many may copy at once.
        Ok(cost) => {
            let (cost, group) = (cost + more as u64, isolate.group());
            let room = to.promise(cost, Some(group));
            room.and_then(|room| room.kept_by(group, cost))
        }
    };
    let status = match room {
        Ok(room) => {
            let message = outgoing.message(memory, state, to.group(), None)?;
            then(&isolate, message, room)
        }
        Err(status) => status,
    };
    Ok(status as u32)
}

fn remove_exit_listener(guest: Guest<'_>, of: u32, to: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.remove-exit-listener")?;
    let state = guest.data();
    isolate(state, of)?.remove_exit_listener(send_port(state, to)?);
    Ok(())
}

fn remove_monitor(guest: Guest<'_>, of: u32, to: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.remove-monitor")?;
    let state = guest.data();
    isolate(state, of)?.remove_monitor(send_port(state, to)?);
    Ok(())
}

fn add_error_listener(guest: Guest<'_>, of: u32, to: u32) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.add-error-listener")?;
    let state = guest.data();
    let status = isolate(state, of)?.add_error_listener(send_port(state, to)?);
    Ok(status as u32)
}

fn remove_error_listener(guest: Guest<'_>, of: u32, to: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.remove-error-listener")?;
    let state = guest.data();
    isolate(state, of)?.remove_error_listener(send_port(state, to)?);
    Ok(())
}

fn link_isolate(guest: Guest<'_>, of: u32) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.link")?;
    let state = guest.data();
    let controller = controller(state, of)?;
    if controller.may_terminate() {
        let linked = state.isolate.link(controller.isolate());
        linked.map_err(Stop::Limit)?;
    }
    // To one that has ended badly it takes effect in here.
    state.check_stopped()?;
    Ok(controller.may_terminate().into())
}

fn tie(guest: Guest<'_>, of: u32) -> wasmtime::Result<u32> {
    enter(&guest, "isolate.tie")?;
    let state = guest.data();
    let controller = controller(state, of)?;
    if controller.may_terminate() {
        let tied = state.isolate.tie(controller.isolate());
        tied.map_err(Stop::Limit)?;
    }
    Ok(controller.may_terminate().into())
}

fn unlink(guest: Guest<'_>, of: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.unlink")?;
    let state = guest.data();
    state.isolate.unlink(&*isolate(state, of)?);
    Ok(())
}

fn drop_isolate(mut guest: Guest<'_>, of: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolate.drop")?;
    let state = guest.data_mut();
    controller(state, of)?;
    drop(state.handles.remove(of));
    Ok(())
}
