/** What the page, the stage and the workers say to each other. Everything is plain data, as a structured clone carries it. */

import type { SandboxRequest } from "keyturn/sandbox";

/** What a worker is for: a run of the program, or the sandbox tenant. */
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

/** To the sandbox: a request, the end of one that is under way, or one more port that asks. */
export type ToTenant = Asked | { readonly abort: number } | { readonly connect: MessagePort };

/** What the sandbox answered. `lost` stands for a connection that broke, in words. */
export type Answered =
  | {
      readonly id: number;
      readonly status: number;
      readonly headers: [name: string, value: string][];
      readonly body: string;
    }
  | { readonly id: number; readonly lost: { readonly code: string; readonly message: string } };

/** From the sandbox to the page: an answer, the first word, or that a program's request was handled. */
export type FromTenant = Answered | { readonly ready: ReadyTenant } | { readonly changed: true };

/** What a program needs to begin. */
export interface ReadyTenant {
  readonly url: string;
  /** The variables of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Files that it finds, by their paths. */
  readonly files: Readonly<Record<string, string>>;
}

/** From the page to a program's worker. */
export type ToProgram =
  | {
      readonly run: {
        /** With imports by the numbers that {@link slot} gives. */
        readonly code: string;
        readonly tenant: MessagePort;
        readonly ready: ReadyTenant;
        /** How far the sandbox's clock is ahead of the machine's, in milliseconds. */
        readonly ahead: number;
      };
    }
  | { readonly ahead: number };

/** What a program met with. */
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

/** Stands in a program's text for the address of a module, which only the worker knows. */
export const slot = (name: string): string => `keyturn-module:${name}`;
