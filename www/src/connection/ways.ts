/**
 * Ways to log in. Each is an object in {@link ways}: what it asks for, and the client options that come of it. What is
 * typed in goes into the client and nowhere else.
 */

import { type ClientOptions, type DeviceCode, deviceLogin, tokenExchange } from "keyturn/slim";
import { sandboxIdentity } from "./examples.js";

/** Something that a way asks for. */
export interface Field {
  /** The name of the client option that it becomes, so that an error of that option is shown here. */
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly secret?: boolean;
}

/** A way to log in. */
export interface Way {
  readonly id: string;
  readonly label: string;
  readonly about: string;
  readonly fields: readonly Field[];
  /** What a button offers where a sandbox is behind the page: values for the fields. */
  readonly sandbox?: { readonly label: string; values(): Promise<Record<string, string>> };
  /** @param onCode Shows a code that somebody has to approve elsewhere. */
  options(values: Record<string, string>, onCode: (code: DeviceCode) => void): ClientOptions;
}

/** What every way asks for: where. */
export const serverField: Field = {
  name: "serverURL",
  label: "Server URL",
  hint: "The tenant itself, or a proxy to it. This page may only call the origin that it came from.",
};

/** All of them, the usual one first. */
export const ways: readonly Way[] = [
  {
    id: "client-credentials",
    label: "Client ID and secret",
    about: "Of a personal client or a service principal. The secret signs a statement in this page and is not sent.",
    fields: [
      { name: "clientID", label: "Client ID", hint: "Such as clever-otter-12345@acme.conductor.one/pcc" },
      { name: "clientSecret", label: "Client secret", hint: "It begins with secret-token: and that is a part of it.", secret: true },
    ],
    options: ({ clientID, clientSecret }) => ({ clientID, clientSecret }),
  },
  {
    id: "device-login",
    label: "Approval in a browser",
    about: "This page shows a code, and you approve it where you are logged in to C1. The log-in is yours, and ends with its token.",
    fields: [{ name: "clientID", label: "Client ID of the program", hint: "Of a program that people may log in to. It is no secret." }],
    sandbox: { label: "Fill in one for the sandbox", values: async () => ({ clientID: "keyturn-console" }) },
    options: ({ clientID = "" }, onCode) => ({ credentials: deviceLogin({ clientID, onCode }) }),
  },
  {
    id: "token-exchange",
    label: "Identity token of a workload",
    about: "Of a platform that the tenant trusts, such as a CI job’s. There is no secret: C1 gives an access token for it.",
    fields: [
      { name: "clientID", label: "Client ID of the trust", hint: "Such as clever-otter-12345@acme.conductor.one/wfe" },
      { name: "subjectToken", label: "Identity token", hint: "A JWT. C1 refuses one that is older than ten minutes, also to renew a log-in.", secret: true },
    ],
    sandbox: { label: "Get one from the sandbox’s issuer", values: sandboxIdentity },
    options: ({ clientID = "", subjectToken = "" }) => ({ credentials: tokenExchange({ clientID, subjectToken: () => subjectToken }) }),
  },
  {
    id: "access-token",
    label: "Access token",
    about: "One that somebody else got. It cannot be renewed from here: when it expires, this page has to be told another.",
    fields: [{ name: "security", label: "Access token", hint: "With or without the word Bearer before it.", secret: true }],
    options: ({ security }) => ({ security: { bearerAuth: security } }),
  },
];
