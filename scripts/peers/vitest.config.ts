import { defineConfig } from "vitest/config";
import base from "../../vitest.config.ts";

/** The tests of `npm run test:peers`: they end in `.peer.ts`, so that `npm test` does not take them for its own. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/peers/**/*.peer.ts"],
    // Each test starts Pythons of its own; two cores are busy with one of them.
    fileParallelism: false,
    testTimeout: 60_000,
  },
});
