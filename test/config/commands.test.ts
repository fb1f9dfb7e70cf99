// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are configurations
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { testIo } from "../cli/test-io.ts";

const project = fileURLToPath(new URL("project/", import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), "arroyo-commands-")));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function arroyo(words: string, over: { cwd?: string; env?: Record<string, string> } = {}) {
  const io = testIo({ cwd: project, ...over });
  const code = await main(words.split(" "), io);
  return { code, out: io.out.text, err: io.err.text };
}

describe("arroyo validate", () => {
  it("good - says what there is", async () => {
    expect(await arroyo("validate chain.yaml")).toEqual({
      code: 0,
      out: "chain.yaml: good, 3 blocks: double, odd, show\n",
      err: "",
    });
    expect((await arroyo("validate chain.yaml --quiet")).out).toBe("");
    expect(JSON.parse((await arroyo("validate numbers.yaml --json")).out)).toEqual({
      valid: true,
      blocks: ["numbers", "double", "odd"],
      problems: [],
    });
  });

  it("bad - exits with 2, to people on stderr and to programs on stdout", async () => {
    writeFileSync(join(folder, "arroyo.yaml"), "blocks:\n  - name: a\n    listners: []\n    overflow: maybe\n");
    const people = await arroyo("validate", { cwd: folder });
    expect(people).toMatchObject({ code: 2, out: "" });
    expect(people.err).toMatch(/^arroyo: arroyo\.yaml:3:5: .*did you mean "listeners"\?/);
    const programs = await arroyo("validate --json", { cwd: folder });
    expect(programs).toMatchObject({ code: 2, err: "" });
    expect(JSON.parse(programs.out)).toMatchObject({
      valid: false,
      problems: [
        { file: "arroyo.yaml", line: 3, column: 5 },
        { file: "arroyo.yaml", line: 4, column: 15 },
      ],
    });
  });

  it("no-load - runs no code", async () => {
    const yaml = "blocks: [{ name: a, listeners: [{ use: ./throws.mjs#A }] }]";
    writeFileSync(join(folder, "code.yaml"), yaml);
    writeFileSync(join(folder, "throws.mjs"), 'throw new Error("was run");');
    expect((await arroyo("validate code.yaml --no-load", { cwd: folder })).code).toBe(0);
    expect((await arroyo("validate code.yaml", { cwd: folder })).err).toContain("was run");
    expect((await arroyo("list code.yaml", { cwd: folder })).code).toBe(0);
    expect((await arroyo("graph code.yaml", { cwd: folder })).code).toBe(0);
  });
});

describe("arroyo list and graph", () => {
  it("list - names what each block reads, does and sends", async () => {
    expect((await arroyo("list-blocks chain.yaml")).out).toBe(
      [
        "double: Doubles values",
        "  from  memory memory:in",
        "  by    ./operators.ts#Doubled",
        "  to    memory memory:frames",
        "odd",
        "  from  memory memory:frames",
        "  by    ./operators.ts#odd",
        "  by    pass-through",
        "  to    memory memory:out, not required",
        "  to    zmq bind tcp://*:5571, not required",
        "show",
        "  from  zmq connect tcp://localhost:5571",
        "  from  memory memory:out",
        "",
      ].join("\n"),
    );
  });

  it("graph - draws a chain of blocks as one drawing", async () => {
    expect(`\n${(await arroyo("graph chain.yaml")).out}`).toMatchInlineSnapshot(`
      "
             ╭───────────╮
             │  memory   │
             │ memory:in │
             ╰───────────╯
                   │
                   ▼
      ┌─────────────────────────┐
      │         double          │
      │ ./operators.ts#Doubled  │
      └─────────────────────────┘
                   │
                   ▼ memory:frames
        ┌─────────────────────┐
        │         odd         │
        │ ./operators.ts#odd  │
        │    pass-through     │
        └─────────────────────┘
                   │
                   ▼ tcp://*:5571, memory:out
               ┌───────┐
               │ show  │
               └───────┘
      "
    `);
  });

  it("graph - transports are boxes with their places, and meet in files, topics, streams and addresses", async () => {
    expect((await arroyo("graph transports.yaml --mermaid")).out).toMatchInlineSnapshot(`
      "flowchart LR
        block1["record"]
        block2["again<br/>join-by<br/>correct<br/>azimuthal-integration (2 threads)"]
        block3["show"]
        source1(["websocket<br/>ws://127.0.0.1:8080/live"])
        source2(["files<br/>."])
        source3(["redis<br/>redis://broker:6379/2 scans<br/>redis://broker:6379/2 values"])
        source4(["amqp<br/>amqps://broker:5671/lab scans"])
        sink5(["redis<br/>a:1,b:1 curves"])
        source1 --> block1
        source2 --> block1
        source3 --> block1
        block1 -- "night.acap" --> block2
        block1 -- "redis://broker:6379 scans" --> block2
        block1 -- "amqp://broker:5672 log" --> block2
        source4 --> block2
        block1 -- "a:9092,b:9092 frames" --> block2
        block2 -- "ws://0.0.0.0:8081/curves" --> block3
        block2 --> sink5
      "
    `);
  });

  it("list - shows neither users nor passwords of addresses", async () => {
    const { out } = await arroyo("list transports.yaml");
    expect(out).toContain("  to    amqp queue amqp://broker:5672 log\n");
    expect(out).toContain("  from  redis channel redis://broker:6379/2 scans, channel redis://broker:6379/2 values\n");
    expect(out).toContain("  from  files folder .\n");
    expect(out).toContain("  to    websocket bind ws://0.0.0.0:8081/curves, not required\n");
    expect(out).not.toContain("word");
  });

  it("graph - draws branches, joins and circles", async () => {
    const block = (name: string, from: string[], to: string[]): string => {
      const ends = (channels: string[]): string =>
        channels.map((one) => `{ use: memory, options: { channel: ${one} } }`).join(", ");
      return `  - { name: ${name}, listeners: [${ends(from)}], publishers: [${ends(to)}] }\n`;
    };
    const yaml = [
      block("split", ["in", "again"], ["left", "right", "past"]),
      block("one", ["left"], ["join"]),
      block("two", ["right"], ["join"]),
      block("merge", ["join", "past"], ["again", "out"]),
    ];
    writeFileSync(join(folder, "branches.yaml"), `blocks:\n${yaml.join("")}`);
    expect(`\n${(await arroyo("graph branches.yaml", { cwd: folder })).out}`).toMatchInlineSnapshot(`
      "
          ╭───────────╮
          │  memory   │
          │ memory:in │
          ╰───────────╯
                │
                ▼
            ┌───────┐
            │ split │
            └───────┘
         ┌──────┴──┬──────┐
         │         │      │
         ▼ memory… ▼ mem… │
      ┌─────┐   ┌─────┐   │
      │ one │   │ two │   │
      └─────┘   └─────┘   │
         └──────┐  │      │
                ├──┘      │
                ├─────────┘
                │
                ▼ memory:join, memory:past
            ┌───────┐
            │ merge │
            └───────┘
                │
                ▼
         ╭─────────────╮
         │   memory    │
         │ memory:out  │
         ╰─────────────╯
      back: merge → split  memory:again
      "
    `);
    expect((await arroyo("graph branches.yaml --mermaid", { cwd: folder })).out).toMatchInlineSnapshot(`
      "flowchart LR
        block1["split"]
        block2["one"]
        block3["two"]
        block4["merge"]
        source1(["memory<br/>memory:in"])
        sink2(["memory<br/>memory:out"])
        source1 --> block1
        block4 -- "memory:again" --> block1
        block1 -- "memory:left" --> block2
        block1 -- "memory:right" --> block3
        block2 -- "memory:join" --> block4
        block3 -- "memory:join" --> block4
        block1 -- "memory:past" --> block4
        block4 --> sink2
      "
    `);
    expect(JSON.parse((await arroyo("graph branches.yaml --json", { cwd: folder })).out)).toMatchObject({
      edges: expect.arrayContaining([{ from: "block4", to: "block1", label: "memory:again" }]),
    });
  });

  it("canary - what comes from outside is shown by name only", async () => {
    const yaml = [
      "blocks:",
      "  - name: a",
      "    listeners: [{ use: zmq, options: { connect: 'tcp://user:${CANARY}@h:1' } }]",
      "    operator: { use: ./throws.mjs#A, options: { key: '${CANARY}', more: !file canary }, threads: '${N}' }",
      "    publishers: [{ use: zmq, options: { bind: 'tcp://*:${N}' }, maxMessages: '${N}' }]",
    ];
    writeFileSync(join(folder, "canary.yaml"), yaml.join("\n"));
    writeFileSync(join(folder, "canary"), "canary-of-file");
    const over = { cwd: folder, env: { CANARY: "canary-of-env", N: "54321" } };
    for (const words of ["list canary.yaml", "graph canary.yaml"]) {
      for (const more of ["", " --json", ...(words.startsWith("graph") ? [" --mermaid"] : [])]) {
        const { code, out, err } = await arroyo(words + more, over);
        expect(err).toBe("");
        expect(code).toBe(0);
        expect(out).not.toMatch(/canary-of|54321/);
      }
    }
    for (const words of ["validate canary.yaml", "validate canary.yaml --json", "validate canary.yaml --debug"]) {
      const { code, out, err } = await arroyo(words, over);
      expect(code).toBe(2);
      expect(out + err).not.toMatch(/canary-of|54321/);
    }
  });

  it("schema - is JSON", async () => {
    expect(JSON.parse((await arroyo("schema")).out)).toMatchObject({ type: "object", required: ["blocks"] });
  });
});
