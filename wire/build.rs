//! Packs the committed IDL of each API into a table, for programs that have the tables built in.

use keyturn_api::table::{For, pack};
use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let is_server = env::var_os("CARGO_FEATURE_ENUMS").is_some();
    let whom = if is_server { For::Server } else { For::Compat };
    let out = env::var("OUT_DIR")?;
    for name in keyturn_api::APIS {
        let idl = format!("../api/{name}.idl");
        println!("cargo::rerun-if-changed={idl}");
        let text = fs::read_to_string(&idl)?;
        let api = keyturn_api::text::parse(&text).map_err(|error| format!("{idl}: {error}"))?;
        let table = pack(&api, whom)?.text;
        fs::write(Path::new(&out).join(format!("{name}.table")), table)?;
    }
    Ok(())
}
