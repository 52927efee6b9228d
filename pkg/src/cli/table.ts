/** The table of all commands, from which help, completions and the parser are made. */

import type { Context } from "./context.js";
import type { Exit } from "./exit.js";
import type { Given } from "./given.js";

/** An option of a command. */
export interface OptionSpec {
  /** In commander's notation: `-n, --canary <n>`; without `<...>` it is a flag, and `<...>...` may be repeated. */
  readonly flags: string;
  readonly description: string;
  /** Its possible values; anything else is a usage error. */
  readonly choices?: readonly string[] | undefined;
  /** The check of its text. Default: any text. */
  readonly kind?: "count" | "port" | "date" | undefined;
  /** What a shell completes it with. */
  readonly completes?: Completes | undefined;
  /** Whether it is left out of the help. */
  readonly hidden?: boolean | undefined;
}

/** What a shell completes an argument or an option's value with. */
export type Completes = "target" | "profile" | "file" | "folder" | "command" | "operation";

/** An argument of a command. */
export interface ArgumentSpec {
  /** In commander's notation: `<name>`, `[names...]`. */
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
  /** The options that it shares with other commands. */
  readonly takes?: readonly (keyof typeof COMMON)[] | undefined;
  /** The formats of `-o`, the default one first, if it takes `output`. Default: `table`, `json`, `ndjson`. */
  readonly formats?: readonly string[] | undefined;
  /** Whether the last of its examples is shown in the main help. */
  readonly shown?: boolean | undefined;
  /** Command lines, without `keyturn`, and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /**
   * After this many words the command parses the rest itself, `--help` included: it is passed with the arguments, except for options that
   * the table has.
   */
  readonly open?: number | undefined;
  readonly load: () => Promise<CommandModule>;
}

/** The section of the help that lists a command. */
export type Group = "Set up" | "Look" | "Rotate" | "Repair" | "Journal" | "Tenant" | "Shell";

/** Options that several commands share. */
export const COMMON = {
  config: {
    flags: "-c, --config <file>",
    description: "the configuration; default: keyturn.json here or in a folder above, or KEYTURN_CONFIG",
    completes: "file",
  },
  database: {
    flags: "--database <url>",
    description: "the Postgres of a fleet, whose journal takes the place of the folder's; default: KEYTURN_DATABASE",
  },
  fleet: { flags: "--fleet <name>", description: "the fleet's name there; default: KEYTURN_FLEET, then default" },
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

/** The formats of every command with `-o`. */
export const FORMATS = ["table", "json", "ndjson"];

/** All options of a command: its own, and those that it shares. */
export function optionsOf(spec: CommandSpec): readonly OptionSpec[] {
  // The journal of a configuration may be in a database.
  const taken = (spec.takes ?? []).flatMap((name) =>
    name === "config" ? (["config", "database", "fleet"] as const) : [name],
  );
  const common = taken.map((name): OptionSpec => {
    if (name !== "output") return COMMON[name];
    const choices = spec.formats ?? FORMATS;
    return { ...COMMON.output, description: `${COMMON.output.description}; default: ${choices[0]}`, choices };
  });
  return [...(spec.options ?? []), ...common];
}

const TARGET: ArgumentSpec = { name: "<target>", description: "a name of keyturn.json", completes: "target" };

const PARALLEL: OptionSpec = {
  flags: "--parallel <n>",
  description: "how many targets at a time; default 4",
  kind: "count",
};

/** The commands by which a person decides about a rotation are functions of one module, and so are those of the journal. */
const person = (name: keyof typeof import("./commands/person.js")) => async (): Promise<CommandModule> => ({
  run: (await import("./commands/person.js"))[name],
});
const journal = (name: keyof typeof import("./commands/journal.js")) => async (): Promise<CommandModule> => ({
  run: (await import("./commands/journal.js"))[name],
});

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "init",
    shown: true,
    group: "Set up",
    summary: "write keyturn.json, or add targets to it",
    description:
      "Looks for the connectors and API credentials of the tenants, asks which of them shall be rotated, and writes keyturn.json. One that " +
      "is there gets the new targets; the rest of it stays as it is.",
    options: [
      { flags: "--all", description: "everything that is found" },
      {
        flags: "--connector <app/connector>...",
        description: "a connector by its app's id and its own; may be repeated",
      },
      { flags: "--credential <id>...", description: "an API credential of Commerce Layer; may be repeated" },
      { flags: "--journal <folder>", description: "the journal; default: ./keyturn-journal", completes: "folder" },
      { flags: "--rotate-every <duration>", description: "the age at which each is replaced; default: 60d" },
      { flags: "--grace <duration>", description: "how long the old one lives on; default: 24h" },
    ],
    takes: ["output", "config", "profile", "quiet"],
    examples: [
      ["init --connector APP_ID/CONNECTOR_ID --rotate-every 30d", "without questions"],
      ["init", "look for what can be rotated, and ask"],
    ],
    load: () => import("./commands/init.js"),
  },
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
    name: "import",
    group: "Set up",
    summary: "list the client ids in files of other systems: .env, Kubernetes, Terraform, CSV",
    description:
      "Lists the client ids that it finds, where they stand, and which target of keyturn.json they belong to. Secrets beside them are passed " +
      "over, nothing is sent and nothing is written: `keyturn adopt` takes one on.",
    arguments: [{ name: "<files...>", description: "what to read; - for standard input", completes: "file" }],
    options: [
      {
        flags: "--kind <kind>",
        description: "what the files are; default: by their names",
        choices: ["env", "kubernetes", "terraform", "csv"],
      },
      {
        flags: "--dialect <who>",
        description: "for env: who reads the file; default: dotenv",
        choices: ["dotenv", "docker", "systemd", "shell", "portable"],
      },
      { flags: "--column <name>", description: "for csv: the column of the client ids" },
    ],
    takes: ["output", "config"],
    examples: [
      ["import deploy/*.yaml .env", "what is in use, by the manifests of a repository"],
      ["import --kind kubernetes -", "what `kubectl get secrets -o yaml` writes"],
    ],
    load: () => import("./commands/import.js"),
  },
  {
    name: "doctor",
    group: "Set up",
    summary: "look for what stands in the way: formats, hosts, the clock, who can read what",
    description:
      "Looks at Node, the clock, proxies, the forms of ids and secrets, profiles, keyturn.json, the journal and the sinks, and sends nothing. " +
      "With --online it logs in to the tenants that keyturn.json names and looks at its targets; a credential that it finds elsewhere is " +
      "never tried, since it may be a decoy. Ends with 3 if there are warnings or errors.",
    options: [
      { flags: "--online", description: "log in, and look at the targets" },
      { flags: "--all", description: "show what is as it should be, too" },
    ],
    takes: ["output", "config", "profile", "clock", "quiet"],
    examples: [
      ["doctor -o json", "every check, with its stable code"],
      ["doctor --online", "ask the servers as well"],
    ],
    load: () => import("./commands/doctor.js"),
  },
  {
    name: "status",
    shown: true,
    group: "Look",
    summary: "what is so with the targets, by the journal",
    description:
      "Shows what the journal says of all targets, or of those that are named. Makes no request. With --fail-on it ends with 3 (4 for " +
      "stopped) if a condition is met.",
    arguments: [{ name: "[targets...]", description: "names of keyturn.json; default: all", completes: "target" }],
    options: [
      {
        flags: "--fail-on <condition>...",
        description: "expiring:14d, due, stopped, finding or finding:high; may be repeated",
      },
    ],
    takes: ["output", "config", "clock"],
    formats: ["table", "json", "ndjson", "ical", "prometheus", "sarif", "junit"],
    examples: [
      ["status --fail-on expiring:14d --fail-on stopped", "fail a CI job in time"],
      ["status -o prometheus > /var/lib/node_exporter/keyturn.prom", "for a textfile collector"],
      ["status", "what is so with all targets, and what comes next"],
    ],
    load: () => import("./commands/status.js"),
  },
  {
    name: "plan",
    group: "Look",
    summary: "what a rotation would change",
    description: "Reads the control planes and the sinks, and says what a rotation would change. Changes nothing.",
    arguments: [{ name: "[targets...]", description: "names of keyturn.json; default: all", completes: "target" }],
    options: [PARALLEL],
    takes: ["output", "config", "profile", "clock", "quiet"],
    examples: [["plan github-production", "what a rotation of one target would change"]],
    load: () => import("./commands/plan.js"),
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
    name: "rotate",
    shown: true,
    group: "Rotate",
    summary: "replace credentials now",
    description:
      "Begins rotations and takes them as far as they go now: the new credential is issued, tried, delivered and read back, and the old " +
      "one ends after the grace period, by `keyturn advance`. Of several, the change is shown first. Ctrl-C begins no more; what is under " +
      "way is in the journal, and any later command goes on with it.",
    arguments: [{ name: "[targets...]", description: "names of keyturn.json", completes: "target" }],
    options: [
      { flags: "--all", description: "every target that is in one of its windows" },
      { flags: "--due", description: "every target whose policy asks for it, within windows and caps" },
      { flags: "--older-than <duration>", description: "with --all: only where the credential is older, such as 7d" },
      { flags: "--anytime", description: "with --all: outside of windows too" },
      { flags: "--canary <n>", description: "rotate n first, and the others if those went well", kind: "count" },
      PARALLEL,
      { flags: "--stop-after <n>", description: "begin no more once n have failed; default 1", kind: "count" },
      {
        flags: "--leave-unknown",
        description: "replace a credential in a sink that nobody knows, and leave it alive",
      },
    ],
    takes: ["yes", "output", "config", "profile", "clock", "quiet"],
    examples: [
      ["rotate --due --yes", "what a scheduled job runs, if it is to begin rotations alone"],
      ["rotate --all --canary 2 --parallel 8 --stop-after 3", "a whole fleet, two of them first"],
      ["rotate github-production", "replace one credential"],
    ],
    load: () => import("./commands/rotate.js"),
  },
  {
    name: "advance",
    shown: true,
    group: "Rotate",
    summary: "go on with rotations, and begin those that are due: what a timer runs",
    arguments: [{ name: "[targets...]", description: "names of keyturn.json; default: all", completes: "target" }],
    options: [{ flags: "--no-begin", description: "only go on with what is under way" }],
    takes: ["output", "config", "profile", "clock", "quiet"],
    examples: [["advance", "what a scheduled job runs, every hour or so"]],
    load: () => import("./commands/advance.js"),
  },
  {
    name: "worker",
    group: "Rotate",
    summary: "work in a fleet, until it is told to stop",
    description:
      "Rotates the targets together with the other workers of the fleet, by the journal and the jobs in a Postgres. Needs the packages pg and " +
      "pg-boss, and Node 22.12 or newer. Answers /healthz, /readyz and /metrics, writes a line of JSON for whatever it does, and ends in good order " +
      "at SIGTERM. A database's password belongs into KEYTURN_DATABASE or PGPASSWORD, since others see a command line.",
    options: [
      { flags: "--migrate", description: "make the tables first, or bring them up to date" },
      { flags: "--concurrency <n>", description: "how many targets at a time; default 8", kind: "count" },
      { flags: "--port <port>", description: "where it answers; default 9464", kind: "port" },
      { flags: "--host <address>", description: "the address that it listens on; default 127.0.0.1" },
    ],
    takes: ["config", "profile"],
    examples: [["worker --database postgres://keyturn@db/keyturn --host 0.0.0.0", "a worker in a container"]],
    load: () => import("./commands/worker.js"),
  },
  {
    name: "rollback",
    group: "Rotate",
    summary: "give the old credential back to the sinks, and end the new one",
    description: "Undoes the rotation that is under way. It is refused once the old credential's end was announced.",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "profile", "clock"],
    examples: [["rollback github-production", "when the new credential does not do"]],
    load: person("rollback"),
  },
  {
    name: "approve",
    group: "Rotate",
    summary: "let the old credential end, where the policy wants a person's approval",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "clock"],
    examples: [["approve github-production", "`keyturn advance` ends the old one then"]],
    load: person("approve"),
  },
  {
    name: "retire",
    group: "Rotate",
    summary: "approve, and end the old credential as soon as its policy allows",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "profile", "clock"],
    examples: [["retire github-production", "approve that the old one ends, and go on at once"]],
    load: person("retire"),
  },
  {
    name: "resume",
    group: "Repair",
    summary: "go on with a rotation that was stopped, once its cause is dealt with",
    arguments: [TARGET],
    options: [
      { flags: "--reissue", description: "issue another credential in the place of the new one" },
      { flags: "--restored", description: "the old credential was put back into the sink by hand" },
      { flags: "--provisioned", description: "the new credential was put into the added sink by hand" },
    ],
    takes: ["output", "config", "profile", "clock"],
    examples: [["resume github-production", "after the sink takes writes again"]],
    load: person("resume"),
  },
  {
    name: "settle",
    group: "Repair",
    summary: "say what an attempt to issue has made, when its answer never came",
    description:
      "Look at the control plane in the window of doubt, which `keyturn status -o json` has. What was made ends, since nobody has its " +
      "secret, and another is issued.",
    arguments: [TARGET],
    options: [
      { flags: "--found <id>...", description: "the id of a credential that the attempt made; may be repeated" },
      { flags: "--none", description: "it made none" },
    ],
    takes: ["yes", "output", "config", "profile", "clock"],
    examples: [
      ["settle github-production --none", "nothing was made"],
      ["settle github-production --found ID", "a credential was made: it ends"],
    ],
    load: person("settle"),
  },
  {
    name: "adopt",
    group: "Repair",
    summary: "say which credential the consumers of a target use",
    description:
      "The credential becomes the target's current one, and ends once it is replaced. The sinks have to hold it.",
    arguments: [TARGET, { name: "<id>", description: "the credential's id at the control plane" }],
    takes: ["output", "config", "profile", "clock"],
    examples: [["adopt github-production ID", "look after a credential that was made by hand"]],
    load: person("adopt"),
  },
  {
    name: "forget",
    group: "Repair",
    summary: "look after a target no longer; nothing is ended",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "clock"],
    examples: [["forget github-production", "before it is taken out of keyturn.json"]],
    load: person("forget"),
  },
  {
    name: "journal show",
    group: "Journal",
    summary: "the events of a target",
    arguments: [TARGET],
    options: [{ flags: "--last <n>", description: "only the last n", kind: "count" }],
    takes: ["output", "config"],
    examples: [["journal show github-production --last 20", "what happened lately"]],
    load: journal("show"),
  },
  {
    name: "journal verify",
    group: "Journal",
    summary: "whether every event is as it was written",
    description:
      "Reads all events from the first, and checks the chain of their hashes. Ends with 8 if one does not fit.",
    takes: ["output", "config"],
    examples: [["journal verify", "has anybody changed the record?"]],
    load: journal("verify"),
  },
  {
    name: "journal export",
    group: "Journal",
    summary: "the events of all targets, a line of JSON for each",
    arguments: [{ name: "[targets...]", description: "names of keyturn.json; default: all", completes: "target" }],
    takes: ["output", "config"],
    formats: ["ndjson", "ocsf"],
    examples: [["journal export -o ocsf > audit.ndjson", "for a SIEM, in the Open Cybersecurity Schema"]],
    load: journal("exported"),
  },
  {
    name: "journal migrate",
    group: "Journal",
    summary: "make the tables of a fleet's database, or bring them up to date",
    description:
      "Run it with the role that owns the tables, before workers of a new version start. It only goes forward, and does nothing if there is " +
      "nothing to do. Workers need no more than the rights that --worker grants. KEYTURN_SCHEMA names another schema than keyturn.",
    options: [
      { flags: "--worker <role>...", description: "a role that rotates; may be repeated" },
      { flags: "--reader <role>...", description: "a role that only reads events; may be repeated" },
      { flags: "--queue", description: "also the tables of pg-boss, for `keyturn worker`" },
    ],
    takes: ["output", "config"],
    examples: [["journal migrate --queue --worker keyturn_worker", "before a roll-out"]],
    load: journal("migrate"),
  },
  {
    name: "journal restored",
    group: "Journal",
    summary: "say that a fleet's database was restored from a backup",
    description:
      "A restored journal does not have what came after the backup. From then on a credential is issued for a target only if the control plane " +
      "shows that none was forgotten; otherwise its rotation waits for a person. A restore from a dump, a recovery to a point in time and a " +
      "promoted standby are noticed without this command; a copy of the server's files is not.",
    options: [
      {
        flags: "--nothing-lost",
        description:
          "the journal is complete, as after an upgrade of the server: undoes what was noticed or said before",
      },
    ],
    takes: ["yes", "config"],
    examples: [["journal restored --database postgres://keyturn@db/keyturn", "before the first worker starts again"]],
    load: journal("restored"),
  },
  {
    name: "console",
    group: "Tenant",
    summary: "show the targets in a browser, and rotate them there",
    description:
      "Serves a console for the targets of keyturn.json on 127.0.0.1 until it is stopped. The credentials, the sinks and the journal stay on " +
      "this side: the page shows them and asks for rotations, which go on if it is closed, and which the other commands can take up.",
    options: [
      { flags: "--port <n>", description: "the port; 0, the default, for any that is free", kind: "port" },
      { flags: "--open", description: "open the link in the system's browser" },
      { flags: "--json", description: 'first line: {"url","link"}' },
    ],
    takes: ["config", "profile", "clock"],
    examples: [["console --open", "open it in a browser"]],
    load: () => import("./commands/console.js"),
  },
  {
    name: "sandbox",
    shown: true,
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
    name: "render",
    group: "Tenant",
    summary: "a client id and secret as Docker, Kubernetes, systemd, Terraform and others read them",
    description:
      "Writes a client id and secret in the form that a consumer reads. The secret comes from a file or from standard input, and without one " +
      "a placeholder stands for it. `terraform` is a resource that issues a credential of its own, and has no secret.",
    arguments: [
      {
        name: "<format>",
        description: "for whom",
        choices: [
          "env",
          "dotenv",
          "docker",
          "systemd",
          "shell",
          "compose",
          "kubernetes",
          "terraform",
          "terraform-variables",
          "baton-runner",
        ],
      },
    ],
    options: [
      {
        flags: "--target <name>",
        description: "a target of keyturn.json, for what is known of it",
        completes: "target",
      },
      { flags: "--client-id <id>", description: "the client id" },
      {
        flags: "--secret-from <file>",
        description: "the file that the secret is in; - for standard input",
        completes: "file",
      },
      { flags: "--id-name <name>", description: "what the client id is called; default: BATON_CLIENT_ID" },
      { flags: "--secret-name <name>", description: "what the secret is called; default: BATON_CLIENT_SECRET" },
      {
        flags: "--name <name>",
        description: "the name of the secret, the service or the resource; default: the target's",
      },
      { flags: "--namespace <name>", description: "for kubernetes: its namespace" },
      { flags: "--app-id <id>", description: "for terraform: the app" },
      { flags: "--connector-id <id>", description: "for terraform: the connector" },
      { flags: "--credential-id <id>", description: "for terraform: the credential that there is" },
      { flags: "--to <file>", description: "write a new file that only its owner can read", completes: "file" },
    ],
    takes: ["config", "reveal", "clock"],
    examples: [
      [
        "render kubernetes --target github-production --namespace baton",
        "a manifest, with a placeholder for the secret",
      ],
      ["render systemd --client-id ID --secret-from secret.txt --to github.env", "a file for EnvironmentFile="],
    ],
    load: () => import("./commands/render.js"),
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
