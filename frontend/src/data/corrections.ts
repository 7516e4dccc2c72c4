/* corrections.json: edits as a file, in which clips are named by their ids. */

import { type Edits, NONE } from "./edits.ts";

export const FORMAT = "selavi corrections 1";
/** Clips of a cluster in the file, by which the clusters of another training are matched. */
const MEMBERS = 200;

export interface Corrections {
  format: typeof FORMAT;
  title: string;
  head: number | null;
  clusters: number;
  names: { cluster: number; name: string }[];
  merged: { from: number; into: number }[];
  new: { cluster: number; from: number }[];
  moved: { clip: string; from: number; to: number | null }[];
  tags: { clip: string; tags: string[] }[];
  members: { cluster: number; clips: string[] }[];
}

/** What the file needs to know of the page. */
export interface Source {
  title: string;
  head: number | null;
  clusters: number;
  /** The model's cluster of each clip. */
  model: Int16Array;
  /** Clips of the model's cluster, the most typical first. */
  rowsOf: (cluster: number) => ArrayLike<number>;
  idOf: (row: number) => string;
}

/* Half a character, as a text that was cut may end with, is no valid JSON for other programs. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd");

const numbered = <T>(part: Readonly<Record<number, T>>): [number, T][] =>
  Object.entries(part).map(([cluster, value]) => [Number(cluster), value]);

export function toFile(edits: Edits, source: Source): Corrections {
  const { title, head, clusters, model, rowsOf, idOf } = source;
  const named = new Set<number>();
  const mention = (cluster: number) => { if (cluster >= 0 && cluster < clusters) named.add(cluster); };
  const moved = [...edits.moved].map(([row, to]) => {
    mention(model[row]!);
    mention(to);
    return { clip: idOf(row), from: model[row]!, to: to < 0 ? null : to };
  });
  for (const [cluster] of numbered(edits.names)) mention(cluster);
  for (const part of [edits.merged, edits.made])
    for (const [cluster, other] of numbered(part)) {
      mention(cluster);
      mention(other);
    }
  return {
    format: FORMAT,
    title: wellFormed(title),
    head,
    clusters,
    names: numbered(edits.names).map(([cluster, name]) => ({ cluster, name: wellFormed(name) })),
    merged: numbered(edits.merged).map(([from, into]) => ({ from, into })),
    new: numbered(edits.made).map(([cluster, from]) => ({ cluster, from })),
    moved,
    tags: [...edits.tags].map(([row, tags]) => ({ clip: idOf(row), tags: tags.map(wellFormed) })),
    members: [...named].sort((a, b) => a - b).map((cluster) => ({
      cluster,
      clips: Array.from(rowsOf(cluster)).slice(0, MEMBERS).map(idOf),
    })),
  };
}

const isList = (value: unknown): value is Record<string, unknown>[] =>
  Array.isArray(value) && value.every((one) => typeof one === "object" && one !== null);

/** A short digest of a text, to tell texts apart (FNV-1a, 32 bits). */
export function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** What a file says of clusters; clips are left out. */
export const ofClusters = (file: Corrections): Edits => ({
  ...NONE,
  names: Object.fromEntries(file.names.map(({ cluster, name }) => [cluster, name])),
  merged: Object.fromEntries(file.merged.map(({ from, into }) => [from, into])),
  made: Object.fromEntries(file.new.map(({ cluster, from }) => [cluster, from])),
});

/** Checks a file that a person gives. Throws an error that says what is wrong. */
export function parse(text: string): Corrections {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error("This file is not JSON. Choose a corrections.json of this page.");
  }
  const found = content as Partial<Corrections>;
  if (found?.format !== FORMAT) throw new Error(`This file is not of the format “${FORMAT}”. Choose a corrections.json of this page.`);
  const shape: [keyof Corrections, (one: Record<string, unknown>) => boolean][] = [
    ["names", (one) => whole(one["cluster"]) && typeof one["name"] === "string"],
    ["merged", (one) => whole(one["from"]) && whole(one["into"])],
    ["new", (one) => whole(one["cluster"]) && whole(one["from"])],
    ["moved", (one) => isId(one["clip"]) && whole(one["from"]) && (one["to"] === null || whole(one["to"]))],
    ["tags", (one) => isId(one["clip"]) && isTexts(one["tags"])],
    ["members", (one) => whole(one["cluster"]) && isTexts(one["clips"])],
  ];
  for (const [name, right] of shape) {
    const list = (found as Record<string, unknown>)[name] ??= [];
    if (!isList(list) || !list.every(right)) throw new Error(`This file is damaged: “${name}” is not as selavi writes it.`);
  }
  return found as Corrections;
}

/** New clusters of a file at most. */
const MOST = 10_000;

/** Throws an error if a number is of no cluster, or a cluster goes into one that is merged itself. */
function checkNumbers(file: Corrections, count: number): void {
  const added = new Set(file.new.map(({ cluster }) => cluster));
  const gone = new Set(file.merged.map(({ from }) => from));
  const numbers = [
    ...[...file.names, ...file.members].map(({ cluster }) => cluster), ...file.new.map(({ from }) => from),
    ...file.merged.flatMap(({ from, into }) => [from, into]), ...file.moved.flatMap(({ to }) => to ?? []),
  ];
  const wrong = [...added].find((cluster) => cluster < count || cluster >= count + MOST)
    ?? numbers.find((cluster) => cluster >= count && !added.has(cluster));
  if (wrong !== undefined)
    throw new Error(`These corrections are of other clusters: here is no cluster ${wrong}, only 0 to ${count - 1}. ${ELSEWHERE}`);
  const chained = file.merged.find(({ into }) => gone.has(into));
  if (chained) throw new Error(`This file is damaged: cluster ${chained.from} is merged into ${chained.into}, which is merged itself.`);
}

const whole = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
const isId = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === "string");

const ELSEWHERE = "After another training, give the file to `selavi label --corrections` or the run’s `corrections`, which match the clusters.";

/**
 * Edits of a file, for a page on which these ids are rows.
 *
 * Throws an error if the page has other clusters: its training is another one, and numbers mean
 * other clusters there.
 */
export function fromFile(file: Corrections, model: Int16Array, count: number, rowOf: (ids: string[]) => Map<string, number>): Edits {
  checkNumbers(file, count);
  const ids = new Set<string>();
  for (const { clip } of [...file.moved, ...file.tags]) ids.add(clip);
  for (const { clips } of file.members) for (const clip of clips) ids.add(clip);
  const rows = rowOf([...ids]);
  for (const { cluster, clips } of file.members) {
    const here = clips.flatMap((clip) => rows.get(clip) ?? []);
    const same = here.filter((row) => model[row] === cluster).length;
    if (clips.length && 2 * same < clips.length)
      throw new Error(
        `These corrections are of other clusters: of ${clips.length} clips of cluster ${cluster}, ${same} are in it here. ` +
        ELSEWHERE,
      );
  }
  const known = <T extends { clip: string }>(list: T[]): [number, T][] =>
    list.flatMap((one) => { const row = rows.get(one.clip); return row === undefined ? [] : [[row, one] as [number, T]]; });
  return {
    ...ofClusters(file),
    moved: new Map(known(file.moved).map(([row, { to }]) => [row, to ?? -1])),
    tags: new Map(known(file.tags).map(([row, { tags }]) => [row, tags])),
  };
}
