import assert from "node:assert/strict";
import { test } from "node:test";
import { format, parse } from "../src/state/route.ts";

test("an address comes back", () => {
  for (const one of [
    { page: "overview", id: "", settings: {} },
    { page: "cluster", id: "7", settings: { clip: "0123456789abcdef", q: "a&b=c #/?" } },
    { page: "x/y", id: "ü", settings: {} },
  ]) assert.deepEqual(parse(format(one)), one);
});

test("no address is the overview, and a bad one is no error", () => {
  assert.equal(parse("").page, "overview");
  assert.equal(parse("#/cluster/%E0%A4%A").id, "%E0%A4%A");
});
