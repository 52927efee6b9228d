/** The page's access to the main process: four functions. */

const { contextBridge, ipcRenderer } = require("electron");

contextBridge.exposeInMainWorld("keyturn", {
  ready: () => ipcRenderer.invoke("keyturn:ready"),
  logIn: () => ipcRenderer.invoke("keyturn:logIn"),
  list: () => ipcRenderer.invoke("keyturn:list"),
  rotate: (name) => ipcRenderer.invoke("keyturn:rotate", name),
  onCode: (show) => ipcRenderer.on("keyturn:code", (_event, code) => show(code)),
});
