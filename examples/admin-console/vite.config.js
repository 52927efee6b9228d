import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    // The polyfill would be a script in the page, which its content security policy does not allow.
    modulePreload: { polyfill: false },
    // Nothing is inlined either.
    assetsInlineLimit: 0,
    // The package carries the bytes of its core, which do not get smaller in pieces.
    chunkSizeWarningLimit: 700,
  },
});
