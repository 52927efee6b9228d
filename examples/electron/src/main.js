/**
 * The main process, which has the credentials, the journal and the rotations. The page gets names and states, and no
 * secret.
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { app, BrowserWindow, dialog, ipcMain, safeStorage, shell } from "electron";
import { ConductorOne } from "keyturn";
import { keptLogin, logIn } from "./login.js";
import { Rotations } from "./rotations.js";

const PAGE = new URL("./page.html", import.meta.url).href;
const MINUTE = 60_000;
const TENANT = { serverURL: process.env.CONDUCTORONE_SERVER_URL, program: process.env.CONDUCTORONE_PROGRAM };

await app.whenReady();
const folder = app.getPath("userData");
const loginFile = join(folder, "login");
await mkdir(folder, { recursive: true });

let rotations;
let window;

function open(login) {
  rotations = new Rotations(new ConductorOne({ ...login, serverURL: TENANT.serverURL }), folder, process.env.GRACE);
}

/** The calls that the page may make. */
const CALLS = {
  /** Returns whether a login is needed. */
  ready: () => rotations !== undefined,
  logIn: async () => {
    if (rotations) return;
    open(
      await logIn(loginFile, safeStorage, TENANT, ({ userCode, url }) => {
        window.webContents.send("keyturn:code", userCode);
        if (new URL(url).protocol === "https:") shell.openExternal(url);
      }),
    );
  },
  list: () => rotations.list(),
  rotate: (name) =>
    rotations.rotate(String(name), async () => {
      const { filePath } = await dialog.showSaveDialog(window, { title: "The file that the connector reads" });
      return filePath || undefined;
    }),
};

for (const [name, work] of Object.entries(CALLS))
  ipcMain.handle(`keyturn:${name}`, (event, ...args) => {
    if (event.senderFrame?.url !== PAGE) throw new Error("this page may not ask");
    return work(...args);
  });

const login = await keptLogin(loginFile, safeStorage);
if (login) open(login);

window = new BrowserWindow({
  webPreferences: {
    preload: fileURLToPath(new URL("./preload.cjs", import.meta.url)),
    sandbox: true,
    contextIsolation: true,
  },
});
window.webContents.on("will-navigate", (event) => event.preventDefault());
window.webContents.setWindowOpenHandler(() => ({ action: "deny" }));
await window.loadURL(PAGE);

// A rotation continues when it is due, even if an earlier run of the program started it.
const timer = setInterval(() => rotations?.advance().catch((error) => console.error(error.message)), MINUTE);
app.on("window-all-closed", () => app.quit());
app.on("will-quit", () => {
  clearInterval(timer);
  rotations?.close();
});
