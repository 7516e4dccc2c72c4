import assert from "node:assert/strict";
import { test } from "node:test";
import type { Baseline, Run, Score, View } from "../src/data/run.ts";
import { compare, sameByChance, scoreOf, splitsOf, verdict } from "../src/data/quality.ts";

const modality = "video+audio";
const view = (head: number | null): View => ({ modality, head, clusters: 4 });
const ours: Score = { modality, choice: "agreement", head: "1", split: "train", nmi: 0.6, nmi_low: 0.5, nmi_high: 0.7, nmi_chance: 0.1, clips: 12, classes: 3 };
const scores: Score[] = [
  ours,
  { modality, choice: "oracle", head: "2", split: "train", nmi: 0.65 },
  { modality, choice: "head", head: "0", split: "train", nmi: 0.4 },
  { modality, choice: "head", head: "1", split: "train", nmi: 0.6 },
  { modality: "audio", choice: "agreement", head: "1", split: "train", nmi: 0.2 },
  { ...ours, split: "test", nmi: 0.55 },
];
const baselines: Baseline[] = [
  { method: "chance", modality: "none", split: "train", nmi: 0.2 },
  { method: "k-means raw", modality, choice: "agreement", split: "train", nmi: 0.3 },
  { method: "k-means raw", modality, choice: "oracle", split: "train", nmi: 0.9 },
  { method: "k-means raw", modality, choice: "agreement", split: "test", nmi: 0.8 },
  { method: "k-means supervised", modality: "video", split: "train", note: "not run" } as Baseline,
];
const run = { scores, baselines, clips: 12, classes: ["a", "b", "c"] } as unknown as Run;

test("the score is of the head that is looked at", () => {
  assert.deepEqual(splitsOf(run), ["train", "test"]);
  assert.equal(scoreOf(run, "train", view(1)), ours);
  assert.equal(scoreOf(run, "train", view(0))?.nmi, 0.4);
  assert.equal(scoreOf(run, "test", view(1))?.nmi, 0.55);
  assert.equal(scoreOf(run, "train", view(null)), ours);
  assert.equal(scoreOf(run, "train", { ...view(1), modality: "video" }), undefined);
});

test("rows are the best first, and say what is chosen by the classes", () => {
  const rows = compare(run, "train", view(1));
  assert.deepEqual(rows.map((one) => [one.kind, one.nmi, one.honest]), [
    ["oracle", 0.9, false], ["oracle", 0.65, false], ["ours", 0.6, true], ["other", 0.3, true], ["chance", 0.1, null],
  ]);
  assert.equal(rows[4]!.words, "Chance: 12 clips, 4 clusters, 3 classes");
  assert.deepEqual([rows[2]!.low, rows[2]!.high], [0.5, 0.7]);
});

test("another head stands beside the selected one", () => {
  const rows = compare(run, "train", view(0));
  const named = rows.map((one) => one.words);
  assert.ok(named.includes("Head 0, which you look at") && named.includes("Head 1, selected without classes"));
});

test("what is better is called better, and oracles are no rivals", () => {
  const rows = compare(run, "train", view(1));
  assert.match(verdict(rows)!, /k-means on the clips as they are, with an NMI of 30%: worse than these clusters/);
  assert.match(verdict(compare(run, "test", view(1)))!, /80%: better than these clusters/);
  const near = rows.map((one) => (one.kind === "other" ? { ...one, nmi: 0.69 } : one));
  assert.match(verdict(near)!, /no clear difference/);
  assert.equal(verdict(rows.filter((one) => one.kind !== "other")), null);
});

test("two clusterings agree by chance as their sizes say", () => {
  assert.equal(sameByChance(Int16Array.from([0, 0, 1, 1]), Int16Array.from([0, 1, 1, 1]), 2), (2 * 1 + 2 * 3) / 16);
  // Clips without a modality, -1, are left out.
  assert.equal(sameByChance(Int16Array.from([0, 0, -1, 1]), Int16Array.from([0, 1, 1, -1]), 2), (2 * 1) / 4);
  assert.equal(sameByChance(Int16Array.from([0, -1]), Int16Array.from([-1, 0]), 2), null);
});

test("scores after corrections stand beside the selected head's, and are a person's", () => {
  const run = { scores, corrected: [{ split: "train", changed: 2, nmi: 0.9, accuracy: 0.8 }] } as unknown as Run;
  const person = (head: number, split = "train") => compare(run, split, view(head)).find((one) => one.kind === "person");
  assert.deepEqual(person(1), { words: "After corrections: 2 clips changed", honest: null, kind: "person", nmi: 0.9, accuracy: 0.8 });
  assert.equal(person(0), undefined);
  assert.equal(person(1, "test"), undefined);
});
