/** Counts what did not come: lost on the way, or left out on purpose before it. */
export interface Missed {
  lost: number;
  droppedUpstream: number;
}

/** Counts the events of one run under one topic; what is missing is a guess by gaps until the run's Stop says more. */
export interface TopicCount extends Missed {
  received: number;
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
