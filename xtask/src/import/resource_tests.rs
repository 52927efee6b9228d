use keyturn_api::{
    model::Api,
    text::{parse, print},
};

use super::{Arguments, C1, COMMERCE_LAYER, Facts, Imported, changes, run, told_by_title};

/// A document of a JSON:API that uses every construct that the importer knows.
const DOCUMENT: &str = r##"
openapi: 3.0.1
info: {title: Commerce Layer Provisioning API, version: 1.0.15}
servers: []
tags: []
security: []
components:
  securitySchemes: {}
  schemas:
    apiThing: {type: object, properties: {data: {type: object, required: [type], properties: {
      type: {type: string, enum: [api_things]},
      attributes: {type: object, properties: {
        name: {type: string, description: The name., nullable: false},
        state: {type: string, readOnly: true, enum: [on, off]},
        size: {type: integer, nullable: true},
        ratio: {type: number, readOnly: true},
        is_big: {type: boolean, readOnly: true},
        more: {type: object, nullable: true},
        made_at: {type: string, readOnly: true}}},
      relationships: {type: object, properties: {
        me: {type: object, properties: {data: {type: object, properties: {type: {type: string, enum: [users]}, id: {type: string}}}}},
        parts: {type: object, properties: {data: {type: object, properties: {type: {type: string, enum: [api_things]}, id: {type: string}}}}}}}}}}}
    apiThingCreate: {required: [data], type: object, properties: {data: {type: object, required: [type], properties: {
      type: {type: string, enum: [api_things]},
      attributes: {type: object, required: [name], properties: {name: {type: string}, more: {type: object}}},
      relationships: {type: object, required: [me], properties: {
        me: {required: [data], type: object, properties: {data: {type: object, properties: {type: {type: string, enum: [users]}, id: {type: string}}}}}}}}}}}
    apiThingUpdate: {required: [data], type: object, properties: {data: {type: object, required: [type, id], properties: {
      type: {type: string, enum: [api_things]},
      id: {type: string},
      attributes: {type: object, properties: {size: {type: integer, nullable: true}, _enable: {type: boolean, nullable: false}}},
      relationships: {type: object, properties: {
        parts: {type: object, properties: {data: {type: object, properties: {type: {type: string, enum: [api_things]}, id: {type: string}}}}}}}}}}}
    apiThingResponse: {type: object, properties: {data: {type: object, properties: {
      id: {type: string}, type: {type: string, enum: [api_things]}, links: {type: object},
      attributes: {$ref: '#/components/schemas/apiThing/properties/data/properties/attributes'},
      relationships: {type: object, properties: {
        me: {type: object, properties: {links: {}, data: {type: object, properties: {type: {type: string, enum: [user]}, id: {type: string}}}}},
        parts: {type: object, properties: {links: {}, data: {type: object}}}}}}}}}
    apiThingResponseList: {type: object, properties: {data: {type: array, items: {$ref: '#/components/schemas/apiThingResponse'}}}}
    user: {type: object, properties: {data: {type: object, properties: {
      type: {type: string, enum: [users]}, attributes: {type: object, properties: {email: {type: string, nullable: false}}}}}}}
    userResponse: {type: object, properties: {data: {type: object, properties: {
      id: {type: string}, type: {type: string, enum: [users]},
      attributes: {$ref: '#/components/schemas/user/properties/data/properties/attributes'}, relationships: {type: object}}}}}
paths:
  /api_things:
    post: {operationId: a, tags: [api_things],
      requestBody: {required: true, content: {application/vnd.api+json: {schema: {$ref: '#/components/schemas/apiThingCreate'}}}},
      responses: {'201': {description: ok, content: {application/vnd.api+json: {schema: {$ref: '#/components/schemas/apiThingResponse'}}}}}}
    get: {tags: [api_things],
      responses: {'200': {content: {application/vnd.api+json: {schema: {$ref: '#/components/schemas/apiThingResponseList'}}}}}}
  /api_things/{thingId}:
    patch: {tags: [api_things], parameters: [{name: thingId, in: path, schema: {type: string}, required: true}],
      requestBody: {required: true, content: {application/vnd.api+json: {schema: {$ref: '#/components/schemas/apiThingUpdate'}}}},
      responses: {'200': {content: {application/vnd.api+json: {schema: {$ref: '#/components/schemas/apiThingResponse'}}}}}}
    delete: {tags: [api_things], parameters: [{name: thingId, in: path, schema: {type: string}, required: true}],
      responses: {'204': {description: gone}}}
  /api_things/{thingId}/me:
    get: {tags: [users, has_one], parameters: [{name: thingId, in: path, schema: {type: string}, required: true}], responses: {'200': {description: ok}}}
  /api_things/{thingId}/parts:
    get: {tags: [api_things, has_many], parameters: [{name: thingId, in: path, schema: {type: string}, required: true}], responses: {'200': {description: ok}}}
  /api_things/{thingId}/poke:
    patch: {tags: [api_things], parameters: [{name: thingId, in: path, schema: {type: string}, required: true}],
      requestBody: {content: {application/vnd.api+json: {schema: {type: object, properties: {data: {type: object, properties: {
        type: {type: string, enum: [api_things]}, id: {type: string},
        attributes: {type: object, properties: {how_hard: {type: integer, nullable: false}}}}}}}}}},
      responses: {'202': {description: ok, content: {}}}}
  /api_things/{thingId}/wake:
    post: {tags: [api_things], parameters: [{name: thingId, in: path, schema: {type: string}, required: true}],
      requestBody: {content: {application/vnd.api+json: {}}}, responses: {'202': {description: ok}}}
  /user:
    get: {tags: [user, singleton], parameters: [],
      responses: {'200': {content: {application/vnd.api+json: {schema: {$ref: '#/components/schemas/userResponse'}}}}}}
"##;

const IDL: &str = "\
api commercelayer version=1.0.15

op api_things.create api_things.create POST /x/api_things body=api_things.create -> api_things write

op api_things.list api_things.list GET /x/api_things -> api_things[] read

op api_things.update api_things.update PATCH /x/api_things/{id} body=api_things.update -> api_things write
  path id id string

op api_things.delete api_things.delete DELETE /x/api_things/{id} -> none write
  path id id string

op api_things.me api_things.me GET /x/api_things/{id}/me -> users read
  path id id string

op api_things.parts api_things.parts GET /x/api_things/{id}/parts -> api_things[] read
  path id id string

op api_things.poke api_things.poke PATCH /x/api_things/{id}/poke body=api_things.poke -> none write
  path id id string

op api_things.wake api_things.wake POST /x/api_things/{id}/wake body=api_things.wake -> none write
  path id id string

op user.retrieve user.retrieve GET /x/user -> users read

message api_things.poke Poke
  how_hard int32 required

message api_things.wake Wake

enum ApiThingState
  on
  off

resource api_things ApiThing
  name string create! secret
  state enum:ApiThingState sort
  size int32? update filter range=1,9
  ratio double
  is_big bool
  more struct? create
  made_at date
  _enable bool update trigger
  me -> users create!
  parts -> api_things[] update

resource users User singleton
  email string filter
";

const OVERLAY: &str = "\
# A comment.
base /x
date made_at
redact api_things name
sort api_things state
filter * size email
range api_things size 1,9
";

fn import(document: &str, overlay: &str) -> Result<Imported, String> {
    run(COMMERCE_LAYER, "d.json", document, &Api::default(), Facts { overlay, ..Facts::default() })
}

#[test]
fn a_document_of_a_json_api_becomes_resources() {
    let imported = import(DOCUMENT, OVERLAY).unwrap();
    assert_eq!(print(&imported.api), IDL);
    assert!(imported.notes.is_empty(), "{:?}", imported.notes);
}

#[test]
fn what_is_not_understood_is_refused_where_it_stands() {
    for (from, to, error) in [
        ("openapi: 3.0.1", "openapi: 3.1.0", "only OpenAPI 3.0 is known"),
        ("security: []", "security: []\nextra: 1", "`extra` is not known"),
        ("{type: number, readOnly: true}", "{type: file}", "type `file` is not known"),
        ("{type: number, readOnly: true}", "{type: number, format: x}", "`format` is not known"),
        (
            "properties: {size: {type: integer,",
            "properties: {size: {type: string,",
            "this type differs from that of the resource",
        ),
        (
            "properties: {size: {type: integer, nullable: true}",
            "properties: {size: {type: integer}",
            "this type differs",
        ),
        ("#/components/schemas/apiThing/properties", "#/components/schemas/user/properties", "expected `#/components"),
        ("tags: [users, has_one]", "tags: [users]", "expected the tag `has_many` or `has_one`"),
        ("/api_things/{thingId}/parts:", "/api_things/{thingId}/pieces:", "no such relationship"),
        ("/api_things/{thingId}/me:", "/api_things/{thingId}/me/me:", "a path of this form"),
        ("/api_things/{thingId}/me:", "/api_things/{otherId}/me:", "expected the parameter of the path"),
        ("{'204':", "{'200':", "expected the status 204"),
        ("apiThingUpdate'", "apiThingCreate'", "this is not api_things.update"),
        ("schemas/apiThingResponseList'}", "schemas/apiThingResponse'}", "expected the answer"),
        ("    delete: {", "    put: {", "a method of this kind"),
        ("      requestBody: {content: {application/vnd.api+json: {}}}, resp", "      resp", "a body is missing"),
        (
            "me: {type: object, properties: {links: {},",
            "you: {type: object, properties: {links: {},",
            "the answer has the relationships",
        ),
    ] {
        assert!(DOCUMENT.contains(from), "{from}");
        match import(&DOCUMENT.replacen(from, to, 1), "") {
            Ok(_) => panic!("accepted {to}"),
            Err(found) => assert!(found.starts_with("d.json: line ") && found.contains(error), "{to}: {found}"),
        }
    }
}

#[test]
fn an_overlay_is_applied_whole_or_says_what_does_not_fit() {
    let notes =
        import(DOCUMENT, "sort api_things name nothing\nfilter things name\nrange users size 1,2\n").unwrap().notes;
    assert_eq!(
        notes,
        [
            "api/commercelayer.overlay: line 1 does not match everything: sort api_things name nothing",
            "api/commercelayer.overlay: line 2 does not match everything: filter things name",
            "api/commercelayer.overlay: line 3 does not match everything: range users size 1,2",
        ]
    );
    for (overlay, error) in [
        ("base /x\nfoo bar", "line 2: not understood: foo bar"),
        ("range api_things size 1-2", "line 1: expected range=LEAST,GREATEST"),
    ] {
        let found = import(DOCUMENT, overlay).unwrap_err();
        assert!(found.starts_with(&format!("api/commercelayer.overlay: {error}")), "{found}");
    }
}

#[test]
fn an_import_says_what_changed() {
    let old = parse(IDL).unwrap();
    let new = IDL
        .replace("  name string create!", "  name string? create! update")
        .replace("  ratio double\n", "")
        .replace("  is_big bool\n", "  is_big bool\n  is_new bool\n")
        .replace("-> users create!", "-> users")
        .replace("User singleton", "User");
    let new = parse(&(new + "\nresource others Other\n")).unwrap();
    assert_eq!(
        changes::summary(&old, &new),
        "changed  attribute ApiThing.name: [string create! secret] -> [string? create! update secret]\n\
         added    attribute ApiThing.is_new: bool\n\
         removed  attribute ApiThing.ratio: double\n\
         changed  relationship ApiThing.me: [-> users create!] -> [-> users]\n\
         changed  resource User (users): singleton true -> false\n\
         added    resource Other (others), 0 attributes\n"
    );
    assert!(changes::summary(&new, &old).ends_with("removed  resource Other (others)\n"));
    assert_eq!(changes::summary(&old, &old), "");
}

#[test]
fn the_api_is_named_or_told_by_the_title() {
    assert_eq!(told_by_title(DOCUMENT).unwrap(), COMMERCE_LAYER);
    assert_eq!(told_by_title("openapi: 3.1.0\ninfo: {title: Another}").unwrap(), C1);
    assert_eq!(told_by_title("openapi: 3.1.0").unwrap(), C1);
    let parsed = |args: &str| {
        let args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
        Arguments::parse(&args).map(|parsed| (parsed.document.to_owned(), parsed.api, parsed.write))
    };
    let document = || "d.yaml".to_owned();
    assert_eq!(parsed("d.yaml"), Ok((document(), None, true)));
    assert_eq!(parsed("d.yaml --dry-run"), Ok((document(), None, false)));
    assert_eq!(parsed("d.yaml --api commercelayer --dry-run"), Ok((document(), Some(COMMERCE_LAYER), false)));
    for wrong in ["", "d.yaml --api", "d.yaml --api other", "d.yaml more", "d.yaml --api c1 --api c1"] {
        assert!(parsed(wrong).is_err_and(|error| error.starts_with("usage: ")), "{wrong}");
    }
}
