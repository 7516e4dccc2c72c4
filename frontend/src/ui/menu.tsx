/* A panel below a button: Escape, a click elsewhere, and the focus elsewhere close it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";

export function Menu({ word, icon, children }: { word: string; icon: Parameters<typeof Icon>[0]["name"]; children: ComponentChildren }) {
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !element.current!.contains(event.target)) element.current!.open = false;
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
    };
  }, []);
  return (
    <details ref={element} class="menu" onKeyDown={(event) => {
      if (event.key !== "Escape" || !element.current!.open) return;
      element.current!.open = false;
      element.current!.querySelector("summary")!.focus();
    }}>
      <summary class="button"><Icon name={icon} />{word}</summary>
      <div class="panel">{children}</div>
    </details>
  );
}
