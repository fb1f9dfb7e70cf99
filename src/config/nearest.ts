export { insteadOf, nearest } from "../options/nearest.ts";
