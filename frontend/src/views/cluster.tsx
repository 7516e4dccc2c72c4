/* One cluster: what it is made of, what lies beside it, and all its clips. */

import { useEffect, useState } from "preact/hooks";
import { type Cluster, rowsOf } from "../data/clusters.ts";
import { type Neighbour, neighbours } from "../data/neighbours.ts";
import { count, percent, plural } from "../data/text.ts";
import { startTour, stepTour, stopPlaying, tour } from "../media/player.ts";
import {
  byAudio, byVideo, className, column, isSelected, mediaOf, members, nameOf, run, summary, titleOf,
} from "../state/clips.ts";
import { beside } from "../state/filter.ts";
import { ORDERS, type Order, order, ordered } from "../state/order.ts";
import { canEdit, mergeClusters, mergedInto } from "../state/edits.ts";
import { addressOf, change, go, route, setting } from "../state/route.ts";
import { clearSelection, selectAll, selecting } from "../state/selection.ts";
import { ClassBar, DRAWN, Measure } from "../ui/bars.tsx";
import { ClassChip } from "../ui/chips.tsx";
import { Icon } from "../ui/icons.tsx";
import { Loading } from "../ui/loading.tsx";
import { Rename } from "../ui/rename.tsx";
import { WindowGrid } from "../ui/rows.tsx";
import { SizeChoice, sized } from "../ui/size.tsx";
import { Tile, keyOfTile, rowOfTile } from "../ui/tile.tsx";
import { MEANS } from "../ui/words.ts";
import { Relatives } from "./levels.tsx";
import { ClusterChoice } from "./selectionbar.tsx";

/** Clips that “Play” plays at most. */
const TOUR = 50;

export function ClusterPage() {
  const number = /^\d+$/.test(route.value.id) ? Number(route.value.id) : -1;
  const cluster = summary.value?.[number];
  if (!summary.value) return <Loading />;
  if (!cluster) return <p class="nothing">There is no cluster {route.value.id}.</p>;
  return <Shown key={number} cluster={cluster} />;
}

function Shown({ cluster }: { cluster: Cluster }) {
  const { number } = cluster;
  const common = cluster.classes[0]?.[0] ?? -1;
  const rows = ordered(number, common);
  const { before, after } = beside(number);
  const playable = rows.filter((row) => mediaOf(row) === 2).slice(0, TOUR).map((row) => keyOfTile({ row, place: "all" }));
  const touring = tour.value;
  const now = touring?.keys[touring.at];
  const follow = now === undefined ? -1 : rows.indexOf(rowOfTile(now));
  useEffect(() => {
    if (now !== undefined && follow < 0) stepTour();
  }, [now, follow]);
  return (
    <>
      <header class="page-head">
        <p class="steps">
          <a href={addressOf("overview")}>All clusters</a>
          {before !== null && <a href={addressOf("cluster", before)} aria-keyshortcuts="k"><Icon name="before" />{titleOf(before)}</a>}
          {after !== null && <a href={addressOf("cluster", after)} aria-keyshortcuts="j">{titleOf(after)}<Icon name="after" /></a>}
        </p>
        <div class="title-row">
          <h1>{titleOf(number)}</h1>
          <Rename cluster={number} />
          {canEdit.value && (
            <ClusterChoice word="Merge into" without={number} choose={(into) => { mergeClusters(number, into); go(addressOf("cluster", into)); }} />
          )}
        </div>
        {mergedInto(number) !== number && (
          <p>You merged this cluster into <a href={addressOf("cluster", mergedInto(number))}>{titleOf(mergedInto(number))}</a>.</p>
        )}
        <p class="facts">
          {nameOf(number) && <span>cluster {number}</span>}
          <span>{plural(cluster.size, "clip")}, {percent(cluster.size / run.clips)} of all</span>
        </p>
      </header>
      <div class="columns">
        <section aria-labelledby="measures-title">
          <h2 id="measures-title">Measures</h2>
          <dl class="measures">
            <Measure name="Purity" value={cluster.purity} title={MEANS.purity} />
            <Measure name="Margin" value={cluster.margin} title={MEANS.margin} />
            <Measure name="Heads agree" value={cluster.heads} title={MEANS.heads} />
            <Measure name="Video and audio agree" value={cluster.modalities} title={MEANS.modalities} />
          </dl>
          {cluster.entropy !== null && <p class="aside">Entropy of the classes: {cluster.entropy.toFixed(2)} bits.</p>}
        </section>
        {cluster.classes.length > 0 && <Classes cluster={cluster} />}
        <Beside cluster={cluster} />
        <Relatives cluster={number} />
      </div>
      <div class="toolbar" role="group" aria-label="Clips">
        <label class="field">
          <span>Order</span>
          <select id="order" value={order()} onChange={(event) => {
            stopPlaying();
            change({ order: event.currentTarget.value === "typical" ? null : event.currentTarget.value });
          }}>
            {(Object.keys(ORDERS) as Order[]).filter((one) => one !== "misfits" || cluster.classes.length > 1).map((one) => (
              <option key={one} value={one}>{ORDERS[one]}</option>
            ))}
          </select>
        </label>
        {playable.length > 0 && (
          <button type="button" class="play-all" onClick={() => (touring ? stopPlaying() : startTour("all", playable))}>
            <Icon name={touring ? "stop" : "play"} />{touring ? `Stop ${touring.at + 1}/${playable.length}` : "Play with sound"}
          </button>
        )}
        <SizeChoice />
        <button
          type="button" aria-pressed={selecting.value}
          onClick={() => { if (selecting.value) clearSelection(); else selecting.value = true; }}
        >
          <Icon name="check" />Select
        </button>
        {selecting.value && <button type="button" onClick={() => selectAll(rows)}>Select all {count(rows.length)}</button>}
        {setting("class") !== "" && <ClassChip place={Number(setting("class"))} />}
        <output class="status" role="status">{plural(rows.length, "clip")}</output>
      </div>
      <WindowGrid items={rows} width={sized(176)} gap={8} height={sized(140)} label="Clips" name="clips" follow={follow}>
        {(row, at) => <Tile key={row} row={row} place="all" common={common} stop={at === 0} list={rows} />}
      </WindowGrid>
    </>
  );
}

/** The histogram of the classes: the commonest, and the others when asked for. */
function Classes({ cluster }: { cluster: Cluster }) {
  const [whole, setWhole] = useState(false);
  const most = cluster.classes[0]![1];
  const shown = whole ? cluster.classes : cluster.classes.slice(0, DRAWN);
  const rest = cluster.classes.length - DRAWN;
  return (
    <section aria-labelledby="classes-title">
      <h2 id="classes-title">{plural(cluster.classes.length, "class", "es")}</h2>
      <ClassBar classes={cluster.classes} />
      <ul class="histogram">
        {shown.map(([place, clips], rank) => (
          <li key={place}>
            <ClassChip place={place} rank={Math.min(rank, 5)} />
            <span class="track" aria-hidden="true"><span style={{ width: `${(100 * clips) / most}%` }} /></span>
            <span class="value">{count(clips)}</span>
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <button type="button" class="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? "Show fewer" : `Show ${plural(rest, "more class", "es")}`}
        </button>
      )}
    </section>
  );
}

/** Clusters beside this one that are shown at first, so that its clips are seen without scrolling. */
const NEAREST = 2;

function Beside({ cluster }: { cluster: Cluster }) {
  const [whole, setWhole] = useState(false);
  const known = members.value;
  if (!known) return null;
  const second = isSelected.value ? column<Int16Array>("second") : null;
  const near = neighbours(cluster.number, rowsOf(known, cluster.number), { second, video: byVideo.value, audio: byAudio.value }, mergedInto);
  if (!near.length) return null;
  return (
    <section aria-labelledby="near-title">
      <h2 id="near-title">Nearest clusters</h2>
      <ul class="near">
        {near.slice(0, whole ? near.length : NEAREST).map((one) => (
          <li key={one.cluster}>
            <a href={addressOf("cluster", one.cluster)}>{titleOf(one.cluster)}</a>
            <p>{doubts(one)}</p>
            {cluster.classes[0] && <p>{classesOf(cluster, one.cluster)}</p>}
          </li>
        ))}
      </ul>
      {near.length > NEAREST && (
        <button type="button" class="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? "Show fewer" : `Show ${plural(near.length - NEAREST, "more cluster")}`}
        </button>
      )}
    </section>
  );
}

/** Why two clusters are near: how many clips of this one could be in the other. */
function doubts({ second, video, audio }: Neighbour): string {
  const words = [];
  if (second) words.push(`second choice of ${plural(second, "clip")}`);
  if (video) words.push(`video alone puts ${plural(video, "clip")} there`);
  if (audio) words.push(`audio alone ${video ? "" : "puts "}${plural(audio, "clip")}${video ? "" : " there"}`);
  const text = words.join(", ");
  return text && `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

/** How the classes of two clusters differ. */
function classesOf(cluster: Cluster, number: number): string {
  const here = cluster.classes[0]![0];
  const there = summary.value?.[number]?.classes[0]?.[0];
  if (there === undefined) return "";
  return here === there
    ? `Both are mostly ${className(here)}.`
    : `Here mostly ${className(here)}, there ${className(there)}.`;
}
