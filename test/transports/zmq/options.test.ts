import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { MissingPackageError, UsageError } from "../../../src/errors.ts";
import { COMMON_OPTIONS, readEnds } from "../../../src/transports/zmq/ends.ts";
import { loadEngine } from "../../../src/transports/zmq/engine.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { namesAreWhole } from "../../../src/transports/zmq/zmtp/abstract-names.ts";

const HERE = "tcp://127.0.0.1:5555";
const KEY = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
const SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";

/** Options that are refused, with what the message has to say. */
const REFUSED: readonly (readonly [Record<string, unknown>, RegExp])[] = [
  [{}, /has no address; give connect or bind/],
  [{ connect: [] }, /has no address/],
  [{ conect: HERE }, /there is no option "conect"; did you mean "connect"\?/],
  [{ connect: HERE, wings: 2 }, /there is no option "wings"; there are: connect, bind/],
  [{ connect: "127.0.0.1:5555" }, /connect "127.0.0.1:5555": is not an address; write tcp:/],
  [{ connect: 5555 }, /connect 5555: is not an address/],
  [{ connect: "tcp://127.0.0.1" }, /expected tcp:\/\/HOST:PORT/],
  [{ connect: "tcp://127.0.0.1:99999" }, /there is no port 99999/],
  [{ bind: "tcp://127.0.0.1:99999" }, /there is no port 99999/],
  [{ connect: "tcp://127.0.0.1:0" }, /nobody can be reached at port 0/],
  [{ connect: "tcp://*:5555" }, /only bind takes wildcards/],
  [{ connect: "tcp://127.0.0.1:*" }, /only bind takes wildcards/],
  [{ connect: "ipc://*" }, /only bind takes a wildcard/],
  [{ bind: "tcp://10.0.0.1:0;127.0.0.1:5555" }, /only connect takes an address to connect from/],
  [{ bind: `ipc:///${"x".repeat(200)}` }, /the path has 201 bytes; systems take at most 107/],
  [{ connect: "udp://127.0.0.1:5555" }, /is not an address/],
  [{ connect: HERE, socket: "router" }, /socket: expected .* got "router"/],
  [{ connect: HERE, engine: "turbo" }, /engine: expected "auto" or "zmtp" or "libzmq", got "turbo"/],
  [{ connect: HERE, readInPlace: "no" }, /readInPlace: expected true or false, got "no"/],
  [
    { connect: HERE, engine: "zmtp", curve: { publicKey: KEY, secretKey: SECRET, serverKey: KEY } },
    /engine: "zmtp" has no CURVE; take "libzmq"/,
  ],
  [{ connect: HERE, codec: "raw" }, /codec: expected a codec, .* got "raw"/],
  [{ connect: HERE, maxBytes: 0 }, /maxBytes: expected a whole number from 1 on, got 0/],
  [{ connect: HERE, messageBytes: 1.5 }, /messageBytes: expected a whole number from 1 on, got 1.5/],
  [{ connect: HERE, heartbeatMs: -1 }, /heartbeatMs: expected a whole number from 0 on, got -1/],
  [{ connect: HERE, reconnectMaxMs: "5s" }, /reconnectMaxMs: expected a whole number from 1 on, got "5s"/],
  [{ bind: "tcp://*:5555", strict: true }, /can be reached by anybody on the network, without authentication/],
  [{ connect: HERE, curve: "secret" }, /curve: expected an object of keys/],
  [{ connect: HERE, curve: { secretKey: SECRET } }, /curve.publicKey: expected a key of 40 characters/],
  [
    { connect: HERE, curve: { publicKey: KEY, secretKey: "short", serverKey: KEY } },
    /curve.secretKey: .* got 5 characters, or others/,
  ],
  [{ connect: HERE, curve: { secretKey: SECRET, server: true, allow: [] } }, /curve.allow: expected a list/],
  [{ connect: HERE, curve: { secretKey: SECRET, server: true, publicKey: KEY } }, /there is no option "publicKey"/],
  [{ connect: HERE, plain: "sim" }, /plain: expected \{ username, password \} or \{ users \}/],
  [{ connect: HERE, plain: { username: "sim" } }, /plain.password: expected a text of 1 to 255 bytes, got undefined/],
  [{ connect: HERE, plain: { username: "sim", password: "ü".repeat(128) } }, /plain.password: .* got 256 bytes/],
  [{ connect: HERE, plain: { users: {} } }, /plain.users: expected passwords by name/],
  [{ connect: HERE, plain: { users: { sim: 7 } } }, /plain.users."sim": expected a text of 1 to 255 bytes, got number/],
  [{ connect: HERE, plain: { user: "sim", password: "a" } }, /there is no option "user"; did you mean "username"\?/],
  [
    {
      connect: HERE,
      curve: { publicKey: KEY, secretKey: SECRET, serverKey: KEY },
      plain: { username: "a", password: "b" },
    },
    /has curve and plain/,
  ],
];

const ONLY_LISTENER: typeof REFUSED = [
  [{ connect: HERE, socket: "pull", topics: ["a"] }, /topics: a pull takes what it is given; use socket: "sub"/],
  [{ connect: HERE, topics: "a" }, /topics: expected a list of texts, got "a"/],
  [{ connect: HERE, topics: [] }, /topics: expected a list of texts, got \[\]; leave it out for everything/],
  [{ connect: HERE, expect: true }, /expect: expected a function of a message, got true/],
  [{ connect: HERE, limits: { maxFrames: 0 } }, /limits.maxFrames: expected a whole number from 1 on/],
  [{ connect: HERE, limits: { frames: 1 } }, /limits: expected .* got "frames"/],
];

const ONLY_PUBLISHER: typeof REFUSED = [
  [{ bind: HERE, socket: "push", waitForSubscribers: 1 }, /waitForSubscribers: a push waits for its pullers anyway/],
  [{ bind: HERE, waitForSubscribers: -1 }, /waitForSubscribers: expected a whole number from 0 on, got -1/],
  [{ bind: HERE, topic: "" }, /topic: expected a text or a function of a message/],
  [{ bind: HERE, topic: "!arroyo" }, /"!arroyo" belongs to Starts and Stops/],
  [{ bind: HERE, stream: 7 }, /stream: expected a text, got 7/],
  [{ bind: HERE, lingerMs: -1 }, /lingerMs: expected a whole number from 0 on/],
];

function refusal(make: () => unknown): UsageError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error as UsageError;
  }
  throw new Error("nothing was refused");
}

describe("options - of a listener", () => {
  for (const [options, message] of [...REFUSED, ...ONLY_LISTENER]) {
    test(`refused - ${inspect(options, { breakLength: Infinity, maxStringLength: 30 })}`, () => {
      const error = refusal(() => new ZmqListener(options as never));
      expect(error.message).toMatch(message);
      expect(error.message).toMatch(/^ZmqListener: /);
    });
  }
});

describe("options - of a publisher", () => {
  for (const [options, message] of [...REFUSED, ...ONLY_PUBLISHER]) {
    test(`refused - ${inspect(options, { breakLength: Infinity, maxStringLength: 30 })}`, () => {
      const error = refusal(() => new ZmqPublisher(options as never));
      expect(error.message).toMatch(message);
      expect(error.message).toMatch(/^ZmqPublisher: /);
    });
  }
});

describe("options - what is taken", () => {
  for (const address of [
    "tcp://127.0.0.1:*",
    "tcp://*:*",
    "tcp://[::1]:5555",
    "tcp://eth0:5555",
    "ipc:///tmp/a",
    "ipc://*",
    "ipc://@abstract",
    "inproc://any name",
  ]) {
    test(`bind to ${address}`, () => {
      expect(new ZmqListener({ bind: address }).endpoints).toEqual([]);
      expect(new ZmqPublisher({ bind: address }).endpoints).toEqual([]);
    });
  }

  test("connect to several, from a certain interface, and bind beside", () => {
    const connect = ["tcp://localhost:5555", "tcp://10.0.0.1:0;10.0.0.2:5555", "ipc:///tmp/a"];
    expect(() => new ZmqListener({ connect, bind: "inproc://x" })).not.toThrow();
  });

  test("strict - an address of this machine, and one behind keys", () => {
    const curve = { secretKey: SECRET, server: true } as const;
    expect(() => new ZmqPublisher({ bind: ["tcp://localhost:1", "ipc:///tmp/a"], strict: true })).not.toThrow();
    expect(() => new ZmqPublisher({ bind: "tcp://*:5555", strict: true, curve })).not.toThrow();
    const plain = { users: { sim: "secret" } };
    expect(() => new ZmqPublisher({ bind: "tcp://*:5555", strict: true, plain })).not.toThrow();
  });
});

describe("keys - are never shown", () => {
  const curve = { publicKey: KEY, secretKey: SECRET, serverKey: KEY };
  test("in what is printed", () => {
    for (const one of [new ZmqListener({ connect: HERE, curve }), new ZmqPublisher({ connect: HERE, curve })]) {
      expect(inspect(one, { depth: Infinity, showHidden: true })).not.toContain(SECRET);
      expect(JSON.stringify(one)).not.toContain(SECRET);
    }
  });

  test("in what is refused", () => {
    const wrong = `${SECRET}"`;
    const error = refusal(() => new ZmqListener({ connect: HERE, curve: { ...curve, secretKey: wrong } }));
    expect(inspect(error, { depth: Infinity })).not.toContain(SECRET);
  });
});

describe("engine - what auto takes", () => {
  const chosen = (options: object): string => readEnds("test", options, COMMON_OPTIONS).engine;

  test("our own, which needs no package", () => {
    expect(chosen({ connect: HERE })).toBe("zmtp");
    expect(chosen({ connect: "ipc:///tmp/a", engine: "auto" })).toBe("zmtp");
  });

  test("libzmq for keys, and where Node pads abstract names", () => {
    expect(chosen({ connect: HERE, curve: { secretKey: SECRET, server: true } })).toBe("libzmq");
    expect(chosen({ connect: "ipc://@name" })).toBe(namesAreWhole() ? "zmtp" : "libzmq");
  });

  test("what is named, otherwise", () => {
    expect(chosen({ connect: HERE, engine: "libzmq" })).toBe("libzmq");
  });
});

describe("engine - the package", () => {
  const absent = (name: string) => () =>
    Promise.reject(Object.assign(new Error(`Cannot find package '${name}'`), { code: "ERR_MODULE_NOT_FOUND" }));

  test("is missing - the error names the command", async () => {
    const loading = loadEngine("libzmq", "ZmqListener", absent("zeromq"));
    await expect(loading).rejects.toThrow(MissingPackageError);
    await expect(loading).rejects.toThrow(
      'ZmqListener: the package "zeromq" is not installed; run: npm install zeromq',
    );
  });

  test("is there and does not load - is another error", async () => {
    const loading = loadEngine("libzmq", "ZmqListener", absent("cmake-ts"));
    await expect(loading).rejects.toThrow(
      /the package "zeromq" does not load: Cannot find package 'cmake-ts'; install/,
    );
  });
});
