/* What the clips say of their clusters: sizes, classes, margins, agreement. Pure functions of columns. */

/** The clips of each cluster, the largest margin first. */
export interface Members {
  /** Rows of the clips, by cluster; (N,). */
  order: Int32Array;
  /** Where each cluster begins in `order`; (K + 1,). */
  begins: Int32Array;
}

/**
 * Groups rows by cluster, each group by falling margin, then by row. A counting sort: it takes
 * milliseconds for hundreds of thousands of clips. Clusters of -1 are left out.
 */
export function group(clusters: Int16Array, margins: Uint8Array | null, count: number): Members {
  const rows = clusters.length;
  let byMargin = Int32Array.from({ length: rows }, (_, row) => row);
  if (margins) {
    const starts = new Int32Array(257);
    for (let row = 0; row < rows; row++) starts[256 - margins[row]!]!++;
    for (let value = 0; value < 256; value++) starts[value + 1]! += starts[value]!;
    byMargin = new Int32Array(rows);
    for (let row = 0; row < rows; row++) byMargin[starts[255 - margins[row]!]!++] = row;
  }
  const begins = new Int32Array(count + 1);
  for (const cluster of clusters) if (cluster >= 0) begins[cluster + 1]!++;
  for (let cluster = 0; cluster < count; cluster++) begins[cluster + 1]! += begins[cluster]!;
  const next = begins.slice();
  const order = new Int32Array(begins[count]!);
  for (const row of byMargin) {
    const cluster = clusters[row]!;
    if (cluster >= 0) order[next[cluster]!++] = row;
  }
  return { order, begins };
}

export const rowsOf = ({ order, begins }: Members, cluster: number): Int32Array =>
  order.subarray(begins[cluster], begins[cluster + 1]);

/** A class and its number of clips. */
export type Count = [place: number, clips: number];

export interface Cluster {
  number: number;
  size: number;
  /** Classes of its clips, commonest first. */
  classes: Count[];
  /** Share of the commonest class among the clips with a class; null if none has one. */
  purity: number | null;
  /** Entropy of the classes, in bits; null as above. */
  entropy: number | null;
  /** Mean margin, 0 to 1; null if unknown. */
  margin: number | null;
  /** Mean share of the other heads that agree; null if unknown. */
  heads: number | null;
  /** Share of clips that video alone and audio alone put into the same cluster; null if unknown. */
  modalities: number | null;
}

export interface Columns {
  classes: Int16Array | null;
  margins: Uint8Array | null;
  heads: Uint8Array | null;
  /** Clusters by video alone and by audio alone, of the same head. */
  video: Int16Array | null;
  audio: Int16Array | null;
}

const mean = (rows: Int32Array, column: Uint8Array): number => {
  let sum = 0;
  for (const row of rows) sum += column[row]!;
  return sum / 255 / rows.length;
};

export function countClasses(rows: Int32Array | number[], classes: Int16Array): Count[] {
  const counts = new Map<number, number>();
  for (const row of rows) {
    const place = classes[row]!;
    if (place >= 0) counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/** Share of the rows to which both give the same cluster, among those to which both give one; null if there are none. */
export function shareSame(first: Int16Array, second: Int16Array, rows: Iterable<number>): number | null {
  let [same, both] = [0, 0];
  for (const row of rows) {
    if (first[row]! < 0 || second[row]! < 0) continue;
    both++;
    if (first[row] === second[row]) same++;
  }
  return both ? same / both : null;
}

export function describe(number: number, rows: Int32Array, columns: Columns): Cluster {
  const { classes, margins, heads, video, audio } = columns;
  const counts = classes ? countClasses(rows, classes) : [];
  const labelled = counts.reduce((sum, [, clips]) => sum + clips, 0);
  return {
    number,
    size: rows.length,
    classes: counts,
    purity: counts[0] ? counts[0][1] / labelled : null,
    entropy: counts[0]
      ? Math.abs(counts.reduce((sum, [, n]) => sum - (n / labelled) * Math.log2(n / labelled), 0))
      : null,
    margin: margins && rows.length ? mean(rows, margins) : null,
    heads: heads && rows.length ? mean(rows, heads) : null,
    modalities: video && audio ? shareSame(video, audio, rows) : null,
  };
}

/** Every cluster, empty ones included. */
export function describeAll(members: Members, columns: Columns): Cluster[] {
  return Array.from({ length: members.begins.length - 1 }, (_, number) =>
    describe(number, rowsOf(members, number), columns));
}

/**
 * Rows to show of a cluster, in few places: the first half from the front, the others evenly spaced
 * over the rest, so that doubtful clips are seen too.
 */
export function sample(rows: Int32Array, count: number): number[] {
  if (rows.length <= count) return [...rows];
  const top = Math.ceil(count / 2);
  const spaced = count - top;
  const rest = rows.length - top;
  const picked = [...rows.subarray(0, top)];
  for (let i = 1; i <= spaced; i++) picked.push(rows[top + Math.floor((i * rest) / spaced) - 1]!);
  return picked;
}
