// `npm run test:peers`: the tests against the Python ancestor, the real one, installed in an environment of its own.
// No part of `npm test`, because it needs Python and a package index.
//   -- --bench    measures one hop of ours beside one of the ancestor's, instead of the tests
//   -- --capture  writes the vectors of test/vectors/python-peers anew
// Other arguments go to vitest.
import { delimiter, join } from "node:path";
import { pythonWithPeers } from "./peers/python-environment.mjs";
import { main, root, runCommand } from "./run-command.mjs";
import { runVitest } from "./vitest-run.mjs";

const vectors = "test/vectors/python-peers";

await main(async () => {
  const args = process.argv.slice(2);
  const python = await pythonWithPeers();
  const modules = ["examples/from-arroyopy", "examples/python"].map((folder) => join(root, folder));
  const env = {
    ARROYO_PEERS_PYTHON: python,
    PYTHONPATH: modules.join(delimiter),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  if (args[0] === "--capture") {
    const code = await runCommand([python, "scripts/peers/capture.py", vectors], { env });
    return code === 0 ? runCommand(["biome", "format", "--write", vectors]) : code;
  }
  if (args[0] === "--bench") {
    // What is measured is what a user has: the built package.
    const code = await runCommand(["node", "scripts/build.mjs"]);
    if (code !== 0) return code;
    return runCommand(["node", "--import", "tsx", "bench/peers/arroyosas-hop.ts", ...args.slice(1)], { env });
  }
  const result = await runVitest(["--config", "scripts/peers/vitest.config.ts", ...args], env);
  process.stdout.write(`${result.passed} passed, ${result.failed} failed\n`);
  return result.code;
});
