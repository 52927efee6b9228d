//! `cargo xtask seed-names MAPPING` imports the names of release 1.2.2 of the official SDK, once, from a file that maps
//! the document to them. `cargo xtask seed-surface MAPPING` imports the whole surface from there, as the expectation of
//! a test. The results are maintained in this repository.

use std::{collections::BTreeMap, error::Error, fmt::Write as _, fs, path::Path};

use serde_json::Value;

use super::names::Lock;

const SDK122_HEADER: &str = "\
# Release 1.2.2 of the official TypeScript SDK, where it differs from today.
#   op ID [body=TYPE] [response=TYPE] [iterator]   it has the operation; names it used; it returns a page iterator
#   field MESSAGE WIRE NAME                        it called the field NAME
#   gone MESSAGE FIELD                             it had this field, described as in the IDL, which the document no longer has
";

/// Writes `c1.names` and `c1.sdk122`.
///
/// # Errors
/// Fails if the mapping cannot be read or lacks a part.
pub fn seed(api_folder: &Path, args: &[String]) -> Result<(), Box<dyn Error>> {
    let [mapping] = args else { return Err("usage: cargo xtask seed-names MAPPING".into()) };
    let mapping: Value = serde_json::from_str(&fs::read_to_string(mapping)?)?;
    fs::write(api_folder.join("c1.names"), lock(&mapping)?.print())?;
    fs::write(api_folder.join("c1.sdk122"), sdk122(&mapping)?)?;
    Ok(())
}

const SURFACE_HEADER: &str = "\
# The surface of the C1 client, which a test compares with the one that follows from api/c1.idl. Tab-separated:
# op, id, property, class, method, function, HTTP method, path, request type, response type, body field, response field
# type, message, name, input twin, fields (wire name, or wire=name where they differ)
";

/// Writes `tests/facts/c1-surface.tsv`.
///
/// # Errors
/// Fails if the mapping cannot be read or lacks a part.
pub fn surface(root: &Path, args: &[String]) -> Result<(), Box<dyn Error>> {
    let [mapping] = args else { return Err("usage: cargo xtask seed-surface MAPPING".into()) };
    let mapping: Value = serde_json::from_str(&fs::read_to_string(mapping)?)?;
    let mut out = SURFACE_HEADER.to_owned();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let operations = mapping.get("operations").and_then(Value::as_array).ok_or("the mapping lacks operations")?;
    for operation in operations {
        let columns = [
            "operationId",
            "prop",
            "cls",
            "tsMethod",
            "func",
            "method",
            "path",
            "requestType",
            "responseType",
            "bodyField",
            "responseField",
        ];
        writeln!(out, "op\t{}", columns.map(|column| text(operation, column)).join("\t"))?;
    }
    let schemas = mapping.get("schemas").and_then(Value::as_object).ok_or("the mapping lacks schemas")?;
    for (key, schema) in schemas {
        let fields = schema.get("fields").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let named = |wire: &str| match schema.get("renamed").and_then(|renamed| renamed.get(wire)?.as_str()) {
            Some(name) => format!("{wire}={name}"),
            None => wire.to_owned(),
        };
        let fields: Vec<String> = fields.map(named).collect();
        writeln!(out, "type\t{key}\t{}\t{}\t{}", text(schema, "ts"), text(schema, "tsInput"), fields.join(","))?;
    }
    let folder = root.join("tests/facts");
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join("c1-surface.tsv"), out)?)
}

fn lock(mapping: &Value) -> Result<Lock, Box<dyn Error>> {
    let inputs = strings(mapping, "schemas", "tsInput")?;
    Ok(Lock { types: BTreeMap::new(), inputs, inline: strings(mapping, "inline", "locked")? })
}

/// Converts `{part: {key: {field: text}}}` to a map from key to text.
fn strings(mapping: &Value, part: &str, field: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let part = mapping.get(part).and_then(Value::as_object).ok_or("the mapping lacks a part")?;
    let pairs = part.iter().filter_map(|(key, value)| Some((key.clone(), value.get(field)?.as_str()?.to_owned())));
    Ok(pairs.collect())
}

fn sdk122(mapping: &Value) -> Result<String, Box<dyn Error>> {
    let mut out = SDK122_HEADER.to_owned();
    out.push('\n');
    let operations = mapping.get("operations").and_then(Value::as_array).ok_or("the mapping lacks operations")?;
    for operation in operations.iter().filter(|operation| operation.get("inSdk122") == Some(&Value::Bool(true))) {
        let text = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str);
        write!(out, "op {}", text("/operationId").ok_or("an operation lacks its id")?)?;
        for (name, pointer) in [("body", "/sdk122/bodyType"), ("response", "/sdk122/responseBodyType")] {
            if let Some(name_122) = text(pointer) {
                write!(out, " {name}={}", name_122.trim_start_matches("shared."))?;
            }
        }
        out.push_str(if operation.get("pagination").is_some() { " iterator\n" } else { "\n" });
    }
    out.push('\n');
    let schemas = mapping.get("schemas").and_then(Value::as_object).ok_or("the mapping lacks schemas")?;
    for (key, schema) in schemas {
        for (wire, name) in schema.get("sdk122Fields").and_then(Value::as_object).into_iter().flatten() {
            writeln!(out, "field {key} {wire} {}", name.as_str().ok_or("a field's name is not text")?)?;
        }
    }
    Ok(out)
}
