// Compiles src to dist, from nothing, so that no file outlives its source.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { main, root, runCommand } from "./run-command.mjs";

await main(() => {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  return runCommand(["tsc", "-p", "tsconfig.build.json"]);
});
