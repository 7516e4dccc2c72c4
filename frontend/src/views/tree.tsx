/* Levels: runs with heads of several numbers of clusters, and how clusters divide from one to the next. */

import { computed } from "@preact/signals";
import { type Child, divide } from "../data/tree.ts";
import { count, percent } from "../data/text.ts";
import { column, nameOf, run, view } from "../state/clips.ts";
import { addressOf } from "../state/route.ts";
import { Plot, pathOf, ticks } from "../ui/chart.tsx";

/** The position of the view that stands for each number of clusters, the smallest number first. */
export const levels = computed<number[]>(() => {
  const joint = run.views.map((one, place) => ({ ...one, place })).filter((one) => one.modality === view.value.modality);
  const numbers = [...new Set(joint.map((one) => one.clusters))].sort((a, b) => a - b);
  return numbers.map((clusters) => {
    const head = run.levels?.find((one) => one.clusters === clusters)?.head;
    return (joint.find((one) => one.clusters === clusters && one.head === head) ?? joint.find((one) => one.clusters === clusters)!).place;
  });
});

export const severalLevels = new Set((run.views ?? []).map((one) => one.clusters)).size > 1;

const settingsOf = (place: number): Record<string, string> => {
  const { head } = run.views[place]!;
  return head === null || head === run.views[run.selected]!.head ? { head: "" } : { head: String(head) };
};

const addressOfCluster = (place: number, cluster: number) => {
  const settings = settingsOf(place);
  return addressOf("cluster", cluster, settings);
};

const titleIn = (place: number, cluster: number) =>
  (place === run.selected && nameOf(cluster)) || `Cluster ${cluster}`;

const branches = computed<Child[][][] | null>(() => {
  const columns = levels.value.map((place) => column<Int16Array>(`cluster-${place}`));
  if (columns.some((one) => one === null)) return null;
  return columns.slice(1).map((fine, at) =>
    divide(columns[at]!, fine!, run.views[levels.value[at]!]!.clusters, run.views[levels.value[at + 1]!]!.clusters));
});

export function TreePage() {
  const known = branches.value;
  if (!known) return <p class="loading" role="status">Loading clips …</p>;
  const top = run.views[levels.value[0]!]!;
  const numbers = levels.value.map((place) => run.views[place]!.clusters);
  return (
    <>
      <header class="page-head">
        <h1>Tree of clusters</h1>
        <p class="lead">
          This run has heads of {numbers.join(", ")} clusters. Each cluster stands below the one of the smaller number that
          has most of its clips; the share says how many of them.
        </p>
      </header>
      {run.levels && <Curve />}
      <ul class="tree">
        {Array.from({ length: top.clusters }, (_, cluster) => <Branch key={cluster} depth={0} cluster={cluster} />)}
      </ul>
    </>
  );
}

function Branch({ depth, cluster, child }: { depth: number; cluster: number; child?: Child }) {
  const place = levels.value[depth]!;
  const below = branches.value![depth]?.[cluster] ?? [];
  const words = (
    <>
      <a href={addressOfCluster(place, cluster)}>{titleIn(place, cluster)}</a>{" "}
      <span class="facts">
        of {run.views[place]!.clusters}
        {child && <>, {count(child.size)} clips, {percent(child.share)} of them here</>}
      </span>
    </>
  );
  if (!below.length) return <li class="leaf">{words}</li>;
  return (
    <li>
      <details open={depth === 0}>
        <summary>{words}</summary>
        <ul>{below.map((one) => <Branch key={one.cluster} depth={depth + 1} cluster={one.cluster} child={one} />)}</ul>
      </details>
    </li>
  );
}

/** Agreement of heads by number of clusters, by which the number is selected. */
function Curve() {
  const all = run.levels!.filter((one) => one.agreement !== undefined);
  if (all.length < 2) return null;
  const scored = all.filter((one) => one.nmi !== undefined);
  const best = scored.length ? scored.reduce((a, b) => (b.nmi! > a.nmi! ? b : a)) : null;
  const most = Math.max(...all.map((one) => one.clusters));
  const at = (one: { clusters: number }) => all.findIndex((other) => other.clusters === one.clusters);
  const marks = ticks(1);
  const selected = all.find((one) => one.selected);
  return (
    <figure class="chart">
      <Plot
        label={`Agreement of heads by number of clusters up to ${most}; ${selected?.clusters ?? "none"} selected`}
        x={{ name: `number of clusters: ${all.map((one) => one.clusters).join(", ")}`, ticks: [], from: -0.5, to: all.length - 0.5 }}
        y={{ name: "agreement (AMI)", ticks: marks, to: 1 }}
      >
        {(x, y) => (
          <>
            <path class="line" d={pathOf(all.map((one, place) => [x(place), y(Math.max(0, one.agreement!))]))} />
            {scored.length > 0 && <path class="line second" d={pathOf(scored.map((one) => [x(at(one)), y(one.nmi!)]))} />}
            {all.map((one, place) => (
              <g key={one.clusters}>
                <circle class={one.selected ? "dot selected" : "dot"} cx={x(place)} cy={y(Math.max(0, one.agreement!))} r={one.selected ? 6 : 4} />
                <text x={x(place)} y={y(Math.max(0, one.agreement!)) - 10} text-anchor="middle">{one.clusters}</text>
              </g>
            ))}
          </>
        )}
      </Plot>
      <p class="legend">
        <span class="key line" /> agreement of heads, without classes
        {scored.length > 0 && <><span class="key line second" /> NMI with the classes</>}
      </p>
      <p class="aside">
        {selected && <>Selected without classes: {selected.clusters} clusters. </>}
        {best && <>Best by the classes (oracle): {best.clusters}.</>}
      </p>
    </figure>
  );
}
