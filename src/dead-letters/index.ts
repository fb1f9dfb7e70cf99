export {
  type DeadLetter,
  DeadLetterIds,
  type DeadLetterSummary,
  type FailedStep,
  type LetterError,
  type LetterFacts,
  letterError,
} from "./dead-letter.ts";
export type { DeadLetterStore } from "./dead-letter-store.ts";
export { FileStore, type FileStoreOptions } from "./file-store.ts";
export { MemoryStore } from "./memory-store.ts";
