/* Clips that the person has selected, on whatever page, and files of them. */

import { computed, signal } from "@preact/signals";
import { type Listed, fiftyOne, labelStudio, selectionTable } from "../data/tables.ts";
import { classOf, className, column, idOf, marginOf, nameOf, once, pathOf, run, timesOf } from "./clips.ts";
import { tagsOf } from "./edits.ts";
import { clusterOf } from "./order.ts";
import { save } from "./save.ts";

export const selection = signal<ReadonlySet<number>>(new Set());
export const selecting = signal(false);
export const selected = computed(() => selection.value.size);

let last = -1;

/** Selects a clip or takes it out; with a range, all from the last one on, in the order of the list. */
export function toggle(row: number, range: boolean, list: readonly number[]): void {
  const next = new Set(selection.peek());
  const [from, to] = [list.indexOf(last), list.indexOf(row)];
  if (range && from >= 0 && to >= 0)
    for (const one of list.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(one);
  else if (next.has(row)) next.delete(row);
  else next.add(row);
  last = row;
  selection.value = next;
}

export const selectAll = (rows: Iterable<number>) => { selection.value = new Set([...selection.peek(), ...rows]); };
export function clearSelection(): void {
  selection.value = new Set();
  selecting.value = false;
  last = -1;
}

function listed(): Listed[] {
  return [...selection.peek()].sort((a, b) => a - b).map((row) => {
    const times = timesOf(row);
    const cluster = clusterOf(row);
    const place = classOf(row);
    return {
      id: idOf(row), path: pathOf(row), start: times?.[0] ?? null, end: times?.[1] ?? null,
      cluster: cluster < 0 ? null : cluster, name: cluster < 0 ? "" : nameOf(cluster), class: place < 0 ? "" : className(place),
      margin: marginOf(row), tags: tagsOf(row),
    };
  });
}

export const EXPORTS = {
  csv: { word: "CSV", name: "selection.csv", type: "text/csv", text: selectionTable },
  labelStudio: { word: "Label Studio", name: "label-studio.json", type: "application/json", text: labelStudio },
  fiftyOne: { word: "FiftyOne", name: "fiftyone.json", type: "application/json", text: (clips: Listed[]) => fiftyOne(run.title, clips) },
} as const;

export function saveSelection(kind: keyof typeof EXPORTS): void {
  const { name, type, text } = EXPORTS[kind];
  const needed = ["ids", "paths", "times"].filter((one) => run.columns.includes(one));
  once(() => needed.every((one) => column(one) !== null), () => save(name, text(listed()), type));
}
