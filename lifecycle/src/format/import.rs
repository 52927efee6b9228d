//! Finds client ids in the files of other systems, so that the credentials in use become known. Secrets are ignored:
//! they are only read as far as necessary to recognize that they are not client ids.

use super::env::{self, Dialect};
use super::{Error, Result};
use base64ct::{Base64, Encoding};
use serde::Serialize;
use serde_json::Value;

/// A client id and its position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The client id.
    pub client_id: String,
    /// The position in the text: `line 3, BATON_CLIENT_ID`.
    pub place: String,
    /// The id of the credential, if the source contains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
    /// Further facts, by name: the app of a connector, the owner of a row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
}

/// Returns whether a text is a client id of C1: `strange-hydra-68836@acme.conductor.one/pcc`.
pub fn is_client_id(text: &str) -> bool {
    let Some((id, rest)) = text.split_once('@') else { return false };
    let Some((host, usage)) = rest.split_once('/') else { return false };
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let host_ok = host.contains('.') || host.starts_with("localhost");
    let host_word = |c: char| word(c) || c == ':';
    !id.is_empty()
        && id.chars().all(word)
        && host_ok
        && host.chars().all(host_word)
        && !usage.is_empty()
        && usage.chars().all(word)
}

/// Returns whether a variable, a key or a column of this name holds a client id: `BATON_CLIENT_ID`, `client-id`,
/// `clientId`.
pub fn is_client_id_name(name: &str) -> bool {
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    folded.ends_with("clientid")
}

fn wanted(name: &str, value: &str) -> bool {
    !value.is_empty() && (is_client_id(value) || is_client_id_name(name)) && !value.starts_with("secret-token:")
}

fn found(client_id: &str, place: String) -> Found {
    Found { client_id: client_id.to_owned(), place, credential_id: None, facts: Vec::new() }
}

/// Finds client ids in a file of `NAME=value` lines.
pub fn env(dialect: Dialect, text: &str) -> Vec<Found> {
    env::parse(dialect, text)
        .into_iter()
        .filter_map(|assignment| {
            let value = assignment.value?;
            let line = text.get(..assignment.span.start)?.matches('\n').count() + 1;
            wanted(&assignment.name, &value).then(|| found(&value, format!("line {line}, {}", assignment.name)))
        })
        .collect()
}

/// Finds client ids in manifests of Kubernetes, as YAML or JSON: in Secrets, ConfigMaps, and the environment of
/// anything that has containers.
///
/// # Errors
/// Fails if the text is not YAML.
pub fn kubernetes(text: &str) -> Result<Vec<Found>> {
    // Kubernetes reads a namespace `n` as a string, not as a boolean.
    let options = serde_saphyr::options! { strict_booleans: true };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let place = error.location().map(|at| format!(": line {}", at.line())).unwrap_or_default();
        Error::malformed(format!("the text is not YAML{place}"))
    })?;
    let mut all = Vec::new();
    for document in &documents {
        let items =
            document.get("items").and_then(Value::as_array).map_or(std::slice::from_ref(document), Vec::as_slice);
        for item in items {
            manifest(item, &mut all);
        }
    }
    Ok(all)
}

fn manifest(item: &Value, all: &mut Vec<Found>) {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let metadata = item.get("metadata").unwrap_or(&Value::Null);
    let kind = text(item, "kind");
    let (name, namespace) = (text(metadata, "name"), text(metadata, "namespace"));
    let place = if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") };
    if kind == "Secret" || kind == "ConfigMap" {
        for (field, encoded) in [("data", kind == "Secret"), ("stringData", false)] {
            for (key, value) in item.get(field).and_then(Value::as_object).into_iter().flatten() {
                let Some(value) = value.as_str() else { continue };
                let decoded = if encoded { decode(value) } else { Some(value.to_owned()) };
                if let Some(value) = decoded
                    && wanted(key, &value)
                {
                    all.push(found(&value, format!("{place}, {key}")));
                }
            }
        }
        return;
    }
    environment(item, &place, all);
}

/// Visits every `env` list below a value.
fn environment(value: &Value, place: &str, all: &mut Vec<Found>) {
    match value {
        Value::Object(members) => {
            for variable in members.get("env").and_then(Value::as_array).into_iter().flatten() {
                let part = |key: &str| variable.get(key).and_then(Value::as_str).unwrap_or_default();
                if wanted(part("name"), part("value")) {
                    all.push(found(part("value"), format!("{place}, {}", part("name"))));
                }
            }
            members.values().for_each(|member| environment(member, place, all));
        }
        Value::Array(elements) => elements.iter().for_each(|element| environment(element, place, all)),
        _ => {}
    }
}

fn decode(text: &str) -> Option<String> {
    let packed: String = text.split_whitespace().collect();
    String::from_utf8(Base64::decode_vec(&packed).ok()?).ok()
}

/// Finds client ids in a state file of Terraform, version 4: every attribute that is a client id, together with the ids
/// of its resource.
///
/// # Errors
/// Fails if the text is not such a file.
pub fn terraform(text: &str) -> Result<Vec<Found>> {
    let state: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        Error::malformed(format!("the text is not JSON: line {}, column {}", error.line(), error.column()))
    })?;
    if state.get("version").and_then(Value::as_u64) != Some(4) {
        return Err(Error::malformed("the text is not a Terraform state of version 4"));
    }
    let mut all = Vec::new();
    for resource in state.get("resources").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| resource.get(key).and_then(Value::as_str);
        let module = part("module").map(|module| format!("{module}.")).unwrap_or_default();
        let data = if part("mode") == Some("data") { "data." } else { "" };
        let address =
            format!("{module}{data}{}.{}", part("type").unwrap_or_default(), part("name").unwrap_or_default());
        for instance in resource.get("instances").and_then(Value::as_array).into_iter().flatten() {
            let index = instance.get("index_key").map(|key| format!("[{key}]")).unwrap_or_default();
            let Some(attributes) = instance.get("attributes").and_then(Value::as_object) else { continue };
            let text = |key: &str| attributes.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
            for (name, value) in attributes {
                let Some(value) = value.as_str().filter(|value| wanted(name, value)) else { continue };
                let facts = [("appId", "app_id"), ("connectorId", "connector_id"), ("displayName", "display_name")];
                all.push(Found {
                    credential_id: text("id").filter(|id| *id != value).map(str::to_owned),
                    facts: facts
                        .iter()
                        .filter_map(|(fact, key)| Some(((*fact).to_owned(), text(key)?.to_owned())))
                        .collect(),
                    ..found(value, format!("{address}{index}, {name}"))
                });
            }
        }
    }
    Ok(all)
}

/// Finds client ids in a table with a header. The column of client ids is the given one, or the first one with a
/// suitable name. The other columns become facts, except those whose name or values indicate a secret.
///
/// # Errors
/// Fails if the text is not CSV, or if there is no such column.
pub fn csv(text: &str, column: Option<&str>) -> Result<Vec<Found>> {
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    // Spreadsheets in half of Europe write semicolons.
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|by| {
        // `max_by_key` returns the last of equal elements, which should be the comma.
        (head.bytes().filter(|byte| byte == by).count(), *by == b',')
    });
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let malformed = |error: csv::Error| {
        let place = error.position().map(|at| format!(": line {}", at.line())).unwrap_or_default();
        Error::malformed(format!("the text is not CSV with the same number of columns in each row{place}"))
    };
    let head = reader.headers().map_err(malformed)?.clone();
    let at = match column {
        Some(column) => head.iter().position(|name| name == column),
        None => head.iter().position(is_client_id_name),
    };
    let missing = || {
        Error::malformed(format!("the table has no column {}", column.unwrap_or("for client ids, such as client_id")))
    };
    let at = at.ok_or_else(missing)?;
    let mut all = Vec::new();
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let Some(client_id) = record.get(at).filter(|id| !id.is_empty()) else { continue };
        let line = record.position().map_or(0, csv::Position::line);
        let facts = head
            .iter()
            .zip(record.iter())
            .enumerate()
            .filter(|(index, (name, value))| *index != at && !value.is_empty() && !secret(name, value))
            .map(|(_, (name, value))| (name.to_owned(), value.to_owned()))
            .collect();
        all.push(Found { facts, ..found(client_id, format!("line {line}")) });
    }
    Ok(all)
}

fn secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "password", "token", "key"].iter().any(|word| name.contains(word)) || value.contains("secret-token:")
}
