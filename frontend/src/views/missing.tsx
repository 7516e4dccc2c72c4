/* Videos without a cluster, and why. */

import { count } from "../data/text.ts";
import { run } from "../state/clips.ts";

export function MissingPage() {
  const all = run.missing.reduce((sum, one) => sum + one.count, 0);
  return (
    <>
      <header class="page-head">
        <h1>Not shown</h1>
        <p class="lead">{all === 1 ? "1 video or clip" : `${count(all)} videos or clips`} without a cluster, and why.</p>
      </header>
      <table class="plain reasons">
        <thead><tr><th scope="col">Reason</th><th scope="col" class="number">Number</th><th scope="col">For example</th></tr></thead>
        <tbody>
          {run.missing.map((one) => (
            <tr key={one.reason}>
              <th scope="row">{one.reason.replaceAll("_", " ")}</th>
              <td class="number">{count(one.count)}</td>
              <td><ul>{one.examples.map((name) => <li key={name}>{name}</li>)}</ul></td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
