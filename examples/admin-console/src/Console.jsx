import { KeyturnError } from "keyturn";
import { useEffect, useState } from "react";
import { c1, connectors, session } from "./api.js";
import { NewSecret } from "./NewSecret.jsx";

/** The whole page: a user signs in, sees connectors, and rotates their credentials. */
export function Console() {
  const [user, setUser] = useState();
  const [rows, setRows] = useState([]);
  const [issued, setIssued] = useState();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  useEffect(() => void session.get().then(setUser), []);

  /** Runs a call. If the session has ended, the user must sign in again; any other error is shown. */
  const attempt = async (work) => {
    setBusy(true);
    setProblem("");
    try {
      await work();
    } catch (error) {
      if (!KeyturnError.is(error)) throw error;
      if (error.kind === "proxy_refused" && error.status === 401) setUser(null);
      else setProblem([error.message, error.hint, `Outcome: ${error.outcome}.`].filter(Boolean).join(" "));
    } finally {
      setBusy(false);
    }
  };

  useEffect(() => {
    if (user) attempt(async () => setRows(await connectors()));
    else setRows([]);
  }, [user]);

  const rotate = ({ app, connector }) =>
    attempt(async () => {
      const answer = await c1.connector.rotateCredential({ appId: app.id, connectorId: connector.id });
      setIssued({ ...answer.connectorServiceRotateCredentialResponse.credential, of: connector.displayName });
    });

  if (user === undefined) return <p>Loading</p>;
  if (user === null)
    return (
      <main>
        <h1>Sign in</h1>
        <button type="button" onClick={() => session.signIn("ada").then(setUser)}>
          Sign in as Ada
        </button>
        <button type="button" onClick={() => session.signIn("ben").then(setUser)}>
          Sign in as Ben
        </button>
      </main>
    );
  return (
    <main>
      <header>
        <p>{user}</p>
        <button type="button" onClick={() => session.signOut().then(setUser)}>
          Sign out
        </button>
      </header>
      <h1>Connectors</h1>
      <p role="alert">{problem}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">App</th>
            <th scope="col">Connector</th>
            <th scope="col">Credential</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.connector.id}>
              <td>{row.app.displayName}</td>
              <td>{row.connector.displayName}</td>
              <td>
                <button
                  type="button"
                  disabled={busy}
                  aria-label={`Rotate the credential of ${row.connector.displayName}`}
                  onClick={() => rotate(row)}
                >
                  Rotate
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {issued && <NewSecret credential={issued} onDone={() => setIssued(undefined)} />}
    </main>
  );
}
