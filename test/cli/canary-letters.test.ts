import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { testIo } from "./test-io.ts";

const SECRET = "canary-file-77aa";
const cwd = mkdtempSync(join(tmpdir(), "arroyo-telling-"));
afterAll(() => rmSync(cwd, { recursive: true }));

test("canary - is in no dead letter, and in no account that travels in a Stop", { timeout: 60_000 }, async () => {
  const [from, to] = [`ipc://${cwd}/from`, `ipc://${cwd}/to`];
  writeFileSync(join(cwd, "package.json"), '{"type":"module"}');
  writeFileSync(join(cwd, "token"), SECRET);
  writeFileSync(
    join(cwd, "telling.js"),
    `export const telling = ({ token }) => (message) => {
      if (message.type === "event" && message.metadata.value === 1) throw new Error("refused " + token);
      return message;
    };\n`,
  );
  writeFileSync(
    join(cwd, "arroyo.yaml"),
    `blocks:
  - name: telling
    listeners: [{ use: zmq, options: { connect: "${from}", reconnectMaxMs: 100 } }]
    operator: { use: ./telling.js#telling, options: { token: !file token } }
    publishers: [{ use: zmq, options: { bind: "${to}", waitForSubscribers: 1 } }]
    onError: dead-letter
    deadLetters: { path: "${cwd}/letters" }
`,
  );
  const io = testIo({ cwd });
  const running = main(["run"], io);
  const looked = testIo();
  const looking = main(["look", to, "--json"], looked);
  const sender = testIo();
  sender.stdin.end("1\n2\n");
  expect(await main(["send", from, "--quiet"], sender)).toBe(0);
  await io.out.seen(/"kind":"account"/);
  await looked.out.seen(/completed/);
  const [letter] = readdirSync(join(cwd, "letters"));
  const text = readFileSync(join(cwd, "letters", letter as string), "latin1");
  expect(text).toContain("refused !file token");
  for (const said of [text, io.out.text, looked.out.text]) expect(said).not.toContain(SECRET);
  looked.stop();
  await looking;
  io.stop();
  expect(await running).toBe(0);
});
