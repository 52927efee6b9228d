/** The table of all commands: help, completions and the parser are made from it. */

import type { Context } from "./context.js";
import type { Exit } from "./exit.js";
import type { Given } from "./given.js";

/** An option of a command. */
export interface OptionSpec {
  /** As commander reads them: `-n, --canary <n>`; without `<...>` it is a flag, and `<...>...` may be repeated. */
  readonly flags: string;
  readonly description: string;
  /** What it may be; anything else is wrong usage. */
  readonly choices?: readonly string[] | undefined;
  /** How its text is checked. Default: any text. */
  readonly kind?: "count" | "port" | "date" | undefined;
  /** What a shell offers in its place. */
  readonly completes?: Completes | undefined;
  /** Left out of the help. */
  readonly hidden?: boolean | undefined;
}

/** What a shell completes an argument or an option's value with. */
export type Completes = "target" | "profile" | "file" | "folder" | "command" | "operation";

/** An argument of a command. */
export interface ArgumentSpec {
  /** As commander reads them: `<name>`, `[names...]`. */
  readonly name: string;
  readonly description: string;
  readonly completes?: Completes | undefined;
  readonly choices?: readonly string[] | undefined;
}

/** What a command's module exports. */
export interface CommandModule {
  run(context: Context, given: Given): Promise<Exit | void>;
}

/** A command. */
export interface CommandSpec {
  /** Its words: `rotate`, `journal verify`. */
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
  /** More about it, shown in its own help. */
  readonly description?: string | undefined;
  readonly arguments?: readonly ArgumentSpec[] | undefined;
  readonly options?: readonly OptionSpec[] | undefined;
  /** The options that it has in common with others. */
  readonly takes?: readonly (keyof typeof COMMON)[] | undefined;
  /** The formats of `-o`, the default one first, if it takes `output`. Default: `table`, `json`, `ndjson`. */
  readonly formats?: readonly string[] | undefined;
  /** Command lines, without `keyturn`, and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /**
   * After so many words what follows is the command's own to read, its help too: it comes among the arguments, but for the options that
   * the table has.
   */
  readonly open?: number | undefined;
  readonly load: () => Promise<CommandModule>;
}

/** Where a command stands in the help. */
export type Group = "Set up" | "Look" | "Rotate" | "Repair" | "Journal" | "Tenant" | "Shell";

/** Options that several commands have. */
export const COMMON = {
  config: {
    flags: "-c, --config <file>",
    description: "the configuration; default: keyturn.json here or in a folder above, or KEYTURN_CONFIG",
    completes: "file",
  },
  output: { flags: "-o, --output <format>", description: "how the result is written" },
  profile: {
    flags: "--profile <name>",
    description: "log in with this profile; default: the environment, then the default profile",
    completes: "profile",
  },
  clock: {
    flags: "--clock <date>",
    description: "what the time is taken for, such as 2030-01-01T00:00:00Z; default: KEYTURN_NOW, then the machine's",
    kind: "date",
  },
  yes: { flags: "-y, --yes", description: "answer every question with yes" },
  quiet: { flags: "-q, --quiet", description: "no progress on standard error" },
  reveal: { flags: "--reveal", description: "show secrets, on a terminal only" },
} as const satisfies Record<string, OptionSpec>;

/** Formats that every command with `-o` has. */
export const FORMATS = ["table", "json", "ndjson"];
/** All options of a command: its own, and those that it has in common with others. */
export function optionsOf(spec: CommandSpec): readonly OptionSpec[] {
  const common = (spec.takes ?? []).map((name): OptionSpec => {
    if (name !== "output") return COMMON[name];
    const choices = spec.formats ?? FORMATS;
    return { ...COMMON.output, description: `${COMMON.output.description}; default: ${choices[0]}`, choices };
  });
  return [...(spec.options ?? []), ...common];
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "login",
    group: "Set up",
    summary: "make a credential of one's own for this machine, and keep it in a profile",
    description:
      "Shows a code to confirm in a browser, makes a personal client of C1 with the limits that are given, and keeps it in a profile: its " +
      "secret in the system's keyring if @napi-rs/keyring is installed, else in a file that only its owner can read. With --client-id and " +
      "--secret-from, and for Commerce Layer, it keeps a credential that there is already.",
    arguments: [{ name: "[api]", description: "which API; default: c1", choices: ["c1", "commercelayer"] }],
    options: [
      { flags: "--profile <name>", description: "the profile's name; default: default", completes: "profile" },
      { flags: "--tenant <name>", description: "the tenant of C1, as acme or acme.conductor.one" },
      { flags: "--server-url <url>", description: "where it is, if that is not the tenant's own address" },
      { flags: "--expires <days>", description: "how long the credential works: 30d, at most 3650d, or never" },
      { flags: "--scope <role>...", description: "the id of a role that it is limited to, or all; may be repeated" },
      { flags: "--cidr <range>...", description: "an address range it may be used from, or anywhere; may be repeated" },
      { flags: "--name <text>", description: "what C1 lists it as; default: keyturn on this machine" },
      {
        flags: "--program <id>",
        description: "the id of the program that C1 says asks; default: that of its own tools",
      },
      { flags: "--client-id <id>", description: "keep this credential instead of making one" },
      {
        flags: "--secret-from <file>",
        description: "the file that its secret is in; - for standard input",
        completes: "file",
      },
    ],
    takes: ["yes", "quiet", "clock"],
    examples: [
      ["login --tenant acme", "ask for the limits, and show a code to confirm"],
      ["login --tenant acme --expires 30d --scope all --cidr 192.0.2.0/24", "the same, without questions"],
      ["login commercelayer --client-id ID --secret-from secret.txt", "keep a credential of Commerce Layer"],
    ],
    load: () => import("./commands/login.js"),
  },
  {
    name: "logout",
    group: "Set up",
    summary: "end the credential that `keyturn login` made, and remove the profile",
    arguments: [{ name: "[api]", description: "which API; default: c1", choices: ["c1", "commercelayer"] }],
    options: [
      { flags: "--profile <name>", description: "the profile's name; default: default", completes: "profile" },
      { flags: "--local", description: "only remove the profile" },
    ],
    takes: ["yes", "quiet", "clock"],
    examples: [["logout --profile work", "end the credential of a profile"]],
    load: () => import("./commands/logout.js"),
  },
  {
    name: "whoami",
    group: "Look",
    summary: "what the commands log in with, and who that is",
    arguments: [{ name: "[api]", description: "which API; default: both", choices: ["c1", "commercelayer"] }],
    takes: ["output", "profile", "quiet", "clock"],
    examples: [["whoami", "for each API that there is a credential for"]],
    load: () => import("./commands/whoami.js"),
  },
  {
    name: "sandbox",
    group: "Tenant",
    summary: "serve a tenant to try things on, on 127.0.0.1",
    description:
      "Serves a sandbox tenant of both APIs on 127.0.0.1 until it is stopped, and prints the variables that clients read.",
    options: [
      { flags: "--port <n>", description: "the port; 0, the default, for any that is free", kind: "port" },
      { flags: "--seed <name>", description: "demo (the default), empty or large" },
      {
        flags: "--json",
        description: 'first line: {"url","clientId","clientSecret","appId","connectorId","commercelayer"}',
      },
      {
        flags: "--state <file>",
        description: "keep the rows in a file; no secret is written to it",
        completes: "file",
      },
      { flags: "--token-ttl <seconds>", description: "how long access tokens live; default 3600", kind: "count" },
      { flags: "--clock <date>", description: "what its clock shows at first, such as 2030-01-01T00:00:00Z" },
      { flags: "--cors <origin>", description: "let the pages of one other origin call it; '*' for those of any" },
      { flags: "--host <address>", description: "127.0.0.1, and nothing else", hidden: true },
      {
        flags: "--old-after-rotate <what>",
        description: "keep (the default), revoke or expire: a connector's older credentials",
      },
      {
        flags: "--bridge-after-rotate <what>",
        description: "revoke (the default) or keep: a bridge's older credentials",
      },
      { flags: "--revoked <what>", description: "gone (the default) or shown: revoked connector credentials" },
      {
        flags: "--dpop <what>",
        description: "accept (the default), ignore, require or nonce: proofs of possession",
      },
      {
        flags: "--dpop-url <what>",
        description: "without-query (the default) or with-query: the URL that a proof names",
      },
      {
        flags: "--replay <what>",
        description: "by-nonce (the default) or by-signature: assertions that were used before",
      },
      {
        flags: "--system-log <what>",
        description: "full (the default), sparse (no ids of new credentials) or off",
      },
      {
        flags: "--rate-limits <what>",
        description: "off (the default) or on: the documented limits of Commerce Layer",
      },
      {
        flags: "--exec <command>",
        description:
          "run a command with CONDUCTORONE_CLIENT_ID, _CLIENT_SECRET, _SERVER_URL, _APP_ID and _CONNECTOR_ID set, and the " +
          "first three as COMMERCELAYER_... for the Provisioning API, then stop with its exit code",
      },
    ],
    examples: [
      ["sandbox", "print the variables to set in another shell"],
      ["sandbox --token-ttl 60 --exec 'node rotate.mjs'", "run a program as a client of it"],
    ],
    load: () => import("./commands/sandbox.js"),
  },
  {
    name: "api",
    group: "Tenant",
    summary: "call any operation of either API by its name",
    description:
      "Calls an operation of C1 or of Commerce Layer. Its fields are flags: --page-size for pageSize, --app.display-name for a field of a " +
      "field, JSON for lists and objects. Without an operation it lists those that there are; with one, --help tells its fields.",
    arguments: [
      { name: "<api>", description: "which API", choices: ["c1", "commercelayer"] },
      { name: "[operation]", description: "GROUP.OPERATION, RESOURCE.OPERATION, or a group", completes: "operation" },
      { name: "[fields...]", description: "its fields, as --NAME VALUE" },
    ],
    options: [
      { flags: "--all", description: "every page of a list" },
      { flags: "--limit <n>", description: "at most so many items; with --all 10000 unless it is said", kind: "count" },
      { flags: "--input <file>", description: "the request as JSON; - for standard input", completes: "file" },
      {
        flags: "--secret-to <file>",
        description: "write the secrets of the answer to a new file that only its owner can read",
        completes: "file",
      },
    ],
    takes: ["output", "profile", "yes", "reveal", "quiet", "clock"],
    formats: ["json", "ndjson", "table"],
    open: 2,
    examples: [
      ["api c1 apps.list --page-size 50 --all", "all apps"],
      ["api commercelayer api_credentials.list --filter kind_eq=integration", "one page of credentials of a kind"],
      ["api c1 connector.rotateCredential --help", "the fields of an operation"],
      [
        "api c1 personalClient.create --input - --secret-to key.txt",
        "a request on standard input, its secret in a file",
      ],
    ],
    load: () => import("./commands/api.js"),
  },
  {
    name: "completion",
    group: "Shell",
    summary: "complete command lines in bash, zsh and fish",
    description:
      "Writes the script that makes a shell complete commands, options, operations, and the names of keyturn.json. The script asks the " +
      "command itself, so it need not be written again when that is updated.",
    arguments: [
      {
        name: "<shell>",
        description: "which shell; words is what the scripts ask",
        choices: ["bash", "zsh", "fish", "words"],
      },
      { name: "[words...]", description: "for words: the command line, up to the cursor" },
    ],
    examples: [
      ["completion zsh", "the script for zsh"],
      ["completion bash", 'the script for bash: eval "$(keyturn completion bash)" in ~/.bashrc'],
    ],
    load: () => import("./commands/completion.js"),
  },
];
