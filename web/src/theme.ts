import { effect, signal } from "@preact/signals";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const key = "unblock-theme";

export const theme = signal<Theme>(
  themes.find((name) => name === localStorage.getItem(key)) ?? "auto",
);

/** Counts up when colours change, for what is drawn and not styled. */
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

/** A colour of the stylesheet, such as "--text", as it is now. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
