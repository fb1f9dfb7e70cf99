/** Counts the events of one run that came under one topic. */
export interface TopicCount {
  received: number;
  /** What is taken for lost because of gaps, until the run's Stop says how many there were. */
  lost: number;
  droppedUpstream: number;
}

/** Gives the counts of a topic, made when it is new. */
export function topicCount(counts: Map<string, TopicCount>, topic: string): TopicCount {
  let count = counts.get(topic);
  if (count === undefined) {
    count = { received: 0, lost: 0, droppedUpstream: 0 };
    counts.set(topic, count);
  }
  return count;
}
