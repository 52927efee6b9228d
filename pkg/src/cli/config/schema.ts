/**
 * What `keyturn.json` may hold, as a JSON Schema (2020-12). It is shipped as `keyturn.schema.json`, so that editors know it, and
 * `check.ts` uses the same table. The `kind` of an object selects one of several forms.
 */

/** The keywords that are used here. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly oneOf?: readonly Schema[];
}

/** More than spaces. `minLength` is for readers of the schema, and for the message. */
const FILLED = { minLength: 1, pattern: "\\S" } as const;
/** Whole numbers that JavaScript represents exactly. */
const SAFE = { maximum: Number.MAX_SAFE_INTEGER } as const;

const text = (description: string): Schema => ({ type: "string", ...FILLED, description });
const one = (description: string, values: readonly string[]): Schema => ({ enum: values, description });
const flag = (description: string): Schema => ({ type: "boolean", description });
const count = (description: string): Schema => ({ type: "integer", minimum: 1, ...SAFE, description });
const texts = (description: string): Schema => ({
  type: "array",
  items: { type: "string", ...FILLED },
  minItems: 1,
  description,
});
/** Durations are parsed by the engine; here they are only distinguished from other texts. */
const span = (description: string): Schema => ({
  type: ["string", "integer"],
  minimum: 0,
  ...SAFE,
  ...FILLED,
  description,
});
const variable = (description: string): Schema => ({
  type: "string",
  pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
  description,
});
const mode = (description: string): Schema => ({ type: "string", pattern: "^0?[0-7]{3}$", description });

/** An object with these fields and no others. */
function shape(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  description?: string,
): Schema {
  return {
    type: "object",
    properties,
    required,
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  };
}

/** One of several objects that differ by their `kind`. */
function kinds(
  all: Readonly<Record<string, Schema>>,
  common: Readonly<Record<string, Schema>> = {},
  required: readonly string[] = [],
): Schema {
  return {
    oneOf: Object.entries(all).map(([kind, { description, properties = {}, required: own = [] }]) =>
      shape(
        { kind: { const: kind, ...(description === undefined ? {} : { description }) }, ...properties, ...common },
        ["kind", ...own, ...required],
        description,
      ),
    ),
  };
}

const SECRET: Schema = { $ref: "#/$defs/secret" };

const NAMES = {
  clientId: text("The name that the client id gets. Default: BATON_CLIENT_ID."),
  clientSecret: text("The name that the client secret gets. Default: BATON_CLIENT_SECRET."),
};

const PATH_OF_KEYS = (what: string): Schema => ({
  type: ["string", "array"],
  ...FILLED,
  items: { type: "string" },
  minItems: 1,
  description: `Where the ${what} stands: a key, or keys from the top. Default: ${what === "client id" ? "clientId" : "clientSecret"}.`,
});

const SINKS = kinds(
  {
    "env-file": shape(
      {
        path: text("The file, from the folder of keyturn.json. It is made if it is not there."),
        clientId: variable("The variable that gets the client id. Default: BATON_CLIENT_ID."),
        clientSecret: variable("The variable that gets the client secret. Default: BATON_CLIENT_SECRET."),
        dialect: one('Who reads the file. Default: "portable", which only writes what all of them agree on.', [
          "portable",
          "dotenv",
          "docker",
          "systemd",
          "shell",
        ]),
        mode: mode('The mode of the file, such as "0640". Default: that which it has, and 0600 for a new one.'),
      },
      ["path"],
      "Two variables in a file of NAME=value lines. All else in it stays.",
    ),
    "json-file": shape(
      {
        path: text("The file, from the folder of keyturn.json. It is made if it is not there."),
        clientId: PATH_OF_KEYS("client id"),
        clientSecret: PATH_OF_KEYS("client secret"),
        mode: mode('The mode of the file, such as "0640". Default: that which it has, and 0600 for a new one.'),
      },
      ["path"],
      "Two values in a JSON file. All else in it stays.",
    ),
    folder: shape(
      {
        path: text("The folder, from that of keyturn.json. It is made if it is not there."),
        clientId: text("The file that gets the client id. Default: client-id."),
        clientSecret: text("The file that gets the client secret. Default: client-secret."),
        mode: mode('The mode of the files. Default: "0600".'),
        folderMode: mode('The mode of new folders. Default: "0700".'),
      },
      ["path"],
      "A folder with a file for each value, which change in one step, as Kubernetes mounts secrets.",
    ),
    command: shape(
      {
        run: texts(
          "The program and its arguments; no shell. It gets the pair as a line of JSON on its standard input.",
        ),
        read: texts("A program that writes what is there now, as JSON, to its standard output."),
        readsSecret: flag("Whether `read` gives the secret back as well. Default: false."),
        pass: {
          type: "array",
          items: variable("A variable."),
          description:
            "Variables that the programs get although they hold credentials. Those of C1 and Commerce Layer, and those that keyturn.json names, are left out of their environment otherwise.",
        },
        timeoutSeconds: count("How long each may take. Default: 60."),
      },
      ["run"],
      "A program that takes the pair to wherever it belongs.",
    ),
    kubernetes: shape(
      {
        url: text("The address of the API server."),
        token: SECRET,
        namespace: text("The namespace."),
        secret: text("The name of the Secret. It is made if there is none."),
        ...NAMES,
        restart: {
          type: "array",
          items: shape(
            {
              kind: one("What it is.", ["Deployment", "StatefulSet", "DaemonSet"]),
              name: text("Its name."),
            },
            ["kind", "name"],
          ),
          description: "What to restart once the Secret has the pair.",
        },
      },
      ["url", "token", "namespace", "secret"],
      "A Secret of Kubernetes.",
    ),
    vault: shape(
      {
        url: text("The address of the server."),
        token: SECRET,
        mount: text("Where the store is mounted. Default: secret."),
        path: text("The path of the secret below the mount."),
        namespace: text("A namespace of Vault Enterprise."),
        ...NAMES,
      },
      ["url", "token", "path"],
      "A secret in the KV store, version 2, of Vault.",
    ),
    github: shape(
      {
        repository: { type: "string", pattern: "^[^/]+/[^/]+$", description: "owner/name" },
        token: SECRET,
        environment: text("The environment whose secrets they are. Default: those of the repository."),
        secret: variable("The secret that gets the client secret. Default: BATON_CLIENT_SECRET."),
        variable: variable("The variable that gets the client id. Default: BATON_CLIENT_ID."),
        url: text("The address of the API, for GitHub Enterprise Server."),
      },
      ["repository", "token"],
      "A secret and a variable of GitHub Actions.",
    ),
    gitlab: shape(
      {
        project: text("The project: its number, or its path such as group/project."),
        token: SECRET,
        environment: text("The environments whose jobs get the variables. Default: all of them."),
        protected: {
          type: "boolean",
          description: "Whether only jobs of protected branches and tags get them. Default: true.",
        },
        ...NAMES,
        url: text("The address of the server, for one of your own."),
      },
      ["project", "token"],
      "Two variables of GitLab CI/CD. The secret is masked in logs.",
    ),
    aws: shape(
      {
        secretId: text("The name or the ARN of the secret. It has to exist."),
        region: text("The region. Default: as AWS's own tools have it."),
        endpoint: text("Another address of the service."),
        ...NAMES,
      },
      ["secretId"],
      "A secret of AWS Secrets Manager. Needs @aws-sdk/client-secrets-manager beside keyturn.json; it finds its own credentials.",
    ),
  },
  { name: text("The name of the sink in the journal. Two sinks of a target cannot have one.") },
);

const LIMITS = shape(
  {
    expiresInDays: {
      type: ["integer", "string"],
      minimum: 1,
      ...SAFE,
      pattern: "^never$",
      description: 'Days until a new credential expires, or "never".',
    },
    scopedRoles: {
      type: ["array", "string"],
      items: { type: "string" },
      minItems: 1,
      pattern: "^all$",
      description: 'Ids of the roles that it is limited to, or "all".',
    },
    allowSourceCidr: {
      type: ["array", "string"],
      items: { type: "string" },
      minItems: 1,
      pattern: "^anywhere$",
      description: 'The addresses that may use it, such as 192.0.2.0/24, or "anywhere".',
    },
    requireDpop: flag("Whether its tokens have to be bound to a key. Default: no."),
  },
  ["expiresInDays", "scopedRoles", "allowSourceCidr"],
  "What each new credential may do. There is no default.",
);

const TARGETS = kinds(
  {
    "c1-connector": shape(
      {
        appId: text("The id of the app."),
        connectorId: text("The id of the connector."),
        logsRotations: flag(
          "Says that the tenant's system log is known to record rotations. Default: it has to show it.",
        ),
      },
      ["appId", "connectorId"],
      "The credentials of a C1 connector.",
    ),
    "c1-bridge": shape({ bridgeId: text("The id of the bridge.") }, ["bridgeId"], "The credentials of a C1 bridge."),
    "c1-sso-client": shape(
      {
        appId: text("The id of the app."),
        ssoApplicationId: text("The id of the SSO application."),
        clientId: text("The client id that the line begins with. It stays the same when that client is long gone."),
        tokenURL: text("Where the application exchanges its codes. Default: /auth/v1/token of the tenant."),
      },
      ["appId", "ssoApplicationId", "clientId"],
      "A line of clients of an SSO application of C1. Each rotation makes another client, so the client id changes.",
    ),
    "c1-service-principal": shape(
      { servicePrincipalId: text("The id of the service principal."), limits: LIMITS },
      ["servicePrincipalId", "limits"],
      "The credentials of a C1 service principal.",
    ),
    "c1-personal-client": shape(
      { limits: LIMITS },
      ["limits"],
      "Personal clients (API keys) of whoever the command is logged in as.",
    ),
    "commercelayer-api-credential": shape(
      {
        id: text("The id of the credential that the line begins with. It stays the same when that one is long gone."),
        publicKinds: flag("Also takes a sales channel or a webapp. Default: false."),
      },
      ["id"],
      "A line of API credentials of Commerce Layer.",
    ),
  },
  {
    tenant: text("The name of a tenant of keyturn.json. Default: the environment, or the default profile."),
    sinks: { type: "array", items: { $ref: "#/$defs/sink" }, minItems: 1, description: "Where it is delivered." },
    policy: { $ref: "#/$defs/policy" },
    owner: text("Who answers for it."),
    consumers: texts("What reads the credential."),
    group: text("Targets of one group move together."),
  },
  ["sinks"],
);

const POLICY = shape(
  {
    rotateEvery: span('The age at which a credential is replaced: "60d", or "never", the default.'),
    rotateBefore: span('How long before its expiry a credential is replaced. Default: "14d".'),
    windows: {
      type: "array",
      items: shape({
        days: {
          type: "array",
          items: one("A day.", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
          description: "Default: all.",
        },
        from: { type: "string", pattern: "^\\d\\d:\\d\\d$", description: "Default: 00:00." },
        to: { type: "string", pattern: "^\\d\\d:\\d\\d$", description: "Default: the end of the day." },
      }),
      description: "When rotations may begin. Default: at any time.",
    },
    zone: text('The time zone of the windows and of days, such as "Europe/Berlin". Default: UTC.'),
    grace: span('How long the old credential lives on after the new one is delivered. Default: "24h".'),
    proofs: {
      type: "array",
      items: one("A proof.", ["parsed", "token", "used", "quiet", "healthy"]),
      description: 'What has to be proven before the old one ends. Default: ["parsed", "token"].',
    },
    tokenLife: span('The longest life of a token, for "quiet". Default: "1h".'),
    approval: flag("Whether the old credential ends only once a person approves. Default: false."),
    callDeadline: span('How long each step may take. Default: "1m".'),
    margin: span('How far the clocks of different machines may be apart. Default: "2m".'),
    hold: span('How long a process has for delivering a new secret. Default: "15m".'),
    poll: span('How often a proof is looked for that is not there yet. Default: "15m".'),
    maxIntents: count("How many credentials may be issued for one rotation before a person is needed. Default: 3."),
    maxFailures: count("How often a step may fail before a person is needed. Default: 8."),
    backoff: span('The first delay after a failure. Default: "5s".'),
    maxBackoff: span('The longest delay. Default: "1h".'),
    maxActive: count("How many credentials may be alive at a time. Default: 2."),
    overdueAfter: span('How long after the first opportunity a rotation is overdue. Default: "1d".'),
    staleAfter: span('The age at which a credential is stale. Default: "180d".'),
    unusedAfter: span('How long a credential may be known and never be used. Default: "7d".'),
    idleAfter: span('How long a credential may go unused. Default: "30d".'),
  },
  [],
  "How a target is rotated. Durations are a whole number with a unit: s, m, h, d or w.",
);

const TENANT: Schema = {
  ...shape(
    {
      api: one("Which API it is of.", ["c1", "commercelayer"]),
      profile: text("The profile to log in with, as `keyturn login` makes them."),
      clientId: {
        type: ["string", "object"],
        ...FILLED,
        properties: { env: variable("The variable that has it.") },
        required: ["env"],
        additionalProperties: false,
        description: "The client id, or the variable that has it. It is no secret.",
      },
      clientSecret: SECRET,
      serverURL: text("The server's address, for a sandbox or a proxy."),
      tenantDomain: text("C1: the tenant, where the client id does not say it."),
    },
    ["api"],
    "A tenant, and where the credentials for it are.",
  ),
};

/** The schema of `keyturn.json`. */
export const SCHEMA: Schema & { readonly $defs: Readonly<Record<string, Schema>> } & Readonly<Record<string, unknown>> =
  {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "keyturn.json",
    ...shape(
      {
        $schema: { type: "string", description: "This schema." },
        journal: text(
          "The folder of the journal, from that of keyturn.json. All machines' processes that rotate a target share it.",
        ),
        tenants: {
          type: "object",
          additionalProperties: TENANT,
          description:
            "Tenants by names of your own. Default: one of each API, from the environment or the default profile.",
        },
        policy: { $ref: "#/$defs/policy", description: "What holds for all targets that do not say otherwise." },
        seal: shape(
          {
            key: {
              $ref: "#/$defs/secret",
              description: "Where the key is: 32 random bytes, in base64 or in hex. The same for all processes.",
            },
            folder: text(
              "The folder of the copies, from that of keyturn.json. Default: beside the journal. With --database the database has them.",
            ),
          },
          ["key"],
          "Keeps an encrypted copy of each new secret until it is delivered, so that a process that dies does not cost another credential.",
        ),
        caps: shape(
          {
            atATime: count("How many rotations are under way at a time."),
            perProvider: {
              type: "object",
              propertyNames: { enum: (TARGETS.oneOf ?? []).flatMap(({ properties }) => properties?.kind?.const ?? []) },
              additionalProperties: count("How many."),
              description: "The same for the targets of one kind.",
            },
            rest: span("How long is waited after each."),
            longestRest: span("The longest wait."),
          },
          [],
          "How many rotations `advance` and `rotate` have under way at a time.",
        ),
        targets: {
          type: "object",
          additionalProperties: TARGETS,
          propertyNames: {
            minLength: 1,
            pattern: "^(?!-|__proto__$)[\\s\\S]*\\S",
            description: "commands would take one that begins with - for an option, and __proto__ is nobody's",
          },
          description: "The targets by names of your own. A name is the journal's, so it has to stay the same.",
        },
      },
      ["journal", "targets"],
      "The credentials that keyturn rotates, and where they are delivered. It never holds a secret.",
    ),
    $defs: {
      policy: POLICY,
      sink: SINKS,
      secret: {
        type: "object",
        properties: {
          env: variable("The variable that has it."),
          file: text("The file that has it, from the folder of keyturn.json."),
        },
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        description: "Where a secret is: a variable or a file. Never the secret itself.",
      },
    },
  };
