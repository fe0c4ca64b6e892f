import { effect, signal } from "@preact/signals";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const key = "unblock-theme";

export const theme = signal<Theme>(
  themes.find((name) => name === localStorage.getItem(key)) ?? "auto",
);

/** Increments when colours change, for canvases, which the stylesheet cannot reach. */
export const coloursChanged = signal(0);

export function applyTheme(): void {
  effect(() => {
    localStorage.setItem(key, theme.value);
    document.documentElement.dataset.theme = theme.value;
    coloursChanged.value = coloursChanged.peek() + 1;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    coloursChanged.value++;
  });
}

/** The current value of a colour of the stylesheet, such as "--text". */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
