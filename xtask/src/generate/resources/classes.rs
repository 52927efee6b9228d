//! `NAME.ts`: a class for each resource, and the class that contains them.

use std::fmt::Write as _;

use keyturn_api::{
    documents,
    model::{Effect, Operation, Resource},
    naming,
};

use super::{Facade, class, property, union};
use crate::generate::{comment, docs::Docs, string};

pub fn write(facade: &Facade<'_>, docs: &mut Docs) -> String {
    let mut out = String::from(
        "import type { ResourcesConfig } from \"../commercelayer/config.js\";\n\
         import type { ResourceId } from \"../commercelayer/model.js\";\n\
         import type { PagedList } from \"../commercelayer/paging.js\";\n\
         import type { QueryParamsList, QueryParamsRetrieve } from \"../commercelayer/params.js\";\n\
         import { ApiResource, ApiSingleton, type ResourceAdapter } from \"../commercelayer/resource.js\";\n\
         import type * as models from \"./commercelayer-models.js\";\n\n",
    );
    for resource in &facade.api.resources {
        if !facade.has(resource, "update") {
            // The base class declares the method, as in the official SDK.
            out += &comment("", &["What the base class declares, but the API cannot do."]);
            say(&mut out, format_args!("export interface {} {{\n  update(this: never): never;\n}}\n", class(resource)));
        }
        out += &comment("", &[docs.get(&property(resource)), &format!("Resources of the type `{}`.", resource.key)]);
        write_class(&mut out, facade, docs, resource);
    }
    out += &comment("", &["The resources. Each is created on first access."]);
    out += "export abstract class ProvisioningResources {\n  \
              protected abstract readonly adapter: ResourceAdapter;\n  \
              readonly #made = new Map<unknown, object>();\n\n  \
              #resource<T extends object>(type: new (adapter: ResourceAdapter) => T): T {\n    \
                let made = this.#made.get(type);\n    \
                if (!made) this.#made.set(type, (made = new type(this.adapter)));\n    \
                return made as T;\n  \
              }\n";
    for resource in &facade.api.resources {
        let (property, class) = (property(resource), class(resource));
        out.push('\n');
        out += &comment("  ", &[docs.get(&property)]);
        say(&mut out, format_args!("  get {property}(): {class} {{\n    return this.#resource({class});\n  }}\n"));
    }
    out += "}\n";
    out
}

fn write_class(out: &mut String, facade: &Facade<'_>, docs: &mut Docs, resource: &Resource) {
    let (name, class) = (&resource.name, class(resource));
    let base = if resource.singleton { "ApiSingleton" } else { "ApiResource" };
    let own = union([resource.key.as_str()]);
    say(
        out,
        format_args!(
            "export class {class} extends {base}<models.{name}> {{\n  \
               static override readonly TYPE: {own} = {own};\n\n  \
               type(): {own} {{\n    return {own};\n  }}\n"
        ),
    );
    for (_, operation) in facade.operations(resource) {
        method(out, facade, docs, resource, operation);
    }
    let triggers = resource.attributes.iter().filter(|attribute| attribute.trigger);
    let update = facade.operations(resource).find(|(_, operation)| operation.name == "update");
    for (trigger, (_, update)) in triggers.zip(std::iter::repeat(update).flatten()) {
        let text = docs.get(&format!("{}.{}", property(resource), trigger.name)).to_owned();
        let sets = format!("Sets `{}`: {}", trigger.name, wire_facts(update, false));
        out.push('\n');
        *out += &comment("  ", &[&text, &sets]);
        say(
            out,
            format_args!(
                "  {trigger}(id: models.IdOf<models.{name}>, params?: QueryParamsRetrieve<models.{name}>, options?: ResourcesConfig): Promise<models.{name}> {{\n    \
                   return this.trigger({}, id, params, options);\n  \
                 }}\n",
                string(&trigger.name),
                trigger = trigger.name,
            ),
        );
    }
    say(
        out,
        format_args!(
            "\n  /** Returns whether it is a resource of this type. */\n  \
               is{name}(resource: any): resource is models.{name} {{\n    return this.is(resource);\n  }}\n\n  \
               /** Returns a relationship to one of these, or to none for `null`. */\n  \
               relationship(id: string | ResourceId | null): models.{name}Rel {{\n    return this.one(id) as models.{name}Rel;\n  }}\n\n  \
               /** Returns a relationship to any number of these. */\n  \
               relationshipToMany(...ids: (string | ResourceId)[]): models.{name}Rel[] {{\n    return this.many(ids) as models.{name}Rel[];\n  }}\n}}\n\n",
        ),
    );
}

fn method(out: &mut String, facade: &Facade<'_>, docs: &mut Docs, resource: &Resource, operation: &Operation) {
    let name = format!("models.{}", resource.name);
    let text = docs.get(&format!("{}.{}", property(resource), operation.name)).to_owned();
    let answer = documents::answer(facade.api, operation);
    let doc = comment("  ", &[&text, &wire_facts(operation, answer.is_some_and(|(_, many)| many))]);
    let body = facade.api.messages.iter().find(|message| operation.body.as_deref() == Some(&message.key));
    let is_action = body.is_some();
    let code = match (operation.name.as_str(), answer) {
        // The base classes have these.
        ("list" | "retrieve", _) => return,
        (verb @ ("create" | "update"), _) => {
            let input = format!("{name}{}", naming::pascal(verb));
            // The base class declares it, for code that works with resources of any type.
            let mark = if verb == "update" { "override " } else { "" };
            format!(
                "{mark}{verb}(resource: {input}, params?: QueryParamsRetrieve<{name}>, options?: ResourcesConfig): Promise<{name}> {{\n    \
                   return this.{verb}Resource(resource, params, options);\n"
            )
        }
        ("delete", _) => "delete(id: string | ResourceId, options?: ResourcesConfig): Promise<void> {\n    \
                            return this.deleteResource(id, options);\n"
            .to_owned(),
        (verb, _) if is_action => {
            let fields: Vec<&str> = body.into_iter().flat_map(|m| &m.fields).map(|field| field.wire.as_str()).collect();
            let (argument, pass) = if fields.is_empty() {
                (String::new(), "{}".to_owned())
            } else {
                let payload = format!(", payload: models.{}", body.map_or("", |body| body.name.as_str()));
                let pass: Vec<String> = fields.iter().map(|field| format!("{field}: payload?.{field}")).collect();
                (payload, format!("{{ {} }}", pass.join(", ")))
            };
            format!(
                "{verb}(id: models.IdOf<{name}>{argument}, options?: ResourcesConfig): Promise<void> {{\n    \
                   return this.act({}, id, {pass}, options);\n",
                string(verb)
            )
        }
        (related, Some((target, many))) => {
            let target = format!("models.{}", target.name);
            let (query, returns, call) = if many {
                ("QueryParamsList", format!("PagedList<{target}>"), "relatedList")
            } else {
                ("QueryParamsRetrieve", format!("Promise<{target}>"), "related")
            };
            format!(
                "{related}(id: models.IdOf<{name}>, params?: {query}<{target}>, options?: ResourcesConfig): {returns} {{\n    \
                   return this.{call}({}, id, params, options);\n",
                string(related)
            )
        }
        (_, None) => return,
    };
    say(out, format_args!("\n{doc}  {code}  }}\n"));
}

/// Returns a description of the method, the path, and the effect of repeating.
fn wire_facts(operation: &Operation, paginated: bool) -> String {
    let paged = if paginated { " Paginated: `for await` takes every item." } else { "" };
    let effect = match operation.effect {
        Effect::Read => "Read: retried.",
        Effect::Write | Effect::Secret => "Write: retried only if the server certainly did not act.",
    };
    format!("`{} {}`{paged} {effect}", operation.method.as_str(), operation.path)
}

fn say(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}
