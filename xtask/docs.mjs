// `npm run docs`: writes the documentation as static pages to target/site: the Markdown files as guides, a page for
// each group of C1's operations and each resource of Commerce Layer from the facts in api/, and the entries'
// declarations with their comments. The pages need no server and load nothing from other origins. A broken link, or an
// example that does not compile, is an error.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { deflateRawSync } from "node:zlib";
import { marked } from "marked";
import { drive, isMain, output, root, run, StepError, say } from "./steps.mjs";
import { entries, surface } from "./surface.mjs";

const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'";

/** The Markdown files that become guides, in the order of the navigation. The decisions are appended. */
const GUIDES = [
  ["README.md", "Keyturn"],
  ["docs/client.md", "Options, retries, errors"],
  ["docs/lifecycle.md", "Rotate without an outage"],
  ["docs/cli.md", "The command line"],
  ["docs/cli-api.md", "Any operation by command"],
  ["docs/fleet.md", "A fleet of workers"],
  ["docs/authentication.md", "Authentication to C1"],
  ["docs/commercelayer.md", "Commerce Layer"],
  ["docs/commercelayer-auth.md", "Authentication to Commerce Layer"],
  ["docs/proxy.md", "From a page"],
  ["docs/elements.md", "Elements for admin pages"],
  ["docs/sandbox.md", "The sandbox tenant"],
  ["docs/migration.md", "From the official SDK"],
  ["docs/runtimes.md", "Where it runs"],
  ["docs/network.md", "Proxies and certificates"],
  ["SECURITY.md", "Security"],
  ["CHANGELOG.md", "Changelog"],
  ["CONTRIBUTING.md", "Contributing"],
  ["docs/releasing.md", "Releasing"],
  ["docs/decisions/README.md", "Decisions"],
];

const EFFECTS = {
  read: "Read: sent again after 429, 5xx, 408, a lost answer or a lost connection.",
  write: "Change: sent again only if the server certainly did not act.",
  secret: "Issues a secret that is shown once: never sent again once it may have arrived.",
};

export const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char]);

const code = (text) => `<code>${escaped(text)}</code>`;
const inline = (text) => marked.parseInline(text ?? "");

/** Returns the id of a heading, in GitHub's format. */
export function slug(text) {
  return text
    .toLowerCase()
    .replace(/<[^>]+>|&\w+;|[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

/** Returns the path of a Markdown file's page. */
const pageOf = (file) =>
  file === "README.md" ? "index.html" : file.replace(/README\.md$/, "index.md").replace(/\.md$/, ".html");

/**
 * Returns all pages, by their paths.
 * @param {object} facts the output of `cargo xtask reference`
 * @param {Map<string, string>} declarations the text of each entry
 * @returns {Map<string, { title: string, kind: string, body: string, search: [title: string, kind: string, anchor:
 * string, text: string][] }>}
 */
export function pages(facts, declarations, files = markdownFiles()) {
  const all = new Map();
  for (const [file, text] of files) all.set(pageOf(file), guide(file, text, files));
  all.set("reference/index.html", overview(facts, declarations));
  for (const group of facts.c1.groups) all.set(`reference/c1/${group.name}.html`, groupPage(group, typesOf(facts)));
  for (const [letter, page] of typePages(facts)) all.set(`reference/c1/types-${letter}.html`, page);
  for (const resource of facts.commercelayer.resources)
    all.set(`reference/commercelayer/${resource.name}.html`, resourcePage(resource, facts.commercelayer.resources));
  for (const [name, text] of declarations) all.set(`reference/entries/${name}.html`, entryPage(name, text));
  return all;
}

/** The entries that export the same as another one. Their names are found in that one. */
const VARIANT = /(?:^|-)(?:slim|workerd)$/;

const ENTRIES = entries();

/** Returns what a program imports to get an entry. */
const specifierOf = (name) => ENTRIES.get(name)?.specifier ?? name;

/** Returns the page of an entry: its declarations with their comments. Each has an anchor, and is found by its name. */
function entryPage(name, text) {
  const specifier = specifierOf(name);
  const search = [[specifier, "entry", "", ""]];
  const anchors = new Set();
  // The first line is for readers of the file in `tests/surface`.
  const readable = text.replace(/^#.*\n+/, "").replace(/\{@link ([^}]+)\}/g, "`$1`");
  const declaration = /^((?:abstract )?(class|const|enum|function|interface|type) )([A-Za-z_$][\w$]*)/gm;
  const shown = escaped(readable);
  const end = shown.indexOf("# Not exported here");
  const contents = [];
  const anchored = shown.replace(declaration, (whole, before, kind, declared, at) => {
    // A function with several signatures has one anchor.
    if (anchors.has(declared)) return whole;
    anchors.add(declared);
    if (end < 0 || at < end) contents.push(`<li><a href="#${declared}">${code(declared)}</a></li>`);
    if (!VARIANT.test(name)) search.push([declared, `${kind} of ${specifier}`, `#${declared}`, ""]);
    return `${before}<span id="${declared}">${declared}</span>`;
  });
  const body = `<h1>${code(specifier)}</h1><ul class="columns">${contents.join("")}</ul><p>The exports, as the compiler sees them.</p><pre class="declarations"><code>${anchored}</code></pre>`;
  return { title: specifier, kind: "entry", body, search };
}

function markdownFiles() {
  const decisions = readdirSync(join(root, "docs/decisions")).filter((name) => name !== "README.md");
  const names = [...GUIDES.map(([file]) => file), ...decisions.sort().map((name) => `docs/decisions/${name}`)];
  return new Map(names.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

/** Returns the text of each section, without Markdown's marks, for the search. */
function sections(text) {
  const found = [];
  for (const { type, raw } of marked.lexer(text)) {
    if (type === "heading") found.push("");
    else if (found.length > 0) found.push(`${found.pop()} ${raw}`);
  }
  const plain = (raw) => raw.replace(/\]\([^)]*\)|^[|: -]+$|[`*[\]|]/gm, " ").replace(/\s+/g, " ");
  return found.map((raw) => plain(raw).trim());
}

function guide(file, text, files) {
  const search = [];
  const texts = sections(text);
  const title = /^# (.*)$/m.exec(text)?.[1].replaceAll("`", "") ?? file;
  const page = pageOf(file);
  const used = new Map();
  const renderer = new marked.Renderer();
  renderer.heading = (html, level, raw) => {
    const plain = raw.replaceAll("`", "");
    const name = slug(plain);
    const times = used.get(name) ?? 0;
    used.set(name, times + 1);
    const id = times === 0 ? name : `${name}-${times}`;
    const kind = level === 1 ? "guide" : `in ${title}`;
    search.push([plain, kind, level === 1 ? "" : `#${id}`, texts[search.length] ?? ""]);
    return `<h${level} id="${id}">${html}</h${level}>\n`;
  };
  renderer.link = (href, _title, html) => {
    const [path, anchor] = href.split("#");
    if (/^https?:/.test(href) || path === "") return `<a href="${escaped(href)}">${html}</a>`;
    const target = posix.normalize(posix.join(posix.dirname(file), path));
    // Files that are not guides exist only in the repository, not on the site.
    if (!files.has(target) && existsSync(join(root, target))) return html;
    const to = posix.relative(posix.dirname(page), pageOf(target));
    return `<a href="${escaped(to)}${anchor === undefined ? "" : `#${anchor}`}">${html}</a>`;
  };
  renderer.table = (head, body) =>
    `<div class="scroll" tabindex="0"><table><thead>${head}</thead><tbody>${body}</tbody></table></div>`;
  const body = marked.parse(text, { renderer });
  return { title, kind: "guide", body, search };
}

function overview({ c1, commercelayer }, declarations) {
  const list = (items) => `<ul class="columns">${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
  const link = (to, name) => `<a href="${to}">${code(name)}</a>`;
  const letters = [...typePages({ c1 }).keys()];
  const sorted = (pages) => pages.map(({ name }) => name).sort((one, other) => one.localeCompare(other, "en"));
  const specifiers = [...declarations.keys()]
    .map((name) => [specifierOf(name), name])
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const count = (groups) => groups.reduce((sum, { operations }) => sum + operations.length, 0);
  const body = `<h1>Reference</h1>
<h2 id="entries">Entries of the package</h2>${list(specifiers.map(([specifier, name]) => link(`entries/${name}.html`, specifier)))}
<h2 id="c1">C1: ${c1.groups.length} groups, ${count(c1.groups)} operations</h2>${list(sorted(c1.groups).map((name) => link(`c1/${name}.html`, name)))}
<h2 id="types">C1: ${c1.types.length} types</h2><p>${letters.map((letter) => `<a href="c1/types-${letter}.html">${letter.toUpperCase()}</a>`).join(" ")}</p>
<h2 id="commercelayer">Commerce Layer: ${commercelayer.resources.length} resources, ${count(commercelayer.resources)} operations</h2>
${list(sorted(commercelayer.resources).map((name) => link(`commercelayer/${name}.html`, name)))}`;
  return { title: "Reference", kind: "reference", body, search: [["Reference", "reference", "", ""]] };
}

/** Returns every type and enumeration of C1, by each of its names. */
function typesOf({ c1 }) {
  const all = new Map();
  for (const type of [...c1.types, ...c1.enums])
    for (const name of [type.name, type.input]) if (name) all.set(name, { ...type, page: pageOfType(type.name) });
  return all;
}

const pageOfType = (name) => `types-${name[0].toLowerCase()}.html#${name}`;

/** Returns a type with links to the types that it names. */
function linked(type, types) {
  return escaped(type).replace(/[A-Z]\w*/g, (name) =>
    types.has(name) ? `<a href="${types.get(name).page}">${name}</a>` : name,
  );
}

function fieldTable(fields, types, columns = []) {
  if (fields.length === 0) return "<p>None.</p>";
  const notes = ({ required, nullable, readOnly, deprecated, secret }) =>
    [
      required && "required",
      nullable && "can be null",
      readOnly && "set by the server",
      deprecated && "deprecated",
      secret && '<span class="secret">secret</span>',
    ]
      .filter(Boolean)
      .join(", ");
  const head = ["field", "type", ...columns, "notes"].map((name) => `<th scope="col">${name}</th>`).join("");
  const rows = fields.map(
    (field) =>
      `<tr><td>${code(field.name)}</td><td><code>${linked(field.type, types)}</code></td>${columns
        .map((column) => `<td>${escaped(field[column] ?? "")}</td>`)
        .join("")}<td>${[notes(field), inline(field.about)].filter(Boolean).join(". ")}</td></tr>`,
  );
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** The path of the playground on the site. It is built with the console. */
const PLAYGROUND = "playground/index.html";

/** The code that precedes the examples of an API to make them programs. */
const BEGINNINGS = {
  c1: 'import { ConductorOne } from "keyturn";\n\nconst c1 = ConductorOne.fromEnv(); // the variables of the sandbox tenant\n',
  commercelayer: `import CommerceLayerProvisioning, { clientCredentials } from "keyturn/commercelayer";

const { COMMERCELAYER_CLIENT_ID: clientId, COMMERCELAYER_CLIENT_SECRET: clientSecret } = process.env;
const credentials = clientCredentials({ clientId, clientSecret });
const cl = CommerceLayerProvisioning({ credentials, serverURL: process.env.COMMERCELAYER_SERVER_URL });
`,
};

/** Returns the program of an example, which the playground opens. */
export const programOf = (api, text) => `${BEGINNINGS[api]}${text}\n`;

/** Returns an example, with a link that opens its program in the playground. */
function example(text, api) {
  // `www/playground/src/link.ts` reads this.
  const program = deflateRawSync(programOf(api, text)).toString("base64url");
  const link = `../../${PLAYGROUND}#program=${program}`;
  return `<pre><code>${escaped(text)}</code></pre><p><a href="${link}">Try it in the playground</a></p>`;
}

/** Returns a description of the possible errors, which are the same for all operations with an effect. */
function errors(effect) {
  const unknown = {
    read: "Nothing has changed, whatever the error is.",
    write: "If <code>outcome</code> is <code>unknown</code>, it may have happened: look before you call again.",
    secret:
      "An answer that is lost or unreadable is an <code>OutcomeUnknownError</code>: look for the new secret and revoke it before you call again.",
  };
  return `<p>${unknown[effect]} All errors: <a href="../../docs/client.html#errors">Errors</a>; when a call is sent again: <a href="../../docs/client.html#retries">Retries</a>.</p>`;
}

function groupPage(group, types) {
  const search = [[group.name, "group of C1", "", group.about]];
  const operations = group.operations.map((operation) => {
    const { name, about, method, path, effect, stability, deprecated, request, paging, answer } = operation;
    search.push([`${group.name}.${name}`, `${method} ${path}`, `#${name}`, about]);
    const facts = [
      `${method} ${path}`,
      ...(stability && stability !== "stable" ? [`stability: ${stability}`] : []),
      ...(deprecated ? ["deprecated"] : []),
    ];
    const body = answer
      ? `<p>The envelope has ${code(answer.field)}, a ${`<code>${linked(answer.type, types)}</code>`}:</p>${fieldTable(types.get(answer.type)?.fields ?? [], types)}`
      : "<p>None.</p>";
    const pages = paging
      ? `<h3>Paging</h3><p>A call is an async iterable of every item (<code>${linked(paging.type, types)}</code>), and a promise of the first page. Items are in ${code(paging.items)}, the next page's token in ${code(paging.tokenOut)}; it is sent as ${code(paging.tokenIn)}.</p>`
      : "";
    return `<section><h2 id="${name}">${code(name)}</h2><p>${inline(about)}</p><p class="facts">${facts.map(code).join(" · ")}</p>
<p${effect === "secret" ? ' class="secret"' : ""}>${EFFECTS[effect]}</p>${example(operation.example, "c1")}
<h3>Request</h3>${fieldTable(request, types, ["place"])}<h3>Answer</h3>${body}${pages}<h3>Errors</h3>${errors(effect)}</section>`;
  });
  const contents = group.operations.map(({ name }) => `<li><a href="#${name}">${code(name)}</a></li>`).join("");
  const body = `<h1>${code(`c1.${group.name}`)}</h1><p>${inline(group.about)}</p><ul class="columns">${contents}</ul>${operations.join("\n")}`;
  return { title: `c1.${group.name}`, kind: "reference", body, search };
}

function typePages({ c1 }) {
  const types = typesOf({ c1 });
  const letters = new Map();
  const all = [...c1.types, ...c1.enums].sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const type of all) {
    const letter = type.name[0].toLowerCase();
    const page = letters.get(letter) ?? {
      title: `Types: ${letter.toUpperCase()}`,
      kind: "types",
      body: "",
      search: [],
    };
    page.body ||= `<h1>${page.title}</h1>`;
    const content = type.values
      ? `<p>An open enumeration: ${type.values.map(code).join(", ")}.</p>`
      : fieldTable(type.fields, types);
    const input = type.input ? `<p>In requests: ${code(type.input)}, without the fields that the server sets.</p>` : "";
    page.body += `<section><h2 id="${type.name}">${code(type.name)}</h2><p>${inline(type.about)}</p>${input}${content}</section>`;
    page.search.push([type.name, "type of C1", `#${type.name}`, ""]);
    letters.set(letter, page);
  }
  return letters;
}

function resourcePage(resource, resources) {
  const search = [[resource.name, "resource of Commerce Layer", "", resource.about]];
  const of = (key) => {
    const found = resources.find((other) => other.key === key);
    return found ? `<a href="${found.name}.html">${code(key)}</a>` : code(key);
  };
  const operations = resource.operations.map(({ name, about, method, path, effect, answer, example: text }) => {
    search.push([`${resource.name}.${name}`, `${method} ${path}`, `#${name}`, about]);
    const result = answer ? `${answer.many ? "A list of " : ""}${of(answer.type)}` : "Nothing";
    const paging = answer?.many
      ? "<p>Paging: an awaited list is one page; <code>for await</code> over <code>list()</code> takes every item.</p>"
      : "";
    return `<section><h2 id="${name}">${code(name)}</h2><p>${inline(about)}</p><p class="facts">${code(`${method} ${path}`)}</p><p>${EFFECTS[effect]}</p>${example(text, "commercelayer")}
<h3>Answer</h3><p>${result}.</p>${paging}<h3>Errors</h3>${errors(effect)}</section>`;
  });
  const mark = (set) => (set.length > 0 ? set.join(", ") : "set by the server");
  const rows = [
    ...resource.attributes.map((one) => [
      code(one.name),
      code(one.trigger ? "trigger" : one.type),
      mark(one.set),
      [
        one.secret && '<span class="secret">secret</span>',
        one.nullable && "can be null",
        one.range && `${one.range[0]} to ${one.range[1]}`,
        one.sort && "sort",
        one.filter && "filter",
      ]
        .filter(Boolean)
        .join(", "),
      inline(one.about),
    ]),
    ...resource.relationships.map((one) => [
      code(one.name),
      `${one.many ? "list of " : ""}${of(one.target)}`,
      mark(one.set),
      "relationship",
      "",
    ]),
  ];
  const table = `<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">field</th><th scope="col">type</th><th scope="col">sent with</th><th scope="col">notes</th><th scope="col">meaning</th></tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`)
    .join("")}</tbody></table></div>`;
  const body = `<h1>${code(`cl.${resource.name}`)}</h1><p>${inline(resource.about)}</p><h2 id="fields">Fields</h2>${table}${operations.join("\n")}`;
  return { title: `cl.${resource.name}`, kind: "reference", body, search };
}

/** Returns a page with the frame of the site. */
export function framed(path, { title, body }) {
  const to = (target) => posix.relative(posix.dirname(path), target) || posix.basename(target);
  const item = (target, name) =>
    `<li><a href="${to(target)}"${target === path ? ' aria-current="page"' : ""}>${escaped(name)}</a></li>`;
  const base = posix.relative(posix.dirname(path), ".");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}${title === "Keyturn" ? "" : " · Keyturn"}</title>
<link rel="stylesheet" href="${to("style.css")}">
<script src="${to("search.js")}" defer></script>
<script src="${to("site.js")}" data-base="${base === "" ? "" : `${base}/`}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><strong><a href="${to("index.html")}">Keyturn</a></strong>
<div class="search" role="search"><input id="search" type="search" aria-label="Search the documentation" placeholder="Search"><ol id="found" hidden></ol><span id="status" role="status" class="skip"></span></div>
<button id="theme" type="button" hidden>Light or dark</button></header>
<div class="frame">
<nav aria-label="Documentation"><h2>Guides</h2><ul>${GUIDES.map(([file, name]) => item(pageOf(file), name)).join("")}</ul>
<h2>Reference</h2><ul>${item("reference/index.html", "All entries, groups and resources")}</ul>
<h2>Try</h2><ul>${item(PLAYGROUND, "Playground")}</ul></nav>
<main id="content">
${body}
</main>
</div>
</body>
</html>
`;
}

/** Returns broken links, and the resources that a page would load from other origins. */
export function broken(texts) {
  const ids = new Map(
    [...texts].map(([path, text]) => [path, new Set([...text.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]))]),
  );
  const known = new Set([...texts.keys(), "style.css", "site.js", "search.js", PLAYGROUND]);
  const found = [];
  for (const [path, text] of texts) {
    for (const [, href] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (/^https?:/.test(href)) continue;
      const [file, anchor] = href.split("#");
      const target = file === "" ? path : posix.normalize(posix.join(posix.dirname(path), file));
      if (!known.has(target)) found.push(`${path}: ${href} leads nowhere`);
      else if (anchor && target !== PLAYGROUND && !ids.get(target)?.has(decodeURIComponent(anchor)))
        found.push(`${path}: ${href} is a broken link`);
    }
    for (const [tag] of text.matchAll(/<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?\/\/[^>]*>/g))
      found.push(`${path}: loads from elsewhere: ${tag}`);
  }
  return found;
}

/** Compiles the examples. Returns the compiler's output, or an empty text. */
export function misfits(facts, folder = join(root, "target/site-examples")) {
  const wrap = (name, client, text) => `export async function ${name}(${client}) {\n${text.replace(/^/gm, "  ")}\n}\n`;
  const from = (groups, client) =>
    groups.flatMap(({ name, operations }) =>
      operations.map((one) => wrap(`${client.split(":")[0]}_${name}_${one.name}`, client, one.example)),
    );
  const text = [
    'import type { ConductorOne } from "keyturn";\nimport type { CommerceLayerProvisioningClient } from "keyturn/commercelayer";\n',
    ...from(facts.c1.groups, "c1: ConductorOne"),
    ...from(facts.commercelayer.resources, "cl: CommerceLayerProvisioningClient"),
  ].join("\n");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "examples.ts"), text);
  const dist = relative(folder, join(root, "pkg/dist/esm")).replaceAll("\\", "/");
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["es2023", "dom", "dom.iterable"],
    types: [],
    skipLibCheck: true,
    paths: { keyturn: [`./${dist}/index.d.ts`], "keyturn/commercelayer": [`./${dist}/commercelayer/index.d.ts`] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["examples.ts"] }));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "--project", folder],
    { encoding: "utf8" },
  );
  return status === 0 ? "" : stdout || "the compiler failed";
}

/** Returns the output of `cargo xtask reference`. */
export function reference() {
  const json = output("cargo", ["xtask", "reference"]);
  if (json === undefined) throw new StepError("`cargo xtask reference` fails");
  return JSON.parse(json);
}

/** Builds the site. */
export function build(folder = join(root, "target/site")) {
  const facts = reference();
  const wrong = misfits(facts);
  if (wrong !== "") throw new StepError(`an example of the reference does not compile:\n${wrong}`);
  const all = pages(facts, surface(join(root, "pkg/dist/esm"), { comments: true }));
  const texts = new Map([...all].map(([path, page]) => [path, framed(path, page)]));
  const dead = broken(texts);
  if (dead.length > 0) throw new StepError(dead.join("\n"));
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  cpSync(join(root, "www/dist/playground"), join(folder, dirname(PLAYGROUND)), { recursive: true });
  for (const file of ["style.css", "site.js"]) cpSync(join(root, "docs/site", file), join(folder, file));
  const entries = [...all].flatMap(([path, { search }]) =>
    search.map(([title, kind, anchor, text]) => [title, kind, path + anchor, text]),
  );
  writeFileSync(join(folder, "search.js"), `globalThis.searchIndex = ${JSON.stringify(entries)};\n`);
  return { folder, pages: texts.size, entries: entries.length };
}

if (isMain(import.meta.url)) {
  await drive(async () => {
    const { setUp } = await import("./setup.mjs");
    await setUp();
    run("cargo", ["xtask", "build"]);
    const { folder, pages } = build();
    say(`${pages} pages: open ${relative(root, folder)}/index.html`);
  });
}
