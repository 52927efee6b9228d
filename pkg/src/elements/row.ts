/** A target of the lifecycle as the elements show it, and what is to be said of it. */

/** What is under way at a target. */
export interface RowRotation {
  readonly phase: "planned" | "issuing" | "unknown" | "issued" | "grace" | "stopped" | "approval" | "back";
  /** Until when nothing can be done, in milliseconds since 1970. */
  readonly until?: number | undefined;
}

/** A target with the credential that is in use. Nothing in it is secret; times are milliseconds since 1970. */
export interface CredentialRow {
  /** Unique, and the name of the target at the lifecycle. */
  readonly target: string;
  /** What people call it. */
  readonly name: string;
  /** The control plane: `C1`. */
  readonly plane: string;
  /** The app or the organization. */
  readonly group: string;
  /** The id of the credential in use; `undefined` if none is known. */
  readonly credential?: string | undefined;
  readonly clientId?: string | undefined;
  readonly createdAt?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** `undefined` if it was never used; of a control plane that does not tell, see `tellsUse`. */
  readonly lastUsedAt?: number | undefined;
  /** Whether the control plane tells when a credential was used. Default: true. */
  readonly tellsUse?: boolean | undefined;
  /** False while nothing but the credential's id is known. Default: true. */
  readonly checked?: boolean | undefined;
  readonly rotation?: RowRotation | undefined;
  /** Why a person is needed. */
  readonly attention?: string | undefined;
  readonly owner?: string | undefined;
  readonly consumers?: readonly string[] | undefined;
}

/** What a list can be narrowed down to. */
export type CredentialFilter = "all" | "expired" | "expiring" | "idle" | "attention" | "rotating";

/** The filters, in the order in which they are shown. */
export const FILTERS: readonly CredentialFilter[] = ["all", "expired", "expiring", "idle", "attention", "rotating"];

/** What a credential amounts to. */
export type CredentialState = "active" | "expiring" | "expired" | "none" | "unknown";

const DAY = 86_400_000;

/** How long before its end a credential needs attention. */
const SOON = 30 * DAY;

/** How long a credential may go unused, or a new one may wait for its first use. */
const IDLE = 30 * DAY;
const UNUSED = 7 * DAY;

/** What the credential of a row amounts to. */
export function stateOf(row: CredentialRow, now: number): CredentialState {
  if (row.credential === undefined) return "none";
  if (row.checked === false) return "unknown";
  if (row.expiresAt === undefined) return "active";
  if (row.expiresAt <= now) return "expired";
  return row.expiresAt - now <= SOON ? "expiring" : "active";
}

/** Whether nothing has used the credential for long. */
export function isIdle(row: CredentialRow, now: number): boolean {
  const state = stateOf(row, now);
  if (row.tellsUse === false || !["active", "expiring"].includes(state)) return false;
  if (row.lastUsedAt !== undefined) return now - row.lastUsedAt > IDLE;
  return row.createdAt !== undefined && now - row.createdAt > UNUSED;
}

/** Whether a row is what a filter asks for. */
export function fits(row: CredentialRow, filter: CredentialFilter, now: number): boolean {
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

/** How many rows each filter would show. Goes through them once. */
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

/** What can be shown of a row besides its name. */
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

/** A table of rows as text (RFC 4180), for a spreadsheet. Times are ISO 8601. */
export function csv(
  rows: readonly CredentialRow[],
  columns: readonly CredentialColumn[],
  heads: readonly string[],
  cell: (row: CredentialRow, column: CredentialColumn) => string,
): string {
  // A spreadsheet takes what begins like this for a formula.
  const quoted = (text: string): string => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  const line = (cells: readonly string[]): string => cells.map(quoted).join(",");
  return [line(heads), ...rows.map((row) => line([row.name, ...columns.map((column) => cell(row, column))])), ""].join(
    "\r\n",
  );
}
