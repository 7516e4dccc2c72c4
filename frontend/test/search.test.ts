import assert from "node:assert/strict";
import { test } from "node:test";
import { Index } from "../src/data/search.ts";
import { fold } from "../src/data/text.ts";

test("rows whose name contains the query, each once", () => {
  const index = new Index(["dog/dog.mp4", "cat/a.mp4", "Dog.mp4", ""]);
  assert.deepEqual(index.find("dog"), [0, 2]);
  assert.deepEqual(index.find("mp4"), [0, 1, 2]);
  assert.deepEqual(index.find("mp4cat"), []);
  assert.deepEqual(index.find(""), []);
});

test("no match reaches over the end of a name", () => {
  const index = new Index(["ab", "cd", "a\nb"]);
  assert.deepEqual(index.find("b\nc"), []);
  assert.deepEqual(index.find("a b"), [2]);
});

test("accents match however they are composed", () => {
  const index = new Index(["Cafe\u0301.mp4"]);
  assert.deepEqual(index.find(fold("café")), [0]);
});
