/** The languages of the console, which of them is spoken, and how that changes. Each loads when it is chosen. */

import { LitElement } from "lit";
import { type Texts, t, useTexts } from "./text.js";

interface Language {
  /** What it is called in itself; what has none is not offered. */
  readonly name?: string;
  readonly rightToLeft?: boolean;
  texts(): Promise<Texts>;
  /** Gives `keyturn/elements` the same language, where that is not theirs already. */
  elements?(): Promise<unknown>;
}

const LANGUAGES = {
  en: { name: "English", texts: () => import("./en.js").then(({ EN }) => EN) },
  de: {
    name: "Deutsch",
    texts: () => import("./de.js").then(({ DE }) => DE),
    elements: () => import("keyturn/elements/de"),
  },
  // Made of English, to see what no table has and what a mirrored page looks like: only by `?lang=en-XB`.
  "en-XB": {
    rightToLeft: true,
    texts: () => import("./pseudo.js").then(({ PSEUDO }) => PSEUDO),
    elements: () => import("./pseudo-elements.js"),
  },
} as const satisfies Record<string, Language>;

export type LanguageName = keyof typeof LANGUAGES;

/** Those that can be chosen, and what each is called. */
export const OFFERED = Object.entries<Language>(LANGUAGES).flatMap(([language, { name }]) =>
  name === undefined ? [] : [{ language: language as LanguageName, name }],
);

/** Where the choice is kept. */
const KEPT = "keyturn-language";

let spoken: LanguageName = "en";

/** The language that is spoken. */
export function language(): LanguageName {
  return spoken;
}

/** Speaks the language of the address, or the one that was chosen here before, or the first of the browser's that there is. */
export function begin(): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  return speak(known(asked) ?? known(kept()) ?? preferred());
}

/** Speaks another language from now on, also the next time. */
export async function choose(other: LanguageName): Promise<void> {
  try {
    localStorage.setItem(KEPT, other);
  } catch {
    // Then it is spoken until the page is left.
  }
  const { elements }: Language = LANGUAGES[other];
  await elements?.();
  await speak(other);
  again(document);
}

/** What the elements of `keyturn/elements` say in this language: for who shows some. */
export async function elementTexts(): Promise<void> {
  const { elements }: Language = LANGUAGES[spoken];
  await elements?.();
}

async function speak(other: LanguageName): Promise<void> {
  const { texts, rightToLeft = false }: Language = LANGUAGES[other];
  const table = await texts();
  spoken = other;
  useTexts(table, localeOf(other), rightToLeft);
  const { documentElement } = document;
  documentElement.lang = other;
  documentElement.dir = rightToLeft ? "rtl" : "ltr";
  document.title = t("title");
}

/** Renders every element again. A language is chosen once in a while: that is no reason for each of them to wait for it. */
function again(within: Document | ShadowRoot): void {
  for (const element of within.querySelectorAll("*")) {
    if (element instanceof LitElement) element.requestUpdate();
    if (element.shadowRoot) again(element.shadowRoot);
  }
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function known(name: string | null): LanguageName | undefined {
  return name !== null && Object.hasOwn(LANGUAGES, name) ? (name as LanguageName) : undefined;
}

/** The browser's languages, the favourite first. */
function preferred(): LanguageName {
  const offered = navigator.languages.map((tag) => tag.split("-")[0] ?? "");
  return OFFERED.find(({ language }) => language === offered.find((one) => known(one)))?.language ?? "en";
}

/** With the region that the browser has: an Austrian writes dates as in Austria. */
function localeOf(name: LanguageName): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === name) ?? name;
}
