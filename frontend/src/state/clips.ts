/* The clips of this page and their clusters, as the person has chosen to see them. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { type Column, load } from "../data/columns.ts";
import { type Cluster, type Members, describeAll, group } from "../data/clusters.ts";
import { type Run, type View, readRun } from "../data/run.ts";
import { Index } from "../data/search.ts";
import { setting } from "./route.ts";

export const run: Run = typeof document === "undefined" ? ({} as Run) : read();

function read(): Run {
  try {
    return readRun(document.getElementById("run")!.textContent);
  } catch (error) {
    document.getElementById("app")!.textContent =
      `${String(error)}. Load the page again; if that does not help, make it again: index.html and page.js are of different versions.`;
    throw error;
  }
}

/** What has gone wrong, for a person to read. */
export const trouble = signal("");

/** Columns that cannot be read. */
const failed = signal<readonly string[]>([]);

/** Whether a column is there or still to come. */
export const expected = (name: string): boolean => run.columns.includes(name) && !failed.value.includes(name);

const columns = new Map<string, ReturnType<typeof signal<unknown>>>();

/** Large columns that the first view does without: they would only make it wait. */
const LATE = new Set(["keys", "paths", "waves", "times", "second", "repeats"]);
let open: () => void;
const firstView = new Promise<void>((resolve) => { open = resolve; });

/** Says that the first view is there. */
export const showLate = (): void => open();

/** A column once it has been loaded, else null. Reading it for the first time loads it. */
export function column<T = Column>(name: string): T | null {
  let held = columns.get(name);
  if (!held) {
    held = signal<unknown>(null);
    columns.set(name, held);
    if (run.columns.includes(name)) {
      const filled = held;
      const wait = LATE.has(name) ? firstView : Promise.resolve();
      wait.then(() => load<T>(name)).then(
        (value) => { filled.value = value; },
        (error: unknown) => {
          failed.value = [...failed.peek(), name];
          trouble.value = error instanceof Error ? error.message : String(error);
        },
      );
    }
  }
  return held.value as T | null;
}

const bytes = (name: string) => column<Uint8Array>(name);
const numbers = (name: string) => column<Int16Array>(name);

export const classed = Boolean(run.classes?.length);
export const modalities = [...new Set((run.views ?? []).map((view) => view.modality))];

/** The position of the view that is shown. */
export const viewNumber = computed(() => {
  const modality = setting("modality") || run.views[run.selected]!.modality;
  const head = setting("head");
  const wanted = head === "" ? run.views[run.selected]!.head : Number(head);
  const found = run.views.findIndex((view) => view.modality === modality && view.head === wanted);
  return found < 0 ? run.selected : found;
});
export const view = computed<View>(() => run.views[viewNumber.value]!);
export const isSelected = computed(() => viewNumber.value === run.selected);

const sibling = (modality: string) =>
  computed(() => {
    const found = run.views.findIndex((one) => one.modality === modality && one.head === view.value.head);
    return found < 0 ? null : numbers(`cluster-${found}`);
  });
export const byVideo = sibling("video");
export const byAudio = sibling("audio");

/** The model's cluster of each clip, in the shown view. */
export const modelClusters = computed(() => numbers(`cluster-${viewNumber.value}`));

/**
 * The cluster of each clip and their number, after corrections. Those are of the selected view.
 */
export const corrected = signal<{ clusters: Int16Array; count: number } | null>(null);
export const clusters = computed(() => (isSelected.value && corrected.value?.clusters) || modelClusters.value);
export const clusterCount = computed(() =>
  isSelected.value && corrected.value ? corrected.value.count : view.value.clusters);

export const margins = computed(() => bytes(`margin-${viewNumber.value}`));
export const classes = computed(() => (classed ? numbers("class") : null));
export const headShares = computed(() => (isSelected.value ? bytes("heads") : null));

/** The clips of each cluster of a view, once its margins are there too. */
export function grouped(view: number, known: Int16Array | null, count: number): Members | null {
  const certain = bytes(`margin-${view}`);
  return known && (certain || !run.columns.includes(`margin-${view}`)) ? group(known, certain, count) : null;
}

/** The clips of each cluster, once loaded. */
export const members = computed(() => grouped(viewNumber.value, clusters.value, clusterCount.value));

/** Number of clips that are in no cluster: without the modality, or taken out. */
export const outside = computed(() => (members.value ? run.clips - members.value.order.length : 0));

/** All clusters, empty ones included, once loaded. */
export const summary = computed<Cluster[] | null>(() => {
  const found = members.value;
  if (!found || (classed && !classes.value)) return null;
  return describeAll(found, {
    classes: classes.value, margins: margins.value, heads: headShares.value,
    video: byVideo.value, audio: byAudio.value,
  });
});

/* Names: of the selected view alone; corrections add to them. */
export const names = signal<Readonly<Record<string, string>>>(run.names ?? {});
export const nameOf = (cluster: number): string => (isSelected.value && names.value[cluster]) || "";
export const titleOf = (cluster: number): string => nameOf(cluster) || `Cluster ${cluster}`;

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

/** The id of a clip, 16 hex digits; "" until loaded. */
export function idOf(row: number): string {
  const ids = bytes("ids");
  let id = "";
  if (ids) for (let place = row * 8; place < row * 8 + 8; place++) id += HEX[ids[place]!]!;
  return id;
}

/** The row of an id, -1 for none. */
export function rowOf(id: string): number {
  const ids = bytes("ids");
  if (!ids || !/^[0-9a-f]{16}$/.test(id)) return -1;
  const wanted = Array.from({ length: 8 }, (_, place) => Number.parseInt(id.slice(2 * place, 2 * place + 2), 16));
  for (let row = 0; row < run.clips; row++) {
    let place = 0;
    while (place < 8 && ids[row * 8 + place] === wanted[place]) place++;
    if (place === 8) return row;
  }
  return -1;
}

/** The rows of ids, of those that the page has. */
export function rowsOfIds(ids: string[]): Map<string, number> {
  const wanted = new Set(ids);
  const found = new Map<string, number>();
  for (let row = 0; wanted.size > found.size && row < run.clips; row++) {
    const id = idOf(row);
    if (wanted.has(id)) found.set(id, row);
  }
  return found;
}

/** What is stored of a clip: 0 nothing, 1 a picture, 2 a picture and the clip. */
export const mediaOf = (row: number): number => bytes("media")?.[row] ?? 0;
export const classOf = (row: number): number => classes.value?.[row] ?? -1;
export const className = (place: number): string => (place < 0 ? "no class" : (run.classes[place] ?? "unknown class"));
export const marginOf = (row: number): number | null => {
  const column = margins.value;
  return column ? column[row]! / 255 : null;
};

/** The key of a clip; "" until loaded. */
export const keyOf = (row: number): string => column<string[]>("keys")?.[row] ?? "";

/** The path of a clip; "" until loaded. */
export function pathOf(row: number): string {
  const paths = column<{ prefix: string; rest: string[] }>("paths");
  return paths ? paths.prefix + paths.rest[row]! : "";
}

/** Start and end of a clip in its file, in seconds; null for a whole file, and until loaded. */
export function timesOf(row: number): [number, number] | null {
  const times = column<Float32Array>("times");
  if (!times || Number.isNaN(times[2 * row])) return null;
  return [times[2 * row]!, times[2 * row + 1]!];
}

/** The clip that this one repeats; null for none, and until loaded. */
export const firstOf = (row: number): number | null => column<Record<string, number>>("repeats")?.[row] ?? null;

/** For search in the keys; null until loaded. */
export const index = computed(() => {
  const keys = column<string[]>("keys");
  return keys ? new Index(keys) : null;
});

/** Runs once, when something has been loaded. */
export function once(ready: () => boolean, then: () => void): void {
  const stop = effect(() => {
    if (!ready()) return;
    queueMicrotask(() => stop());
    untracked(then);
  });
}
