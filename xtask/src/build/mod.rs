//! `cargo xtask build`: builds `pkg/dist` from the Rust crates and `pkg/src`, and the console in `www/dist`.
//!
//! ```text
//! api/*.idl    -> pkg/src/generated/*.ts            the facade, and each API's table
//! src/         -> pkg/dist/core.wasm, and its glue and bytes in pkg/src/generated
//! lifecycle/   -> pkg/dist/lifecycle.wasm, the same for it
//! sandbox/     -> pkg/dist/sandbox.wasm, the same for it
//! pkg/src/     -> pkg/dist/esm -> pkg/dist/cjs
//! www/src/     -> www/dist
//! ```
//! There is one wasm-bindgen target, `web`, because its glue accepts a compiled module from anywhere, which lets one
//! `.wasm` file serve every entry of the package. Cargo itself knows what is stale; the other steps compare a hash.

mod glue;
mod inline;
mod step;
mod tools;

use keyturn_api::table::{For, pack};
use std::{error::Error, ffi::OsStr, fs, path::Path};
use step::Step;
use tools::Tools;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// A crate that becomes a `.wasm` file.
struct Wasm {
    package: &'static str,
    /// The name of the `.wasm` file in `pkg/dist` and of the glue in `pkg/src/generated`.
    name: &'static str,
    /// The features of the crate.
    features: &'static str,
}

const CORE: Wasm = Wasm { package: "keyturn", name: "core", features: "alone" };
const LIFECYCLE: Wasm = Wasm { package: "keyturn-lifecycle", name: "lifecycle", features: "" };
const SANDBOX: Wasm = Wasm { package: "keyturn-sandbox", name: "sandbox", features: "" };

/// Builds what the flags name, or everything without a flag.
///
/// # Errors
/// Fails if a flag is unknown or a step fails. The step has already printed the reason.
pub fn build(root: &Path, flags: &[String]) -> Result {
    const KNOWN: [&str; 5] = ["--core", "--lifecycle", "--sandbox", "--ts", "--www"];
    if let Some(unknown) = flags.iter().find(|flag| !KNOWN.contains(&flag.as_str())) {
        return Err(format!("unknown flag {unknown}; known are {}", KNOWN.join(" ")).into());
    }
    let wanted = |flag: &str| flags.is_empty() || flags.iter().any(|given| given == flag);
    let tools = Tools::new(root);
    if wanted("--core") {
        compile(&tools, &CORE)?;
    }
    if wanted("--lifecycle") {
        compile(&tools, &LIFECYCLE)?;
    }
    if wanted("--sandbox") {
        compile(&tools, &SANDBOX)?;
    }
    if wanted("--ts") {
        crate::generate::generate(root)?;
        tables(&tools)?;
        package(&tools)?;
    }
    if wanted("--www") {
        console(&tools)?;
    }
    Ok(())
}

/// Runs a test program that is WebAssembly. `.cargo/config.toml` names this task as its runner.
///
/// # Errors
/// Fails if a test fails. The runner has already printed which.
pub fn wasm_test(args: &[String]) -> Result {
    let runner = ["run", "--quiet", "--package=keyturn-bindgen", "--bin=bindgen-test-runner", "--"];
    let status = tools::cargo().args(runner).args(args).status()?;
    if status.success() { Ok(()) } else { Err(format!("the tests ended with {status}").into()) }
}

/// Compiles a crate, writes its glue, and optimizes the wasm.
fn compile(tools: &Tools, wasm: &Wasm) -> Result {
    // The crate types are given here and not in the manifests: the core is a cdylib only when it is built on its own.
    // If it were also one when it is compiled for the sandbox, with other features, that file would replace the real
    // one.
    let args = ["rustc", "--release", "--lib", "--crate-type=cdylib", "--target=wasm32-unknown-unknown"];
    let which = ["--package", wasm.package, "--features", wasm.features];
    // All features that the objects use except `multivalue`, which would make wasm-bindgen export functions with
    // several return values: V8 compiles a wrapper for each signature of these while it compiles the module, which
    // takes two thirds of that time.
    let features = "-Clink-args=--no-check-features --features=bulk-memory,bulk-memory-opt,call-indirect-overlong,mutable-globals,\
                    nontrapping-fptoint,reference-types,sign-ext,simd128";
    let args = args.into_iter().chain(which);
    if wasm.name == CORE.name {
        tools.cargo_for_shipping(args.chain(["--", features]))?;
    } else {
        tools.cargo_for_shipping(args)?;
    }
    let compiled =
        tools.target.join("wasm32-unknown-unknown/release").join(wasm.package.replace('-', "_")).with_extension("wasm");

    let (name, root) = (wasm.name, tools.root);
    let generated = root.join("pkg/src/generated");
    let glue = [generated.join(format!("{name}-glue.js")), generated.join(format!("{name}-glue.d.ts"))];
    let bytes = ["js", "d.ts"].map(|extension| generated.join(format!("{name}-bytes.{extension}")));
    let dist = root.join("pkg/dist").join(name).with_extension("wasm");
    let mut outputs = vec![dist.clone()];
    outputs.extend(glue.iter().chain(&bytes).cloned());
    let step = Step {
        name: &format!("{name}.wasm"),
        inputs: vec![compiled.clone(), root.join("node_modules/binaryen/package.json")],
        outputs,
    };
    step.run(tools, || {
        let out = tools.scratch.join(name);
        let raw = out.join(format!("{name}-glue_bg.wasm"));
        // Without a default path no bundler looks for a second .wasm file. The reset function creates a new instance
        // after a trap.
        tools.bindgen(&[
            "--target=web",
            "--omit-default-module-path",
            "--remove-producers-section",
            "--experimental-reset-state-function",
            &format!("--out-name={name}-glue"),
            &format!("--out-dir={}", out.display()),
            &compiled.display().to_string(),
        ])?;
        let optimised = out.join(format!("{name}.wasm"));
        // No features are given, because wasm-opt uses those that the file itself declares. Structuring flat code again
        // makes it smaller, even twice, and a last round optimizes the rest. Low memory counts as unused because the
        // far end of the stack is there: an access to it means that the stack has overflowed.
        let flags = [
            "--flatten",
            "--rereloop",
            "-Oz",
            "--flatten",
            "--rereloop",
            "-Oz",
            "-Oz",
            "--low-memory-unused",
            "--reorder-functions",
            "--strip-debug",
            "--strip-producers",
            "-o",
        ];
        let flags = flags.map(Path::new);
        tools.node("binaryen/bin/wasm-opt", flags.into_iter().chain([&*optimised, &*raw]))?;

        fs::create_dir_all(&generated)?;
        let [script, types] = &glue;
        fs::write(script, glue::quiet(&fs::read_to_string(out.join(format!("{name}-glue.js")))?)?)?;
        fs::write(types, glue::portable(&fs::read_to_string(out.join(format!("{name}-glue.d.ts")))?))?;
        let [script, types] = &bytes;
        fs::write(script, inline::script(&fs::read(&optimised)?))?;
        fs::write(types, inline::TYPES)?;
        fs::create_dir_all(root.join("pkg/dist"))?;
        fs::copy(&optimised, &dist)?;
        Ok(())
    })
}

/// The tables of the package: the file's name, the API, and the user of the table.
const TABLES: [(&str, &str, For); 3] =
    [("c1", "c1", For::Client), ("c1-compat", "c1", For::Compat), ("commercelayer", "commercelayer", For::Client)];

/// Packs each API's facts into a table for the core, as JavaScript text, so that importing an API loads its table only.
fn tables(tools: &Tools) -> Result {
    for (name, api, whom) in TABLES {
        let idl = tools.root.join(format!("api/{api}.idl"));
        let generated = tools.root.join("pkg/src/generated");
        let [text, types] = ["js", "d.ts"].map(|extension| generated.join(format!("{name}-table.{extension}")));
        let step = Step {
            name: &format!("{name}.table"),
            inputs: vec![idl.clone()],
            outputs: vec![text.clone(), types.clone()],
        };
        step.run(tools, || {
            let facts = keyturn_api::text::parse(&fs::read_to_string(&idl)?)?;
            fs::write(&text, inline::table(&pack(&facts, whom)?.text))?;
            fs::write(&types, inline::TABLE_TYPES)?;
            Ok(())
        })?;
    }
    Ok(())
}

/// The folders of `pkg/dist` that are built from `pkg/src`.
const KINDS: [&str; 3] = ["esm", "cjs", "cli"];

/// Compiles `pkg/src` to ES modules, joins those into a few files, converts these to CommonJS, and places the types
/// beside both. The command line is joined with its libraries into files of its own.
fn package(tools: &Tools) -> Result {
    let root = tools.root;
    let (source, dist) = (root.join("pkg/src"), root.join("pkg/dist"));
    // The manifest defines the entries.
    let inputs = [
        "pkg/src",
        "pkg/tsconfig.json",
        "package.json",
        "package-lock.json",
        "xtask/bundle.mjs",
        "xtask/bundle-cli.mjs",
        "xtask/cjs.mjs",
        "xtask/declarations.mjs",
        "xtask/steps.mjs",
    ];
    let step = Step {
        name: "package",
        inputs: inputs.map(|input| root.join(input)).into(),
        outputs: KINDS.map(|kind| dist.join(kind)).into(),
    };
    step.run(tools, || {
        // Built elsewhere and moved at the end, so that a failed build keeps the last good one.
        let made = tools.scratch.join("package");
        let [modules, esm, cjs, cli] = ["modules", "esm", "cjs", "cli"].map(|part| made.join(part));
        remove(&made)?;
        tools.node(
            "typescript/bin/tsc",
            [OsStr::new("--project"), "pkg/tsconfig.json".as_ref(), "--outDir".as_ref(), modules.as_os_str()],
        )?;
        // The compiler ignores files that are already JavaScript.
        for file in step::files_below(&source)? {
            let name = file.to_string_lossy();
            if name.ends_with(".js") || name.ends_with(".d.ts") {
                copy_into(&file, &source, &modules)?;
            }
        }
        tools.node_script("xtask/bundle.mjs", [&modules, &esm])?;
        tools.node_script("xtask/cjs.mjs", [&esm, &cjs])?;
        tools.node_script("xtask/bundle-cli.mjs", [&modules, &cli])?;
        tools.node_script("xtask/declarations.mjs", [&modules, &esm, &cjs])?;
        fs::create_dir_all(&dist)?;
        for kind in KINDS {
            remove(&dist.join(kind))?;
            fs::rename(made.join(kind), dist.join(kind))?;
        }
        Ok(())
    })
}

fn remove(folder: &Path) -> Result {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

fn copy_into(file: &Path, from: &Path, to: &Path) -> Result {
    let target = to.join(file.strip_prefix(from)?);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(file, target)?;
    Ok(())
}

/// Bundles the console.
fn console(tools: &Tools) -> Result {
    let root = tools.root;
    let step = Step {
        name: "console",
        // The playground includes the programs of the documents.
        inputs: ["www", "pkg/dist/esm", "pkg/dist/sandbox.wasm", "README.md", "docs", "THIRD-PARTY-NOTICES.txt"]
            .map(|name| root.join(name))
            .to_vec(),
        outputs: vec![root.join("www/dist"), root.join("pkg/dist/console")],
    };
    step.run(tools, || tools.node_script("www/build.mjs", [] as [&str; 0]))
}
