//! The library's sources, as they are in `sdk/`.

use std::path::Path;
use std::{fs, io};

macro_rules! files {
    ($($name:literal)*) => {
        /// Every file of the library: its name and what is in it.
        pub const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../sdk/", $name)))),*
        ];
    };
}

files! {
    "check.c" "control.c" "handing.c" "host.c" "imports.h" "insula.h" "insula_status.h"
    "insula_test.h" "insula_value.h" "isolate.c" "message.h" "messages.c" "names.c" "ports.c"
    "runtime.h" "slots.c" "spawn.c" "status.c" "test.c" "turn.c" "utf8.c" "value.c" "waits.c"
    "writer.c"
}

/// Writes the library's files to `folder`, which is made where it is not there.
pub fn write_sdk(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, content) in FILES {
        let path = folder.join(name);
        // What is the same keeps its time, by which `make` goes.
        if fs::read_to_string(&path).is_ok_and(|found| found == *content) {
            continue;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::FILES;
    use std::fs;

    #[test]
    fn no_file_is_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sdk");
        let mut found: Vec<_> = fs::read_dir(folder)
            .expect("it is there")
            .map(|entry| entry.expect("it can be read").file_name())
            .collect();
        found.sort();
        let listed: Vec<_> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(found, listed);
    }
}
