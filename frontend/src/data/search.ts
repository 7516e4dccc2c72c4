/* Search in the names of all clips at once: one long text, so that it takes milliseconds. */

import { fold } from "./text.ts";

export class Index {
  readonly #text: string;
  readonly #begins: Int32Array;

  constructor(names: string[]) {
    const begins = new Int32Array(names.length + 1);
    const parts: string[] = [];
    for (let row = 0; row < names.length; row++) {
      const part = fold(names[row]!).replaceAll("\n", " ");
      parts.push(part);
      begins[row + 1] = begins[row]! + part.length + 1;
    }
    this.#text = parts.join("\n");
    this.#begins = begins;
  }

  /** Rows whose name contains the folded query, ascending. */
  find(query: string): number[] {
    const rows: number[] = [];
    if (!query || query.includes("\n")) return rows;
    let at = this.#text.indexOf(query);
    let row = 0;
    while (at >= 0) {
      row = this.#rowAt(at, row);
      rows.push(row);
      at = this.#text.indexOf(query, this.#begins[row + 1]);
    }
    return rows;
  }

  /** The row that holds a place of the text, at or after `from`. */
  #rowAt(place: number, from: number): number {
    let low = from;
    let high = this.#begins.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#begins[middle]! <= place) low = middle;
      else high = middle;
    }
    return low;
  }
}
