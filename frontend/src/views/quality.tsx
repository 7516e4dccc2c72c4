/* How good the clusters are, in words, with what each figure can and cannot say. */

import { computed } from "@preact/signals";
import type { Cluster } from "../data/clusters.ts";
import type { Baseline, Score } from "../data/run.ts";
import { count, percent } from "../data/text.ts";
import { byAudio, byVideo, headShares, isSelected, run, summary, view } from "../state/clips.ts";
import { Plot, ticks } from "../ui/chart.tsx";

/** A score of this run or of another method, to be drawn in a row. */
interface Row {
  words: string;
  nmi: number;
  low?: number;
  high?: number;
  kind: "ours" | "oracle" | "other";
}

const METHODS: Record<string, string> = {
  "k-means raw": "k-means on the clips as they are",
  "k-means untrained": "k-means on features of an untrained network",
  "k-means trained": "k-means on this network's features",
  "k-means supervised": "k-means on features learnt with classes elsewhere",
};

const honest = computed(() => run.scores?.find((one) => one.modality === view.value.modality && one.choice === "agreement"));
const oracle = computed(() => run.scores?.find((one) => one.modality === view.value.modality && one.choice === "oracle"));

function rows(): Row[] {
  const found: Row[] = [];
  const [ours, best] = [honest.value, oracle.value];
  const interval = (one: Score) => (one.nmi_low === undefined || one.nmi_high === undefined ? {} : { low: one.nmi_low, high: one.nmi_high });
  if (ours) found.push({ words: "These clusters", nmi: ours.nmi, ...interval(ours), kind: "ours" });
  if (best && best.head !== ours?.head) found.push({ words: "The best head by the classes (oracle)", nmi: best.nmi, kind: "oracle" });
  for (const one of run.baselines ?? []) {
    if (one.method === "chance" || one.modality !== view.value.modality) continue;
    if (one.choice === "oracle" && (run.baselines ?? []).some((other) => other.method === one.method && other.modality === one.modality && other.choice === "agreement"))
      continue;
    found.push({ words: METHODS[one.method] ?? one.method, nmi: one.nmi, kind: "other" });
  }
  const chance = ours?.nmi_chance ?? (run.baselines ?? []).find((one: Baseline) => one.method === "chance")?.nmi;
  if (chance !== undefined) found.push({ words: `Chance, for ${count(run.clips)} clips and ${view.value.clusters} clusters`, nmi: chance, kind: "other" });
  return found.sort((a, b) => b.nmi - a.nmi);
}

export function QualityPage() {
  return (
    <>
      <header class="page-head"><h1>How good is this?</h1></header>
      {honest.value ? <Scored /> : null}
      <Unscored />
    </>
  );
}

function Scored() {
  const ours = honest.value!;
  const all = rows();
  const chance = ours.nmi_chance;
  return (
    <section class="panel" aria-labelledby="classes-say">
      <h2 id="classes-say">Against the classes</h2>
      <p class="statement">
        {ours.accuracy !== undefined && <>If each cluster is given the one class that fits best, <b>{percent(ours.accuracy)}</b> of the clips are right
          {ours.accuracy_chance !== undefined && <>; by chance it would be {percent(ours.accuracy_chance)}</>}. </>}
        The clusters and the classes share <b>{percent(ours.nmi)}</b> of their information (NMI)
        {ours.nmi_low !== undefined && ours.nmi_high !== undefined && <>, {percent(ours.nmi_low)} to {percent(ours.nmi_high)} in 95% of resamplings of the clips</>}
        {chance !== undefined && <>; by chance {percent(chance)}</>}.
      </p>
      <Rows all={all} />
      <table class="plain">
        <thead><tr><th scope="col">Clusters</th><th scope="col" class="number">NMI</th><th scope="col" class="number">95% interval</th></tr></thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.words}>
              <th scope="row">{one.words}</th>
              <td class="number">{percent(one.nmi)}</td>
              <td class="number">{one.low === undefined ? "" : `${percent(one.low)} to ${percent(one.high!)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="aside">
        The head shown is chosen without classes, as are the settings of k-means where there are several; what is chosen by looking at
        the classes is called oracle. Classes were not used in training, and need not be what a person looks for: a cluster of another
        kind than the classes can be as good.
      </p>
    </section>
  );
}

function Rows({ all }: { all: Row[] }) {
  const marks = ticks(Math.min(1, Math.max(...all.map((one) => one.high ?? one.nmi))));
  return (
    <figure class="chart dots">
      <Plot
        label={all.map((one) => `${one.words}: NMI ${percent(one.nmi)}`).join("; ")}
        x={{ name: "NMI with the classes", ticks: marks, from: 0, to: marks.at(-1)! }}
        y={{ name: "", ticks: [], to: all.length }}
        height={60 + 42 * all.length}
      >
        {(x, y) => all.map((one, at) => {
          const place = y(all.length - at - 0.75);
          return (
            <g key={one.words} class={one.kind}>
              <line class="grid" x1={x(0)} x2={x(marks.at(-1)!)} y1={place} y2={place} />
              {one.low !== undefined && <line class="interval" x1={x(one.low)} x2={x(one.high!)} y1={place} y2={place} />}
              <circle class={one.kind === "oracle" ? "dot hollow" : "dot"} cx={x(one.nmi)} cy={place} r={one.kind === "ours" ? 7 : 5} />
              <text x={x(0)} y={place - 9}>{one.words}</text>
            </g>
          );
        })}
      </Plot>
    </figure>
  );
}

/** What can be said without classes. */
const said = computed(() => {
  const all = summary.value;
  if (!all) return null;
  const clips = all.reduce((sum, one) => sum + one.size, 0);
  const mean = (of: (one: Cluster) => number | null) =>
    all.reduce((sum, one) => sum + (of(one) ?? 0) * one.size, 0) / clips;
  return {
    heads: isSelected.value && headShares.value ? mean((one) => one.heads) : null,
    modalities: byVideo.value && byAudio.value ? mean((one) => one.modalities) : null,
    margin: all.some((one) => one.margin !== null) ? mean((one) => one.margin) : null,
  };
});

function Unscored() {
  const known = said.value;
  if (!known) return <p class="loading" role="status">Loading clips …</p>;
  const changed = run.curves?.labels_changed?.filter((one) => typeof one === "number").at(-1);
  const facts: [string, number, string][] = [];
  if (known.heads !== null) facts.push(["Heads agree", known.heads,
    "Share of the other heads that put a clip into the same cluster, mean of all clips. Heads start from other labels; where they agree, the cluster does not depend on the start."]);
  if (known.modalities !== null) facts.push(["Video and audio agree", known.modalities,
    "Share of the clips that video alone and audio alone put into the same cluster. Where they differ, one of them is mistaken, or says nothing of the clip."]);
  if (typeof changed === "number") facts.push(["Labels stable at the end", 1 - changed,
    "Share of the clips that kept their label at the last label update of the training. Low: train longer."]);
  if (known.margin !== null) facts.push(["Margin", known.margin,
    "Probability of a clip's cluster minus that of the next one, mean of all clips. Networks are often too sure: high says little, low much."]);
  if (!facts.length) return null;
  return (
    <section class="panel" aria-labelledby="without-classes">
      <h2 id="without-classes">Without classes</h2>
      <p>These figures need no classes. They show that clusters are stable, and not that they are what a person looks for: watch and listen.</p>
      <dl class="figures">
        {facts.map(([name, value, words]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd><b>{percent(value)}</b><span class="track wide" aria-hidden="true"><span style={{ width: `${100 * value}%` }} /></span><p>{words}</p></dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
