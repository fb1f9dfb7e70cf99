export { Assemble, type AssembledFrame, type AssembleOptions } from "./assemble.ts";
export { AzimuthalIntegration, type Curve, type IntegrationAxes } from "./azimuthal-integration.ts";
export type { AzimuthalOptions } from "./azimuthal-options.ts";
export { Correct, type CorrectedFrame, type CorrectOptions, type Dark } from "./correct.ts";
export type { Sentinel } from "./elements.ts";
export {
  EventHistogram,
  type EventHistogramOptions,
  type Histogram,
  type HistogramMetadata,
} from "./event-histogram.ts";
export { FrameStatistics, type FrameStatisticsOptions, type Statistics } from "./frame-statistics.ts";
export type { Geometry, Unit } from "./geometry.ts";
export type { HistogramAxis } from "./histogram-axis.ts";
export { HitFinder, type HitFinderOptions, type JudgedFrame } from "./hit-finder.ts";
export { type FrameWithoutHotPixels, HotPixels, type HotPixelsOptions } from "./hot-pixels.ts";
export {
  type JoinedEvent,
  type JoinedPart,
  type JoinOptions,
  joinBy,
} from "./join-by.ts";
export type { JoinCounts } from "./join-counts.ts";
export type { JoinedStreams, JoinKey } from "./join-streams.ts";
export { type Cut, LineCut, type LineCutOptions } from "./line-cut.ts";
export type { ModulePlace } from "./module-layout.ts";
export { type FrameWithPeaks, PeakFinder, type PeakFinderOptions } from "./peak-finder.ts";
export type { Peak } from "./peaks.ts";
export type { PixelMap } from "./pixel-map.ts";
export { parsePoni } from "./poni.ts";
export { Preview, type PreviewFrame, type PreviewOptions } from "./preview.ts";
export { Rebin, type RebinnedFrame, type RebinOptions } from "./rebin.ts";
export { type RegionStatistics, Regions, type RegionsEvent, type RegionsOptions } from "./regions.ts";
export { Crop, type ReshapedFrame, Rotate } from "./reshape.ts";
export type { Statistic } from "./statistic.ts";
export { Threshold, type ThresholdedFrame, type ThresholdOptions } from "./threshold.ts";
export type { Window } from "./window.ts";
