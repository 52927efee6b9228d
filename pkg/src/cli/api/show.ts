/** Shows answers to people and programs. */

import type { Context } from "../context.js";
import type { Column } from "../output.js";

/** The most columns of a table of items, and the terminal width that each of them requires. */
const MOST_COLUMNS = 6;
const COLUMN_WIDTH = 20;
/** The fields that identify items, which come first. */
const FIRST = ["id", "displayName", "name", "email", "clientId", "client_id", "kind", "state", "status"];

/** Writes one answer. */
export async function showBody(context: Context, body: unknown): Promise<void> {
  const list = Array.isArray(body) ? body : undefined;
  if (context.manner.format === "ndjson") return lines(context, list ?? [body]);
  if (context.manner.format === "json") return context.out.write(`${text(body, 2)}\n`);
  if (list !== undefined) return showTable(context, list);
  const page = pageOf(body);
  if (page !== undefined) {
    await showTable(context, page.items);
    if (page.rest.length > 0) await context.say(page.rest.map(([name, value]) => `${name}: ${cell(value)}`).join("\n"));
    return;
  }
  const rows = leaves(body, "");
  const columns: Column<readonly [string, string]>[] = [
    { head: "FIELD", text: ([name]) => name },
    { head: "VALUE", text: ([, value]) => value },
  ];
  await context.show(rows, { columns, empty: "the response is empty" });
}

/** Returns the items of a page of a list, and its other fields, such as the token of the next page. */
function pageOf(body: unknown): { readonly items: readonly unknown[]; readonly rest: [string, unknown][] } | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const entries = Object.entries(body);
  const [list, ...others] = entries.filter(([, value]) => typeof value === "object" && value !== null);
  if (list === undefined || others.length > 0 || !Array.isArray(list[1])) return undefined;
  return { items: list[1], rest: entries.filter((entry) => entry !== list && cell(entry[1]) !== "") };
}

/**
 * Writes items as they arrive, or a table once all have arrived, since its widths depend on all. Returns their number.
 */
export async function showItems(context: Context, items: AsyncIterable<unknown>): Promise<number> {
  const { format } = context.manner;
  const rows: unknown[] = [];
  let count = 0;
  for await (const item of items) {
    // If the reader has closed the output, no further requests are made.
    if (context.out.closed) break;
    if (format === "ndjson") await lines(context, [item]);
    else if (format === "json") await context.out.write(`${count === 0 ? "[\n" : ",\n"}${indented(text(item, 2))}`);
    else rows.push(item);
    count++;
    context.progress.update(`${count} items`);
  }
  if (format === "json") await context.out.write(count === 0 ? "[]\n" : "\n]\n");
  else if (format !== "ndjson") await showTable(context, rows);
  return count;
}

async function lines(context: Context, items: readonly unknown[]): Promise<void> {
  context.progress.clear();
  await context.out.write(items.map((item) => `${text(item)}\n`).join(""));
}

async function showTable(context: Context, items: readonly unknown[]): Promise<void> {
  const rows = items.map(unwrapped);
  const most = Math.max(2, Math.min(MOST_COLUMNS, Math.floor(context.out.columns / COLUMN_WIDTH)));
  const names = columnsOf(rows).slice(0, most);
  const columns = names.map(
    (name): Column<Record<string, unknown>> => ({ head: name.toUpperCase(), text: (row) => cell(row[name]) }),
  );
  await context.show(rows, { columns, empty: "no items" });
}

/** Unwraps an item that consists of little more than one object. */
function unwrapped(item: unknown): Record<string, unknown> {
  if (typeof item !== "object" || item === null) return { value: item };
  const values = Object.values(item);
  const objects = values.filter((value) => typeof value === "object" && value !== null && "id" in value);
  const plain = values.filter((value) => typeof value !== "object" && value !== "");
  return (plain.length === 0 && objects.length > 0 ? objects[0] : item) as Record<string, unknown>;
}

/** Returns the names of the fields that fit into a cell, those that identify items first. */
function columnsOf(rows: readonly Record<string, unknown>[]): string[] {
  const names = new Set<string>();
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) if (value !== "" && cell(value) !== "") names.add(name);
  const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return [...names].sort((one, other) => rank(one) - rank(other));
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? "" : String(value);
}

/** Returns all fields that are not objects, by their paths. */
function leaves(value: unknown, path: string): [string, string][] {
  if (typeof value !== "object" || value === null || value instanceof Date)
    return cell(value) === "" ? [] : [[path === "" ? "value" : path, cell(value)]];
  const entries = Object.entries(value);
  return entries.flatMap(([key, item]) => {
    const step = Array.isArray(value) ? `[${key}]` : path === "" ? key : `.${key}`;
    return leaves(item, path + step);
  });
}

function text(value: unknown, indent?: number): string {
  const exact = (_: string, one: unknown): unknown => (typeof one === "bigint" ? String(one) : one);
  return JSON.stringify(value ?? null, exact, indent);
}

function indented(json: string): string {
  return json.replace(/^/gm, "  ");
}
