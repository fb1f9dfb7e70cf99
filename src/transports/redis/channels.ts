import { UsageError } from "../../errors.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { shown } from "../../options/option-check.ts";

/** Stands between a channel and a topic: events with the topic `roi` of the channel `scan` go out on `scan!roi`. */
const SEPARATOR = "!";

/** Names the channel of an event; Starts and Stops go out on the channel itself. */
export function channelOf(channel: string, topic: string): string {
  return topic === "" ? channel : `${channel}${SEPARATOR}${topic}`;
}

/** Gives the topic of what came on a channel. */
export function topicOf(channel: Buffer): Buffer {
  const at = channel.indexOf(SEPARATOR);
  return at < 0 ? channel.subarray(channel.length) : channel.subarray(at + SEPARATOR.length);
}

/** What a listener subscribes to. */
export interface Subscriptions {
  readonly channels: readonly string[];
  readonly patterns: readonly string[];
}

/** Makes the subscriptions for channels, with all of their topics or those with some beginnings, and for patterns. */
export function subscriptions(
  channels: readonly string[],
  patterns: readonly string[],
  topics: readonly string[] | undefined,
  hasTopics: boolean,
): Subscriptions {
  if (!hasTopics) return { channels, patterns };
  const ofTopics = channels.flatMap((channel) =>
    (topics ?? [""]).map((topic) => `${escaped(`${channel}${SEPARATOR}${topic}`)}*`),
  );
  return { channels, patterns: [...patterns, ...ofTopics] };
}

/** Gives a list of names, from one or several. */
export function names(subject: string, option: string, value: unknown): readonly string[] {
  const list = value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
  if (list.some((name) => typeof name !== "string" || name === "") || (Array.isArray(value) && list.length === 0)) {
    throw new UsageError(`${subject}: ${option}: expected a name or a list of names, got ${shown(value)}`);
  }
  return [...new Set(list as string[])];
}

/** Refuses a channel that would be taken for the topic of another one. */
export function checkedChannel(subject: string, channel: unknown, hasTopics: boolean): string {
  if (typeof channel !== "string" || channel === "") {
    throw new UsageError(`${subject}: channel: expected a name, got ${shown(channel)}`);
  }
  if (hasTopics && channel.includes(SEPARATOR)) {
    throw new UsageError(
      `${subject}: channel: "${SEPARATOR}" stands before a topic, got ${shown(channel)}; use another name`,
    );
  }
  return channel;
}

/** Gives the beginnings of the topics that a listener asked for, those of Starts and Stops with them. */
export function followed(topics: readonly string[]): readonly string[] {
  return [LIFECYCLE_TOPIC, ...topics];
}

function escaped(pattern: string): string {
  return pattern.replaceAll(/[*?[\]\\^]/g, (sign) => `\\${sign}`);
}
