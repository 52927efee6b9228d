import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    // The polyfill would be a script in the page, which its content security policy does not allow.
    modulePreload: { polyfill: false },
    // Assets are not inlined either.
    assetsInlineLimit: 0,
    // The package contains the bytes of its core, which splitting does not make smaller.
    chunkSizeWarningLimit: 700,
  },
});
