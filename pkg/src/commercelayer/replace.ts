/**
 * Replacement of an API credential. The API issues no new secret for an existing one, so a new credential replaces the
 * old one.
 *
 * A replacement can be interrupted anywhere and run again: its progress is recorded on the server, under the
 * replacement's `reference`, and in the caller's sink. A run looks there first, so it neither creates a second
 * credential nor loses a secret. The old credential is deleted last, only if that is allowed, and only while the sink
 * demonstrably holds the new one.
 */

import { RequestAbortedError } from "../base/errors.js";
import type { ApiCredential } from "../generated/commercelayer-models.js";
import { ReplacementError, type ReplacementReason, type ReplacementStepName } from "./replacement-error.js";
import {
  byAge,
  type CredentialPair,
  copyDependents,
  differences,
  isPublic,
  type Provisioning,
  predecessorOf,
  removeCredential,
  successorOf,
  whyUnfit,
} from "./succession.js";

/** The place where consumers find their credential: a vault, a secret manager, a file. */
export interface CredentialSink {
  /** Stores the pair in place of the previous one. May be called again with the same pair. */
  put(pair: CredentialPair): unknown;
  /** Returns what a consumer would find now. The secret is compared and then released. */
  get(): Promise<Held> | Held;
}

type Held = Pick<CredentialPair, "clientId" | "clientSecret"> | null | undefined;

/** The result of a step, without anything secret. */
export interface ReplacementStep {
  readonly step: ReplacementStepName;
  /** `already`: an earlier run had done it. `planned`: a dry run would do it. */
  readonly state: "done" | "already" | "skipped" | "planned";
  /** The result in words. */
  readonly what: string;
}

/** Options of a replacement. */
export interface ReplaceOptions {
  /** Where the new pair is stored. */
  sink: CredentialSink;
  /**
   * The `reference` of the new credential. It identifies the replacement: a run that continues an earlier one needs the
   * same reference. Default: `keyturn-replaces-` and the old id, so one replacement for each credential.
   */
  reference?: string | undefined;
  /** Only reports what would be done. */
  dryRun?: boolean | undefined;
  /** Deletes the old credential at the end. Requires `settle`. Default: both stay valid. */
  mayDelete?: boolean | undefined;
  /** Resolves once every consumer uses the new pair: asks them, or waits for the old one's tokens to expire. */
  settle?:
    | ((replacement: {
        old: { id: string; expiresIn: number };
        id: string;
        signal: AbortSignal | undefined;
      }) => unknown)
    | undefined;
  /** The known access tokens of the old credential. They are revoked before it is deleted. */
  revoke?: readonly string[] | (() => Promise<readonly string[]> | readonly string[]) | undefined;
  /**
   * Also replaces a `sales_channel` or a `webapp`, although its client id is in storefronts or its users must consent
   * again.
   */
  publicKinds?: boolean | undefined;
  /**
   * Checks whether the new pair works, instead of requesting a token and comparing its claims. The run ends if this
   * throws.
   */
  verify?: ((pair: CredentialPair) => unknown) | undefined;
  /** Called for each step, for an audit log. */
  onStep?: ((step: ReplacementStep) => void) | undefined;
  /** Ends the run between two requests, and aborts the current request. */
  signal?: AbortSignal | undefined;
}

/** The result of a replacement, without anything secret: the secret is in the sink. */
export interface Replacement {
  readonly reference: string;
  readonly old: {
    readonly id: string;
    /** `gone`: the old credential no longer existed. */
    readonly state: "deleted" | "kept" | "gone";
    /** Why it was kept. */
    readonly because?: string | undefined;
  };
  /** The credential that has taken its place; `undefined` in a dry run that would create it. */
  readonly credential: { readonly id: string; readonly clientId: string } | undefined;
  readonly steps: readonly ReplacementStep[];
}

/**
 * Replaces the credential with this id.
 *
 * @throws {@link ReplacementError} whose `step` and `reason` say where and why it stopped; nothing has been deleted
 *   then. Errors of the client's calls are passed on: run it again.
 */
export async function replaceCredential(api: Provisioning, id: string, options: ReplaceOptions): Promise<Replacement> {
  const run = new Run(api, id, options);
  return run.all();
}

class Run {
  readonly #api: Provisioning;
  readonly #id: string;
  readonly #options: ReplaceOptions;
  readonly #reference: string;
  readonly #steps: ReplacementStep[] = [];
  /** The credentials that interrupted or losing runs have left behind. */
  #spares: ApiCredential[] = [];

  constructor(api: Provisioning, id: string, options: ReplaceOptions) {
    this.#api = api;
    this.#id = id;
    this.#options = options;
    this.#reference = options.reference ?? `keyturn-replaces-${id}`;
    if (typeof options.sink?.put !== "function" || typeof options.sink.get !== "function") {
      throw this.#stop(
        "inspect",
        "no_sink",
        "`sink` needs `put` and `get`: the new secret is lost unless it is stored",
      );
    }
    if (this.#reference.trim() === "")
      throw this.#stop(
        "inspect",
        "no_reference",
        "`reference` is empty, so an interrupted run could not be found again",
      );
    if (options.mayDelete && !options.settle) {
      throw this.#stop(
        "inspect",
        "no_settle",
        "`mayDelete` needs `settle`: only the caller knows when every consumer uses the new pair",
      );
    }
  }

  async all(): Promise<Replacement> {
    const old = await this.#inspect();
    const found = await this.#find();
    if (!old && !found)
      throw this.#stop("inspect", "not_found", `there is neither a credential ${this.#id} nor one that replaced it`);
    if (this.#options.dryRun) return this.#plan(old, found);
    const pair = await this.#pair(old, found);
    if (old) await this.#copyDependents(old, pair);
    await this.#verify(old, pair);
    await this.#publish(pair);
    await this.#clearSpares(pair);
    if (!old) return this.#end(pair, "gone");
    const because = await this.#retire(old, pair);
    return because === undefined ? this.#end(pair, "deleted") : this.#end(pair, "kept", because);
  }

  /** Returns the old credential, if it may be replaced. */
  async #inspect(): Promise<ApiCredential | undefined> {
    const old = await this.#api.credential(this.#id, false);
    if (!old) return this.#note("inspect", "already", "the old credential is gone");
    const unfit = whyUnfit(old, await this.#api.own(), this.#options.publicKinds);
    if (unfit) throw this.#stop("inspect", unfit.reason, unfit.message);
    this.#note("inspect", "done", `a ${old.kind} credential of organization ${old.organization?.id}`);
    return old;
  }

  /**
   * Finds the credential that an earlier or concurrent run has created. Of several, every run takes the oldest; the
   * others were never given to anybody.
   */
  async #find(): Promise<ApiCredential | undefined> {
    this.#mayGoOn();
    const all = await this.#api.credentialsWhere({ reference_eq: this.#reference });
    const foreign = all.find((one) => predecessorOf(one) !== this.#id);
    if (foreign) {
      const message = `credential ${foreign.id} already has the reference ${JSON.stringify(this.#reference)}, but is not a replacement of ${this.#id}`;
      throw this.#stop("create", "reference_taken", message);
    }
    const [first, ...others] = all.sort(byAge);
    this.#spares = others;
    return first;
  }

  /** Returns the pair of the new credential, which is found or created. */
  async #pair(old: ApiCredential | undefined, found: ApiCredential | undefined): Promise<CredentialPair> {
    const made = found
      ? undefined
      : await this.#api.createCredential(successorOf(old as ApiCredential, this.#reference));
    let winner = found ?? (made as ApiCredential);
    if (made) {
      winner = (await this.#find()) ?? made;
      // A concurrent run was first. Nobody has seen this run's credential.
      if (winner.id !== made.id) await this.#api.deleteCredential(made.id);
    }
    const own = made?.id === winner.id;
    const differs = old && differences(old, winner);
    if (differs?.length) {
      if (own) await this.#api.deleteCredential(winner.id);
      const message = `the new credential differs from the old one in ${differs.join(", ")}${own ? ", and was deleted again" : ""}`;
      throw this.#stop("create", "differs", message, winner.id);
    }
    const whole = own && made.client_secret ? made : await this.#api.credential(winner.id, true);
    if (!whole?.client_id || (!whole.client_secret && whole.confidential)) {
      throw this.#stop("create", "unreadable", "the new credential's secret cannot be read with this token", winner.id);
    }
    this.#note("create", own ? "done" : "already", `credential ${whole.id}`);
    return { id: whole.id, clientId: whole.client_id, clientSecret: whole.client_secret ?? "" };
  }

  /**
   * Copies what depends on the old credential. Each such row refers to its credential permanently, so it gets a
   * counterpart that refers to the new one.
   */
  async #copyDependents(old: ApiCredential, pair: CredentialPair): Promise<void> {
    const { all, copied } = await copyDependents(this.#api, old.id, pair.id, this.#reference, () => this.#mayGoOn());
    if (all === 0) return this.#note("dependents", "skipped", "nothing depends on it");
    this.#note(
      "dependents",
      copied > 0 ? "done" : "already",
      `${all} application memberships also name the new credential`,
    );
  }

  async #verify(old: ApiCredential | undefined, pair: CredentialPair): Promise<void> {
    this.#mayGoOn();
    if (this.#options.verify) await this.#options.verify(pair);
    else if (!old || isPublic(old.kind)) {
      return this.#note(
        "verify",
        "skipped",
        old ? `a ${old.kind} only gets tokens for its users` : "the old credential is gone",
      );
    } else await this.#compareClaims(old, pair);
    this.#note("verify", "done", "the new pair logs in");
  }

  async #compareClaims(old: ApiCredential, pair: CredentialPair): Promise<void> {
    const claims = await this.#api.claims(pair);
    if (!claims) throw await this.#unfit(pair, "refused", "the server refuses the new pair");
    const { application, organization, test } = claims;
    const wrong = [
      organization?.id !== old.organization?.id && "organization",
      application?.kind !== undefined && application.kind !== old.kind && "kind",
      old.mode != null && test !== undefined && test !== (old.mode === "test") && "mode",
    ].filter(Boolean);
    if (wrong.length > 0) {
      throw await this.#unfit(pair, "differs", `a token of the new pair differs in its ${wrong.join(" and ")}`);
    }
  }

  /** Deletes a pair that cannot be used, unless it has been handed out. */
  async #unfit(pair: CredentialPair, reason: ReplacementReason, message: string): Promise<ReplacementError> {
    if (await this.#isHeld(pair))
      return this.#stop("verify", reason, `${message}; the sink has it, so nothing was deleted`, pair.id);
    await removeCredential(this.#api, pair.id);
    return this.#stop("verify", reason, `${message}; it was deleted again, and the old one is unchanged`);
  }

  async #publish(pair: CredentialPair): Promise<void> {
    this.#mayGoOn();
    if (await this.#isHeld(pair)) return this.#note("publish", "already", "the sink has the new pair");
    await this.#options.sink.put(pair);
    if (!(await this.#isHeld(pair))) {
      throw this.#stop(
        "publish",
        "not_held",
        "the sink accepted the new pair, but does not return it; both credentials are valid",
        pair.id,
      );
    }
    this.#note("publish", "done", "the sink has the new pair");
  }

  /** Deletes the other credentials. The sink holds the one that every run takes, and nobody has the others. */
  async #clearSpares({ id }: CredentialPair): Promise<void> {
    for (const spare of this.#spares) {
      if (spare.id === id || spare.id === this.#id) continue;
      await this.#api.deleteCredential(spare.id);
      this.#note("publish", "done", `removed ${spare.id}, which another run created and never delivered`);
    }
  }

  /** Retires the old credential; resolves with the reason if it is kept. */
  async #retire(old: ApiCredential, pair: CredentialPair): Promise<string | undefined> {
    const { settle, signal, mayDelete } = this.#options;
    if (settle) {
      await settle({ old: { id: old.id, expiresIn: old.expires_in ?? 0 }, id: pair.id, signal });
      this.#note("settle", "done", "the caller says that the new pair is in use");
    }
    this.#mayGoOn();
    if (!mayDelete) return this.#keep("`mayDelete` was not given");
    await this.#revokeTokens(old);
    return this.#delete(old, pair);
  }

  async #revokeTokens(old: ApiCredential): Promise<void> {
    const { revoke } = this.#options;
    const tokens = (typeof revoke === "function" ? await revoke() : revoke) ?? [];
    if (tokens.length === 0) return this.#note("revoke", "skipped", "no tokens were given");
    // A token can only be revoked with the secret of its own credential.
    const whole = await this.#api.credential(old.id, true);
    if (!whole) return this.#note("revoke", "skipped", "the old credential is gone");
    const pair = { id: whole.id, clientId: whole.client_id, clientSecret: whole.client_secret };
    for (const token of tokens) await this.#api.revokeToken(token, pair);
    this.#note("revoke", "done", `${tokens.length} tokens`);
  }

  async #delete(old: ApiCredential, pair: CredentialPair): Promise<string | undefined> {
    // Check again: much may have changed while consumers settled.
    const [before, replacement] = [
      await this.#api.credential(old.id, false),
      await this.#api.credential(pair.id, false),
    ];
    if (!replacement || replacement.client_id !== pair.clientId || pair.id === old.id) {
      throw this.#stop(
        "delete",
        "replacement_gone",
        "the new credential no longer exists; the old one is kept",
        pair.id,
      );
    }
    if (!(await this.#isHeld(pair))) {
      throw this.#stop(
        "delete",
        "not_held",
        "the sink no longer has the new pair; the old credential is kept",
        pair.id,
      );
    }
    if (!before) return this.#note("delete", "already", "the old credential is gone");
    if (before.client_id !== old.client_id) {
      throw this.#stop("delete", "changed", "the old credential's client id has changed; it is kept", pair.id);
    }
    if (!(await removeCredential(this.#api, old.id)))
      return this.#keep("something on the server still depends on it (423)");
    return this.#note("delete", "done", `credential ${old.id}`);
  }

  async #isHeld(pair: CredentialPair): Promise<boolean> {
    const held = await this.#options.sink.get();
    return held?.clientId === pair.clientId && (held.clientSecret ?? "") === pair.clientSecret;
  }

  #plan(old: ApiCredential | undefined, found: ApiCredential | undefined): Replacement {
    const { settle, mayDelete, revoke } = this.#options;
    const plan = (step: ReplacementStepName, what: string): void => this.#note(step, "planned", what);
    if (found) this.#note("create", "already", `credential ${found.id}`);
    else plan("create", `a ${old?.kind} credential with the reference ${JSON.stringify(this.#reference)}`);
    plan("dependents", "a twin for each application membership");
    plan("verify", "log in with the new pair, and compare the token's claims");
    plan("publish", "put the new pair into the sink, and read it back");
    if (settle) plan("settle", "wait until the caller says that the new pair is in use");
    if (old && mayDelete && revoke) plan("revoke", "the given tokens");
    if (old && mayDelete) plan("delete", `credential ${old.id} and the application memberships that name it`);
    const because = old && !mayDelete ? "`mayDelete` was not given" : "this is a dry run";
    return this.#end(found && { id: found.id, clientId: found.client_id }, old ? "kept" : "gone", old && because);
  }

  #end(
    pair: Pick<CredentialPair, "id" | "clientId"> | undefined,
    state: "deleted" | "kept" | "gone",
    because?: string,
  ): Replacement {
    const credential = pair && { id: pair.id, clientId: pair.clientId };
    return {
      reference: this.#reference,
      old: { id: this.#id, state, ...(because ? { because } : {}) },
      credential,
      steps: this.#steps,
    };
  }

  #mayGoOn(): void {
    const { signal } = this.#options;
    if (signal?.aborted) throw new RequestAbortedError({ operation: "api_credentials.replace", cause: signal.reason });
  }

  #keep(because: string): string {
    this.#note("delete", "skipped", because);
    return because;
  }

  #note(step: ReplacementStepName, state: ReplacementStep["state"], what: string): undefined {
    const noted = { step, state, what };
    this.#steps.push(noted);
    this.#options.onStep?.(noted);
  }

  #stop(step: ReplacementStepName, reason: ReplacementReason, message: string, newId?: string): ReplacementError {
    return new ReplacementError(message, { step, reason, oldId: this.#id, newId });
  }
}
