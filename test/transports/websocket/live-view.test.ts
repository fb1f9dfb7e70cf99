import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { servePage } from "../../../examples/live-view/page-server.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { WebSocketClass, WebSocketClient } from "../../../src/transports/websocket/client/index.ts";
import { WebSocketPublisher } from "../../../src/transports/websocket/websocket-publisher.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SOURCE = join(ROOT, "src/transports/websocket/client");
const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
const execute = promisify(execFile);
let folder = "";

/** The libraries of a browser, and no types of Node: what a page has. */
const BROWSER = {
  target: "ES2022",
  lib: ["ES2023", "DOM", "DOM.Iterable"],
  types: [],
  module: "ESNext",
  moduleResolution: "bundler",
};

/** Compiles; what the compiler complains about is the error. */
async function compiled(config: string): Promise<void> {
  await execute(process.execPath, [tsc, "-p", config]).catch((error: { stdout?: string }) => {
    throw new Error(error.stdout);
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arroyo-live-view-"));
  const compilerOptions = {
    ...BROWSER,
    strict: true,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
    declaration: true,
    rootDir: SOURCE,
    outDir: join(folder, "client"),
  };
  const config = join(folder, "tsconfig.json");
  await writeFile(config, JSON.stringify({ compilerOptions, include: [`${SOURCE}/*.ts`] }));
  await compiled(config);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test("types - the client needs the libraries of a browser only, and takes a browser's WebSocket", async () => {
  const page = join(folder, "page.ts");
  await writeFile(
    page,
    `import { isArray, type WebSocketClass, WebSocketClient } from "./client/index.js";
    const Class: WebSocketClass = WebSocket;
    const client = new WebSocketClient(new URL("ws://host"), { WebSocket: Class, format: "json" });
    client.on("event", ({ payload, missed }) => {
      const sum: number = isArray(payload) && payload.dtype === "uint16" ? payload.data.reduce((a, b) => a + b, missed) : 0;
      document.title = String(sum);
    });
    // @ts-expect-error there is no such news
    client.on("events", () => undefined);`,
  );
  const compilerOptions = { ...BROWSER, strict: true, noEmit: true };
  const config = join(folder, "tsconfig.page.json");
  await writeFile(config, JSON.stringify({ compilerOptions, files: [page] }));
  await compiled(config);
}, 120_000);

test("page - everything that it loads is served, as modules, and it is all of the client", async () => {
  const { url, close } = await servePage(0, join(folder, "client"));
  try {
    const html = await (await fetch(url)).text();
    const wanted = [...html.matchAll(/from "(\.\/[^"]+)"/g)].map(([, path]) => new URL(path as string, `${url}/`).href);
    const seen = new Set<string>();
    for (let at = 0; at < wanted.length; at += 1) {
      const address = wanted[at] as string;
      if (seen.has(address)) continue;
      seen.add(address);
      const response = await fetch(address);
      expect(response.status, address).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/javascript");
      for (const [, path] of (await response.text()).matchAll(/from "([^"]+)"/g)) {
        expect(path).toMatch(/^\.\//);
        wanted.push(new URL(path as string, address).href);
      }
    }
    expect(seen.size).toBeGreaterThan(5);
    for (const path of ["/client/../package.json", "/client/%2e%2e/x.js", "/etc/passwd", "/client/none.js"]) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  } finally {
    close();
  }
});

test("page - its script shows what the publisher sends", async () => {
  const html = await readFile(join(ROOT, "examples/live-view/index.html"), "utf8");
  const script = html.match(/<script type="module">([\s\S]*?)<\/script>/)?.[1] as string;
  const publisher = new WebSocketPublisher<AnyMessage>({ port: 0, lingerMs: 0 });
  await publisher.open(new AbortController().signal);
  publisher.publish(new Event({ image: 7 }, new NdArray(Uint16Array.of(0, 50, 100, 200), [2, 2])));
  // As much of a page as the script uses.
  const elements = new Map<string, { textContent: string }>();
  const drawn: Uint8ClampedArray[] = [];
  const context = { putImageData: (image: { data: Uint8ClampedArray }) => drawn.push(image.data) };
  const element = (id: string): object => {
    if (!elements.has(id)) elements.set(id, Object.assign({ textContent: "" }, { getContext: () => context }));
    return elements.get(id) as object;
  };
  class ImageData {
    readonly data: Uint8ClampedArray;
    constructor(width: number, height: number) {
      this.data = new Uint8ClampedArray(4 * width * height);
    }
  }
  const module = join(folder, "script.mjs");
  await writeFile(
    module,
    `export default ({ document, location, ImageData, WebSocketClient, isArray }) => {
      ${script.replace(/^\s*import .*$/m, "")}
      return client;
    };`,
  );
  await symlink(join(ROOT, "package.json"), join(folder, "package.json"));
  const { default: show } = await import(pathToFileURL(module).href);
  const library = await import(pathToFileURL(join(folder, "client/index.js")).href);
  const Page = class extends (library.WebSocketClient as typeof WebSocketClient) {
    constructor(url: string) {
      super(url, { WebSocket: WebSocket as unknown as WebSocketClass });
    }
  };
  const location = { search: `?url=${encodeURIComponent(publisher.endpoint as string)}`, hostname: "localhost" };
  const document = { getElementById: element };
  const client = show({ document, location, ImageData, WebSocketClient: Page, isArray: library.isArray });
  await until(() => drawn.length === 1, "the image");
  expect(elements.get("image")?.textContent).toBe("7");
  expect(elements.get("state")?.textContent).toBe("open");
  expect([...(drawn[0] as Uint8ClampedArray)].filter((_, at) => at % 4 === 0)).toEqual([0, 64, 128, 255]);
  client.close();
  await publisher.close();
});
