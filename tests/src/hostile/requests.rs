//! Requests to spawn, as they lie in a guest's memory.

/// A `spawn-request` at a place.
#[derive(Clone)]
pub struct SpawnRequest {
    at: u32,
    bytes: [u8; 120],
}

/// One for the entry whose name lies at `entry`; nothing else is asked for, and
/// errors are fatal.
pub fn spawn_request(at: u32, entry: u32, length: u32) -> SpawnRequest {
    let mut request = SpawnRequest {
        at,
        bytes: [0; 120],
    };
    request.bytes[53] = 1;
    request.put(12, entry).put(16, length)
}

impl SpawnRequest {
    fn put(mut self, offset: usize, value: u32) -> Self {
        self.bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        self
    }

    fn option(mut self, offset: usize) -> Self {
        self.bytes[offset] = 1;
        self
    }

    /// Of the program at the URI there.
    pub fn uri(self, start: u32, length: u32) -> Self {
        self.option(0).put(4, start).put(8, length)
    }

    /// With a first message and no port in it.
    pub fn message(self, start: u32, length: u32) -> Self {
        self.option(20).put(24, start).put(28, length)
    }

    /// So many ports for its first message: their handles are listed there.
    pub fn ports(self, start: u32, count: u32) -> Self {
        self.option(20).put(32, start).put(36, count)
    }

    pub fn paused(mut self) -> Self {
        self.bytes[52] = 1;
        self
    }

    /// With limits: so many records there.
    pub fn limits(self, start: u32, count: u32) -> Self {
        self.put(80, start).put(84, count)
    }

    /// With this and nothing else of what its spawner reaches: the lists as they lie
    /// in memory, each with its length in elements.
    pub fn only(
        mut self,
        folders: (u32, u32),
        variables: (u32, u32),
        programs: (u32, u32),
    ) -> Self {
        self.bytes[88] = 2;
        self.put(92, folders.0)
            .put(96, folders.1)
            .put(100, variables.0)
            .put(104, variables.1)
            .put(108, programs.0)
            .put(112, programs.1)
    }

    /// As a piece of a module's memory.
    pub fn data(&self) -> String {
        let bytes = self.bytes.iter().map(|byte| format!("\\{byte:02x}"));
        let bytes: String = bytes.collect();
        format!("(data (i32.const {}) \"{bytes}\")", self.at)
    }

    /// Puts a handle into it, as its exit listener.
    pub fn on_exit(&self, handle: &str) -> String {
        let tag = self.at + 56;
        format!(
            "(i32.store8 (i32.const {tag}) (i32.const 1)) (i32.store (i32.const {}) {handle})",
            tag + 4
        )
    }
}
