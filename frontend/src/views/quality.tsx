/* How good the clusters are, in words, with what each figure can and cannot say. */

import { computed } from "@preact/signals";
import { type Cluster, shareSame } from "../data/clusters.ts";
import { type Row, compare, sameByChance, scoreOf, splitsOf, verdict } from "../data/quality.ts";
import { percent, plural } from "../data/text.ts";
import { byAudio, byVideo, classed, clusterCount, corrected, headShares, isSelected, run, summary, view, viewNumber } from "../state/clips.ts";
import { change, setting } from "../state/route.ts";
import { Plot, ticks } from "../ui/chart.tsx";
import { Loading } from "../ui/loading.tsx";
import { Table } from "../ui/table.tsx";
import { HeadsTable } from "./heads.tsx";

const splits = splitsOf(run);
const split = computed(() => (splits.includes(setting("split")) ? setting("split") : (splits[0] ?? "")));
const score = computed(() => scoreOf(run, split.value, view.value));

export function QualityPage() {
  return (
    <>
      <header class="page-head">
        <h1>How good is this?</h1>
        <p class="lead">
          {score.value
            ? "Beside classes that people gave, beside chance and other methods; then what can be said without classes."
            : classed
              ? "This page has no scores of the clusters with the classes. What can be said without them:"
              : "These clips have no classes to compare the clusters with. What can be said without them:"}
        </p>
      </header>
      {score.value && <Scored />}
      <Unscored />
    </>
  );
}

function Scored() {
  const ours = score.value!;
  const all = compare(run, split.value, view.value);
  const judged = verdict(all);
  const { nmi_chance: chance } = ours;
  return (
    <section class="panel" aria-labelledby="classes-say">
      <div class="panel-head">
        <h2 id="classes-say">Against the classes</h2>
        {splits.length > 1 && (
          <label class="field">
            <span>Clips</span>
            <select id="split" value={split.value} onChange={(event) => change({ split: event.currentTarget.value === splits[0] ? null : event.currentTarget.value })}>
              {splits.map((one) => <option key={one} value={one}>{one}{one === "train" ? " (trained on)" : ""}</option>)}
            </select>
          </label>
        )}
      </div>
      <p class="statement">
        {ours.accuracy !== undefined && <>If each cluster is given the one class that fits best, <b>{percent(ours.accuracy)}</b> of the clips are right
          {ours.accuracy_chance !== undefined && <>; by chance it would be {percent(ours.accuracy_chance)}</>}. </>}
        The clusters and the classes share <b>{percent(ours.nmi)}</b> of their information (NMI)
        {ours.nmi_low !== undefined && ours.nmi_high !== undefined && <>, {percent(ours.nmi_low)} to {percent(ours.nmi_high)} in 95% of resamplings of the clips</>}
        {chance !== undefined && <>; by chance {percent(chance)}</>}.
      </p>
      {isSelected.value && corrected.value && <p>These scores are of the model's clusters, without the corrections on this page.</p>}
      {judged && <p>{judged}</p>}
      <Rows all={all} />
      <Table label="Scores">
        <thead>
          <tr>
            <th scope="col">Clusters</th><th scope="col">Chosen</th><th scope="col" class="number">Accuracy</th>
            <th scope="col" class="number">NMI</th><th scope="col" class="number">95% interval</th>
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.words} class={one.kind}>
              <th scope="row">{one.words}</th>
              <td>{one.kind === "person" ? "by a person" : one.honest === null ? "" : one.honest ? "without classes" : "by the classes"}</td>
              <td class="number">{one.accuracy === undefined ? "" : percent(one.accuracy)}</td>
              <td class="number">{percent(one.nmi)}</td>
              <td class="number">{one.low === undefined ? "" : `${percent(one.low)} to ${percent(one.high!)}`}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      <p class="aside">
        What is chosen by looking at the classes is called oracle: it shows what would be possible, and cannot be had without classes.
        {all.some((one) => one.kind === "person") && " A person who corrects clusters may look at the classes, too."}{" "}
        Classes were not used in training, and need not be what a person looks for: clusters of another kind can be as good.
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
              {one.kind === "person"
                ? <rect class="dot hollow" x={x(one.nmi) - 5} y={place - 5} width="10" height="10" />
                : <circle class={one.kind === "oracle" ? "dot hollow" : "dot"} cx={x(one.nmi)} cy={place} r={one.kind === "ours" ? 7 : 5} />}
              <text x={x(0)} y={place - 9}>{one.words}</text>
            </g>
          );
        })}
      </Plot>
      <p class="legend">
        <span><svg class="plot mark" width="16" height="12" aria-hidden="true"><circle class="dot" cx="8" cy="6" r="5" /></svg> without classes</span>
        <span><svg class="plot mark" width="16" height="12" aria-hidden="true"><circle class="dot hollow" cx="8" cy="6" r="4" /></svg> by the classes (oracle)</span>
        {all.some((one) => one.kind === "person") && <span><svg class="plot mark" width="16" height="12" aria-hidden="true"><rect class="dot hollow" x="4" y="2" width="8" height="8" /></svg> by a person</span>}
        <span><svg class="plot mark" width="24" height="12" aria-hidden="true"><line class="interval" x1="2" x2="22" y1="6" y2="6" /></svg> 95% interval</span>
      </p>
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
  const [video, audio] = [byVideo.value, byAudio.value];
  return {
    heads: isSelected.value && headShares.value ? mean((one) => one.heads) : null,
    modalities: video && audio ? shareSame(video, audio, video.keys()) : null,
    byChance: video && audio ? sameByChance(video, audio, clusterCount.value) : null,
    margin: all.some((one) => one.margin !== null) ? mean((one) => one.margin) : null,
  };
});

interface Fact {
  name: string;
  value: number;
  chance?: number | null | undefined;
  words: string;
}

function Unscored() {
  const known = said.value;
  if (!known) return <Loading />;
  const changed = run.curves?.labels_changed?.filter((one) => typeof one === "number").at(-1);
  const facts: Fact[] = [];
  if (known.heads !== null) facts.push({
    name: "Heads agree", value: known.heads, chance: run.agreement?.chance,
    words: "Share of the other heads that put a clip into the same cluster, mean of all clips. Heads start from other labels; where they agree, the cluster does not depend on the start.",
  });
  const own = run.agreement?.heads?.find((one) => one.view === viewNumber.value);
  if (known.heads === null && own) facts.push({
    name: "Heads agree (NMI)", value: own.nmi,
    words: "Mean NMI of these clusters with those of the other heads, by the same modality and with as many clusters. Heads start from other labels; where they agree, the cluster does not depend on the start.",
  });
  else if (known.heads === null && isSelected.value && run.model?.agreement !== undefined) facts.push({
    name: "Heads agreed in training", value: run.model.agreement,
    words: `Mean NMI of the clusters with those of the model's other heads, on ${run.model.clips === undefined ? "the clips" : `the ${plural(run.model.clips, "clip")}`} it was trained on. Heads start from other labels; where they agree, clusters do not depend on the start.`,
  });
  const seeds = isSelected.value ? run.agreement?.seeds : undefined;
  if (seeds) facts.push({
    name: "Seeds agree", value: seeds.share, chance: seeds.chance,
    words: `Share of the clips that a training with another seed put into the same cluster${seeds.clusters.length > 1 ? `, mean of ${seeds.clusters.length} trainings; the lowest is ${percent(seeds.lowest)}` : ""}. ${
      seeds.clusters.some((one) => one !== view.value.clusters) ? `These have ${seeds.clusters.join(", ")} clusters. ` : ""
    }Where trainings agree, clusters do not depend on the seed.`,
  });
  if (known.modalities !== null) facts.push({
    name: "Video and audio agree", value: known.modalities, chance: known.byChance,
    words: "Share of the clips that video alone and audio alone put into the same cluster. Where they differ, one of them is mistaken, or says nothing of the clip.",
  });
  if (typeof changed === "number") facts.push({
    name: "Labels stable at the end", value: 1 - changed,
    words: "Share of the clips that kept their label at the last label update of the training. Low: train longer.",
  });
  if (known.margin !== null) facts.push({
    name: "Margin", value: known.margin,
    words: "Probability of a clip's cluster minus that of the next one, mean of all clips. Networks are often too sure: high says little, low much.",
  });
  if (!facts.length) return null;
  return (
    <section class="panel" aria-labelledby="without-classes">
      <h2 id="without-classes">Without classes</h2>
      <p>These figures need no classes. They show how stable the clusters are, and not that they are what a person looks for: watch and listen.</p>
      <dl class="figures">
        {facts.map(({ name, value, chance, words }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <b>{percent(value)}</b>
              <span class="track wide" aria-hidden="true">
                <span style={{ width: `${100 * value}%` }} />
                {typeof chance === "number" && <i class="tick" style={{ insetInlineStart: `${100 * chance}%` }} />}
              </span>
              {typeof chance === "number" && <p class="by-chance">By chance: {percent(chance)}</p>}
              <p>{words}</p>
            </dd>
          </div>
        ))}
      </dl>
      <HeadsTable split={split.value} shown={viewNumber.value} />
      <p class="aside">{plural(run.clips, "clip")}, {plural(clusterCount.value, "cluster")}{run.model?.clips !== undefined && `; the model was trained on ${plural(run.model.clips, "clip")}`}.</p>
    </section>
  );
}
