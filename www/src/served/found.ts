/** The style of a list of findings. */

import { css } from "lit";

export const found = css`
  .found {
    display: grid;
    gap: 0.4rem;
  }
  .found li {
    display: grid;
    grid-template-columns: 5.5rem minmax(0, 1fr);
    gap: 0.75rem;
  }
  .found .bad {
    color: var(--bad);
    font-weight: 600;
  }
  .found .warn {
    color: var(--warn);
    font-weight: 600;
  }
  .found .plain {
    color: var(--muted);
  }
  @media (width < 30rem) {
    .found li {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
  }
`;
