/* The person's corrections: applied at once, kept in this browser, saved as files. They are of the
   selected view alone. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { rowsOf } from "../data/clusters.ts";
import { type Corrections, digest, fromFile, ofClusters, parse, toFile } from "../data/corrections.ts";
import * as change from "../data/edits.ts";
import { type Edits, type History, NONE, isEmpty } from "../data/edits.ts";
import { namesTable } from "../data/tables.ts";
import { clusterCount, column, corrected, grouped, idOf, isSelected, names, once, rowsOfIds, run } from "./clips.ts";
import { type Kept, followKept, keep, kept, setAside } from "./kept.ts";
import { save } from "./save.ts";

const history = signal<History>({ past: [], now: run.corrections ? ofClusters(run.corrections) : NONE, future: [] });
export const edits = computed(() => history.value.now);
export const canUndo = computed(() => history.value.past.length > 0);
export const canRedo = computed(() => history.value.future.length > 0);
export const edited = computed(() => !isEmpty(edits.value));

/** What to tell of corrections that could not be kept or read. */
export const notice = signal("");

const K = run.views?.[run.selected]?.clusters ?? 0;
const model = computed(() => column<Int16Array>(`cluster-${run.selected}`));
const typical = computed(() => grouped(run.selected, model.value, K));

/** Whether what this browser has kept is applied. What is changed before would be lost. */
const begun = signal(false);
export const canEdit = computed(() => isSelected.value && begun.value);

function take(next: (edits: Edits, model: Int16Array) => Edits): void {
  const known = model.peek();
  if (known && begun.peek()) history.value = change.step(history.value, next(edits.peek(), known));
}

export const undo = () => { history.value = change.undo(history.value); };
export const redo = () => { history.value = change.redo(history.value); };
export const discard = () => { history.value = change.step(history.value, NONE); };

export const renameCluster = (cluster: number, name: string) =>
  take((now) => change.rename(now, cluster, [...name.trim().split(/\s+/).join(" ")].slice(0, 200).join(""), run.names[cluster] ?? ""));
export const moveClips = (rows: Iterable<number>, cluster: number) => take((now, of) => change.move(now, rows, cluster, of));
export const mergeClusters = (from: number, into: number) => take((now, of) => change.merge(now, from, into, of));
export const unmergeCluster = (cluster: number) => take((now, of) => change.unmerge(now, cluster, of));
export const tagClips = (rows: Iterable<number>, name: string, add: boolean) => take((now) => change.tag(now, rows, name, add));
export function splitOff(rows: Iterable<number>, from: number): number {
  let made = -1;
  take((now, of) => {
    const [next, cluster] = change.split(now, rows, from, of, K);
    made = cluster;
    return next;
  });
  return made;
}

/** Where the clips of a model's cluster are, which may have been merged into another. */
export const mergedInto = (cluster: number): number => (isSelected.value ? edits.value.merged[cluster] : undefined) ?? cluster;

/** The clusters that clips can go to. */
export const targets = computed(() =>
  [...Array(clusterCount.value).keys()].filter((cluster) => change.exists(edits.value, cluster, K)));

/** Who has put a clip where it is. */
export const byPerson = (row: number): boolean => isSelected.value && edits.value.moved.has(row);
export const tagsOf = (row: number): readonly string[] => edits.value.tags.get(row) ?? [];

const file = (of: Edits = edits.peek()): Corrections | null => {
  const [known, order] = [model.peek(), typical.peek()];
  if (!known || !order) return null;
  return toFile(of, {
    title: run.title, head: run.views[run.selected]!.head, clusters: K, model: known, rowsOf: (cluster) => rowsOf(order, cluster), idOf,
  });
};

export function saveCorrections(): void {
  const content = file();
  if (content) saveText(JSON.stringify(content, null, 1));
}

export const saveText = (text: string): void => save("corrections.json", `${text}\n`, "application/json");

/** Clips of each cluster in names.csv, as many as `selavi name-clusters` lists. */
const LISTED = 12;

export function saveNames(): void {
  const order = typical.peek();
  if (!order) return;
  const clusters = Array.from({ length: K }, (_, cluster) => ({
    cluster, name: names.peek()[cluster] ?? "", clips: [...rowsOf(order, cluster).subarray(0, LISTED)].map(idOf),
  }));
  save("names.csv", namesTable(run.views[run.selected]!.head, clusters), "text/csv");
}

/** Takes the corrections of a file in place of the present ones. */
export function openCorrections(text: string): void {
  const known = model.peek();
  const next = known && begun.peek() && read(text, known);
  if (!next) return;
  history.value = change.step(history.value, next);
  notice.value = "";
}

/** Edits of a file, or null and a notice. */
function read(text: string, known: Int16Array): Edits | null {
  try {
    return fromFile(parse(text), known, K, rowsOfIds);
  } catch (error) {
    notice.value = error instanceof Error ? error.message : String(error);
    return null;
  }
}

const made = digest(JSON.stringify(run.corrections ?? null));

/** Kept under `made`, since a page that is made with other corrections starts with these. */
function keepEdits(): void {
  if (!keep(edited.peek() || run.corrections ? { of: made, text: JSON.stringify(file()) } : null))
    notice.value = "This browser does not keep the corrections: save them before you close the page.";
}

/**
 * Begins with the corrections that this browser has kept. If the page was made again with others,
 * these come first, and a step back leads to the kept ones.
 */
function begin(): void {
  const known = model.peek()!;
  const base = run.corrections ? (read(JSON.stringify(run.corrections), known) ?? NONE) : NONE;
  const before = kept();
  const own = before && read(before.text, known);
  if (before && !own) setAside(before.text);
  const others = own && before.of !== made && JSON.stringify(file(own)) !== JSON.stringify(file(base));
  history.value = { past: others ? [own] : [], now: others ? base : (own ?? base), future: [] };
  if (others) notice.value = "This page was made again with other corrections. “Undo” brings back those that this browser has kept.";
  begun.value = true;
}

/** What the same page has changed in another tab; null if that page was made with other corrections. */
function ofOtherTab(now: Kept | null): Edits | null {
  if (now && now.of !== made) return null;
  return now ? read(now.text, model.peek()!) : NONE;
}

export function followEdits(): void {
  effect(() => {
    const [now, known] = [edits.value, model.value];
    names.value = { ...run.names, ...now.names };
    const moves = now.moved.size || Object.keys(now.merged).length || Object.keys(now.made).length;
    corrected.value = known && moves ? change.apply(now, known, K) : null;
  });
  const ready = () => typical.value !== null && column("ids") !== null;
  once(ready, () => {
    begin();
    let given: Edits | null = edits.peek(); /* what is kept already */
    followKept((now) => {
      given = ofOtherTab(now);
      if (given) history.value = change.step(history.peek(), given);
    });
    effect(() => {
      if (edits.value !== given) untracked(keepEdits);
      given = null;
    });
  });
}
