// The programs that the playground offers: the examples of README.md and docs/ that a page can run.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = JSON.parse(readFileSync(new URL("src/modules.json", import.meta.url), "utf8"));

/** Matches what only works in a particular runtime, on a server, or in a page of an application. */
const ELSEWHERE = /\bimport\.meta\b|\bcreateProxy\b|\bundici\b|url: "\/|^export /m;

/**
 * Returns all programs, in the order of the documents.
 *
 * @returns {{ group: string, title: string, code: string }[]}
 */
export function programs() {
  const guides = readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => `docs/${name}`);
  return ["README.md", ...guides].flatMap((file) => programsOf(readFileSync(join(root, file), "utf8"), file));
}

/** Returns the programs of one document, each titled after the heading above it. */
export function programsOf(text, file) {
  const group = file === "README.md" ? "README" : /^# (.*)$/m.exec(text)[1].replaceAll("`", "");
  const found = [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].filter(([, code]) => runs(code));
  const named = found.map(({ 1: code, index }) => {
    const above = [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1);
    return { group, title: above[1].replaceAll("`", ""), code };
  });
  return named.map((one, at) => {
    const before = named.slice(0, at).filter(({ title }) => title === one.title).length;
    return { ...one, title: before === 0 ? one.title : `${one.title} (${before + 1})` };
  });
}

/** Returns whether a page has everything that a program needs. */
function runs(code) {
  const wanted = [...code.matchAll(/^(?:import|\}) .*?from "([^"]+)"/gm)].map(([, name]) => name);
  return wanted.length > 0 && wanted.every((name) => MODULES.includes(name)) && !ELSEWHERE.test(code);
}
