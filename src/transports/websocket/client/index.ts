export { isArray, type LiveArray, type LiveArrays, type LiveDType } from "./live-array.ts";
export type { LiveData, LiveEnvelope, LiveEvent, LiveMessage, LiveStart, LiveStop } from "./messages.ts";
export {
  type ClientEvents,
  type ClientState,
  type WebSocketClass,
  WebSocketClient,
  type WebSocketClientOptions,
  type WebSocketLike,
} from "./websocket-client.ts";
