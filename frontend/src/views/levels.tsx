/* How a cluster stands among those of other numbers of clusters. */

import { count, percent, plural } from "../data/text.ts";
import { clusterCount, run } from "../state/clips.ts";
import { addressIn, addressOfParts, depth, headOf, levels, parentOf, partsOf, severalLevels, titleIn, within } from "../state/levels.ts";
import { change } from "../state/route.ts";

/** Chooses the number of clusters; clusters of a smaller number are folded ones of a larger. */
export function LevelChoice() {
  if (!severalLevels) return null;
  return (
    <label class="field">
      <span>Clusters</span>
      <select id="level" value={String(depth.value)} onChange={(event) => change({ ...headOf(levels.value[Number(event.currentTarget.value)]!), within: null })}>
        {levels.value.map((place, at) => (
          <option key={place} value={String(at)}>
            {run.views[place]!.clusters}{run.views[place]!.clusters === run.views[run.selected]!.clusters ? " (selected)" : ""}
          </option>
        ))}
      </select>
    </label>
  );
}

/** In a card: how many parts the cluster has, and what it is a part of. */
export function Folds({ cluster }: { cluster: number }) {
  if (!severalLevels) return null;
  const [parent, below] = [parentOf(cluster), partsOf(cluster)];
  if (!parent && !below) return null;
  return (
    <p class="folds">
      {parent && <a href={addressIn(parent.place, parent.cluster)} title={`${percent(parent.share)} of its clips are in it`}>part of {titleIn(parent.place, parent.cluster)}</a>}
      {below && <a href={addressOfParts(below.place, levels.value[depth.value]!, cluster)}>{plural(below.parts.length, "part")} at {run.views[below.place]!.clusters} clusters</a>}
    </p>
  );
}

/** On the page of a cluster: the cluster that it is a part of, and its parts. */
export function Relatives({ cluster }: { cluster: number }) {
  if (!severalLevels) return null;
  const [parent, below] = [parentOf(cluster), partsOf(cluster)];
  if (!parent && !below) return null;
  return (
    <section aria-labelledby="relatives-title">
      <h2 id="relatives-title">Other numbers of clusters</h2>
      {parent && (
        <p>
          With {run.views[parent.place]!.clusters} clusters, {percent(parent.share)} of these clips are
          in <a href={addressIn(parent.place, parent.cluster)}>{titleIn(parent.place, parent.cluster)}</a>.
        </p>
      )}
      {below && (
        <>
          <p>With {run.views[below.place]!.clusters} clusters, <a href={addressOfParts(below.place, levels.value[depth.value]!, cluster)}>its parts</a> are:</p>
          <ul class="near">
            {below.parts.map((one) => (
              <li key={one.cluster}>
                <a href={addressIn(below.place, one.cluster)}>{titleIn(below.place, one.cluster)}</a>
                <p>{plural(one.size, "clip")}, {percent(one.share)} of them here.</p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Above the overview, if it is limited to the parts of a cluster. */
export function WithinPill() {
  const limit = within.value;
  if (!limit) return null;
  return (
    <span class="pill">
      parts of <a href={addressIn(limit.place, limit.cluster)}>{titleIn(limit.place, limit.cluster)}</a> of {count(run.views[limit.place]!.clusters)}, at {count(clusterCount.value)} clusters
    </span>
  );
}
