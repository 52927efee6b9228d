/**
 * The JSON Schema (2020-12) of `keyturn.json`. It is published as `keyturn.schema.json`, so that editors know it, and
 * `check.ts` uses the same table. The `kind` of an object selects one of several shapes.
 */

/** A schema, with the keywords that are used here. */
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

/** A text of more than spaces. `minLength` is for readers of the schema, and for the message. */
const FILLED = { minLength: 1, pattern: "\\S" } as const;
/** Whole numbers that JavaScript represents exactly. */
const SAFE = { maximum: Number.MAX_SAFE_INTEGER } as const;

const text = (description: string): Schema => ({ type: "string", ...FILLED, description });
const oneOf = (description: string, values: readonly string[]): Schema => ({ enum: values, description });
const flag = (description: string): Schema => ({ type: "boolean", description });
const count = (description: string): Schema => ({ type: "integer", minimum: 1, ...SAFE, description });
const texts = (description: string): Schema => ({
  type: "array",
  items: { type: "string", ...FILLED },
  minItems: 1,
  description,
});
/**
 * Returns the schema of a duration. The engine parses durations; here they are only distinguished from other texts.
 * It takes numbers for milliseconds, but who writes `"grace": 24` into a file means hours or days.
 */
const span = (description: string): Schema => ({
  type: ["string", "integer"],
  minimum: 0,
  maximum: 0,
  ...FILLED,
  description,
});
const variable = (description: string): Schema => ({
  type: "string",
  pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
  description,
});
const mode = (description: string): Schema => ({ type: "string", pattern: "^0?[0-7]{3}$", description });

/** Returns the schema of an object with these fields and no others. */
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

/** Returns the schema of one of several objects that differ by their `kind`. */
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
  clientId: text("The name for the client id. Default: BATON_CLIENT_ID."),
  clientSecret: text("The name for the client secret. Default: BATON_CLIENT_SECRET."),
};

const PATH_OF_KEYS = (what: string): Schema => ({
  type: ["string", "array"],
  ...FILLED,
  items: { type: "string" },
  minItems: 1,
  description: `Where the ${what} is: a key, or the path of keys from the root. Default: ${what === "client id" ? "clientId" : "clientSecret"}.`,
});

const SINKS = kinds(
  {
    "env-file": shape(
      {
        path: text("The file, relative to the folder of keyturn.json. It is created if it does not exist."),
        clientId: variable("The variable for the client id. Default: BATON_CLIENT_ID."),
        clientSecret: variable("The variable for the client secret. Default: BATON_CLIENT_SECRET."),
        dialect: oneOf(
          'The program that reads the file. Default: "portable", which writes only what all of them read alike.',
          ["portable", "dotenv", "docker", "systemd", "shell"],
        ),
        mode: mode('The mode of the file, such as "0640". Default: its current mode, and 0600 for a new file.'),
      },
      ["path"],
      "Two variables in a file of NAME=value lines. The rest of the file stays unchanged.",
    ),
    "json-file": shape(
      {
        path: text("The file, relative to the folder of keyturn.json. It is created if it does not exist."),
        clientId: PATH_OF_KEYS("client id"),
        clientSecret: PATH_OF_KEYS("client secret"),
        mode: mode('The mode of the file, such as "0640". Default: its current mode, and 0600 for a new file.'),
      },
      ["path"],
      "Two values in a JSON file. The rest of the file stays unchanged.",
    ),
    folder: shape(
      {
        path: text("The folder, relative to that of keyturn.json. It is created if it does not exist."),
        clientId: text("The file for the client id. Default: client-id."),
        clientSecret: text("The file for the client secret. Default: client-secret."),
        mode: mode('The mode of the files. Default: "0600".'),
        folderMode: mode('The mode of new folders. Default: "0700".'),
      },
      ["path"],
      "A folder with a file for each value. Both change in one step, as in secrets that Kubernetes mounts.",
    ),
    command: shape(
      {
        run: texts(
          "The program and its arguments, run without a shell. It gets the client id and secret as a line of JSON on " +
            "its standard input.",
        ),
        read: texts("A program that writes the current client id and secret as JSON to its standard output."),
        readsSecret: flag("Whether `read` also returns the secret. Default: false."),
        pass: {
          type: "array",
          items: variable("The name of a variable."),
          description:
            "Variables that the programs inherit although they contain credentials. By default, the variables of C1 and " +
            "Commerce Layer and those that keyturn.json names are removed from their environment.",
        },
        timeoutSeconds: count("How long each program may run. Default: 60."),
      },
      ["run"],
      "A program that delivers the client id and secret.",
    ),
    kubernetes: shape(
      {
        url: text("The address of the API server."),
        token: SECRET,
        namespace: text("The namespace."),
        secret: text("The name of the Secret. It is created if it does not exist."),
        ...NAMES,
        restart: {
          type: "array",
          items: shape(
            {
              kind: oneOf("The kind of workload.", ["Deployment", "StatefulSet", "DaemonSet"]),
              name: text("The workload's name."),
            },
            ["kind", "name"],
          ),
          description: "The workloads to restart once the Secret is updated.",
        },
      },
      ["url", "token", "namespace", "secret"],
      "A Kubernetes Secret.",
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
      "A secret in a version 2 KV store of Vault.",
    ),
    github: shape(
      {
        repository: { type: "string", pattern: "^[^/]+/[^/]+$", description: "owner/name" },
        token: SECRET,
        environment: text("The environment that has the secret and the variable. Default: the repository."),
        secret: variable("The Actions secret for the client secret. Default: BATON_CLIENT_SECRET."),
        variable: variable("The variable for the client id. Default: BATON_CLIENT_ID."),
        url: text("The address of the API, for GitHub Enterprise Server."),
      },
      ["repository", "token"],
      "A secret and a variable of GitHub Actions.",
    ),
    gitlab: shape(
      {
        project: text("The project's number, or its path such as group/project."),
        token: SECRET,
        environment: text("The environments whose jobs get the variables. Default: all."),
        protected: {
          type: "boolean",
          description: "Whether only jobs on protected branches and tags get the variables. Default: true.",
        },
        ...NAMES,
        url: text("The address of a self-managed server."),
      },
      ["project", "token"],
      "Two GitLab CI/CD variables. The secret is masked in logs.",
    ),
    aws: shape(
      {
        secretId: text("The name or the ARN of the secret, which must exist."),
        region: text("The region. Default: the one that the AWS SDK determines."),
        endpoint: text("A custom endpoint of the service."),
        ...NAMES,
      },
      ["secretId"],
      "A secret in AWS Secrets Manager. Needs @aws-sdk/client-secrets-manager installed next to keyturn.json, " +
        "which finds its own credentials.",
    ),
  },
  { name: text("The name of the sink in the journal. It must be unique within the target.") },
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
      description: 'Ids of the roles that limit the credential, or "all".',
    },
    allowSourceCidr: {
      type: ["array", "string"],
      items: { type: "string" },
      minItems: 1,
      pattern: "^anywhere$",
      description: 'The addresses that may use it, such as 192.0.2.0/24, or "anywhere".',
    },
    requireDpop: flag("Whether its tokens must be bound to a key. Default: no."),
  },
  ["expiresInDays", "scopedRoles", "allowSourceCidr"],
  "The limits of each new credential. Required.",
);

const TARGETS = kinds(
  {
    "c1-connector": shape(
      {
        appId: text("The id of the app."),
        connectorId: text("The id of the connector."),
        logsRotations: flag(
          "Whether the tenant's system log is known to record rotations. Default: false, which requires an earlier " +
            "event in the log that shows it.",
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
        clientId: text("The client id of the first client. Keep it unchanged, even when that client no longer exists."),
        tokenURL: text(
          "The endpoint where the application exchanges authorization codes. Default: /auth/v1/token of the tenant.",
        ),
      },
      ["appId", "ssoApplicationId", "clientId"],
      "Successive clients of an SSO application of C1. Each rotation creates another client, so the client id " +
        "changes.",
    ),
    "c1-service-principal": shape(
      { servicePrincipalId: text("The id of the service principal."), limits: LIMITS },
      ["servicePrincipalId", "limits"],
      "The credentials of a C1 service principal.",
    ),
    "c1-personal-client": shape(
      { limits: LIMITS },
      ["limits"],
      "Personal clients (API keys) of the user that the command is logged in as.",
    ),
    "commercelayer-api-credential": shape(
      {
        id: text("The id of the first credential. Keep it unchanged, even when that credential no longer exists."),
        publicKinds: flag("Whether to allow a sales channel or a webapp. Default: false."),
      },
      ["id"],
      "Successive API credentials of Commerce Layer.",
    ),
  },
  {
    tenant: text("The name of a tenant in keyturn.json. Default: the environment, or the default profile."),
    sinks: {
      type: "array",
      items: { $ref: "#/$defs/sink" },
      minItems: 1,
      description: "Where the credential is delivered.",
    },
    policy: { $ref: "#/$defs/policy" },
    owner: text("Who is responsible for the credential."),
    consumers: texts("What reads the credential."),
    group: text("A group of targets that are rotated together."),
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
          items: oneOf("A day of the week.", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
          description: "Default: all.",
        },
        from: { type: "string", pattern: "^\\d\\d:\\d\\d$", description: 'A time such as "22:00". Default: "00:00".' },
        to: {
          type: "string",
          pattern: "^\\d\\d:\\d\\d$",
          description: 'A time such as "04:00". Default: the end of the day.',
        },
      }),
      description: "When rotations may begin. Default: at any time.",
    },
    zone: text('The time zone of windows and days, such as "Europe/Berlin". Default: UTC.'),
    grace: span('How long the old credential stays valid after the new one is delivered. Default: "24h".'),
    proofs: {
      type: "array",
      items: oneOf("A proof.", ["parsed", "token", "used", "quiet", "healthy"]),
      description: 'What must be proven before the old credential ends. Default: ["parsed", "token"].',
    },
    tokenLife: span('The longest lifetime of a token, for "quiet". Default: "1h".'),
    approval: flag("Whether the old credential ends only after a person approves. Default: false."),
    callDeadline: span('How long each step may take. Default: "1m".'),
    margin: span('How far the clocks of different machines may differ. Default: "2m".'),
    hold: span('How long a process may take to deliver a new secret. Default: "15m".'),
    poll: span('How often to check for a missing proof. Default: "15m".'),
    maxIntents: count("How many credentials may be issued for one rotation before a person is needed. Default: 3."),
    maxFailures: count("How often a step may fail before a person is needed. Default: 8."),
    backoff: span('The first delay after a failure. Default: "5s".'),
    maxBackoff: span('The longest delay. Default: "1h".'),
    maxActive: count("How many credentials may be alive at a time. Default: 2."),
    overdueAfter: span('How long after its first opportunity a rotation counts as overdue. Default: "1d".'),
    staleAfter: span('The age at which a credential counts as stale. Default: "180d".'),
    unusedAfter: span('How long a credential may exist without ever being used. Default: "7d".'),
    idleAfter: span('How long a credential may go unused. Default: "30d".'),
  },
  [],
  "How a target is rotated. A duration is an integer with a unit: s, m, h, d or w.",
);

const TENANT: Schema = {
  ...shape(
    {
      api: oneOf("The API that the tenant belongs to.", ["c1", "commercelayer"]),
      profile: text("The profile to log in with, created by `keyturn login`."),
      clientId: {
        type: ["string", "object"],
        ...FILLED,
        properties: { env: variable("The variable that contains it.") },
        required: ["env"],
        additionalProperties: false,
        description: "The client id, or the variable that contains it. It is not a secret.",
      },
      clientSecret: SECRET,
      serverURL: text("The server's address, for a sandbox or a proxy."),
      tenantDomain: text("C1: the tenant, if the client id does not name it."),
    },
    ["api"],
    "A tenant, and where to find its credentials.",
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
          "The folder of the journal, relative to that of keyturn.json. All processes that rotate a target share it.",
        ),
        tenants: {
          type: "object",
          additionalProperties: TENANT,
          description:
            "Tenants, by names of your choice. Default: one of each API, from the environment or the default profile.",
        },
        policy: { $ref: "#/$defs/policy", description: "The default policy of all targets." },
        seal: shape(
          {
            key: {
              $ref: "#/$defs/secret",
              description: "Where to read the key: 32 random bytes in base64 or hex, the same for all processes.",
            },
            folder: text(
              "The folder of the copies, relative to keyturn.json. Default: next to the journal. With --database, the database stores them.",
            ),
          },
          ["key"],
          "Keeps an encrypted copy of each new secret until it is delivered, so that a process that dies does not cost another credential.",
        ),
        caps: shape(
          {
            atATime: count("How many rotations may be in progress at a time."),
            perProvider: {
              type: "object",
              propertyNames: { enum: (TARGETS.oneOf ?? []).flatMap(({ properties }) => properties?.kind?.const ?? []) },
              additionalProperties: count("The limit."),
              description: "The same for the targets of one kind.",
            },
            rest: span("The delay after each rotation."),
            longestRest: span("The longest delay."),
          },
          [],
          "How many rotations `advance` and `rotate` run at a time.",
        ),
        targets: {
          type: "object",
          additionalProperties: TARGETS,
          propertyNames: {
            minLength: 1,
            pattern: "^(?!-|__proto__$)[\\s\\S]*\\S",
            description: "it must not start with -, which commands take for an option, and must not be __proto__",
          },
          description:
            "The targets, by names of your choice. The journal records these names, so they must not change.",
        },
      },
      ["journal", "targets"],
      "The credentials that keyturn rotates, and where they are delivered. This file never contains a secret.",
    ),
    $defs: {
      policy: POLICY,
      sink: SINKS,
      secret: {
        type: "object",
        properties: {
          env: variable("The variable that contains it."),
          file: text("The file that contains it, relative to the folder of keyturn.json."),
        },
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        description: "Where to read a secret: a variable or a file. Never the secret itself.",
      },
    },
  };
