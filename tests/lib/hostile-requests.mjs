// Requests that no page of the application sends, for `conformance/proxy.mjs`. Each has a name and its differences from
// a good request.

/** The origin and the headers of a good request. */
export const ORIGIN = "https://app.example";
export const HEADERS = { origin: ORIGIN, "content-type": "application/json", "keyturn-proxy": "1" };

/**
 * Returns a request as a server has it. It is not a `Request`: a browser's class refuses half of what an attacker's own
 * program can send.
 */
export function requestOf({ method = "POST", url = `${ORIGIN}/keyturn`, headers = {}, body = "", signal } = {}) {
  const all = new Headers();
  for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) if (value !== undefined) all.set(name, value);
  const stream = body instanceof ReadableStream ? body : new Response(body).body;
  return { method, url, headers: all, body: stream, bodyUsed: false, signal };
}

const call = (operation, input) => JSON.stringify({ operation, input });
const nested = (depth, open, close) => `${open.repeat(depth)}${close.repeat(depth)}`;

/** Returns a stream of bytes that never ends. */
function endless() {
  const chunk = new TextEncoder().encode(`{"operation":"${"a".repeat(60_000)}`);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

/** Returns requests that are refused whatever they ask for. `good` is a body that would be answered. */
export function atTheGate(good) {
  const cases = [];
  const add = (name, parts) => cases.push([name, { body: good, ...parts }]);
  for (const method of [
    "GET",
    "HEAD",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "post",
    "POST2",
    "QUERY",
  ])
    add(`the method ${method}`, { method });
  for (const mark of [undefined, "", "0", "2", "11", "true", "1, 1", "answer"])
    add(`the mark ${mark}`, { headers: { "keyturn-proxy": mark } });
  for (const origin of [
    ...[
      undefined,
      "",
      "null",
      "https://evil.example",
      "http://app.example",
      "https://app.example:444",
      "https://app.example:443",
    ],
    ...[
      "https://app.example.evil.example",
      "https://evil-app.example",
      "https://a.app.example",
      "https://app.exampl",
      "https://APP.example",
    ],
    ...[
      "https://app.example/",
      "https://app.example/keyturn",
      "https://x@app.example",
      "app.example",
      "//app.example",
      "*",
    ],
    ...[
      "https://app.example, https://evil.example",
      "https://app.example https://app.example",
      "https://app.example%00.evil.example",
    ],
  ])
    add(`the origin ${origin}`, { headers: { origin } });
  for (const site of ["cross-site", "same-site", "none", "same-origin, cross-site", "", "SAME-ORIGIN"])
    add(`sent from ${site || "nowhere"}`, { headers: { "sec-fetch-site": site } });
  for (const type of [
    ...[
      undefined,
      "",
      "text/plain",
      "text/plain;charset=UTF-8",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ],
    ...[
      "text/json",
      "application/jsonp",
      "application/json-seq",
      "application/ld+json",
      "application/vnd.api+json",
      "application/octet-stream",
    ],
    ...[
      "application/json, text/plain",
      "application/json; charset=utf-16",
      "application/json; charset=utf-8; x=y",
      "*/*",
      "application/*",
      "json",
    ],
  ])
    add(`the content type ${type}`, { headers: { "content-type": type } });
  for (const encoding of ["gzip", "br", "deflate", "zstd", "compress", "x-gzip", "identity, gzip", "gzip, identity"])
    add(`the encoding ${encoding}`, { headers: { "content-encoding": encoding } });
  return cases;
}

/** Returns bodies that cannot be read, or can be read in more than one way. */
export function malformed(operation, input) {
  const id = JSON.stringify(operation);
  const good = JSON.stringify(input);
  const [[key, value]] = Object.entries(input);
  const utf16 = new Uint8Array([...call(operation, input)].flatMap((letter) => [letter.charCodeAt(0), 0]));
  const bytes = (text) => new TextEncoder().encode(text);
  const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const bodies = {
    nothing: "",
    "a blank": " ",
    "a word": "hello",
    null: "null",
    "a number": "1",
    "a text": id,
    "a list": `[{"operation":${id},"input":${good}}]`,
    "a form": `operation=${operation}`,
    "half of it": `{"operation":${id},"input":{`,
    "more than it": `{"operation":${id},"input":${good}}{}`,
    twice: `{"operation":${id},"input":${good}}\n{"operation":${id},"input":${good}}`,
    "a comma at the end": `{"operation":${id},"input":${good},}`,
    "a comment": `{"operation":${id},/* */"input":${good}}`,
    "single quotes": `{'operation':${id},"input":${good}}`,
    "names without quotes": `{operation:${id},"input":${good}}`,
    NaN: `{"operation":${id},"input":NaN}`,
    "a line break in a text": `{"operation":"a\nb"}`,
    "a byte order mark": `\ufeff{"operation":${id},"input":${good}}`,
    "UTF-16": utf16,
    "no UTF-8": joined(bytes(`{"operation":"`), [0xff, 0xfe], bytes(`","input":${good}}`)),
    "an overlong slash": joined(bytes(`{"operation":${id},"input":{"${key}":"`), [0xc0, 0xaf], bytes(`"}}`)),
    "half a character": joined(bytes(`{"operation":${id},"input":{"${key}":"`), [0xe2, 0x82], bytes(`"}}`)),
    "the operation twice": `{"operation":"c1.api.app.v1.Apps.Delete","operation":${id},"input":${good}}`,
    "the operation twice, once escaped": `{"operation":${id},"oper\\u0061tion":${id},"input":${good}}`,
    "the input twice": `{"operation":${id},"input":{},"input":${good}}`,
    "a field twice": `{"operation":${id},"input":{"${key}":"other","${key}":${JSON.stringify(value)}}}`,
    "a field twice, once escaped": `{"operation":${id},"input":{"${key}":${JSON.stringify(value)},"\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}":"other"}}`,
    "a field twice, deep down": `{"operation":${id},"input":{"a":[{"b":{"c":1,"d":2,"c":3}}]}}`,
    "__proto__ at the top": `{"operation":${id},"input":${good},"__proto__":{"operation":"x"}}`,
    "__proto__ as the input's": `{"operation":${id},"input":{"__proto__":${good}}}`,
    "__proto__, escaped": `{"operation":${id},"input":{"\\u005f_proto__":${good}}}`,
    "__proto__ deep down": `{"operation":${id},"input":{"a":[{"__proto__":{}}]}}`,
    constructor: `{"operation":${id},"input":{"constructor":{"prototype":{"polluted":true}}}}`,
    prototype: `{"operation":${id},"input":{"prototype":{}}}`,
    "65 objects in each other": `{"operation":${id},"input":${'{"a":'.repeat(64)}1${"}".repeat(64)}}`,
    "10000 lists in each other": `{"operation":${id},"input":{"a":${nested(10_000, "[", "]")}}}`,
    "100000 lists that are not closed": `{"operation":${id},"input":${"[".repeat(100_000)}`,
    "10000 objects in each other": `{"operation":${id},"input":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`,
    "a URL beside": `{"operation":${id},"input":${good},"url":"https://evil.example/"}`,
    "a path beside": `{"operation":${id},"input":${good},"path":"/api/v1/apps"}`,
    "a method beside": `{"operation":${id},"input":${good},"method":"DELETE"}`,
    "headers beside": `{"operation":${id},"input":${good},"headers":{"authorization":"Bearer x"}}`,
    "a base URL beside": `{"operation":${id},"input":${good},"serverURL":"https://evil.example"}`,
    "options beside": `{"operation":${id},"input":${good},"options":{"headers":{"host":"evil.example"}}}`,
    "a query beside": `{"operation":${id},"input":${good},"query":"?x=y"}`,
    "no operation": `{"input":${good}}`,
    "null as the operation": `{"operation":null,"input":${good}}`,
    "a number as the operation": `{"operation":0,"input":${good}}`,
    "a list as the operation": `{"operation":[${id}],"input":${good}}`,
    "an object as the operation": `{"operation":{"id":${id}},"input":${good}}`,
    "true as the operation": `{"operation":true,"input":${good}}`,
    "a text as the input": `{"operation":${id},"input":"${key}"}`,
    "a number as the input": `{"operation":${id},"input":7}`,
    "false as the input": `{"operation":${id},"input":false}`,
  };
  for (const mark of ["", "F", "C", "E", "N", "X", "Dyesterday", "D", "B***", "I1.5", "Ix"])
    bodies[`a text marked ${mark || "with nothing"}`] = call(operation, { [key]: `\0${mark}` });
  return Object.entries(bodies).map(([name, body]) => [`as the body ${name}`, { body }]);
}

/** Returns bodies that are too large for a proxy with a limit of 4096 bytes. */
export function oversize(operation) {
  const padded = (length) => call(operation, { id: "" }).replace('""', `"${"x".repeat(length)}"`);
  return [
    ["one byte too many", { body: padded(4097 - call(operation, { id: "" }).length) }],
    ["a megabyte", { body: padded(1 << 20) }],
    ["no end", { body: endless() }],
    ["the length of a gigabyte", { headers: { "content-length": String(1 << 30) }, body: call(operation, {}) }],
    ["no end, and the length of a byte", { headers: { "content-length": "1" }, body: endless() }],
    ["blanks", { body: `${" ".repeat(5000)}${call(operation, {})}` }],
  ];
}

/** Returns names of operations that are not allowed, or do not exist. */
export function otherOperations(allowed, secrets) {
  return [
    ...secrets,
    ...[
      "c1.api.app.v1.Apps.Delete",
      "c1.api.app.v1.Apps.Create",
      "c1.api.app.v1.Apps.Update",
      "c1.api.user.v1.UserService.List",
    ],
    ...[
      "api_credentials.list",
      "user.retrieve",
      "token",
      "*",
      "apps.*",
      "apps:read",
      "apps.list",
      "connector.rotateCredential",
    ],
    ...[
      "",
      " ",
      "0",
      "null",
      "undefined",
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "valueOf",
      "prototype",
    ],
    ...[
      ` ${allowed}`,
      `${allowed} `,
      `${allowed}\n`,
      `${allowed}\0`,
      `${allowed}.`,
      `.${allowed}`,
      `${allowed}/`,
      `${allowed}?x=y`,
    ],
    ...[
      `${allowed}#`,
      `${allowed}/../c1.api.app.v1.Apps.Delete`,
      `../${allowed}`,
      `%2e%2e/${allowed}`,
      allowed.toUpperCase(),
    ],
    ...[
      allowed.toLowerCase(),
      allowed.replaceAll(".", "/"),
      allowed.replace("a", "\u0430"),
      allowed.replaceAll(".", "\uff0e"),
    ],
    ...[
      "GET /api/v1/apps",
      "/api/v1/apps",
      "https://evil.example/api/v1/apps",
      "//evil.example/",
      "file:///etc/passwd",
      "auth/v1/token",
    ],
  ].map((operation) => [`the operation ${JSON.stringify(operation).slice(0, 60)}`, { body: call(operation, {}) }]);
}

/**
 * Returns inputs with ids that belong to somebody else, or with something that is not an id. `own` is the allowed id.
 */
export function otherIds(operation, own) {
  const wrong = [
    "",
    "other",
    ".",
    "..",
    "../other",
    "..%2fother",
    "%2e%2e",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    "a;b",
    "\0S",
    null,
    0,
    true,
    [],
    {},
  ];
  const cases = [];
  for (const key of Object.keys(own)) {
    for (const id of [
      ...wrong,
      ` ${own[key]}`,
      `${own[key]}/`,
      `${own[key]}/..`,
      own[key].toUpperCase() === own[key] ? "x" : own[key].toUpperCase(),
      [own[key]],
      { [own[key]]: 1 },
    ])
      cases.push([`${key} as ${JSON.stringify(id)}`, { body: call(operation, { ...own, [key]: id }) }]);
    const { [key]: _, ...rest } = own;
    cases.push([`no ${key}`, { body: call(operation, rest) }]);
  }
  cases.push(["an empty input", { body: call(operation, {}) }], ["no input", { body: JSON.stringify({ operation }) }]);
  for (const name of ["url", "path", "headers", "serverURL", "app_id", "AppId", "authorization", "host"])
    cases.push([`the field ${name} beside`, { body: call(operation, { ...own, [name]: "x" }) }]);
  return cases;
}

/**
 * Returns requests to Commerce Layer beyond what the application allows: credentials and their organizations, without
 * secrets.
 */
export function ofResources(id) {
  const list = (query) => call("api_credentials.list", { query });
  const bodies = {
    "roles included": list({ include: "role" }),
    "roles of organizations included": list({ include: "organization,organization.roles" }),
    "what is no relationship included": list({ include: "constructor" }),
    "a relationship of Object included": list({ include: "organization.toString" }),
    "a blank include": list({ include: " " }),
    "an include with a blank": list({ include: "organization, role" }),
    "the secret as a field": list({ "fields[api_credentials]": "name,client_secret" }),
    "the secret alone": list({ "fields[api_credentials]": "client_secret" }),
    "the secret of what is included": call("organizations.list", {
      query: { include: "api_credentials", "fields[api_credentials]": "client_secret" },
    }),
    "a filter by the secret": list({ "filter[q][client_secret_start]": "a" }),
    "a filter by a secret elsewhere": call("organizations.list", {
      query: { "filter[q][api_credentials_client_secret_start]": "a" },
    }),
    "the order of the secrets": list({ sort: "client_secret" }),
    "the order of the secrets, reversed": list({ sort: "-client_secret" }),
    "a parameter of nobody": list({ access_token: "x" }),
    "a parameter with a path": list({ "../../oauth/token": "x" }),
    "a parameter that is a list": list({ include: ["organization"] }),
    "a parameter that is a number": list({ "page[number]": 1 }),
    "a parameter that is an object": list({ fields: { api_credentials: "client_secret" } }),
    "half of a parameter": list({ "fields[api_credentials": "client_secret" }),
    "two parameters in one": list({ "fields[api_credentials]&fields[x]": "name" }),
    "a query that is a text": call("api_credentials.list", { query: "include=role" }),
    "a query that is a list": call("api_credentials.list", { query: [["include", "role"]] }),
    "a member of nobody": call("api_credentials.list", { query: {}, path: "/api/roles" }),
    "a document of another type": call("api_credentials.update", {
      id,
      document: { data: { type: "organizations", id } },
    }),
    "a document of another id": call("api_credentials.update", {
      id,
      document: { data: { type: "api_credentials", id: "other" } },
    }),
    "a document that is a list": call("api_credentials.update", { id, document: [] }),
    "data that is a list": call("api_credentials.create", { data: [] }),
    "an id that leads out": call("api_credentials.retrieve", { id: ".." }),
    "no id": call("api_credentials.retrieve", {}),
    "an empty id": call("api_credentials.retrieve", { id: "" }),
    "another group": call("roles.list", {}),
    "a relationship to another group": call("api_credentials.role", { id }),
    "a relationship that is not named": call("organizations.api_credentials", { id }),
    "what is not allowed": call("organizations.transfer_ownership", { id, document: { data: {} } }),
  };
  return Object.entries(bodies).map(([name, body]) => [name, { body }]);
}
