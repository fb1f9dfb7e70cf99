import type { ConsumeMessage } from "amqplib";

/** Stands as the type of a message whose routing key is the topic of its sequence. */
export const KEYED = "arroyo/1 keyed";

/** Gives the frames of a delivery: its body, behind its topic where it has one. */
export function framesOf({ content, fields, properties }: ConsumeMessage, isNative: boolean): readonly Uint8Array[] {
  if (isNative && properties.type === KEYED && fields.routingKey !== "")
    return [Buffer.from(fields.routingKey), content];
  return [content];
}
