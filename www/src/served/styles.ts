/** What the views of the served console look like. */

import { css } from "lit";

export const view = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem;
  }
  h1 {
    font-size: 1.5rem;
    letter-spacing: -0.02em;
  }
  h2 {
    font-size: 1.0625rem;
  }
  .title {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: 0.5rem 1rem;
  }
  .title > div:first-child {
    flex: 1 1 20rem;
    display: grid;
    gap: 0.2rem;
    min-width: 0;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.6rem;
  }
  .panel {
    container-type: inline-size;
    display: grid;
    gap: 0.75rem;
    min-width: 0;
    padding: 1rem 1.25rem 1.25rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
  .found {
    display: grid;
    gap: 0.4rem;
  }
  .found li {
    display: grid;
    grid-template-columns: 5.5rem minmax(0, 1fr);
    gap: 0.75rem;
  }
  .critical,
  .high {
    color: var(--bad);
    font-weight: 600;
  }
  .medium {
    color: var(--warn);
    font-weight: 600;
  }
  .low {
    color: var(--muted);
  }
  .back {
    display: inline-flex;
    align-items: center;
    min-height: 24px;
  }
  @media (width < 30rem) {
    .panel {
      padding-inline: 0.75rem;
    }
    .found li {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
  }
`;
