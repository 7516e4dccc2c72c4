import assert from "node:assert/strict";
import { test } from "node:test";
import { confusion, mixtures, shade } from "../src/data/confusion.ts";
import { assign } from "../src/data/hungarian.ts";
import { divide, facesOf } from "../src/data/tree.ts";
import { ticks } from "../src/ui/chart.tsx";

/** The greatest sum, by trying all. */
function best(gains: number[][], columns: number, row = 0, used = new Set<number>()): number {
  if (row === gains.length) return 0;
  let most = best(gains, columns, row + 1, used);
  for (let column = 0; column < columns; column++) {
    if (used.has(column)) continue;
    most = Math.max(most, gains[row]![column]! + best(gains, columns, row + 1, new Set([...used, column])));
  }
  return most;
}

test("the assignment has the greatest sum, for more rows than columns and fewer", () => {
  let state = 7;
  const draw = () => (state = (state * 48271) % 2147483647) % 20;
  for (const [rows, columns] of [[4, 4], [5, 3], [3, 5], [1, 1], [6, 6]] as const) {
    const gains = Array.from({ length: rows }, () => Array.from({ length: columns }, draw));
    const found = assign(gains.map((row) => Float64Array.from(row)), columns);
    const used = [...found].filter((column) => column >= 0);
    assert.equal(new Set(used).size, used.length);
    assert.equal(used.length, Math.min(rows, columns));
    const sum = [...found].reduce((total, column, row) => total + (column < 0 ? 0 : gains[row]![column]!), 0);
    assert.equal(sum, best(gains, columns));
  }
});


test("clusters are in the order of the classes they match", () => {
  const table = confusion(Int16Array.from([0, 0, 1, 1, 2, -1]), Int16Array.from([1, 1, 0, 0, 0, 0]), 3, 2);
  assert.deepEqual(table.clusters, [1, 2, 0]);
  assert.equal(table.most, 2);
  assert.deepEqual(table.counts.map((row) => [...row]), [[0, 2], [2, 0], [1, 0]]);
});

test("a cell is as dark as its share of the cluster, of the class, or of the largest cell", () => {
  /* Cluster 0 has three clips of class 0 and one of 1; cluster 1 has two of class 1; 2 is empty. */
  const table = confusion(Int16Array.from([0, 0, 0, 0, 1, 1, 0]), Int16Array.from([0, 0, 0, 1, 1, 1, -1]), 3, 2);
  assert.equal(shade(table, 0, 1, "cluster"), 1 / 4);
  assert.equal(shade(table, 0, 1, "class"), 1 / 3);
  assert.equal(shade(table, 0, 1, "clips"), 1 / 3);
  assert.equal(shade(table, 1, 1, "cluster"), 1);
  assert.equal(shade(table, 2, 1, "cluster"), 0);
  assert.deepEqual(mixtures(table), [{ cluster: 0, kind: 1, clips: 1, commonest: 0 }]);
});

test("309 clusters and 309 classes take less than a second", () => {
  const size = 170_752;
  let state = 3;
  const draw = () => (state = (state * 48271) % 2147483647);
  const clusters = Int16Array.from({ length: size }, () => draw() % 309);
  const classes = clusters.map((cluster) => (draw() % 3 ? cluster : draw() % 309));
  const begin = performance.now();
  const table = confusion(clusters, classes, 309, 309);
  assert.ok(performance.now() - begin < 1000);
  assert.deepEqual(table.clusters, [...Array(309).keys()]);
});

test("a cluster stands below the one that has most of it", () => {
  const coarse = Int16Array.from([0, 0, 0, 1, 1, 1]);
  const fine = Int16Array.from([0, 0, 1, 1, 1, 3]);
  assert.deepEqual(divide(coarse, fine, 2, 4), [
    [{ cluster: 0, size: 2, share: 1 }],
    [{ cluster: 1, size: 3, share: 2 / 3 }, { cluster: 3, size: 1, share: 1 }],
  ]);
});

test("a cluster's face is its most certain clip with a picture, and its commonest class", () => {
  const faces = facesOf(
    Int16Array.from([0, 0, 0, 1, -1]), 3, Uint8Array.from([1, 2, 0, 0, 2]), Uint8Array.from([10, 20, 255, 9, 9]),
    Int16Array.from([1, 0, 1, -1, 0]), 2,
  );
  assert.deepEqual(faces, [{ row: 1, kind: 1 }, { row: -1, kind: -1 }, { row: -1, kind: -1 }]);
});

test("ticks are round, few, and reach the largest value", () => {
  assert.deepEqual(ticks(1), [0, 0.5, 1]);
  assert.deepEqual(ticks(82, true), [0, 50, 100]);
  assert.deepEqual(ticks(3, true), [0, 1, 2, 3]);
  assert.deepEqual(ticks(0.37), [0, 0.1, 0.2, 0.3, 0.4]);
  assert.deepEqual(ticks(0), [0, 1]);
});
