// Compiles src to dist, from nothing, so that no file outlives its source.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { compileKernels, copyKernels } from "./kernels.mjs";
import { main, root, runCommand } from "./run-command.mjs";

await main(async () => {
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  await compileKernels();
  const code = await runCommand(["tsc", "-p", "tsconfig.build.json"]);
  if (code === 0) copyKernels(dist);
  return code;
});
