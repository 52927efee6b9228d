/** The table of all commands, the source of the help, the completions and the parser. */

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
  /** The format that its text must have. Default: any text. */
  readonly kind?: "count" | "port" | "date" | undefined;
  /** The kind of completions that a shell offers. */
  readonly completes?: Completes | undefined;
  /** Whether it is left out of the help. */
  readonly hidden?: boolean | undefined;
}

/** The kinds of completions for an argument or an option's value. */
export type Completes = "target" | "profile" | "file" | "folder" | "command" | "operation" | "condition";

/** An argument of a command. */
export interface ArgumentSpec {
  /** In commander's notation: `<name>`, `[names...]`. */
  readonly name: string;
  readonly description: string;
  readonly completes?: Completes | undefined;
  readonly choices?: readonly string[] | undefined;
}

/** The exports of a command's module. */
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
   * The number of words after which the command parses the rest itself, including `--help`. The rest is passed with the
   * arguments, except for options that are in the table.
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
    description: "the configuration file; default: KEYTURN_CONFIG, or keyturn.json here or in a parent folder",
    completes: "file",
  },
  database: {
    flags: "--database <url>",
    description: "the Postgres database of a fleet, used as the journal; default: KEYTURN_DATABASE",
  },
  fleet: {
    flags: "--fleet <name>",
    description: 'the fleet\'s name in the database; default: KEYTURN_FLEET, or "default"',
  },
  output: { flags: "-o, --output <format>", description: "the format of the result" },
  profile: {
    flags: "--profile <name>",
    description: "log in with this profile; default: the environment, then the default profile",
    completes: "profile",
  },
  clock: {
    flags: "--clock <date>",
    description:
      "the date to use as the current time, such as 2030-01-01T00:00:00Z; default: KEYTURN_NOW, or the machine's " +
      "clock",
    kind: "date",
  },
  yes: { flags: "-y, --yes", description: "answer yes to every question" },
  quiet: { flags: "-q, --quiet", description: "do not print progress on standard error" },
  reveal: { flags: "--reveal", description: "show secrets; works only on a terminal" },
} as const satisfies Record<string, OptionSpec>;

/** The formats of every command with `-o`. */
export const FORMATS = ["table", "json", "ndjson"];

/** Returns all options of a command: its own and the shared ones. */
export function optionsOf(spec: CommandSpec): readonly OptionSpec[] {
  // Commands with a configuration also take a database, which may have the journal.
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

const TARGET: ArgumentSpec = {
  name: "<target>",
  description: "the name of a target in keyturn.json",
  completes: "target",
};

const PARALLEL: OptionSpec = {
  flags: "--parallel <n>",
  description: "how many targets to process at a time; default: 4",
  kind: "count",
};

/** Loads a command of one of the two modules that have several: a person's decisions, and the journal. */
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
      "Finds the connectors and API credentials of the tenants, asks which of them to rotate, and writes " +
      "keyturn.json. An existing file gets the new targets and is otherwise left unchanged.",
    options: [
      { flags: "--all", description: "add everything that is found" },
      {
        flags: "--connector <app/connector>...",
        description: "a connector, given by the ids of its app and of itself; may be repeated",
      },
      { flags: "--credential <id>...", description: "an API credential of Commerce Layer; may be repeated" },
      {
        flags: "--journal <folder>",
        description: "the journal's folder; default: ./keyturn-journal",
        completes: "folder",
      },
      { flags: "--rotate-every <duration>", description: "the age at which a credential is replaced; default: 60d" },
      {
        flags: "--grace <duration>",
        description: "how long the old credential stays valid after a rotation; default: 24h",
      },
    ],
    takes: ["output", "config", "profile", "quiet"],
    examples: [
      ["init --connector APP_ID/CONNECTOR_ID --rotate-every 30d", "ask no questions"],
      ["init", "find what can be rotated, and ask"],
    ],
    load: () => import("./commands/init.js"),
  },
  {
    name: "login",
    group: "Set up",
    summary: "create a personal credential for this machine, and store it in a profile",
    description:
      "Shows a code to confirm in a browser, creates a personal client in C1 with the given limits, and stores it " +
      "in a profile. The secret goes into the system's keyring if @napi-rs/keyring is installed, and otherwise " +
      "into a file that only its owner can read. With --client-id and --secret-from, and always for Commerce " +
      "Layer, it stores an existing credential.",
    arguments: [{ name: "[api]", description: "which API; default: c1", choices: ["c1", "commercelayer"] }],
    options: [
      { flags: "--profile <name>", description: 'the profile\'s name; default: "default"', completes: "profile" },
      { flags: "--tenant <name>", description: "the C1 tenant, such as acme or acme.conductor.one" },
      { flags: "--server-url <url>", description: "the server's URL, if it differs from the tenant's own" },
      {
        flags: "--expires <days>",
        description: "when the credential expires: a number of days such as 30d, at most 3650d, or never",
      },
      {
        flags: "--scope <role>...",
        description: "the id of a role that limits the credential, or all; may be repeated",
      },
      {
        flags: "--cidr <range>...",
        description: "an address range the credential may be used from, or anywhere; may be repeated",
      },
      { flags: "--name <text>", description: "the credential's display name in C1; default: keyturn on HOSTNAME" },
      {
        flags: "--program <id>",
        description: "the OAuth client id that C1 shows for this login; default: that of its own tools",
      },
      { flags: "--client-id <id>", description: "store this credential instead of creating one" },
      {
        flags: "--secret-from <file>",
        description: "the file that contains its secret; - for standard input",
        completes: "file",
      },
    ],
    takes: ["yes", "quiet", "clock"],
    examples: [
      ["login --tenant acme", "ask for the limits, and show a code to confirm"],
      [
        "login --tenant acme --expires 30d --scope all --cidr 192.0.2.0/24",
        "do the same without asking for the limits",
      ],
      ["login commercelayer --client-id ID --secret-from secret.txt", "store a credential for Commerce Layer"],
    ],
    load: () => import("./commands/login.js"),
  },
  {
    name: "logout",
    group: "Set up",
    summary: "revoke the credential that `keyturn login` created, and remove the profile",
    arguments: [{ name: "[api]", description: "which API; default: c1", choices: ["c1", "commercelayer"] }],
    options: [
      { flags: "--profile <name>", description: 'the profile\'s name; default: "default"', completes: "profile" },
      { flags: "--local", description: "only remove the profile; the credential stays valid" },
    ],
    takes: ["yes", "quiet", "clock"],
    examples: [["logout --profile work", "revoke the credential of a profile"]],
    load: () => import("./commands/logout.js"),
  },
  {
    name: "import",
    group: "Set up",
    summary: "list the client ids in files of other systems: .env, Kubernetes, Terraform, CSV",
    description:
      "Lists the client ids that it finds, where each one is, and which target in keyturn.json it belongs to. " +
      "Secrets next to them are ignored, nothing is sent and nothing is written. To have one of them rotated, use " +
      "`keyturn adopt`.",
    arguments: [{ name: "<files...>", description: "the files to read; - for standard input", completes: "file" }],
    options: [
      {
        flags: "--kind <kind>",
        description: "the format of the files; default: determined by their names",
        choices: ["env", "kubernetes", "terraform", "csv"],
      },
      {
        flags: "--dialect <who>",
        description: "for env: the program that reads the file; default: dotenv",
        choices: ["dotenv", "docker", "systemd", "shell", "portable"],
      },
      { flags: "--column <name>", description: "for csv: the column that contains the client ids" },
    ],
    takes: ["output", "config"],
    examples: [
      ["import deploy/*.yaml .env", "list what the manifests of a repository use"],
      ["import --kind kubernetes -", "read the output of `kubectl get secrets -o yaml`"],
    ],
    load: () => import("./commands/import.js"),
  },
  {
    name: "doctor",
    group: "Set up",
    summary: "find problems with formats, hosts, the clock and file permissions",
    description:
      "Checks Node, the clock, proxies, the format of ids and secrets, profiles, keyturn.json, the journal and the " +
      "sinks, without sending anything. With --online it also logs in to the tenants that keyturn.json names and " +
      "checks its targets. A credential found elsewhere is never tried, since it may be a decoy. Exits with 3 if " +
      "there are warnings or errors.",
    options: [
      { flags: "--online", description: "log in, and check the targets" },
      { flags: "--all", description: "also show the checks that passed" },
    ],
    takes: ["output", "config", "profile", "clock", "quiet"],
    examples: [
      ["doctor -o json", "print the checks as JSON, with stable codes"],
      ["doctor --online", "check the servers as well"],
    ],
    load: () => import("./commands/doctor.js"),
  },
  {
    name: "status",
    shown: true,
    group: "Look",
    summary: "show the state of the targets, as recorded in the journal",
    description:
      "Shows the recorded state of all targets, or of the named ones. Makes no requests. With --fail-on, exits " +
      "with 3 (4 for stopped) if a condition is met.",
    arguments: [
      { name: "[targets...]", description: "names of targets in keyturn.json; default: all", completes: "target" },
    ],
    options: [
      {
        flags: "--fail-on <condition>...",
        description: "exit with an error on expiring:14d, due, stopped, finding or finding:high; may be repeated",
        completes: "condition",
      },
    ],
    takes: ["output", "config", "clock"],
    formats: ["table", "json", "ndjson", "ical", "prometheus", "sarif", "junit"],
    examples: [
      ["status --fail-on expiring:14d --fail-on stopped", "fail a CI job before credentials expire"],
      ["status -o prometheus > /var/lib/node_exporter/keyturn.prom", "write metrics for a textfile collector"],
      ["status", "show the state of all targets, and the next steps"],
    ],
    load: () => import("./commands/status.js"),
  },
  {
    name: "plan",
    group: "Look",
    summary: "show what a rotation would change",
    description: "Reads the control planes and the sinks, and shows what a rotation would change. Changes nothing.",
    arguments: [
      { name: "[targets...]", description: "names of targets in keyturn.json; default: all", completes: "target" },
    ],
    options: [PARALLEL],
    takes: ["output", "config", "profile", "clock", "quiet"],
    examples: [["plan github-production", "show what a rotation of one target would change"]],
    load: () => import("./commands/plan.js"),
  },
  {
    name: "whoami",
    group: "Look",
    summary: "show which credentials the commands use, and whose they are",
    arguments: [{ name: "[api]", description: "which API; default: both", choices: ["c1", "commercelayer"] }],
    takes: ["output", "profile", "quiet", "clock"],
    examples: [["whoami", "show this for each API that has a credential"]],
    load: () => import("./commands/whoami.js"),
  },
  {
    name: "rotate",
    shown: true,
    group: "Rotate",
    summary: "replace credentials now",
    description:
      "Starts rotations and takes them as far as possible now: the new credential is issued, tested, delivered and " +
      "read back. The old one ends after the grace period, by `keyturn advance`. If there are several targets, the " +
      "changes are shown first. Ctrl-C starts no further rotations; those in progress are in the journal, and any " +
      "later command continues them.",
    arguments: [{ name: "[targets...]", description: "names of targets in keyturn.json", completes: "target" }],
    options: [
      { flags: "--all", description: "rotate every target that is within one of its windows" },
      { flags: "--due", description: "rotate every target that is due by its policy, within windows and caps" },
      {
        flags: "--older-than <duration>",
        description: "with --all: only targets whose credential is older than this, such as 7d",
      },
      { flags: "--anytime", description: "with --all: also targets outside their windows" },
      {
        flags: "--canary <n>",
        description: "rotate n targets first, and the others only if those succeed",
        kind: "count",
      },
      PARALLEL,
      {
        flags: "--stop-after <n>",
        description: "start no further rotations once n have failed; default: 1",
        kind: "count",
      },
      {
        flags: "--leave-unknown",
        description: "replace an unknown credential found in a sink, without revoking it",
      },
    ],
    takes: ["yes", "output", "config", "profile", "clock", "quiet"],
    examples: [
      ["rotate --due --yes", "in a scheduled job, start the rotations that are due"],
      ["rotate --all --canary 2 --parallel 8 --stop-after 3", "rotate everything, two targets first"],
      ["rotate github-production", "replace one credential"],
    ],
    load: () => import("./commands/rotate.js"),
  },
  {
    name: "advance",
    shown: true,
    group: "Rotate",
    summary: "continue rotations, and start those that are due; made for a timer",
    arguments: [
      { name: "[targets...]", description: "names of targets in keyturn.json; default: all", completes: "target" },
    ],
    options: [{ flags: "--no-begin", description: "only continue rotations in progress" }],
    takes: ["output", "config", "profile", "clock", "quiet"],
    examples: [["advance", "run this in a scheduled job, about every hour"]],
    load: () => import("./commands/advance.js"),
  },
  {
    name: "worker",
    group: "Rotate",
    summary: "rotate as a worker of a fleet until it is stopped",
    description:
      "Rotates the targets together with the other workers of the fleet, which share a journal and a job queue in " +
      "Postgres. Needs the packages pg and pg-boss, and Node 22.12 or newer. Serves /healthz, /readyz and " +
      "/metrics, logs each action as a line of JSON, and shuts down cleanly on SIGTERM. Pass the database's " +
      "password in KEYTURN_DATABASE or PGPASSWORD, since other users can see the command line.",
    options: [
      { flags: "--migrate", description: "create or update the tables first" },
      { flags: "--concurrency <n>", description: "how many targets to process at a time; default: 8", kind: "count" },
      { flags: "--port <port>", description: "the port to serve on; default: 9464", kind: "port" },
      { flags: "--host <address>", description: "the address to listen on; default: 127.0.0.1" },
    ],
    takes: ["config", "profile"],
    examples: [["worker --database postgres://keyturn@db/keyturn --host 0.0.0.0", "run a worker in a container"]],
    load: () => import("./commands/worker.js"),
  },
  {
    name: "rollback",
    group: "Rotate",
    summary: "put the old credential back into the sinks, and end the new one",
    description:
      "Undoes the rotation in progress. This is refused once the end of the old credential has been announced.",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "profile", "clock"],
    examples: [["rollback github-production", "go back if the new credential does not work"]],
    load: person("rollback"),
  },
  {
    name: "approve",
    group: "Rotate",
    summary: "approve the end of the old credential, where the policy requires it",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "clock"],
    examples: [["approve github-production", "let the next `keyturn advance` end the old credential"]],
    load: person("approve"),
  },
  {
    name: "retire",
    group: "Rotate",
    summary: "approve, and end the old credential as soon as its policy allows",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "profile", "clock"],
    examples: [["retire github-production", "approve the end of the old credential, and continue at once"]],
    load: person("retire"),
  },
  {
    name: "resume",
    group: "Repair",
    summary: "continue a rotation that stopped, once its cause is fixed",
    arguments: [TARGET],
    options: [
      { flags: "--reissue", description: "issue another credential to replace the new one" },
      { flags: "--restored", description: "confirm that the old credential was put back into the sink by hand" },
      {
        flags: "--provisioned",
        description: "confirm that the new credential was put into the added sink by hand",
      },
    ],
    takes: ["output", "config", "profile", "clock"],
    examples: [["resume github-production", "continue once the sink accepts writes again"]],
    load: person("resume"),
  },
  {
    name: "settle",
    group: "Repair",
    summary: "say what an issuing request created, if its response was lost",
    description:
      "First look for new credentials at the control plane, created in the time window that `keyturn status -o " +
      "json` shows. What the request created ends, since nobody has its secret, and another credential is issued.",
    arguments: [TARGET],
    options: [
      { flags: "--found <id>...", description: "the id of a credential that the request created; may be repeated" },
      { flags: "--none", description: "the request created nothing" },
    ],
    takes: ["yes", "output", "config", "profile", "clock"],
    examples: [
      ["settle github-production --none", "the request created nothing"],
      ["settle github-production --found ID", "the request created this credential, which ends"],
    ],
    load: person("settle"),
  },
  {
    name: "adopt",
    group: "Repair",
    summary: "say which credential the consumers of a target use",
    description:
      "The credential becomes the current one of the target, and ends once it is replaced. The sinks must already " +
      "contain it.",
    arguments: [TARGET, { name: "<id>", description: "the credential's id at the control plane" }],
    takes: ["output", "config", "profile", "clock"],
    examples: [["adopt github-production ID", "manage a credential that was created by hand"]],
    load: person("adopt"),
  },
  {
    name: "forget",
    group: "Repair",
    summary: "stop managing a target; its credentials stay valid",
    arguments: [TARGET],
    takes: ["yes", "output", "config", "clock"],
    examples: [["forget github-production", "do this before removing it from keyturn.json"]],
    load: person("forget"),
  },
  {
    name: "journal show",
    group: "Journal",
    summary: "show the events of a target",
    arguments: [TARGET],
    options: [{ flags: "--last <n>", description: "show only the last n events", kind: "count" }],
    takes: ["output", "config"],
    examples: [["journal show github-production --last 20", "show the latest events"]],
    load: journal("show"),
  },
  {
    name: "journal verify",
    group: "Journal",
    summary: "check that no event was changed",
    description: "Reads all events, and verifies the chain of their hashes. Exits with 8 if one does not match.",
    takes: ["output", "config"],
    examples: [["journal verify", "check that the record is unchanged"]],
    load: journal("verify"),
  },
  {
    name: "journal export",
    group: "Journal",
    summary: "write the events of all targets as lines of JSON",
    arguments: [
      { name: "[targets...]", description: "names of targets in keyturn.json; default: all", completes: "target" },
    ],
    takes: ["output", "config"],
    formats: ["ndjson", "ocsf"],
    examples: [["journal export -o ocsf > audit.ndjson", "export for a SIEM, in the Open Cybersecurity Schema"]],
    load: journal("exported"),
  },
  {
    name: "journal migrate",
    group: "Journal",
    summary: "create or update the tables in a fleet's database",
    description:
      "Run this with the role that owns the tables, before workers of a new version start. It only migrates " +
      "forward, and does nothing if the tables are up to date. Workers need no more rights than --worker grants. " +
      "KEYTURN_SCHEMA names the schema; default: keyturn.",
    options: [
      { flags: "--worker <role>...", description: "a role to give the rights of a worker; may be repeated" },
      { flags: "--reader <role>...", description: "a role to give the right to read events; may be repeated" },
      { flags: "--queue", description: "also create the tables of pg-boss, for `keyturn worker`" },
    ],
    takes: ["output", "config"],
    examples: [["journal migrate --queue --worker keyturn_worker", "prepare the database before a rollout"]],
    load: journal("migrate"),
  },
  {
    name: "journal restored",
    group: "Journal",
    summary: "say that the journal was restored from a backup",
    description:
      "A restored journal lacks the events since the backup. After this command, a credential is issued for a " +
      "target only if the control plane shows that none is missing from the journal; otherwise the rotation waits " +
      "for a person. A folder always needs this command. Of a fleet's database, a restore from a dump, a " +
      "point-in-time recovery and a promoted standby are detected without it; a copy of the server's files is not.",
    options: [
      {
        flags: "--nothing-lost",
        description:
          "confirm that the journal is complete, as after a move or a server upgrade: overrides what was detected or " +
          "said before",
      },
    ],
    takes: ["yes", "config"],
    examples: [
      ["journal restored", "do this before the first process uses the journal again"],
      ["journal restored --nothing-lost", "the folder was moved to another disk while nothing used it"],
    ],
    load: journal("restored"),
  },
  {
    name: "console",
    group: "Tenant",
    summary: "show the targets in a browser, and rotate them there",
    description:
      "Serves a console for the targets in keyturn.json on 127.0.0.1 until it is stopped. Secrets, sinks and the " +
      "journal stay in this process: the page shows their state and requests rotations. Rotations continue if the " +
      "page is closed, and other commands can continue them.",
    options: [
      { flags: "--port <n>", description: "the port; 0, the default, picks a free one", kind: "port" },
      { flags: "--open", description: "open the link in the system's browser" },
      { flags: "--json", description: 'print {"url","link"} as the first line' },
    ],
    takes: ["config", "profile", "clock"],
    examples: [["console --open", "open it in a browser"]],
    load: () => import("./commands/console.js"),
  },
  {
    name: "sandbox",
    shown: true,
    group: "Tenant",
    summary: "serve a tenant for tests and trials on 127.0.0.1",
    description:
      "Serves a sandbox tenant with both APIs on 127.0.0.1 until it is stopped, and prints the environment " +
      "variables that clients read.",
    options: [
      { flags: "--port <n>", description: "the port; 0, the default, picks a free one", kind: "port" },
      { flags: "--seed <name>", description: "the initial data: demo (the default), empty or large" },
      {
        flags: "--json",
        description: 'print {"url","clientId","clientSecret","appId","connectorId","commercelayer"} as the first line',
      },
      {
        flags: "--state <file>",
        description: "keep the data in a file, without secrets",
        completes: "file",
      },
      { flags: "--token-ttl <seconds>", description: "the lifetime of access tokens; default: 3600", kind: "count" },
      { flags: "--clock <date>", description: "the initial time of its clock, such as 2030-01-01T00:00:00Z" },
      { flags: "--cors <origin>", description: "allow calls from pages of this origin; '*' allows any origin" },
      { flags: "--host <address>", description: "127.0.0.1, and nothing else", hidden: true },
      {
        flags: "--old-after-rotate <what>",
        description: "what happens to a connector's older credentials: keep (the default), revoke or expire",
      },
      {
        flags: "--bridge-after-rotate <what>",
        description: "what happens to a bridge's older credentials: revoke (the default) or keep",
      },
      {
        flags: "--revoked <what>",
        description: "how revoked connector credentials appear: gone (the default) or shown",
      },
      {
        flags: "--dpop <what>",
        description: "how proofs of possession are handled: accept (the default), ignore, require or nonce",
      },
      {
        flags: "--dpop-url <what>",
        description: "the URL that a proof names: without-query (the default) or with-query",
      },
      {
        flags: "--replay <what>",
        description: "how reused assertions are recognized: by-nonce (the default) or by-signature",
      },
      {
        flags: "--system-log <what>",
        description: "the system log: full (the default), sparse (without ids of new credentials) or off",
      },
      {
        flags: "--rate-limits <what>",
        description: "whether the documented limits of Commerce Layer apply: off (the default) or on",
      },
      {
        flags: "--exec <command>",
        description:
          "run a command with CONDUCTORONE_CLIENT_ID, _CLIENT_SECRET, _SERVER_URL, _APP_ID and _CONNECTOR_ID set, and " +
          "with COMMERCELAYER_CLIENT_ID, _CLIENT_SECRET and _SERVER_URL, then exit with its exit code",
      },
    ],
    examples: [
      ["sandbox", "print the variables to set in another shell"],
      ["sandbox --token-ttl 60 --exec 'node rotate.mjs'", "run a program as its client"],
    ],
    load: () => import("./commands/sandbox.js"),
  },
  {
    name: "api",
    group: "Tenant",
    summary: "call any operation of either API by name",
    description:
      "Calls an operation of C1 or Commerce Layer. Fields are given as flags: --page-size for pageSize, " +
      "--app.display-name for a nested field, JSON for lists and objects. Without an operation it lists all " +
      "operations; with one, --help lists its fields.",
    arguments: [
      { name: "<api>", description: "which API", choices: ["c1", "commercelayer"] },
      { name: "[operation]", description: "GROUP.OPERATION, RESOURCE.OPERATION, or a group", completes: "operation" },
      { name: "[fields...]", description: "the fields of the request, as --NAME VALUE" },
    ],
    options: [
      { flags: "--all", description: "fetch every page of a list" },
      { flags: "--limit <n>", description: "fetch at most this many items; default with --all: 10000", kind: "count" },
      {
        flags: "--input <file>",
        description: "a file with the request as JSON; - for standard input",
        completes: "file",
      },
      {
        flags: "--secret-to <file>",
        description: "write the secrets in the response to a new file that only its owner can read",
        completes: "file",
      },
    ],
    takes: ["output", "profile", "yes", "reveal", "quiet", "clock"],
    formats: ["json", "ndjson", "table"],
    open: 2,
    examples: [
      ["api c1 apps.list --page-size 50 --all", "list all apps"],
      [
        "api commercelayer api_credentials.list --filter kind_eq=integration",
        "list one page of integration credentials",
      ],
      ["api c1 connector.rotateCredential --help", "list the fields of an operation"],
      [
        "api c1 personalClient.create --input - --secret-to key.txt",
        "send the request on standard input, and write the secret to a file",
      ],
    ],
    load: () => import("./commands/api.js"),
  },
  {
    name: "render",
    group: "Tenant",
    summary: "format a client id and secret for Docker, Kubernetes, systemd, Terraform and others",
    description:
      "Writes a client id and secret in the format that a consumer reads. The secret is read from a file or from " +
      "standard input; without one, a placeholder takes its place. `terraform` writes a resource that issues its " +
      "own credential, so it contains no secret.",
    arguments: [
      {
        name: "<format>",
        description: "the format to write",
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
        description: "a target in keyturn.json that provides the ids and names",
        completes: "target",
      },
      { flags: "--client-id <id>", description: "the client id" },
      {
        flags: "--secret-from <file>",
        description: "the file that contains the secret; - for standard input",
        completes: "file",
      },
      { flags: "--id-name <name>", description: "the name for the client id; default: BATON_CLIENT_ID" },
      { flags: "--secret-name <name>", description: "the name for the secret; default: BATON_CLIENT_SECRET" },
      {
        flags: "--name <name>",
        description: "the name of the secret, the service or the resource; default: the target's",
      },
      { flags: "--namespace <name>", description: "for kubernetes: the namespace" },
      { flags: "--app-id <id>", description: "for terraform: the id of the app" },
      { flags: "--connector-id <id>", description: "for terraform: the id of the connector" },
      { flags: "--credential-id <id>", description: "for terraform: the id of the existing credential" },
      { flags: "--to <file>", description: "write a new file that only its owner can read", completes: "file" },
    ],
    takes: ["config", "reveal", "clock"],
    examples: [
      [
        "render kubernetes --target github-production --namespace baton",
        "write a manifest with a placeholder for the secret",
      ],
      ["render systemd --client-id ID --secret-from secret.txt --to github.env", "write a file for EnvironmentFile="],
    ],
    load: () => import("./commands/render.js"),
  },
  {
    name: "completion",
    group: "Shell",
    summary: "complete command lines in bash, zsh and fish",
    description:
      "Writes a script that makes a shell complete commands, options, operations, and the names of targets in " +
      "keyturn.json. The script queries keyturn itself, so it stays valid after an update.",
    arguments: [
      {
        name: "<shell>",
        description: "the shell; the scripts themselves use words",
        choices: ["bash", "zsh", "fish", "words"],
      },
      { name: "[words...]", description: "for words: the command line up to the cursor" },
    ],
    examples: [
      ["completion zsh", "write the script for zsh"],
      ["completion bash", 'load it in bash: eval "$(keyturn completion bash)" in ~/.bashrc'],
    ],
    load: () => import("./commands/completion.js"),
  },
];
