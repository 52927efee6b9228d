/**
 * The script of `stage.html`: a hidden frame in which workers run programs under a content security policy of its own,
 * by which no program reaches a server, whoever wrote it. The frame is of the page's origin, since Chromium gives
 * workers of any other no `crypto.subtle`; `runner/program.ts` removes access to what the origin has stored.
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
// Tell the page that it may begin. A page on a disk has no origin to address, and the message contains nothing.
parent.postMessage("keyturn-stage", "*");
