// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system has it; kept in this browser.
import { useSyncExternalStore } from 'react';
import { MoonIcon, ScreenIcon, SunIcon } from '../ui/icons';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'ferry.theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

export function applyTheme(): void {
  const theme = stored();
  const isDark = theme === 'dark' || (theme === 'system' && dark.matches);
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
}
dark.addEventListener('change', applyTheme);

function choose(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const NAMES: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' };

export function ThemeButton() {
  const theme = useSyncExternalStore(subscribe, stored);
  const Icon = { system: ScreenIcon, light: SunIcon, dark: MoonIcon }[theme];
  return (
    <button
      type="button" className="icon-button" onClick={() => choose(NEXT[theme])}
      aria-label={`Colours: ${NAMES[theme]}. Change to ${NAMES[NEXT[theme]]}`} title={`Colours: ${NAMES[theme]}`}
    >
      <Icon />
    </button>
  );
}
