/* A cluster in the overview. */

import { sample, rowsOf } from "../data/clusters.ts";
import { count, percent, plural } from "../data/text.ts";
import { startTour, stopPlaying, tour } from "../media/player.ts";
import { marginOf, mediaOf, members, nameOf, run, titleOf } from "../state/clips.ts";
import type { Found } from "../state/filter.ts";
import { addressOf } from "../state/route.ts";
import { ClassBar, Measure } from "../ui/bars.tsx";
import { ClassChips } from "../ui/chips.tsx";
import { Icon } from "../ui/icons.tsx";
import { Rename } from "../ui/rename.tsx";
import { Tile, keyOfTile } from "../ui/tile.tsx";
import { MEANS } from "../ui/words.ts";
import { Folds } from "./levels.tsx";

/** Wide clips stand two in a row, or they would be too small. */
const COLUMNS = (run.media?.aspect ?? 1) > 1.2 ? 2 : 3;
/** Clips that a card shows. */
const SHOWN = 2 * COLUMNS;

/** Those to show: matches first, clips that can be played before others. */
function toShow({ cluster, matches }: Found): number[] {
  const rows = rowsOf(members.value!, cluster.number);
  if (matches) {
    const wanted = [...matches].sort((a, b) => mediaOf(b) - mediaOf(a) || (marginOf(b) ?? 0) - (marginOf(a) ?? 0));
    return wanted.slice(0, SHOWN);
  }
  const playable = rows.filter((row) => mediaOf(row) === 2);
  if (playable.length >= SHOWN) return sample(playable, SHOWN);
  const pictured = rows.filter((row) => mediaOf(row) > 0);
  return sample(pictured.length ? pictured : rows, SHOWN);
}

export function Card({ found }: { found: Found }) {
  const { cluster, matches } = found;
  const rows = toShow(found);
  const place = `c${cluster.number}`;
  const touring = tour.value?.name === place ? tour.value : null;
  const playable = rows.filter((row) => mediaOf(row) === 2).map((row) => keyOfTile({ row, place }));
  const name = nameOf(cluster.number);
  return (
    <article class="card" aria-labelledby={`title-${cluster.number}`} data-cluster={cluster.number}>
      <header>
        <h2 id={`title-${cluster.number}`}>
          <a href={addressOf("cluster", cluster.number)} title={titleOf(cluster.number)}>{titleOf(cluster.number)}</a>
        </h2>
        <Rename cluster={cluster.number} />
        <p class="facts">
          {name && <span>cluster {cluster.number}</span>}
          <span title={`${percent(cluster.size / run.clips)} of all clips`}>{plural(cluster.size, "clip")}</span>
        </p>
        {playable.length > 0 && (
          <button
            type="button"
            class="quiet play-all"
            aria-describedby={`title-${cluster.number}`}
            onClick={() => (touring ? stopPlaying() : startTour(place, playable))}
          >
            <Icon name={touring ? "stop" : "play"} />
            {touring ? `Stop ${touring.at + 1}/${playable.length}` : "Play"}
          </button>
        )}
      </header>
      <div class="strip" style={{ gridTemplateColumns: `repeat(${COLUMNS}, minmax(0, 1fr))` }} role="group" aria-label={`Clips of ${titleOf(cluster.number)}`}>
        {rows.map((row, at) => (
          <Tile key={row} row={row} place={place} common={cluster.classes[0]?.[0] ?? -1} stop={at === 0} />
        ))}
      </div>
      {cluster.classes.length > 0 && <ClassBar classes={cluster.classes} />}
      {cluster.classes.length > 0 && <ClassChips classes={cluster.classes} shown={2} />}
      <dl class="measures">
        <Measure name="Purity" value={cluster.purity} title={MEANS.purity} />
        <Measure name="Margin" value={cluster.margin} title={MEANS.margin} />
        <Measure name="Heads agree" value={cluster.heads} title={MEANS.heads} />
        <Measure name="Video and audio agree" value={cluster.modalities} title={MEANS.modalities} />
      </dl>
      <Folds cluster={cluster.number} />
      {matches && <p class="note">{count(matches.length)} of {plural(cluster.size, "clip")} {matches.length === 1 ? "matches" : "match"}</p>}
    </article>
  );
}
