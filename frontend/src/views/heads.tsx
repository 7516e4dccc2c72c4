/* The heads beside each other: how far each agrees with the others, by which one is selected. */

import { percent, plural } from "../data/text.ts";
import { scoreOf } from "../data/quality.ts";
import { run } from "../state/clips.ts";
import { addressOf, page, setting } from "../state/route.ts";
import { Table } from "../ui/table.tsx";

export function HeadsTable({ split, shown }: { split: string; shown: number }) {
  const { modality } = run.views[shown]!;
  const heads = (run.agreement?.heads ?? []).filter((one) => run.views[one.view]!.modality === modality);
  if (heads.length < 2) return null;
  const scores = heads.map((one) => scoreOf(run, split, run.views[one.view]!));
  const scored = scores.some((one) => one !== undefined);
  const several = new Set(heads.map((one) => run.views[one.view]!.clusters)).size > 1;
  const selected = run.views[run.selected]!.head;
  return (
    <details>
      <summary>{plural(heads.length, "head")}: how far each agrees with the others, and which is selected</summary>
      <Table label="Heads">
        <thead>
          <tr>
            <th scope="col">Head</th>{several && <th scope="col" class="number">Clusters</th>}
            <th scope="col" class="number">Agreement (NMI)</th>{scored && <th scope="col" class="number">NMI with the classes</th>}
          </tr>
        </thead>
        <tbody>
          {heads.map((one, at) => {
            const { head, clusters } = run.views[one.view]!;
            return (
              <tr key={one.view}>
                <th scope="row">
                  <a href={addressOf(page.value, "", { split: setting("split"), head: head === selected ? "" : String(head) })}>Head {head}</a>
                  {head === selected && " (selected)"}{one.view === shown && ", shown"}
                </th>
                {several && <td class="number">{clusters}</td>}
                <td class="number">{percent(one.nmi)}</td>
                {scored && <td class="number">{scores[at] ? percent(scores[at].nmi) : ""}</td>}
              </tr>
            );
          })}
        </tbody>
      </Table>
      <p class="aside">
        The head that agrees best with the others by video and audio together is selected at the end of the training, by the labels of
        the training. Its agreement here is that of the clusters on this page.
      </p>
    </details>
  );
}
