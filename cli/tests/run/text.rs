//! Programs as WebAssembly text: run where the user says that it is text.

use anyhow::Result;
use insula_tests::Folder;

use super::insula_run;

#[test]
fn a_text_is_run_where_that_is_asked_for() -> Result<()> {
    let folder = Folder::new("cli-text")?;
    let text =
        "(module (memory (export \"memory\") 1) (func (export \"insula:entry/main\") unreachable))";
    let path = folder.write("trap.wat", text)?;
    let ran = insula_run(["--wat".as_ref(), path.as_os_str()])?;
    ran.failed(
        "",
        "insula: main#1 trapped: wasm trap: wasm `unreachable` instruction executed",
    );
    Ok(())
}

#[test]
fn what_is_no_text_is_refused() -> Result<()> {
    let folder = Folder::new("cli-no-text")?;
    for (name, content, why) in [
        ("nonsense.wat", &b"(modul)"[..], "expected"),
        ("binary.wat", b"\xff\xfe", "utf-8"),
    ] {
        let path = folder.write(name, content)?;
        let ran = insula_run(["--wat".as_ref(), path.as_os_str()])?;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(
            ran.stderr.contains(name) && ran.stderr.contains(why),
            "{ran:?}"
        );
    }
    Ok(())
}
