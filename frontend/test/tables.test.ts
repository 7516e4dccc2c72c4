import assert from "node:assert/strict";
import { test } from "node:test";
import { type Listed, fiftyOne, labelStudio, namesTable, selectionTable } from "../src/data/tables.ts";

const clip: Listed = {
  id: "00000000000000ff", path: "/videos/a b/=1.mp4", start: 1.5, end: 3, cluster: 2, name: "", class: 'say "hi"', margin: 0.5, tags: ["x", "y"],
};

test("names.csv has a row per cluster, with guarded formulas", () => {
  assert.equal(
    namesTable(1, [{ cluster: 0, name: "=1+1", clips: ["a", "b"] }, { cluster: 1, name: 'a "b"', clips: [] }]),
    '\ufeffhead,cluster,name,clips\r\n1,0,"\'=1+1","a b"\r\n1,1,"a ""b""",""\r\n',
  );
});

test("a selection as CSV", () => {
  const [head, row] = selectionTable([clip]).split("\r\n");
  assert.equal(head, "\ufeffid,path,start,end,cluster,name,class,margin,tags");
  assert.equal(row, '00000000000000ff,"/videos/a b/=1.mp4",1.5,3,2,"","say ""hi""",0.5000,"x y"');
});

test("a selection for Label Studio and FiftyOne", () => {
  const [task] = JSON.parse(labelStudio([clip])) as { data: Record<string, unknown>; predictions: { result: { value: unknown }[] }[] }[];
  assert.equal(task!.data["video"], "/data/local-files/?d=videos/a%20b/%3D1.mp4");
  assert.deepEqual(task!.predictions[0]!.result[0]!.value, { choices: ["cluster 2"] });
  const { samples } = JSON.parse(fiftyOne("t", [{ ...clip, cluster: null }])) as { samples: Record<string, unknown>[] };
  assert.deepEqual(samples[0]!["cluster"], { _cls: "Classification", label: "no cluster", confidence: 0.5 });
  assert.deepEqual(samples[0]!["tags"], ["x", "y"]);
});
