/* Clusters of several levels: how those of one divide into those of the next, and what each looks like. */

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

/** What stands for a cluster where there is little room. */
export interface Face {
  /** The clip with a picture that has the largest margin, -1 for none. */
  row: number;
  /** The commonest class, -1 for none. */
  kind: number;
}

export function facesOf(
  clusters: Int16Array, count: number, media: Uint8Array, margins: Uint8Array | null, classes: Int16Array | null, kinds: number,
): Face[] {
  const faces: Face[] = Array.from({ length: count }, () => ({ row: -1, kind: -1 }));
  const counts = classes ? Array.from({ length: count }, () => new Int32Array(kinds)) : [];
  for (let row = 0; row < clusters.length; row++) {
    const cluster = clusters[row]!;
    if (cluster < 0) continue;
    const face = faces[cluster]!;
    if (media[row]! > 0 && (face.row < 0 || (margins && margins[row]! > margins[face.row]!))) face.row = row;
    if (classes && classes[row]! >= 0) counts[cluster]![classes[row]!]!++;
  }
  counts.forEach((of, cluster) => {
    const most = Math.max(...of);
    if (most > 0) faces[cluster]!.kind = of.indexOf(most);
  });
  return faces;
}
