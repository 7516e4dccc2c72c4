import assert from "node:assert/strict";
import { test } from "node:test";
import { Grid, groupColour, inside, middles, shareColour } from "../src/data/scatter.ts";

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

test("colours are apart", () => {
  const few = new Set([...Array(8).keys()].map((group) => groupColour(group, 8).join()));
  assert.equal(few.size, 8);
  const many = new Set([...Array(309).keys()].map((group) => groupColour(group, 309).join()));
  assert.ok(many.size > 300);
  for (const part of groupColour(7, 309)) assert.ok(part >= 0 && part <= 255);
  assert.notDeepEqual(shareColour(0), shareColour(1));
});
