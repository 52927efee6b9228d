//! Build tasks: `cargo xtask TASK ...`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "build tasks communicate with the person who runs them")]

mod build;
mod check;
mod generate;
mod import;

use std::{env, error::Error, path::Path, process::ExitCode};

const USAGE: &str = "\
usage: cargo xtask TASK
  build [--core] [--lifecycle] [--sandbox] [--ts] [--www]
                                build the package and the console, or only parts of them
  wasm-test PROGRAM ...         run a test program that is WebAssembly
  import DOCUMENT [--api c1|commercelayer] [--dry-run]
                                import an OpenAPI document into an api/*.idl and say what changed
  generate                      write the facade and its types into pkg/src/generated
  reference                     print the facts of every operation as JSON, for the documentation
  check-names MAPPING           compare the names that api/c1.idl leads to with a file of expected names
  seed-names MAPPING            write the first api/c1.names and api/c1.sdk122
  seed-surface MAPPING          write tests/facts/c1-surface.tsv, which the tests compare names with";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
    let api = root.join("api");
    match args.split_first() {
        Some((task, rest)) => match task.as_str() {
            "build" => build::build(root, rest),
            "wasm-test" => build::wasm_test(rest),
            "import" => import::import(&api, rest),
            "generate" => generate::generate(root),
            "reference" => {
                println!("{}", generate::reference::reference(root)?);
                Ok(())
            }
            "check-names" => check::check_names(&api, rest),
            "seed-names" => import::seed(&api, rest),
            "seed-surface" => import::surface(root, rest),
            _ => Err(USAGE.into()),
        },
        None => Err(USAGE.into()),
    }
}
