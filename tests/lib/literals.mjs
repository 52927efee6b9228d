// Finds texts for people that are in a source instead of a table of texts.
import { ts } from "../../xtask/typescript.mjs";

/** Attributes that are shown or read aloud. */
const SAID =
  /\b(aria-label|aria-description|title|placeholder|alt|label|data-label|name)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/g;

/** The mark for a value's place. */
const HOLE = "\u0000";

/** Several words, or one that begins a sentence. */
const WORDS = /\p{L}{2,}[ \u00a0,:]+\p{L}{2,}|^\p{Lu}\p{Ll}{2,}[.…?!]?$/u;

/**
 * Returns the literal texts of a source that a person would read, each with its line: the texts in its templates, and
 * other strings that look like words. Excludes what is `translate="no"`, style sheets, types, comments, thrown errors
 * and imports.
 *
 * @param {string} source TypeScript.
 * @param {ReadonlySet<string>} [allowed] Strings that are not texts: names of keys, of products.
 */
export function literals(source, allowed = new Set()) {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (node, text) => {
    const words = text.replaceAll(/\s+/g, " ").trim();
    if (words === "" || allowed.has(words)) return;
    found.push(`${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${words}`);
  };
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    // Errors are for programmers, and selectors are for the document.
    if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) return;
    if (ts.isCallExpression(node) && /\b(querySelector(All)?|closest|matches)$/.test(node.expression.getText())) return;
    if (ts.isTaggedTemplateExpression(node)) {
      const tag = node.tag.getText();
      if (tag === "html" || tag === "svg") for (const text of shown(markup(node.template))) add(node, text);
      if (tag !== "css") visit(node.template);
      return;
    }
    if (ts.isTemplateExpression(node) && !ts.isTaggedTemplateExpression(node.parent)) {
      const text = [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join(HOLE);
      if (WORDS.test(text.replaceAll(HOLE, ""))) add(node, text.replaceAll(HOLE, "…"));
    }
    if (ts.isStringLiteralLike(node) && !ts.isTaggedTemplateExpression(node.parent) && !isName(node)) {
      if (WORDS.test(node.text)) add(node, node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Returns whether a string is the name of something, such as a key of an object. */
function isName(node) {
  const { parent } = node;
  return (ts.isPropertyAssignment(parent) && parent.name === node) || ts.isElementAccessExpression(parent);
}

/** Returns the static text of a template, with a mark in place of each value. */
function markup(template) {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return [template.head, ...template.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join(HOLE);
}

/** Returns the texts and attributes of some HTML that are shown. */
function shown(html) {
  const found = [];
  /** For each open element, whether its content is to be translated. */
  const open = [true];
  for (const [, text, tag] of html.matchAll(/([^<]+)|<([^>]*)>/g)) {
    if (text !== undefined) {
      if (open.at(-1) && /\p{L}/u.test(text)) found.push(text.replaceAll(HOLE, "…"));
    } else if (tag.startsWith("/")) {
      if (open.length > 1) open.pop();
    } else {
      const own = open.at(-1) && !/\btranslate\s*=\s*"no"/.test(tag);
      for (const [, , ...values] of own ? tag.matchAll(SAID) : []) {
        const value = values.find((one) => one !== undefined) ?? "";
        // A field's name is for programs.
        if (/\p{L}{2,}/u.test(value.replaceAll(HOLE, "")) && !/^[a-z_][\w-]*$/.test(value))
          found.push(value.replaceAll(HOLE, "…"));
      }
      if (!tag.endsWith("/") && !/^(input|img|br|hr|meta|link)\b/.test(tag)) open.push(own);
    }
  }
  return found;
}
