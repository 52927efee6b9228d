/**
 * Ways to log in. Each is an object in {@link ways}: what it asks for, and the client that comes of it. What is
 * typed in goes into the client and nowhere else.
 */

import { type ClientOptions, type DeviceCode, deviceLogin, tokenExchange } from "keyturn/slim";
import { type Connections, connect, readyTenant } from "./connection.js";
import { sandboxIdentity } from "./examples.js";

/** What can be logged in to, and what people call it. */
export const SERVICES = { c1: "C1", commercelayer: "Commerce Layer" } as const satisfies Record<
  keyof Connections,
  string
>;

export type Service = keyof typeof SERVICES;

/** Something that a way asks for. */
export interface Field {
  /** The name of the client option that it becomes, so that an error of that option is shown here. */
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly secret?: boolean;
  /** What stands in it to begin with. */
  readonly value?: string;
  /** It may stay empty. */
  readonly optional?: boolean;
}

/** What was typed in, by the names of the fields. */
type Values = Record<string, string>;

/** A way to log in. */
export interface Way {
  readonly id: string;
  readonly label: string;
  readonly about: string;
  readonly fields: readonly Field[];
  /** What a button offers where a sandbox is behind the page: values for the fields. */
  readonly sandbox?: { readonly label: string; values(): Promise<Values> };
  /** @param onCode Shows a code that somebody has to approve elsewhere. */
  connect(values: Values, onCode: (code: DeviceCode) => void, signal: AbortSignal): Promise<Connections>;
}

const server = { name: "serverURL", label: "Server URL", value: location.origin };

/** What every way asks for: where. */
const tenantServer: Field = {
  ...server,
  hint: "The tenant itself, or a proxy to it. This page may only call the origin that it came from.",
};

const provisioningServers: readonly Field[] = [
  {
    ...server,
    optional: true,
    hint: "Of a sandbox, or a proxy to the Provisioning API. This page may only call the origin that it came from.",
  },
  {
    name: "domain",
    label: "Domain (optional)",
    hint: "In the place of a server URL, where this page may call others: such as commercelayer.io",
    optional: true,
  },
];

/** A way to log in to C1. */
function tenantWay({
  options,
  ...way
}: Omit<Way, "connect"> & { options(values: Values, onCode: (code: DeviceCode) => void): ClientOptions }): Way {
  return {
    ...way,
    fields: [...way.fields, tenantServer],
    connect: async (values, onCode, signal) => {
      return {
        c1: await connect({ ...options(values, onCode), serverURL: values[tenantServer.name] }, undefined, signal),
      };
    },
  };
}

/** Where, by what was typed in. */
function provisioningPlace({ serverURL, domain }: Values): { serverURL?: string; domain?: string } {
  return domain ? { domain } : serverURL ? { serverURL } : {};
}

/** All of them, the usual one first. */
export const ways: Readonly<Record<Service, readonly Way[]>> = {
  c1: [
    tenantWay({
      id: "client-credentials",
      label: "Client ID and secret",
      about: "Of a personal client or a service principal. The secret signs a statement in this page and is not sent.",
      fields: [
        { name: "clientID", label: "Client ID", hint: "Such as clever-otter-12345@acme.conductor.one/pcc" },
        {
          name: "clientSecret",
          label: "Client secret",
          hint: "It begins with secret-token: and that is a part of it.",
          secret: true,
        },
      ],
      options: ({ clientID, clientSecret }) => ({ clientID, clientSecret }),
    }),
    tenantWay({
      id: "device-login",
      label: "Approval in a browser",
      about:
        "This page shows a code, and you approve it where you are logged in to C1. The log-in is yours, and ends with its token.",
      fields: [
        {
          name: "clientID",
          label: "Client ID of the program",
          hint: "Of a program that people may log in to. It is no secret.",
        },
      ],
      sandbox: { label: "Fill in one for the sandbox", values: async () => ({ clientID: "keyturn-console" }) },
      options: ({ clientID = "" }, onCode) => ({ credentials: deviceLogin({ clientID, onCode }) }),
    }),
    tenantWay({
      id: "token-exchange",
      label: "Identity token of a workload",
      about:
        "Of a platform that the tenant trusts, such as a CI job’s. There is no secret: C1 gives an access token for it.",
      fields: [
        {
          name: "clientID",
          label: "Client ID of the trust",
          hint: "Such as clever-otter-12345@acme.conductor.one/wfe",
        },
        {
          name: "subjectToken",
          label: "Identity token",
          hint: "A JWT. C1 refuses one that is older than ten minutes, also to renew a log-in.",
          secret: true,
        },
      ],
      sandbox: { label: "Get one from the sandbox’s issuer", values: sandboxIdentity },
      options: ({ clientID = "", subjectToken = "" }) => ({
        credentials: tokenExchange({ clientID, subjectToken: () => subjectToken }),
      }),
    }),
    tenantWay({
      id: "access-token",
      label: "Access token",
      about:
        "One that somebody else got. It cannot be renewed from here: when it expires, this page has to be told another.",
      fields: [
        { name: "security", label: "Access token", hint: "With or without the word Bearer before it.", secret: true },
      ],
      options: ({ security }) => ({ security: { bearerAuth: security } }),
    }),
  ],
  commercelayer: [
    {
      id: "personal-credentials",
      label: "Client ID and secret",
      about:
        "The ones that the Dashboard’s profile menu has under Provisioning API. They are exchanged for an access token.",
      fields: [
        {
          name: "clientId",
          label: "Client ID",
          hint: "Of your own; those of integrations and sales channels are for other APIs.",
        },
        {
          name: "clientSecret",
          label: "Client secret",
          hint: "It belongs to the client ID, and stays in this page.",
          secret: true,
        },
        ...provisioningServers,
      ],
      sandbox: {
        label: "Fill in those of the sandbox",
        values: async () => ({ ...(await readyTenant())?.commercelayer, domain: "" }),
      },
      connect: async ({ clientId = "", clientSecret = "", ...place }, _onCode, signal) => {
        const { clientCredentials, provision } = await import("./commercelayer.js");
        const credentials = clientCredentials({ clientId, clientSecret });
        return { commercelayer: await provision({ credentials, ...provisioningPlace(place) }, signal) };
      },
    },
    {
      id: "provisioning-token",
      label: "Access token",
      about:
        "One that somebody else got, with the scope provisioning-api. When it expires, this page has to be told another.",
      fields: [
        { name: "accessToken", label: "Access token", hint: "Without the word Bearer before it.", secret: true },
        ...provisioningServers,
      ],
      connect: async ({ accessToken = "", ...place }, _onCode, signal) => {
        const { provision } = await import("./commercelayer.js");
        return { commercelayer: await provision({ accessToken, ...provisioningPlace(place) }, signal) };
      },
    },
  ],
};
