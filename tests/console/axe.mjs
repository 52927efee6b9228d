// axe-core on each state of the console: light and dark, with forced colours, wide, and as narrow as 320 pixels, which
// is also what a window of 1280 pixels shows at 400 %. The standard is WCAG 2.2 AA.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { LOOKS, look } from "./looks.mjs";
import { withBrowse } from "./person.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The looks in which each state is checked. Those that differ only in colours are only checked for contrast. */
const STATES = [
  { name: "dark", ...LOOKS.dark, rules: ["color-contrast"] },
  { name: "forced colours", ...LOOKS.forced, rules: [] },
  { name: "light, in between", ...LOOKS.between, rules: [] },
  { name: "light and narrow", ...LOOKS.narrow },
  { name: "light", ...LOOKS.light },
];

/** Returns the violations that axe finds with these rules, or with all of them. */
async function found(page, rules) {
  if (rules?.length === 0) return [];
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  return page.evaluate(async (only) => {
    const { violations, incomplete } = await globalThis.axe.run(document, {
      resultTypes: ["violations", "incomplete"],
      elementRef: true,
      ...(only ? { runOnly: { type: "rule", values: only } } : {}),
    });
    /**
     * Returns whether an element is in a list that scrolls: axe cannot judge what is cut off at the list's edge. Its
     * other rows have the same colours.
     */
    const scrolls = (element) => {
      for (let at = element; at; at = at.parentNode ?? at.host)
        if (at instanceof Element && at.scrollHeight > at.clientHeight && getComputedStyle(at).overflowY === "auto")
          return true;
      return false;
    };
    // Texts in a drawing have shapes behind them, which axe cannot judge; their colours are those of other texts.
    const judged = incomplete.map((one) => ({
      ...one,
      nodes: one.nodes.filter(
        ({ element }) => one.id !== "color-contrast" || !(element.closest("svg") || scrolls(element)),
      ),
    }));
    return [...violations, ...judged].flatMap(({ id, nodes }) =>
      nodes.map(({ target, any }) => `${id}: ${target} ${any[0]?.message}`),
    );
  }, rules);
}

/** Returns texts that forced colours make hard to read. axe reads the unforced colours, so it cannot detect these. */
function faint() {
  const parts = (colour) =>
    /rgba?\(([^)]+)\)/
      .exec(colour)[1]
      .split(/[\s,/]+/)
      .map(Number);
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentNode ?? at.host) {
      if (!(at instanceof Element)) continue;
      const colour = parts(getComputedStyle(at).backgroundColor);
      if ((colour[3] ?? 1) === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const visit = (node) => {
    const words = [...node.childNodes].some((child) => child instanceof Text && child.data.trim() !== "");
    if (words && node instanceof HTMLElement && node.checkVisibility() && !node.closest(":disabled, option")) {
      const shades = [light(parts(getComputedStyle(node).color)), light(behind(node))].sort(
        (one, other) => other - one,
      );
      if ((shades[0] + 0.05) / (shades[1] + 0.05) < 4.5) found.push(node.outerHTML.slice(0, 100));
    }
    for (const child of (node.shadowRoot ?? node).children) visit(child);
  };
  visit(document.body);
  return found;
}

/**
 * Registers the test of a tour.
 *
 * @param {{ what: string, guide: (person: import("./person.mjs").Person, seen: (state: string) => Promise<void>) => Promise<void> }} tour
 */
export function axeFindsNothing({ what, guide }) {
  test(`axe finds nothing, nothing is too wide and nothing too small: ${what}`, async () => {
    await withBrowse({}, async (person) => {
      const { page } = person;
      const session = await page.createCDPSession();
      await look(session, page, LOOKS.light);
      // All problems are reported at once.
      const wrong = [];
      await guide(person, async (state) => {
        for (const one of STATES) {
          await look(session, page, one);
          for (const finding of await found(page, one.rules)) wrong.push(`${state}, ${one.name}: ${finding}`);
          if (one.forced)
            for (const text of await page.evaluate(faint)) wrong.push(`${state}, ${one.name}: hard to read: ${text}`);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) wrong.push(`${state}, ${one.name}: ${wide} pixels too wide`);
          for (const target of await page.evaluate(small))
            wrong.push(`${state}, ${one.name}: below 24 pixels: ${target}`);
        }
      });
      assert.deepEqual([...new Set(wrong)], []);
    });
  });
}

/** Returns controls that are too small to hit. A checkbox counts with its label. */
function small() {
  const found = [];
  const visit = (node) => {
    if (node.matches?.("a[href], button, summary, input, select, label:has(input)") && node.checkVisibility()) {
      const { width, height } = (
        node.matches("input") ? (node.closest("label") ?? node) : node
      ).getBoundingClientRect();
      if ((width < 24 || height < 24) && !node.matches(".skip"))
        found.push(`${node.outerHTML.slice(0, 80)}: ${width} x ${height}`);
    }
    for (const child of (node.shadowRoot ?? node).children ?? []) visit(child);
  };
  visit(document.documentElement);
  return found;
}
