// `npm run size`: measures everything that a page or a server loads. Prints a table, writes pkg/size.json, and fails if
// a size exceeds its budget in pkg/size-budget.json.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { drive, isMain, root, StepError } from "./steps.mjs";

const dist = join(root, "pkg/dist");

/** The bundles to measure, each of an application that only creates a client, and the entry that it imports. */
const BUNDLES = [
  { name: "default entry, bundled", from: "keyturn", files: [] },
  // esbuild escapes characters beyond ASCII by default; Vite, Rollup and webpack keep them.
  { name: "default entry, bundled to ASCII", from: "keyturn", files: [], charset: "ascii" },
  { name: "slim entry, bundled, and core.wasm", from: "keyturn/slim", files: ["core.wasm"] },
  { name: "compat entry, bundled", from: "keyturn/compat", files: [], client: "ConductoroneSDKTypescript" },
  {
    name: "Commerce Layer entry, bundled",
    from: "keyturn/commercelayer",
    files: [],
    client: "CommerceLayerProvisioning",
  },
  {
    name: "Commerce Layer's documents, bundled",
    from: "keyturn/commercelayer/jsonapi",
    files: [],
    client: "normalize, denormalize",
  },
];

/** Measures everything. Sizes are in bytes: uncompressed, gzip -9, brotli 11. */
export async function measure() {
  const { build } = await import("esbuild");
  const files = (await readdir(dist, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dist, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
  const rows = [];
  for (const name of files) rows.push({ name, ...sizes(await readFile(join(dist, name))) });
  for (const { name, from, files, charset = "utf8", client = "ConductorOne" } of BUNDLES) {
    const { outputFiles } = await build({
      stdin: { contents: `export { ${client} } from "${from}";`, resolveDir: root },
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      charset,
    });
    const parts = [
      sizes(outputFiles[0].contents),
      ...(await Promise.all(files.map(async (file) => sizes(await readFile(join(dist, file)))))),
    ];
    rows.push({
      name,
      ...parts.reduce((sum, part) => ({
        raw: sum.raw + part.raw,
        gzip: sum.gzip + part.gzip,
        brotli: sum.brotli + part.brotli,
      })),
    });
  }
  return rows;
}

function sizes(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

function table(rows) {
  const total = (name, test) =>
    rows
      .filter((row) => test(row.name))
      .reduce(
        ({ raw, gzip, brotli }, row) => ({
          name,
          raw: raw + row.raw,
          gzip: gzip + row.gzip,
          brotli: brotli + row.brotli,
        }),
        { name, raw: 0, gzip: 0, brotli: 0 },
      );
  // Nobody loads the types, and the CommonJS files mirror the others, so one line for each kind is enough.
  const shown = [
    ...rows.filter(({ name }) => !name.startsWith("cjs/") && !name.endsWith(".d.ts")),
    total("cjs/**/*.js", (name) => name.startsWith("cjs/") && name.endsWith(".js")),
    total("**/*.d.ts", (name) => name.endsWith(".d.ts")),
  ];
  const width = Math.max(...shown.map(({ name }) => name.length));
  const line = (name, ...cells) => `${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(11)).join("")}`;
  const number = (bytes) => bytes.toLocaleString("en");
  return [
    line("bytes", "raw", "gzip", "brotli"),
    ...shown.map(({ name, raw, gzip, brotli }) => line(name, number(raw), number(gzip), number(brotli))),
  ].join("\n");
}

/** Prints the report. Throws if something exceeds its budget. */
export async function size() {
  const rows = await measure();
  console.log(table(rows));
  await writeFile(join(root, "pkg/size.json"), `${JSON.stringify(rows, null, 2)}\n`);
  const budgets = JSON.parse(await readFile(join(root, "pkg/size-budget.json"), "utf8"));
  const above = Object.entries(budgets).flatMap(([name, budget]) => {
    const row = rows.find((row) => row.name === name);
    if (row === undefined) return [`there is no "${name}" to hold to its budget`];
    return row.brotli > budget ? [`${name}: ${row.brotli} bytes of brotli, and its budget is ${budget}`] : [];
  });
  if (above.length > 0) throw new StepError(above.join("; "));
}

if (isMain(import.meta.url)) await drive(size);
