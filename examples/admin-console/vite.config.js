import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    // The polyfill would be a script in the page, which the page's content security policy forbids.
    modulePreload: { polyfill: false },
    // Assets are not inlined either.
    assetsInlineLimit: 0,
    // The package contains the bytes of its core, so splitting does not make it smaller.
    chunkSizeWarningLimit: 700,
  },
});
