/**
 * Ways to log in. Each is an object in {@link ways}: the fields that it asks for, and how it creates a client from
 * them. Input goes into the client and nowhere else.
 */

import { type ClientOptions, type DeviceCode, deviceLogin, tokenExchange } from "keyturn/slim";
import type { Key } from "../texts/text.js";
import { type Connections, connect, readyTenant } from "./connection.js";
import { sandboxIdentity } from "./examples.js";

/** The services to log in to, and their display names. */
export const SERVICES = { c1: "C1", commercelayer: "Commerce Layer" } as const satisfies Record<
  keyof Connections,
  string
>;

export type Service = keyof typeof SERVICES;

/** An input field of a way to log in. */
export interface Field {
  /** The name of the client option that it sets, so that an error about that option is shown at this field. */
  readonly name: string;
  readonly label: Key;
  readonly hint: Key;
  readonly secret?: boolean;
  /** The initial value. */
  readonly value?: string;
  /** Whether it may be left empty. */
  readonly optional?: boolean;
}

/** The input, by the names of the fields. */
type Values = Record<string, string>;

/** A way to log in. */
export interface Way {
  readonly id: string;
  readonly label: Key;
  readonly about: Key;
  readonly fields: readonly Field[];
  /** For a page with a sandbox: the label of a button that fills in the fields, and the values. */
  readonly sandbox?: { readonly label: Key; values(): Promise<Values> };
  /** @param onCode Shows a code that a person has to approve elsewhere. */
  connect(values: Values, onCode: (code: DeviceCode) => void, signal: AbortSignal): Promise<Connections>;
}

const server = { name: "serverURL", label: "way.serverURL", value: location.origin } as const;

/** The field that every way to log in to C1 has: the address of the server. */
const tenantServer: Field = {
  ...server,
  hint: "way.serverURL.tenant",
};

const provisioningServers: readonly Field[] = [
  {
    ...server,
    optional: true,
    hint: "way.serverURL.provisioning",
  },
  {
    name: "domain",
    label: "way.domain",
    hint: "way.domain.hint",
    optional: true,
  },
];

/** Creates a way to log in to C1. */
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

/** Returns the client options that locate the server. */
function provisioningPlace({ serverURL, domain }: Values): { serverURL?: string; domain?: string } {
  return domain ? { domain } : serverURL ? { serverURL } : {};
}

/** All ways to log in, the most common one first. */
export const ways: Readonly<Record<Service, readonly Way[]>> = {
  c1: [
    tenantWay({
      id: "client-credentials",
      label: "way.clientCredentials",
      about: "way.clientCredentials.about",
      fields: [
        { name: "clientID", label: "clientId", hint: "way.clientID.hint" },
        {
          name: "clientSecret",
          label: "clientSecret",
          hint: "way.clientSecret.hint",
          secret: true,
        },
      ],
      options: ({ clientID, clientSecret }) => ({ clientID, clientSecret }),
    }),
    tenantWay({
      id: "device-login",
      label: "way.device",
      about: "way.device.about",
      fields: [
        {
          name: "clientID",
          label: "way.device.clientID",
          hint: "way.device.clientID.hint",
        },
      ],
      sandbox: { label: "way.device.sandbox", values: async () => ({ clientID: "keyturn-console" }) },
      options: ({ clientID = "" }, onCode) => ({ credentials: deviceLogin({ clientID, onCode }) }),
    }),
    tenantWay({
      id: "token-exchange",
      label: "way.exchange",
      about: "way.exchange.about",
      fields: [
        {
          name: "clientID",
          label: "way.exchange.clientID",
          hint: "way.exchange.clientID.hint",
        },
        {
          name: "subjectToken",
          label: "way.exchange.token",
          hint: "way.exchange.token.hint",
          secret: true,
        },
      ],
      sandbox: { label: "way.exchange.sandbox", values: sandboxIdentity },
      options: ({ clientID = "", subjectToken = "" }) => ({
        credentials: tokenExchange({ clientID, subjectToken: () => subjectToken }),
      }),
    }),
    tenantWay({
      id: "access-token",
      label: "way.token",
      about: "way.token.about",
      fields: [{ name: "security", label: "way.token", hint: "way.token.hint", secret: true }],
      options: ({ security }) => ({ security: { bearerAuth: security } }),
    }),
  ],
  commercelayer: [
    {
      id: "personal-credentials",
      label: "way.clientCredentials",
      about: "way.personal.about",
      fields: [
        {
          name: "clientId",
          label: "clientId",
          hint: "way.personal.clientId.hint",
        },
        {
          name: "clientSecret",
          label: "clientSecret",
          hint: "way.personal.clientSecret.hint",
          secret: true,
        },
        ...provisioningServers,
      ],
      sandbox: {
        label: "way.personal.sandbox",
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
      label: "way.token",
      about: "way.provisioningToken.about",
      fields: [
        { name: "accessToken", label: "way.token", hint: "way.provisioningToken.hint", secret: true },
        ...provisioningServers,
      ],
      connect: async ({ accessToken = "", ...place }, _onCode, signal) => {
        const { provision } = await import("./commercelayer.js");
        return { commercelayer: await provision({ accessToken, ...provisioningPlace(place) }, signal) };
      },
    },
  ],
};
