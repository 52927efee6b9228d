import { useEffect, useRef, useState } from "react";

/** Shows a secret this once. When it is closed, nothing holds the secret any more. */
export function NewSecret({ credential, onDone }) {
  const dialog = useRef(null);
  const [shown, setShown] = useState(false);
  useEffect(() => dialog.current.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="new-secret" onCancel={(event) => event.preventDefault()}>
      <h2 id="new-secret">New credential of {credential.of}</h2>
      <dl>
        <dt>Client id</dt>
        <dd>{credential.clientId}</dd>
        <dt>Client secret</dt>
        <dd>{shown ? <code>{credential.clientSecret}</code> : "hidden"}</dd>
      </dl>
      <p>It cannot be shown again. Store it before you close this.</p>
      <button type="button" onClick={() => setShown(!shown)}>
        {shown ? "Hide the secret" : "Show the secret"}
      </button>
      <button type="button" onClick={onDone}>
        I stored it
      </button>
    </dialog>
  );
}
