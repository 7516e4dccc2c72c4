/* The person's corrections: applied at once, kept in this browser, saved as files. They are of the
   selected view alone. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { rowsOf, group } from "../data/clusters.ts";
import { type Corrections, fromFile, parse, toFile } from "../data/corrections.ts";
import * as change from "../data/edits.ts";
import { type Edits, type History, NONE, isEmpty } from "../data/edits.ts";
import { namesTable } from "../data/tables.ts";
import { column, corrected, idOf, isSelected, names, once, rowsOfIds, run } from "./clips.ts";
import { save } from "./save.ts";

const history = signal<History>({ past: [], now: NONE, future: [] });
export const edits = computed(() => history.value.now);
export const canUndo = computed(() => history.value.past.length > 0);
export const canRedo = computed(() => history.value.future.length > 0);
export const edited = computed(() => !isEmpty(edits.value));

/** What to tell of corrections that could not be kept or read. */
export const notice = signal("");

const K = run.views?.[run.selected]?.clusters ?? 0;
const model = computed(() => column<Int16Array>(`cluster-${run.selected}`));
const typical = computed(() => {
  const known = model.value;
  return known ? group(known, column<Uint8Array>(`margin-${run.selected}`), K) : null;
});

function take(next: (edits: Edits, model: Int16Array) => Edits): void {
  const known = model.peek();
  if (known) history.value = change.step(history.value, next(edits.peek(), known));
}

export const undo = () => { history.value = change.undo(history.value); };
export const redo = () => { history.value = change.redo(history.value); };
export const discard = () => { history.value = change.step(history.value, NONE); };

export const renameCluster = (cluster: number, name: string) =>
  take((now) => change.rename(now, cluster, name.trim().split(/\s+/).join(" ").slice(0, 200), run.names[cluster] ?? ""));
export const moveClips = (rows: Iterable<number>, cluster: number) => take((now, of) => change.move(now, rows, cluster, of));
export const mergeClusters = (from: number, into: number) => take((now, of) => change.merge(now, from, into, of));
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

/** Who has put a clip where it is. */
export const byPerson = (row: number): boolean => isSelected.value && edits.value.moved.has(row);
export const tagsOf = (row: number): readonly string[] => edits.value.tags.get(row) ?? [];

const file = (): Corrections | null => {
  const [known, order] = [model.peek(), typical.peek()];
  if (!known || !order) return null;
  return toFile(edits.peek(), {
    title: run.title, head: run.views[run.selected]!.head, clusters: K, model: known, rowsOf: (cluster) => rowsOf(order, cluster), idOf,
  });
};

export function saveCorrections(): void {
  const content = file();
  if (content) save("corrections.json", `${JSON.stringify(content, null, 1)}\n`, "application/json");
}

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
  if (!known) return;
  try {
    const next = fromFile(parse(text), known, rowsOfIds);
    history.value = change.step(history.value, next);
    notice.value = "";
  } catch (error) {
    notice.value = error instanceof Error ? error.message : String(error);
  }
}

/* Pages in files share one storage, so the page's address is part of the key. */
const kept = () => `selavi corrections ${location.pathname}`;

/* Browsers may refuse storage to pages in files; corrections then last until the page is closed. */
function readKept(): string | null {
  try {
    return localStorage.getItem(kept());
  } catch {
    return null;
  }
}

function keep(): void {
  const content = edited.peek() ? file() : null;
  try {
    if (content) localStorage.setItem(kept(), JSON.stringify(content));
    else localStorage.removeItem(kept());
  } catch {
    notice.value = "This browser does not keep the corrections: save them before you close the page.";
  }
}

export function followEdits(): void {
  effect(() => {
    const [now, known] = [edits.value, model.value];
    names.value = { ...run.names, ...now.names };
    const moves = now.moved.size || Object.keys(now.merged).length || Object.keys(now.made).length;
    corrected.value = known && moves ? change.apply(now, known, K) : null;
  });
  const before = readKept();
  const ready = () => typical.value !== null && column("ids") !== null;
  once(ready, () => {
    if (before) openCorrections(before);
    let first = true;
    effect(() => {
      void edits.value;
      if (first) first = false;
      else untracked(keep);
    });
  });
}
