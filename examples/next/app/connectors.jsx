"use client";

import { ConductorOne, KeyturnError } from "keyturn";
import { useEffect, useState } from "react";

/** This client has no credential: every call goes to the route handler. */
const c1 = new ConductorOne({ proxy: "/keyturn" });

/** Returns the connectors of all apps. */
async function connectors() {
  const found = [];
  for await (const app of c1.apps.list())
    for await (const { connector } of c1.connector.list({ appId: app.id })) found.push({ app, connector });
  return found;
}

export function Connectors() {
  const [rows, setRows] = useState([]);
  const [issued, setIssued] = useState();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const attempt = async (work) => {
    setBusy(true);
    setProblem("");
    try {
      await work();
    } catch (error) {
      if (!KeyturnError.is(error)) throw error;
      if (error.kind === "proxy_refused" && error.status === 401) location.reload();
      setProblem(`${error.message} (outcome: ${error.outcome})`);
    } finally {
      setBusy(false);
    }
  };

  useEffect(() => {
    attempt(async () => setRows(await connectors()));
  }, []);

  const rotate = ({ app, connector }) =>
    attempt(async () => {
      const answer = await c1.connector.rotateCredential({ appId: app.id, connectorId: connector.id });
      setIssued(answer.connectorServiceRotateCredentialResponse.credential);
    });

  return (
    <>
      <h1>Connectors</h1>
      <p role="alert">{problem}</p>
      <ul>
        {rows.map((row) => (
          <li key={row.connector.id}>
            {row.app.displayName}: {row.connector.displayName}{" "}
            <button type="button" disabled={busy || issued !== undefined} onClick={() => rotate(row)}>
              Rotate
            </button>
          </li>
        ))}
      </ul>
      {issued && (
        <section aria-label="New credential">
          <p>
            Store the secret of {issued.clientId} now: <code>{issued.clientSecret}</code>. It cannot be shown again.
          </p>
          <button type="button" onClick={() => setIssued(undefined)}>
            I stored it
          </button>
        </section>
      )}
    </>
  );
}
