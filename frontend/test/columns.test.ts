import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import { decode } from "../src/data/columns.ts";

const pack = (bytes: Uint8Array) => gzipSync(bytes).toString("base64");

test("numbers and texts come back", async () => {
  const numbers = Int16Array.from([-1, 300]);
  const header = { name: "a", type: "int16", shape: [2] } as const;
  assert.deepEqual(await decode({ ...header, shape: [2] }, pack(new Uint8Array(numbers.buffer))), numbers);
  const texts = ["ü", "</script>"];
  const content = pack(new TextEncoder().encode(JSON.stringify(texts)));
  assert.deepEqual(await decode({ name: "b", type: "json", shape: [] }, content), texts);
});

test("a column of another length is damaged", async () => {
  await assert.rejects(decode({ name: "a", type: "uint8", shape: [3] }, pack(Uint8Array.of(1))), /data\/a\.js is damaged/);
});

test("a damaged file is an error", async () => {
  const damaged = /data\/a\.js is damaged\. Make the page again/;
  await assert.rejects(decode({ name: "a", type: "uint8", shape: [1] }, pack(Uint8Array.of(1)).slice(0, 12)), damaged);
  await assert.rejects(decode({ name: "a", type: "uint8", shape: [1] }, "%"), damaged);
  await assert.rejects(decode({ name: "a", type: "float32", shape: [1] }, pack(Uint8Array.of(1))), damaged);
  await assert.rejects(decode({ name: "a", type: "json", shape: [] }, pack(Uint8Array.of(1))), damaged);
});
