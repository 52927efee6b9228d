// The looks of a page: wide or narrow, light or dark, with forced colours.
import { painted } from "./person.mjs";

/** The looks, by name. */
export const LOOKS = {
  light: { width: 1280, scheme: "light" },
  dark: { width: 1280, scheme: "dark" },
  between: { width: 1024, scheme: "light" },
  narrow: { width: 320, scheme: "light" },
  forced: { width: 1280, scheme: "light", forced: "active" },
};

/**
 * Gives the page another look. The driver does not know forced colours by name, so this uses the session.
 *
 * @param {import("puppeteer-core").CDPSession} session
 * @param {import("puppeteer-core").Page} page
 * @param {{ width: number, scheme: string, forced?: string }} look
 */
export async function look(session, page, { width, scheme, forced = "none" }) {
  const { width: before } = page.viewport();
  if (before !== width) await page.setViewport({ width, height: 900 });
  await session.send("Emulation.setEmulatedMedia", {
    features: [
      { name: "prefers-color-scheme", value: scheme },
      { name: "forced-colors", value: forced },
      // A dialog that is fading in has other colours than a static one.
      { name: "prefers-reduced-motion", value: "reduce" },
    ],
  });
  await painted(page);
}
