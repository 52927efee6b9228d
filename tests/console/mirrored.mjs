// Finds texts of a page in the mirrored language that are in no table, and texts that overflow. In that language, every
// text is in brackets.

/** Runs in the page. Resolves with descriptions of problems. */
export function strays() {
  const found = [];
  /** Data is not translated: names, codes and times. The package's messages are in English. */
  const data = "bdi, [dir=auto], time, code, [translate=no], .mono, [lang=en]";
  const of = (node) => {
    if (node instanceof Text) return node.data.replaceAll(/\s+/g, " ");
    if (!(node instanceof Element) || node.matches(`${data}, style, script`)) return "";
    const { display } = getComputedStyle(node);
    if (display !== "contents" && node.localName !== "option" && !node.checkVisibility()) return "";
    const children = node.localName === "slot" ? node.assignedNodes() : (node.shadowRoot ?? node).childNodes;
    const inner = [...children].map(of).join("");
    return display === "inline" ? inner : `\n${inner}\n`;
  };
  const outside = (text) => {
    // A text may contain another one.
    for (let left = text, before = ""; ; left = left.replaceAll(/⟦[^⟦⟧]*⟧/g, "")) {
      if (left === before) return /\p{L}/u.test(left) ? [left.trim()] : [];
      before = left;
    }
  };
  for (const line of of(document.body).split("\n")) found.push(...outside(line));
  found.push(...outside(document.title));
  const visit = (node) => {
    if (node.checkVisibility?.()) {
      for (const name of ["aria-label", "placeholder", "alt", "data-label"]) {
        const words = node.getAttribute(name);
        if (words && !node.matches(data)) found.push(...outside(words).map((one) => `${name}: ${one}`));
      }
    }
    for (const child of (node.shadowRoot ?? node).children ?? []) visit(child);
  };
  visit(document.documentElement);
  return found;
}

/** Runs in the page. Returns the elements that overflow: the page itself, and words in controls, chips and headings. */
export function tooWide() {
  const found = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`the page, by ${wide} pixels`);
  const visit = (node) => {
    // Elements with `text-overflow` are meant to be cut off.
    const { overflowX, textOverflow, display } = node instanceof HTMLElement ? getComputedStyle(node) : {};
    if (
      node.matches?.("button, a, .chip, h1, h2, h3, legend, label") &&
      display !== "inline" &&
      node.checkVisibility() &&
      !(overflowX === "hidden" && textOverflow === "ellipsis")
    ) {
      const { left, right } = node.getBoundingClientRect();
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const { left: from, right: to, width } of range.getClientRects()) {
        // Texts for screen readers are one pixel wide.
        if (width > 1 && (from < left - 1 || to > right + 1) && !hidden(range)) {
          found.push(`${node.localName}: ${node.textContent.trim()}`);
          break;
        }
      }
    }
    for (const child of (node.shadowRoot ?? node).children ?? []) visit(child);
  };
  const hidden = (range) => range.startContainer.querySelector?.(".unseen") !== null;
  visit(document.documentElement);
  return found;
}
