//! What new crates are made of: the files in `cli/templates`.

use super::sdk::Sdk;

/// What guests are written in.
pub const LANGUAGES: [&str; 2] = ["rust", "c"];

/// What a new crate is made of.
pub struct Template {
    pub name: &'static str,
    pub language: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// What it depends on beside the SDK, as lines of its Cargo.toml.
    dependencies: &'static str,
    /// Its own files.
    files: &'static [(&'static str, &'static str)],
}

macro_rules! file {
    ($folder:literal, $path:literal) => {
        (
            $path,
            include_str!(concat!("../../templates/", $folder, "/", $path)),
        )
    };
}

/// Files of every crate in Rust.
const RUST: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        include_str!("../../templates/rust/common/Cargo.toml.template"),
    ),
    (
        ".cargo/config.toml",
        include_str!("../../templates/rust/common/cargo-config.toml"),
    ),
    (
        ".gitignore",
        include_str!("../../templates/rust/common/gitignore"),
    ),
    (
        "README.md",
        include_str!("../../templates/rust/common/README.md.template"),
    ),
    (
        "rust-toolchain.toml",
        include_str!("../../templates/rust/common/rust-toolchain.toml"),
    ),
];

/// Files of every project in C.
const C: &[(&str, &str)] = &[
    (
        "Makefile",
        include_str!("../../templates/c/common/Makefile.template"),
    ),
    (
        ".gitignore",
        include_str!("../../templates/c/common/gitignore"),
    ),
    (
        "README.md",
        include_str!("../../templates/c/common/README.md.template"),
    ),
    // What editors that ask clangd go by.
    (
        "compile_flags.txt",
        include_str!("../../templates/c/common/compile_flags.txt"),
    ),
];

const TEMPLATES: &[Template] = &[
    Template {
        name: "echo",
        language: "rust",
        about: "an isolate that answers, and another that asks it",
        dependencies: "",
        files: &[
            file!("rust/echo", "src/main.rs"),
            file!("rust/echo", "src/text.rs"),
        ],
    },
    Template {
        name: "worker-pool",
        language: "rust",
        about: "work that is shared out among isolates",
        dependencies: "",
        files: &[
            file!("rust/worker-pool", "src/main.rs"),
            file!("rust/worker-pool", "src/primes.rs"),
        ],
    },
    Template {
        name: "supervised",
        language: "rust",
        about: "an isolate that is started again when it fails",
        dependencies: "",
        files: &[
            file!("rust/supervised", "src/main.rs"),
            file!("rust/supervised", "src/orders.rs"),
        ],
    },
    Template {
        name: "echo",
        language: "c",
        about: "an isolate that answers, and another that asks it",
        dependencies: "",
        files: &[
            file!("c/echo", "src/main.c"),
            file!("c/echo", "src/text.c"),
            file!("c/echo", "src/text.h"),
            file!("c/echo", "tests/echo.c"),
        ],
    },
    Template {
        name: "worker-pool",
        language: "c",
        about: "work that is shared out among isolates",
        dependencies: "",
        files: &[
            file!("c/worker-pool", "src/main.c"),
            file!("c/worker-pool", "src/pool.c"),
            file!("c/worker-pool", "src/pool.h"),
            file!("c/worker-pool", "src/primes.c"),
            file!("c/worker-pool", "src/primes.h"),
            file!("c/worker-pool", "tests/pool.c"),
        ],
    },
    Template {
        name: "supervised",
        language: "c",
        about: "an isolate that is started again when it fails",
        dependencies: "",
        files: &[
            file!("c/supervised", "src/main.c"),
            file!("c/supervised", "src/orders.c"),
            file!("c/supervised", "src/orders.h"),
            file!("c/supervised", "src/shop.c"),
            file!("c/supervised", "src/shop.h"),
            file!("c/supervised", "tests/shop.c"),
        ],
    },
];

pub fn all() -> impl Iterator<Item = &'static Template> {
    TEMPLATES.iter()
}

impl Template {
    pub fn named(language: &str, name: &str) -> Option<&'static Self> {
        all().find(|template| template.language == language && template.name == name)
    }

    pub fn names_in(language: &str) -> Vec<&'static str> {
        let own = all().filter(|template| template.language == language);
        own.map(|template| template.name).collect()
    }

    /// The files of a crate of this name.
    pub fn files(&self, name: &str, sdk: &Sdk) -> Vec<(String, String)> {
        let common = match self.language {
            "rust" => RUST,
            "c" => C,
            _ => &[],
        };
        let files = common.iter().chain(self.files);
        files
            .map(|(path, text)| ((*path).to_owned(), self.filled(text, name, sdk)))
            .collect()
    }

    fn filled(&self, text: &str, name: &str, sdk: &Sdk) -> String {
        let about = format!("{}{}.", self.about[..1].to_uppercase(), &self.about[1..]);
        [
            ("{{name}}", name),
            ("{{about}}", &about),
            ("{{insula-guest}}", &sdk.dependency()),
            ("{{dependencies}}", self.dependencies),
            ("{{vendor}}", sdk.note()),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (mark, value)| {
            text.replace(mark, value)
        })
    }
}
