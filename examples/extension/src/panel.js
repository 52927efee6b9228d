/**
 * The panel: shows the state, and requests operations from the worker by name. It calls no API itself. A secret that a
 * person must store is only in the panel's memory; if the worker is stopped in the meantime, the next one reads the
 * secret from here.
 */

/**
 * The interval of the messages that keep the worker alive while it waits for a person: browsers stop it after 30
 * seconds.
 */
const STAY_MS = 20_000;
const MASK = "•".repeat(12);

const $ = (id) => document.getElementById(id);
/** The pairs that are shown, by client id. */
const pairs = new Map();
let state;
let connectors = [];
let waiting = false;
let port;
/** The number of workers that have answered. */
let workers = 0;

/** How long to wait for a worker: one that is about to be stopped may accept a connection without ever responding. */
const ANSWER_MS = 2_000;

function connect() {
  const own = chrome.runtime.connect({ name: "panel" });
  port = own;
  let answered = false;
  const again = () => {
    if (port === own) connect();
  };
  own.onMessage.addListener((message) => {
    if (!answered) document.body.dataset.workers = String(++workers);
    answered = true;
    hear(message);
  });
  own.onDisconnect.addListener(again);
  setTimeout(() => {
    if (answered) return;
    own.disconnect();
    again();
  }, ANSWER_MS);
  own.postMessage({
    hello: [...pairs.values()].map(({ clientId, clientSecret, stored }) => ({ clientId, clientSecret, stored })),
  });
}

function ask(todo, given = {}) {
  fail(undefined);
  port.postMessage({ todo, ...given });
}

function hear(message) {
  if (message.failed) fail(message.failed);
  if (message.show) show(message.show);
  if (message.code !== undefined) showCode(message.code);
  if (message.connectors) connectors = message.connectors;
  if (message.state) {
    state = message.state;
    for (const [clientId, { target, stored }] of pairs) {
      const phase = state.targets.find((one) => one.target === target)?.phase;
      // Only now is it certain that the pair is not needed again.
      if (stored && phase !== "issued") pairs.delete(clientId);
    }
  }
  render();
}

function fail(message) {
  $("failed").textContent = message ?? "";
  $("failed").hidden = !message;
}

function showCode(code) {
  waiting = code !== null;
  $("code").hidden = code === null;
  if (code === null) return;
  const link = make("a", { href: code.url, textContent: code.url, target: "_blank", rel: "noreferrer" });
  const userCode = make("strong", { textContent: code.userCode });
  $("code").replaceChildren("Open ", link, " and compare the code: ", userCode);
}

/** Shows a secret once. */
function show({ target, clientId, clientSecret }) {
  if (pairs.has(clientId)) return;
  // A new pair for a connector replaces one whose rotation failed.
  for (const [other, pair] of pairs) if (pair.target === target) pairs.delete(other);
  pairs.set(clientId, { target, clientId, clientSecret, stored: false });
}

function render() {
  const { settings, loggedIn = false, targets = [] } = state ?? {};
  $("login").hidden = !settings || loggedIn;
  $("inventory").hidden = !loggedIn;
  if (settings && !$("open").dataset.filled) {
    $("open").dataset.filled = "true";
    for (const [name, value] of [
      ["tenant", settings.origin],
      ["clientID", settings.clientID],
      ["minutes", settings.minutes],
    ])
      $("open").elements[name].value = value;
  }
  const cards = [...pairs.values()].filter(({ stored }) => !stored);
  const shown = new Set([...$("secrets").children].map(({ dataset }) => dataset.clientId));
  for (const card of [...$("secrets").children])
    if (!cards.some(({ clientId }) => clientId === card.dataset.clientId)) card.remove();
  for (const pair of cards) if (!shown.has(pair.clientId)) $("secrets").append(secretCard(pair));
  const known = new Map(connectors.map((connector) => [connector.name, connector]));
  for (const { target } of targets)
    if (!known.has(target)) known.set(target, { name: target, app: "", connector: target });
  $("connectors").replaceChildren(
    ...[...known.values()].map((one) =>
      row(
        one,
        targets.find(({ target }) => target === one.name),
      ),
    ),
  );
}

function secretCard(pair) {
  const secret = make("code", { textContent: MASK });
  const name = connectors.find((one) => one.name === pair.target)?.connector ?? pair.target;
  const card = make(
    "article",
    {},
    make("h2", { textContent: `The new credential of ${name}` }),
    make("p", { textContent: "It is shown this once. Store both values where the connector reads them." }),
    make(
      "p",
      {},
      "Client ID ",
      make("code", { textContent: pair.clientId }),
      " ",
      copier("Copy client ID", pair.clientId),
    ),
    make(
      "p",
      {},
      "Client secret ",
      secret,
      " ",
      button("Show", () => {
        secret.textContent = secret.textContent === MASK ? pair.clientSecret : MASK;
      }),
      " ",
      copier("Copy secret", pair.clientSecret),
    ),
    button("I stored it", () => {
      pair.stored = true;
      ask("stored", { clientId: pair.clientId });
      render();
    }),
  );
  card.dataset.clientId = pair.clientId;
  return card;
}

function row({ name, app, connector }, target) {
  const item = make(
    "li",
    {},
    make("div", { textContent: app ? `${connector} (${app})` : connector }),
    make("div", { className: "progress", textContent: told(target) }),
  );
  item.dataset.name = name;
  const { state = "idle", reason } = target?.progress ?? {};
  if (state === "idle") item.append(button("Rotate", () => ask("rotate", { name })));
  if (reason === "outcome-unknown") item.append(button("I looked: none was made", () => ask("settle", { name })));
  else if (state === "stopped")
    item.append(button("Go on", () => ask("resume", { name, reissue: reason === "new-credential-refused" })));
  return item;
}

function told(target) {
  if (!target) return "";
  const { progress, current } = target;
  switch (progress.state) {
    case "idle":
      return current ? `${current.clientId} since ${new Date(current.since).toLocaleString()}` : "";
    case "stopped":
      return `${progress.reason} ${progress.about}: ${progress.hint}`;
    case "waiting":
      return `${target.phase}, until ${new Date(progress.until).toLocaleTimeString()}`;
    default:
      return `under way: ${target.phase}`;
  }
}

/** Returns the origin of the input: a tenant's name, host or URL. */
function originOf(text) {
  const url = text.includes("://") ? text : `https://${text.includes(".") ? text : `${text}.conductor.one`}`;
  return new URL(url).origin;
}

$("open").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { tenant, clientID, minutes } = Object.fromEntries(new FormData(event.target));
  try {
    const origin = originOf(tenant.trim());
    const own = `${new URL(origin).protocol}//${new URL(origin).hostname}/*`;
    // Requested at once, since browsers ask for permission only while they handle a click.
    if (!(await chrome.permissions.request({ origins: [own] })))
      return fail(`Without access to ${origin} nothing can be rotated.`);
    const { origins = [] } = await chrome.permissions.getAll();
    const others = origins.filter((one) => one !== own);
    if (others.length > 0) await chrome.permissions.remove({ origins: others }).catch(() => {});
    ask("open", { origin, clientID: clientID.trim(), minutes: Number(minutes) });
  } catch (error) {
    fail(error.message);
  }
});
$("log-in").addEventListener("click", () => ask("login"));
$("log-out").addEventListener("click", () => ask("logout"));
$("list").addEventListener("click", () => ask("list"));
setInterval(() => {
  if (waiting || [...pairs.values()].some(({ stored }) => !stored)) port.postMessage({ todo: "stay" });
}, STAY_MS);
connect();

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function button(textContent, onclick) {
  return make("button", { type: "button", textContent, onclick });
}

function copier(label, text) {
  return button(label, () => navigator.clipboard.writeText(text));
}
