//! `cargo xtask generate`: writes the facade from `api/c1.idl` and `api/c1.docs` into `pkg/src/generated`:
//! `c1.ts` (the groups), `operations.ts` and `models.ts` (types only), `enums.ts`, and `compat/`;
//! and from `api/commercelayer.*` what [`resources`] describes.

mod classes;
mod compat;
mod docs;
mod enums;
mod resources;
#[cfg(test)]
mod tests;
mod types;

use std::{collections::HashMap, error::Error, fs, path::Path};

use keyturn_api::{
    model::{Api, Field, Kind, Message, Shape},
    naming, text,
};

use docs::Docs;

const HEADER: &str = "// Generated from the API's facts by `cargo xtask generate`. Not committed; do not edit.\n\n";

/// Writes the generated files.
///
/// # Errors
/// If a file cannot be read or written, or a doc comment belongs to nothing.
pub fn generate(root: &Path) -> Result<(), Box<dyn Error>> {
    let (api, docs) = read(root, "c1")?;
    let folder = root.join("pkg/src/generated");
    fs::create_dir_all(folder.join("compat"))?;
    let facade = files(&api, docs).map_err(|error| format!("api/c1.docs: {error}"))?;
    let facade = facade.into_iter().chain(compat::files(&api)?).map(|(name, text)| (name.to_owned(), text));
    let (api, mut docs) = read(root, "commercelayer")?;
    let resources = resources::files(&api, &mut docs).map_err(|error| format!("api/commercelayer.docs: {error}"))?;
    for (name, text) in facade.chain(resources) {
        let path = folder.join(name);
        let text = format!("{HEADER}{text}");
        // Unchanged files keep their time, so that nothing is compiled again for them.
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

fn read(root: &Path, name: &str) -> Result<(Api, Docs), Box<dyn Error>> {
    let idl = fs::read_to_string(root.join(format!("api/{name}.idl")))?;
    let api = text::parse(&idl).map_err(|error| format!("api/{name}.idl: {error}"))?;
    Ok((api, Docs::parse(&fs::read_to_string(root.join(format!("api/{name}.docs")))?)))
}

/// The name and text of each file.
fn files(api: &Api, mut docs: Docs) -> Result<[(&'static str, String); 4], String> {
    let api = &of_today(api);
    let index = Index::new(api);
    let files = [
        ("c1.ts", classes::write(&index, &mut docs)?),
        ("operations.ts", types::operations(&index, &mut docs)),
        ("models.ts", types::models(&index, &mut docs)),
        ("enums.ts", enums::write(api)),
    ];
    docs.end()?;
    Ok(files)
}

/// The API without what only release 1.2.2 of the official SDK has.
fn of_today(api: &Api) -> Api {
    let mut today = api.clone();
    for message in &mut today.messages {
        message.fields.retain(|field| !field.gone);
    }
    today
}

/// Whether a type is written for what is sent or for what is received.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

/// An API with its messages by key.
struct Index<'a> {
    api: &'a Api,
    messages: HashMap<&'a str, &'a Message>,
    /// Stands before the names of messages and inline types, and of enumerations, in the messages themselves.
    models: &'static str,
    enums: &'static str,
    /// The types are those of release 1.2.2 of the official SDK.
    of_122: bool,
}

impl<'a> Index<'a> {
    fn new(api: &'a Api) -> Self {
        let messages = api.messages.iter().map(|message| (message.key.as_str(), message)).collect();
        Self { api, messages, models: "", enums: "enums.", of_122: false }
    }

    /// An API as release 1.2.2 of the official SDK has it, with all types in one namespace.
    fn of_122(api: &'a Api, namespace: &'static str) -> Self {
        Self { models: namespace, enums: namespace, of_122: true, ..Self::new(api) }
    }

    /// The TypeScript type of one value, with `models` before the names of messages and inline types and
    /// `enums` before the names of enumerations.
    fn value_type(&self, kind: &Kind, type_name: Option<&str>, side: Side, models: &str, enums: &str) -> String {
        match kind {
            Kind::String | Kind::Uint64 | Kind::Duration | Kind::Bytes => "string".to_owned(),
            Kind::Bool => "boolean".to_owned(),
            Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Double => "number".to_owned(),
            Kind::Date => "Date".to_owned(),
            Kind::Struct => "{ [key: string]: any }".to_owned(),
            Kind::Any | Kind::Empty | Kind::Value => {
                type_name.map_or("any".to_owned(), |name| format!("{models}{name}"))
            }
            Kind::Enum(name) => format!("{enums}{name}"),
            Kind::Message(key) => match (self.messages.get(key.as_str()), side) {
                (None, _) => "unknown".to_owned(),
                (Some(message), Side::Output) => format!("{models}{}", message.name),
                (Some(message), Side::Input) => format!("{models}{}", naming::input_type(message)),
            },
        }
    }

    /// The TypeScript type of a field.
    fn field_type(&self, field: &Field, side: Side) -> String {
        let value = self.value_type(&field.kind, field.type_name.as_deref(), side, self.models, self.enums);
        match field.shape {
            Shape::One => value,
            Shape::List => format!("Array<{value}>"),
            Shape::Map => format!("{{ [key: string]: {value} }}"),
        }
    }
}

/// A property name, quoted where it is no identifier.
fn key(name: &str) -> String {
    let start = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$');
    if start && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
        name.to_owned()
    } else {
        string(name)
    }
}

/// A string literal.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A doc comment of these paragraphs at this indentation; nothing where they are all empty.
fn comment(indent: &str, paragraphs: &[&str]) -> String {
    let paragraphs: Vec<&str> = paragraphs.iter().copied().filter(|text| !text.is_empty()).collect();
    match paragraphs.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        paragraphs => {
            let text = paragraphs.join(&format!("\n{indent} *\n{indent} * "));
            format!("{indent}/**\n{indent} * {text}\n{indent} */\n")
        }
    }
}
