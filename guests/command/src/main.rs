//! A plain WASI command, which knows nothing of isolates, and is shown nothing of
//! the world.

use std::io::Read;

fn main() -> std::io::Result<()> {
    println!("hello from a plain command");
    println!("arguments: {:?}", std::env::args().collect::<Vec<_>>());
    println!("variables: {}", std::env::vars().count());
    println!("bytes on stdin: {}", std::io::stdin().read(&mut [0])?);
    println!("files: {}", std::fs::read_dir("/").is_ok());
    Ok(())
}
