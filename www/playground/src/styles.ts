/** The styles of the page. */

import { css } from "lit";

export const styles = css`
  .page {
    display: grid;
    gap: 1rem;
    max-width: 100rem;
    margin: 0 auto;
    padding: 1rem 1.25rem 2rem;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.5rem;
    align-items: baseline;
  }
  .top h1 {
    font-size: 1.25rem;
  }
  .top p {
    max-width: 60rem;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 22rem;
    gap: 1rem;
    align-items: start;
  }
  .main,
  .side {
    display: grid;
    gap: 1rem;
    min-width: 0;
  }
  .panel {
    min-width: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
    overflow: hidden;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: center;
    padding: 0.6rem 0.8rem;
    border-bottom: 1px solid var(--line);
  }
  .bar .choose {
    display: flex;
    flex: 1 1 16rem;
    gap: 0.5rem;
    align-items: center;
    min-width: 0;
  }
  .bar h2 {
    margin-inline-end: auto;
    font-size: 1rem;
  }
  .bar select {
    min-width: 0;
    min-height: 2.25rem;
    padding-block: 0.25rem;
    font-size: 0.875rem;
  }
  .bar button {
    min-height: 2.25rem;
  }
  .editor {
    height: min(27rem, 60vh);
  }
  .foot {
    padding: 0.4rem 0.8rem;
    border-top: 1px solid var(--line);
  }
  .output {
    min-height: 8rem;
    max-height: 26rem;
    overflow: auto;
    font-family: var(--mono);
    font-size: 0.8125rem;
    line-height: 1.5;
  }
  .output:focus-visible,
  .requests:focus-visible,
  .file:focus-visible {
    outline-offset: -2px;
  }
  .output > * {
    padding: 0.2rem 0.8rem;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .output > .warn {
    background: var(--warn-soft);
  }
  .output > .error {
    background: var(--bad-soft);
  }
  .output > .failure {
    display: grid;
    gap: 0.3rem;
    justify-items: start;
    padding-block: 0.55rem;
    border-inline-start: 3px solid var(--bad);
    background: var(--bad-soft);
    font-family: system-ui, sans-serif;
    white-space: normal;
  }
  .failure p {
    white-space: pre-wrap;
  }
  .failure dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0.1rem 0.8rem;
  }
  .failure dt {
    color: var(--muted);
  }
  .output button {
    min-height: 1.75rem;
    font-size: 0.8125rem;
  }
  .inside {
    display: grid;
    gap: 0.5rem;
    padding: 0.7rem 0.8rem;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: center;
  }
  .row button {
    min-height: 2rem;
    font-size: 0.8125rem;
  }
  .requests {
    max-height: 20rem;
    overflow: auto;
  }
  .requests li {
    display: grid;
    grid-template-columns: 2.2rem minmax(0, 1fr);
    gap: 0.1rem 0.5rem;
    padding: 0.35rem 0.8rem;
    font-size: 0.8125rem;
  }
  .requests li + li {
    border-top: 1px solid var(--line);
  }
  .requests span {
    overflow-wrap: anywhere;
  }
  .requests .path {
    display: block;
    font-size: 0.75rem;
  }
  .bad {
    color: var(--bad);
  }
  .file {
    margin: 0;
    padding: 0.5rem 0.6rem;
    overflow: auto;
    border-radius: var(--radius-small);
    background: var(--sunken);
    font-family: var(--mono);
    font-size: 0.75rem;
  }
  iframe {
    display: none;
  }
  @media (width < 64rem) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @media (width < 30rem) {
    .page {
      padding-inline: 0.6rem;
    }
    .editor {
      height: 20rem;
    }
  }
`;
