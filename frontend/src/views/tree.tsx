/* Levels: runs with heads of several numbers of clusters, and how clusters divide from one to the next. */

import { computed, signal } from "@preact/signals";
import type { Child } from "../data/tree.ts";
import { percent, plural } from "../data/text.ts";
import { className, idOf, run } from "../state/clips.ts";
import { addressIn, addressOfParts, divided, faces, levels, titleIn } from "../state/levels.ts";
import { Icon } from "../ui/icons.tsx";
import { Plot, pathOf, ticks } from "../ui/chart.tsx";
import { Loading } from "../ui/loading.tsx";
import { Table } from "../ui/table.tsx";

const branches = computed<Child[][][] | null>(() => {
  const all = levels.value.slice(1).map((fine, at) => divided(levels.value[at]!, fine));
  return all.some((one) => one === null) ? null : (all as Child[][][]);
});

export function TreePage() {
  const known = branches.value;
  if (!known) return <Loading />;
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

/** Branches that are not as at first: the top ones closed, the others open. It lasts while a person looks at a cluster. */
const turned = signal<ReadonlySet<string>>(new Set());

function Branch({ depth, cluster, child }: { depth: number; cluster: number; child?: Child }) {
  const place = levels.value[depth]!;
  const below = branches.value![depth]?.[cluster] ?? [];
  const face = faces(place)?.[cluster];
  const words = (
    <>
      {face && face.row >= 0 && <img class="face" src={`clips/${idOf(face.row)}.jpg`} alt="" loading="lazy" decoding="async" />}
      <a href={addressIn(place, cluster)}>{titleIn(place, cluster)}</a>{" "}
      <span class="facts">
        {face && face.kind >= 0 && <><span class="what">mostly {className(face.kind)}</span>, </>}
        of {run.views[place]!.clusters}
        {child && <>, {plural(child.size, "clip")}, {percent(child.share)} of them here</>}
        {below.length > 0 && <>{" · "}<a href={addressOfParts(levels.value[depth + 1]!, place, cluster)}>see {plural(below.length, "part")}</a></>}
      </span>
    </>
  );
  const key = `${place}/${cluster}`;
  const open = turned.value.has(key) !== (depth === 0);
  const turn = () => {
    const next = new Set(turned.value);
    if (!next.delete(key)) next.add(key);
    turned.value = next;
  };
  if (!below.length) return <li class="leaf">{words}</li>;
  return (
    <li>
      <div class="branch">
        <button type="button" class="quiet" aria-expanded={open} aria-label={`Parts of ${titleIn(place, cluster)}`} onClick={turn}>
          <Icon name={open ? "below" : "after"} />
        </button>
        <span>{words}</span>
      </div>
      {open && <ul>{below.map((one) => <Branch key={one.cluster} depth={depth + 1} cluster={one.cluster} child={one} />)}</ul>}
    </li>
  );
}

/** Agreement of heads by number of clusters, by which the number is selected. */
function Curve() {
  const all = run.levels!.filter((one) => one.agreement !== undefined);
  if (all.length < 2) return null;
  const scored = all.filter((one) => one.nmi !== undefined);
  const best = scored.length ? scored.reduce((a, b) => (b.nmi! > a.nmi! ? b : a)) : null;
  const at = (one: { clusters: number }) => all.findIndex((other) => other.clusters === one.clusters);
  const selected = all.find((one) => one.selected);
  const words = [
    selected && `Selected without classes: ${selected.clusters} clusters, on which the heads agree best.`,
    best && `Best by the classes (oracle): ${best.clusters}.`,
  ].filter(Boolean).join(" ");
  return (
    <figure class="chart">
      <Plot
        label={`Agreement of heads by number of clusters. ${words}`}
        x={{ name: "number of clusters", ticks: all.map((_, place) => place), from: -0.5, to: all.length - 0.5, format: (place) => String(all[place]!.clusters) }}
        y={{ name: scored.length ? "AMI of heads, NMI with classes" : "agreement of heads (AMI)", ticks: ticks(1), to: 1 }}
      >
        {(x, y) => (
          <>
            <path class="line" d={pathOf(all.map((one, place) => [x(place), y(Math.max(0, one.agreement!))]))} />
            {scored.length > 0 && <path class="line second" d={pathOf(scored.map((one) => [x(at(one)), y(one.nmi!)]))} />}
            {all.map((one, place) => (
              <circle key={one.clusters} class={one.selected ? "dot selected" : "dot"} cx={x(place)} cy={y(Math.max(0, one.agreement!))} r={one.selected ? 7 : 4} />
            ))}
            {best && <circle class="ring" cx={x(at(best))} cy={y(best.nmi!)} r={10} />}
          </>
        )}
      </Plot>
      <p class="legend">
        <span><span class="key line" />agreement of heads, without classes; the large dot is selected</span>
        {best && <span><span class="key line second" />NMI with the classes; the ring is the oracle</span>}
      </p>
      <p class="aside">{words}</p>
      <Table label="Numbers of clusters">
        <thead>
          <tr>
            <th scope="col">Clusters</th><th scope="col" class="number">Agreement (AMI)</th>
            {best && <th scope="col" class="number">NMI with the classes</th>}
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.clusters}>
              <th scope="row">{one.clusters}{one.selected && " (selected)"}</th>
              <td class="number">{percent(one.agreement!)}</td>
              {best && <td class="number">{one.nmi === undefined ? "" : percent(one.nmi)}</td>}
            </tr>
          ))}
        </tbody>
      </Table>
    </figure>
  );
}
