import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { Push } from "zeromq";
import { checkPackages } from "../../src/cli/doctoring/packages.ts";
import { isInRange } from "../../src/cli/doctoring/version.ts";
import { main } from "../../src/cli/main.ts";
import { freePorts } from "../../src/testing/brokers/free-port.ts";
import { startProxy } from "../../src/testing/index.ts";
import { WebSocketPublisher } from "../../src/transports/websocket/index.ts";
import { openSocket } from "../../src/transports/zmq/index.ts";
import { certificate, key } from "../transports/kafka/certificate.ts";
import { type TestIo, testIo } from "./test-io.ts";

const cwd = mkdtempSync(join(tmpdir(), "arroyo-doctor-"));
afterAll(() => rmSync(cwd, { recursive: true }));
let files = 0;

interface Finding {
  readonly level: string;
  readonly subject: string;
  readonly found: string;
  readonly advice?: string;
  readonly at?: string;
}

/** Writes a configuration, consults the doctor, and gives its exit code with the lines it printed. */
async function consulted(yaml: string, words: readonly string[] = [], env: Record<string, string> = {}) {
  files += 1;
  const name = `blocks-${files}.yaml`;
  writeFileSync(join(cwd, name), yaml);
  const io = testIo({ cwd, env });
  const code = await main(["doctor", name, ...words], io);
  return { code, name, io, lines: io.out.lines, bad: io.out.lines.filter((line) => !line.startsWith("ok")) };
}

const block = (listeners: string, publishers = ""): string =>
  `blocks:\n  - name: reduce\n    listeners: [${listeners}]\n    publishers: [${publishers}]\n`;
/** Writes a variable as configurations have it. */
const variable = (name: string): string => `\${${name}}`;
const zmq = (options: string): string => `{ use: zmq, options: { ${options} } }`;

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

test("without a configuration - Node.js, packages and the machine", async () => {
  const io = testIo({ cwd });
  expect(await main(["doctor"], io)).toBe(0);
  expect(io.out.lines[0]).toBe(`ok       node: ${process.versions.node} (20.19 or newer is needed)`);
  for (const about of [/^\w+ +open files: /m, /^\w+ +memory: /m, /^ok {7}package ioredis: 6\.\d+\.\d+, for Redis$/m]) {
    expect(io.out.text).toMatch(about);
  }
  expect(io.out.lines.at(-1)).toMatch(/^0 errors, \d+ warnings?, \d+ ok$/);
});

describe("a configuration", () => {
  test("something is wrong with it - each problem with its place, and exit code 1", async () => {
    const { code, bad } = await consulted("blocks:\n  - name: a\n    listener: []\n");
    expect(code).toBe(1);
    expect(bad[0]).toMatch(/^error {4}configuration \(blocks-\d+\.yaml:3:5\): .*did you mean "listeners"\?$/);
  });

  test("it is not there - that is wrong use", async () => {
    const io = testIo({ cwd });
    expect(await main(["doctor", "none.yaml"], io)).toBe(2);
    expect(io.err.text).toContain("there is no such file");
  });

  test("--json - counts and findings, with places", async () => {
    const { code, io } = await consulted(block(`{ use: files, options: { folder: /nowhere } }`), ["--json"]);
    expect(code).toBe(1);
    const told = JSON.parse(io.out.text) as { errors: number; findings: Finding[] };
    expect(told.errors).toBe(1);
    expect(told.findings.find(({ level }) => level === "error")).toEqual({
      level: "error",
      subject: "files /nowhere",
      found: "there is no such folder",
      advice: "make it, or correct the path",
      at: expect.stringMatching(/^blocks-\d+\.yaml:3:24$/),
    });
  });

  test("folders of dead letters and captures - can be made, or not", async () => {
    const { bad, lines } = await consulted(
      `${block(zmq("bind: ipc://*"), `{ use: capture, options: { path: ${cwd}/here/night.acap } }`)}    deadLetters: { path: blocks-1.yaml/letters }\n`,
    );
    expect(lines.join("\n")).toMatch(/^ok {7}capture \S+night\.acap \(folder\): would be made, [\d.]+ \wB are free$/m);
    expect(bad[0]).toMatch(
      /^error {4}dead letters blocks-1.yaml\/letters \(\S+:5:18\): \S+blocks-1.yaml is a file, and a folder is wanted; choose another path$/,
    );
  });

  test("two parts bind to one address - both places are named", async () => {
    const [port] = await freePorts(1);
    const address = `"tcp://127.0.0.1:${port}"`;
    const { bad } = await consulted(block(zmq(`bind: ${address}`), zmq(`bind: ${address}`)));
    expect(bad[0]).toMatch(
      /^error {4}address tcp:\S+ \(\S+:4:\d+\): is bound here and at \S+:3:\d+; give each its own address/,
    );
  });
});

describe("addresses of ZeroMQ", () => {
  test("closed, free, of this configuration, and open to all - golden lines", async () => {
    const [closed, free] = await freePorts(2);
    const yaml = `${block(zmq(`connect: "tcp://127.0.0.1:${closed}"`), zmq(`bind: "tcp://*:${free}"`))}  - name: next
    listeners: [${zmq(`connect: "tcp://localhost:${free}"`)}]
`;
    const { code, name, lines } = await consulted(yaml);
    expect(code).toBe(1);
    expect(lines.filter((line) => line.includes("zmq "))).toEqual([
      `error    zmq tcp://127.0.0.1:${closed} (${name}:3:24): nobody listens there (ECONNREFUSED); start it there, or correct host and port`,
      `warning  zmq tcp://*:${free} (${name}:4:25): can be reached by anybody on the network, without authentication; bind to 127.0.0.1 or to an ipc path, or give curve keys or plain.users`,
      `ok       zmq tcp://*:${free}: is free to bind to`,
      `ok       zmq tcp://localhost:${free}: is bound by a publisher or listener of this configuration, which does not run now`,
    ]);
  });

  /** Binds a PUSH of one of both implementations; its first message waits for who really pulls. */
  async function pushing(engine: string): Promise<{ readonly address: string; close(): Promise<void> }> {
    if (engine === "zmtp") {
      const push = await openSocket("push", { bind: "tcp://127.0.0.1:*" });
      const sent = push.send([Buffer.from("whole")]);
      return {
        address: push.endpoints[0] as string,
        async close() {
          await sent;
          await push[Symbol.asyncDispose]();
        },
      };
    }
    const push = new Push();
    await push.bind("tcp://127.0.0.1:*");
    const sent = push.send("whole");
    return {
      address: push.lastEndpoint as string,
      async close() {
        await sent;
        push.close();
      },
    };
  }

  test.each(["zmtp", "libzmq"])(
    "another kind of socket - is named, and nothing is taken from it (%s)",
    async (engine) => {
      const push = await pushing(engine);
      const sub = await consulted(block(zmq(`connect: "${push.address}"`)));
      expect(sub.bad[0]).toMatch(
        /a PUSH answers, and a SUB can only talk to PUB or XPUB; write socket: pull, or take the address of a publisher$/,
      );
      const right = await consulted(block(zmq(`connect: "${push.address}", socket: pull`)));
      expect(right.code).toBe(0);
      expect(right.lines.join("\n")).toContain(`ok       zmq ${push.address}: a PUSH answers`);
      const io = testIo({ cwd });
      expect(await main(["doctor", push.address], io)).toBe(0);
      expect(io.out.lines[0]).toBe(`ok       zmq ${push.address}: a PUSH answers`);
      await using pull = await openSocket("pull", { connect: push.address });
      for await (const [frame] of pull) {
        expect(Buffer.from(frame as Uint8Array).toString()).toBe("whole");
        break;
      }
      await push.close();
    },
  );

  test("in use - by the same kind of socket, or by anything else", async () => {
    await using pub = await openSocket("pub", { bind: "tcp://127.0.0.1:*" });
    const [address] = pub.endpoints as [string];
    const running = await consulted(block(zmq("bind: ipc://*"), zmq(`bind: "${address}"`)));
    expect(running.bad[0]).toMatch(
      /^warning {2}zmq .*: is in use, by a PUB of ZeroMQ; if this configuration runs there now/,
    );
    const other = createServer((socket) => socket.end("220 mail\r\n"));
    const port = await listening(other);
    const taken = await consulted(block(zmq("bind: ipc://*"), zmq(`bind: "tcp://127.0.0.1:${port}"`)));
    expect(taken.bad[0]).toMatch(/^error {4}zmq .*: is in use by another program; stop it, or choose another address$/);
    const wrong = await consulted(block(zmq(`connect: "tcp://127.0.0.1:${port}"`)));
    expect(wrong.bad[0]).toMatch(/: who answers does not speak ZeroMQ's protocol.*; correct host and port$/);
    other.close();
  });

  test("names and passwords - are tried; another security is named", async () => {
    const users = { reader: "right-canary" };
    await using publisher = await openSocket("pub", { bind: "tcp://127.0.0.1:*", plain: { users } });
    const [address] = publisher.endpoints as [string];
    const env = { RIGHT: "right-canary", WRONG: "wrong-canary" };
    const plain = (password: string): string =>
      zmq(`connect: "${address}", plain: { username: reader, password: "${password}" }`);
    const right = await consulted(block(plain(variable("RIGHT"))), [], env);
    expect(right.code).toBe(0);
    const wrong = await consulted(block(plain(variable("WRONG"))), [], env);
    expect(wrong.bad[0]).toContain("correct plain.username and plain.password");
    const none = await consulted(block(zmq(`connect: "${address}"`)));
    expect(none.bad[0]).toContain("uses the security PLAIN, we use NULL; give curve keys, or plain");
    for (const { io } of [right, wrong, none]) expect(io.out.text + io.err.text).not.toContain("canary");
  });

  test("a peer that stands still - the deadline ends it", async () => {
    await using pub = await openSocket("pub", { bind: "tcp://127.0.0.1:*" });
    await using proxy = await startProxy({ port: Number(new URL(pub.endpoints[0] as string).port) });
    proxy.stall();
    const { code, bad } = await consulted(block(zmq(`connect: "tcp://127.0.0.1:${proxy.port}"`)), ["--timeout", "0.3"]);
    expect(code).toBe(1);
    expect(bad[0]).toMatch(
      /^error {4}zmq tcp:\S+ \(\S+\): no answer within 300 ms; who is there accepts connections and stands still/,
    );
  });
});

describe("WebSockets", () => {
  test("a port that is taken, a wrong token, a wrong path - and nobody enters", async () => {
    const publisher = new WebSocketPublisher({ port: 0, path: "/live", token: "right-canary" });
    await publisher.open(new AbortController().signal);
    const place = new URL(publisher.endpoint as string);
    const at = (url: string, token: string): string =>
      `{ use: websocket, options: { url: "${url}", token: "${token}" } }`;
    const { bad, lines, io } = await consulted(
      `blocks:
  - name: reads
    listeners:
      - ${at(place.href, "right-canary")}
      - ${at(place.href, "wrong-canary")}
      - ${at(`ws://${place.host}/other`, "right-canary")}
    publishers: [{ use: websocket, options: { port: ${place.port} } }]
`,
    );
    expect(lines.join("\n")).toContain(`ok       websocket ${place.href}: a WebSocket answers and lets us in`);
    expect(bad.slice(0, 3)).toEqual([
      expect.stringMatching(
        /\/live \(\S+:5:16\): the token is missing or wrong \(401\); give the token that the other side has$/,
      ),
      expect.stringMatching(
        /\/other \(\S+:6:16\): there is nothing at this path \(404\); correct the path of the url$/,
      ),
      expect.stringMatching(
        /^error {4}websocket ws:\S+ \(\S+:7:25\): is in use; choose another port, or 0 for a free one/,
      ),
    ]);
    expect(publisher.counts.clients).toBe(0);
    expect(io.out.text).not.toContain("canary");
    await publisher.close();
  });
});

describe("what is asked over HTTP", () => {
  async function answering(answer: RequestListener): Promise<{ readonly url: string } & AsyncDisposable> {
    const server = createHttpServer(answer);
    const port = await listening(server);
    return {
      url: `127.0.0.1:${port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
      },
    };
  }

  test("a Tiled server - has the node, or not, or wants another key", async () => {
    const paths: string[] = [];
    await using tiled = await answering(({ url, headers }, response) => {
      paths.push(`${url}`);
      const isKnown = headers.authorization === "Apikey right-canary";
      response.writeHead(isKnown ? (url?.endsWith("/scan/image") ? 200 : 404) : 401).end();
    });
    const node = (path: string, key: string): string =>
      `{ use: websocket, options: { url: "ws://${tiled.url}/api/v1", codec: tiled, tiled: { path: ${path}, apiKey: ${key} } } }`;
    const { lines, bad, io } = await consulted(
      block(
        [
          node("scan/image", "right-canary"),
          node("scan/none", "right-canary"),
          node("scan/image", "wrong-canary"),
        ].join(", "),
      ),
    );
    expect(lines.join("\n")).toContain(`ok       tiled ${tiled.url} scan/image: the server has the node`);
    expect(bad.slice(0, 2)).toEqual([
      expect.stringMatching(/scan\/none \(\S+\): there is no such node \(404\); correct tiled.path, or url$/),
      expect.stringMatching(
        /scan\/image \(\S+\): the key is missing, wrong, or may not read it \(401\); give tiled.apiKey: !file PATH$/,
      ),
    ]);
    expect(paths).toContain("/api/v1/metadata/scan/image");
    expect(io.out.text).not.toContain("canary");
  });

  test("a dispatcher - answers, and is not asked for a stream", async () => {
    const asked: string[] = [];
    await using dispatcher = await answering(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      response.writeHead(404).end();
    });
    const use = (place: string): string =>
      zmq(`dispatcher: { url: "http://${place}/sf", channels: [A] }, codec: bsread`);
    const there = await consulted(block(use(dispatcher.url)));
    expect([there.code, asked]).toEqual([0, ["GET /"]]);
    const [closed] = await freePorts(1);
    const gone = await consulted(block(use(`127.0.0.1:${closed}`)));
    expect(gone.bad[0]).toMatch(
      /^error {4}dispatcher \S+ \(\S+\): nobody listens there \(ECONNREFUSED\); start it there/,
    );
  });

  test("escape sequences and endless answers - do not reach the terminal", async () => {
    await using hostile = await answering((_request, response) => {
      response.writeHead(403);
      response.end(`\u001b[2J\u001b]0;owned\u0007${"x".repeat(1_000_000)}`);
    });
    const { bad } = await consulted(block(`{ use: websocket, options: { url: "ws://${hostile.url}" } }`));
    expect(bad[0]).toContain("it does not let us in (403): \\x1b[2J\\x1b]0;owned\\x07xxx");
    expect(bad[0]?.length).toBeLessThan(600);
  });
});

test("optional packages - missing, too old, and as they should be", () => {
  const lines: string[] = [];
  const manifest = {
    version: "1",
    engines: { node: ">=20.19" },
    peerDependencies: { absent: "^1.0.0", ws: "^99.0.0" },
  };
  checkPackages(manifest, ({ level, subject, found, advice }) =>
    lines.push(`${level} ${subject}: ${found}; ${advice}`),
  );
  expect(lines).toEqual([
    "ok package absent: is not installed; a part of arroyojs would need it; npm install absent",
    expect.stringMatching(
      /^warning package ws: 8\.\S+ is there, and \^99\.0\.0 is wanted, for WebSockets; npm install ws@\^99\.0\.0$/,
    ),
  ]);
});

test.each([
  ["6.0.0", "^6.0.0", true],
  ["6.10.2", "^6.9.3", true],
  ["5.9.9", "^6.0.0", false],
  ["7.0.0", "^6.0.0", false],
  ["6.0.0-rc.1", "^6.0.0", true],
])("versions - %s in %s: %s", (version, range, isIn) => {
  expect(isInRange(version, range)).toBe(isIn);
});

describe("TLS", () => {
  test("is spoken, or not, where the other was expected - and certificates nobody trusts", async () => {
    const secure = createTlsServer({ cert: certificate, key }, (socket) => socket.on("error", () => undefined));
    secure.on("tlsClientError", () => undefined);
    const other = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end("-ERR what\r\n"));
    });
    const [tls, plain] = [await listening(secure), await listening(other)];
    const told: string[] = [];
    for (const url of [
      `redis://127.0.0.1:${tls}/x`,
      `rediss://127.0.0.1:${tls}/x`,
      `rediss://127.0.0.1:${plain}/x`,
      `kafka://127.0.0.1:${tls}/x`,
      `kafka://127.0.0.1:${tls}/x?tls=true`,
      `amqp://127.0.0.1:${tls}/%2F/x`,
      `amqps://127.0.0.1:${plain}/%2F/x`,
      `ws://127.0.0.1:${tls}/`,
      `wss://127.0.0.1:${plain}/`,
    ]) {
      const io = testIo({ cwd });
      expect(await main(["doctor", url], io)).toBe(1);
      told.push((io.out.lines[0] as string).replace(/^error {4}(\w+) \S+: /, "$1: "));
    }
    const untrusted =
      "its certificate is not accepted: self-signed certificate; give the authority that signed it (tls.ca: !file PATH, " +
      "or NODE_EXTRA_CA_CERTS), or correct the name of the host";
    const none = "no TLS is spoken there; leave TLS out, or take the port that has it";
    expect(told).toEqual([
      "redis: hangs up: TLS is spoken at this port; write rediss://",
      `redis: ${untrusted}`,
      `redis: ${none}`,
      "kafka: hangs up: TLS is spoken at this port; write tls: true",
      `kafka: ${untrusted}`,
      "amqp: hangs up: TLS is spoken at this port; write amqps://",
      `amqp: ${none}`,
      "websocket: hangs up: TLS is spoken at this port; write wss://",
      `websocket: ${none}`,
    ]);
    secure.close();
    other.close();
  });
});

describe("addresses on the command line", () => {
  const consult = async (...words: string[]): Promise<[number, TestIo]> => {
    const io = testIo({ cwd });
    return [await main(["doctor", ...words], io), io];
  };

  test("one that is closed - the place and the remedy, without the password", async () => {
    const [port] = await freePorts(1);
    const [code, io] = await consult(`redis://reader:canary@127.0.0.1:${port}/frames`);
    expect(code).toBe(1);
    expect(io.out.lines[0]).toBe(
      `error    redis 127.0.0.1:${port}: nobody listens there (ECONNREFUSED); start it there, or correct host and port`,
    );
    expect(io.out.text).not.toContain("canary");
  });

  test.each([
    ["mqtt://x", '"mqtt://x" is no address of a stream; write tcp://HOST:PORT, '],
    ["kafka://x/a/b", "kafka://x/a/b: a topic has no slash in its name; write kafka://HOST:PORT/TOPIC"],
    [
      "redis://u:canary@x/a?chanel=b",
      'redis://***@x/a?chanel=b: there is no "chanel" behind the question mark; did you mean "channel"?',
    ],
  ])("wrong use - %s", async (url, words) => {
    const [code, io] = await consult(url);
    expect(code).toBe(2);
    expect(io.err.text).toContain(`arroyo: doctor: ${words}`);
  });
});
