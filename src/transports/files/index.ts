export type { CaptureFrom } from "./capture/capture-from.ts";
export { CaptureListener, type CaptureListenerOptions } from "./capture/capture-listener.ts";
export {
  CAPTURE_DEFAULTS,
  CapturePublisher,
  type CapturePublisherOptions,
  type CaptureSync,
} from "./capture/capture-publisher.ts";
export { type CaptureDescription, type CapturedRun, describeCapture } from "./capture/describe-capture.ts";
export type { CaptureSpeed } from "./capture/pace.ts";
export type { FileEvent, FileMetadata } from "./watch/files-codec.ts";
export { filesCodec } from "./watch/files-codec.ts";
export { FilesListener, type FilesListenerOptions } from "./watch/files-listener.ts";
