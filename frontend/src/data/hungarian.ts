/* The best matching of two sides, one to one. */

/**
 * The assignment of rows to columns with the greatest sum, each column used once at most
 * (Hungarian method with potentials, O(n³)). -1 for rows without a column.
 */
export function assign(gains: Float64Array[], columns: number): Int32Array {
  const rows = gains.length;
  const size = Math.max(rows, columns);
  const cost = (row: number, column: number) =>
    row < rows && column < columns ? -gains[row]![column]! : 0;
  const u = new Float64Array(size + 1);
  const v = new Float64Array(size + 1);
  const taken = new Int32Array(size + 1);
  const way = new Int32Array(size + 1);
  for (let row = 1; row <= size; row++) {
    taken[0] = row;
    let column = 0;
    const least = new Float64Array(size + 1).fill(Infinity);
    const used = new Uint8Array(size + 1);
    do {
      used[column] = 1;
      const at = taken[column]!;
      let delta = Infinity;
      let next = 0;
      for (let other = 1; other <= size; other++) {
        if (used[other]) continue;
        const reduced = cost(at - 1, other - 1) - u[at]! - v[other]!;
        if (reduced < least[other]!) {
          least[other] = reduced;
          way[other] = column;
        }
        if (least[other]! < delta) {
          delta = least[other]!;
          next = other;
        }
      }
      for (let other = 0; other <= size; other++) {
        if (used[other]) {
          u[taken[other]!]! += delta;
          v[other]! -= delta;
        } else least[other]! -= delta;
      }
      column = next;
    } while (taken[column] !== 0);
    do {
      const before = way[column]!;
      taken[column] = taken[before]!;
      column = before;
    } while (column);
  }
  const found = new Int32Array(rows).fill(-1);
  for (let column = 1; column <= columns; column++) {
    const row = taken[column]! - 1;
    if (row >= 0 && row < rows) found[row] = column - 1;
  }
  return found;
}
