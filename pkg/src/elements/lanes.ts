/** The timeline: an SVG lane for each target, and a table of the same data. */

import { css, html, nothing, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import { Shown } from "./base.js";
import { type IconName, icon } from "./icons.js";
import { type CredentialRow, called, distinctions, stateOf } from "./row.js";
import type { TextKey } from "./texts.js";
import { theme } from "./theme.js";
import { DAY } from "./words.js";

const MINUTE = 60_000;

/** The zoom levels: the numbers of days that can be shown. */
const SPANS: readonly number[] = [14, 30, 60, 90, 180, 365, 730, 1825];

/** The dimensions of a lane's drawing, whose width is then stretched. */
const WIDTH = 1000;
const LANE = 28;

/** The fraction of the shown time that is before today, until the timeline is moved. */
const BEFORE = 0.4;

const LEGEND: readonly (readonly [key: TextKey, kind: string])[] = [
  ["timeline.legend.created", "created"],
  ["timeline.legend.life", "life"],
  ["state.expiring", "expiring"],
  ["state.expired", "expired"],
  ["timeline.legend.used", "used"],
  ["timeline.legend.grace", "grace"],
  ["timeline.legend.today", "today"],
];

/** The implementation of `<keyturn-timeline>`. */
export class Lanes extends Shown {
  static override properties = {
    rows: { attribute: false },
    link: { attribute: false },
    clock: { attribute: false },
    texts: { attribute: false },
    lanes: { type: Number },
    days: { type: Number },
    page: { state: true },
    shift: { state: true },
    tabular: { state: true },
  };
  static override styles = [
    theme,
    css`
      :host {
        container-type: inline-size;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.4rem;
        padding-bottom: 0.6rem;
      }
      .bar .range {
        margin-inline: 0.4rem auto;
        font-variant-numeric: tabular-nums;
      }
      .bar .icon {
        width: 2rem;
        padding: 0;
      }
      .chart {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        overflow: hidden;
      }
      .lane,
      .axis {
        display: grid;
        grid-template-columns: var(--keyturn-names-width, minmax(9rem, 24%)) minmax(0, 1fr);
        align-items: center;
        height: 28px;
      }
      .lane + .lane {
        border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent);
      }
      .lane:hover {
        background: var(--sunken);
      }
      .axis {
        border-bottom: 1px solid var(--line);
        background: var(--sunken);
        color: var(--muted);
        font-size: 0.75rem;
      }
      .axis > span:first-child {
        padding-inline-start: 0.75rem;
      }
      .axis .ticks {
        position: relative;
        height: 100%;
        overflow: hidden;
      }
      .axis .ticks time {
        position: absolute;
        top: 0.35rem;
        padding-inline-start: 0.3rem;
        border-inline-start: 1px solid var(--line);
        overflow: hidden;
        white-space: nowrap;
      }
      .lane svg {
        display: block;
        width: 100%;
        height: 28px;
      }
      /* Time runs in the direction of the text. */
      :host(:dir(rtl)) .lane svg {
        transform: scaleX(-1);
      }
      /* As wide as its text, so that text of either direction is truncated at its own end. */
      .name {
        display: block;
        justify-self: start;
        min-width: 24px;
        max-width: calc(100% - 1rem);
        min-height: 24px;
        justify-content: start;
        margin-inline: 0.5rem;
        padding: 0 0.25rem;
        overflow: hidden;
        border: 0;
        background: none;
        color: var(--ink);
        font: inherit;
        font-size: 0.8125rem;
        line-height: 24px;
        text-decoration: none;
        text-overflow: ellipsis;
        white-space: nowrap;
        outline-offset: -2px;
      }
      /* A name of two parts, of which neither may push out the other. */
      .name[data-apart] {
        display: flex;
        gap: 0.4em;
      }
      .name[data-apart] > bdi {
        flex: 0 1 auto;
        min-width: 2.5em;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .name[data-apart] > .muted {
        flex-shrink: 2;
        font-size: 0.75rem;
      }
      .name:is(a, button):is(:hover, :focus-visible) {
        background: none;
        text-decoration: underline;
      }
      .grid {
        stroke: var(--line);
      }
      .life {
        fill: var(--good);
        fill-opacity: 0.45;
      }
      .life.expiring {
        fill: var(--warn);
      }
      .life.expired {
        fill: var(--bad);
      }
      .life.beyond {
        fill-opacity: 1;
      }
      .soon {
        fill: var(--warn);
        fill-opacity: 0.07;
      }
      .created {
        fill: var(--ink);
      }
      .used {
        stroke: var(--ink);
        stroke-width: 2;
      }
      .grace {
        fill: var(--accent);
      }
      .today {
        stroke: var(--bad);
        stroke-width: 1.5;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        padding-top: 0.5rem;
        color: var(--muted);
        font-size: 0.75rem;
      }
      .legend li {
        display: flex;
        align-items: center;
        gap: 0.35rem;
      }
      .rows {
        overflow-x: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th,
      td {
        padding: 0.35rem 0.75rem;
        border-bottom: 1px solid var(--line);
        font-weight: 400;
        text-align: start;
        overflow-wrap: anywhere;
      }
      thead th {
        background: var(--sunken);
        color: var(--muted);
        font-size: 0.75rem;
        font-weight: 550;
      }
      tbody tr:last-child > * {
        border: 0;
      }
      th > .name {
        max-width: 100%;
        margin: 0;
        padding: 0;
        font-size: inherit;
      }
      .empty {
        padding: 1rem 0.75rem;
        color: var(--muted);
      }
      @container (width < 34rem) {
        .bar .range {
          order: 1;
          flex-basis: 100%;
        }
        /* A name is on its own line above its lane, since there is no room beside it. */
        .lane,
        .axis {
          grid-template-columns: minmax(0, 1fr);
        }
        .lane {
          height: auto;
          padding-block-start: 0.2rem;
        }
        .axis > span:first-child {
          display: none;
        }
        .axis .ticks time:not(:nth-child(3n + 1)) {
          visibility: hidden;
        }
        table,
        tbody,
        tr,
        th,
        td {
          display: block;
        }
        thead {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
        tr {
          padding: 0.5rem 0.75rem;
          border-bottom: 1px solid var(--line);
        }
        tr > :is(th, td) {
          padding: 0;
          border: 0;
        }
        td[data-label]::before {
          content: attr(data-label) ": ";
          color: var(--muted);
        }
      }
      @media (forced-colors: active) {
        .life {
          fill: Highlight;
        }
        .life.expiring {
          fill: CanvasText;
        }
        .life.expired {
          fill: GrayText;
        }
        .created {
          fill: CanvasText;
        }
        .used {
          stroke: CanvasText;
        }
        .today {
          stroke: LinkText;
        }
        .grace {
          fill: LinkText;
        }
        .chart {
          border-color: CanvasText;
        }
      }
    `,
  ];

  declare rows: readonly CredentialRow[];
  declare link: ((row: CredentialRow) => string | undefined) | undefined;
  declare lanes: number;
  declare days: number;
  /** The index of the page of lanes that is shown. */
  declare private page: number;
  /** How many days the drawing is moved into the future. */
  declare private shift: number;
  declare private tabular: boolean;
  #drawn: { from: unknown; rows: readonly CredentialRow[] } | undefined;

  constructor() {
    super();
    this.default({ rows: [], lanes: 12, days: 180 });
    this.page = this.shift = 0;
    this.tabular = false;
  }

  /** The rows that can be drawn, in the order of their expiry. */
  get #known(): readonly CredentialRow[] {
    if (this.#drawn?.from !== this.rows) {
      const rows = this.rows.filter((row) => row.credential !== undefined && row.createdAt !== undefined);
      rows.sort((one, other) => (one.expiresAt ?? Number.MAX_VALUE) - (other.expiresAt ?? Number.MAX_VALUE));
      this.#drawn = { from: this.rows, rows };
    }
    return this.#drawn.rows;
  }

  /** The time to the minute, so that renders within a minute leave the document unchanged. */
  get #now(): number {
    return Math.floor(this.clock.now() / MINUTE) * MINUTE;
  }

  get #range(): readonly [from: number, to: number] {
    const from = this.#now + (this.shift - this.days * BEFORE) * DAY;
    return [from, from + this.days * DAY];
  }

  protected override render(): TemplateResult {
    const known = this.#known;
    const pages = Math.max(1, Math.ceil(known.length / this.lanes));
    const page = Math.min(this.page, pages - 1);
    const shown = known.slice(page * this.lanes, (page + 1) * this.lanes);
    const [from, to] = this.#range;
    return html`<div part="bar" class="bar" role="group" aria-label=${this.say("timeline.label")}>
        ${
          this.tabular
            ? nothing
            : html`${this.#button("minus", "timeline.out", () => this.#zoom(1), this.days >= (SPANS.at(-1) ?? 0))}
              ${this.#button("plus", "timeline.in", () => this.#zoom(-1), this.days <= (SPANS[0] ?? 0))}
              ${this.#button("left", "timeline.earlier", () => this.#move(-1))}
              ${this.#button("right", "timeline.later", () => this.#move(1))}
              <button type="button" @click=${() => (this.shift = 0)}>${this.say("timeline.today")}</button>`
        }
        <span class="range muted small" role="status">${this.tabular ? nothing : this.say("timeline.range", { from: this.words.day(from), to: this.words.day(to) })}</span>
        ${
          pages > 1
            ? html`<span class="small muted" role="status">${this.say("timeline.lanes", {
                from: page * this.lanes + 1,
                to: page * this.lanes + shown.length,
                all: known.length,
              })}</span>
              ${this.#button("up", "timeline.previous", () => (this.page = page - 1), page === 0)}
              ${this.#button("down", "timeline.next", () => (this.page = page + 1), page === pages - 1)}`
            : nothing
        }
        <button type="button" aria-pressed=${this.tabular} @click=${() => (this.tabular = !this.tabular)}>${this.say("timeline.asTable")}</button>
      </div>
      ${
        known.length === 0
          ? html`<div class="chart"><p class="empty">${this.say("timeline.empty")}</p></div>`
          : this.tabular
            ? this.#table(shown)
            : this.#chart(shown, from, to)
      }`;
  }

  protected override updated(): void {
    // Set by script, since a content security policy may forbid style attributes.
    for (const tick of this.renderRoot.querySelectorAll<HTMLElement>(".ticks time")) {
      const at = Number(tick.dataset.at);
      tick.style.insetInlineStart = `${at}%`;
      // A word that would be cut off at the end has no width at all.
      const wide = 0.5 + 0.65 * (tick.textContent?.length ?? 0);
      tick.style.maxInlineSize = `max(0px, (${100 - at}% - ${wide}em) * 9999999)`;
    }
  }

  #button(name: IconName, key: TextKey, act: () => void, off = false): TemplateResult {
    // Not `disabled`, so that a button that has reached its limit keeps the focus.
    return html`<button type="button" class="icon" aria-label=${this.say(key)} title=${this.say(key)} aria-disabled=${off} @click=${() => off || act()}>
      ${icon(name, 14)}
    </button>`;
  }

  #name(row: CredentialRow): TemplateResult {
    const open = (event: Event): void => {
      if (!this.tell("keyturn-open", row, true)) event.preventDefault();
    };
    const distinction = distinctions(this.rows).get(row.target);
    const title = called(row.name, distinction);
    const words =
      distinction === undefined
        ? row.name
        : html`<bdi>${row.name}</bdi> <span class="unseen">(</span><bdi class="muted">${distinction}</bdi><span class="unseen">)</span>`;
    const apart = distinction !== undefined;
    if (!this.link)
      return html`<button type="button" class="name" dir="auto" ?data-apart=${apart} title=${title} @click=${open}>${words}</button>`;
    const href = this.link(row);
    return href === undefined
      ? html`<span class="name" dir="auto" ?data-apart=${apart} title=${title}>${words}</span>`
      : html`<a class="name" dir="auto" ?data-apart=${apart} href=${href} title=${title} @click=${open}>${words}</a>`;
  }

  #chart(rows: readonly CredentialRow[], from: number, to: number): TemplateResult {
    const ticks = this.#ticks(from, to);
    const at = (time: number): number => ((time - from) / (to - from)) * WIDTH;
    return html`<div
        part="lanes"
        class="chart"
        role="group"
        tabindex="0"
        aria-label="${this.say("timeline.label")}. ${this.say("timeline.keys")}"
        @keydown=${this.#key}
      >
        <div class="axis" aria-hidden="true">
          <span>${this.say("column.name")}</span>
          <span class="ticks">${ticks.map(([time, word]) => html`<time datetime=${new Date(time).toISOString()} data-at=${at(time) / (WIDTH / 100)}>${word}</time>`)}</span>
        </div>
        <ul>
          ${rows.map((row) => html`<li part="lane" class="lane">${this.#name(row)}<span class="unseen">${this.#said(row)}</span>${this.#lane(row, at, ticks)}</li>`)}
        </ul>
      </div>
      <ul class="legend" aria-hidden="true">
        ${LEGEND.map(([key, kind]) => html`<li>${sample(kind)}${this.say(key)}</li>`)}
      </ul>`;
  }

  #lane(
    row: CredentialRow,
    at: (time: number) => number,
    ticks: readonly (readonly [number, string])[],
  ): TemplateResult {
    const now = this.#now;
    const [begin, end] = [at(row.createdAt as number), at(row.expiresAt ?? now + 1825 * DAY)];
    const grace = row.rotation?.phase === "grace" ? row.rotation.until : undefined;
    const middle = LANE / 2;
    const clamp = (x: number): number => Math.max(-10, Math.min(WIDTH + 10, x));
    return html`<svg viewBox="0 0 ${WIDTH} ${LANE}" preserveAspectRatio="none" aria-hidden="true">
      ${ticks.map(([time]) => svg`<line class="grid" x1=${at(time)} x2=${at(time)} y1="0" y2=${LANE} vector-effect="non-scaling-stroke" />`)}
      ${svg`<rect class="soon" x=${clamp(at(now))} width=${Math.max(0, clamp(at(now + 30 * DAY)) - clamp(at(now)))} y="0" height=${LANE} />`}
      ${svg`<rect class="life ${stateOf(row, now)}" x=${clamp(begin)} width=${Math.max(1, clamp(end) - clamp(begin))} y=${middle - 5} height="10" />`}
      ${end < 0 || begin > WIDTH ? this.#beyond(end < 0, stateOf(row, now)) : nothing}
      ${grace === undefined ? nothing : svg`<rect class="grace" x=${clamp(at(now))} width=${Math.max(2, clamp(at(grace)) - clamp(at(now)))} y=${middle + 6} height="4" />`}
      ${svg`<line class="used" x1=${clamp(begin)} x2=${clamp(begin)} y1=${middle - 8} y2=${middle + 8} vector-effect="non-scaling-stroke" />`}
      ${row.lastUsedAt === undefined ? nothing : svg`<line class="used" stroke-dasharray="2 2" x1=${clamp(at(row.lastUsedAt))} x2=${clamp(at(row.lastUsedAt))} y1=${middle - 9} y2=${middle + 9} vector-effect="non-scaling-stroke" />`}
      ${svg`<line class="today" x1=${at(now)} x2=${at(now)} y1="0" y2=${LANE} vector-effect="non-scaling-stroke" />`}
    </svg>`;
  }

  /** Draws an arrow to a life that lies entirely before or after the shown time. */
  #beyond(before: boolean, state: string): SVGTemplateResult {
    const [edge, inward] = before ? [4, 1] : [WIDTH - 4, -1];
    const middle = LANE / 2;
    const points = `${edge},${middle} ${edge + inward * 12},${middle - 6} ${edge + inward * 12},${middle + 6}`;
    return svg`<polygon class="life beyond ${state}" points=${points} />`;
  }

  /** Describes a lane in words. */
  #said(row: CredentialRow): string {
    const now = this.#now;
    const fact = (key: TextKey, at: number | undefined): string =>
      this.say("timeline.fact", {
        what: this.say(key),
        when: at === undefined ? this.say("table.noDate") : this.words.relative(at, now),
      });
    const facts = [fact("column.created", row.createdAt), fact("column.expires", row.expiresAt)];
    if (row.lastUsedAt !== undefined) facts.push(fact("column.used", row.lastUsedAt));
    if (row.rotation?.phase === "grace" && row.rotation.until !== undefined)
      facts.push(fact("timeline.grace", row.rotation.until));
    return this.words.list(facts);
  }

  #table(rows: readonly CredentialRow[]): TemplateResult {
    const time = (at: number | undefined, absent: string): unknown =>
      at === undefined ? absent : html`<time datetime=${new Date(at).toISOString()}>${this.words.exact(at)}</time>`;
    const heads: readonly TextKey[] = [
      "column.name",
      "column.created",
      "column.expires",
      "column.used",
      "timeline.grace",
    ];
    return html`<div class="chart rows">
      <table part="table" role="table" aria-label=${this.say("timeline.label")}>
        <thead role="rowgroup">
          <tr role="row">${heads.map((key) => html`<th role="columnheader" scope="col">${this.say(key)}</th>`)}</tr>
        </thead>
        <tbody role="rowgroup">
          ${rows.map(
            (row) => html`<tr role="row">
              <th role="rowheader" scope="row">${this.#name(row)}</th>
              <td role="cell" data-label=${this.say("column.created")}>${time(row.createdAt, "—")}</td>
              <td role="cell" data-label=${this.say("column.expires")}>${time(row.expiresAt, this.say("table.noDate"))}</td>
              <td role="cell" data-label=${this.say("column.used")}>${time(row.lastUsedAt, row.tellsUse === false ? "—" : this.say("table.never"))}</td>
              <td role="cell" data-label=${this.say("timeline.grace")}>${time(row.rotation?.phase === "grace" ? row.rotation.until : undefined, "—")}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  /** Returns the marks of months, quarters or years, or of weeks if few days are shown. */
  #ticks(from: number, to: number): readonly (readonly [time: number, word: string])[] {
    const ticks: [number, string][] = [];
    if (this.days <= 90) {
      const step = (this.days <= 30 ? 7 : 14) * DAY;
      const start = new Date(from);
      start.setHours(0, 0, 0, 0);
      for (let at = start.getTime() + DAY; at < to; at += step) ticks.push([at, this.words.day(at)]);
      return ticks;
    }
    const step = this.days <= 180 ? 1 : this.days <= 730 ? 3 : 12;
    const at = new Date(from);
    at.setHours(0, 0, 0, 0);
    at.setDate(1);
    at.setMonth(Math.ceil((at.getMonth() + 1) / step) * step);
    for (; at.getTime() < to; at.setMonth(at.getMonth() + step)) ticks.push([at.getTime(), this.words.month(at)]);
    return ticks;
  }

  #zoom(by: number): void {
    const at = SPANS.findIndex((days) => days >= this.days);
    this.days = SPANS[Math.max(0, Math.min(SPANS.length - 1, (at < 0 ? SPANS.length - 1 : at) + by))] ?? this.days;
  }

  #move(by: number): void {
    this.shift += Math.round((by * this.days) / 4);
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const forward = this.rightToLeft ? -1 : 1;
    const acts: Record<string, () => void> = {
      "+": () => this.#zoom(-1),
      "=": () => this.#zoom(-1),
      "-": () => this.#zoom(1),
      ArrowLeft: () => this.#move(-forward),
      ArrowRight: () => this.#move(forward),
      Home: () => (this.shift = 0),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
}

/** Draws the symbol of a legend entry. */
function sample(kind: string): TemplateResult {
  const shapes: Record<string, SVGTemplateResult> = {
    created: svg`<line class="used" x1="8" x2="8" y1="1" y2="13" />`,
    life: svg`<rect class="life" x="0" y="3" width="16" height="8" />`,
    expiring: svg`<rect class="life expiring" x="0" y="3" width="16" height="8" />`,
    expired: svg`<rect class="life expired" x="0" y="3" width="16" height="8" />`,
    used: svg`<line class="used" stroke-dasharray="2 2" x1="8" x2="8" y1="0" y2="14" />`,
    grace: svg`<rect class="grace" x="0" y="5" width="16" height="4" />`,
    today: svg`<line class="today" x1="8" x2="8" y1="0" y2="14" />`,
  };
  return html`<svg width="16" height="14" viewBox="0 0 16 14">${shapes[kind]}</svg>`;
}
