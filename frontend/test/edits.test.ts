import assert from "node:assert/strict";
import { test } from "node:test";
import { type Source, fromFile, parse, toFile } from "../src/data/corrections.ts";
import { type Edits, NONE, apply, exists, isEmpty, merge, move, redo, rename, split, step, tag, undo, unmerge } from "../src/data/edits.ts";

const model = Int16Array.from([0, 0, 1, 1, 2, 2]);
const clusters = (edits: Edits) => [...apply(edits, model, 3).clusters];

test("nothing is changed without corrections", () => {
  assert.ok(isEmpty(NONE));
  assert.deepEqual(clusters(NONE), [0, 0, 1, 1, 2, 2]);
});

test("clips move to a cluster, out of any, and back", () => {
  let edits = move(NONE, [0, 1], 2, model);
  edits = move(edits, [4], -1, model);
  assert.deepEqual(clusters(edits), [2, 2, 1, 1, -1, 2]);
  edits = move(edits, [0, 4], 2, model);
  edits = move(edits, [0, 1], 0, model);
  assert.ok(isEmpty(edits));
});

test("a merge takes clips that were moved there, and what was merged there", () => {
  let edits = move(NONE, [4], 1, model);
  edits = merge(edits, 1, 0, model);
  assert.deepEqual(clusters(edits), [0, 0, 0, 0, 0, 2]);
  edits = merge(edits, 0, 2, model);
  assert.deepEqual(clusters(edits), [2, 2, 2, 2, 2, 2]);
  assert.deepEqual(edits.merged, { 0: 2, 1: 2 });
  assert.equal(edits.moved.size, 0); /* it is back where the model put it */
});

test("a merge into a cluster that was merged away brings that back", () => {
  const edits = merge(merge(NONE, 1, 0, model), 0, 1, model);
  assert.deepEqual(clusters(edits), [1, 1, 1, 1, 2, 2]);
});

test("a merge is taken back, and what is moved home with it is no longer moved", () => {
  let edits = merge(merge(NONE, 1, 0, model), 2, 0, model);
  edits = move(edits, [2, 4], 1, model);
  edits = unmerge(edits, 1, model);
  assert.deepEqual(clusters(edits), [0, 0, 1, 1, 1, 0]);
  assert.deepEqual([...edits.moved], [[4, 1]]);
  assert.deepEqual(edits.merged, { 2: 0 });
});

test("a split makes a new number, and merging it back leaves nothing", () => {
  const [one, first] = split(NONE, [0], 0, model, 3);
  const [two, second] = split(one, [2], 1, model, 3);
  assert.deepEqual([first, second], [3, 4]);
  assert.deepEqual(apply(two, model, 3), { clusters: Int16Array.from([3, 0, 4, 1, 2, 2]), count: 5 });
  const back = merge(merge(two, 4, 1, model), 3, 0, model);
  assert.ok(isEmpty(back));
});

test("what was split off a cluster that is merged back is from where that came", () => {
  const [one, first] = split(NONE, [0, 1], 0, model, 3);
  const [two, second] = split(one, [1], first, model, 3);
  const edits = merge(two, first, 2, model);
  assert.deepEqual([first, second, edits.made], [3, 4, { 4: 0 }]);
  assert.deepEqual([3, 4, 2].map((cluster) => exists(edits, cluster, 3)), [false, true, true]);
  const back = merge(edits, second, edits.made[second]!, model);
  assert.deepEqual(apply(back, model, 3), { clusters: Int16Array.from([2, 0, 1, 1, 2, 2]), count: 3 });
});

test("a name that is the model's is no correction", () => {
  const edits = rename(NONE, 1, "dogs", "");
  assert.deepEqual(edits.names, { 1: "dogs" });
  assert.ok(isEmpty(rename(edits, 1, "", "")));
  assert.deepEqual(rename(NONE, 1, "", "cats").names, { 1: "" });
});

test("tags come and go", () => {
  const edits = tag(tag(NONE, [1, 2], "loud", true), [1], "dark", true);
  assert.deepEqual([...edits.tags], [[1, ["loud", "dark"]], [2, ["loud"]]]);
  assert.ok(isEmpty(tag(tag(edits, [1, 2], "loud", false), [1], "dark", false)));
});

test("steps are undone and done again, and a new step forgets what was undone", () => {
  const one = rename(NONE, 0, "a", "");
  const two = rename(one, 0, "b", "");
  let history = step(step({ past: [], now: NONE, future: [] }, one), two);
  history = undo(history);
  assert.equal(history.now, one);
  assert.equal(redo(history).now, two);
  assert.equal(undo(undo(history)).now, NONE);
  history = step(history, NONE);
  assert.equal(redo(history), history);
});

const ids = [...Array(6).keys()].map((row) => row.toString(16).padStart(16, "0"));
const source: Source = {
  title: "t", head: 1, clusters: 3, model, idOf: (row) => ids[row]!,
  rowsOf: (cluster) => [...model.keys()].filter((row) => model[row] === cluster),
};
const rowOf = (wanted: string[]) => new Map(wanted.filter((id) => ids.includes(id)).map((id) => [id, ids.indexOf(id)]));

test("corrections come back from their file", () => {
  let edits = rename(NONE, 2, "dogs", "");
  edits = merge(edits, 1, 0, model);
  edits = split(edits, [4], 2, model, 3)[0];
  edits = tag(move(edits, [5], -1, model), [0], "x", true);
  const file = toFile(edits, source);
  assert.deepEqual(file.moved, [{ clip: ids[4], from: 2, to: 3 }, { clip: ids[5], from: 2, to: null }]);
  assert.deepEqual(file.members.map((one) => one.cluster), [0, 1, 2]);
  const back = fromFile(parse(JSON.stringify(file)), model, 3, rowOf);
  assert.deepEqual(back, edits);
});

test("half a character does not reach the file", () => {
  const edits = tag(rename(NONE, 2, "a\ud83d", ""), [0], "\udc00b", true);
  const file = toFile(edits, { ...source, title: "\udcff\u{1f600}" });
  assert.deepEqual([file.title, file.names[0]!.name, file.tags[0]!.tags], ["\ufffd\u{1f600}", "a\ufffd", ["\ufffdb"]]);
});

test("corrections of other clusters are refused", () => {
  const file = toFile(rename(NONE, 2, "dogs", ""), source);
  const other = Int16Array.from([2, 2, 1, 1, 0, 0]);
  assert.throws(() => fromFile(file, other, 3, rowOf), /of 2 clips of cluster 2, 0 are in it here/);
});

test("numbers of no cluster, and merges into what is merged, are refused", () => {
  const file = toFile(NONE, source);
  const read = (part: object) => fromFile(parse(JSON.stringify({ ...file, ...part })), model, 3, rowOf);
  const refused = (part: object, why: RegExp) => assert.throws(() => read(part), why);
  refused({ moved: [{ clip: ids[0], from: 0, to: 3 }] }, /no cluster 3, only 0 to 2/);
  refused({ moved: [{ clip: ids[0], from: 0, to: 70_000 }] }, /no cluster 70000/);
  refused({ new: [{ cluster: 1, from: 0 }] }, /no cluster 1/);
  refused({ new: [{ cluster: 99_999_999, from: 0 }] }, /no cluster 99999999/);
  refused({ new: [{ cluster: 3, from: 4 }] }, /no cluster 4/);
  refused({ merged: [{ from: 0, into: 1 }, { from: 1, into: 2 }] }, /cluster 0 is merged into 1, which is merged itself/);
  assert.deepEqual(read({ new: [{ cluster: 5, from: 0 }], moved: [{ clip: ids[0], from: 0, to: 5 }] }).made, { 5: 0 });
});

test("lists that a file leaves out are empty", () => {
  assert.deepEqual(fromFile(parse('{"format": "selavi corrections 1"}'), model, 3, rowOf), NONE);
});

test("a file that is none is refused with what is wrong", () => {
  assert.throws(() => parse("{"), /not JSON/);
  assert.throws(() => parse("{}"), /not of the format/);
  const file = toFile(move(NONE, [0], 1, model), source);
  assert.throws(() => parse(JSON.stringify({ ...file, moved: [{ clip: "x", from: 0, to: 1 }] })), /“moved” is not/);
});
