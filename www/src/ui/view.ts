/** The styles that both consoles and their views share. */

import { css } from "lit";

/** The style of a panel: a part of a view. */
export const panel = css`
  .panel {
    display: grid;
    gap: 0.75rem;
    min-width: 0;
    padding: 1rem 1.25rem 1.25rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
`;

/** The style of a view: a title with what can be done beside it, and panels. */
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
  ${panel}
`;

/** Narrower margins of panels on narrow screens. */
export const narrowing = css`
  @media (width < 30rem) {
    .panel {
      padding-inline: 0.75rem;
    }
  }
`;

/** The links to the views. */
export const navigation = css`
  .views ul {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem;
  }
  .views :is(a, button) {
    display: inline-flex;
    align-items: center;
    min-height: 2rem;
    padding: 0.2rem 0.8rem;
    border: 1px solid transparent;
    border-radius: var(--radius-small);
    background: transparent;
    color: var(--muted);
    font-size: 0.875rem;
    font-weight: 550;
    text-decoration: none;
  }
  .views :is(a, button):hover {
    background: var(--hover);
    color: var(--ink);
  }
  .views a[aria-current] {
    background: var(--accent-soft);
    color: var(--accent);
  }
  @media (forced-colors: active) {
    .views a[aria-current] {
      border-color: Highlight;
    }
  }
`;
