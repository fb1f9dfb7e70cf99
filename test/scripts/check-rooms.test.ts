import { expect, test } from "vitest";
import { Repository } from "./repository.ts";

const manifest = JSON.stringify({
  name: "arroyojs",
  exports: { ".": {}, "./zmq": {} },
  dependencies: { eventemitter3: "1" },
  peerDependencies: { zeromq: "6" },
});

function check(path: string, text: string): { code: number | null; text: string } {
  using repository = new Repository({ "package.json": manifest, "src/index.ts": "", [path]: text });
  return repository.run("check-rooms.mjs");
}

const allowed = [
  ["a room before", "src/block/block.ts", `import { Operator } from "../operator/operator.ts";`],
  ["its own room", "src/queue/queue.ts", `import { Policy } from "./policy/policy.ts";`],
  ["a leaf", "src/compression/lz4.ts", `import { ArroyoError } from "../errors.ts";`],
  [
    "types of the queue in a transport",
    "src/transports/zmq/a.ts",
    `import type { Queue } from "../../queue/queue.ts";`,
  ],
  ["types, each marked", "src/transports/zmq/a.ts", `import {\n  type A,\n  type B,\n} from "../../queue/queue.ts";`],
  ["memory in testing", "src/testing/drive.ts", `import { M } from "../transports/memory/index.ts";`],
  [
    "a dynamic import in the registry",
    "src/config/registry.ts",
    `const zmq = () => import("../transports/zmq/index.ts");`,
  ],
  ["a dependency", "src/block/news.ts", `import { EventEmitter } from "eventemitter3";`],
  ["a peer, when it is used", "src/transports/zmq/client.ts", `const load = () => import("zeromq");`],
  ["types of a peer", "src/transports/zmq/client.ts", `import type * as zmq from "zeromq";`],
  ["a program in a comment", "src/queue/queue.ts", `/**\n * import { Block } from "../block/block.ts";\n */`],
  ["a public subpath in an example", "examples/a.ts", `import { ZmqListener } from "arroyojs/zmq";`],
  ["a neighbour of an example", "examples/demo/a.ts", `import { b } from "../b.ts";`],
  ["anything in a test", "test/a.test.ts", `import { b } from "../src/block/block.ts";`],
] as const;

test.each(allowed)("rooms - allow %s", (_name, path, text) => {
  expect(check(path, text)).toEqual({ code: 0, text: "every import is allowed\n" });
});

const refused = [
  ["a room after", "src/queue/queue.ts", `import { Block } from "../block/block.ts";`, "queue may not import block"],
  [
    "a type of a room after",
    "src/message/a.ts",
    `import type { B } from "../block/b.ts";`,
    "message may not import block",
  ],
  ["an export from there", "src/message/a.ts", `export * from "../block/b.ts";`, "message may not import block"],
  ["a side effect", "src/message/a.ts", `import "../block/b.ts";`, "message may not import block"],
  [
    "a thread's module",
    "src/message/a.ts",
    `new URL("../block/b.ts", import.meta.url)`,
    "message may not import block",
  ],
  ["a sibling", "src/publisher/a.ts", `import { L } from "../listener/a.ts";`, "publisher may not import listener"],
  [
    "another transport",
    "src/transports/zmq/a.ts",
    `import { r } from "../redis/r.ts";`,
    "may not import transports/redis",
  ],
  [
    "a block in a transport",
    "src/transports/zmq/a.ts",
    `import { b } from "../../block/b.ts";`,
    "may not import block",
  ],
  ["a value of the queue", "src/transports/zmq/a.ts", `import { q } from "../../queue/q.ts";`, "types only"],
  ["another format", "src/formats/a/a.ts", `import { b } from "../b/b.ts";`, "formats/a may not import formats/b"],
  [
    "a transport in the root",
    "src/index.ts",
    `export * from "./transports/zmq/index.ts";`,
    "may not import transports/zmq",
  ],
  [
    "the registry's static import",
    "src/config/registry.ts",
    `import { z } from "../transports/zmq/z.ts";`,
    "import() only",
  ],
  ["a leaf that imports", "src/errors.ts", `import type { M } from "./message/m.ts";`, "errors may not import message"],
  ["a room not in the table", "src/utils/a.ts", `import { b } from "../block/b.ts";`, 'no room "utils"'],
  ["a peer before it is used", "src/transports/zmq/a.ts", `import { Push } from "zeromq";`, "optional peer"],
  ["a package of nobody", "src/block/a.ts", `import { pack } from "msgpackr";`, "no dependency in package.json"],
  ["itself by name", "src/block/a.ts", `import { M } from "arroyojs";`, "by relative paths"],
  ["what is outside", "src/block/a.ts", `import { t } from "../../test/t.ts";`, "outside of src"],
  ["the insides, in an example", "examples/a.ts", `import { B } from "../src/block/b.ts";`, "by its name"],
  ["no public subpath", "examples/a.ts", `import { B } from "arroyojs/block";`, "no public subpath"],
] as const;

test.each(refused)("rooms - refuse %s, with file, line and what is allowed", (_name, path, text, reason) => {
  const { code, text: said } = check(path, `\n${text}\n`);
  expect(said).toContain(`${path}:2: imports "`);
  expect(said).toContain(reason);
  expect(code).toBe(1);
});

test("rooms - the line is that of the module's name", () => {
  const { text } = check("src/queue/a.ts", `import {\n  type A,\n  type B,\n} from "../block/b.ts";\n`);
  expect(text).toContain("src/queue/a.ts:4:");
});
