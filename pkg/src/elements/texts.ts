/** The texts of the elements, and how a page replaces them with those of its language. */

/** A text with `{name}` in the place of a value; one for each plural form if it depends on a number, which is the value `n`. */
export type Text = string | { readonly one: string; readonly other: string };

const ENGLISH = {
  // The classification of a credential.
  "state.active": "Active",
  "state.expiring": "Expires soon",
  "state.expired": "Expired",
  "state.none": "No credential",
  "state.unknown": "Not checked",
  "filter.all": "All",
  "filter.expired": "Expired",
  "filter.expiring": "Within 30 days",
  "filter.idle": "Idle",
  "filter.attention": "Needs a person",
  "filter.rotating": "In rotation",
  "filter.label": "Show only",

  "column.name": "Target",
  "column.state": "Status",
  "column.plane": "Control plane",
  "column.group": "Belongs to",
  "column.expires": "Expires",
  "column.used": "Last used",
  "column.created": "Created",
  "column.clientId": "Client ID",
  "column.credential": "Credential",
  "column.owner": "Owner",
  "column.consumers": "Consumers",
  "column.rotation": "Rotation",
  "column.actions": "Actions",
  "column.select": "Selected",

  "table.label": "Credentials",
  "table.search": "Search",
  "table.columns": "Columns",
  "table.csv": "Save as CSV",
  "table.count": { one: "{n} target", other: "{n} targets" },
  "table.fit": { one: "{n} of {all} fits", other: "{n} of {all} fit" },
  "table.selected": { one: "{n} selected", other: "{n} selected" },
  "table.clear": "Clear the selection",
  "table.selectAll": "Select all that are shown",
  "table.select": "Select {name}",
  "table.none": "None fits. No target is like that.",
  "table.empty": "There is nothing here yet.",
  "table.showAll": "Show all",
  "table.never": "Never",
  "table.noDate": "No date",
  "table.scroll": "Rows of the table",

  "timeline.label": "Timeline",
  "timeline.in": "Zoom in",
  "timeline.out": "Zoom out",
  "timeline.earlier": "Earlier",
  "timeline.later": "Later",
  "timeline.today": "Today",
  "timeline.asTable": "As a table",
  "timeline.asChart": "As a chart",
  "timeline.range": "{from} to {to}",
  "timeline.keys": "Plus and minus zoom, the arrow keys move, Home goes to today.",
  "timeline.lanes": "{from} to {to} of {all}",
  "timeline.previous": "Previous targets",
  "timeline.next": "Next targets",
  "timeline.empty": "No credential is known yet that could be drawn.",
  "timeline.legend.created": "Created",
  "timeline.legend.life": "Life",
  "timeline.legend.used": "Last used",
  "timeline.legend.grace": "Grace",
  "timeline.legend.today": "Today",
  "timeline.grace": "Grace until",

  "phase.planned": "Planned",
  "phase.issuing": "Being issued",
  "phase.unknown": "Outcome unknown",
  "phase.issued": "To be stored",
  "phase.grace": "Grace period",
  "phase.stopped": "Needs a person",
  "phase.approval": "Ready to retire",
  "phase.back": "Being undone",

  "secret.hidden": "hidden",
  "secret.show": "Show",
  "secret.hide": "Hide",
  "secret.copy": "Copy",
  "secret.copied": "Copied",
  "secret.failed": "Copying failed: show it and select it",
  "secret.clientId": "Client ID",
  "secret.clientSecret": "Client secret",

  "rotate.steps": "Steps",
  "rotate.step.plan": "Plan",
  "rotate.step.issue": "Issue",
  "rotate.step.check": "Check",
  "rotate.step.store": "Store",
  "rotate.step.grace": "Grace period",
  "rotate.step.retire": "Retire the old one",
  "rotate.step.done": "done",
  "rotate.current": "now",
  "rotate.open": "to come",
  "rotate.proofs": "Proofs",
  "rotate.proof.parsed": "The pair is well formed",
  "rotate.proof.token": "A token was obtained with it",
  "rotate.proof.stored": "You stored it",
  "rotate.proof.delivered": "Delivered to {sink}",
  "rotate.proof.readBack": "Read back from {sink}",
  "rotate.proof.overlap": "The old one still works",
  "rotate.proof.cut": "The old one stopped working",
  "rotate.proof.used": "A consumer uses it",
  "rotate.proof.quiet": "Nothing uses the old one",
  "rotate.proof.healthy": "What runs with it works",

  "rotate.loading": "Reading the journal",
  "rotate.elsewhere.title": "Another tab is at it",
  "rotate.elsewhere":
    "This rotation is open in another tab or window, which may hold the new secret. Go on there, or close it: then this one goes on by itself.",
  "rotate.plan.create": "Create credential",
  "rotate.plan.rotate": "Rotate credential",
  "rotate.plan.issue": "The control plane issues an additional credential.",
  "rotate.plan.issueMore": "A new client ID and a new secret. What is in use goes on working meanwhile.",
  "rotate.plan.once": "You store the new pair.",
  "rotate.plan.onceMore":
    "The secret is shown here until you say that it is stored. Have the place ready where it is read.",
  "rotate.plan.deliver": "It is delivered to {sinks}.",
  "rotate.plan.check": "It is checked.",
  "rotate.plan.checkMore": "A token is obtained with it, so that what you store works.",
  "rotate.plan.keep": "The old one lives on for {grace}.",
  "rotate.plan.keepMore": "After that it ends, once you confirm it. Until then the rotation can be undone.",
  "rotate.plan.keepMoreAlone":
    "After that it ends by itself, once the new one is proven. Until then the rotation can be undone.",
  "rotate.plan.none": "No credential of this target is known here.",
  "rotate.plan.noneMore": "If there is one, it goes on working until somebody revokes it.",
  "rotate.plan.cuts.title": "This control plane does not keep the old credential.",
  "rotate.plan.cuts":
    "At the last rotation it stopped working at once. What uses it stands still until it has the new one.",
  "rotate.plan.keeps": "At the last rotation of this target the old credential went on working.",
  "rotate.plan.old": "In use",
  "rotate.plan.which": "Which credential is in use now?",
  "rotate.plan.whichMore": "It ends when the rotation is over.",
  "rotate.plan.unknown": "None of these, or I do not know",
  "rotate.plan.unknownMore": "Then nothing is ended: the new credential is only added.",
  "rotate.plan.consumers": "Used by",
  "rotate.plan.owner": "Owner",
  "rotate.plan.noConsumers": "Nobody has written down what uses it.",
  "rotate.plan.blocked": "It cannot be rotated now.",
  "rotate.cancel": "Cancel",
  "rotate.close": "Close",
  "rotate.working.title": "Working",
  "rotate.issuing.title": "Waiting for the control plane",
  "rotate.issuing":
    "A credential is being issued. Keep this page open: the secret comes with the answer, and only with it.",
  "rotate.issuingElsewhere.title": "A credential may be on its way",
  "rotate.issuingElsewhere":
    "A call that issues was begun, and whoever made it has not written what came of it. It is not made again. If nothing is heard by {until}, its outcome is looked for.",
  "rotate.checking.title": "Checking the new credential",
  "rotate.checking": "The new credential is tried and handed on.",
  "rotate.store.title": "Store the new credential",
  "rotate.store":
    "Copy both values to where they are read. The secret is forgotten here as soon as you say that it is stored.",
  "rotate.store.expires": "It expires {date}.",
  "rotate.store.format": "Save both as",
  "rotate.store.save": "Save",
  "rotate.store.saved": "Saved: the file holds the secret",
  "rotate.store.copyAll": "Copy as text",
  "rotate.store.agree": "I stored the client ID and the secret",
  "rotate.store.next": "Go on",
  "rotate.format.env": "Environment file (.env)",
  "rotate.format.docker": "Docker env file",
  "rotate.format.systemd": "systemd EnvironmentFile",
  "rotate.format.shell": "Shell script",
  "rotate.format.kubernetes-secret": "Kubernetes Secret",
  "rotate.format.compose": "Docker Compose",
  "rotate.format.terraform-variables": "Terraform variables",
  "rotate.format.baton-runner": "baton-runner YAML",
  "rotate.format.refused": "This format cannot carry it: {why}",
  "rotate.lost.title": "The secret of the new credential is gone",
  "rotate.lost":
    "Credential {id} was issued, and the page that had its secret was closed before it was stored. Nobody can read that secret again. The old credential is untouched.",
  "rotate.lost.more":
    "Another one is issued in its place, and {id} ends as soon as that one is stored. If you had stored it already, it works until then.",
  "rotate.lost.again": "Issue another credential",
  "rotate.unknown.title": "It is unknown whether a credential was issued",
  "rotate.unknown":
    "A request to issue went out between {from} and {until}, and its answer never came. A credential may exist whose secret nobody has. The request is not sent again: that could issue another one.",
  "rotate.unknown.searching": "The control plane’s records are looked at from {at} on. You need not wait here.",
  "rotate.unknown.look": "What to do",
  "rotate.unknown.1":
    "Look in the control plane’s log for a credential that was made for {target} between {from} and {until}.",
  "rotate.unknown.2": "Write its id below, or say that there is none. It ends once another is stored.",
  "rotate.unknown.3": "See that what uses the old credential goes on working.",
  "rotate.unknown.marker": "It may carry the mark {marker}.",
  "rotate.unknown.ids": "IDs of what was made, divided by spaces",
  "rotate.unknown.early": "From {at} on this can be settled: until then the request may still be acted on.",
  "rotate.unknown.found": "That is what was made",
  "rotate.unknown.none": "I looked: nothing was made",
  "rotate.unknown.search": "Look again now",
  "rotate.grace.title": "Both credentials work",
  "rotate.grace": "The new one is stored. The old one lives on so that everything can move over.",
  "rotate.grace.until": "It may be retired from {date} on ({relative}).",
  "rotate.grace.cut.title": "This control plane does not keep the old credential.",
  "rotate.grace.cut": "It stopped working with this rotation: bring the new one to what uses it now.",
  "rotate.grace.safe": "You may close this: the journal keeps the rotation, and it goes on here or in another tab.",
  "rotate.new": "New",
  "rotate.old": "Old",
  "rotate.retire.title": "Retire {id}?",
  "rotate.retire": "It gets no new tokens from then on. Tokens that it already got go on working until they expire.",
  "rotate.retire.used": "It was last used {relative}: something may still log in with it.",
  "rotate.retire.type": "Type {id} to confirm",
  "rotate.retire.do": "Retire the old credential",
  "rotate.done.title": "The rotation is done",
  "rotate.done.first": "The credential is stored",
  "rotate.done": "The new credential is in use, and the old one has ended.",
  "rotate.done.firstMore": "It is the one in use now, as far as this console knows.",
  "rotate.back.title": "The rotation was undone",
  "rotate.back": "The old credential is in use again, and the new one has ended.",
  "rotate.undo": "Undo the rotation",
  "rotate.waiting.title": "Waiting to try again",
  "rotate.waiting": "The last step failed with the code {code}. It is tried again {relative}.",
  "rotate.now": "Try now",
  "rotate.stopped.title": "A person is needed",
  "rotate.stopped.refused": "The control plane refused",
  "rotate.resume": "Go on",
  "rotate.reissue": "Issue another credential",
  "rotate.restored": "The old credential is back in its place",
  "rotate.failed.title": "That did not work",
  "rotate.again": "Try again",
  "rotate.leave": "The secret is not stored yet.",
} satisfies Record<string, Text>;

/** The texts of the elements, by key. Keys that a language leaves out are shown in English. */
export type ElementTexts = Readonly<Record<keyof typeof ENGLISH, Text>>;

/** A key of {@link ElementTexts}. */
export type TextKey = keyof typeof ENGLISH;

let texts: ElementTexts = ENGLISH;
let locale: string | undefined;
let plural: Intl.PluralRules | undefined;
const watching = new Set<() => void>();

/** Sets the texts of all elements, and the language by whose rules dates and numbers are formatted. */
export function useElementTexts(some: Partial<ElementTexts>, language?: string): void {
  texts = { ...ENGLISH, ...some };
  locale = language;
  plural = undefined;
  for (const changed of watching) changed();
}

/** The language of dates and numbers; `undefined` for the browser's own. */
export function language(): string | undefined {
  return locale;
}

/** Calls a function whenever the texts change, until the function that it returns is called. */
export function watchTexts(changed: () => void): () => void {
  watching.add(changed);
  return () => void watching.delete(changed);
}

/** Inserts values into a text. Values that the text does not mention are ignored. */
export function fill(text: Text, values: Readonly<Record<string, string | number>>, rules: Intl.PluralRules): string {
  const form = typeof text === "string" ? text : text[rules.select(Number(values.n)) === "one" ? "one" : "other"];
  return form.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The text of a key, with values inserted. */
export function say(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  plural ??= new Intl.PluralRules(locale);
  return fill(texts[key], values, plural);
}
