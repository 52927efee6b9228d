use keyturn_api::{
    model::{Api, Effect, Field, Kind, Message, Operation, Place, Shape},
    text::{parse, print},
};

use super::{Facts, Imported, run};

/// A document that uses every construct that the importer knows.
const DOCUMENT: &str = r#"
openapi: 3.1.0
info: {title: T, version: "1"}
servers:
    - url: https://example.test
security:
    - bearerAuth: []
components:
    securitySchemes:
        bearerAuth: {scheme: bearer, type: http}
    schemas:
        t.Thing:
            description: |
                A thing.

                This message contains a oneof named which. Only a single field of the following list may be set at a time:
                  - left
                  - right

            type: object
            title: Thing
            x-speakeasy-name-override: Thing
            x-speakeasy-entity: Thing
            properties:
                id: {type: string, readOnly: true, description: The id.}
                left: {type: [string, "null"]}
                state: {type: string, enum: [THING_STATE_ON, THING_STATE_OFF], x-speakeasy-unknown-values: allow}
                right:
                    oneOf:
                        - $ref: '#/components/schemas/t.Other'
                        - type: "null"
                at: {type: [string, "null"], format: date-time}
                wait: {type: [string, "null"], format: duration}
                raw: {type: string, format: base64}
                small: {type: integer, format: int32}
                count: {type: integer, format: uint32, deprecated: true}
                big: {type: string, format: int64}
                huge: {type: string, format: uint64}
                ratio: {type: number}
                yes: {type: boolean, x-sunset: 2027-01-01}
                tags: {type: [array, "null"], items: {type: string}}
                labels: {type: object, additionalProperties: {type: string}}
                anything: {type: [object, "null"], additionalProperties: true}
                none: {type: [object, "null"]}
                value: {type: [string, number, object, array, boolean, "null"], readOnly: true}
                expanded:
                    type: [array, "null"]
                    items:
                        type: object
                        additionalProperties: true
                        properties:
                            "@type": {type: string, description: Names the type.}
            required: [small]
        t.Other:
            type: object
            x-speakeasy-name-override: Other
            x-speakeasy-include: true
            properties:
                state: {type: string, enum: [OTHER_STATE_NEW], x-speakeasy-unknown-values: allow}
        t.ListRequest:
            type: object
            x-speakeasy-name-override: ListRequest
            properties:
                thing:
                    oneOf:
                        - $ref: '#/components/schemas/t.Thing'
                        - type: "null"
                pageToken: {type: string}
                secretWord: {type: string}
        t.ListResponse:
            type: object
            x-speakeasy-name-override: ListResponse
            properties:
                list: {type: [array, "null"], items: {$ref: '#/components/schemas/t.Thing'}}
                nextPageToken: {type: string}
paths:
    /things/{thing_id}:
        get:
            description: Gets it.
            operationId: t.Things.Get
            parameters:
                - {in: path, name: thing_id, required: true, schema: {type: string, readOnly: true}}
                - {in: query, name: page_size, schema: {type: integer, format: int32, description: Size.}}
                - in: query
                  name: which_state
                  schema: {type: string, enum: [W_A, W_B], x-speakeasy-unknown-values: allow}
            responses:
                "200":
                    description: It.
                    content:
                        application/json:
                            schema:
                                $ref: '#/components/schemas/t.Thing'
            x-speakeasy-group: Things
            x-speakeasy-name-override: Get
            x-stability-level: beta
    /things:
        post:
            operationId: t.Things.List
            deprecated: true
            requestBody:
                content:
                    application/json:
                        schema:
                            $ref: '#/components/schemas/t.ListRequest'
            responses:
                "200":
                    content:
                        application/json:
                            schema:
                                $ref: '#/components/schemas/t.ListResponse'
            x-speakeasy-group: Things
            x-speakeasy-name-override: List
            x-speakeasy-pagination:
                inputs:
                    - {in: requestBody, name: pageToken, type: cursor}
                outputs: {nextCursor: $.nextPageToken}
                type: cursor
"#;

fn document() -> String {
    DOCUMENT.to_owned()
}

fn import(text: &str, facts: Facts<'_>) -> Result<Imported, String> {
    run("t", "t.yaml", text, &Api::default(), facts)
}

fn imported(text: &str) -> Imported {
    import(text, Facts::default()).unwrap()
}

fn message<'a>(api: &'a Api, key: &str) -> &'a Message {
    api.messages.iter().find(|m| m.key == key).unwrap()
}

fn field<'a>(api: &'a Api, key: &str, wire: &str) -> &'a Field {
    message(api, key).fields.iter().find(|f| f.wire == wire).unwrap()
}

fn operation<'a>(api: &'a Api, name: &str) -> &'a Operation {
    api.operations.iter().find(|o| o.name == name).unwrap()
}

#[test]
fn every_known_construct_becomes_its_fact() {
    let api = imported(&document()).api;
    let facts: Vec<String> = message(&api, "t.Thing")
        .fields
        .iter()
        .map(|f| format!("{} {}{}", f.wire, keyturn_api::text::field_type(f), keyturn_api::text::field_flags(f)))
        .collect();
    assert_eq!(
        facts,
        [
            "id string read-only",
            "left string? oneof=0",
            "state enum:State",
            "right msg:t.Other? oneof=0",
            "at date?",
            "wait duration?",
            "raw bytes",
            "small int32 required",
            "count uint32 deprecated",
            "big int64",
            "huge uint64",
            "ratio double",
            "yes bool",
            "tags list<string>?",
            "labels map<string>",
            "anything struct?",
            "none empty?",
            "value value read-only",
            "expanded list<any>?",
        ]
    );
    let get = operation(&api, "Get");
    assert_eq!(get.effect, Effect::Read);
    assert_eq!(get.stability, "beta");
    let params: Vec<_> = get.params.iter().map(|p| (p.name.as_str(), p.place)).collect();
    assert_eq!(params, [("thingId", Place::Path), ("pageSize", Place::Query), ("whichState", Place::Query)]);
    let list = operation(&api, "List");
    assert!(list.deprecated);
    let paging = list.paging.as_ref().unwrap();
    assert_eq!((paging.in_query, paging.items.as_str()), (false, "list"));
}

#[test]
fn importing_twice_gives_the_same_bytes() {
    let first = imported(&document());
    let (idl, names) = (print(&first.api), first.names.print());
    let facts = Facts { idl: &idl, names: &names, ..Facts::default() };
    let second = run("t", "t.yaml", &document(), &parse(&idl).unwrap(), facts).unwrap();
    assert_eq!(print(&second.api), idl);
    assert_eq!(second.names.print(), names);
}

#[test]
fn an_unknown_construct_stops_the_import_at_its_place() {
    let known = document();
    // The text to change, its replacement, and what the error must name: the path and the line of the change.
    for (from, to, path) in [
        ("openapi: 3.1.0", "openapi: 3.0.3", "#/openapi"),
        ("openapi: 3.1.0", "openapi: 3.1.0\nwebhooks: {}", "#/webhooks"),
        ("    schemas:", "    headers: {}\n    schemas:", "#/components/headers"),
        ("ratio: {type: number}", "ratio: {type: number, minimum: 1}", "properties/ratio/minimum"),
        ("ratio: {type: number}", "ratio: {type: number, nullable: true}", "properties/ratio/nullable"),
        ("ratio: {type: number}", "ratio: {type: number, format: float}", "properties/ratio/format"),
        ("ratio: {type: number}", "ratio: {type: [number, string]}", "properties/ratio/type"),
        ("ratio: {type: number}", "ratio: {allOf: [{type: number}]}", "properties/ratio"),
        ("ratio: {type: number}", "ratio: {type: number, default: 1}", "properties/ratio/default"),
        ("format: uint64", "format: uuid", "properties/huge/format"),
        ("format: int32}\n", "format: int64}\n", "properties/small/format"),
        ("items: {type: string}}", "items: {type: [string, \"null\"]}}", "properties/tags/items"),
        ("items: {type: string}}", "minItems: 1, items: {type: string}}", "properties/tags/minItems"),
        ("additionalProperties: {type: string}", "additionalProperties: false", "labels/additionalProperties"),
        ("            required: [small]", "            required: [smaller]", "#/components/schemas/t.Thing/required"),
        ("            required: [small]", "            additionalProperties: true", "t.Thing/additionalProperties"),
        ("            required: [small]", "            discriminator: {propertyName: left}", "t.Thing/discriminator"),
        ("                  - right\n", "                  - wrong\n", "t.Thing/description"),
        ("Only a single field of", "At most one of", "t.Thing/description"),
        ("$ref: '#/components/schemas/t.Other'", "$ref: '#/components/schemas/t.Nobody'", "right/oneOf/0/$ref"),
        ("- type: \"null\"\n                at", "- type: string\n                at", "right/oneOf/1/type"),
        ("x-speakeasy-unknown-values: allow", "x-speakeasy-unknown-values: deny", "x-speakeasy-unknown-values"),
        ("enum: [OTHER_STATE_NEW]", "enum: [1]", "t.Other/properties/state/enum/0"),
        ("        get:\n", "        head:\n", "/paths/~1things~1{thing_id}/head"),
        ("        get:\n", "        parameters: []\n        get:\n", "/paths/~1things~1{thing_id}/parameters"),
        ("{in: path, name: thing_id", "{in: header, name: thing_id", "parameters/0/in"),
        ("{in: path, name: thing_id", "{in: path, name: id", "/paths/~1things~1{thing_id}/get"),
        ("name: thing_id, required: true", "name: thing_id, required: false", "parameters/0"),
        ("{in: query, name: page_size", "{in: query, style: form, name: page_size", "parameters/1/style"),
        ("format: int32, description: Size.", "format: uint32", "parameters/1/schema"),
        ("            deprecated: true\n", "            callbacks: {}\n", "post/callbacks"),
        (
            "\"200\":\n                    description: It.",
            "\"201\":\n                    description: It.",
            "get/responses",
        ),
        ("                    description: It.", "                    headers: {}", "responses/200/headers"),
        (
            "application/json:\n                        schema",
            "text/plain:\n                        schema",
            "requestBody/content",
        ),
        ("x-stability-level: beta", "x-stability-level: gamma", "get/x-stability-level"),
        ("name: pageToken, type: cursor", "name: pageToken, type: offset", "inputs/0/type"),
        (
            "            x-speakeasy-name-override: List\n",
            "            x-speakeasy-name-override: Get\n",
            "#/paths/~1things/post",
        ),
        ("            operationId: t.Things.List\n", "", "#/paths/~1things/post"),
        ("id: {type: string, readOnly: true", "id: {type: string, readOnly: yes-please", "properties/id/readOnly"),
    ] {
        assert!(known.contains(from), "{from}");
        let changed = known.replacen(from, to, 1);
        let error = import(&changed, Facts::default()).map(|_| ()).unwrap_err();
        assert!(error.contains(path), "{to}: {error}");
        let line: usize = error.split("line ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
        let change = known.find(from).unwrap();
        let expected = known.get(..change).unwrap().matches('\n').count() + 1;
        assert!(line.abs_diff(expected) <= 20 && line > 1 || path == "#/openapi", "{to}: {error}, changed {expected}");
    }
}

#[test]
fn a_repeated_key_and_text_that_is_no_document_are_refused() {
    let twice =
        document().replace("ratio: {type: number}", "ratio: {type: number}\n                ratio: {type: number}");
    assert!(import(&twice, Facts::default()).is_err());
    for text in ["", "- 1", "a: [", "--- {}\n--- {}"] {
        assert!(import(text, Facts::default()).is_err(), "{text:?}");
    }
}

#[test]
fn types_written_in_place_are_named_by_field_then_parent() {
    let api = imported(&document()).api;
    // `t.Thing` is met first, and its own `state` precedes the field that leads to `t.Other`.
    assert_eq!(field(&api, "t.Other", "state").kind, Kind::Enum("OtherState".into()));
    assert_eq!(field(&api, "t.Thing", "state").kind, Kind::Enum("State".into()));
    assert_eq!(field(&api, "t.Thing", "expanded").type_name.as_deref(), Some("Expanded"));
    assert_eq!(operation(&api, "Get").params.last().unwrap().kind, Kind::Enum("WhichState".into()));
    assert_eq!(api.enums.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["State", "OtherState", "WhichState"]);
}

#[test]
fn a_message_of_both_sides_with_server_set_fields_gets_an_input_twin() {
    let api = imported(&document()).api;
    assert_eq!(message(&api, "t.Thing").input_name.as_deref(), Some("ThingInput"));
    assert_eq!(message(&api, "t.Other").input_name, None);
    assert_eq!(message(&api, "t.ListRequest").input_name, None);
}

#[test]
fn names_that_were_given_stay_when_the_document_grows() {
    let names = imported(&document()).names.print();
    // A new first operation leads to a new message with a `state`, and to one with the name of an old one.
    let grown = document()
        .replace(
            "        t.Thing:\n",
            "        a.Thing:\n            type: object\n            x-speakeasy-name-override: Thing\n            properties:\n                \
             state: {type: string, enum: [A], x-speakeasy-unknown-values: allow}\n        t.Thing:\n",
        )
        .replace(
            "paths:\n",
            "paths:\n    /first:\n        get:\n            operationId: a.First\n            responses:\n                \
             \"200\":\n                    content:\n                        application/json:\n                            schema:\n                                \
             $ref: '#/components/schemas/a.Thing'\n            x-speakeasy-group: First\n            x-speakeasy-name-override: Get\n",
        );
    let fresh = imported(&grown).api;
    assert_eq!(message(&fresh, "a.Thing").name, "Thing");
    assert_eq!(message(&fresh, "t.Thing").name, "Thing1");
    assert_eq!(field(&fresh, "a.Thing", "state").kind, Kind::Enum("State".into()));

    let before = imported(&document()).api;
    let facts = Facts { names: &names, ..Facts::default() };
    let kept = run("t", "t.yaml", &grown, &before, facts).unwrap();
    assert_eq!(message(&kept.api, "t.Thing").name, "Thing");
    assert_eq!(message(&kept.api, "a.Thing").name, "Thing1");
    assert_eq!(field(&kept.api, "t.Thing", "state").kind, Kind::Enum("State".into()));
    assert_eq!(field(&kept.api, "a.Thing", "state").kind, Kind::Enum("ThingState".into()));
    assert!(kept.names.print().contains("type a.Thing Thing1\n"), "the new names are kept as well");

    // From then on the lock alone is sufficient.
    let names = kept.names.print();
    let again = import(&grown, Facts { names: &names, ..Facts::default() }).unwrap();
    assert_eq!(print(&again.api), print(&kept.api));
}

#[test]
fn the_overlay_adds_facts_and_reports_lines_that_fit_nothing() {
    let overlay = "# comment\nread Things.List\nredact secretWord\nredact t.Thing#raw\nshow t.Thing#raw\n\
                   page Things.Get\nsecret Things.Gone\nredact nobody\n";
    let done = import(&document(), Facts { overlay, ..Facts::default() }).unwrap();
    assert_eq!(operation(&done.api, "List").effect, Effect::Read);
    assert!(field(&done.api, "t.ListRequest", "secretWord").secret);
    assert!(!field(&done.api, "t.Thing", "raw").secret);
    let added: Vec<_> = operation(&done.api, "Get").params.iter().filter(|p| p.added).map(|p| &p.wire).collect();
    assert_eq!(added, ["page_token"], "page_size was declared");
    assert_eq!(
        done.notes,
        ["api/t.overlay: line 7 fits nothing: secret Things.Gone", "api/t.overlay: line 8 fits nothing: redact nobody",]
    );
    let error = import(&document(), Facts { overlay: "erase Things.Get", ..Facts::default() }).unwrap_err();
    assert!(error.contains("api/t.overlay: line 1"), "{error}");
}

#[test]
fn names_of_the_old_sdk_are_put_beside_todays() {
    let sdk122 = "op t.Things.List body=OldList iterator\nop t.Gone\nfield t.Thing right other\n";
    let api = import(&document(), Facts { sdk122, ..Facts::default() }).unwrap().api;
    let list = operation(&api, "List");
    assert!(list.in_sdk122 && list.paging.as_ref().unwrap().sdk122);
    assert_eq!(list.sdk122.as_ref().unwrap().body.as_deref(), Some("OldList"));
    assert!(!operation(&api, "Get").in_sdk122);
    assert_eq!(field(&api, "t.Thing", "right").sdk122.as_deref(), Some("other"));
}

#[test]
fn a_list_that_nobody_can_page_is_reported() {
    let unpaged = document().replace("                pageToken: {type: string}\n", "");
    let notes = imported(&unpaged).notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes.iter().all(|note| note.contains("page Things.List")), "{notes:?}");
}

#[test]
fn the_summary_says_what_changed_in_words() {
    let old = imported(&document()).api;
    let newer = document()
        .replace("ratio: {type: number}", "share: {type: number}")
        .replace("big: {type: string, format: int64}", "big: {type: string}")
        .replace("[THING_STATE_ON, THING_STATE_OFF]", "[THING_STATE_ON, THING_STATE_LOST]")
        .replace("                secretWord: {type: string}\n", "")
        .replace("tags: {type", "fresh: {type: boolean}\n                tags: {type")
        .replace("x-speakeasy-name-override: Get", "x-speakeasy-name-override: Fetch")
        .replace("    /things:", "    /all-things:")
        .replace("            deprecated: true\n", "");
    let new = import(&newer, Facts { names: &imported(&document()).names.print(), ..Facts::default() }).unwrap().api;
    let summary = super::changes::summary(&old, &new);
    for line in [
        "changed  operation Things.Fetch (GET /things/{thing_id}): renamed, method Things.Get -> Things.Fetch",
        "changed  operation Things.List (POST /all-things): path /things -> /all-things; deprecated true -> false",
        "added    field Thing.share: double",
        "removed  field Thing.ratio: double",
        "added    field Thing.fresh: bool",
        "retyped  field Thing.big: int64 -> string",
        "removed  field ListRequest.secretWord: string",
        "added    value State.THING_STATE_LOST",
        "removed  value State.THING_STATE_OFF",
    ] {
        assert!(summary.lines().any(|found| found == line), "missing: {line}\n{summary}");
    }
    assert_eq!(super::changes::summary(&new, &new), "");

    let renamed = document().replace("ratio: {type: number}", "share: {type: number}");
    let summary = super::changes::summary(&old, &imported(&renamed).api);
    assert!(summary.starts_with("renamed  field Thing.ratio -> share"), "{summary}");
    let moved = document().replace("operationId: t.Things.Get", "operationId: t.Things.Take");
    let summary = super::changes::summary(&old, &imported(&moved).api);
    assert!(summary.contains("renamed, id t.Things.Get -> t.Things.Take"), "{summary}");
}

#[test]
fn shapes_are_what_the_model_says() {
    let api = imported(&document()).api;
    assert_eq!(field(&api, "t.Thing", "labels").shape, Shape::Map);
    assert_eq!(field(&api, "t.Thing", "tags").shape, Shape::List);
    assert_eq!(parse(&print(&api)).unwrap(), api);
}
