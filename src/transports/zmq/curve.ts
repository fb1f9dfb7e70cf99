import { UsageError } from "../../errors.ts";
import { checkNames } from "../../options/option-check.ts";

/**
 * Encrypts connections with CurveZMQ. Keys are texts of 40 characters (Z85), as `curveKeyPair()` of the package `zeromq`
 * or `zmq_curve_keypair` make them. One side is the server, whichever of the two binds.
 */
export type ZmqCurve = ZmqCurveClient | ZmqCurveServer;

/** Makes this side a client of CURVE. */
export interface ZmqCurveClient {
  /** This side's public key. Native name: ZMQ_CURVE_PUBLICKEY. */
  readonly publicKey: string;
  /** This side's secret key; it is never shown. Native name: ZMQ_CURVE_SECRETKEY. */
  readonly secretKey: string;
  /** The public key of the other side. Native name: ZMQ_CURVE_SERVERKEY. */
  readonly serverKey: string;
  readonly server?: false;
}

/** Makes this side the server of CURVE. */
export interface ZmqCurveServer {
  /** This side's secret key; it is never shown. Native name: ZMQ_CURVE_SECRETKEY. */
  readonly secretKey: string;
  /** Native name: ZMQ_CURVE_SERVER. */
  readonly server: true;
  /**
   * The public keys of the clients that may connect. Absent: every client that knows this server's public key. Native
   * name: a ZAP handler.
   */
  readonly allow?: readonly string[];
}

const Z85 = /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Checks keys without ever quoting one. */
export function readCurve(subject: string, curve: unknown): ZmqCurve | undefined {
  if (curve === undefined) return undefined;
  if (typeof curve !== "object" || curve === null) {
    throw new UsageError(`${subject}: curve: expected an object of keys; see ZmqCurve`);
  }
  const given = curve as Readonly<Record<string, unknown>>;
  const isServer = given["server"] === true;
  const names = isServer ? ["secretKey", "server", "allow"] : ["publicKey", "secretKey", "serverKey", "server"];
  checkNames(`${subject}: curve`, given, names);
  const keys = isServer ? ["secretKey"] : ["publicKey", "secretKey", "serverKey"];
  for (const name of keys) checkKey(subject, `curve.${name}`, given[name]);
  if (!isServer || given["allow"] === undefined) return curve as ZmqCurve;
  const allow = given["allow"];
  if (!Array.isArray(allow) || allow.length === 0) {
    throw new UsageError(`${subject}: curve.allow: expected a list of public keys; leave it out to let every key in`);
  }
  for (const [index, key] of allow.entries()) checkKey(subject, `curve.allow[${index}]`, key);
  return curve as ZmqCurve;
}

function checkKey(subject: string, name: string, key: unknown): void {
  if (typeof key === "string" && Z85.test(key)) return;
  const got = typeof key === "string" ? `${key.length} characters, or others than Z85 has` : typeof key;
  throw new UsageError(`${subject}: ${name}: expected a key of 40 characters (Z85), got ${got}`);
}

/** Gives the 32 bytes of a key that was checked. */
export function keyBytes(key: string): Buffer {
  const bytes = Buffer.alloc(32);
  for (let group = 0; group < 8; group += 1) {
    let value = 0;
    for (let digit = 0; digit < 5; digit += 1) value = value * 85 + DIGITS.indexOf(key[group * 5 + digit] as string);
    bytes.writeUInt32BE(value % 0x1_0000_0000, group * 4);
  }
  return bytes;
}
