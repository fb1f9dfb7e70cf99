export { AzimuthalIntegration } from "arroyojs/reduction";
