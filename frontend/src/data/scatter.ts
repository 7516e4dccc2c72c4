/* Geometry of points in the plane: which is near a place, which are inside a line, where a group is. */

/** Points in a grid, to find those near a place without looking at all. */
export class Grid {
  readonly #points: Uint16Array;
  readonly #order: Int32Array;
  readonly #begins: Int32Array;
  readonly #side: number;
  readonly #cell: number;

  /** Points as x, y, x, y, ... from 0 to 65535. */
  constructor(points: Uint16Array) {
    const count = points.length / 2;
    const side = Math.max(1, Math.min(512, Math.floor(Math.sqrt(count))));
    this.#points = points;
    this.#side = side;
    this.#cell = 65536 / side;
    const begins = new Int32Array(side * side + 1);
    for (let row = 0; row < count; row++) begins[this.#cellOf(row) + 1]!++;
    for (let cell = 0; cell < side * side; cell++) begins[cell + 1]! += begins[cell]!;
    const next = begins.slice();
    this.#order = new Int32Array(count);
    for (let row = 0; row < count; row++) this.#order[next[this.#cellOf(row)]!++] = row;
    this.#begins = begins;
  }

  #cellOf(row: number): number {
    return Math.floor(this.#points[2 * row + 1]! / this.#cell) * this.#side + Math.floor(this.#points[2 * row]! / this.#cell);
  }

  /** The nearest point within a distance, -1 for none. */
  nearest(x: number, y: number, within: number): number {
    const clamp = (value: number) => Math.max(0, Math.min(this.#side - 1, Math.floor(value / this.#cell)));
    let best = within * within;
    let found = -1;
    for (let line = clamp(y - within); line <= clamp(y + within); line++) {
      const cell = line * this.#side;
      for (let at = this.#begins[cell + clamp(x - within)]!; at < this.#begins[cell + clamp(x + within) + 1]!; at++) {
        const row = this.#order[at]!;
        const [dx, dy] = [this.#points[2 * row]! - x, this.#points[2 * row + 1]! - y];
        const distance = dx * dx + dy * dy;
        if (distance < best || (distance === best && found < 0)) {
          best = distance;
          found = row;
        }
      }
    }
    return found;
  }
}

/** Rows of the points inside a closed line of x, y pairs. */
export function inside(points: Uint16Array, line: [number, number][]): number[] {
  const rows: number[] = [];
  const [xs, ys] = [line.map(([x]) => x), line.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let row = 0; row < points.length / 2; row++) {
    const [x, y] = [points[2 * row]!, points[2 * row + 1]!];
    if (x < left || x > right || y < top || y > bottom) continue;
    let odd = false;
    for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
      const [[ax, ay], [bx, by]] = [line[at]!, line[before]!];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    if (odd) rows.push(row);
  }
  return rows;
}

/** The median of the points of each group, null for empty ones. */
export function middles(points: Uint16Array, begins: Int32Array, order: Int32Array): ([number, number] | null)[] {
  return Array.from({ length: begins.length - 1 }, (_, group) => {
    const rows = order.subarray(begins[group], begins[group + 1]);
    if (!rows.length) return null;
    const median = (axis: number) => Uint16Array.from(rows, (row) => points[2 * row + axis]!).sort()[rows.length >> 1]!;
    return [median(0), median(1)];
  });
}

/** Colours of groups that are apart without full colour vision, too; grey is for what is in no group. */
const HUES = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b8a800"].map((text): Colour => {
  const code = Number.parseInt(text.slice(1), 16);
  return [code >> 16, (code >> 8) & 255, code & 255];
});

export type Colour = readonly [red: number, green: number, blue: number];

/** Whether each group has a colour of its own. */
export const eachItsOwn = (groups: number): boolean => groups <= HUES.length;

/** A colour for each group. They repeat as on a political map: from the largest group on, each takes the colour whose nearest group is farthest. */
export function groupColours(centres: readonly ([number, number] | null)[], sizes: readonly number[]): Colour[] {
  if (eachItsOwn(centres.length)) return HUES.slice(0, centres.length);
  const made = centres.map(() => HUES[0]!);
  const given: [number, number][][] = HUES.map(() => []);
  for (const group of [...centres.keys()].sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0))) {
    const centre = centres[group];
    if (!centre) continue;
    const free = given.map((others) => Math.min(...others.map(([x, y]) => Math.hypot(x - centre[0], y - centre[1]))));
    const hue = free.indexOf(Math.max(...free));
    made[group] = HUES[hue]!;
    given[hue]!.push(centre);
  }
  return made;
}

/** From pale to dark, for a share from 0 to 1. */
export function shareColour(share: number): Colour {
  const [pale, dark] = [[214, 190, 120], [20, 60, 140]];
  return [0, 1, 2].map((part) => Math.round(pale[part]! + share * (dark[part]! - pale[part]!))) as unknown as Colour;
}
