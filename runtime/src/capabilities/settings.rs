//! What capabilities say, for people.

use super::{Capabilities, Stdin};

impl Capabilities {
    /// What guests may reach, one by one: the name that it has in a policy, and the
    /// text that its flag takes.
    ///
    /// ```
    /// let settings = insula::Capabilities::default().env("LANG", "C").settings();
    /// assert!(settings.contains(&("env", "LANG=C".to_owned())));
    /// assert!(settings.contains(&("clock", "coarse".to_owned())));
    /// ```
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = Vec::new();
        settings.extend(self.dirs.iter().map(|dir| ("dirs", dir.to_string())));
        let env = self.env.iter();
        settings.extend(env.map(|(name, value)| ("env", format!("{name}={value}"))));
        settings.extend(self.args.iter().map(|arg| ("args", arg.clone())));
        settings.push(("stdin", stdin_text(&self.stdin)));
        settings.push(("clock", self.clock.to_string()));
        settings.push(("random", self.random.to_string()));
        settings.extend(self.programs.iter().map(|uri| ("programs", uri.clone())));
        let given = self.given.iter();
        settings.extend(given.map(|given| ("programs", given.uri.to_string())));
        settings
    }
}

fn stdin_text(stdin: &Stdin) -> String {
    match stdin {
        Stdin::Closed => "closed".to_owned(),
        Stdin::Inherit => "inherit".to_owned(),
        Stdin::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}
