/** Findings in formats that CI systems collect: SARIF 2.1.0 and JUnit's XML. */

import { isAbsolute } from "node:path";
import type { LifecycleFinding } from "../../../lifecycle.js";
import type { ConfigFile } from "../../config.js";

const LEVELS = { critical: "error", high: "error", medium: "warning", low: "note" } as const;

/** Formats findings as a SARIF log. The location of a result is the target's position in `keyturn.json`. */
export function sarif(findings: readonly LifecycleFinding[], file: ConfigFile): string {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "keyturn", rules: codes.map((id) => ({ id })) } },
        results: findings.map(({ code, severity, target, message }) => ({
          ruleId: code,
          level: LEVELS[severity],
          message: { text: message },
          partialFingerprints: { "keyturn/v1": `${target}/${code}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(file.name) },
                region: file.positionOf(["targets", target]),
              },
              logicalLocations: [{ name: target }],
            },
          ],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

/** Returns a path as a URI reference. A relative path stays relative. */
function uriOf(path: string): string {
  const parts = path.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");
  return isAbsolute(path) ? `file://${parts.startsWith("/") ? "" : "/"}${parts}` : parts;
}

/** Formats findings as a JUnit report, with a case for each target that fails if the target has findings. */
export function junit(names: readonly string[], findings: readonly LifecycleFinding[]): string {
  const cases = names.map((name) => {
    const own = findings.filter(({ target }) => target === name);
    const failures = own.map(
      ({ code, severity, message }) =>
        `      <failure type="${xml(code)}" message="${xml(message)}">${xml(severity)}</failure>\n`,
    );
    const head = `    <testcase classname="keyturn" name="${xml(name)}"`;
    return failures.length === 0 ? `${head}/>\n` : `${head}>\n${failures.join("")}    </testcase>\n`;
  });
  const failed = new Set(findings.map(({ target }) => target)).size;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="keyturn" tests="${names.length}" failures="${failed}">
${cases.join("")}  </testsuite>
</testsuites>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function xml(text: string): string {
  // XML 1.0 cannot represent most control characters, and readers turn line ends in attributes into spaces.
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "?")
    .replace(/[&<>"]/g, (letter) => ENTITIES[letter] ?? "")
    .replace(/[\t\n\r]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
