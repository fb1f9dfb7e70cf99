export type { From } from "./exchange.ts";
export {
  MEMORY_CHANNEL_DEFAULTS,
  MemoryChannel,
  type MemoryChannelMode,
  type MemoryChannelOptions,
  type MemoryChannelState,
} from "./memory-channel.ts";
export { MemoryListener, type MemoryListenerOptions } from "./memory-listener.ts";
export { MemoryPublisher, type MemoryPublisherOptions } from "./memory-publisher.ts";
