/** The rows by which the elements show targets of the lifecycle, and their classification. */

/** The current rotation of a target. */
export interface RowRotation {
  readonly phase: "planned" | "issuing" | "unknown" | "issued" | "grace" | "stopped" | "approval" | "back";
  /** The time until which nothing can be done, in milliseconds since 1970. */
  readonly until?: number | undefined;
}

/** A target and the credential that it uses. Nothing in it is secret. Times are in milliseconds since 1970. */
export interface CredentialRow {
  /** The unique name of the target in the lifecycle. */
  readonly target: string;
  /** Its display name. */
  readonly name: string;
  /** The control plane: `C1`. */
  readonly plane: string;
  /** The app or the organization. */
  readonly group: string;
  /** The difference between targets of the same name and group, such as `test` and `live`. */
  readonly variant?: string | undefined;
  /**
   * The text beside the name that tells the target apart from others of the same name. Default: the one that
   * {@link distinctions} finds.
   */
  readonly distinction?: string | undefined;
  /** The id of the credential in use; `undefined` if none is known. */
  readonly credential?: string | undefined;
  readonly clientId?: string | undefined;
  readonly createdAt?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** `undefined` if it was never used, or if the control plane does not report it: see `tellsUse`. */
  readonly lastUsedAt?: number | undefined;
  /** Whether the control plane reports when a credential was used. Default: true. */
  readonly tellsUse?: boolean | undefined;
  /** False while only the credential's id is known. Default: true. */
  readonly checked?: boolean | undefined;
  readonly rotation?: RowRotation | undefined;
  /** Why a person is needed. */
  readonly attention?: string | undefined;
  readonly owner?: string | undefined;
  readonly consumers?: readonly string[] | undefined;
}

/** The fields of a row that {@link distinctions} reads. */
export type NamedRow = Pick<CredentialRow, "target" | "name" | "group" | "variant" | "distinction">;

/** The filters of a list. */
export type CredentialFilter = "all" | "expired" | "expiring" | "idle" | "attention" | "rotating";

/** The filters, in the order in which they are shown. */
export const FILTERS: readonly CredentialFilter[] = ["all", "expired", "expiring", "idle", "attention", "rotating"];

/** The classification of a credential. */
export type CredentialState = "active" | "expiring" | "expired" | "none" | "unknown";

const DAY = 86_400_000;

/** How long before its expiry a credential needs attention, in milliseconds. */
const SOON = 30 * DAY;

/** How long a credential may go unused, or a new one may wait for its first use, in milliseconds. */
const IDLE = 30 * DAY;
const UNUSED = 7 * DAY;

/** Classifies the credential of a row. */
export function stateOf(row: CredentialRow, now: number): CredentialState {
  if (row.credential === undefined) return "none";
  if (row.checked === false) return "unknown";
  if (row.expiresAt === undefined) return "active";
  if (row.expiresAt <= now) return "expired";
  return row.expiresAt - now <= SOON ? "expiring" : "active";
}

/** Returns whether the credential has not been used for a long time. */
export function isIdle(row: CredentialRow, now: number): boolean {
  const state = stateOf(row, now);
  if (row.tellsUse === false || !["active", "expiring"].includes(state)) return false;
  if (row.lastUsedAt !== undefined) return now - row.lastUsedAt > IDLE;
  return row.createdAt !== undefined && now - row.createdAt > UNUSED;
}

/** Returns whether a row matches a filter at a time, in milliseconds since 1970. */
export function matchesFilter(row: CredentialRow, filter: CredentialFilter, now: number): boolean {
  switch (filter) {
    case "all":
      return true;
    case "expired":
    case "expiring":
      return stateOf(row, now) === filter;
    case "idle":
      return isIdle(row, now);
    case "attention":
      return row.attention !== undefined;
    case "rotating":
      return row.rotation !== undefined;
  }
}

/** Counts the rows that each filter would show, in one pass. */
export function count(rows: readonly CredentialRow[], now: number): Record<CredentialFilter, number> {
  const counts = { all: rows.length, expired: 0, expiring: 0, idle: 0, attention: 0, rotating: 0 };
  for (const row of rows) {
    const state = stateOf(row, now);
    if (state === "expired" || state === "expiring") counts[state]++;
    if (isIdle(row, now)) counts.idle++;
    if (row.attention !== undefined) counts.attention++;
    if (row.rotation !== undefined) counts.rotating++;
  }
  return counts;
}

/** The distinctions of known rows: several elements get the same rows, and read them repeatedly. */
const found = new WeakMap<readonly NamedRow[], ReadonlyMap<string, string>>();

/**
 * Returns the texts to show beside names that several targets share, by target. The text is the first of these that no
 * other target of the same name has: the group, the variant, both, the part of the target's name after its last slash,
 * the target's whole name. Names that differ only in spaces and invisible characters count as the same. A target whose
 * name is unique is left out, unless its row has a `distinction`, which is returned as it is.
 */
export function distinctions(rows: readonly NamedRow[]): ReadonlyMap<string, string> {
  const before = found.get(rows);
  if (before) return before;
  const alike = new Map<string, NamedRow[]>();
  for (const row of rows) {
    // Most names need no normalization, which is slow for thousands of rows.
    const name = PLAIN.test(row.name)
      ? row.name
      : row.name
          .normalize("NFKC")
          .replaceAll(/[\s\p{C}]+/gu, " ")
          .trim();
    const others = alike.get(name);
    if (others) others.push(row);
    else alike.set(name, [row]);
  }
  const all = new Map<string, string>();
  for (const same of alike.values()) {
    // Each way to tell the rows apart, and how many rows share each of its texts.
    const ways = same.length > 1 ? WAYS.map((way) => [way, tally(same.map(way))] as const) : [];
    for (const row of same) {
      const [way] = ways.find(([way, counts]) => way(row) !== "" && counts.get(way(row)) === 1) ?? [];
      const distinction = row.distinction ?? way?.(row);
      if (distinction !== undefined) all.set(row.target, distinction);
    }
  }
  found.set(rows, all);
  return all;
}

/** ASCII words with single spaces between them. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/** The ways to tell rows of the same name apart. The last one always does. */
const WAYS: readonly ((row: NamedRow) => string)[] = [
  ({ group }) => group,
  ({ variant = "" }) => variant,
  ({ group, variant }) => (variant ? `${group}, ${variant}` : ""),
  ({ target }) => target.slice(target.lastIndexOf("/") + 1),
  ({ target }) => target,
];

/** Counts how often each text occurs. */
function tally(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** Returns a name and its distinction in one line. */
export function called(name: string, distinction: string | undefined): string {
  return distinction === undefined ? name : `${name} (${distinction})`;
}

/** The columns of a row besides its name. */
export type CredentialColumn =
  | "state"
  | "plane"
  | "group"
  | "expires"
  | "used"
  | "created"
  | "clientId"
  | "credential"
  | "owner"
  | "consumers"
  | "rotation";

/** The columns, in the order in which they are shown. */
export const COLUMNS: readonly CredentialColumn[] = [
  "state",
  "plane",
  "group",
  "expires",
  "used",
  "created",
  "clientId",
  "credential",
  "owner",
  "consumers",
  "rotation",
];

/** Formats rows as CSV (RFC 4180), for a spreadsheet. Times are in ISO 8601. */
export function csv(
  rows: readonly CredentialRow[],
  columns: readonly CredentialColumn[],
  heads: readonly string[],
  name: (row: CredentialRow) => string,
  cell: (row: CredentialRow, column: CredentialColumn) => string,
): string {
  // A spreadsheet would interpret a text with such a first character as a formula.
  const quoted = (text: string): string => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  const line = (cells: readonly string[]): string => cells.map(quoted).join(",");
  return [line(heads), ...rows.map((row) => line([name(row), ...columns.map((column) => cell(row, column))])), ""].join(
    "\r\n",
  );
}
