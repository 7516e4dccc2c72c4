/* How clusters of one level divide into those of the next: which clips they share. */

export interface Child {
  cluster: number;
  size: number;
  /** Share of its clips that are in the parent. */
  share: number;
}

/**
 * The clusters of a fine level below each of a coarse one: each below the cluster that has most of
 * its clips, ties by the smaller number. The largest first.
 */
export function divide(coarse: Int16Array, fine: Int16Array, parents: number, children: number): Child[][] {
  const together = Array.from({ length: children }, () => new Int32Array(parents));
  for (let row = 0; row < fine.length; row++)
    if (fine[row]! >= 0 && coarse[row]! >= 0) together[fine[row]!]![coarse[row]!]!++;
  const below: Child[][] = Array.from({ length: parents }, () => []);
  together.forEach((counts, cluster) => {
    const size = counts.reduce((sum, clips) => sum + clips, 0);
    if (!size) return;
    const parent = counts.indexOf(Math.max(...counts));
    below[parent]!.push({ cluster, size, share: counts[parent]! / size });
  });
  for (const list of below) list.sort((a, b) => b.size - a.size || a.cluster - b.cluster);
  return below;
}
