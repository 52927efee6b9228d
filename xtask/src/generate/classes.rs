//! `c1.ts`: the types of the groups and of their methods, and the list from which `pkg/src/c1/group.ts` creates them.

use std::fmt::Write as _;

use keyturn_api::{
    model::{Api, Effect, Operation},
    naming::{self, Namespace},
};

use super::{Index, Side, comment, docs::Docs};

pub fn write(index: &Index<'_>, docs: &mut Docs) -> Result<String, String> {
    let mut out = String::from(
        "import type { Call } from \"../c1/envelope.js\";\n\
         import type { RequestOptions } from \"../base/options.js\";\n\
         import type { Paged } from \"../c1/paging.js\";\n\
         import type * as shared from \"./models.js\";\n\
         import type * as operations from \"./operations.js\";\n\n",
    );
    let groups = groups(index.api);
    for operations in &groups {
        let Some((_, first)) = operations.first() else { continue };
        let property = naming::property(first);
        out += &comment("", &[docs.get(&property), &format!("Operations of the group `{}`.", first.group)]);
        say(&mut out, format_args!("export interface {} {{\n", naming::class(first)));
        for (place, (_, operation)) in operations.iter().enumerate() {
            out += if place == 0 { "" } else { "\n" };
            method(&mut out, index, docs, operation);
        }
        out += "}\n\n";
    }
    out += &comment("", &["The groups of operations. Each is created on first access."]);
    out += "export interface Groups {\n";
    for operations in &groups {
        let Some((_, first)) = operations.first() else { continue };
        let (property, class) = (naming::property(first), naming::class(first));
        out += &comment("  ", &[docs.get(&property)]);
        say(&mut out, format_args!("  readonly {property}: {class};\n"));
    }
    out += "}\n\n";
    out += &comment(
        "",
        &[
            "Each group's class, and its methods in the order of the operations' numbers: `*` stands behind one that pages, `-` behind \
           one that takes no request.",
        ],
    );
    say(&mut out, format_args!("export const GROUPS =\n  \"{}\";\n", list(index, &groups)?));
    Ok(out)
}

/// Returns the groups and methods as text, because names are smaller than code that differs only in a name.
fn list(index: &Index<'_>, groups: &[Vec<(usize, &Operation)>]) -> Result<String, String> {
    let mut lines = Vec::new();
    let numbers = groups.iter().flatten().map(|(number, _)| *number);
    if numbers.enumerate().any(|(place, number)| place != number) {
        return Err("the operations of a group are not adjacent in the IDL".to_owned());
    }
    for operations in groups {
        let Some((_, first)) = operations.first() else { continue };
        let mut line = naming::class(first);
        for (_, operation) in operations {
            let paged = if item_type(index, operation).is_some() { "*" } else { "" };
            let bare = if naming::request_type(index.api, operation).is_none() { "-" } else { "" };
            line += &format!(" {}{paged}{bare}", naming::method(operation));
        }
        lines.push(line);
    }
    Ok(lines.join("/"))
}

/// Returns the operations by group, each with its number, in document order.
pub fn groups(api: &Api) -> Vec<Vec<(usize, &Operation)>> {
    let mut groups: Vec<Vec<(usize, &Operation)>> = Vec::new();
    for (number, operation) in api.operations.iter().enumerate() {
        let same = |group: &&mut Vec<(usize, &Operation)>| {
            group.first().is_some_and(|(_, first)| first.group == operation.group)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push((number, operation)),
            None => groups.push(vec![(number, operation)]),
        }
    }
    groups
}

fn method(out: &mut String, index: &Index<'_>, docs: &mut Docs, operation: &Operation) {
    let name = naming::method(operation);
    let own = docs.get(&format!("{}.{name}", naming::property(operation))).to_owned();
    *out += &comment("  ", &[&own, &wire_facts(operation), if operation.deprecated { "@deprecated" } else { "" }]);
    let response = format!("operations.{}", naming::response_type(operation));
    let argument = naming::request_type(index.api, operation).map_or_else(String::new, |request| {
        let namespace = if request.namespace == Namespace::Shared { "shared" } else { "operations" };
        let optional = if request.optional { "?" } else { "" };
        format!("request{optional}: {namespace}.{}, ", request.name)
    });
    let returns = match item_type(index, operation) {
        Some(item) => format!("Paged<{response}, {item}>"),
        None => format!("Call<{response}>"),
    };
    say(out, format_args!("  {name}({argument}options?: RequestOptions): {returns};\n"));
}

/// Returns the type of one item of a paged operation.
pub fn item_type(index: &Index<'_>, operation: &Operation) -> Option<String> {
    let paging = operation.paging.as_ref()?;
    let response = index.messages.get(operation.response.as_str())?;
    let field = response.fields.iter().find(|field| field.wire == paging.items)?;
    Some(index.value_type(&field.kind, field.type_name.as_deref(), Side::Output, "shared.", "shared."))
}

/// Returns a description of the method, the path, and the effect of repeating.
fn wire_facts(operation: &Operation) -> String {
    let mut facts = vec![format!("`{} {}`", operation.method.as_str(), operation.path)];
    if operation.paging.is_some() {
        facts.push("Paginated: `for await` takes every item.".to_owned());
    }
    facts.push(
        match operation.effect {
            Effect::Read => "Read: retried.",
            Effect::Write => "Write: retried only if the server certainly did not act.",
            Effect::Secret => "Answers with a secret that is shown once: never retried once it may have arrived.",
        }
        .to_owned(),
    );
    if !operation.stability.is_empty() && operation.stability != "stable" {
        facts.push(format!("Stability: {}.", operation.stability));
    }
    facts.join(" ")
}

fn say(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}
