//! Programs in C are built and run as guest crates are, and what is missing is said in
//! one line.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use insula_guest_c::write_sdk;
use insula_tests::{Folder, c_guest, c_toolchain, guests};

use crate::{Ran, finish};

const INSTALL: &str = "on Debian and Ubuntu run `sudo apt-get install clang lld wasi-libc \
     libclang-rt-dev-wasm32`; elsewhere unpack a release of \
     https://github.com/WebAssembly/wasi-sdk and set WASI_SDK_PATH to it";

fn insula(command: &str, folder: &Path) -> Command {
    let mut insula = Command::new(env!("CARGO_BIN_EXE_insula"));
    insula.arg(command).arg(folder);
    insula
}

/// With the compiler that the tests have.
fn with_compiler(command: &str, folder: &Path) -> Result<Ran> {
    // Says what is missing, where there is none.
    c_guest(guests::C_HELLO)?;
    let mut insula = insula(command, folder);
    insula.envs(c_toolchain());
    finish(insula)
}

/// Without one.
fn without_compiler(folder: &Path, path: impl AsRef<OsStr>) -> Result<Ran> {
    let mut insula = insula("run", folder);
    insula.env("PATH", path);
    for variable in ["INSULA_C_TOOLCHAIN", "WASI_SDK_PATH", "CC"] {
        insula.env_remove(variable);
    }
    finish(insula)
}

const TWO_LINES: &str = "#include <stdio.h>\n\
     #include \"insula.h\"\n\
     INSULA_ENTRY(main) { puts(\"made of C\"); }\n";

fn project(name: &str, source: &str) -> Result<(Folder, PathBuf)> {
    let folder = Folder::new(name)?;
    folder.write("it/src/main.c", source)?;
    let path = folder.path("it");
    Ok((folder, path))
}

#[test]
fn a_folder_of_c_is_built_and_run() -> Result<()> {
    let (_folder, path) = project("c-run", TWO_LINES)?;
    with_compiler("run", &path)?.printed("made of C\n");
    assert!(path.join("build/it.wasm").is_file());
    let built = with_compiler("build", &path)?;
    assert_eq!(built.status, Some(0), "{built:?}");
    assert!(built.stdout.contains("it.wasm"), "{built:?}");
    assert!(built.stdout.contains("insula_check"), "{built:?}");
    assert!(!built.stdout.contains("crates"), "{built:?}");
    Ok(())
}

/// The project's own copy is taken, and may be changed.
#[test]
fn the_library_in_the_project_is_the_one_that_is_used() -> Result<()> {
    let (_folder, path) = project("c-vendored", TWO_LINES)?;
    write_sdk(&path.join("insula"))?;
    let header = path.join("insula/insula.h");
    let changed = fs::read_to_string(&header)? + "\n#define puts(x) (puts)(x \"!\")\n";
    fs::write(&header, changed)?;
    with_compiler("run", &path)?.printed("made of C!\n");
    Ok(())
}

const MAKEFILE: &str = "MODULE ?= build/other.wasm\n\
     CC = false\n\
     $(MODULE): src/main.c\n\
     \tmkdir -p $(dir $@)\n\
     \t$(CC) -O1 -mexec-model=reactor -Wl,--stack-first -I$(SDK) $(SDK)/*.c $< -o $@\n";

#[test]
fn a_makefile_says_how() -> Result<()> {
    let (folder, path) = project("c-make", TWO_LINES)?;
    let sdk = folder.path("sdk");
    write_sdk(&sdk)?;
    fs::write(
        path.join("Makefile"),
        format!("SDK = {}\n{MAKEFILE}", sdk.display()),
    )?;
    let ran = with_compiler("run", &path)?;
    let has_make = Command::new("make").arg("--version").output().is_ok();
    if !has_make {
        let expected = format!(
            "insula: {}: it has a Makefile, and there is no make: install it (`sudo apt-get \
             install make`), or take the Makefile away, and insula compiles src/*.c itself\n",
            path.display()
        );
        assert_eq!((ran.status, ran.stderr), (Some(2), expected));
        return Ok(());
    }
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, "made of C\n");
    assert!(path.join("build/it.wasm").is_file());

    fs::write(path.join("Makefile"), "all:\n\t@true\n")?;
    fs::remove_dir_all(path.join("build"))?;
    let ran = with_compiler("run", &path)?;
    let expected = format!(
        "insula: {}: make has made no build/it.wasm: the Makefile's first target has to make the \
         file that the variable MODULE names\n",
        path.display()
    );
    assert_eq!((ran.status, ran.stderr), (Some(2), expected));
    Ok(())
}

#[test]
fn what_does_not_compile_is_said_by_clang() -> Result<()> {
    let (_folder, path) = project("c-wrong", "int x = \"no\" + ;\n")?;
    let ran = with_compiler("run", &path)?;
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("src/main.c:1:"), "{ran:?}");
    let last = format!(
        "insula: {}: the program does not compile; clang says why above\n",
        path.display()
    );
    assert!(ran.stderr.ends_with(&last), "{ran:?}");
    Ok(())
}

#[test]
fn a_missing_compiler_is_one_line() -> Result<()> {
    let (_folder, path) = project("c-none", TWO_LINES)?;
    let ran = without_compiler(&path, "")?;
    // Where the machine has one outside of the path, it is used.
    if ran.status == Some(0) {
        assert!(Path::new("/opt/wasi-sdk/bin/clang").is_file());
        return Ok(());
    }
    let expected = format!(
        "insula: there is no clang, which compiles C to WebAssembly (looked for \
         $WASI_SDK_PATH/bin/clang, for $CC where that is a clang, and for clang in $PATH): \
         {INSTALL}\n"
    );
    assert_eq!((ran.status, ran.stderr), (Some(2), expected));
    Ok(())
}

/// What a variable names is what is told of.
#[test]
fn a_variable_that_leads_nowhere_is_one_line() -> Result<()> {
    let (folder, path) = project("c-nowhere", TWO_LINES)?;
    let mut insula = insula("run", &path);
    insula.env("PATH", "").env_remove("CC");
    insula.env_remove("INSULA_C_TOOLCHAIN");
    insula.env("WASI_SDK_PATH", folder.path("sdk"));
    let ran = finish(insula)?;
    let expected = format!(
        "insula: {} cannot make WebAssembly modules: it cannot be started (No such file or \
         directory (os error 2)): {INSTALL}\n",
        folder.path("sdk/bin/clang").display()
    );
    assert_eq!((ran.status, ran.stderr), (Some(2), expected));
    Ok(())
}

#[test]
fn what_a_compiler_lacks_is_one_line() -> Result<()> {
    let (folder, path) = project("c-lacks", TWO_LINES)?;
    for (said, missing) in [
        (
            "try.c:1:10: fatal error: 'stdio.h' file not found",
            "wasi-libc is missing",
        ),
        (
            "error: unable to execute command: Executable \"wasm-ld\" doesn't exist!",
            "the linker wasm-ld is missing",
        ),
        (
            "wasm-ld: error: cannot open libclang_rt.builtins-wasm32.a: No such file",
            "compiler-rt's functions for wasm32 are missing",
        ),
    ] {
        let clang = folder.write(
            "bin/clang",
            format!(
                "#!/bin/sh\necho '{}' >&2\nexit 1\n",
                said.replace('\'', "'\\''")
            ),
        )?;
        fs::set_permissions(&clang, fs::Permissions::from_mode(0o755))?;
        let ran = without_compiler(&path, folder.path("bin"))?;
        let expected = format!(
            "insula: {} cannot make WebAssembly modules: {missing}: {INSTALL}\n",
            clang.display()
        );
        assert_eq!((ran.status, ran.stderr), (Some(2), expected));
    }
    Ok(())
}
