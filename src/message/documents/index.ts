export { readArrayMap } from "./array-map.ts";
export { checkedShape, claimedArray } from "./claimed-array.ts";
export {
  arraysOf,
  type Document,
  type FoundArray,
  readDocument,
  refusePickle,
  takePayload,
} from "./document-reader.ts";
export { arrayOf, DocumentWriter, holdsMark } from "./document-writer.ts";
export { elementType, typeCode } from "./element-type.ts";
export { messageType, runOf, sequenceOf } from "./message-fields.ts";
export { type ArrayForm, markedForm, type PayloadMark, payloadMark } from "./payload-mark.ts";
export { decodedEvent, NO_PAYLOAD, RunInTurn } from "./run-in-turn.ts";
export { RunsWritten } from "./runs-written.ts";
export { documentOf, fieldsOf, withRun } from "./written-fields.ts";
