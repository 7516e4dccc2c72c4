/* Sizes of the clusters beside those that were prescribed, and the course of the training. */

import { count } from "../data/text.ts";
import { clusterCount, run, summary, titleOf, view } from "../state/clips.ts";
import { addressOf, go } from "../state/route.ts";
import { Plot, pathOf, ticks } from "../ui/chart.tsx";

export function SizesPage() {
  const all = summary.value;
  if (!all) return <p class="loading" role="status">Loading clips …</p>;
  const sorted = [...all].sort((a, b) => b.size - a.size);
  const drawn = run.prescribed?.[String(view.value.head)];
  const prescribed = drawn ? [...drawn].sort((a, b) => b - a) : null;
  const most = Math.max(...sorted.map((one) => one.size), ...(prescribed ?? []));
  const marks = ticks(most, true);
  const step = ticks(clusterCount.value, true).filter((tick) => tick <= clusterCount.value).map((tick) => tick || 1);
  return (
    <>
      <header class="page-head">
        <h1>Sizes</h1>
        <p class="lead">
          Clusters from the largest to the smallest{prescribed ? "; the line is the size that the marginals prescribe for training" : ""}.
          A click opens a cluster.
        </p>
      </header>
      <figure class="chart">
        <Plot
          label={`Sizes of ${clusterCount.value} clusters, from ${count(sorted[0]!.size)} to ${count(sorted.at(-1)!.size)} clips`}
          x={{ name: "rank of the cluster", ticks: step, from: 0.5, to: clusterCount.value + 0.5 }}
          y={{ name: "clips", ticks: marks, to: marks.at(-1)!, format: count }}
        >
          {(x, y) => (
            <>
              {sorted.map((one, rank) => (
                <rect
                  key={one.number} class="bar" x={x(rank + 0.6)} width={Math.max(0.5, x(1.4) - x(0.6))} y={y(one.size)} height={y(0) - y(one.size)}
                  onClick={() => go(addressOf("cluster", one.number))}
                >
                  <title>{`${titleOf(one.number)}: ${count(one.size)} clips`}</title>
                </rect>
              ))}
              {prescribed && <path class="line second" d={pathOf(prescribed.map((size, rank) => [x(rank + 1), y(size)]))} />}
            </>
          )}
        </Plot>
        {prescribed && <p class="legend"><span class="key bar" /> clips <span class="key line" /> prescribed</p>}
      </figure>
      {run.curves && <Training />}
    </>
  );
}

const CURVES = [
  ["loss", "Loss", "loss"],
  ["labels_changed", "Labels that change at an update", "share of the clips"],
  ["largest_cluster", "The largest cluster", "share of the clips"],
] as const;

function Training() {
  const { epoch } = run.curves!;
  const last = epoch.at(-1) ?? 1;
  return (
    <>
      <h2>Training</h2>
      <div class="charts">
        {CURVES.map(([name, title, unit]) => {
          const values = run.curves![name];
          const known = epoch.flatMap((at, place) => {
            const value = values?.[place];
            return typeof value === "number" ? [[at, value] as [number, number]] : [];
          });
          if (!known.length) return null;
          const marks = ticks(Math.max(...known.map(([, value]) => value)));
          return (
            <figure key={name} class="chart">
              <figcaption>{title}</figcaption>
              <Plot
                label={`${title}: from ${known[0]![1].toFixed(2)} to ${known.at(-1)![1].toFixed(2)} after ${last} epochs`}
                x={{ name: "epoch", ticks: ticks(last, true).filter((tick) => tick <= last), from: 0, to: last }}
                y={{ name: unit, ticks: marks, to: marks.at(-1)! }}
              >
                {(x, y) => <path class="line" d={pathOf(known.map(([at, value]) => [x(at), y(value)]))} />}
              </Plot>
            </figure>
          );
        })}
      </div>
    </>
  );
}
