/** The styles of `<keyturn-rotate>`. */

import { css } from "lit";

export const styles = css`
  :host {
    container-type: inline-size;
  }
  .flow {
    display: grid;
    grid-template-columns: 15rem minmax(0, 1fr);
    gap: 1.75rem;
    align-items: start;
  }
  .steps {
    display: grid;
    gap: 0.1rem;
    padding: 0.4rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--sunken);
  }
  .steps li {
    display: flex;
    gap: 0.6rem;
    align-items: center;
    padding: 0.35rem 0.55rem;
    border-radius: calc(var(--radius) - 2px);
    color: var(--muted);
  }
  .steps svg {
    flex: none;
  }
  .steps .done svg {
    color: var(--good);
  }
  .steps [aria-current] {
    background: var(--accent-soft);
    color: var(--accent);
    font-weight: 600;
  }
  .proofs {
    display: grid;
    gap: 0.3rem;
    padding: 0.75rem 0.55rem 0;
    font-size: 0.8125rem;
  }
  .proofs li {
    display: flex;
    gap: 0.5rem;
    align-items: start;
  }
  .proofs svg {
    margin-top: 0.15em;
    color: var(--good);
  }
  .proofs .bad svg {
    color: var(--bad);
  }
  .screen {
    display: grid;
    gap: 1rem;
    grid-template-columns: minmax(0, 1fr);
    max-width: 44rem;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .screen > h2 {
    font-size: 1.25rem;
  }
  .screen > .about {
    margin-top: -0.75rem;
    color: var(--muted);
    overflow-wrap: anywhere;
  }
  .points {
    display: grid;
    gap: 0.75rem;
  }
  .points > li {
    display: flex;
    gap: 0.7rem;
    align-items: start;
  }
  .points > li > svg {
    margin-top: 0.15em;
    color: var(--accent);
  }
  fieldset {
    display: grid;
    gap: 0.35rem;
    margin: 0;
    padding: 0.75rem 0.85rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    min-width: 0;
  }
  legend {
    padding: 0 0.3rem;
    margin-inline-start: -0.3rem;
    font-weight: 600;
  }
  .choice {
    display: flex;
    gap: 0.6rem;
    align-items: start;
    min-height: 24px;
    cursor: pointer;
    overflow-wrap: anywhere;
  }
  .choice > span {
    min-width: 0;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 0.35rem 1.25rem;
  }
  dt {
    color: var(--muted);
  }
  dd {
    overflow-wrap: anywhere;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 0.6rem;
    align-items: center;
    padding-top: 0.25rem;
  }
  .buttons button {
    min-height: 2.25rem;
    padding-inline: 0.9rem;
    font-size: 0.875rem;
  }
  .apart {
    margin-inline-start: auto;
  }
  .save {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: end;
  }
  .field {
    display: grid;
    gap: 0.3rem;
    flex: 1 1 14rem;
  }
  .field > label {
    font-size: 0.8125rem;
    font-weight: 550;
  }
  form {
    display: grid;
    gap: 0.75rem;
  }
  .wait {
    display: flex;
    gap: 0.7rem;
    align-items: center;
    min-height: 3rem;
  }
  ol.todo {
    display: grid;
    gap: 0.4rem;
    padding-inline-start: 1.3rem;
    list-style: decimal;
  }
  @container (width < 44rem) {
    .flow {
      grid-template-columns: minmax(0, 1fr);
      gap: 1rem;
    }
    .steps {
      grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr));
    }
    .proofs {
      grid-column: 1 / -1;
    }
  }
  @container (width < 26rem) {
    dl {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    dd + dt {
      margin-top: 0.5rem;
    }
    .buttons button {
      flex: 1 1 auto;
    }
  }
  @media (forced-colors: active) {
    .steps [aria-current] {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
`;
