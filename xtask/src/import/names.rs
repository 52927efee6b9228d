//! Gives every type its TypeScript name, as the official SDK's generator would, and keeps names that were given before.
//!
//! Some names depend on the rest of the document and its order: the name of the second of two messages with the same
//! name, of the input twin of a message, and of inline types. Such a name would move to another type when the document
//! grows, so the first assignment is kept in a lock file (`api/*.names`) and used from then on. A name in the lock is
//! never given to anything else.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
};

use keyturn_api::{
    model::{Api, Field, Kind, Message},
    naming::pascal,
};

use super::lines::lines;

const HEADER: &str = "\
# Names that depend on the order of the document, as they were first given. Written by `cargo xtask import`;
# to rename a type for good, edit its line.
#   type MESSAGE NAME     one of several messages that the document gives the same name
#   input MESSAGE NAME    the input twin: the message without the fields that the server sets
#   inline SITE NAME      an inline type, at MESSAGE#FIELD or OPERATION#PARAMETER
";

/// Names that JavaScript already uses.
const RESERVED: [&str; 1] = ["Function"];

/// The names given so far, by a message's key or a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Messages that share a name.
    pub types: BTreeMap<String, String>,
    /// Input twins.
    pub inputs: BTreeMap<String, String>,
    /// Types written in place.
    pub inline: BTreeMap<String, String>,
}

impl Lock {
    /// Parses a lock file.
    ///
    /// # Errors
    /// Returns the first line that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lock = Self::default();
        for line in lines(text) {
            let [kind, key, name] = line.words.as_slice() else {
                return Err(format!("line {}: expected three words", line.number));
            };
            let map = match *kind {
                "type" => &mut lock.types,
                "input" => &mut lock.inputs,
                "inline" => &mut lock.inline,
                _ => return Err(format!("line {}: unknown keyword `{kind}`", line.number)),
            };
            map.insert((*key).to_owned(), (*name).to_owned());
        }
        Ok(lock)
    }

    /// Writes the lock file.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = HEADER.to_owned();
        for (keyword, map) in [("type", &self.types), ("input", &self.inputs), ("inline", &self.inline)] {
            out.push('\n');
            for (key, name) in map {
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{keyword} {key} {name}");
            }
        }
        out
    }
}

/// Names every type of an API that [`super::openapi::read`] returned, and adds new names to the lock. `previous` is the
/// last imported API, whose messages keep their names before new ones are named.
///
/// # Errors
/// Fails if a type is left without a name, which would be a bug.
pub fn resolve(api: &mut Api, lock: &mut Lock, previous: &Api) -> Result<(), String> {
    let visit = visit(api);
    let documents: Vec<String> = api.messages.iter().map(|message| message.name.clone()).collect();
    name_messages(api, lock, previous, &visit);
    let taken: HashSet<String> = api.messages.iter().map(|message| message.name.clone()).collect();
    // A component of the document takes precedence over an inline type in its claim to a name.
    lock.inline.retain(|_, name| !taken.contains(name));
    let inputs = name_inputs(api, lock, &visit, &documents);
    name_inline(api, lock, &visit, &documents, taken.into_iter().chain(inputs).collect())
}

/// The order in which messages are reached, and from where.
struct Visit {
    /// Indices of all messages, in the order in which a generator meets them: operation by operation, request before
    /// response, depth first; at the end those that no operation reaches.
    order: Vec<usize>,
    /// The fields with inline types (message and field), in the same order.
    sites: Vec<(usize, usize)>,
    /// Whether a request reaches the message, without following read-only fields.
    by_request: Vec<bool>,
    /// Whether a response reaches the message.
    by_response: Vec<bool>,
}

fn visit(api: &Api) -> Visit {
    let index: HashMap<&str, usize> = api.messages.iter().enumerate().map(|(i, m)| (m.key.as_str(), i)).collect();
    let mut visit = Visit {
        order: Vec::new(),
        sites: Vec::new(),
        by_request: vec![false; api.messages.len()],
        by_response: vec![false; api.messages.len()],
    };
    let mut met = HashSet::new();
    for operation in &api.operations {
        let body = operation.body.as_deref().map(|body| (body, true));
        for (key, request) in body.into_iter().chain([(operation.response.as_str(), false)]) {
            walk(api, &index, key, request, &mut visit, &mut met);
        }
    }
    for (i, message) in api.messages.iter().enumerate() {
        if met.insert((i, None)) {
            visit.order.push(i);
        }
        for (place, field) in message.fields.iter().enumerate() {
            if site(field).is_some() && met.insert((i, Some(place))) {
                visit.sites.push((i, place));
            }
        }
    }
    visit
}

/// Returns the site of an inline type.
fn site(field: &Field) -> Option<&String> {
    match &field.kind {
        Kind::Enum(site) => Some(site),
        _ => field.type_name.as_ref(),
    }
}

fn walk(
    api: &Api,
    index: &HashMap<&str, usize>,
    key: &str,
    request: bool,
    visit: &mut Visit,
    met: &mut HashSet<(usize, Option<usize>)>,
) {
    let Some(&i) = index.get(key) else { return };
    let seen = if request { &mut visit.by_request } else { &mut visit.by_response };
    match seen.get_mut(i) {
        Some(seen) if !*seen => *seen = true,
        _ => return,
    }
    if met.insert((i, None)) {
        visit.order.push(i);
    }
    let fields = api.messages.get(i).map(|message| message.fields.as_slice()).unwrap_or_default();
    for (place, field) in fields.iter().enumerate().filter(|(_, field)| !(request && field.read_only)) {
        if let Kind::Message(target) = &field.kind {
            walk(api, index, target, request, visit, met);
        } else if site(field).is_some() && met.insert((i, Some(place))) {
            visit.sites.push((i, place));
        }
    }
}

/// Names the messages. A message takes the document's name; the second one of that name (ignoring case) gets a number.
fn name_messages(api: &mut Api, lock: &mut Lock, previous: &Api, visit: &Visit) {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &i in &visit.order {
        if let Some(message) = api.messages.get(i) {
            groups.entry(message.name.to_ascii_lowercase()).or_default().push(i);
        }
    }
    let before: HashMap<&str, &str> = previous.messages.iter().map(|m| (m.key.as_str(), m.name.as_str())).collect();
    for group in groups.into_values() {
        let names = if group.len() == 1 { Vec::new() } else { number(api, lock, &before, &group) };
        for (place, i) in group.into_iter().enumerate() {
            let Some(message) = api.messages.get_mut(i) else { continue };
            if let Some(name) = names.get(place) {
                message.name.clone_from(name);
                lock.types.insert(message.key.clone(), name.clone());
            } else if RESERVED.contains(&message.name.as_str()) {
                message.name.push('T');
            }
        }
    }
}

/// Returns distinct names for messages that have the same name in the document.
fn number(api: &Api, lock: &Lock, before: &HashMap<&str, &str>, group: &[usize]) -> Vec<String> {
    let messages: Vec<&Message> = group.iter().filter_map(|&i| api.messages.get(i)).collect();
    let given = |message: &Message| {
        let name = lock.types.get(&message.key).map(String::as_str).or(before.get(message.key.as_str()).copied());
        // A name is not kept if the document has renamed the message in the meantime.
        name.filter(|name| {
            let tail = name.get(message.name.len()..).unwrap_or("-");
            name.starts_with(&message.name) && tail.bytes().all(|b| b.is_ascii_digit())
        })
    };
    let mut taken: HashSet<String> = messages.iter().filter_map(|m| given(m)).map(str::to_ascii_lowercase).collect();
    let mut fresh = |message: &Message| {
        let numbered = (1..).map(|n| format!("{}{n}", message.name));
        let mut candidates = std::iter::once(message.name.clone()).chain(numbered);
        candidates.find(|name| taken.insert(name.to_ascii_lowercase())).unwrap_or_default()
    };
    messages.iter().map(|message| given(message).map_or_else(|| fresh(message), str::to_owned)).collect()
}

/// Gives a message an input twin if both requests and responses use it and it contains, at any depth, a read-only
/// field. Returns the given names.
fn name_inputs(api: &mut Api, lock: &mut Lock, visit: &Visit, documents: &[String]) -> Vec<String> {
    let read_only = holders_of_read_only(api);
    let mut names = Vec::new();
    for (i, (message, document)) in api.messages.iter_mut().zip(documents).enumerate() {
        let both = visit.by_request.get(i) == Some(&true) && visit.by_response.get(i) == Some(&true);
        if both && read_only.contains(message.key.as_str()) && !lock.inputs.contains_key(&message.key) {
            lock.inputs.insert(message.key.clone(), format!("{document}Input"));
        }
        message.input_name = lock.inputs.get(&message.key).cloned();
        names.extend(message.input_name.clone());
    }
    names
}

fn holders_of_read_only(api: &Api) -> HashSet<String> {
    let mut holders: HashSet<String> = HashSet::new();
    loop {
        let before = holders.len();
        for message in &api.messages {
            let holds = message
                .fields
                .iter()
                .any(|field| field.read_only || matches!(&field.kind, Kind::Message(key) if holders.contains(key)));
            if holds {
                holders.insert(message.key.clone());
            }
        }
        if holders.len() == before {
            return holders;
        }
    }
}

/// Names the inline types. Each takes the name of its field if that is free, else with the message's name before it,
/// else with `Schemas` between the two.
fn name_inline(
    api: &mut Api,
    lock: &mut Lock,
    visit: &Visit,
    documents: &[String],
    mut taken: HashSet<String>,
) -> Result<(), String> {
    taken.extend(lock.inline.values().cloned());
    let values: HashMap<&str, &[String]> =
        api.enums.iter().map(|item| (item.name.as_str(), item.values.as_slice())).collect();
    let mut names: HashMap<String, String> = HashMap::new();
    let mut given: HashMap<String, &[String]> = HashMap::new();
    // Two messages of the same name with the same field share its type.
    let mut shared: HashMap<(String, String, &[String]), String> = HashMap::new();
    let mut give = |site: &String, parent: &str, property: &str| {
        let values = values.get(site.as_str()).copied().unwrap_or_default();
        let shared_by = (parent.to_owned(), property.to_owned(), values);
        // Sites that shared a type no longer do if one of them has changed.
        let locked = lock.inline.get(site).filter(|name| given.get(*name).is_none_or(|other| *other == values));
        let name = locked.cloned().or_else(|| shared.get(&shared_by).cloned()).unwrap_or_else(|| {
            let short = pascal(property);
            let forms = [short.clone(), format!("{parent}{short}"), format!("{parent}Schemas{short}")];
            let numbered = (1..).map(|n| format!("{parent}Schemas{short}{n}"));
            forms.into_iter().chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
        });
        taken.insert(name.clone());
        given.insert(name.clone(), values);
        shared.insert(shared_by, name.clone());
        lock.inline.insert(site.clone(), name.clone());
        names.insert(site.clone(), name);
    };
    for &(message, place) in &visit.sites {
        let field = api.messages.get(message).and_then(|message| message.fields.get(place));
        if let (Some(field), Some(document)) = (field, documents.get(message))
            && let Some(site) = site(field)
        {
            give(site, document, &field.wire);
        }
    }
    for operation in &api.operations {
        for param in &operation.params {
            if let Kind::Enum(site) = &param.kind {
                give(site, &operation.group, &param.wire);
            }
        }
    }
    put(api, &names)
}

/// Replaces the sites in the API by their names.
fn put(api: &mut Api, names: &HashMap<String, String>) -> Result<(), String> {
    let name_of = |site: &String| names.get(site).cloned().ok_or_else(|| format!("no name for {site}"));
    for message in &mut api.messages {
        for field in &mut message.fields {
            if let Kind::Enum(site) = &mut field.kind {
                *site = name_of(site)?;
            }
            if let Some(site) = &mut field.type_name {
                *site = name_of(site)?;
            }
        }
    }
    for param in api.operations.iter_mut().flat_map(|operation| &mut operation.params) {
        if let Kind::Enum(site) = &mut param.kind {
            *site = name_of(site)?;
        }
    }
    let mut seen = HashSet::new();
    for item in &mut api.enums {
        item.name = name_of(&item.name)?;
    }
    api.enums.retain(|item| seen.insert(item.name.clone()));
    Ok(())
}
