import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const long = process.env.ARROYO_LONG === "1";

export default defineConfig({
  // "arroyojs/zmq" and its like are the sources here, by the "paths" of tsconfig.json.
  resolve: { tsconfigPaths: true },
  test: {
    include: ["test/**/*.test.ts"],
    // What exists in a long form only is named *.long.test.ts; other tests widen their matrices by ARROYO_LONG.
    exclude: long ? [] : ["**/*.long.test.ts"],
    env: {
      ARROYO_SEED: process.env.ARROYO_SEED ?? "1",
      // For the processes that tests start (`node --import tsx`), in whatever folder they run.
      TSX_TSCONFIG_PATH: fileURLToPath(new URL("tsconfig.json", import.meta.url)),
    },
    // Compiles the kernels in AssemblyScript where they are missing or old.
    globalSetup: ["scripts/kernels.mjs"],
    environment: "node",
    pool: "forks",
    testTimeout: long ? 600_000 : 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    retry: 0,
    allowOnly: process.env.CI !== "true",
    restoreMocks: true,
    unstubEnvs: true,
  },
});
