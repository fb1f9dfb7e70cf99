import type { UsageError } from "../../errors.ts";
import { brokerAddress } from "./broker-address.ts";
import { Query } from "./query.ts";
import type { Asked, StreamPlace } from "./stream-place.ts";

const FORM = "amqp://HOST/VHOST/QUEUE, amqp://HOST?exchange=NAME, or amqp://HOST?stream=NAME";

/** Reads `amqp://[USER:PASSWORD@]HOST[:PORT][/VHOST[/QUEUE]]`, with `queue`, `stream`, `exchange` and `key`. */
export function amqpPlace(url: string, { command, purpose }: Asked): StreamPlace {
  const { scheme, hosts, userInfo, path, query: text, password, shown, fault } = brokerAddress(command, url, FORM);
  const names =
    purpose === "publish" ? ["queue", "stream", "exchange", "key"] : ["queue", "stream", "exchange", "key", "from"];
  const query = new Query(text, names, fault);
  const [vhost = "/", ...others] = path;
  if (others.length > 1) throw fault(`has too many parts; write ${FORM}, with %2F for a slash in a name`);
  const queue = query.text("queue") ?? others[0];
  const stream = query.text("stream");
  const exchange = query.text("exchange");
  const keys = query.list("key");
  const named = [queue, stream, exchange].filter((name) => name !== undefined).length;
  if (named > 1) throw fault("names several of queue, stream and exchange; leave all but one out");
  if (named === 0 && purpose !== "examine") throw fault(nothingNamed(path, command));
  if (keys.length > 0 && exchange === undefined)
    throw fault("key: only an exchange looks at it; write exchange=NAME too");
  const options = { url: `${scheme}://${userInfo}${hosts}/${encodeURIComponent(vhost === "" ? "/" : vhost)}` };
  const place = { shown, secrets: password === undefined ? [] : [password] };
  if (exchange !== undefined) {
    if (purpose === "publish") {
      const [key] = keys;
      if (keys.length > 1) throw fault("key stands there twice; a message goes out with one");
      return { ...place, use: "amqp", options: { ...options, exchange, ...(key === undefined ? {} : { key }) } };
    }
    return { ...place, use: "amqp", options: { ...options, exchange, ...(keys.length === 0 ? {} : { keys }) } };
  }
  const from = query.text("from");
  if (stream !== undefined) {
    const target = { ...options, queue: stream, declare: false };
    if (purpose === "publish") return { ...place, use: "amqp", options: target };
    return { ...place, use: "amqp-stream", options: { ...target, from: fromOf(from, fault) } };
  }
  if (from !== undefined) throw fault("from: only a stream is read from a place; write stream=NAME");
  return {
    ...place,
    use: "amqp",
    options: { ...options, ...(queue === undefined ? {} : { queue, declare: false }) },
    takes: "a queue gives each message once: who reads takes it away from the others",
  };
}

function nothingNamed([vhost]: readonly string[], command: string): string {
  if (vhost === undefined) return `names neither queue nor exchange; write ${FORM}`;
  return (
    `the first part of its path is the virtual host, and it names no queue; write arroyo ${command} ` +
    `amqp://HOST/%2F/${encodeURIComponent(vhost)} for a queue of that name, or put ?exchange=NAME behind it`
  );
}

function fromOf(from: string | undefined, fault: (what: string) => UsageError): unknown {
  if (from === undefined || from === "newest" || from === "oldest") return from ?? "newest";
  if (/^\d{1,15}$/.test(from)) return { offset: Number(from) };
  throw fault(`from: expected newest, oldest or an offset, got "${from}"`);
}
