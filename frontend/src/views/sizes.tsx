/* Sizes of the clusters beside those that were prescribed. */

import type { Cluster } from "../data/clusters.ts";
import { count, percent, plural } from "../data/text.ts";
import { clusterCount, run, summary, titleOf, view } from "../state/clips.ts";
import { addressOf, go } from "../state/route.ts";
import { Plot, ticks } from "../ui/chart.tsx";
import { Loading } from "../ui/loading.tsx";
import { Table } from "../ui/table.tsx";

export function SizesPage() {
  const all = summary.value;
  if (!all) return <Loading />;
  const sorted = [...all].sort((a, b) => b.size - a.size || a.number - b.number);
  const drawn = run.prescribed?.[String(view.value.head)];
  const prescribed = drawn?.length === sorted.length ? [...drawn].sort((a, b) => b - a) : null;
  const clips = sorted.reduce((sum, one) => sum + one.size, 0);
  if (!clips) return <p class="nothing">No clip is in a cluster: all were taken out.</p>;
  const empty = sorted.filter((one) => !one.size).length;
  return (
    <>
      <header class="page-head">
        <h1>Sizes</h1>
        <p class="lead">
          {plural(clusterCount.value, "cluster")} from the largest, {plural(sorted[0]!.size, "clip")} ({percent(sorted[0]!.size / clips)}),
          to the smallest, {plural(sorted.at(-1)!.size, "clip")}{empty > 1 && `; ${empty} have none`}.
        </p>
        {prescribed && (
          <p class="lead">
            In training, labels are given so that clusters have prescribed sizes; the dashes are these. The clusters shown are what the
            network says of each clip afterwards, which need not have these sizes.
          </p>
        )}
      </header>
      <Chart sorted={sorted} prescribed={prescribed} />
      <details class="table">
        <summary>The same as a table</summary>
        <Table label="Sizes">
          <thead>
            <tr>
              <th scope="col" class="number">Rank</th><th scope="col">Cluster</th><th scope="col" class="number">Clips</th>
              <th scope="col" class="number">Share</th>{prescribed && <th scope="col" class="number">Prescribed for this rank</th>}
            </tr>
          </thead>
          <tbody>
            {sorted.map((one, rank) => (
              <tr key={one.number}>
                <td class="number">{rank + 1}</td>
                <th scope="row"><a href={addressOf("cluster", one.number)}>{titleOf(one.number)}</a></th>
                <td class="number">{count(one.size)}</td>
                <td class="number">{percent(one.size / clips)}</td>
                {prescribed && <td class="number">{count(Math.round(prescribed[rank]!))}</td>}
              </tr>
            ))}
          </tbody>
        </Table>
      </details>
    </>
  );
}

function Chart({ sorted, prescribed }: { sorted: Cluster[]; prescribed: number[] | null }) {
  const last = sorted.length;
  const marks = ticks(Math.max(...sorted.map((one) => one.size), ...(prescribed ?? [])), true);
  const ranks = ticks(last, true).filter((tick) => tick <= last).map((tick) => tick || 1);
  return (
    <figure class="chart">
      <Plot
        wide
        label={`Sizes of ${last} clusters, from ${count(sorted[0]!.size)} to ${count(sorted.at(-1)!.size)} clips; the same as a table below`}
        x={{ name: "rank of the cluster, the largest first", ticks: [...new Set(ranks)], from: 0.5, to: last + 0.5 }}
        y={{ name: "clips", ticks: marks, to: marks.at(-1)!, format: count }}
      >
        {(x, y) => (
          <>
            {sorted.map((one, rank) => (
              <rect
                key={one.number} class="bar" x={x(rank + 0.6)} width={Math.max(0.5, x(1.4) - x(0.6))} y={y(one.size)} height={y(0) - y(one.size)}
                onClick={() => go(addressOf("cluster", one.number))}
              >
                <title>{`${titleOf(one.number)}: ${plural(one.size, "clip")}`}</title>
              </rect>
            ))}
            {prescribed?.map((size, rank) => (
              <path key={rank} class="wanted" d={`M${x(rank + 0.55)} ${y(size)}H${x(rank + 1.45)}`} />
            ))}
          </>
        )}
      </Plot>
      <p class="legend">
        <span><span class="key bar" />clips of a cluster; a click opens it</span>
        {prescribed && <span><span class="key wanted" />prescribed for this rank</span>}
      </p>
    </figure>
  );
}
