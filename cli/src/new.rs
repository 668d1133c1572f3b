//! `insula new`: makes a guest crate, or a project in C, that builds, runs and passes its
//! tests.

mod crate_name;
mod sdk;
mod templates;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::report;
use sdk::Sdk;
use templates::{LANGUAGES, Template};

#[derive(Args)]
pub struct New {
    /// The new crate's folder, which is not there yet or is empty.
    path: PathBuf,
    /// The crate's name [default: that of its folder].
    #[arg(long)]
    name: Option<String>,
    /// What is in it: an isolate that answers, work that is shared out among several, or
    /// one that is started again when it fails.
    #[arg(long, default_value = "echo", value_parser = template_names())]
    template: String,
    /// The language.
    #[arg(long, default_value = "rust", value_parser = PossibleValuesParser::new(LANGUAGES))]
    lang: String,
    /// Takes the SDK from a checkout of Insula's repository, in place of the one that
    /// comes with this command.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

fn template_names() -> PossibleValuesParser {
    let mut names: Vec<_> = templates::all().map(|template| template.name).collect();
    names.sort_unstable();
    names.dedup();
    PossibleValuesParser::new(names)
}

impl New {
    pub fn run(self) -> Result<ExitCode> {
        let shown = self.path.display();
        let name = self.name()?;
        crate_name::check(&name)?;
        let Some(template) = Template::named(&self.lang, &self.template) else {
            bail!(
                "there is no template `{}` in {}; there is {}",
                self.template,
                self.lang,
                Template::names_in(&self.lang).join(", ")
            );
        };
        if self.path.exists() && !is_empty_folder(&self.path) {
            bail!("{shown}: it is there already, and nothing is overwritten: give another path");
        }
        let is_c = template.language == "c";
        let sdk = match &self.sdk {
            Some(_) if is_c => bail!(
                "--sdk: a project in C has the SDK's sources in it, those that come with this \
                 command; copy guest-sdk/c/sdk of the checkout over its folder `insula`"
            ),
            None if is_c => Sdk::Sources,
            Some(checkout) => Sdk::checkout(checkout)?,
            None => Sdk::own(),
        };
        let mut files = template.files(&name, &sdk);
        files.extend(sdk.files());
        for (path, text) in files {
            // The parts of a path, as each system joins them.
            let path = path
                .split('/')
                .fold(self.path.clone(), |path, part| path.join(part));
            write(&path, &text).with_context(|| path.display().to_string())?;
        }
        let [run, test] = match is_c {
            true => ["insula run .", "insula test ."],
            false => ["cargo run", "cargo test"],
        };
        report::print(&format!(
            "{name} is in {shown}: {}\n\n    cd {shown}\n    {run}\n    {test}\n",
            template.about,
        ));
        if !is_c && !is_on_path() {
            let own = std::env::current_exe().ok();
            let folder = own.as_deref().and_then(Path::parent);
            let folder = folder.map_or("its folder".to_owned(), |path| path.display().to_string());
            report::note(&format!(
                "cargo starts `insula` to run programs and tests: put {folder} on your PATH first"
            ));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn name(&self) -> Result<String> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        // `.` has a name too.
        let whole = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let whole = whole.canonicalize().unwrap_or(whole);
        let name = whole.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| {
            format!(
                "{}: a crate cannot be called so: give --name",
                self.path.display()
            )
        })?;
        Ok(name.to_owned())
    }
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // Not even what has come there meanwhile is overwritten.
    let mut file = fs::File::create_new(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    Ok(())
}

/// Whether cargo would find this command.
fn is_on_path() -> bool {
    let name = format!("insula{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}
