//! Facts about a JSON:API that its document lacks, from `api/*.overlay`. A line that matches nothing (any more) is
//! reported and not silently ignored.

use keyturn_api::{
    model::{Api, Attribute, Kind},
    text::parse_range,
};

use super::lines::lines;

/// Applies an overlay. Returns notes on lines that match nothing.
///
/// # Errors
/// Returns the first line that is not understood.
pub fn apply(api: &mut Api, text: &str) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for line in lines(text) {
        let mut fits = true;
        match line.words.as_slice() {
            ["base", path] => api.operations.iter_mut().for_each(|operation| operation.path.insert_str(0, path)),
            ["date", names @ ..] => each(api, "*", names, &mut fits, |attribute| attribute.kind = Kind::Date),
            ["sort", resource, names @ ..] => each(api, resource, names, &mut fits, |a| a.sortable = true),
            ["filter", resource, names @ ..] => each(api, resource, names, &mut fits, |a| a.filterable = true),
            ["redact", resource, names @ ..] => each(api, resource, names, &mut fits, |a| a.secret = true),
            ["range", resource, name, ends] => {
                let ends = parse_range(ends).map_err(|error| format!("line {}: {error}", line.number))?;
                each(api, resource, &[*name], &mut fits, |attribute| attribute.range = Some(ends));
            }
            _ => return Err(format!("line {}: not understood: {}", line.number, line.words.join(" "))),
        }
        if !fits {
            notes.push(format!("line {} does not match everything: {}", line.number, line.words.join(" ")));
        }
    }
    Ok(notes)
}

/// Changes the attributes of these names in a resource, or in every resource that has them (`*`). Sets `fits` to false
/// if a name matches no attribute.
fn each(api: &mut Api, resource: &str, names: &[&str], fits: &mut bool, change: impl Fn(&mut Attribute)) {
    for name in names {
        let resources = api.resources.iter_mut().filter(|other| resource == "*" || other.key == resource);
        let mut found = false;
        for attribute in resources.flat_map(|resource| &mut resource.attributes).filter(|a| a.name == *name) {
            change(attribute);
            found = true;
        }
        *fits &= found;
    }
}
