import type { SocketSettings } from "../socket.ts";
import { AnsweringPattern } from "./answering-pattern.ts";
import { AskingPattern } from "./asking-pattern.ts";
import { ZMTP_BOUNDS } from "./bounds.ts";
import { DealingPattern } from "./dealing-pattern.ts";
import { GatheringPattern } from "./gathering-pattern.ts";
import type { SocketType } from "./handshake.ts";
import type { InboxBounds } from "./inbox.ts";
import type { Pattern, PatternNews } from "./pattern.ts";
import { PublishingPattern } from "./publishing-pattern.ts";
import { RoutingPattern, type RoutingRules } from "./routing-pattern.ts";

/** Makes a socket of any type. */
export function patternOf(
  type: SocketType,
  settings: SocketSettings & InboxBounds,
  rules: RoutingRules,
  news: PatternNews,
): Pattern {
  switch (type) {
    case "PUSH":
    case "DEALER":
    case "PAIR":
      return new DealingPattern(type, settings, ZMTP_BOUNDS, news);
    case "PULL":
    case "SUB":
    case "XSUB":
      return new GatheringPattern(type, settings, ZMTP_BOUNDS, news);
    case "PUB":
    case "XPUB":
      return new PublishingPattern(type, settings, ZMTP_BOUNDS, news);
    case "REQ":
      return new AskingPattern(settings, ZMTP_BOUNDS, news);
    case "REP":
      return new AnsweringPattern(settings, ZMTP_BOUNDS, news);
    case "ROUTER":
      return new RoutingPattern(rules, settings, ZMTP_BOUNDS, news);
  }
}
