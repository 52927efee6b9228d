/** The languages of the console, which one is current, and how that changes. Each is loaded when it is chosen. */

import { LitElement } from "lit";
import { type Texts, t, useTexts } from "./text.js";

interface Language {
  /** Its name in the language itself; a language without one is not offered. */
  readonly name?: string;
  readonly rightToLeft?: boolean;
  texts(): Promise<Texts>;
  /** Sets the language of `keyturn/elements`, unless it is their default. */
  elements?(): Promise<unknown>;
}

const LANGUAGES = {
  en: { name: "English", texts: () => import("./en.js").then(({ EN }) => EN) },
  de: {
    name: "Deutsch",
    texts: () => import("./de.js").then(({ DE }) => DE),
    elements: () => import("keyturn/elements/de"),
  },
  // Made from English, to find texts that are in no table and to see a mirrored page. Only chosen by `?lang=en-XB`.
  "en-XB": {
    rightToLeft: true,
    texts: () => import("./pseudo.js").then(({ PSEUDO }) => PSEUDO),
    elements: () => import("./pseudo-elements.js"),
  },
} as const satisfies Record<string, Language>;

export type LanguageName = keyof typeof LANGUAGES;

/** The languages that are offered, with their names. */
export const OFFERED = Object.entries<Language>(LANGUAGES).flatMap(([language, { name }]) =>
  name === undefined ? [] : [{ language: language as LanguageName, name }],
);

/** The key in `localStorage` of the choice. */
const KEPT = "keyturn-language";

let spoken: LanguageName = "en";

/** Returns the current language. */
export function language(): LanguageName {
  return spoken;
}

/**
 * Starts with the language of the address, or else the one chosen here before, or else the browser's preferred one that
 * is offered.
 */
export function begin(): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  return speak(known(asked) ?? known(kept()) ?? preferred());
}

/** Switches to another language, and remembers it. */
export async function choose(other: LanguageName): Promise<void> {
  try {
    localStorage.setItem(KEPT, other);
  } catch {
    // Storage is unavailable: the choice lasts until the page is closed.
  }
  const { elements }: Language = LANGUAGES[other];
  await elements?.();
  await speak(other);
  again(document);
}

/** Loads the texts of `keyturn/elements` in the current language, for pages that use its elements. */
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

/** Renders every element again. The language changes too rarely for each element to listen for it. */
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

/** Returns the first of the browser's languages that is offered, or else English. */
function preferred(): LanguageName {
  const offered = navigator.languages.map((tag) => tag.split("-")[0] ?? "");
  return OFFERED.find(({ language }) => language === offered.find((one) => known(one)))?.language ?? "en";
}

/**
 * Returns the language with the region that the browser has for it: Austrians get dates as they are written in Austria.
 */
function localeOf(name: LanguageName): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === name) ?? name;
}
