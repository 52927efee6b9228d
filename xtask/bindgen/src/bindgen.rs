//! `bindgen`: writes the JavaScript glue of a compiled crate.
//!
//! The tool and the crate must have exactly the same version. This workspace's lock file, which both come from, ensures
//! it.

fn main() -> anyhow::Result<()> {
    env_logger::init();
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
