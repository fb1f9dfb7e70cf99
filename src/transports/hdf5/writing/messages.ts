import { BytesOut } from "../format/bytes-out.ts";
import { type ElementForm, writeForm } from "../format/element-form.ts";
import { MESSAGE } from "../format/message-types.ts";
import type { HeaderMessage } from "./object-header.ts";

const MAX_U64 = undefined;

/** Names a filter of chunks and its parameters. */
export interface ChunkFilter {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly number[];
}

/** Says how many rows there are, each of a shape. */
export function dataspace(shape: readonly number[], canGrow: boolean): HeaderMessage {
  const out = new BytesOut()
    .u8(2)
    .u8(shape.length)
    .u8(canGrow ? 1 : 0)
    .u8(shape.length === 0 ? 0 : 1);
  for (const length of shape) out.u64(length);
  if (canGrow) for (const [axis, length] of shape.entries()) out.u64(axis === 0 ? MAX_U64 : length);
  return { type: MESSAGE.dataspace, body: out.done() };
}

/** Says what the elements are. */
export function datatype(form: ElementForm): HeaderMessage {
  return { type: MESSAGE.datatype, body: writeForm(form) };
}

/** Says what stands where nothing was written. */
export function fillValue(value: Uint8Array): HeaderMessage {
  // Space is taken chunk by chunk; the value is written where it was given.
  return { type: MESSAGE.fill, body: new BytesOut().u8(3).u8(0x2b).u32(value.length).bytes(value).done() };
}

/** Says where the chunks of a dataset are found. */
export function chunkedLayout(root: number | undefined, chunk: readonly number[], elementBytes: number): HeaderMessage {
  const out = new BytesOut()
    .u8(3)
    .u8(2)
    .u8(chunk.length + 1)
    .u64(root);
  for (const length of chunk) out.u32(length);
  return { type: MESSAGE.layout, body: out.u32(elementBytes).done() };
}

/** Says where the elements of a dataset stand that never grows. */
export function contiguousLayout(address: number | undefined, bytes: number): HeaderMessage {
  return { type: MESSAGE.layout, body: new BytesOut().u8(3).u8(1).u64(address).u64(bytes).done() };
}

/** Says through which filter chunks go. */
export function filterPipeline({ id, name, parameters }: ChunkFilter): HeaderMessage {
  const label = Buffer.from(`${name}\0`, "latin1");
  const out = new BytesOut().u8(2).u8(1).u16(id).u16(label.length).u16(1).u16(parameters.length).bytes(label);
  for (const parameter of parameters) out.u32(parameter);
  return { type: MESSAGE.filters, body: out.done() };
}

/** Makes an attribute. */
export function attribute(
  name: string,
  form: ElementForm,
  shape: readonly number[],
  content: Uint8Array,
): HeaderMessage {
  const label = Buffer.from(`${name}\0`);
  const type = writeForm(form);
  const space = dataspace(shape, false).body;
  const out = new BytesOut().u8(3).u8(0).u16(label.length).u16(type.length).u16(space.length).u8(1);
  return { type: MESSAGE.attribute, body: out.bytes(label).bytes(type).bytes(space).bytes(content).done() };
}

/** Names an object of a group. */
export function link(name: string, address: number): HeaderMessage {
  const label = Buffer.from(name);
  return {
    type: MESSAGE.link,
    body: new BytesOut().u8(1).u8(0x11).u8(1).u16(label.length).bytes(label).u64(address).done(),
  };
}

/** Says that the links of a group stand in its header. */
export const LINKS_IN_HEADER: readonly HeaderMessage[] = [
  { type: MESSAGE.linkInfo, body: new BytesOut().u8(0).u8(0).u64(undefined).u64(undefined).done() },
  { type: MESSAGE.groupInfo, body: new BytesOut().u8(0).u8(0).done() },
];
