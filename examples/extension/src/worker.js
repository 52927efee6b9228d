/**
 * The background: a service worker in Chromium, an event page in Firefox. Browsers stop it after half a minute without
 * work, so nothing important is in its memory: the journal records rotations in progress, an alarm wakes it, and the
 * panel keeps the secret that a person sees.
 */

import { recall, remember } from "./memory.js";
import { Panels } from "./panels.js";
import { Tenant } from "./tenant.js";

const ALARM = "go on";
const LOGIN = "login";
/** The delay before a retry after a failure. */
const RETRY = 60_000;

const panels = new Panels();
let opening;

/** Returns the tenant of the settings, if there are any. */
function tenant() {
  opening ??= (async () => {
    const settings = await recall("settings");
    if (!settings) return undefined;
    const { [LOGIN]: login } = await chrome.storage.session.get(LOGIN);
    return new Tenant(settings, login ?? crypto.randomUUID(), panels, () => void tell());
  })();
  return opening;
}

async function reopen() {
  const before = await opening;
  opening = undefined;
  await before?.close();
  return tenant();
}

async function isLoggedIn() {
  return LOGIN in (await chrome.storage.session.get(LOGIN));
}

/** The operations that a panel may request: a name and arguments, never a URL. */
const operations = {
  async open({ origin, clientID, minutes }) {
    await chrome.storage.session.clear();
    await remember("settings", { origin, clientID, minutes });
    await reopen();
  },
  async login() {
    await chrome.storage.session.clear();
    const { client, session } = await reopen();
    try {
      await client.authenticate();
    } finally {
      panels.say({ code: null });
    }
    await chrome.storage.session.set({ [LOGIN]: session });
    await goOn();
  },
  async logout() {
    await chrome.storage.session.clear();
    await reopen();
  },
  async list() {
    const connectors = [];
    for await (const connector of (await tenant()).connectors()) connectors.push(connector);
    panels.say({ connectors });
  },
  async rotate({ name }) {
    // Set first, so that a worker that is stopped from here on is woken.
    await chrome.alarms.create(ALARM, { periodInMinutes: 1 });
    await (await tenant()).of(name).rotate(name);
    await goOn();
  },
  async resume({ name, reissue }) {
    await (await tenant()).of(name).resume(name, { reissue });
    await goOn();
  },
  async settle({ name }) {
    await (await tenant()).of(name).settle(name, { found: "none" });
    await goOn();
  },
  stored({ clientId }) {
    panels.stored(clientId);
  },
  /** Does nothing: a worker stays alive as long as it gets messages. */
  stay() {},
};

/** Sends the state to all panels. */
async function tell() {
  if (!panels.open) return;
  const at = await tenant();
  panels.say({
    state: {
      settings: await recall("settings"),
      loggedIn: await isLoggedIn(),
      targets:
        at === undefined
          ? []
          : (await at.status()).map(({ target, progress, phase, current }) => ({
              target,
              progress,
              phase,
              current: current && { id: current.id, clientId: current.clientId, since: current.since },
            })),
    },
  });
}

let going;

/** Continues all rotations that can continue, and sets an alarm for the others. */
function goOn() {
  going ??= advanceAll().finally(() => {
    going = undefined;
  });
  return going;
}

async function advanceAll() {
  const at = await tenant();
  if (!at || !(await isLoggedIn())) return;
  const wakes = [];
  for (const { target, phase, progress } of await at.status()) {
    if (progress.state === "idle" || progress.state === "stopped") continue;
    // An operation that may issue a secret waits for an open panel.
    if (phase !== "grace" && !panels.open) continue;
    const next = await at
      .of(target)
      .advance(target)
      .catch((error) => failed(error));
    if (next?.state === "waiting") wakes.push(next.until);
    else if (next?.state !== "idle" && next?.state !== "stopped") wakes.push(Date.now() + RETRY);
  }
  if (wakes.length === 0) await chrome.alarms.clear(ALARM);
  else await chrome.alarms.create(ALARM, { when: Math.min(...wakes) });
  await tell();
}

async function failed(error) {
  // Only a person can log in again after the login has expired.
  if (error?.kind === "authentication_failed") await chrome.storage.session.remove(LOGIN);
  panels.say({ failed: error?.hint ? `${error.message} ${error.hint}` : String(error?.message ?? error) });
}

chrome.runtime.onConnect.addListener((port) => {
  // Accept only the extension's own page. Content scripts would get no response, and there are none.
  if (port.sender?.id !== chrome.runtime.id || port.sender.url !== chrome.runtime.getURL("panel.html"))
    return port.disconnect();
  port.onDisconnect.addListener(() => panels.remove(port));
  port.onMessage.addListener(async ({ hello, todo, ...given }) => {
    try {
      if (hello) {
        panels.add(port, hello);
        await tell();
        await goOn();
        return;
      }
      await operations[todo](given);
    } catch (error) {
      await failed(error);
    }
    if (todo !== "stay") await tell();
  });
});
chrome.alarms.onAlarm.addListener(({ name }) => {
  if (name === ALARM) void goOn().catch(failed);
});
chrome.runtime.onStartup.addListener(() => void goOn().catch(failed));

if (chrome.sidePanel) void chrome.sidePanel.setPanelBehavior({ openPanelOnActionClick: true });
else chrome.action.onClicked.addListener(() => void chrome.sidebarAction.toggle());
