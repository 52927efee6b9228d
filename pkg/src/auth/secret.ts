/** Secrets that are not shown. */

const texts = new WeakMap<Secret, string>();

const HIDDEN = "[secret]";

/**
 * Wraps a secret: printing, logging, serializing and throwing it shows `[secret]`; only {@link Secret.reveal} returns
 * it.
 *
 * ```ts
 * const { connectorServiceRotateCredentialResponse: rotated } = await c1.connector.rotateCredential(ref);
 * const secret = Secret.take(rotated.credential, "clientSecret");
 * console.log(rotated, secret);              // shows neither
 * await store(secret.reveal());
 * ```
 */
export class Secret {
  /** Wraps a text. */
  constructor(text: string) {
    texts.set(this, text);
  }

  /**
   * Takes the secret out of a response: the field is set to `undefined`, so that whatever happens to the response, the
   * secret is not in it. Returns `undefined` if there is none; C1 writes the field as `""` where it has nothing to
   * show.
   */
  static take<Field extends string>(
    from: { [field in Field]?: string | null | undefined } | null | undefined,
    field: Field,
  ): Secret | undefined {
    const text = from?.[field];
    if (!text) return undefined;
    from[field] = undefined;
    return new Secret(text);
  }

  /** Returns the secret itself. */
  reveal(): string {
    return texts.get(this) ?? "";
  }

  /** Releases the secret. The text is gone once nobody else holds it: JavaScript cannot wipe a string. */
  forget(): void {
    texts.delete(this);
  }

  /** The length of the secret, to check that it is not empty. */
  get length(): number {
    return this.reveal().length;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN;
  }

  /** Returns what Node's and Deno's `inspect` show. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "Secret([secret])";
  }

  [Symbol.for("Deno.customInspect")](): string {
    return "Secret([secret])";
  }
}
