/**
 * Ways to log in. Each is an object in {@link ways}: what it asks for, and the client options that come of it. What is
 * typed in goes into the client and nowhere else.
 */

import type { ClientOptions } from "keyturn/slim";

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
  options(values: Record<string, string>): ClientOptions;
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
    id: "access-token",
    label: "Access token",
    about: "One that somebody else got. It cannot be renewed from here: when it expires, this page has to be told another.",
    fields: [{ name: "security", label: "Access token", hint: "With or without the word Bearer before it.", secret: true }],
    options: ({ security }) => ({ security: { bearerAuth: security } }),
  },
];
