//! `cargo xtask import DOCUMENT [--api NAME] [--dry-run]`: turns an OpenAPI document into `api/NAME.idl` and reports
//! what changed. Without `--api`, the document's title determines the API.
//!
//! `c1` takes its names from `api/c1.names` (kept up to date) and more facts from `api/c1.overlay` and `api/c1.sdk122`;
//! `cargo xtask seed-names MAPPING` created the first `c1.names` and `c1.sdk122`. `commercelayer` is a JSON:API: its
//! names are those of the document, and `api/commercelayer.overlay` contains the other facts.

mod changes;
mod document;
mod jsonapi;
pub mod lines;
mod names;
mod openapi;
mod overlay;
#[cfg(test)]
mod resource_tests;
mod resources;
mod seed;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, error::Error, fs, path::Path};

use keyturn_api::{
    model::{Api, Operation},
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

/// The additional fact files that an import uses.
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
/// Fails if a file cannot be read or written, or contains something that is not understood.
pub fn import(api_folder: &Path, args: &[String]) -> Result<(), Box<dyn Error>> {
    let Arguments { document, api, write } = Arguments::parse(args)?;
    let text = fs::read_to_string(document).map_err(|error| format!("{document}: {error}"))?;
    let name = match api {
        Some(name) => name,
        None => told_by_title(&text).map_err(|error| format!("{document}: {error}"))?,
    };
    let file = |extension: &str| api_folder.join(format!("{name}.{extension}"));
    let (idl, lock) = (read_or_empty(&file("idl"))?, read_or_empty(&file("names"))?);
    let (overlay, sdk122) = (read_or_empty(&file("overlay"))?, read_or_empty(&file("sdk122"))?);
    let facts = Facts { idl: &idl, names: &lock, overlay: &overlay, sdk122: &sdk122 };
    let previous = previous(name, facts)?;
    let imported = run(name, document, &text, &previous, facts)?;
    if write {
        fs::write(file("idl"), print(&imported.api))?;
        if name == C1 {
            fs::write(file("names"), imported.names.print())?;
        }
    }
    report(&previous, &imported, write);
    Ok(())
}

const C1: &str = "c1";
const COMMERCE_LAYER: &str = "commercelayer";

struct Arguments<'a> {
    document: &'a str,
    api: Option<&'static str>,
    write: bool,
}

impl<'a> Arguments<'a> {
    fn parse(args: &'a [String]) -> Result<Self, String> {
        let usage = || "usage: cargo xtask import DOCUMENT [--api c1|commercelayer] [--dry-run]".to_owned();
        let (document, flags) = args.split_first().ok_or_else(usage)?;
        let mut parsed = Self { document, api: None, write: true };
        let mut flags = flags.iter().map(String::as_str);
        while let Some(flag) = flags.next() {
            match (flag, parsed.api) {
                ("--dry-run", _) => parsed.write = false,
                ("--api", None) => {
                    let name = flags.next();
                    let known = [C1, COMMERCE_LAYER].into_iter().find(|known| Some(*known) == name);
                    parsed.api = Some(known.ok_or_else(usage)?);
                }
                _ => return Err(usage()),
            }
        }
        Ok(parsed)
    }
}

fn told_by_title(text: &str) -> Result<&'static str, String> {
    let document = document::Document::parse(text).map_err(|error| error.to_string())?;
    let title = jsonapi::title(&document).unwrap_or_default();
    Ok(if title == "Commerce Layer Provisioning API" { COMMERCE_LAYER } else { C1 })
}

fn previous(name: &str, facts: Facts<'_>) -> Result<Api, String> {
    if facts.idl.is_empty() {
        return Ok(Api::default());
    }
    parse(facts.idl).map_err(|error| format!("api/{name}.idl: {error}"))
}

fn run(name: &str, source: &str, text: &str, previous: &Api, facts: Facts<'_>) -> Result<Imported, String> {
    let document = document::Document::parse(text).map_err(|error| format!("{source}: {error}"))?;
    let of = |extension: &'static str| move |error: String| format!("api/{name}.{extension}: {error}");
    if name == COMMERCE_LAYER {
        let mut api = jsonapi::read(name, &document).map_err(|error| format!("{source}: {error}"))?;
        let notes = resources::apply(&mut api, facts.overlay).map_err(of("overlay"))?;
        let notes = notes.into_iter().map(|note| format!("api/{name}.overlay: {note}")).collect();
        return Ok(Imported { api, names: names::Lock::default(), notes });
    }
    let mut api = openapi::read(name, &document).map_err(|error| format!("{source}: {error}"))?;
    let mut lock = names::Lock::parse(facts.names).map_err(of("names"))?;
    names::resolve(&mut api, &mut lock, previous).map_err(of("names"))?;
    let notes = overlay::apply(&mut api, facts.overlay).map_err(of("overlay"))?;
    overlay::apply_sdk122(&mut api, facts.sdk122).map_err(of("sdk122"))?;
    let notes = notes.into_iter().map(|note| format!("api/{name}.overlay: {note}")).collect();
    group(&mut api.operations);
    Ok(Imported { api, names: lock, notes })
}

/// Groups the operations, with the groups in the order of the document. The facade depends on this order, and similar
/// facts compress better when they are adjacent.
fn group(operations: &mut [Operation]) {
    let mut places: HashMap<String, usize> = HashMap::new();
    for operation in operations.iter() {
        let next = places.len();
        places.entry(operation.group.clone()).or_insert(next);
    }
    operations.sort_by_key(|operation| places.get(&operation.group).copied());
}

fn report(previous: &Api, imported: &Imported, written: bool) {
    let api = &imported.api;
    let (operations, messages, enums) = (api.operations.len(), api.messages.len(), api.enums.len());
    let things = match api.resources.len() {
        0 => format!("{messages} messages"),
        resources => format!("{resources} resources"),
    };
    println!("{}: {operations} operations, {things}, {enums} enumerations", api.name);
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
