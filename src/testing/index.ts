export { type CodecSubject, codecSuite } from "./conformance/codec.ts";
export type { Cannot, ConformanceCase } from "./conformance/conformance-case.ts";
export { type ListenerSource, type ListenerSubject, listenerSuite } from "./conformance/listener.ts";
export { oneOfEverything } from "./conformance/one-of-everything.ts";
export { type PublisherSubject, type PublisherTarget, publisherSuite } from "./conformance/publisher.ts";
export { type Recorded, RecordingInlet } from "./conformance/recording-inlet.ts";
export { type Driven, drive } from "./drive.ts";
export { VirtualClock } from "./virtual-clock.ts";
