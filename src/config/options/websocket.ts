import { anyOf, list, object, record } from "../map-shape.ts";
import { choice, type Fields, field, flag, required, secret, text, whole } from "../shape.ts";
import { CODEC, EXPECT, STREAM, textOrFunction } from "./messages.ts";

const TOKEN = secret("a token");
const PEM = secret("a text in PEM");
const PING_MS = field(whole(0), "Milliseconds between two pings, 0 for none; default 15000");
const CERTIFICATE: Fields = {
  cert: field(PEM, "The certificate, in PEM: !file PATH"),
  key: field(PEM, "Its key, in PEM: !file PATH"),
  passphrase: field(secret("a password"), "The password of the key"),
};

/** The options of a WebSocket listener. */
export const WEBSOCKET_LISTENER: Fields = {
  url: required(text("ws://127.0.0.1:8080"), "The address of the other side: ws://HOST:PORT/PATH or wss://"),
  codec: CODEC,
  protocols: field(list(text("arroyo.native"), "[arroyo.native]"), "Subprotocols to offer; default that of the codec"),
  token: field(TOKEN, "The token of the other side; take it from a file: !file PATH"),
  headers: field(record(secret("a text")), "More headers for the handshake"),
  tls: field(
    object({ ca: field(PEM, "The authorities to trust, in PEM: !file PATH"), ...CERTIFICATE }),
    "For wss://, where the system's authorities are not meant",
  ),
  expect: EXPECT,
  maxMessageBytes: field(whole(1), "A larger message ends the connection; default the block's limit"),
  tiled: field(
    object({
      path: required(text("scan/primary/image"), "The keys that lead to the node"),
      apiKey: field(secret("a key"), "The key that the server knows; take it from a file: !file PATH"),
      start: field(
        anyOf(whole(0), choice("new")),
        "The first number to read of those that the server kept, or new; default 0, all of them",
      ),
      envelope: field(choice("msgpack", "json"), "The form of the messages; default msgpack"),
    }),
    "Reads the stream of a node of a Tiled server at url; with codec: tiled",
  ),
  endOnClose: field(flag(), "Whether the source ends when the other side closes normally; default only with tiled"),
  pingMs: PING_MS,
  connectTimeoutMs: field(whole(1), "How long connecting may take, in ms; default 10000"),
};

/** The options of a WebSocket publisher. */
export const WEBSOCKET_PUBLISHER: Fields = {
  port: required(whole(0, 65_535), "The port; 0 takes a free one"),
  host: field(text("127.0.0.1"), "The address to listen on; default 127.0.0.1, 0.0.0.0 for everybody"),
  path: field(text("/live"), "The path that clients ask for; default /"),
  token: field(TOKEN, "What every client must show; take it from a file: !file PATH"),
  origins: field(list(text("https://beamline.example"), '["*"]'), "Origins of the web pages that may connect"),
  tls: field(
    object({ ...CERTIFICATE, cert: required(PEM, "In PEM: !file PATH"), key: required(PEM, "In PEM: !file PATH") }),
    "Key and certificate, for wss://",
  ),
  overflow: field(
    choice("latest", "drop-oldest", "drop-newest"),
    "What is left out for a client that does not keep up; default latest",
  ),
  maxMessages: field(whole(1), "Messages that may wait for one client; default 1000"),
  maxBytes: field(whole(1), "Bytes that may wait for one client; default 16 MiB"),
  intervalMs: field(whole(0), "With latest: the shortest time between two rounds, in ms; default 30"),
  maxClients: field(whole(1), "Clients at the same time; default 100"),
  waitForClients: field(whole(0), "How many clients are waited for at the start; default 0"),
  newestBy: field(
    textOrFunction("kind"),
    "With latest: a key of the metadata that tells kinds apart, or a function: { use: ./file.ts#name }",
  ),
  stream: STREAM,
  codec: { ...CODEC, about: "The form of the bytes for clients that name no subprotocol; default json" },
  pingMs: PING_MS,
  lingerMs: field(whole(0), "How long what was published may still leave at the end, in ms; default 2000"),
};
