import { randomUUID } from "node:crypto";
import { brokerAddress } from "./broker-address.ts";
import { Query } from "./query.ts";
import type { Asked, StreamPlace } from "./stream-place.ts";

const FORM = "kafka://HOST:PORT/TOPIC";
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
const COMMIT_MS = 1_000;
const ENDS = { newest: "latest", oldest: "earliest" } as const;

/** Reads `kafka://[USER:PASSWORD@]HOST:PORT[,HOST:PORT]/TOPIC`, with `tls`, `sasl`, and `from` or `group` to read. */
export function kafkaPlace(url: string, { command, purpose }: Asked): StreamPlace {
  const { hosts, username, password, path, query: text, shown, fault } = brokerAddress(command, url, FORM);
  const names = purpose === "publish" ? ["tls", "sasl"] : ["tls", "sasl", "from", "group"];
  const query = new Query(text, names, fault);
  const [topic, ...others] = path;
  if (others.length > 0) throw fault(`a topic has no slash in its name; write ${FORM}`);
  if (topic === undefined && purpose !== "examine") throw fault(`names no topic; write ${FORM}`);
  const mechanism = query.oneOf("sasl", MECHANISMS) ?? "plain";
  const brokers = hosts.split(",").map((host) => (/:\d+$/.test(host) ? host : `${host}:9092`));
  const options = {
    brokers,
    clientId: `arroyo-${command}`,
    ...(topic === undefined ? {} : { topic }),
    ...(query.flag("tls") ? { tls: true } : {}),
    ...(username === undefined ? {} : { sasl: { mechanism, username, password: password ?? "" } }),
  };
  const place = { shown, secrets: password === undefined ? [] : [password] };
  if (purpose === "publish") return { ...place, use: "kafka", options };
  const groupId = query.text("group");
  const from = query.oneOf("from", ["newest", "oldest"]);
  const takes = `who reads in the group ${groupId} takes from its other members`;
  if (purpose === "examine") {
    return { ...place, use: "kafka", options: { ...options, ...(groupId === undefined ? {} : { groupId }) } };
  }
  if (groupId !== undefined) {
    const begin = from === undefined ? {} : { from: ENDS[from] };
    return { ...place, use: "kafka", options: { ...options, groupId, ...begin }, takes };
  }
  // A group of its own, which is deleted at the end. Who records goes on behind a lost connection where it was.
  const commits = command === "look" ? {} : { commitMs: COMMIT_MS };
  const own = { groupId: `arroyo-${command}-${randomUUID()}`, from: ENDS[from ?? "newest"], ...commits };
  return { ...place, use: "kafka-watch", options: { ...options, ...own } };
}
