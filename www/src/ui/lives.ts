/** The credentials of one target on a timeline. */

import type { CredentialRow, ElementTexts } from "keyturn/elements";
import "keyturn/elements/timeline";
import type { LifecycleCredential, LifecycleEvent, LifecycleStatus } from "keyturn/lifecycle";
import { css, html, nothing, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { t } from "../texts/text.js";

/** The style of the timeline. Its names are ids, which differ at their ends and so are shown whole. */
export const livesStyle = css`
  keyturn-timeline {
    --keyturn-names-width: minmax(11.5rem, 30%);
  }
`;

/** The life of a credential; times are milliseconds since 1970. */
export interface Life {
  readonly id: string;
  readonly createdAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt?: number | undefined;
  /** When it was ended, if it was. */
  readonly endedAt?: number | undefined;
}

/** Returns the life of a credential as the journal knows it; `lives` adds its end. */
export function lifeOf({ id, createdAt, since, expiresAt }: LifecycleCredential): Life {
  return { id, createdAt: createdAt ?? since, expiresAt };
}

/**
 * Renders a lane for each credential whose creation time is known.
 *
 * @param status The status of the target in the journal, which says until when the old credential is needed.
 * @param history The events of the target, which say when a credential was ended.
 */
export function lives(
  all: readonly Life[],
  status: LifecycleStatus | undefined,
  history: readonly LifecycleEvent[],
): TemplateResult | typeof nothing {
  const retired = history.filter(({ event }) => event === "retired");
  const ends = new Map<unknown, number>(retired.map(({ credential, at }) => [credential, at]));
  const rows = all.flatMap((life) =>
    life.createdAt === undefined ? [] : [rowOf({ ...life, endedAt: ends.get(life.id) ?? life.endedAt }, status)],
  );
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
