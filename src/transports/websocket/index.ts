export type { ClientOverflow } from "./client-queue.ts";
export type { WebSocketServerTls } from "./door.ts";
export type { WebSocketClientTls } from "./link.ts";
export type { WebSocketClientState } from "./served-client.ts";
export type { TiledNode } from "./tiled-node.ts";
export { WebSocketListener, type WebSocketListenerOptions } from "./websocket-listener.ts";
export { type WebSocketCounts, WebSocketPublisher, type WebSocketPublisherOptions } from "./websocket-publisher.ts";
