/* Which scores stand beside each other, and what they say. Pure functions of the run. */

import type { Baseline, Run, Score, View } from "./run.ts";
import { count, percent, plural } from "./text.ts";

/** A score of this run or of another method. */
export interface Row {
  words: string;
  /** Whether it is chosen without classes; null where nothing is chosen. */
  honest: boolean | null;
  kind: "ours" | "oracle" | "other" | "chance" | "person";
  nmi: number;
  low?: number;
  high?: number;
  accuracy?: number;
}

const METHODS: Record<string, string> = {
  "k-means raw": "k-means on the clips as they are",
  "k-means untrained": "k-means on an untrained network's features",
  "k-means trained": "k-means on this network's features",
  "k-means supervised": "k-means on features of a supervised network",
};

const wordsOf = ({ method }: Baseline) => METHODS[method] ?? method.replace(/^k-means /, "k-means on ");

/** Splits with scores, in the order of the files. */
export const splitsOf = (run: Run): string[] => [...new Set((run.scores ?? []).map((one) => one.split ?? ""))];

const of = (run: Run, split: string, view: View) =>
  (run.scores ?? []).filter((one) => (one.split ?? "") === split && one.modality === view.modality);

/** The scores of a view: of the head selected without classes, or of another that a person looks at. */
export function scoreOf(run: Run, split: string, view: View): Score | undefined {
  const found = of(run, split, view);
  const selected = found.find((one) => one.choice === "agreement");
  if (view.head === null || selected?.head === String(view.head)) return selected;
  return found.find((one) => one.choice === "head" && one.head === String(view.head));
}

const optional = (one: Partial<Score>) => ({
  ...(one.nmi_low !== undefined && one.nmi_high !== undefined ? { low: one.nmi_low, high: one.nmi_high } : {}),
  ...(one.accuracy !== undefined ? { accuracy: one.accuracy } : {}),
});

/** Everything to compare a view with, the best first. */
export function compare(run: Run, split: string, view: View): Row[] {
  const ours = scoreOf(run, split, view);
  const found: Row[] = [];
  const heads = of(run, split, view);
  const selected = heads.find((one) => one.choice === "agreement");
  if (ours) {
    const own = ours === selected;
    found.push({ words: own ? "These clusters" : `Head ${view.head}, which you look at`, honest: own ? true : null, kind: "ours", nmi: ours.nmi, ...optional(ours) });
    if (selected && !own)
      found.push({ words: `Head ${selected.head}, selected without classes`, honest: true, kind: "other", nmi: selected.nmi, ...optional(selected) });
  }
  const after = ours && ours === selected ? run.corrected?.find((one) => one.split === split) : undefined;
  if (after)
    found.push({ words: `After corrections: ${plural(after.changed, "clip")} changed`, honest: null, kind: "person", nmi: after.nmi, ...optional(after) });
  const best = heads.find((one) => one.choice === "oracle");
  if (best && best.head !== ours?.head && best.head !== selected?.head)
    found.push({ words: `Head ${best.head}, the best (oracle)`, honest: false, kind: "oracle", nmi: best.nmi, ...optional(best) });
  const others = (run.baselines ?? []).filter((one) => (one.split ?? "") === split && typeof one.nmi === "number");
  for (const one of others) {
    if (one.method === "chance" || one.modality !== view.modality) continue;
    const oracle = one.choice === "oracle";
    found.push({
      words: wordsOf(one) + (oracle ? " (oracle)" : ""),
      honest: oracle ? false : one.choice ? true : null, kind: oracle ? "oracle" : "other", nmi: one.nmi, ...optional(one),
    });
  }
  const chance = selected?.nmi_chance ?? others.find((one) => one.method === "chance")?.nmi;
  if (chance !== undefined) {
    const [clips, classes] = [selected?.clips ?? run.clips, selected?.classes ?? run.classes.length];
    found.push({
      words: `Chance: ${count(clips)} clips, ${count(view.clusters)} clusters, ${count(classes)} classes`, honest: null, kind: "chance", nmi: chance,
      ...(selected?.accuracy_chance !== undefined ? { accuracy: selected.accuracy_chance } : {}),
    });
  }
  return found.sort((a, b) => b.nmi - a.nmi);
}

/**
 * The best method that looks at no class, in words: better than these clusters, worse, or within
 * the interval. Null if there is nothing to compare with.
 */
export function verdict(rows: Row[]): string | null {
  const ours = rows.find((one) => one.kind === "ours");
  const best = rows.find((one) => one.kind === "other" && !one.words.startsWith("Head "));
  if (!ours || !best) return null;
  const within = ours.low !== undefined && best.nmi >= ours.low && best.nmi <= ours.high!;
  const how = within ? "no clear difference" : best.nmi > ours.nmi ? "better than these clusters" : "worse than these clusters";
  return `The best other method is ${best.words}, with an NMI of ${percent(best.nmi)}: ${how}.`;
}

/** Share of the clips with both clusters that two random clusterings of these sizes put into the same one; null if there are none. */
export function sameByChance(first: Int16Array, second: Int16Array, clusters: number): number | null {
  const [a, b] = [new Float64Array(clusters), new Float64Array(clusters)];
  let both = 0;
  first.forEach((cluster, row) => {
    if (cluster < 0 || second[row]! < 0) return;
    a[cluster]!++;
    b[second[row]!]!++;
    both++;
  });
  return both ? a.reduce((sum, clips, cluster) => sum + clips * b[cluster]!, 0) / both ** 2 : null;
}
