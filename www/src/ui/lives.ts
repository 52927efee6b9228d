/** The credentials of one target over time, as a picture. */

import type { CredentialRow, ElementTexts } from "keyturn/elements";
import "keyturn/elements/timeline";
import type { LifecycleEvent, LifecycleStatus } from "keyturn/lifecycle";
import { css, html, nothing, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { t } from "../texts/text.js";

/** Ids differ at their ends, so that they are to be seen whole. */
export const livesStyle = css`
  keyturn-timeline {
    --keyturn-names-width: minmax(11.5rem, 30%);
  }
`;

/** A credential's life; times are milliseconds since 1970. */
export interface Life {
  readonly id: string;
  readonly createdAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt?: number | undefined;
  /** When it was ended, if it was. */
  readonly endedAt?: number | undefined;
}

/** When each credential was ended, as the journal says it. */
export function endsOf(history: readonly LifecycleEvent[]): ReadonlyMap<unknown, number> {
  return new Map(history.filter(({ event }) => event === "retired").map(({ credential, at }) => [credential, at]));
}

/**
 * A lane for each credential of which it is known when it began.
 *
 * @param status What the journal says of the target, and with it until when the old credential is needed.
 */
export function lives(all: readonly Life[], status: LifecycleStatus | undefined): TemplateResult | typeof nothing {
  const rows = all.flatMap((life) => (life.createdAt === undefined ? [] : [rowOf(life, status)]));
  if (rows.length === 0) return nothing;
  const texts: Partial<ElementTexts> = {
    "column.name": t("known.credential"),
    "column.expires": t("lives.ends"),
    "state.expired": t("lives.ended"),
    "timeline.label": t("target.credentials"),
  };
  return html`<keyturn-timeline .rows=${rows} .clock=${clock} .texts=${texts} .link=${nowhere} lanes="6" days="365"></keyturn-timeline>`;
}

const nowhere = (): undefined => undefined;

function rowOf(
  { id, createdAt, expiresAt, lastUsedAt, endedAt }: Life,
  status: LifecycleStatus | undefined,
): CredentialRow {
  const { progress, phase, current } = status ?? {};
  const until = phase === "grace" && current?.id === id && progress?.state === "waiting" ? progress.until : undefined;
  const ends = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, endedAt ?? Number.POSITIVE_INFINITY);
  return {
    target: id,
    name: id,
    plane: "",
    group: "",
    credential: id,
    createdAt,
    expiresAt: Number.isFinite(ends) ? ends : undefined,
    lastUsedAt,
    rotation: until === undefined ? undefined : { phase: "grace", until },
  };
}
