import "keyturn/elements/secret";
import { useEffect, useRef } from "react";

/** Shows a secret once. After the dialog is closed, neither this page nor the element holds the secret. */
export function NewSecret({ credential: { clientId, clientSecret, of }, onDone }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="new-secret" onCancel={(event) => event.preventDefault()}>
      <h2 id="new-secret">New credential of {of}</h2>
      <keyturn-secret label="Client ID" name="client ID" text={() => clientId} />
      <keyturn-secret label="Client secret" name="client secret" secret text={() => clientSecret}>
        <p>It cannot be shown again. Store it before you close this.</p>
      </keyturn-secret>
      <button type="button" onClick={onDone}>
        I stored it
      </button>
    </dialog>
  );
}
