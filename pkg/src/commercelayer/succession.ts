/**
 * The parts of replacing an API credential that {@link replaceCredential} and a rotation of the lifecycle share: what
 * the new one copies, what depends on it, and how the old one is removed. The caller provides the calls.
 */

import type {
  ApiCredential,
  ApiCredentialCreate,
  ApplicationMembership,
  ApplicationMembershipCreate,
} from "../generated/commercelayer-models.js";
import type { ReplacementReason } from "./replacement-error.js";

/** The pair that consumers log in with. */
export interface CredentialPair {
  /** The credential's id. */
  readonly id: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The calls that a replacement needs from a client. @internal */
export interface Provisioning {
  /** Fetches a credential, including its secret if `secret` is true. Resolves with `undefined` for 404. */
  credential(id: string, secret: boolean): Promise<ApiCredential | undefined>;
  /** Searches with filters on attributes. The results have no secrets. */
  credentialsWhere(filters: Readonly<Record<string, string>>): Promise<ApiCredential[]>;
  createCredential(credential: ApiCredentialCreate): Promise<ApiCredential>;
  /** Resolves with false for 423: something depends on the credential. 404 is success. */
  deleteCredential(id: string): Promise<boolean>;
  dependents(id: string): Promise<ApplicationMembership[]>;
  createDependent(row: ApplicationMembershipCreate): Promise<unknown>;
  /** 404 is success. */
  deleteDependent(id: string): Promise<void>;
  /**
   * Logs in with a pair. Resolves with `undefined` if the server refuses it; rejects if the server could not be asked.
   */
  claims(pair: CredentialPair): Promise<Claims | undefined>;
  revokeToken(token: string, pair: CredentialPair): Promise<void>;
  /** Resolves with the claims of the token that the client itself uses. */
  own(): Promise<Claims | undefined>;
}

/** The claims of a token that are compared. */
export interface Claims {
  readonly application?: { readonly id?: string; readonly client_id?: string; readonly kind?: string };
  readonly organization?: { readonly id?: string };
  readonly test?: boolean;
}

/** The attributes that a successor copies. `scopes` and `confidential` cannot be set, so they are only compared. */
const COPIED = ["name", "kind", "redirect_uri", "expires_in", "mode", "custom"] as const;

/** The keys in the `metadata` of a new credential that say what it came from. */
const REPLACES = "replaces";
const REFERENCE_BEFORE = "replaced_reference";
const ORIGIN_BEFORE = "replaced_reference_origin";

/** The reasons why a credential must not be replaced, by any means. */
export type Unfit = Extract<ReplacementReason, "own_credential" | "public_kind" | "unreadable">;

/** Returns whether credentials of a kind only get tokens for their users, so that a pair cannot be tried. */
export function isPublic(kind: string): boolean {
  return ["sales_channel", "webapp"].includes(kind);
}

/** Returns why a credential must not be replaced; `undefined` if it may be. */
export function whyUnfit(
  old: ApiCredential,
  own: Claims | undefined,
  publicKinds: boolean | undefined,
): { readonly reason: Unfit; readonly message: string } | undefined {
  if (isOwn(old, own))
    return { reason: "own_credential", message: "this client uses that credential, and would lock itself out" };
  if (isPublic(old.kind) && !publicKinds) {
    const message = `the credential is a ${old.kind}: its client id is public, and would change. Pass \`publicKinds: true\` to accept that`;
    return { reason: "public_kind", message };
  }
  if (!old.organization)
    return { reason: "unreadable", message: "the credential's organization cannot be read with this token" };
  return undefined;
}

/** Returns whether a client runs with this credential. */
export function isOwn(credential: Pick<ApiCredential, "id" | "client_id">, own: Claims | undefined): boolean {
  const application = own?.application;
  return (
    application !== undefined && (application.id === credential.id || application.client_id === credential.client_id)
  );
}

/** Returns the id of the credential that this one was made to replace, if it says so. */
export function predecessorOf({ metadata }: ApiCredential): string | undefined {
  const id = (metadata as Record<string, unknown> | null | undefined)?.[REPLACES];
  return typeof id === "string" ? id : undefined;
}

/** Returns the names of the attributes in which a credential differs from the one that it replaces. */
export function differences(old: ApiCredential, made: ApiCredential): readonly string[] {
  return [...COPIED, "scopes" as const, "confidential" as const].filter((name) => !same(old[name], made[name]));
}

/**
 * Copies what depends on a credential. Each such row refers to its credential permanently, so it gets a counterpart
 * that refers to the new one. Counterparts that exist already, by their references, are left unchanged.
 */
export async function copyDependents(
  api: Provisioning,
  old: string,
  made: string,
  reference: string,
  mayGoOn: () => void = () => undefined,
): Promise<{ readonly all: number; readonly copied: number }> {
  const rows = await api.dependents(old);
  if (rows.length === 0) return { all: 0, copied: 0 };
  const twins = new Set((await api.dependents(made)).map((row) => row.reference));
  let copied = 0;
  for (const row of rows) {
    mayGoOn();
    const twin = `${reference}/${row.id}`;
    if (twins.has(twin)) continue;
    await api.createDependent(twinOf(row, made, twin));
    copied++;
  }
  return { all: rows.length, copied };
}

/**
 * Deletes a credential and what depends on it. Resolves with false if something on the server still does (423); a
 * credential that is already gone is success.
 */
export async function removeCredential(api: Provisioning, id: string): Promise<boolean> {
  for (const row of await api.dependents(id)) await api.deleteDependent(row.id);
  return api.deleteCredential(id);
}

/**
 * Returns the attributes of an old credential's successor.
 *
 * @param origin is the successor's `reference_origin`. Default: that of the old one.
 */
export function successorOf(old: ApiCredential, reference: string, origin?: string): ApiCredentialCreate {
  const copied = Object.fromEntries(COPIED.flatMap((name) => (old[name] == null ? [] : [[name, old[name]]])));
  const metadata: Record<string, unknown> = { ...old.metadata, [REPLACES]: old.id };
  if (old.reference) metadata[REFERENCE_BEFORE] = old.reference;
  if (origin && old.reference_origin && old.reference_origin !== origin) metadata[ORIGIN_BEFORE] = old.reference_origin;
  return {
    ...copied,
    reference,
    ...((origin ?? old.reference_origin) ? { reference_origin: origin ?? old.reference_origin } : {}),
    metadata,
    organization: rel(old.organization),
    ...(old.role ? { role: rel(old.role) } : {}),
  } as unknown as ApiCredentialCreate;
}

function twinOf(row: ApplicationMembership, credential: string, reference: string): ApplicationMembershipCreate {
  const others = (["organization", "role", "membership", "membership_profile"] as const).flatMap((name) => {
    const to = row[name];
    return to ? [[name, rel(to)]] : [];
  });
  return {
    ...(row.filters ? { filters: row.filters } : {}),
    ...(row.metadata ? { metadata: row.metadata } : {}),
    reference,
    api_credential: { type: "api_credentials", id: credential },
    ...Object.fromEntries(others),
  } as unknown as ApplicationMembershipCreate;
}

function rel(resource: { readonly type: string; readonly id: string } | null | undefined): unknown {
  return resource && { type: resource.type, id: resource.id };
}

/** Orders credentials by age, oldest first; by id where two were created at the same moment. */
export function byAge(a: ApiCredential, b: ApiCredential): number {
  return a.created_at === b.created_at ? (a.id < b.id ? -1 : 1) : a.created_at < b.created_at ? -1 : 1;
}

/** Compares two values. A server may leave out a field that has no value. */
function same(a: unknown, b: unknown): boolean {
  return (a ?? null) === (b ?? null);
}
