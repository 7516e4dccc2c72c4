/* What the page is of: facts, pages, which clusters are shown. */

import { useEffect, useRef } from "preact/hooks";
import { plural } from "../data/text.ts";
import { corrected, isSelected, modalities, outside, run, view } from "../state/clips.ts";
import { edited } from "../state/edits.ts";
import { helpOpen } from "../state/help.ts";
import { addressOf, change, page } from "../state/route.ts";
import { PAGES } from "./pages.ts";
import { LevelChoice } from "./levels.tsx";
import { Icon } from "../ui/icons.tsx";

/** Whether a link of the navigation leads to the page that is shown, or to the one that it belongs to. */
function currentOf(name: string): { "aria-current"?: "page" | "true" } {
  if (page.value === name) return { "aria-current": "page" };
  return page.value === "cluster" && name === "overview" ? { "aria-current": "true" } : {};
}

export function Masthead() {
  const pages = useRef<HTMLUListElement>(null);
  /* On a narrow screen the list of pages scrolls to the side. */
  useEffect(() => {
    const [list, link] = [pages.current!, pages.current!.querySelector<HTMLElement>("[aria-current]")];
    if (link) list.scrollLeft = link.offsetLeft - list.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
  }, [page.value]);
  const heads = run.views.filter((one) => one.modality === view.value.modality);
  const made = new Date(run.made);
  return (
    <header class="masthead">
      <div class="title">
        <a class="name" href={addressOf("overview")} title={run.title}>{run.title}</a>
        <p class="facts">
          <span>{plural(run.clips, "clip")}</span>
          <span>{plural(view.value.clusters, "cluster")}</span>
          {outside.value > 0 && <span>{plural(outside.value, "clip")} in no cluster{corrected.value && isSelected.value ? "" : `: without ${view.value.modality}`}</span>}
          {run.classes.length > 0 && <span title="Classes were not used in training; they are shown for comparison.">{plural(run.classes.length, "class", "es")}</span>}
          {run.splits.length > 0 && <span>{plural(run.splits.length, "split")}: {run.splits.join(", ")}</span>}
          {!Number.isNaN(made.getTime()) && <span>selavi {run.version}, <time dateTime={run.made}>{run.made.slice(0, 10)}</time></span>}
        </p>
      </div>
      <nav aria-label="Pages">
        <ul ref={pages}>
          {PAGES.filter((one) => one.word && one.available()).map((one) => (
            <li key={one.name}>
              <a href={addressOf(one.name)} {...currentOf(one.name)}>{one.word}{one.name === "corrections" && edited.value && <span class="badge">changed</span>}</a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="which" role="group" aria-label="Which clusters are shown">
        {modalities.length > 1 && (
          <label class="field">
            <span>By</span>
            <select id="modality" value={view.value.modality} onChange={(event) => change({ modality: event.currentTarget.value === run.views[run.selected]!.modality ? null : event.currentTarget.value })}>
              {modalities.map((one) => <option key={one} value={one}>{one.replace("+", " and ")}</option>)}
            </select>
          </label>
        )}
        <LevelChoice />
        {heads.length > 1 && (
          <label class="field">
            <span>Head</span>
            <select
              id="head" value={String(view.value.head)}
              onChange={(event) => change({ head: event.currentTarget.value === String(run.views[run.selected]!.head) ? null : event.currentTarget.value })}
            >
              {heads.map((one) => (
                <option key={one.head} value={String(one.head)}>
                  {one.head}, {plural(one.clusters, "cluster")}{one.head === run.views[run.selected]!.head ? " (selected)" : ""}
                </option>
              ))}
            </select>
          </label>
        )}
        <button type="button" class="quiet" aria-keyshortcuts="?" onClick={() => { helpOpen.value = true; }}><Icon name="help" />Help</button>
      </div>
    </header>
  );
}
