/* Which clusters lie beside a cluster, by the doubts about its clips. */

export interface Neighbour {
  cluster: number;
  /** Clips of the cluster whose second choice is this one. */
  second: number;
  /** Clips of the cluster that video alone, or audio alone, puts here. */
  video: number;
  audio: number;
}

interface Columns {
  second: Int16Array | null;
  video: Int16Array | null;
  audio: Int16Array | null;
}

/** The clusters with the most doubts, most first. `into` says what became of a cluster of the columns. */
export function neighbours(
  cluster: number, rows: Int32Array, columns: Columns, into: (cluster: number) => number = (one) => one, most = 5,
): Neighbour[] {
  const found = new Map<number, Neighbour>();
  for (const kind of ["second", "video", "audio"] as const) {
    const column = columns[kind];
    if (!column) continue;
    for (const row of rows) {
      const other = into(column[row]!);
      if (other < 0 || other === cluster) continue;
      let one = found.get(other);
      if (!one) found.set(other, (one = { cluster: other, second: 0, video: 0, audio: 0 }));
      one[kind]++;
    }
  }
  const doubts = (one: Neighbour) => one.second + one.video + one.audio;
  return [...found.values()].sort((a, b) => doubts(b) - doubts(a) || a.cluster - b.cluster).slice(0, most);
}
