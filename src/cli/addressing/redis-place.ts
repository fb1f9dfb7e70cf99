import { brokerAddress } from "./broker-address.ts";
import { Query } from "./query.ts";
import type { Asked, StreamPlace } from "./stream-place.ts";

const FORM = "redis://HOST:PORT/STREAM, or redis://HOST:PORT?channel=NAME";

/** Reads `redis://HOST:PORT/[DATABASE/]STREAM` and `redis://HOST:PORT[/DATABASE]?channel=NAME`. */
export function redisPlace(url: string, { command, purpose, waits }: Asked): StreamPlace {
  const { scheme, hosts, userInfo, path, query: text, password, shown, fault } = brokerAddress(command, url, FORM);
  const names = purpose === "publish" ? ["stream", "channel"] : ["stream", "channel", "pattern", "from", "group"];
  const query = new Query(text, names, fault);
  const [first, ...others] = path;
  const hasDatabase = first !== undefined && /^\d+$/.test(first);
  const written = hasDatabase ? others : path;
  if (written.length > 1) throw fault(`has too many parts; write ${FORM}, with %2F for a slash in a name`);
  const stream = query.text("stream") ?? written[0];
  const channels = query.list("channel");
  const patterns = query.list("pattern");
  if (stream !== undefined && channels.length + patterns.length > 0) {
    throw fault("names a stream and a channel; leave one out");
  }
  const options = { url: `${scheme}://${userInfo}${hosts}${hasDatabase ? `/${first}` : ""}` };
  const place = { shown, secrets: password === undefined ? [] : [password] };
  if (stream !== undefined) {
    const from = query.text("from") ?? "newest";
    const group = query.text("group");
    if (purpose === "publish") return { ...place, use: "redis-stream", options: { ...options, stream } };
    const where = from === "newest" || from === "oldest" ? from : { id: from };
    return {
      ...place,
      use: "redis-stream",
      options: { ...options, stream, from: where, ...(group === undefined ? {} : { group }) },
      ...(group === undefined ? {} : { takes: `who reads in the group ${group} takes from its other consumers` }),
    };
  }
  if (purpose === "publish") {
    const [channel] = channels;
    if (channel === undefined) throw fault(`names neither stream nor channel; write ${FORM}`);
    return { ...place, use: "redis", options: { ...options, channel, waitForSubscribers: waits ? 1 : 0 } };
  }
  if (channels.length + patterns.length === 0 && purpose === "read") {
    throw fault(`names neither stream nor channel; write ${FORM}`);
  }
  const wanted = {
    ...(channels.length === 0 ? {} : { channels }),
    ...(patterns.length === 0 ? {} : { patterns }),
  };
  return {
    ...place,
    use: channels.length + patterns.length === 0 ? "redis-stream" : "redis",
    options: { ...options, ...wanted },
  };
}
