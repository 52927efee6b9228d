//! `bindgen`: writes the JavaScript glue of a compiled crate.
//!
//! The tool and the crate must be of exactly one version. Both come from this workspace's lock file, so they are.

fn main() -> anyhow::Result<()> {
    env_logger::init();
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
