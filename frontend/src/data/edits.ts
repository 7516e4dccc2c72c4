/* What a person changes about clusters: names, moves, merges, new clusters, tags. Pure functions. */

/** Corrections to the model's clusters. Rows are clips. */
export interface Edits {
  /** Names that were given, by cluster; "" takes the model's name away. */
  names: Readonly<Record<number, string>>;
  /** Into which cluster a cluster goes. */
  merged: Readonly<Record<number, number>>;
  /** Clusters that were split off, with the one they were split from. */
  made: Readonly<Record<number, number>>;
  /** Where a clip goes; -1 for nowhere. */
  moved: ReadonlyMap<number, number>;
  tags: ReadonlyMap<number, readonly string[]>;
}

export const NONE: Edits = { names: {}, merged: {}, made: {}, moved: new Map(), tags: new Map() };

export const isEmpty = (edits: Edits): boolean =>
  ![edits.names, edits.merged, edits.made].some((part) => Object.keys(part).length) && !edits.moved.size && !edits.tags.size;

/** The cluster of each clip after the corrections, and the number of clusters with the new ones. */
export function apply(edits: Edits, model: Int16Array, count: number): { clusters: Int16Array; count: number } {
  const clusters = model.map((cluster) => edits.merged[cluster] ?? cluster);
  for (const [row, cluster] of edits.moved) clusters[row] = cluster;
  return { clusters, count: Math.max(count, ...Object.keys(edits.made).map((cluster) => Number(cluster) + 1)) };
}

/** Whether a cluster is one of the model's or of those that were split off, and not one that went into another. */
export const exists = ({ merged, made }: Edits, cluster: number, count: number): boolean =>
  cluster in made || (cluster < count && !(cluster in merged));

export function rename(edits: Edits, cluster: number, name: string, model: string): Edits {
  const names = { ...edits.names, [cluster]: name };
  if (name === model) delete names[cluster];
  return { ...edits, names };
}

/** Moves clips to a cluster, or out of any with -1. Those that go back are no longer moved. */
export function move(edits: Edits, rows: Iterable<number>, cluster: number, model: Int16Array): Edits {
  const moved = new Map(edits.moved);
  for (const row of rows) {
    const own = model[row]!;
    if ((edits.merged[own] ?? own) === cluster) moved.delete(row);
    else moved.set(row, cluster);
  }
  return { ...edits, moved };
}

/** Puts all of a cluster into another, what was merged or moved there before too. */
export function merge(edits: Edits, from: number, into: number, model: Int16Array): Edits {
  if (from === into) return edits;
  const merged: Record<number, number> = {};
  for (const [cluster, target] of Object.entries(edits.merged)) merged[Number(cluster)] = target === from ? into : target;
  const made = { ...edits.made };
  if (from in made) {
    for (const [cluster, origin] of Object.entries(made)) if (origin === from) made[Number(cluster)] = made[from]!;
    delete made[from];
  } else merged[from] = into;
  delete merged[into];
  const names = { ...edits.names };
  delete names[from];
  const moved = new Map<number, number>();
  for (const [row, cluster] of edits.moved) {
    const target = cluster === from ? into : cluster;
    const own = model[row]!;
    if ((merged[own] ?? own) !== target) moved.set(row, target);
  }
  return { ...edits, merged, made, names, moved };
}

/** Takes a merge back: the clips that the model puts into the cluster are in it again. */
export function unmerge(edits: Edits, cluster: number, model: Int16Array): Edits {
  const merged = { ...edits.merged };
  delete merged[cluster];
  const moved = new Map([...edits.moved].filter(([row, to]) => model[row] !== cluster || to !== cluster));
  return { ...edits, merged, moved };
}

/** Makes a new cluster of some clips; its number is returned beside. */
export function split(edits: Edits, rows: Iterable<number>, from: number, model: Int16Array, count: number): [Edits, number] {
  const cluster = Math.max(count, ...Object.keys(edits.made).map((one) => Number(one) + 1));
  const made = { ...edits.made, [cluster]: from };
  return [move({ ...edits, made }, rows, cluster, model), cluster];
}

/** Adds a tag to clips, or takes it away. */
export function tag(edits: Edits, rows: Iterable<number>, name: string, add: boolean): Edits {
  const tags = new Map(edits.tags);
  for (const row of rows) {
    const others = (tags.get(row) ?? []).filter((one) => one !== name);
    const all = add ? [...others, name] : others;
    if (all.length) tags.set(row, all);
    else tags.delete(row);
  }
  return { ...edits, tags };
}

/** The steps that can be undone and done again. */
export interface History {
  past: readonly Edits[];
  now: Edits;
  future: readonly Edits[];
}

const LONGEST = 200;

export const step = ({ past, now }: History, next: Edits): History => ({ past: [...past, now].slice(-LONGEST), now: next, future: [] });
export const undo = (history: History): History =>
  history.past.length
    ? { past: history.past.slice(0, -1), now: history.past.at(-1)!, future: [history.now, ...history.future] }
    : history;
export const redo = (history: History): History =>
  history.future.length
    ? { past: [...history.past, history.now], now: history.future[0]!, future: history.future.slice(1) }
    : history;
