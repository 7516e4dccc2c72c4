/* Clusters against classes: how many clips they share, in the order of the classes they match. */

import { assign } from "./hungarian.ts";

/** Clusters against classes. */
export interface Confusion {
  /** Clusters in order, those that match a class first, by the class. */
  clusters: number[];
  /** Classes in order: by number, all of them. */
  classes: number[];
  /** Clips of a cluster and a class. */
  counts: Float64Array[];
  /** Clips with a class, by cluster and by class. */
  ofCluster: Float64Array;
  ofClass: Float64Array;
  /** Clips of the largest pair. */
  most: number;
}

export function confusion(clusters: Int16Array, classes: Int16Array, count: number, kinds: number): Confusion {
  const counts = Array.from({ length: count }, () => new Float64Array(kinds));
  const [ofCluster, ofClass] = [new Float64Array(count), new Float64Array(kinds)];
  let most = 0;
  for (let row = 0; row < clusters.length; row++) {
    const cluster = clusters[row]!;
    const kind = classes[row]!;
    if (cluster < 0 || kind < 0) continue;
    most = Math.max(most, ++counts[cluster]![kind]!);
    ofCluster[cluster]!++;
    ofClass[kind]!++;
  }
  const matched = assign(counts, kinds);
  const commonest = counts.map((of) => of.indexOf(Math.max(...of)));
  const key = (cluster: number) => (matched[cluster]! >= 0 ? matched[cluster]! : commonest[cluster]! + 0.5);
  const order = [...counts.keys()].sort((a, b) => key(a) - key(b) || a - b);
  return { clusters: order, classes: [...Array(kinds).keys()], counts, ofCluster, ofClass, most };
}

export const MEASURES = {
  cluster: "share of the cluster",
  class: "share of the class",
  clips: "number of clips",
} as const;
export type Measured = keyof typeof MEASURES;

/** How dark a cell is, 0 to 1: its share of its row, of its column, or of the largest cell. */
export function shade(table: Confusion, cluster: number, kind: number, by: Measured): number {
  const clips = table.counts[cluster]![kind]!;
  const whole = { cluster: table.ofCluster[cluster]!, class: table.ofClass[kind]!, clips: table.most }[by];
  return clips ? clips / whole : 0;
}

/** Clips of a class that is not the commonest of their cluster. */
export interface Mixture {
  cluster: number;
  kind: number;
  clips: number;
  /** The commonest class of the cluster. */
  commonest: number;
}

/** The largest mixtures first. */
export function mixtures(table: Confusion): Mixture[] {
  const found: Mixture[] = [];
  table.counts.forEach((of, cluster) => {
    const commonest = of.indexOf(Math.max(...of));
    of.forEach((clips, kind) => {
      if (clips && kind !== commonest) found.push({ cluster, kind, clips, commonest });
    });
  });
  return found.sort((a, b) => b.clips - a.clips || a.cluster - b.cluster || a.kind - b.kind);
}
