//! Writes what the sandbox needs and the core's table leaves out: the names of the operations in the client.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let idl = "../api/c1.idl";
    println!("cargo::rerun-if-changed={idl}");
    let api = keyturn_api::text::parse(&fs::read_to_string(idl)?)?;
    let mut names = String::new();
    for operation in &api.operations {
        let (property, method) = (keyturn_api::naming::property(operation), keyturn_api::naming::method(operation));
        names.push_str(&format!("{property}.{method}\n"));
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("c1.names"), names)?;
    Ok(())
}
