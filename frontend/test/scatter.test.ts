import assert from "node:assert/strict";
import { test } from "node:test";
import { Grid, groupColours, inside, middles, shareColour } from "../src/data/scatter.ts";

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

test("few groups have colours of their own; of many, those of the same colour are far from each other", () => {
  const few = groupColours([[0, 0], [1, 1], null, [2, 2], [3, 3], [4, 4], [5, 5]], [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(new Set(few.map(String)).size, 7);
  const side = 17;
  const centres = Array.from({ length: side * side }, (_, at): [number, number] => [at % side, Math.floor(at / side)]);
  const many = groupColours(centres, centres.map((_, at) => (at * 7919) % 100)).map(String);
  assert.equal(new Set(many).size, 7);
  for (const [a, [x, y]] of centres.entries())
    for (const [b, [u, v]] of centres.entries())
      if (a !== b && Math.abs(x - u) + Math.abs(y - v) === 1) assert.notEqual(many[a], many[b], `${a} and ${b}`);
});

test("a share has its colour", () => {
  assert.notDeepEqual(shareColour(0), shareColour(1));
});
