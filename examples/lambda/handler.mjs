// An AWS Lambda function that reports which connectors do not sync, as one file: `node build.mjs` writes
// dist/handler.mjs. The client is created once per execution environment, and keeps its token between calls.
import { ConductorOne, KeyturnError } from "keyturn";

let c1;

export async function handler(event) {
  const appId = event.queryStringParameters?.app;
  if (!appId) return answer(400, { error: "?app=ID says which app's connectors" });
  c1 ??= ConductorOne.fromEnv();
  try {
    const connectors = [];
    for await (const { connector } of c1.connector.list({ appId }))
      connectors.push({ name: connector?.displayName, status: connector?.status?.status });
    return answer(200, connectors);
  } catch (error) {
    if (!KeyturnError.is(error)) throw error;
    console.error(error.message);
    return answer(502, { error: error.kind });
  }
}

function answer(statusCode, value) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
