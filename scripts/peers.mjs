// `npm run test:peers`: the tests against the Python ancestor and against the packages of the systems whose formats are
// read and written, the real ones, installed in an environment of their own. No part of `npm test`, because it needs
// Python and a package index. A whole run ends with a look at how fast the form of arroyosas is beside the ancestor.
//   -- --bench    measures that, and one hop of ours beside one of the ancestor's, instead of the tests
//   -- --capture  writes the vectors of test/vectors/python-peers anew
// Other arguments go to vitest.
import { delimiter, join } from "node:path";
import { missingPeers, pythonWithPeers } from "./peers/python-environment.mjs";
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
    const codec = await bench("codec", args.slice(1), env);
    return codec === 0 ? bench("hop", args.slice(1), env) : codec;
  }
  const result = await runVitest(["--config", "scripts/peers/vitest.config.ts", ...args], env);
  for (const name of missingPeers(python)) {
    process.stdout.write(`not tested: ${name}, which could not be compiled here\n`);
  }
  process.stdout.write(`${result.passed} passed, ${result.failed} failed\n`);
  if (args.length > 0 || result.code !== 0) return result.code;
  const code = await runCommand(["node", "scripts/build.mjs"]);
  return code === 0 ? bench("codec", ["--quick"], env) : code;
});

function bench(what, args, env) {
  return runCommand(["node", "--import", "tsx", `bench/peers/arroyosas-${what}.ts`, ...args], { env });
}
