//! `cargo xtask import DOCUMENT [--dry-run]`: turns an OpenAPI document into `api/c1.idl`, with the names
//! of `api/c1.names` (kept up to date) and the facts of `api/c1.overlay` and `api/c1.sdk122`, and says
//! what changed. `cargo xtask seed-names MAPPING` made the first `c1.names` and `c1.sdk122`.

mod changes;
mod document;
pub mod lines;
mod names;
mod openapi;
mod overlay;
mod seed;
#[cfg(test)]
mod tests;

use std::{error::Error, fs, path::Path};

use keyturn_api::{
    model::Api,
    text::{parse, print},
};

pub use seed::{seed, surface};

use lines::read_or_empty;

/// The result of an import.
#[derive(Debug)]
struct Imported {
    api: Api,
    names: names::Lock,
    notes: Vec<String>,
}

/// Our own files that an import uses.
#[derive(Debug, Clone, Copy, Default)]
struct Facts<'a> {
    idl: &'a str,
    names: &'a str,
    overlay: &'a str,
    sdk122: &'a str,
}

/// Imports a document into the `api` folder.
///
/// # Errors
/// If a file cannot be read or written, or holds something that is not understood.
pub fn import(api_folder: &Path, args: &[String]) -> Result<(), Box<dyn Error>> {
    let (document, write) = match args {
        [document] => (document, true),
        [document, flag] if flag == "--dry-run" => (document, false),
        _ => return Err("usage: cargo xtask import DOCUMENT [--dry-run]".into()),
    };
    let name = "c1";
    let file = |extension: &str| api_folder.join(format!("{name}.{extension}"));
    let text = fs::read_to_string(document).map_err(|error| format!("{document}: {error}"))?;
    let (idl, lock) = (read_or_empty(&file("idl"))?, read_or_empty(&file("names"))?);
    let (overlay, sdk122) = (read_or_empty(&file("overlay"))?, read_or_empty(&file("sdk122"))?);
    let facts = Facts { idl: &idl, names: &lock, overlay: &overlay, sdk122: &sdk122 };
    let previous = previous(name, facts)?;
    let imported = run(name, document, &text, &previous, facts)?;
    if write {
        fs::write(file("idl"), print(&imported.api))?;
        fs::write(file("names"), imported.names.print())?;
    }
    report(&previous, &imported, write);
    Ok(())
}

fn previous(name: &str, facts: Facts<'_>) -> Result<Api, String> {
    if facts.idl.is_empty() {
        return Ok(Api::default());
    }
    parse(facts.idl).map_err(|error| format!("api/{name}.idl: {error}"))
}

fn run(name: &str, source: &str, text: &str, previous: &Api, facts: Facts<'_>) -> Result<Imported, String> {
    let document = document::Document::parse(text).map_err(|error| format!("{source}: {error}"))?;
    let mut api = openapi::read(name, &document).map_err(|error| format!("{source}: {error}"))?;
    let of = |extension: &'static str| move |error: String| format!("api/{name}.{extension}: {error}");
    let mut lock = names::Lock::parse(facts.names).map_err(of("names"))?;
    names::resolve(&mut api, &mut lock, previous).map_err(of("names"))?;
    let notes = overlay::apply(&mut api, facts.overlay).map_err(of("overlay"))?;
    overlay::apply_sdk122(&mut api, facts.sdk122).map_err(of("sdk122"))?;
    let notes = notes.into_iter().map(|note| format!("api/{name}.overlay: {note}")).collect();
    Ok(Imported { api, names: lock, notes })
}

fn report(previous: &Api, imported: &Imported, written: bool) {
    let api = &imported.api;
    let (operations, messages, enums) = (api.operations.len(), api.messages.len(), api.enums.len());
    println!("{}: {operations} operations, {messages} messages, {enums} enumerations", api.name);
    for note in &imported.notes {
        println!("note     {note}");
    }
    let summary = changes::summary(previous, api);
    match (previous.operations.is_empty(), summary.is_empty()) {
        (true, _) => println!("first import"),
        (false, true) => println!("nothing changed"),
        (false, false) => print!("{summary}"),
    }
    if !written {
        println!("dry run: nothing written");
    }
}
