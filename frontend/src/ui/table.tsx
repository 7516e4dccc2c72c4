/* A table that scrolls to the side by itself where the page is narrow. */

import type { ComponentChildren } from "preact";

export function Table({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scrolls" role="region" aria-label={label} tabIndex={0}>
      <table class="plain">{children}</table>
    </div>
  );
}
