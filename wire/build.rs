//! Packs the committed IDL of each API into its table, for programs that have it built in.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let options = keyturn_api::table::Options { enums: env::var_os("CARGO_FEATURE_ENUMS").is_some() };
    let out = env::var("OUT_DIR")?;
    for name in keyturn_api::APIS {
        let idl = format!("../api/{name}.idl");
        println!("cargo::rerun-if-changed={idl}");
        let text = fs::read_to_string(&idl)?;
        let api = keyturn_api::text::parse(&text).map_err(|error| format!("{idl}: {error}"))?;
        let table = keyturn_api::table::pack(&api, options)?;
        fs::write(Path::new(&out).join(format!("{name}.table")), table)?;
    }
    Ok(())
}
