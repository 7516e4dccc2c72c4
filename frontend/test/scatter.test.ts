import assert from "node:assert/strict";
import { test } from "node:test";
import { APART, extent, Grid, inside, middles, shareColour, spreadColours } from "../src/data/scatter.ts";

test("the nearest point is found, as by looking at all", () => {
  let state = 3;
  const draw = () => (state = (state * 48271) % 2147483647) % 65536;
  const points = Uint16Array.from({ length: 4000 }, draw);
  const grid = new Grid(points);
  for (let trial = 0; trial < 200; trial++) {
    const [x, y, within] = [draw(), draw(), 200 + (draw() % 3000)];
    let [best, found] = [within * within, -1];
    for (let row = 0; row < points.length / 2; row++) {
      const distance = (points[2 * row]! - x) ** 2 + (points[2 * row + 1]! - y) ** 2;
      if (distance < best) [best, found] = [distance, row];
    }
    assert.equal(grid.nearest(x, y, within), found);
  }
});

test("points inside a line, also where it turns inwards", () => {
  const points = Uint16Array.from([1, 1, 5, 5, 9, 1, 5, 1]);
  const line: [number, number][] = [[0, 0], [10, 0], [10, 10], [5, 3], [0, 10]];
  assert.deepEqual(inside(points, line), [0, 2, 3]);
});

test("the middle of a cluster is its median", () => {
  const points = Uint16Array.from([0, 0, 10, 20, 100, 30]);
  assert.deepEqual(middles(points, Int32Array.from([0, 3, 3]), Int32Array.from([2, 0, 1])), [[10, 20], null]);
});

test("as many groups as colours are each of another", () => {
  const centres = APART.map((_, at): [number, number] => [at * 100, 0]);
  assert.equal(new Set(spreadColours(centres, APART.map(() => 1))).size, APART.length);
});

test("of more groups the nearest ones differ, and the largest come first", () => {
  const side = 18;
  const centres = Array.from({ length: side * side }, (_, at): [number, number] => [(at % side) * 10, Math.floor(at / side) * 10]);
  const found = spreadColours(centres, centres.map(() => 1));
  centres.forEach(([x, y], at) => {
    const near = centres.flatMap(([u, v], other) => (other !== at && Math.hypot(u - x, v - y) <= 10 ? [found[other]] : []));
    assert.ok(!near.includes(found[at]), `group ${at}`);
  });
  assert.equal(spreadColours([[0, 0], null, [5, 5]], [1, 0, 9])[2], 0);
  assert.deepEqual(spreadColours([null], [0]), [0]);
});

test("the larger a share, the darker its colour", () => {
  const light = [0, 0.25, 0.5, 0.75, 1].map((share) => shareColour(share).reduce((sum, part) => sum + part));
  assert.deepEqual(light, [...light].sort((a, b) => b - a));
  assert.ok(light[0]! > light[4]!);
});

test("the extent of points", () => {
  assert.deepEqual(extent(Uint16Array.from([5, 9, 2, 7, 4, 60000])), [2, 7, 5, 60000]);
});
