import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Consumer, root } from "./consumer.ts";

const { name, exports, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  exports: Record<string, unknown>;
  peerDependencies: Record<string, string>;
};
const modules = Object.keys(exports)
  .filter((subpath) => subpath !== "./package.json")
  .map((subpath) => name + subpath.slice(1));

const consumer = new Consumer();
beforeAll(() => consumer.install(), 300_000);
afterAll(() => consumer[Symbol.dispose]());

test("package - installs its dependencies and none of its optional peers", () => {
  const installed = readdirSync(join(consumer.folder, "node_modules"));
  expect(installed).toContain(name);
  for (const peer of Object.keys(peerDependencies)) expect(installed).not.toContain(peer);
});

test("package - holds what was built, its licence and its readme, and no sources or tests", () => {
  const top = readdirSync(join(consumer.folder, "node_modules", name));
  expect(top).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist", "package.json"]));
  for (const inside of ["src", "test", "examples", "scripts"]) expect(top).not.toContain(inside);
});

test("package - every subpath can be imported without the optional peers", () => {
  consumer.write(
    "import-all.js",
    `for (const name of ${JSON.stringify(modules)}) {
      const names = Object.keys(await import(name));
      if (names.length === 0) throw new Error(name + " exports nothing");
      console.log(name);
    }`,
  );
  const { code, text } = consumer.run(process.execPath, "import-all.js");
  expect(text.trim().split("\n")).toEqual(modules);
  expect(code).toBe(0);
});

test("package - every subpath has types, which need no package that is not installed", () => {
  const imports = modules.map((module, index) => `import * as m${index} from "${module}";`);
  const uses = modules.map((_, index) => `m${index}`);
  consumer.write(
    "types.ts",
    `${imports.join("\n")}
    import { Event, NdArray, Operator, Start, type Stop } from "${name}";
    type In = Start<{ dark: number }> | Event<{ frame: number }, NdArray<"uint16">> | Stop;
    class Twice extends Operator<In, In> {
      override process(message: In): In {
        if (message.type !== "event") return message;
        return message.with({ payload: new NdArray(message.array("uint16").data.map((value) => value * 2)) });
      }
    }
    // @ts-expect-error -- the types are there, or this would be no error
    new Start<{ dark: number }>({ dark: "one" });
    export const all: unknown[] = [new Twice(), ${uses.join(", ")}];\n`,
  );
  consumer.write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        exactOptionalPropertyTypes: true,
        module: "NodeNext",
        target: "ES2023",
        lib: ["ES2023", "ESNext.Disposable"],
        skipLibCheck: false,
        typeRoots: [join(root, "node_modules", "@types")],
        types: ["node"],
      },
      files: ["types.ts"],
    }),
  );
  expect(consumer.run("tsc", "-p", "tsconfig.json")).toEqual({ code: 0, text: "" });
});

test("package - a missing optional peer is an error that names the install command, at the first use only", () => {
  consumer.write(
    "without-zeromq.js",
    `import { ZmqListener } from "${name}/zmq";
    const listener = new ZmqListener({ connect: "tcp://127.0.0.1:9", engine: "libzmq" });
    const inlet = { ready() {}, put() {}, putFrames() {} };
    await listener.start(inlet, new AbortController().signal).then(
      () => console.log("it started"),
      (error) => console.log(error.message),
    );`,
  );
  const { code, text } = consumer.run(process.execPath, "without-zeromq.js");
  expect(text).toContain("npm install zeromq");
  expect(code).toBe(0);
});

test("package - arrays are compressed and decompressed by WebAssembly, without a warning", () => {
  consumer.write(
    "compress.js",
    `import { Event, NdArray } from "${name}";
    import { dectrisV2Codec } from "${name}/formats/dectris";
    process.on("warning", ({ message }) => console.log(message));
    const limits = { maxMessageBytes: 1e6, maxHeaderBytes: 1e6, maxFrames: 9, maxDepth: 64 };
    const image = new NdArray(new Uint16Array(10_000).fill(7), [100, 100]);
    const [frames] = dectrisV2Codec.writer()(new Event({}, image, { run: "1" }));
    const [{ message }] = dectrisV2Codec.reader(limits)(frames);
    console.log(frames[0].length < 1000, message.array("uint16").data.every((count) => count === 7));`,
  );
  expect(consumer.run(process.execPath, "compress.js")).toEqual({ code: 0, text: "true true\n" });
});
