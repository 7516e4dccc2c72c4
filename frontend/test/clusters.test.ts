import assert from "node:assert/strict";
import { test } from "node:test";
import { countClasses, describe, describeAll, group, rowsOf, sample, shareSame } from "../src/data/clusters.ts";

const clusters = Int16Array.from([1, 0, 1, -1, 1, 0]);
const margins = Uint8Array.from([10, 255, 200, 5, 10, 0]);

test("clips are grouped by cluster, the largest margin first, then by row", () => {
  const members = group(clusters, margins, 3);
  assert.deepEqual([...rowsOf(members, 0)], [1, 5]);
  assert.deepEqual([...rowsOf(members, 1)], [2, 0, 4]);
  assert.deepEqual([...rowsOf(members, 2)], []);
});

test("without margins clips are by row, and those without a cluster are left out", () => {
  const members = group(clusters, null, 2);
  assert.deepEqual([...members.order], [1, 5, 0, 2, 4]);
});

test("the same as sorting, for many clips", () => {
  const size = 5000;
  let state = 1;
  const draw = (below: number) => (state = (state * 48271) % 2147483647) % below;
  const many = Int16Array.from({ length: size }, () => draw(41) - 1);
  const certain = Uint8Array.from({ length: size }, () => draw(256));
  const members = group(many, certain, 40);
  for (let cluster = 0; cluster < 40; cluster++) {
    const wanted = [...many.keys()].filter((row) => many[row] === cluster)
      .sort((a, b) => certain[b]! - certain[a]! || a - b);
    assert.deepEqual([...rowsOf(members, cluster)], wanted);
  }
});

test("purity, entropy and agreement are of the clips that have a class", () => {
  const rows = Int32Array.from([0, 1, 2, 3]);
  const one = describe(4, rows, {
    classes: Int16Array.from([2, 2, 0, -1]), margins: Uint8Array.from([255, 0, 255, 0]), heads: null,
    video: Int16Array.from([4, 4, 4, 4]), audio: Int16Array.from([4, 1, 4, 4]),
  });
  assert.deepEqual(one.classes, [[2, 2], [0, 1]]);
  assert.equal(one.purity, 2 / 3);
  assert.ok(Math.abs(one.entropy! - 0.9183) < 1e-4);
  assert.equal(one.margin, 0.5);
  assert.equal(one.heads, null);
  assert.equal(one.modalities, 0.75);
});

test("modalities agree on the clips that have both", () => {
  const [video, audio] = [Int16Array.from([4, -1, 4, 1]), Int16Array.from([4, 4, -1, 4])];
  assert.equal(shareSame(video, audio, [0, 1, 2, 3]), 0.5);
  assert.equal(shareSame(video, audio, [1, 2]), null);
});

test("empty clusters are described too", () => {
  const all = describeAll(group(clusters, margins, 3), { classes: null, margins, heads: null, video: null, audio: null });
  assert.deepEqual(all.map((one) => one.size), [2, 3, 0]);
  assert.equal(all[2]!.margin, null);
  assert.equal(all[0]!.purity, null);
});

test("equal counts of classes are by the class", () => {
  assert.deepEqual(countClasses([0, 1, 2], Int16Array.from([5, 3, -1])), [[3, 1], [5, 1]]);
});

test("a sample has the first and reaches the last", () => {
  const rows = Int32Array.from({ length: 100 }, (_, row) => row);
  assert.deepEqual(sample(rows, 6), [0, 1, 2, 34, 66, 99]);
  assert.deepEqual(sample(rows.subarray(0, 3), 6), [0, 1, 2]);
});
