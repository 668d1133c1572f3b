//! How an isolate fails: the host is told why. A panic then traps; an error that
//! nothing has caught ends it where errors are fatal.

use crate::Outcome;
use crate::bindings::self_;
use std::any::Any;
use std::io::Write;
use std::panic::{Location, PanicHookInfo};
use std::sync::Once;

/// A panic says why to the host, which knows who wants to hear of it. So nothing
/// is printed here. Panics trap when this returns.
pub fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(target_family = "wasm")]
        std::panic::set_hook(Box::new(hook));
        // There are threads here that are no isolates.
        #[cfg(not(target_family = "wasm"))]
        {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                if crate::bindings::is_isolate() {
                    hook(panic);
                } else {
                    usual(panic);
                }
            }));
        }
    });
}

fn hook(panic: &PanicHookInfo) {
    tell(text(panic.payload()), panic.location());
}

fn text(payload: &dyn Any) -> &str {
    match payload.downcast_ref::<&str>() {
        Some(text) => text,
        None => payload
            .downcast_ref::<String>()
            .map_or("a panic without a text", |text| text),
    }
}

/// What became of a callback that was set at `place`: an error is one that
/// nothing has caught.
#[inline]
pub fn report(outcome: impl Outcome, place: &Location) {
    if let Some(text) = outcome.failure() {
        uncaught(&text, place);
    }
}

/// An error that nothing has caught. Where errors are fatal this does not return.
pub fn uncaught(text: &str, place: &Location) {
    std::io::stdout().flush().ok();
    self_::uncaught(text, &place.to_string());
}

/// Ends the isolate as a panic does.
pub fn fail(text: &str, place: &Location) -> ! {
    tell(text, Some(place));
    #[cfg(target_family = "wasm")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_family = "wasm"))]
    std::panic::resume_unwind(Box::new(text.to_owned()));
}

fn tell(text: &str, place: Option<&Location>) {
    let place = place.map(ToString::to_string).unwrap_or_default();
    self_::fail(text, &place);
    std::io::stdout().flush().ok();
}
