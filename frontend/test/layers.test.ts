import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

/** Each folder imports from those before it alone, and from its own. */
const LAYERS = ["data", "media", "state", "ui", "views"];

test("imports point down", () => {
  let imports = 0;
  for (const [rank, layer] of LAYERS.entries())
    for (const name of readdirSync(`src/${layer}`))
      for (const [, folder] of readFileSync(`src/${layer}/${name}`, "utf-8").matchAll(/from "\.\.\/(\w+)\//g)) {
        imports++;
        assert.ok(LAYERS.indexOf(folder!) < rank, `src/${layer}/${name} imports from ${folder}`);
      }
  assert.ok(imports > 50);
});
