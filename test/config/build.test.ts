import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, describe as group, it } from "vitest";
import { build } from "../../src/config/build.ts";
import { describe } from "../../src/config/describe.ts";
import type { Commons } from "../../src/config/registry.ts";
import { codecNameOf, LISTENERS, loadCodec, PUBLISHERS } from "../../src/config/registry.ts";
import { run } from "../../src/index.ts";

const project = fileURLToPath(new URL("project/", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));

group("blocks", () => {
  it("chain - blocks of one configuration run and hand on what they make", async () => {
    const configuration = await describe(join(project, "numbers.yaml"), { env: {} });
    const blocks = await build(configuration);
    expect(blocks.map(({ name }) => name)).toEqual(["numbers", "double", "odd"]);
    const accounts = await run(...blocks);
    expect(accounts.map(({ received, filtered }) => ({ received, filtered }))).toEqual([
      { received: 7, filtered: 0 },
      { received: 7, filtered: 0 },
      { received: 7, filtered: 3 },
    ]);
  });

  it("only - makes the blocks that are asked for, and refuses others", async () => {
    const configuration = await describe(join(project, "numbers.yaml"), { env: {} });
    expect((await build(configuration, { only: ["odd"] })).map(({ name }) => name)).toEqual(["odd"]);
    await expect(build(configuration, { only: ["add"] })).rejects.toThrow(
      'block add: is not in the configuration; did you mean "odd"?',
    );
  });

  it("codecs - have names here for those that captures and dead letters keep", async () => {
    for (const name of ["native", "raw", "dectris-v2"]) expect(codecNameOf((await loadCodec(name)).name)).toBe(name);
    expect(codecNameOf("arroyo/99")).toBeUndefined();
  });

  it("modes - a channel has the mode that one of its ends names", async () => {
    const commons: Commons = new Map();
    expect(PUBLISHERS["memory"]?.agree?.({ channel: "a", mode: "log" }, commons)).toBeUndefined();
    const listener = await LISTENERS["memory"]?.make({ channel: "a" }, commons);
    expect(listener?.replay).toBe("log");
  });

  it("arroyopy - its ZeroMQ classes are ours, in its form of bytes", async () => {
    const { blocks } = await describe(join(project, "arroyopy.yaml"), { env: {} });
    const [block] = blocks;
    expect(block?.listeners[0]?.used.options).toMatchObject({ connect: "tcp://127.0.0.1:5555", socket: "pull" });
    expect(block?.publishers[0]?.used.options).toMatchObject({ bind: "tcp://127.0.0.1:5556" });
    expect(block?.publishers[0]?.used.options?.["codec"]).toMatchObject({ used: { written: "arroyopy" } });
    await expect(build(await describe(join(project, "arroyopy.yaml"), { env: {} }))).resolves.toHaveLength(1);
  });

  it("arroyopy - its Redis and its watching of files are ours", async () => {
    const configuration = await describe(join(project, "arroyopy-others.yaml"), { env: {} });
    const [block] = configuration.blocks;
    expect(block?.listeners.map(({ used }) => used.options)).toMatchObject([
      { url: "redis://broker", channels: "scans" },
      { folder: "/data/incoming" },
    ]);
    expect(block?.publishers[0]?.used.options).toMatchObject({ url: "redis://broker", channel: "results" });
    await expect(build(configuration)).resolves.toHaveLength(1);
  });

  it("transports - each is made by its name, with codecs and functions in place", async () => {
    const configuration = await describe(join(project, "transports.yaml"), { env: {} });
    const blocks = await build(configuration);
    expect(blocks.map(({ name }) => name)).toEqual(["record", "again", "show"]);
    const from = configuration.blocks[1]?.listeners[0]?.used.options?.["from"];
    expect(from).toEqual({ time: Date.UTC(2026, 2, 1, 1, 30) });
  });

  it("functions - also inside of options, they are what the file exports", async () => {
    const made: Record<string, unknown>[] = [];
    const { make } = LISTENERS["kafka"] as { make: unknown };
    const kafka = LISTENERS["kafka"] as { make: unknown };
    kafka.make = (options: Record<string, unknown>) => {
      made.push(options);
      return (make as (options: unknown) => unknown)(options);
    };
    try {
      await build(await describe(join(project, "transports.yaml"), { env: {} }), { only: ["again"] });
    } finally {
      kafka.make = make;
    }
    const { sasl } = made[0] as { sasl: { oauthBearerProvider: () => Promise<unknown> } };
    await expect(sasl.oauthBearerProvider()).resolves.toEqual({ value: "a token" });
  });

  it("threads - an operator of the project works in threads, with its options", async () => {
    const blocks = await build(await describe(join(project, "threads.yaml"), { env: {} }));
    const [numbers, double] = await run(...blocks);
    expect(numbers?.published).toBe(42);
    expect(double).toMatchObject({ received: 42, finished: 42, published: 42 });
  });

  it.each(["reductions", "all-reductions"])("%s - are made by their names, alone and in threads", async (name) => {
    const configuration = await describe(join(project, `${name}.yaml`), { env: {} });
    await expect(build(configuration)).resolves.toHaveLength(1);
  });

  it("instance - has dead letters of its own", async () => {
    const configuration = await describe(join(project, "numbers.yaml"), { env: {}, instance: "b" });
    await expect(build(configuration, { instance: "b" })).resolves.toHaveLength(3);
    for (const instance of ["", "..", "a/b", "a\\b"]) {
      await expect(build(configuration, { instance })).rejects.toThrow("instance");
    }
  });

  it("TypeScript - loads in a plain process, and again", () => {
    const script = `
      import { build } from ${JSON.stringify(join(root, "src/config/build.ts"))};
      import { describe } from ${JSON.stringify(join(root, "src/config/describe.ts"))};
      for (let n = 0; n < 2; n += 1) {
        const blocks = await build(await describe(process.argv[1], { env: {} }));
        console.log(blocks.map(({ name }) => name).join(" "));
      }`;
    const args = ["--import", "tsx", "--input-type=module", "-e", script, join(project, "numbers.yaml")];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    expect(stdout, stderr).toBe("numbers double odd\nnumbers double odd\n");
  });
});
