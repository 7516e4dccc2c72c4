/* All clusters, as cards. */

import { plural } from "../data/text.ts";
import { clusterCount, summary } from "../state/clips.ts";
import { clearFilters, found, isFiltered, searching } from "../state/filter.ts";
import { Loading } from "../ui/loading.tsx";
import { sized } from "../ui/size.tsx";
import { WindowGrid } from "../ui/rows.tsx";
import { Card } from "./card.tsx";
import { Toolbar } from "./toolbar.tsx";

export function Overview() {
  const shown = found.value;
  const empty = summary.value?.filter((cluster) => !cluster.size).map((cluster) => cluster.number) ?? [];
  return (
    <>
      <h1 class="unseen">Clusters</h1>
      <Toolbar />
      {(shown === null || (shown.length === 0 && searching.value)) && <Loading />}
      {shown?.length === 0 && !searching.value && (
        <section class="nothing">
          <h2>No cluster matches</h2>
          <p>The search looks through the names and classes of the clusters and the files of all clips.</p>
          <button type="button" onClick={clearFilters}>Clear the filters</button>
        </section>
      )}
      {shown && shown.length > 0 && (
        <WindowGrid items={shown} width={sized(320)} gap={16} height={430} label="Clusters" name="cards">
          {(one) => <Card key={one.cluster.number} found={one} />}
        </WindowGrid>
      )}
      {empty.length > 0 && !isFiltered.value && (
        <p class="aside">
          {empty.length > 40
            ? `${plural(empty.length, "cluster")} of ${clusterCount.value} have no clips.`
            : `No clip is in ${empty.length === 1 ? "cluster" : "clusters"} ${empty.join(", ")}.`}
        </p>
      )}
    </>
  );
}
