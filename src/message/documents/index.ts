export { readArrayMap } from "./array-map.ts";
export { AsReceived } from "./as-received.ts";
export { checkedShape, claimedArray, turnedRound } from "./claimed-array.ts";
export { type CompressedClaim, compressedArray } from "./compressed-array.ts";
export {
  arraysOf,
  type Document,
  type FoundArray,
  readDocument,
  refusePickle,
  takePayload,
} from "./document-reader.ts";
export { arrayOf, DocumentWriter, holdsMark } from "./document-writer.ts";
export { type ElementType, elementType, typeCode } from "./element-type.ts";
export { readJsonObject, readJsonPart } from "./json-part.ts";
export { messageType, runOf, sequenceOf } from "./message-fields.ts";
export { named, within } from "./named.ts";
export { NumberedStreams } from "./numbered-streams.ts";
export { OpenRun } from "./open-run.ts";
export { type ArrayForm, markedForm, type PayloadMark, payloadMark } from "./payload-mark.ts";
export { decodedEvent, NO_PAYLOAD, RunInTurn } from "./run-in-turn.ts";
export { RunsWritten } from "./runs-written.ts";
export { scalarBytes } from "./scalar-bytes.ts";
export { documentOf, fieldsOf, withRun } from "./written-fields.ts";
