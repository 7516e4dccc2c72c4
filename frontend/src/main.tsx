/* Starts the page. */

import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { listen } from "./data/columns.ts";
import { stopPlaying } from "./media/player.ts";
import { once, showLate, summary, trouble } from "./state/clips.ts";
import { followEdits } from "./state/edits.ts";
import { followKeys } from "./state/keyboard.ts";
import { followAddress, page, route } from "./state/route.ts";
import { ClipDialog } from "./views/clip.tsx";
import { Help } from "./views/help.tsx";
import { Masthead } from "./views/masthead.tsx";
import { PAGES } from "./views/pages.ts";
import { SelectionBar } from "./views/selectionbar.tsx";
import "./style/index.css";

function App() {
  const shown = PAGES.find((one) => one.name === page.value && one.available()) ?? PAGES[0]!;
  const View = shown.view;
  const place = `${shown.name}/${route.value.id}`;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    stopPlaying();
    /* Not on the first page, where a browser goes back to where a person was. */
    if (first.current) first.current = false;
    else if (!main.current?.contains(document.activeElement)) scrollTo(0, 0);
  }, [place]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <Masthead />
      <main id="main" ref={main} tabIndex={-1}>
        {trouble.value && <p class="trouble" role="alert">{trouble.value}</p>}
        <View key={place} />
        <SelectionBar />
      </main>
      <ClipDialog />
      <Help />
    </>
  );
}

listen();
followAddress();
followKeys();
followEdits();
const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
once(() => summary.value !== null, () => requestAnimationFrame(() => setTimeout(showLate)));
