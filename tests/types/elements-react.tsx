// The elements in the JSX of React 19. What must be refused is marked; the compiler says if it is not.
import type { CredentialRow, KeyturnCredentialsElement } from "keyturn/elements";
import type {} from "keyturn/types/elements/react";
import { useRef } from "react";

const rows: readonly CredentialRow[] = [];

export function Overview() {
  const table = useRef<KeyturnCredentialsElement>(null);
  return (
    <>
      <keyturn-credentials
        ref={table}
        key="table"
        className="wide"
        lang="de"
        rows={rows}
        view={{ filter: "expiring", sort: "expires" }}
        selectable
        link={({ target }) => `#/${target}`}
        onkeyturn-open={(event) => event.detail.target.length}
        onkeyturn-action={({ detail: { action, row } }) => `${action} ${row.name}`}
        onkeyturn-select={({ detail }) => detail.size}
      >
        <p slot="empty">Nothing here</p>
      </keyturn-credentials>
      <keyturn-counters rows={rows} filter="idle" compact onkeyturn-filter={({ detail }) => detail === "all"} />
      <keyturn-timeline rows={rows} days={90} onkeyturn-open={({ detail }) => detail.name} />
      <keyturn-rotate target="crm" about="GitHub" onkeyturn-progress={({ detail }) => detail.phase} />
    </>
  );
}

export const refused = [
  // @ts-expect-error a row has a target
  <keyturn-credentials rows={[{ name: "a" }]} />,
  // @ts-expect-error no such filter
  <keyturn-credentials view={{ filter: "old" }} />,
  // @ts-expect-error a method is no property to set
  <keyturn-credentials focusRow={() => true} />,
  // @ts-expect-error no such filter
  <keyturn-counters filter="old" />,
  // @ts-expect-error days are a number
  <keyturn-timeline days="90" />,
  // @ts-expect-error the event has a row
  <keyturn-timeline onkeyturn-open={({ detail }) => detail.size} />,
  // @ts-expect-error read only
  <keyturn-rotate unstored />,
  // @ts-expect-error no such element
  <keyturn-nothing />,
];
