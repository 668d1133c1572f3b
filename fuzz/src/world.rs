//! One runtime for all executions of a target, with a bystander on it, and what
//! has to hold after whatever a guest did.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use insula::{ExitReason, Figures, Isolate, Limits, Program, Runtime, SpawnOptions, Value};

/// How long what has to happen may take on a busy machine. It decides nothing but
/// that a hang is found.
pub const HANG: Duration = Duration::from_secs(60);

pub struct World {
    pub runtime: Runtime,
    bystander: Isolate,
    before: Figures,
    folder: PathBuf,
    checks: AtomicU64,
}

impl World {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("insula-fuzz-{}", process::id()));
        fs::create_dir_all(&folder).expect("there is a folder for programs");
        fs::write(folder.join("k.wasm"), binary(CHILD)).expect("it can be written");
        fs::write(folder.join("x.wasm"), b"\0asm\x01\0\0\0\xff").expect("it can be written");
        let runtime = Runtime::builder()
            .max_isolates(64)
            .output(|_: &insula::Line<'_>| {})
            .on_exit(|name, reason| {
                if let ExitReason::HostFailed(why) = reason {
                    panic!("{name}: the host failed: {why}");
                }
            })
            .limits(for_runtime())
            .start()
            .expect("a runtime starts");
        let bystander = Program::from_bytes(&runtime, &binary(BYSTANDER)).expect("it is valid");
        let bystander = runtime
            .spawn(&bystander, SpawnOptions::new())
            .expect("it is spawned");
        let mut world = World {
            runtime,
            bystander,
            before: Figures::default(),
            folder,
            checks: AtomicU64::new(0),
        };
        world.ping();
        world.before = world.figures();
        world
    }

    /// A file in the folder of programs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What guests are granted: that folder.
    pub fn uri(&self) -> String {
        insula::file_uri(&self.folder).expect("the path is absolute")
    }

    /// Fails unless all is as it was, and now and then unless the bystander answers.
    pub fn check(&self, what: &dyn Fn() -> String) {
        let began = Instant::now();
        while self.figures() != self.before {
            assert!(
                began.elapsed() < HANG,
                "something is left: {:?}, was {:?}\n{}",
                self.figures(),
                self.before,
                what()
            );
            thread::yield_now();
        }
        if self
            .checks
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(16)
        {
            self.ping();
        }
    }

    /// How many threads there are is the scheduler's own business.
    fn figures(&self) -> Figures {
        let mut figures = self.runtime.figures();
        figures.workers = 0;
        figures
    }

    fn ping(&self) {
        let answer = self.bystander.port().call_timeout::<_, Value>("ping", HANG);
        assert_eq!(answer, Ok(Value::from("ping")), "of the bystander");
    }
}

/// Programs are to be refused before they take long.
fn for_runtime() -> Limits {
    Limits::default()
        .program_bytes(256 << 10)
        .program_functions(500)
        .compile_time(5_000)
        .wasm_stack(128 << 10)
}

/// Small enough for many executions a second, and for every limit to be met.
pub fn limits(small: u8) -> Limits {
    let wide = u64::from(small % 4);
    for_runtime()
        .memory(256 << 10)
        .group_memory(1 << 20)
        .table_elements(64)
        .group_table_elements(128)
        .turn_cpu(2 + wide)
        .cpu(10 << wide)
        .group_cpu(20 << wide)
        .turn_wall(20)
        .life(100)
        .mailbox_messages(8 << wide)
        .mailbox_bytes(8 << (10 + wide))
        .group_mailbox_bytes(16 << (10 + wide))
        .message_bytes(4 << (10 + wide))
        .handles(24 << wide)
        .timers(4)
        .named_ports(4)
        .isolates(6)
        .spawned(12 << wide)
        .programs(4)
        .preempted_turns(3)
        .host_memory(32 << (10 + wide))
        .output_bytes(1 << 10)
        .output_lines(16)
}

pub fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const CHILD: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "insula:entry/entryA")))"#;

/// Answers each message with its own bytes.
const BYSTANDER: &str = r#"(module
    (import "insula:isolate/ports@0.1.0" "receive" (func $receive (param i32)))
    (import "insula:isolate/ports@0.1.0" "[method]receive-port.listen" (func $listen (param i32 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.send"
        (func $send (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/ports@0.1.0" "[resource-drop]send-port" (func $drop (param i32)))
    (import "insula:isolate/self@0.1.0" "first-port" (func $first-port (param i64 i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "insula:entry/main")
        (call $first-port (i64.const 0) (i32.const 0))
        (call $listen (i32.load (i32.const 4)) (i32.const 1)))
    (func (export "wake")
        (loop $next
            (call $receive (i32.const 0))
            (if (i32.load8_u (i32.const 0))
                (then
                    (if (i32.and (i32.eqz (i32.load8_u (i32.const 8))) (i32.load8_u (i32.const 40)))
                        (then
                            (drop (call $send (i32.load (i32.const 44))
                                (i32.load (i32.const 24)) (i32.load (i32.const 28))
                                (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0)))
                            (call $drop (i32.load (i32.const 44)))))
                    (br $next))))))"#;
