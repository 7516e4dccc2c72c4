/* Starts the page. */

import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { listen } from "./data/columns.ts";
import { followPointer, stopPlaying } from "./media/player.ts";
import { once, run, showLate, summary, titleOf, trouble } from "./state/clips.ts";
import { followEdits, notice } from "./state/edits.ts";
import { followKeys } from "./state/keyboard.ts";
import { followAddress, page, route, scrolledTo } from "./state/route.ts";
import { Icon } from "./ui/icons.tsx";
import { ClipDialog, NoSuchClip } from "./views/clip.tsx";
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
    const restore = () => scrollTo(0, scrolledTo());
    if (first.current) once(() => summary.value !== null, () => requestAnimationFrame(() => setTimeout(restore)));
    else {
      restore();
      if (document.activeElement === document.body) main.current!.focus({ preventScroll: true });
    }
    first.current = false;
  }, [place]);
  const title = shown.name === "cluster" ? titleOf(Number(route.value.id)) : shown.word;
  useEffect(() => { document.title = `${title} · ${run.title}`; }, [title]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <Masthead />
      <main id="main" ref={main} tabIndex={-1}>
        {trouble.value && <p class="trouble" role="alert">{trouble.value}</p>}
        {notice.value && (
          <p class="trouble" role="alert">
            {notice.value} <button type="button" class="quiet" onClick={() => { notice.value = ""; }}><Icon name="close" />Close</button>
          </p>
        )}
        <NoSuchClip />
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
followPointer();
followEdits();
const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
once(() => summary.value !== null, () => requestAnimationFrame(() => setTimeout(showLate)));
