import { anyMap, either, list, object, oneOrMore, record } from "../map-shape.ts";
import { choice, type Fields, field, flag, required, secret, text, whole } from "../shape.ts";
import { CODEC, EXPECT, LIMITS, STREAM, TOPIC } from "./messages.ts";

const ADDRESS = oneOrMore(text("tcp://127.0.0.1:5555"));
const KEY = secret("the 40 characters of a key");

const COMMON: Fields = {
  connect: field(ADDRESS, "Addresses to connect to: tcp://HOST:PORT, ipc:///PATH, inproc://NAME"),
  bind: field(ADDRESS, "Addresses to bind to; * for all interfaces or a free port"),
  engine: field(choice("auto", "zmtp", "libzmq"), "The implementation of ZeroMQ; default auto"),
  codec: CODEC,
  curve: field(
    object({
      publicKey: field(KEY, "This side's public key (Z85)"),
      secretKey: field(KEY, "This side's secret key (Z85); take it from a file: !file PATH"),
      serverKey: field(KEY, "The public key of the other side (Z85)"),
      server: field(flag(), "Whether this side is the server of CURVE"),
      allow: field(list(KEY, "[KEY, KEY]"), "The public keys of the clients that may connect"),
    }),
    "Keys for encryption and authentication",
  ),
  plain: field(
    object({
      username: field(text("reduce"), "This side's name"),
      password: field(secret("a password"), "Its password; take it from a file: !file PATH"),
      users: field(record(secret("a password")), "For the server: the passwords of those who may connect, by name"),
    }),
    "A name and a password, in the clear; not beside curve",
  ),
  maxBytes: field(whole(1), "Bytes that may wait in the socket for each peer; default 64 MB"),
  messageBytes: field(whole(1), "The size of a message, for libzmq; default 65536"),
  heartbeatMs: field(whole(0), "Milliseconds between two signs of life of the connection; default 0, none"),
  reconnectMaxMs: field(whole(1), "The longest pause between two attempts to connect, in ms; default 5000"),
  readInPlace: field(flag(), "False reads large frames by the common events of Node; default true"),
  strict: field(flag(), "Refuses addresses that anybody on the network can reach, without curve; default false"),
};

/** The options of a ZMQ listener. */
export const ZMQ_LISTENER: Fields = {
  ...COMMON,
  socket: field(
    choice("sub", "pull", "req"),
    "sub gets everything of its topics, pull shares with others, req asks for each message; default sub",
  ),
  ask: field(text("next"), "The question to which each message is the answer, for req; default next"),
  answerTimeoutMs: field(whole(0), "How long an answer is waited for, in ms, 0 for any time, for req; default 60000"),
  dispatcher: field(
    object({
      url: required(text("https://dispatcher.example.org/sf"), "Its address; it is asked at URL/stream"),
      channels: required(list(either({ scalar: text("a channel"), map: anyMap }), "[ONE, TWO]"), "Names of channels"),
      request: field(anyMap, "More for the dispatcher, as it has it"),
      headers: field(record(secret("a text")), "More headers of the request"),
      timeoutMs: field(whole(1), "How long an address, and a connection to it, may take, in ms; default 10000"),
    }),
    "Asks a dispatcher for a stream of channels, instead of connect and bind",
  ),
  topics: field(list(text("image"), "[image, status]"), "Beginnings of the topics to read; default everything"),
  expect: EXPECT,
  limits: LIMITS,
  reuseBuffers: field(
    flag(),
    "True uses the memory of large frames again once their message is settled; default only where nobody keeps one",
  ),
};

/** The options of a ZMQ publisher. */
export const ZMQ_PUBLISHER: Fields = {
  ...COMMON,
  socket: field(choice("pub", "push"), "pub sends everything to everybody, push deals out; default pub"),
  topic: TOPIC,
  stream: STREAM,
  waitForSubscribers: field(whole(0), "How many subscribers are waited for at the start; default 0"),
  lingerMs: field(whole(0), "How long what was sent may still leave at the end, in ms; default 5000"),
};
