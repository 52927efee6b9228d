//! JSON in the shape of the API table. Outgoing messages are complete, as C1 sends them: scalars are always present,
//! unset messages, dates and durations are null, lists `[]`, maps `{}`. Incoming messages are checked, and fields that
//! only the server sets are removed.

use keyturn_wire::api::{Field, Kind, Message, Shape, Table};
use serde_json::{Map, Value};

use crate::status::Status;
use crate::time;

/// A JSON object.
pub type Row = Map<String, Value>;

/// Returns the text in a field; empty if it is absent.
pub fn text<'a>(row: &'a Row, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the texts in a list; empty if it is absent.
pub fn texts<'a>(row: &'a Row, field: &str) -> impl Iterator<Item = &'a str> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Returns the object in a field.
pub fn object<'a>(row: &'a Row, field: &str) -> Option<&'a Row> {
    row.get(field).and_then(Value::as_object)
}

/// Returns a copy of some fields, without those that are absent.
pub fn only(row: &Row, fields: &[&str]) -> Row {
    fields.iter().filter_map(|field| Some(((*field).to_owned(), row.get(*field)?.clone()))).collect()
}

/// Returns the complete form of a message: the fields that `row` has, and the others unset. Fields that the message
/// does not declare are removed, so the sandbox's private fields are never sent.
pub fn complete(table: &Table, message: Message, row: &Row) -> Row {
    let mut whole = Row::new();
    for field in table.fields(message) {
        let name = table.wire_name(field);
        match row.get(name) {
            Some(value) if !value.is_null() => {
                whole.insert(name.to_owned(), complete_field(table, field, value));
            }
            _ => {
                if let Some(value) = unset(table, field) {
                    whole.insert(name.to_owned(), value);
                }
            }
        }
    }
    whole
}

fn complete_field(table: &Table, field: &Field, value: &Value) -> Value {
    if field.kind != Kind::Message {
        return value.clone();
    }
    let one = |value: &Value| match value.as_object() {
        Some(row) => Value::Object(complete(table, field.message(), row)),
        None => Value::Null,
    };
    match (field.shape, value) {
        (Shape::List, Value::Array(items)) => items.iter().map(one).collect(),
        (Shape::Map, Value::Object(entries)) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), one(value))).collect())
        }
        _ => one(value),
    }
}

/// Returns the value of an unset field; `None` for a member of a oneof without a null, which is not sent at all.
pub fn unset(table: &Table, field: &Field) -> Option<Value> {
    match field.shape {
        Shape::List => return Some(Value::Array(Vec::new())),
        Shape::Map => return Some(Value::Object(Row::new())),
        Shape::One if field.nullable() => return Some(Value::Null),
        Shape::One if field.oneof != 0 => return None,
        Shape::One => {}
    }
    Some(match field.kind {
        Kind::String | Kind::Bytes => Value::from(""),
        Kind::Bool => Value::from(false),
        Kind::Int32 | Kind::Uint32 | Kind::Double => Value::from(0),
        Kind::Int64 | Kind::Uint64 => Value::from("0"),
        Kind::Enum => Value::from(table.enum_values(field).first().copied().unwrap_or_default()),
        Kind::Date | Kind::Duration | Kind::Any | Kind::Struct | Kind::Value | Kind::Empty | Kind::Message => {
            Value::Null
        }
    })
}

/// Checks a request body, in which every value must match the table. Fields that are unknown, null or set by the server
/// are removed, since the server ignores them.
///
/// # Errors
/// Returns code 3, with the path of the first value that does not match.
pub fn accept(table: &Table, message: Message, body: &Value) -> Result<Row, Status> {
    accept_at(table, message, body, "")
}

fn accept_at(table: &Table, message: Message, body: &Value, path: &str) -> Result<Row, Status> {
    let row = match body {
        Value::Object(row) => row,
        Value::Null if path.is_empty() => return Ok(Row::new()),
        _ => return Err(misfit(path, "an object", body)),
    };
    let mut accepted = Row::new();
    for field in table.fields(message) {
        let name = table.wire_name(field);
        let Some(value) = row.get(name).filter(|value| !value.is_null() && !field.read_only()) else { continue };
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        accepted.insert(name.to_owned(), accept_field(table, field, value, &path)?);
    }
    Ok(accepted)
}

fn accept_field(table: &Table, field: &Field, value: &Value, path: &str) -> Result<Value, Status> {
    match (field.shape, value) {
        (Shape::One, value) => accept_one(table, field, value, path),
        (Shape::List, Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| accept_one(table, field, item, &format!("{path}[{index}]")))
            .collect(),
        (Shape::Map, Value::Object(entries)) => entries
            .iter()
            .map(|(key, item)| Ok((key.clone(), accept_one(table, field, item, &format!("{path}[{key:?}]"))?)))
            .collect::<Result<Row, Status>>()
            .map(Value::Object),
        (Shape::List, _) => Err(misfit(path, "a list", value)),
        (Shape::Map, _) => Err(misfit(path, "an object", value)),
    }
}

fn accept_one(table: &Table, field: &Field, value: &Value, path: &str) -> Result<Value, Status> {
    let fits = |fits: bool, expected: &str| {
        if fits { Ok(value.clone()) } else { Err(misfit(path, expected, value)) }
    };
    let text = value.as_str();
    match field.kind {
        Kind::String => fits(text.is_some(), "a string"),
        Kind::Bytes => fits(text.is_some_and(is_base64), "base64 text"),
        Kind::Bool => fits(value.is_boolean(), "true or false"),
        Kind::Int32 => fits(whole(value).is_some_and(|number| i32::try_from(number).is_ok()), "an int32"),
        Kind::Uint32 => fits(whole(value).is_some_and(|number| u32::try_from(number).is_ok()), "a uint32"),
        Kind::Int64 => match whole(value).and_then(|number| i64::try_from(number).ok()) {
            Some(number) => Ok(Value::from(number.to_string())),
            None => Err(misfit(path, "an int64", value)),
        },
        Kind::Uint64 => match whole(value).and_then(|number| u64::try_from(number).ok()) {
            Some(number) => Ok(Value::from(number.to_string())),
            None => Err(misfit(path, "a uint64", value)),
        },
        Kind::Double => fits(
            value.is_number() || text.is_some_and(|text| matches!(text, "NaN" | "Infinity" | "-Infinity")),
            "a number",
        ),
        Kind::Date => fits(text.and_then(time::parse).is_some(), "an RFC 3339 date"),
        Kind::Duration => fits(text.and_then(time::duration).is_some(), "a duration such as \"3600s\""),
        Kind::Enum => fits(text.is_some() || value.is_i64(), "the name of an enum value"),
        Kind::Any | Kind::Struct | Kind::Empty => fits(value.is_object(), "an object"),
        Kind::Value => Ok(value.clone()),
        Kind::Message => accept_at(table, field.message(), value, path).map(Value::Object),
    }
}

/// Parses a whole number, also in the text form that proto3 JSON allows.
fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
        Value::String(text) => text.parse().ok().filter(|_| !text.starts_with('+')),
        _ => None,
    }
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len() - digits.len() <= 2
        && digits.len() % 4 != 1
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}

/// Describes a mismatch. Names only the type of the value, because the value may be a secret.
fn misfit(path: &str, expected: &str, found: &Value) -> Status {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let place = if path.is_empty() { "the body" } else { path };
    let other = if expected == found { "another one" } else { found };
    Status::invalid(format!("{place}: expected {expected}, found {other}"))
}

/// Writes the fields that `mask` names from `source` (an accepted message) to `target`. A field that the mask names but
/// the source lacks is cleared. Without a mask, or with an empty one, the fields that the source has are written. The
/// fields in `fixed` are never written.
///
/// # Errors
/// Returns code 3 if the mask names a field that the message does not have or that cannot be written.
pub fn update(
    table: &Table,
    message: Message,
    fixed: &[&str],
    target: &mut Row,
    source: &Row,
    mask: Option<&str>,
) -> Result<(), Status> {
    let fields = table.fields(message).iter().filter(|field| !field.read_only());
    let open = fields.map(|field| table.wire_name(field)).filter(|name| !fixed.contains(name));
    match mask.filter(|mask| !mask.is_empty()) {
        None => open.filter(|name| source.contains_key(*name)).for_each(|name| put(target, source, name)),
        Some("*") => open.for_each(|name| put(target, source, name)),
        Some(mask) => {
            let paths: Vec<&str> = mask.split(',').collect();
            for path in &paths {
                let head = path.split('.').next().unwrap_or_default();
                if fixed.contains(&head) {
                    return Err(Status::invalid(format!("updateMask: {head} cannot be changed")));
                }
                writable(table, message, path)?;
            }
            for path in paths {
                put_path(target, source, path);
            }
        }
    }
    Ok(())
}

fn writable(table: &Table, message: Message, path: &str) -> Result<(), Status> {
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = table.fields(message).iter().find(|field| table.wire_name(field) == head);
    match field {
        None => Err(Status::invalid(format!("updateMask: there is no field {path:?}"))),
        Some(field) if field.read_only() => Err(Status::invalid(format!("updateMask: {head} is read-only"))),
        Some(_) if rest.is_empty() => Ok(()),
        Some(field) if field.kind == Kind::Message && field.shape == Shape::One => {
            writable(table, field.message(), rest)
        }
        Some(field) if field.kind == Kind::Struct || field.shape == Shape::Map => Ok(()),
        Some(_) => Err(Status::invalid(format!("updateMask: {head} has no fields"))),
    }
}

fn put(target: &mut Row, source: &Row, name: &str) {
    match source.get(name) {
        Some(value) => target.insert(name.to_owned(), value.clone()),
        None => target.remove(name),
    };
}

fn put_path(target: &mut Row, source: &Row, path: &str) {
    let Some((head, rest)) = path.split_once('.') else { return put(target, source, path) };
    let empty = Row::new();
    let source = object(source, head).unwrap_or(&empty);
    let inner = target.entry(head).or_insert(Value::Null);
    if !inner.is_object() {
        *inner = Value::Object(Row::new());
    }
    if let Value::Object(inner) = inner {
        put_path(inner, source, rest);
    }
}
