import type { Channel } from "amqplib";
import { text } from "../../errors.ts";
import type { Link } from "./link.ts";

/** Is how a queue was made. */
export interface QueueFacts {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Its arguments by their native names; without those that policies set. */
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
  /** False where not all could be learnt. */
  readonly isWhole: boolean;
}

/** A queue has fewer arguments; each costs one question. */
const MOST_QUESTIONS = 24;
const DIFFERENCE =
  /inequivalent arg '([^']+)'.*?received (?:none|'.*?'|the value .*?) but current is (none|'[^']*'|the value '?(.*?)'? of type '?(\w+)'?)/s;

/**
 * Learns how a queue was made, which the protocol does not tell: a declaration that is not equal is refused with the
 * first difference. The queue has to be there, and stays as it is.
 */
export async function queueArguments(link: Link, name: string): Promise<QueueFacts> {
  const facts: { durable: boolean; autoDelete: boolean; arguments: Record<string, string | number | boolean> } = {
    durable: true,
    autoDelete: false,
    arguments: {},
  };
  for (let asked = 0; asked < MOST_QUESTIONS; asked += 1) {
    const said = await refusal(link, name, facts);
    if (said === undefined) return { ...facts, isWhole: true };
    const found = DIFFERENCE.exec(said);
    if (found === null || !take(facts, found)) break;
  }
  return { ...facts, isWhole: false };
}

function take(
  facts: { durable: boolean; autoDelete: boolean; arguments: Record<string, string | number | boolean> },
  [, argument = "", current = "", value = "", type = ""]: RegExpExecArray,
): boolean {
  if (argument === "durable") facts.durable = current.includes("true");
  else if (argument === "auto_delete") facts.autoDelete = current.includes("true");
  else if (current === "none" || Object.hasOwn(facts.arguments, argument)) return false;
  else {
    const isNumber = /^-?\d+$/.test(value) && type !== "longstr";
    facts.arguments[argument] = isNumber ? Number(value) : type === "bool" ? value === "true" : value;
  }
  return true;
}

/** Gives what is said against a declaration; undefined where it is equal. */
async function refusal(
  link: Link,
  name: string,
  { durable, autoDelete, arguments: given }: Omit<QueueFacts, "isWhole">,
): Promise<string | undefined> {
  const { channel } = await link.channel();
  if (!(await stillThere(channel, name))) return "is gone";
  try {
    await channel.assertQueue(name, { durable, autoDelete, arguments: { ...given } });
    await channel.close();
    return undefined;
  } catch (error) {
    return text(error);
  }
}

/** A declaration would make one that was deleted meanwhile. */
async function stillThere(channel: Channel, name: string): Promise<boolean> {
  try {
    await channel.checkQueue(name);
    return true;
  } catch {
    return false;
  }
}
