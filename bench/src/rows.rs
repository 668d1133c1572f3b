//! The table of what is measured: one row for each question, and what is to be
//! reached there.

/// One question, measured at several sizes.
pub struct Row {
    pub name: &'static str,
    /// What one figure is, in a few words.
    pub what: &'static str,
    pub unit: Unit,
    /// What the size counts.
    pub size: &'static str,
    pub sizes: &'static [u64],
    /// The one size of the smallest form.
    pub quick: u64,
    /// Who of the contestants of this crate is asked. Peers are asked for all rows,
    /// and say themselves what they do not measure.
    pub own: &'static [&'static str],
    pub targets: &'static [Target],
}

/// In what a row's figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Nanoseconds,
    Bytes,
    Mappings,
}

impl Unit {
    /// As contestants write it.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Bytes => "bytes",
            Unit::Mappings => "mappings",
        }
    }
}

/// Which of a measurement's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Value,
    P99,
    Worst,
}

impl Figure {
    pub fn name(self) -> &'static str {
        match self {
            Figure::Value => "",
            Figure::P99 => "p99",
            Figure::Worst => "worst",
        }
    }
}

/// What Insula's figure is to be held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Against {
    /// The same figure of a contestant at the same size; where it does not get that
    /// far, at the largest size that it has reached.
    Contestant(&'static str),
    /// Insula's own figure at this size.
    Size(u64),
    /// A number in the row's unit.
    Number,
}

/// What is to be reached: at most so many times the other figure.
pub struct Target {
    pub figure: Figure,
    pub against: Against,
    pub at_most: f64,
    pub sizes: &'static [u64],
}

const fn ratio(against: &'static str, at_most: f64, sizes: &'static [u64]) -> Target {
    Target {
        figure: Figure::Value,
        against: Against::Contestant(against),
        at_most,
        sizes,
    }
}

const fn number(figure: Figure, at_most: f64, sizes: &'static [u64]) -> Target {
    Target {
        figure,
        against: Against::Number,
        at_most,
        sizes,
    }
}

const fn row(
    name: &'static str,
    what: &'static str,
    size: &'static str,
    sizes: &'static [u64],
    own: &'static [&'static str],
    targets: &'static [Target],
) -> Row {
    Row {
        name,
        what,
        unit: Unit::Nanoseconds,
        size,
        sizes,
        quick: sizes[0],
        own,
        targets,
    }
}

impl Row {
    const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    const fn quick(mut self, size: u64) -> Self {
        self.quick = size;
        self
    }
}

const INSULA: &[&str] = &["insula"];
/// One worker beside as many as there are cores.
const WORKERS: &[&str] = &["insula", "insula-1"];
const FLOOR: &[&str] = &["insula", "floor"];
const PROFILES: &[&str] = &["insula", "insula-dense"];
const ALL_WAYS: &[&str] = &["insula", "insula-1", "insula-dense", "floor"];

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// All rows, in the order in which they are shown.
pub const ROWS: &[Row] = &[
    row(
        "round-trip",
        "a message there and back",
        "bytes of payload",
        &[8, 64, KIB, 16 * KIB],
        ALL_WAYS,
        &[
            ratio("beam", 0.9, &[8]),
            ratio("dart", 0.4, &[8]),
            ratio("lunatic", 0.4, &[8]),
        ],
    ),
    row(
        "call",
        "a call and its reply",
        "call at a time",
        &[1],
        WORKERS,
        &[ratio("dart", 0.4, &[1])],
    ),
    row(
        "spawn",
        "from spawning to the first message, p50, warm",
        "at a time",
        &[1],
        ALL_WAYS,
        &[
            ratio("dart", 0.3, &[1]),
            ratio("extism", 0.06, &[1]),
            ratio("floor", 1.5, &[1]),
        ],
    ),
    row(
        "spawn-host",
        "the same, spawned by the host from a thread of its own",
        "at a time",
        &[1],
        FLOOR,
        &[],
    ),
    row(
        "spawn-cold",
        "from spawning to the first message, p50, in slots never used before",
        "spawned",
        &[1_000],
        PROFILES,
        &[ratio("lunatic", 1.0, &[1_000])],
    ),
    row(
        "spawn-rate",
        "an isolate that sends one message and ends",
        "in flight",
        &[10, 100, 1_000],
        WORKERS,
        &[
            ratio("dart", 0.4, &[1_000]),
            ratio("lunatic", 0.05, &[1_000]),
        ],
    ),
    row(
        "one-way",
        "a message one way, with a window",
        "bytes of payload",
        &[8],
        WORKERS,
        &[ratio("beam", 1.0, &[8])],
    ),
    row(
        "one-way-ready",
        "a message one way, sent when there is room",
        "bytes of payload",
        &[8],
        WORKERS,
        &[],
    ),
    row(
        "ring",
        "a hop around a ring",
        "isolates",
        &[10, 100, 1_000, 10_000, 100_000],
        &["insula", "insula-1", "insula-dense"],
        &[
            ratio("beam", 1.0, &[1_000, 100_000]),
            ratio("dart", 0.5, &[1_000, 100_000]),
        ],
    )
    .quick(100),
    row(
        "fan",
        "a round: a message to each, an answer of each",
        "isolates",
        &[10, 100, 1_000],
        WORKERS,
        &[ratio("beam", 1.0, &[1_000]), ratio("dart", 0.5, &[1_000])],
    ),
    row(
        "pairs",
        "a round trip, of many pairs at the same time",
        "pairs",
        &[1, 4, 16, 64, 256],
        WORKERS,
        &[],
    )
    .quick(4),
    row(
        "bytes",
        "so many bytes there and back, copied",
        "bytes",
        &[64 * KIB, MIB, 16 * MIB],
        &["insula", "floor", "memcpy"],
        &[
            ratio("lunatic", 0.9, &[MIB, 16 * MIB]),
            ratio("memcpy", 2.0, &[MIB, 16 * MIB]),
        ],
    ),
    row(
        "bytes-vec",
        "the same as a `Vec` that is lent to be sent",
        "bytes",
        &[64 * KIB, MIB, 16 * MIB],
        INSULA,
        &[],
    ),
    row(
        "nested",
        "a list of maps there and back, as types",
        "maps",
        &[10, 100, 1_000, 10_000],
        INSULA,
        &[ratio("dart", 0.5, &[10_000])],
    )
    .quick(1_000),
    row(
        "nested-value",
        "a list of maps there and back, as values",
        "maps",
        &[10, 100, 1_000, 10_000],
        INSULA,
        &[ratio("dart", 0.5, &[10_000])],
    )
    .quick(1_000),
    row(
        "idle-memory",
        "resident memory of an idle isolate",
        "isolates",
        &[1_000, 10_000, 100_000],
        PROFILES,
        &[
            ratio("lunatic", 0.5, &[100_000]),
            number(Figure::Value, (16 * KIB) as f64, &[100_000]),
        ],
    )
    .unit(Unit::Bytes),
    row(
        "mappings",
        "memory mappings of an idle isolate",
        "isolates",
        &[1_000, 10_000, 25_000, 100_000],
        PROFILES,
        // Two each, in the profile for so many (`Host::start`), and one in two hundred for
        // what the host's own heap maps.
        &[number(Figure::Value, 2.01, &[25_000])],
    )
    .unit(Unit::Mappings),
    row(
        "compute",
        "guest code: the geometric mean of six kernels",
        "run",
        &[1],
        &["insula", "insula-dense", "floor"],
        &[ratio("floor", 1.05, &[1])],
    ),
    row(
        "stop",
        "from killing an endless loop to its end",
        "loop",
        &[1],
        INSULA,
        &[
            number(Figure::Value, 1e6, &[1]),
            number(Figure::Worst, 5e6, &[1]),
        ],
    ),
    row(
        "beside-loops",
        "a round trip beside endless loops, p50 (p99 counts)",
        "loops",
        &[4, 64],
        INSULA,
        &[Target {
            figure: Figure::P99,
            ..ratio("beam", 0.5, &[4, 64])
        }],
    ),
    row(
        "mailbox",
        "a message into a mailbox that nobody empties",
        "messages",
        &[10_000, 100_000, 1_000_000],
        INSULA,
        &[Target {
            figure: Figure::Value,
            against: Against::Size(10_000),
            at_most: 1.5,
            sizes: &[1_000_000],
        }],
    ),
    row(
        "mailbox-memory",
        "resident memory of a waiting message, without its payload",
        "messages",
        &[10_000, 100_000, 1_000_000],
        INSULA,
        &[number(Figure::Value, 64.0, &[1_000_000])],
    )
    .unit(Unit::Bytes)
    .quick(100_000),
    row(
        "start",
        "`insula run` of a guest that was run before, the whole process",
        "process",
        &[1],
        INSULA,
        &[number(Figure::Value, 30e6, &[1])],
    ),
];

/// The row of this name.
pub fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}
