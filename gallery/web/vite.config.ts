import { defineConfig, loadEnv } from "vite";

/** What a running gallery answers while Vite serves the pages (`npm run dev`). */
const SERVED = ["/api", "/outputs", "/healthz", "/readyz", "/metrics", "/openapi.json"];

export default defineConfig(({ mode }) => {
  const { DEV_GALLERY = "http://127.0.0.1:8000" } = loadEnv(mode, ".", "DEV_");
  return {
    build: {
      target: "es2023",
      // Nothing inline: the Content-Security-Policy takes files of this site alone.
      assetsInlineLimit: 0,
      manifest: "manifest.json",
      rolldownOptions: { input: { index: "index.html", admin: "admin.html" } },
    },
    server: { proxy: Object.fromEntries(SERVED.map((path) => [path, DEV_GALLERY])) },
  };
});
