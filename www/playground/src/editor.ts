/**
 * The editor: CodeMirror with the page's colours. It lives in a shadow root, so its styles need no exception in the
 * security policy.
 */

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-call)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--surface)", color: "var(--ink)", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.6rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--active-line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)" },
});

/** The editor, as the page uses it. */
export interface Editor {
  text: string;
  /** Moves the caret to a line, and the focus to the editor. */
  goTo(line: number): void;
}

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly root: ShadowRoot;
  readonly label: string;
  /** The id of the text that explains how to leave the editor. */
  readonly description: string;
  /** Called for Ctrl or Command with Enter. */
  readonly onRun: () => void;
}

/** Replaces a selection with what is typed. Chromium would give it inline styles, which the page's policy forbids. */
function typeOver(event: InputEvent, view: EditorView): boolean {
  const { data, inputType, isComposing } = event;
  if (inputType !== "insertText" || isComposing || data === null || view.state.selection.main.empty) return false;
  event.preventDefault();
  view.dispatch({ ...view.state.replaceSelection(data), userEvent: "input.type", scrollIntoView: true });
  return true;
}

/** Opens an editor. Tab indents; after Escape, Tab leaves the editor, as it does everywhere else. */
export function openEditor({ parent, root, label, description, onRun }: EditorOptions): Editor {
  const leave = (view: EditorView): boolean => {
    view.setTabFocusMode(true);
    return true;
  };
  const extensions = [
    lineNumbers(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    javascript(),
    syntaxHighlighting(colours),
    theme,
    EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": description, tabindex: "0" }),
    EditorView.domEventHandlers({
      focus: (_event, view) => view.setTabFocusMode(false),
      beforeinput: typeOver,
    }),
    keymap.of([
      { key: "Mod-Enter", run: () => (onRun(), true) },
      { key: "Escape", run: leave },
      ...defaultKeymap,
      ...historyKeymap,
      indentWithTab,
    ]),
  ];
  const view = new EditorView({ state: EditorState.create({ extensions }), parent, root });
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(text) {
      // A new state: undoing must not bring back the program that was shown before.
      view.setState(EditorState.create({ doc: text, extensions }));
    },
    goTo(line) {
      const { from } = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
      view.dispatch({ selection: { anchor: from }, scrollIntoView: true });
      view.focus();
    },
  };
}
