import assert from "node:assert/strict";
import { test } from "node:test";
import { neighbours } from "../src/data/neighbours.ts";

test("clusters with the most doubts come first, and the cluster itself is none", () => {
  const found = neighbours(0, Int32Array.from([0, 1, 2]), {
    second: Int16Array.from([1, 2, 1]), video: Int16Array.from([0, 0, 3]), audio: Int16Array.from([2, -1, 1]),
  });
  const merged = neighbours(0, Int32Array.from([0, 1, 2]), {
    second: Int16Array.from([1, 2, 1]), video: null, audio: null,
  }, (cluster) => (cluster === 1 ? 0 : cluster));
  assert.deepEqual(merged, [{ cluster: 2, second: 1, video: 0, audio: 0 }]);
  assert.deepEqual(found, [
    { cluster: 1, second: 2, video: 0, audio: 1 },
    { cluster: 2, second: 1, video: 0, audio: 1 },
    { cluster: 3, second: 0, video: 1, audio: 0 },
  ]);
});
