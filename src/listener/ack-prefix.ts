export { AckPrefix } from "../queue/ack-prefix.ts";
