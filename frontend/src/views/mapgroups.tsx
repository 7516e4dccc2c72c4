/* What the points of the map are coloured by: their colours, the names of the groups, the legend. */

import { computed } from "@preact/signals";
import { type Members, group, rowsOf } from "../data/clusters.ts";
import { APART, middles, shareColour, spreadColours } from "../data/scatter.ts";
import { count } from "../data/text.ts";
import { classed, className, classes, clusters, column, margins, members, run, summary, titleOf } from "../state/clips.ts";
import { addressOf, choice, setting } from "../state/route.ts";
import { selection } from "../state/selection.ts";

/** Names of groups on the map at most. */
const NAMES = 60;

type Colour = readonly [red: number, green: number, blue: number];
const GREY: Colour = [140, 140, 140];
/** Of a clip of its cluster's commonest class, and of another class. */
const [COMMONEST, OTHER]: Colour[] = [[20, 90, 180], [220, 120, 0]];

export const COLOURINGS = { cluster: "cluster", class: "class", margin: "margin", right: "commonest class or not" } as const;
export type Colouring = keyof typeof COLOURINGS;
export const available = (Object.keys(COLOURINGS) as Colouring[]).filter((one) => classed || (one !== "class" && one !== "right"));
export const colouring = computed<Colouring>(() => choice("colour", COLOURINGS, "cluster"));
const only = computed(() => (setting("only") === "" ? -1 : Number(setting("only"))));

interface Group {
  number: number;
  name: string;
  size: number;
  /** Where its name stands. */
  centre: [number, number];
  colour: Colour;
}

const classMembers = computed(() => (classes.value ? group(classes.value, null, run.classes.length) : null));

/** The classes if points are coloured by them, else the clusters, the largest first. */
const groups = computed<Group[]>(() => {
  const byClass = colouring.value === "class";
  const known: Members | null = byClass ? classMembers.value : members.value;
  const points = column<Uint16Array>("map");
  if (!known || !points) return [];
  const centres = middles(points, known.begins, known.order);
  const sizes = centres.map((_, number) => rowsOf(known, number).length);
  const colours = spreadColours(centres, sizes);
  return centres
    .flatMap((centre, number) => (centre ? [{
      number, centre, size: sizes[number]!, colour: APART[colours[number]!]!,
      name: byClass ? className(number) : titleOf(number),
    }] : []))
    .sort((a, b) => b.size - a.size);
});

/** r, g, b, a of each clip; those of other clusters than the chosen one, and those that are not selected, are faint and grey. */
export const colours = computed<Uint8Array | null>(() => {
  const known = clusters.value;
  if (!known) return null;
  const made = new Uint8Array(4 * known.length);
  const chosen = only.value;
  const by = colouring.value;
  const common = summary.value?.map((one) => one.classes[0]?.[0] ?? -1) ?? [];
  const palette = new Map(groups.value.map((one) => [one.number, one.colour]));
  const [certain, kinds, picked] = [margins.value, classes.value, selection.value];
  for (let row = 0; row < known.length; row++) {
    const cluster = known[row]!;
    const others = (chosen >= 0 && cluster !== chosen) || (picked.size > 0 && !picked.has(row));
    let colour = GREY;
    if (others) colour = GREY;
    else if (by === "cluster") colour = palette.get(cluster) ?? GREY;
    else if (by === "class" && kinds) colour = palette.get(kinds[row]!) ?? GREY;
    else if (by === "margin" && certain) colour = shareColour(certain[row]! / 255);
    else if (by === "right" && kinds && kinds[row]! >= 0) colour = kinds[row] === common[cluster] ? COMMONEST! : OTHER!;
    made.set(colour, 4 * row);
    made[4 * row + 3] = others ? 40 : 210;
  }
  return made;
});

/** Names of the largest groups at their middles, those that do not cover another; of the chosen cluster alone, if there is one. */
export function Names({ toScreen, width, height }: { toScreen: (x: number, y: number) => [number, number]; width: number; height: number }) {
  const addressOfGroup = (number: number) =>
    colouring.value === "class" ? addressOf("overview", "", { class: String(number) }) : addressOf("cluster", number);
  const taken: [number, number, number][] = [];
  const alone = only.value >= 0 && colouring.value !== "class";
  const named = alone ? groups.value.filter((one) => one.number === only.value) : groups.value.slice(0, NAMES);
  const shown = named.flatMap((one) => {
    const [left, top] = toScreen(...one.centre);
    const half = 4 * Math.min(24, one.name.length) + 8;
    if (left < 0 || top < 0 || left > width || top > height) return [];
    if (taken.some(([x, y, reach]) => Math.abs(x - left) < reach + half && Math.abs(y - top) < 22)) return [];
    taken.push([left, top, half]);
    return [{ one, left: Math.max(half, Math.min(width - half, left)), top }];
  });
  return (
    <div class="names">
      {shown.map(({ one, left, top }) => <a key={one.number} href={addressOfGroup(one.number)} style={{ left: `${left}px`, top: `${top}px` }}>{one.name}</a>)}
    </div>
  );
}

const rgb = (colour: Colour) => `rgb(${colour.join(" ")})`;
const Dot = ({ colour }: { colour: Colour }) => <span class="dot" style={{ background: rgb(colour) }} />;

/** What the colours mean. */
export function Legend() {
  const by = colouring.value;
  if (by === "margin")
    return (
      <p class="legend">
        margin 0% <span class="ramp" style={{ background: `linear-gradient(to right, ${rgb(shareColour(0))}, ${rgb(shareColour(1))})` }} /> 100%
      </p>
    );
  if (by === "right")
    return (
      <p class="legend">
        <span><Dot colour={COMMONEST!} />commonest class of the cluster</span>
        <span><Dot colour={OTHER!} />other class</span>
        {classes.value?.includes(-1) && <span><Dot colour={GREY} />no class</span>}
      </p>
    );
  const [all, words] = [groups.value, by === "class" ? "classes" : "clusters"];
  if (all.length <= APART.length)
    return (
      <ul class="legend">
        {all.map((one) => <li key={one.number}><Dot colour={one.colour} /><span class="what">{one.name}</span> {count(one.size)}</li>)}
      </ul>
    );
  return <p class="legend">{APART.length} colours: {words} that are near to each other differ, those far apart may be the same</p>;
}
