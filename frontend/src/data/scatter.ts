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

/** The median of the points of each cluster, null for empty ones. */
export function middles(points: Uint16Array, begins: Int32Array, order: Int32Array): ([number, number] | null)[] {
  return Array.from({ length: begins.length - 1 }, (_, cluster) => {
    const rows = order.subarray(begins[cluster], begins[cluster + 1]);
    if (!rows.length) return null;
    const median = (axis: number) => Uint16Array.from(rows, (row) => points[2 * row + axis]!).sort()[rows.length >> 1]!;
    return [median(0), median(1)];
  });
}

/** Colours that are apart without full colour vision, on light and dark (Okabe and Ito, 2008). */
export const APART: readonly [number, number, number][] = [
  [0, 114, 178], [230, 159, 0], [0, 158, 115], [213, 94, 0], [86, 180, 233], [204, 121, 167], [184, 168, 0],
];

/**
 * A colour of `APART` for each group, so that groups that are near to each other differ, as countries
 * on a map do: the largest first, each the colour whose nearest group is the farthest. Groups without
 * a place get the first.
 */
export function spreadColours(centres: ([number, number] | null)[], sizes: ArrayLike<number>): number[] {
  const found = centres.map(() => 0);
  const placed: number[] = [];
  const order = centres.map((_, group) => group).filter((group) => centres[group]);
  for (const group of order.sort((a, b) => sizes[b]! - sizes[a]! || a - b)) {
    const [x, y] = centres[group]!;
    const nearest = APART.map(() => Infinity);
    for (const other of placed) {
      const [dx, dy] = [centres[other]![0] - x, centres[other]![1] - y];
      const colour = found[other]!;
      nearest[colour] = Math.min(nearest[colour]!, dx * dx + dy * dy);
    }
    found[group] = nearest.indexOf(Math.max(...nearest));
    placed.push(group);
  }
  return found;
}

/** Least and greatest x and y of points. */
export function extent(points: Uint16Array): [left: number, top: number, right: number, bottom: number] {
  let [left, top, right, bottom] = [65535, 65535, 0, 0];
  for (let at = 0; at < points.length; at += 2) {
    left = Math.min(left, points[at]!);
    right = Math.max(right, points[at]!);
    top = Math.min(top, points[at + 1]!);
    bottom = Math.max(bottom, points[at + 1]!);
  }
  return [left, top, right, bottom];
}

/** From pale to dark, for a share from 0 to 1. */
export function shareColour(share: number): [number, number, number] {
  const [pale, dark] = [[214, 190, 120], [20, 60, 140]];
  return [0, 1, 2].map((part) => Math.round(pale[part]! + share * (dark[part]! - pale[part]!))) as [number, number, number];
}
