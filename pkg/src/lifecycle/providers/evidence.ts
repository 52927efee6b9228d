/**
 * Evidence in the tenant's system log about an attempt to issue. C1's description calls an event "a JSON OCSF event",
 * and states neither which calls are logged nor which fields name what. Names are therefore looked for anywhere in an
 * event, and the absence of an event counts only if the log demonstrably records such calls.
 */

import type { ConductorOne } from "../../c1/client.js";
import type { Intent } from "../ports.js";
import { clockBehind, statusOf } from "./c1.js";

/** The call to look for. */
export interface Attempt {
  /** The name of the method in the API's description, such as `RotateCredential`. */
  readonly method: string;
  /** The ids of what it was called for; an event of the call names all of them. */
  readonly ids: readonly string[];
  /**
   * Whether the log is known to record such calls with the credential that they created. If not, an earlier event has
   * to show it.
   */
  readonly known: boolean;
}

/** The client that reads the log, and where to report what could not be determined. */
export interface LogReader {
  readonly client: ConductorOne;
  readonly now: () => number;
  readonly note: (why: string) => void;
}

/** The credential that a call created, according to its event. */
export interface Made {
  readonly id: string;
  readonly clientId: string | undefined;
}

/** How far before the window events are requested, in milliseconds: clocks are compared only once an answer arrives. */
const EARLIER_MS = 600_000;
/** The number of earlier events that are searched for one that shows what the log records. */
const EARLIER_EVENTS = 2_000;
const PAGE_SIZE = 100;

type Event = Readonly<Record<string, unknown>>;

/**
 * Returns the credentials that the client's own principal created by an attempt. Returns `undefined`, with a note that
 * says why, if the log cannot be read, does not reach past the window yet, does not say which credential it was, or
 * cannot be trusted to have recorded the call.
 */
export async function madeByAttempt(
  reader: LogReader,
  attempt: Attempt,
  intent: Intent,
): Promise<readonly Made[] | undefined> {
  try {
    return await read(reader, attempt, intent);
  } catch (error) {
    const status = statusOf(error);
    if (status !== 403 && status !== 404) throw error;
    reader.note(`the system log cannot be read (${status}): give the client's credential a role that may read it`);
    return undefined;
  }
}

async function read(reader: LogReader, attempt: Attempt, intent: Intent): Promise<readonly Made[] | undefined> {
  const { client, note } = reader;
  const who = await principal(client, intent.signal);
  if (who.length === 0) {
    note("the client's own principal is unknown, so its calls cannot be distinguished from others");
    return undefined;
  }
  let behind: number | undefined;
  const from = (): number => intent.from + (behind ?? 0);
  const until = (): number => intent.until + (behind ?? 0);
  const own: (Made | undefined)[] = [];
  let [others, records, reached] = [false, attempt.known, false];
  const since = new Date(intent.from - EARLIER_MS - Math.abs(client.authentication.clockOffsetMs));
  const request = { since, sortDirection: "SORT_DIRECTION_ASC", pageSize: PAGE_SIZE } as const;
  const sent = reader.now();
  pages: for await (const page of client.systemLog.listEvents(request, { signal: intent.signal }).pages()) {
    behind ??= clockBehind(page.rawResponse.headers, sent, reader.now());
    for (const event of page.systemLogServiceListEventsResponse?.list ?? []) {
      const at = timeOf(event);
      if (at === undefined) {
        note("the system log has events without a time");
        return undefined;
      }
      const words = wordsOf(event);
      const made = isCall(words, attempt) ? madeIn(event, words, who) : undefined;
      records ||= made !== undefined;
      if (at > until()) {
        reached = true;
        break pages;
      }
      if (at < from() || !isCall(words, attempt) || !attempt.ids.every((id) => words.has(id))) continue;
      if (who.some((name) => words.has(name))) own.push(made);
      else others = true;
    }
  }
  if (own.length > 0) {
    if (own.every((made) => made !== undefined)) return own as Made[];
    note("the system log has the call, but does not name the credential that it created");
    return undefined;
  }
  if (others) note("the system log has such a call, but possibly by another client");
  else if (!reached) note("the system log does not cover the attempt yet");
  else if (!records && !(await recordedBefore(client, attempt, who, new Date(from()), intent.signal)))
    note("the system log has never shown such a call, so the absence of one proves nothing");
  else return [];
  return undefined;
}

/** Returns whether an earlier event names the credential that such a call created. */
async function recordedBefore(
  client: ConductorOne,
  attempt: Attempt,
  who: readonly string[],
  until: Date,
  signal: AbortSignal,
): Promise<boolean> {
  let seen = 0;
  const request = { until, sortDirection: "SORT_DIRECTION_DESC", pageSize: PAGE_SIZE } as const;
  for await (const event of client.systemLog.listEvents(request, { signal })) {
    const words = wordsOf(event);
    if (isCall(words, attempt) && madeIn(event, words, who)) return true;
    if (++seen >= EARLIER_EVENTS) return false;
  }
  return false;
}

/**
 * Returns the names by which events may refer to the client: its client id and the local part of that or, without a
 * client id, what the tenant says about its token.
 */
async function principal(client: ConductorOne, signal: AbortSignal): Promise<readonly string[]> {
  const { clientID } = client.authentication;
  const names: (string | null | undefined)[] = [clientID, clientID?.split("@", 1)[0]];
  if (clientID === undefined) {
    const { introspectResponse: caller } = await client.auth.introspect({ signal });
    names.push(caller?.principleId, caller?.userId);
  }
  return names.filter((name): name is string => Boolean(name));
}

/** Returns every text in an event. */
function wordsOf(event: Event): ReadonlySet<string> {
  const words = new Set<string>();
  const rest: unknown[] = [event];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === "string") words.add(value);
    else if (typeof value === "object" && value !== null) rest.push(...Object.values(value));
  }
  return words;
}

/** Returns whether an event records a call of the method. */
function isCall(words: ReadonlySet<string>, { method }: Attempt): boolean {
  for (const word of words)
    if (word === method || word.endsWith(`.${method}`) || word.endsWith(`/${method}`)) return true;
  return false;
}

const CLIENT_ID = /^([^@\s/]+)@[^@\s/]+\/\w+$/;

/** Returns the credential that an event's call created, if the event names it. */
function madeIn(event: Event, words: ReadonlySet<string>, who: readonly string[]): Made | undefined {
  const resources = Array.isArray(event.resources) ? (event.resources as readonly Event[]) : [];
  const clientId = [...words].find((word) => CLIENT_ID.test(word) && !who.includes(word) && !isActor(event, word));
  const named = resources.find(({ type, uid }) => /credential/i.test(String(type)) && typeof uid === "string");
  const id = (named?.uid as string | undefined) ?? (clientId && CLIENT_ID.exec(clientId)?.[1]);
  return id ? { id, clientId } : undefined;
}

/** Returns whether a client id is that of the caller. */
function isActor({ actor }: Event, clientId: string): boolean {
  return typeof actor === "object" && actor !== null && wordsOf(actor as Event).has(clientId);
}

/** Returns the OCSF time of an event, in milliseconds since 1970. */
function timeOf(event: Event): number | undefined {
  const { time, time_dt } = event;
  const at = typeof time === "number" ? time : Date.parse(String(time_dt ?? time));
  return Number.isNaN(at) ? undefined : at;
}
