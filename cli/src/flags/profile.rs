//! Which profile a runtime has.

use clap::Args;
use clap::builder::PossibleValuesParser;
use insula::Profile;

#[derive(Args)]
pub struct ProfileFlag {
    /// Whether isolates are to be fast or many.
    ///
    /// `dense` reserves no more addresses for each than its limit of memory.
    #[arg(help_heading = "How it runs", long, default_value = "fast", value_parser = names())]
    profile: String,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(Profile::ALL.map(Profile::name))
}

impl ProfileFlag {
    pub fn profile(&self) -> Profile {
        Profile::named(&self.profile).unwrap_or_default()
    }
}
