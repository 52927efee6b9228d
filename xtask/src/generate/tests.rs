use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use keyturn_api::text::parse;

use super::{docs::Docs, files};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn c1() -> HashMap<&'static str, String> {
    let api = parse(&read("api/c1.idl")).unwrap();
    files(&api, Docs::parse(&read("api/c1.docs"))).unwrap().into_iter().collect()
}

fn small(idl: &str, docs: &str) -> Result<HashMap<&'static str, String>, String> {
    Ok(files(&parse(idl).unwrap(), Docs::parse(docs))?.into_iter().collect())
}

/// Returns the text of `declaration` up to the line that closes it.
fn block<'a>(text: &'a str, declaration: &str) -> &'a str {
    let start = text.find(&format!("\n{declaration}")).map(|at| at + 1);
    let rest = text.get(start.unwrap_or(text.len())..).unwrap();
    let end = rest.find("\n};\n").map_or(rest.len(), |at| at + 4);
    // A declaration without fields closes on its own line.
    let line = rest.lines().next().unwrap_or_default();
    if line.ends_with("{};") { line } else { rest.get(..end).unwrap() }
}

#[test]
fn the_generated_surface_is_the_one_of_the_facts() {
    let files = c1();
    let facts = read("tests/facts/c1-surface.tsv");
    let classes: HashMap<&str, &str> = files["c1.ts"]
        .split("\nexport interface ")
        .skip(1)
        .map(|text| (text.split(' ').next().unwrap(), text))
        .collect();
    let groups = classes["Groups"];
    let list = files["c1.ts"].split("export const GROUPS =\n  \"").nth(1).unwrap().trim_end_matches("\";\n");
    let methods: Vec<(&str, &str)> = list
        .split('/')
        .flat_map(|line| line.split(' ').skip(1).map(move |method| (line.split(' ').next().unwrap(), method)))
        .collect();
    let api = parse(&read("api/c1.idl")).unwrap();
    let fields = api.messages.iter().flat_map(|m| m.fields.iter().map(|field| (m.key.as_str(), field)));
    let read_only: HashSet<(&str, &str)> =
        fields.filter(|(_, field)| field.read_only).map(|(key, field)| (key, field.name.as_str())).collect();
    let (mut operations, mut messages) = (0, 0);
    for line in facts.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        match columns.as_slice() {
            ["op", id, property, class, method, _, _, _, request, response, body, field] => {
                assert!(groups.contains(&format!("  readonly {property}: {class};")), "{property}");
                let start = classes[class].split(&format!("\n  {method}(")).nth(1);
                let signature = start.and_then(|rest| rest.lines().next());
                let signature = signature.unwrap_or_else(|| unreachable!("{class} has no {method}"));
                let place = api.operations.iter().position(|operation| operation.id == *id).unwrap();
                let (listed, marked) = methods[place];
                assert_eq!((listed, marked.trim_end_matches(['*', '-'])), (*class, *method), "{id}");
                assert_eq!(marked.contains('*'), signature.contains("): Paged<"), "{id}");
                assert_eq!(!marked.contains('-'), signature.starts_with("request"), "{id}");
                let answer = format!("<{response}");
                assert!(signature.contains(&answer), "{id}: {signature}");
                if !request.is_empty() {
                    let argument = format!(": {request}, options?: RequestOptions)");
                    assert!(signature.contains(&argument), "{id}: {signature}");
                }
                if !body.is_empty() {
                    let name = format!("export type {} ", request.trim_start_matches("operations."));
                    assert!(block(&files["operations.ts"], &name).contains(&format!("\n  {body}?: shared.")), "{id}");
                }
                let name = format!("export type {} ", response.trim_start_matches("operations."));
                assert!(block(&files["operations.ts"], &name).contains(&format!("\n  {field}?: shared.")), "{id}");
                operations += 1;
            }
            ["type", key, name, input, fields] => {
                let output = block(&files["models.ts"], &format!("export type {name} "));
                let twin = block(&files["models.ts"], &format!("export type {input} "));
                assert!(!output.is_empty() && twin.is_empty() == input.is_empty(), "{key}");
                for field in fields.split(',').filter(|field| !field.is_empty()) {
                    let field = field.split('=').next_back().unwrap();
                    let has = |text: &str| ["?: ", ": "].iter().any(|end| text.contains(&format!("\n  {field}{end}")));
                    // Read-only fields are left out of a twin and of a message that only requests use.
                    let sent = !read_only.contains(&(*key, field));
                    assert!(has(output) || !sent, "{key}.{field}");
                    assert!(input.is_empty() || has(twin) == sent, "{key}.{field} of {input}");
                }
                messages += 1;
            }
            _ => unreachable!("{line}"),
        }
    }
    assert_eq!((operations, messages), (638, 1955));
}

#[test]
fn generating_twice_gives_the_same_text() {
    assert_eq!(c1(), c1());
}

const SMALL: &str = "\
api t
op t.Get Thing.Get GET /things/{thing_id} -> t.Thing read deprecated stability=beta
  path thing_id thingId int64
op t.List Thing.List GET /things -> t.ListResponse read page=query,pageToken,nextPageToken,list
  query page_token pageToken string added
op t.Make Thing.Make POST /things body=t.Thing -> t.Thing secret
op t.Set Thing.Set PUT /things/{id} body=t.SetRequest -> t.Thing write
  path id id string
op t.Ping Ping.Ping GET /ping -> t.Empty read
message t.Thing Thing input=ThingInput
  id string read-only
  at date?
  state list<enum:State>?
  extra list<any>? type=Extra
  none empty? type=None
  by-name map<bytes> deprecated
  child msg:t.Thing?
message t.SetRequest SetRequest
  mask string? required
  thing msg:t.Thing?
  seen date? read-only
message t.ListResponse ListResponse
  list list<msg:t.Thing>?
  nextPageToken string
message t.Empty Empty
enum State
  STATE_ON
  2nd
";

#[test]
fn methods_say_what_they_do_and_return() {
    let files = small(SMALL, "thing  Things.\nthing.make  Makes one.\nThing  A thing.\nThing.at  When.\n").unwrap();
    let c1 = &files["c1.ts"];
    for text in [
        "/**\n * Things.\n *\n * Operations of the group `Thing`.\n */\nexport interface Thing {\n",
        "   * `GET /things/{thing_id}` Read: retried. Stability: beta.\n   *\n   * @deprecated\n",
        "  get(request: operations.TGetRequest, options?: RequestOptions): Call<operations.TGetResponse>;\n",
        "  list(request?: operations.TListRequest, options?: RequestOptions): Paged<operations.TListResponse, shared.Thing>;\n",
        "   * Makes one.\n   *\n   * `POST /things` Answers with a secret that is shown once: never retried once it may have arrived.\n",
        "  make(request?: shared.ThingInput, options?: RequestOptions): Call<operations.TMakeResponse>;\n",
        "  ping(options?: RequestOptions): Call<operations.TPingResponse>;\n",
        "  /** Things. */\n  readonly thing: Thing;\n",
        "\nexport const GROUPS =\n  \"Thing get list* make set/Ping ping-\";\n",
    ] {
        assert!(c1.contains(text), "missing: {text}\n{c1}");
    }
}

#[test]
fn types_say_what_is_sent_and_what_is_received() {
    let files = small(SMALL, "Thing.at  When.\n").unwrap();
    assert_eq!(
        block(&files["models.ts"], "export type Thing "),
        "export type Thing = {\n  id?: string | undefined;\n  /** When. */\n  at?: Date | null | undefined;\n  \
         state?: Array<enums.State> | null | undefined;\n  extra?: Array<Extra> | null | undefined;\n  \
         none?: None | null | undefined;\n  /** @deprecated */\n  \"by-name\"?: { [key: string]: string } | undefined;\n  \
         child?: Thing | null | undefined;\n};\n"
    );
    let input = block(&files["models.ts"], "export type ThingInput ");
    assert!(!input.contains(" id?") && input.contains("  child?: ThingInput | null"), "{input}");
    // Only requests use it, so it has no twin and no read-only field, and required fields are required.
    assert_eq!(
        block(&files["models.ts"], "export type SetRequest "),
        "export type SetRequest = {\n  mask: string | null;\n  thing?: ThingInput | null | undefined;\n};\n"
    );
    assert_eq!(block(&files["models.ts"], "export type Empty "), "export type Empty = {};");
    assert!(files["models.ts"].contains("export type Extra = AnyMessage;\n"));
    assert_eq!(
        block(&files["operations.ts"], "export type TSetRequest "),
        "export type TSetRequest = {\n  id: string;\n  setRequest?: shared.SetRequest | null | undefined;\n};\n"
    );
    assert_eq!(
        block(&files["operations.ts"], "export type TSetResponse "),
        "export type TSetResponse = Envelope & {\n  thing?: shared.Thing | undefined;\n};\n"
    );
    assert!(files["enums.ts"].contains(
        "export const State = {\n  StateOn: \"STATE_ON\",\n  \"2nd\": \"2nd\",\n} as const;\nexport type State = OpenEnum<typeof State>;\n"
    ));
}

#[test]
fn a_comment_on_nothing_is_refused() {
    assert_eq!(small(SMALL, "Thing.gone  Text.\nthing.gone  Text.").unwrap_err(), "there is no Thing.gone, thing.gone");
}

#[test]
fn operations_that_are_not_in_order_are_refused() {
    let apart = SMALL
        .replace("op t.Ping Ping.Ping", "op t.Ping Thing.Ping")
        .replace("op t.Make Thing.Make", "op t.Make Ping.Make");
    assert!(small(&apart, "").unwrap_err().contains("are not adjacent"));
}
