// The facts about the API that the suites check every operation against. Kinds come from the API's description, names from
// the committed list of the client's surface: neither is asked of the code under test.

/**
 * @typedef {{ wire: string, name: string, kind: string, ref: string, shape: "one" | "list" | "map", readOnly: boolean, required: boolean }} Field
 * @typedef {object} Operation
 * @property {string} id
 * @property {string} property of the client
 * @property {string} method
 * @property {string} verb
 * @property {string} path with `{wire}` parameters
 * @property {{ place: "path" | "query", wire: string, name: string, kind: string }[]} params
 * @property {string | undefined} body its message
 * @property {string} bodyField its name beside parameters; empty if the body is the whole request
 * @property {string} response its message
 * @property {string} responseField
 * @property {"read" | "write" | "secret"} effect
 * @property {{ place: string, tokenIn: string, tokenOut: string, items: string } | undefined} paging
 */

/**
 * @param {string} idl the text of `api/c1.idl`
 * @param {string} surface the text of `tests/facts/c1-surface.tsv`
 * @returns {{ operations: Operation[], messages: Map<string, Field[]>, enums: Map<string, string[]> }}
 */
export function readFacts(idl, surface) {
  const names = { op: new Map(), type: new Map() };
  for (const line of surface.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [what, key, ...cells] = line.split("\t");
    names[what].set(key, cells);
  }
  const facts = { operations: [], messages: new Map(), enums: new Map() };
  let take = () => {};
  for (const line of idl.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const words = line.trim().split(" ").map(decodeURIComponent);
    if (line.startsWith("  ")) {
      take(words);
    } else if (words[0] === "op") {
      const operation = operationOf(words, names.op.get(words[1]));
      facts.operations.push(operation);
      take = ([place, wire, name, kind]) => operation.params.push({ place, wire, name, kind: kind.split(":")[0] });
    } else if (words[0] === "message") {
      const fields = [];
      const jsNames = new Map((names.type.get(words[1])[2] ?? "").split(",").map((name) => name.split("=")));
      facts.messages.set(words[1], fields);
      // What only release 1.2.2 of the official SDK has is not of this API any more.
      take = (words) => words.includes("gone") || fields.push(fieldOf(words, jsNames));
    } else if (words[0] === "enum") {
      const values = [];
      facts.enums.set(words[1], values);
      take = ([value]) => values.push(value);
    }
  }
  return facts;
}

function operationOf(words, [property, , method, , verb, path, , , bodyField, responseField]) {
  const option = (name) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const [place, tokenIn, tokenOut, items] = option("page")?.split(",") ?? [];
  return {
    id: words[1],
    property,
    method,
    verb,
    path,
    params: [],
    body: option("body"),
    bodyField,
    response: words[words.indexOf("->") + 1],
    responseField,
    effect: words[words.indexOf("->") + 2],
    paging: place && { place, tokenIn, tokenOut, items },
  };
}

function fieldOf([wire, type, ...flags], jsNames) {
  const [, shape = "one", kind, ref] = /^(?:(list|map)<)?([a-z0-9]+):?([^>?]*)>?\??$/.exec(type);
  if (!jsNames.has(wire)) throw new Error(`the surface has no name for ${wire}`);
  return {
    wire,
    name: jsNames.get(wire) ?? wire,
    kind,
    ref,
    shape,
    readOnly: flags.includes("read-only"),
    required: flags.includes("required"),
  };
}
