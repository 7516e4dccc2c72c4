/* Search, order and filters of the overview. */

import { useEffect, useRef, useState } from "preact/hooks";
import { count, plural } from "../data/text.ts";
import { hoverPlays, hoverSounds, stopPlaying } from "../media/player.ts";
import { className, classed, column, index, once, run, summary } from "../state/clips.ts";
import { SORTS, type Sort, availableSorts, clearFilters, found, isFiltered } from "../state/filter.ts";
import { addressOf, change, go, setting } from "../state/route.ts";
import { Icon } from "../ui/icons.tsx";
import { WithinPill } from "./levels.tsx";
import { Menu } from "../ui/menu.tsx";
import { SizeChoice } from "../ui/size.tsx";

const LIMITS = [
  ["least", "Clips, at least", Infinity],
  ["most", "Clips, at most", Infinity],
  ["purity", "Purity in %, at most", 100],
  ["margin", "Margin in %, at most", 100],
] as const;

/** How many clusters are shown, of how many. */
function words(shown: number): string {
  const all = summary.value?.filter((one) => one.size).length ?? shown;
  return shown === all ? plural(shown, "cluster") : `${count(shown)} of ${plural(all, "cluster")}`;
}

export function Toolbar() {
  const shown = found.value;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [typed, setTyped] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  /* Until the search is in the address, the box keeps what is typed, whatever is drawn meanwhile. */
  const search = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      change({ q: text || null }, true);
      setTyped(null);
    }, 60);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const random = () => {
    const one = shown?.[Math.floor(Math.random() * shown.length)];
    if (one) go(addressOf("cluster", one.cluster.number));
  };
  return (
    <form class={open ? "toolbar open" : "toolbar"} role="search" aria-label="Clusters" onSubmit={(event) => event.preventDefault()} onInput={stopPlaying}>
      <label class="field search">
        <Icon name="search" />
        <input
          id="search" type="search" autocomplete="off" spellcheck={false} aria-label="Search" aria-keyshortcuts="/"
          placeholder={classed ? "Search names, classes, files, #number" : "Search names, files, #number"}
          value={typed ?? setting("q")}
          onFocus={() => once(() => column("keys") !== null, () => setTimeout(() => index.value))}
          onInput={(event) => search(event.currentTarget.value)}
        />
      </label>
      <button type="button" class="options" aria-expanded={open} aria-controls="options" onClick={() => setOpen(!open)}>
        <Icon name="filter" />Options
      </button>
      <div id="options">
        <label class="field">
          <span>Sort by</span>
          <select id="sort" value={setting("sort")} onChange={(event) => change({ sort: event.currentTarget.value })}>
            <option value="">{isFiltered.value ? "matches" : "size"}</option>
            {availableSorts.filter((sort) => sort !== "size" || isFiltered.value).map((sort: Sort) => (
              <option key={sort} value={sort}>{SORTS[sort]}</option>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={setting("reverse") !== ""} onClick={() => change({ reverse: setting("reverse") ? null : "1" })}>
          <Icon name="order" />Reverse
        </button>
        <Menu word="Filter" icon="filter">
          {classed && (
            <label>
              <span>Class</span>
              <select value={setting("class")} onChange={(event) => change({ class: event.currentTarget.value })}>
                <option value="">all</option>
                {run.classes.map((name, place) => <option key={place} value={place}>{name}</option>)}
              </select>
            </label>
          )}
          {LIMITS.filter(([name]) => name !== "purity" || classed).map(([name, words, most]) => (
            <label key={name}>
              <span>{words}</span>
              <input
                type="number" min={0} {...(most === Infinity ? {} : { max: most })} value={setting(name)}
                onChange={(event) => change({ [name]: event.currentTarget.value })}
              />
            </label>
          ))}
        </Menu>
        <SizeChoice />
        <button type="button" aria-label="Random cluster" title="Go to a random cluster" onClick={random}><Icon name="dice" />Random</button>
        <label class="switch">
          <input type="checkbox" role="switch" checked={hoverPlays.value} onChange={(event) => { hoverPlays.value = event.currentTarget.checked; }} />
          Play on hover
        </label>
        <label class="switch">
          <input type="checkbox" role="switch" checked={hoverSounds.value} disabled={!hoverPlays.value} onChange={(event) => { hoverSounds.value = event.currentTarget.checked; }} />
          with sound
        </label>
      </div>
      <output class="status" role="status">{shown ? words(shown.length) : ""}</output>
      {isFiltered.value && (
        <p class="active">
          <WithinPill />
          {setting("q") !== "" && <span class="pill">search: {setting("q")}</span>}
          {setting("class") !== "" && <span class="pill">class: {className(Number(setting("class")))}</span>}
          {LIMITS.filter(([name]) => setting(name)).map(([name, words]) => <span key={name} class="pill">{words.toLowerCase()} {setting(name)}</span>)}
          <button type="button" class="quiet" onClick={clearFilters}><Icon name="close" />Clear the filters</button>
        </p>
      )}
    </form>
  );
}
