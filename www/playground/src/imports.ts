/** The imports of a program: found with the editor's parser, and redirected to the modules that the worker has. */

import { javascriptLanguage } from "@codemirror/lang-javascript";
import { slot } from "./messages.js";
import modules from "./modules.json";

/** Why a program cannot be run, and the line that is to blame. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** Returns the program with slots in place of the names of modules. Line numbers stay the same. */
export function led(program: string): string {
  const lineAt = (position: number): number => program.slice(0, position).split("\n").length;
  let text = "";
  let done = 0;
  javascriptLanguage.parser.parse(program).iterate({
    enter: ({ name, from, to, node }) => {
      if (name === "⚠") throw new ProgramError("this is no JavaScript that can be read", lineAt(from));
      const above = node.parent?.name ?? "";
      const imported = name === "String" && ["ImportDeclaration", "ExportDeclaration", "DynamicImport"].includes(above);
      if (!imported) return;
      const wanted = program.slice(from + 1, to - 1);
      const module = modules.find((one) => one === wanted || one === `node:${wanted}`);
      if (module === undefined) {
        const message = `The playground has no module ${JSON.stringify(wanted)}. It has ${modules.join(", ")}.`;
        throw new ProgramError(message, lineAt(from));
      }
      text += `${program.slice(done, from)}${JSON.stringify(slot(module))}`;
      done = to;
    },
  });
  return text + program.slice(done);
}
