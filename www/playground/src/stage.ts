/**
 * The script of `stage.html`: a frame that is not shown, in which workers run programs under a content security policy of its own. By that a
 * program reaches no server, whoever wrote it. The frame is of the page's origin, since Chromium gives workers of any other
 * no `crypto.subtle`; what the origin has stored is taken from programs in `runner/program.ts`.
 */

import type { Beginning, StageCommand } from "./messages.js";

declare const keyturnRunner: string;
declare const trustedTypes:
  | {
      createPolicy(
        name: string,
        rules: { createScriptURL(url: string): string },
      ): { createScriptURL(url: string): URL };
    }
  | undefined;

const address = URL.createObjectURL(new Blob([keyturnRunner], { type: "text/javascript" }));
const rules = {
  createScriptURL: (url: string): string => {
    if (url !== address) throw new TypeError("workers run one script alone");
    return url;
  },
};
const policy = typeof trustedTypes === "undefined" ? rules : trustedTypes.createPolicy("keyturn-stage", rules);
const workers = new Map<number, Worker>();

addEventListener("message", ({ data, source }: MessageEvent<StageCommand>) => {
  if (source !== parent) return;
  if (data.kind === "end") {
    workers.get(data.name)?.terminate();
    workers.delete(data.name);
    return;
  }
  const worker = new Worker(policy.createScriptURL(address));
  workers.set(data.name, worker);
  const beginning: Beginning = { role: data.role, port: data.port };
  worker.postMessage(beginning, [data.port]);
});
// The page may begin. On a disk its origin has no name; the message says nothing.
parent.postMessage("keyturn-stage", "*");
