/**
 * The messages between the page, the stage and the workers. Everything is plain data, as a structured clone carries it.
 */

import type { SandboxRequest } from "keyturn/sandbox";

/** The role of a worker: a run of the program, or the sandbox tenant. */
export type Role = "program" | "tenant";

/** From the page to the stage. A worker is given its end of a channel to the page. */
export type StageCommand =
  | { readonly kind: "start"; readonly name: number; readonly role: Role; readonly port: MessagePort }
  | { readonly kind: "end"; readonly name: number };

/** From the stage to a worker, once. */
export interface Beginning {
  readonly role: Role;
  readonly port: MessagePort;
}

/** A request to the sandbox, from the page or from a program. */
export interface Asked {
  readonly id: number;
  readonly method: string;
  readonly url: string;
  readonly headers: [name: string, value: string][];
  readonly body: string;
}

/** To the sandbox: a request, the abort of one that is under way, or one more port that sends requests. */
export type ToTenant = Asked | { readonly abort: number } | { readonly connect: MessagePort };

/** The answer of the sandbox. `lost` describes a connection that broke. */
export type Answered =
  | {
      readonly id: number;
      readonly status: number;
      readonly headers: [name: string, value: string][];
      readonly body: string;
    }
  | { readonly id: number; readonly lost: { readonly code: string; readonly message: string } };

/** From the sandbox to the page: an answer, that it is ready, or that it has handled a program's request. */
export type FromTenant = Answered | { readonly ready: ReadyTenant } | { readonly changed: true };

/** What a program needs to begin. */
export interface ReadyTenant {
  readonly url: string;
  /** The variables of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The files that it finds, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** From the page to a program's worker. */
export type ToProgram =
  | {
      readonly run: {
        /** The program, with the placeholders of {@link slot} for the modules that it imports. */
        readonly code: string;
        readonly tenant: MessagePort;
        readonly ready: ReadyTenant;
        /** How far the sandbox's clock is ahead of the machine's, in milliseconds. */
        readonly ahead: number;
      };
    }
  | { readonly ahead: number };

/** An error of a program. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  readonly outcome?: string;
  readonly line?: number;
}

/** From a program's worker to the page. */
export type FromProgram =
  | { readonly kind: "loaded" }
  | { readonly kind: "print"; readonly level: "log" | "warn" | "error"; readonly text: string }
  | { readonly kind: "failure"; readonly failure: Failure }
  | { readonly kind: "file"; readonly path: string; readonly text: string | undefined }
  | { readonly kind: "own"; readonly requests: readonly SandboxRequest[] }
  | { readonly kind: "end"; readonly status: number };

/** Returns the placeholder in a program's text for the address of a module, which only the worker knows. */
export const slot = (name: string): string => `keyturn-module:${name}`;
